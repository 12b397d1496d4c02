"""Settings and records: frozen pydantic models that refuse unknown keys."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

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

# Of `difflib`, from 0 to 1: what is less alike is no misspelling; what is more so is one surely.
SIMILAR, VERY_SIMILAR = 0.6, 0.8
SHOWN = 60  # characters of a value in an error
YAML_BOOL, YAML_INT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int"
# What pydantic says of Python's types, in the words of YAML: problem and advice.
MAPPING = ("is no mapping", "write {name: value, ...}, or lines 'name: value' below it")
LIST = ("is no list", "write [first, second], or lines '- first' below it")
TEXT = ("is no text", "put it into quotes")
FORMS = {
    "model_type": MAPPING, "model_attributes_type": MAPPING, "dict_type": MAPPING, "tuple_type": LIST, "list_type": LIST,
    "string_type": TEXT, "too_short": ("is empty", "fill it, or leave it out"),
}  # fmt: skip

if TYPE_CHECKING:  # which the other would lose the signatures of
    _Model = BaseModel
else:

    class _OurErrors(type(BaseModel)):
        """Lets wrong arguments of a constructor raise our own error, as everything else does."""

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if args:
                raise SettingsError(cls.__name__, "takes its settings by name", "write name=value")
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


def alone_too(schema: dict[str, Any]) -> None:
    """Let the JSON schema of a list take one item alone, as the settings do."""
    listed = {name: schema.pop(name) for name in ("type", "items", "minItems") if name in schema}
    schema["anyOf"] = [listed, listed["items"]]


def text_alone_too(schema: dict[str, Any]) -> None:
    """Let the JSON schema of a list take items that are text, and one item alone."""
    schema["items"] = {"anyOf": [{"type": "string"}, schema["items"]]}
    alone_too(schema)


def text_too(schema: dict[str, Any]) -> None:
    """Let the JSON schema of a mapping take text in its place."""
    mapping = {name: schema.pop(name) for name in ("$ref", "allOf", "anyOf") if name in schema}
    schema["anyOf"] = [{"type": "string"}, mapping]


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
    first = _telling(error.errors())
    path = [part for part in first["loc"] if part not in hidden]
    where = ".".join(map(str, path)) or "settings"
    if first["type"] == "extra_forbidden":
        return SettingsError(subject, f"'{where}' is an unknown setting", _nearest(error.title, path))
    if first["type"] == "missing":
        return SettingsError(subject, f"'{where}' is missing", "add it")
    form = FORMS.get(first["type"])
    if form is not None:
        given = " ".join(repr(first["input"]).split())
        shown = given if len(given) <= SHOWN else f"{given[:SHOWN]}..."
        return SettingsError(subject, f"'{where}': {shown} {form[0]}", form[1])
    problem = first["msg"].removeprefix("Value error, ")
    meant = similar(str(first["input"]), re.findall(r"'([^']+)'", first["msg"]))
    advice = f"did you mean {meant}?" if first["type"] == "literal_error" and meant else ""
    return SettingsError(subject, f"'{where}': {problem}", advice)


def _telling(errors: Sequence[Any]) -> Any:
    """Return the first error, or the misspelt setting on account of which it says that one is missing."""
    first = errors[0]
    beside = [each for each in errors if each["loc"][:-1] == first["loc"][:-1]]
    unknown = [each for each in beside if each["type"] == "extra_forbidden"]
    return unknown[0] if first["type"] == "missing" and unknown else first


def similar(name: str, known: Iterable[str], least: float = SIMILAR) -> str:
    """Return in words which of the names that are known another may be a misspelling of; nothing if none is like it."""
    by_folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.strip().casefold(), by_folded, n=3, cutoff=least)
    return " or ".join(f"'{by_folded[each]}'" for each in near)


def _nearest(root: str, path: Sequence[int | str]) -> str:
    """Return what may be meant by an unknown setting: one that is like it beside it, or of its name elsewhere.

    Parameters
    ----------
    root
        Name of the class of the settings.
    path
        Where the unknown one stands in them.
    """
    name = str(path[-1])
    top = [model for model in _records(Record) if model.__name__ == root][:1]
    models = top
    for part in path[:-1]:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [nested for field in fields for nested in _models_in(field.annotation)] or models
    known = list(dict.fromkeys(field for model in models for field in model.model_fields))
    elsewhere = [place for place in _places(top) if place.split(".")[-1] == name]
    there = " or ".join(f"'{place}'" for place in elsewhere[:3])
    meant = similar(name, known, VERY_SIMILAR) or there or similar(name, known)
    return f"did you mean {meant}?" if meant else f"known here: {', '.join(known)}"


def _places(models: Sequence[type[BaseModel]], above: str = "") -> Iterator[str]:
    """Yield the paths of all settings, such as ``simulation.production``."""
    for model in models:
        for name, field in model.model_fields.items():
            yield f"{above}{name}"
            yield from _places(_models_in(field.annotation), f"{above}{name}.")


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _records(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _records(child)


class _TwiceError(yaml.YAMLError):
    """A name stands twice in a mapping, of which YAML would keep the last without a word."""


class _Settings(yaml.SafeLoader):
    """Reads YAML in whose mappings each name stands once, and in which only true and false are truth values.

    A ligand may be called NO, and 010 is no 8: numbers that are written so are for the setting to read.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines:
                raise _TwiceError(f"'{key.value}' stands twice, in lines {lines[name]} and {line}")
            lines[name] = line
        return super().construct_mapping(node, deep)


_Settings.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag not in (YAML_BOOL, YAML_INT)]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Settings.add_implicit_resolver(YAML_BOOL, re.compile("(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Settings.add_implicit_resolver(YAML_INT, re.compile(r"[-+]?(?:0|[1-9]\d*)$"), list("-+0123456789"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of settings.

    Raises
    ------
    SettingsError
        If the file is missing, is no YAML, or no mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Settings)
    except OSError as error:
        raise SettingsError(path, f"cannot be read ({error.strerror})", "check the path") from error
    except UnicodeDecodeError as error:
        raise SettingsError(path, "is not UTF-8 text", "save it as UTF-8") from error
    except _TwiceError as error:
        raise SettingsError(path, str(error), "keep one of them, with all that is meant") from error
    except (yaml.YAMLError, ValueError) as error:  # the latter from dates that there are not
        raise SettingsError(
            path,
            f"is no YAML ({error})",
            "check indentation, and put SMILES and names with signs into quotes",
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(path, "is no mapping of settings", "write lines such as 'receptor: sert'")
    odd = next((key for key in content if not isinstance(key, str)), None)
    if odd is not None:
        raise SettingsError(path, f"cannot be read as settings ({odd} is no name)")
    return content
