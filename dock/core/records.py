"""Settings and records: frozen pydantic models that refuse unknown keys."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from dock.core.ambertools import fingerprint
from dock.core.errors import SettingsError

AMBERTOOLS = "ambertools"  # no distribution: pip and conda know it by other names
# Everything whose version can change a number in a result.
SOFTWARE = (
    "sertdock",
    "openmm",
    "rdkit",
    "rustina",
    "vina",
    "meeko",
    "posebusters",
    "pdbfixer",
    "biopython",
    "gemmi",
    "propka",
    "pdb2pqr",
    "mdtraj",
    "pymbar",
    "numpy",
    AMBERTOOLS,
)


if TYPE_CHECKING:  # which the other would lose the signatures of
    _Model = BaseModel
else:

    class _OurErrors(type(BaseModel)):
        """Lets wrong arguments of a constructor raise our own error, as everything else does."""

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().__call__(*args, **kwargs)
            except ValidationError as error:
                raise settings_error(cls.__name__, error) from error

    class _Model(BaseModel, metaclass=_OurErrors):
        pass


class Record(_Model):
    """A frozen set of named values; unknown names are refused.

    Raises
    ------
    SettingsError
        If a value is missing, unknown or impossible.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def software_versions(names: tuple[str, ...] = SOFTWARE) -> dict[str, str]:
    """Return the installed version of each distribution, or ``"absent"``; of AmberTools a fingerprint."""
    versions = {}
    for name in names:
        if name == AMBERTOOLS:
            versions[name] = fingerprint()
            continue
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions


def settings_error(
    subject: object, error: ValidationError | TypeError, hidden: tuple[str, ...] = ()
) -> SettingsError:
    """Return the first problem that pydantic found as an error of one line.

    Parameters
    ----------
    hidden
        Tags of pydantic's own that a user does not know.
    """
    if isinstance(error, TypeError):
        return SettingsError(subject, f"cannot be read as settings ({error})")
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in hidden) or "settings"
    if first["type"] == "extra_forbidden":
        return SettingsError(subject, f"'{where}' is an unknown setting", "check its spelling")
    problem = first["msg"].removeprefix("Value error, ")
    return SettingsError(subject, f"'{where}': {problem}")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of settings.

    Raises
    ------
    SettingsError
        If the file is missing, is no YAML, or no mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(path, f"cannot be read ({error.strerror})", "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(path, f"is no YAML ({error})", "check quotes and indentation") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(path, "is no mapping of settings", "write lines such as 'receptor: sert'")
    odd = next((key for key in content if not isinstance(key, str)), None)
    if odd is not None:
        raise SettingsError(path, f"cannot be read as settings ({odd} is no name)")
    return content
