"""Which code each step runs, and whether it is still the code that its revision stands for.

`python tests/revisions.py` writes the record, `tests/revisions.json`, anew. It refuses where the code of a step (or of
something cached) is other than was recorded and its revision (of its class in `dock/steps`, or in `dock/core/revisions.py`) is the same, unless the
results are said to be the same: `--same-results`, of all or of the kinds named.

The code of a step is found in the source, nothing is run: its `run` and what that uses in `dock.steps`, name by name,
and every module of `dock` that these import, with what those import in turn, also inside functions. Comments,
docstrings and layout do not count; the data files beside a module that it names do.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RECORD = Path(__file__).with_suffix(".json")
# A step's module also says what it is called, what it costs and what rows it gives: only what its `run` uses counts.
BY_NAME = "dock.steps"
# What computes the things that the cache holds.
CACHED = {
    "prepared receptor": "dock.dynamics.receptor_models",
    "typed receptor": "dock.docking.pdbqt",
    "receptor parameters": "dock.forcefield.parameters",
    "molecule parameters": "dock.forcefield.parameters",
    "ligand parameters": "dock.forcefield.parameters",
    "charges": "dock.forcefield.charges",
    "bilayer": "dock.systems.membrane.bilayer",
}
# Raising a revision is what the record asks for; it must not ask again because of that.
LEFT_OUT = {"dock", "dock.core.revisions"}
# What hands steps out and keeps their results makes none of them.
WORKFLOW = "dock.workflow"
# Of a step's class, what its result does not come from.
OUTSIDE = {"revision", "tables"}
DATA = (".yaml", ".csv", ".json")
WIDTH = 12


def source_of(module: str) -> Path | None:
    """Return the file of a module of this package, or None."""
    path = ROOT / module.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def parsed(module: str) -> ast.Module:
    path = source_of(module)
    assert path is not None, module
    return ast.parse(path.read_text(encoding="utf-8"))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all in it, without what is for type checkers alone."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield from statements(child)


def imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str, str]]:
    """Yield what is imported in any of the nodes: the name it is given, the module, the name there (or none)."""
    for one in nodes:
        if isinstance(one, ast.Import):
            for alias in one.names:
                yield alias.asname or alias.name, alias.name, ""
        elif isinstance(one, ast.ImportFrom) and one.module:
            for alias in one.names:
                inner = f"{one.module}.{alias.name}"
                whole = one.module.startswith("dock") and source_of(inner) is not None
                yield alias.asname or alias.name, *((inner, "") if whole else (one.module, alias.name))


def shape(node: Any) -> Any:
    """Return what a syntax tree does, the same in every version of Python: no docstrings, places or empty fields."""
    if isinstance(node, list):
        return [shape(one) for one in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = [one for one in fields["body"] if not _is_text(one)]
    kept = {name: value for name, value in fields.items() if value not in (None, []) and name != "ctx"}
    return [type(node).__name__, *([name, shape(value)] for name, value in sorted(kept.items()))]


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def digest(node: ast.AST | list[ast.AST]) -> str:
    return hashlib.sha256(json.dumps(shape(node)).encode()).hexdigest()[:WIDTH]


@cache
def whole(module: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the digest of a module, and what of this package it imports.

    Also for type checkers: what is handed to it is of these types, and runs their code.
    """
    found = [(other, name) for _, other, name in imports(ast.walk(parsed(module))) if _ours(other)]
    made = digest(parsed(module))
    if data := data_of(module):
        made = hashlib.sha256(json.dumps([made, data]).encode()).hexdigest()[:WIDTH]
    return made, [*found, *((other, "") for other in discovered(module))]


def data_of(module: str) -> dict[str, str]:
    """Return the data files beside a module that it names, and what is in them."""
    path = source_of(module)
    assert path is not None, module
    texts = {node.value for node in ast.walk(parsed(module)) if isinstance(node, ast.Constant)}
    named = (path.with_name(text) for text in texts if isinstance(text, str) and text.endswith(DATA))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(named) if file.is_file()}


def discovered(module: str) -> list[str]:
    """Return the modules of a package that it looks for by itself, as that of the docking engines does."""
    path = source_of(module)
    assert path is not None, module
    if path.name != "__init__.py" or not any(
        name == "iter_modules" for name, _, _ in imports(ast.walk(parsed(module)))
    ):
        return []
    return [f"{module}.{other.stem}" for other in sorted(path.parent.glob("*.py")) if other != path]


@cache
def definitions(module: str) -> dict[str, ast.AST]:
    """Return what a module defines at its top, by name; a class's methods are by themselves, as ``.name``."""
    found: dict[str, ast.AST] = {}
    for node in parsed(module).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name[:2] != "__"]
            for one in methods:
                alike = found.get(f".{one.name}", ast.Module(body=[], type_ignores=[]))
                assert isinstance(alike, ast.Module)
                found[f".{one.name}"] = ast.Module(body=[*alike.body, one], type_ignores=[])
            rest = [one for one in node.body if one not in methods and _named(one) not in OUTSIDE]
            bases = [*node.bases, *node.decorator_list]
            found[node.name] = ast.Module(body=[*map(ast.Expr, bases), *rest], type_ignores=[])
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            for one in ast.walk(target) if target is not None else ():
                if isinstance(one, ast.Name):
                    found[one.id] = node
    return found


def _named(node: ast.AST) -> str:
    """Return the name that a statement of a class gives a value to."""
    target = getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


@cache
def code_of(module: str, name: str = "") -> dict[str, str]:
    """Return the digest of each piece of code that a module, or a function of it, runs."""
    pieces: dict[str, str] = {}
    waiting = [(module, name)]
    while waiting:
        module, name = waiting.pop()
        label = f"{module}:{name}"
        if not module.startswith(BY_NAME):
            if module not in pieces and module not in LEFT_OUT and not module.startswith(WORKFLOW):
                pieces[module], further = whole(module)
                waiting += further
        elif label not in pieces:
            pieces[label], further = by_name(module, name)
            waiting += further
    return pieces


@cache
def by_name(module: str, name: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the digest of what a name of a module stands for, and what of this package that uses."""
    known = definitions(module)
    top = imports(statements(parsed(module)))
    brought = {given: (other, inner) for given, other, inner in top if _ours(other)}
    if name not in known:  # the module as such, or a package that passes a name on
        return "", [brought[name]] if name in brought else []
    inside = imports(statements(known[name]))
    uses = [(other, inner) for _, other, inner in inside if _ours(other)]
    for one in statements(known[name]):
        if isinstance(one, ast.Attribute):  # of a step of this module, or of one that it may be about
            uses += [(m, f".{one.attr}") for m in sorted(beside(module)) if f".{one.attr}" in definitions(m)]
        if isinstance(one, ast.Name) and one.id in known:
            uses.append((module, one.id))
        elif isinstance(one, ast.Name) and one.id in brought:
            uses.append(brought[one.id])
    return digest(known[name]), uses


@cache
def beside(module: str) -> frozenset[str]:
    """Return a step's module with those of other steps that it imports, and those that these import."""
    found, waiting = set[str](), [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [m for _, m, _ in imports(statements(parsed(one))) if m.startswith(BY_NAME)]
    return frozenset(found)


def _ours(module: str) -> bool:
    return module.split(".")[0] == "dock"


def code() -> dict[str, dict[str, str]]:
    """Return the digests of the code of every step and of everything cached, by kind."""
    from dock.steps import step_kinds

    steps = {
        kind: code_of(step.__module__, step.__name__) | code_of(step.__module__, ".run")
        for kind, step in step_kinds().items()
    }
    return steps | {kind: code_of(module) for kind, module in CACHED.items()}


def current() -> dict[str, Any]:
    """Return what the record would be now."""
    from dock.core.revisions import CACHES
    from dock.steps import step_kinds

    revisions = {kind: step.revision for kind, step in step_kinds().items()} | CACHES
    pieces = code()
    return {
        "kinds": {
            kind: {"revision": revisions[kind], "code": _summary(pieces[kind])} for kind in sorted(pieces)
        },
        "pieces": dict(sorted({label: d for one in pieces.values() for label, d in one.items()}.items())),
    }


def _summary(pieces: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(pieces.items())).encode()).hexdigest()[:WIDTH]


def recorded() -> dict[str, Any]:
    record: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return record


def problems(record: dict[str, Any], now: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with a record, by kind: which code changed without a new revision, or is not recorded."""
    found = {}
    for kind, one in now["kinds"].items():
        before = record["kinds"].get(kind)
        if before == one:
            continue
        if before is None:
            found[kind] = "is new"
        elif one["revision"] < before["revision"]:
            found[kind] = f"has revision {one['revision']}, below the {before['revision']} that was recorded"
        elif one["revision"] > before["revision"]:
            found[kind] = "has a new revision"
        else:
            changed = sorted(
                label for label, made in code()[kind].items() if record["pieces"].get(label) != made
            )
            found[kind] = f"{UNACCOUNTED} ({', '.join(changed) or 'something it ran is gone'})"
    for kind in record["kinds"].keys() - now["kinds"].keys():
        found[kind] = "is no more"
    return found


UNACCOUNTED = "runs other code under the same revision"
ADVICE = """
If results may differ, raise the revision in dock/steps (of what is cached, in dock/core/revisions.py), then run
    python tests/revisions.py
If they are the same, run
    python tests/revisions.py --same-results [KIND...]
and commit tests/revisions.json."""


def main(arguments: list[str]) -> int:
    """Write the record anew, unless code changed that nobody answers for; return the exit code."""
    now = current()
    before = recorded() if RECORD.exists() else {"kinds": {}, "pieces": {}}
    same = arguments[1:] if arguments[:1] == ["--same-results"] else []
    answered = set(same or now["kinds"]) if arguments[:1] == ["--same-results"] else set()
    if unknown := set(same) - set(now["kinds"]):
        print(f"no such kind: {', '.join(sorted(unknown))}; known: {', '.join(now['kinds'])}")
        return 2
    found = problems(before, now)
    refused = [
        kind for kind, text in found.items()
        if "below" in text or (text.startswith(UNACCOUNTED) and kind not in answered)
    ]  # fmt: skip
    for kind, text in found.items():
        print(f"{'REFUSED' if kind in refused else 'recorded'}: '{kind}' {text}")
    if refused:
        print(ADVICE)
        return 1
    RECORD.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
