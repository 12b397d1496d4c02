"""Code that changed must have a new revision, or an author who says that its results are the same."""

import ast
import json

import pytest
import revisions
from planning import keys

from dock.core.revisions import CACHES, revision
from dock.steps import step_kinds
from dock.steps.dock import Dock


def test_no_step_runs_other_code_than_its_revision_stands_for():
    found = revisions.problems(revisions.recorded(), revisions.current())
    told = "\n".join(f"'{kind}' {text}" for kind, text in found.items())
    assert not found, f"\n{told}\n{revisions.ADVICE}"


def test_every_step_and_everything_cached_has_a_revision():
    assert all(step.revision > 0 for step in step_kinds().values())
    assert set(revisions.CACHED) == set(CACHES)
    assert revision("charges") == ["charges", CACHES["charges"]]
    with pytest.raises(KeyError):
        revision("nothing")


def test_a_step_answers_for_what_it_runs_and_for_nothing_else():
    code = revisions.code()
    layers = {kind: {piece.split(":")[0].split(".")[1] for piece in pieces} for kind, pieces in code.items()}
    assert "dock.docking.ranking" in code["dock"]
    assert "dock.docking.engines.vina" in code["dock"]  # imported inside a function
    assert {"dock.steps.poses:keep", "dock.steps.poses:.best", "dock.steps.ligand:.ligand"} <= set(
        code["dock"]
    )
    assert layers["dock"] == {"steps", "core", "docking", "ligands", "receptors"}
    assert layers["ligand"] == {"steps", "core", "ligands"}
    for kind, pieces in code.items():
        assert not layers[kind] & {"report", "cli"}, kind
        assert not layers[kind] & {"workflow", "campaign"}, kind
        assert not any("rows" in piece or "resources" in piece for piece in pieces), kind
    assert "dock.steps.simulate:.run" in code["simulate"]
    assert "dock.steps.simulate:.run" not in code["dock"]
    assert "dock.dynamics.engine" in code["simulate"]
    assert not any(
        piece.startswith(("dock.analysis", "dock.receptors.preparation")) for piece in code["simulate"]
    )


def digest_of(source):
    return revisions.digest(ast.parse(source))


def test_only_behaviour_counts():
    one = 'def f(x: int) -> int:\n    """Say."""\n    return x + 1\n'
    assert digest_of(one) == digest_of(
        '"""Module."""\n# why\ndef f(x: int) -> int:\n    return (x +\n      1)  # so\n'
    )
    assert digest_of(one) != digest_of(one.replace("+ 1", "+ 2"))
    assert digest_of("X = 'a'") != digest_of("X = 'b'")


def test_code_that_changed_is_asked_about(tmp_path, monkeypatch, capsys):
    record = revisions.current()
    told = tmp_path / "revisions.json"
    monkeypatch.setattr(revisions, "RECORD", told)
    told.write_text(json.dumps(record))
    assert revisions.problems(record, revisions.current()) == {}
    known = revisions.code()
    changed = {kind: dict(pieces) for kind, pieces in known.items()}
    for pieces in changed.values():
        if "dock.docking.ranking" in pieces:
            pieces["dock.docking.ranking"] = "another"
    monkeypatch.setattr(revisions, "code", lambda: changed)
    found = revisions.problems(record, revisions.current())
    assert {"dock", "gate"} <= set(found)
    assert not {"ligand", "charges", "membrane"} & set(found)
    assert found["dock"].endswith("(dock.docking.ranking)")
    assert revisions.main([]) == 1
    assert "--same-results" in capsys.readouterr().out
    assert json.loads(told.read_text()) == record
    assert revisions.main(["--same-results", "nothing"]) == 2
    assert revisions.main(["--same-results", "dock"]) == (1 if set(found) - {"dock"} else 0)
    for step in step_kinds().values():
        monkeypatch.setattr(step, "revision", step.revision + 1)
    assert revisions.main([]) == 0
    assert json.loads(told.read_text())["kinds"]["dock"]["revision"] == Dock.revision
    assert revisions.main([]) == 0
    monkeypatch.undo()
    assert "below" in revisions.problems(json.loads(told.read_text()), revisions.current())["dock"]


def test_a_new_revision_is_another_step(monkeypatch):
    before = keys()
    monkeypatch.setattr(Dock, "revision", Dock.revision + 1)
    after = keys()
    same = {label.split()[0] for label in before if before[label] == after[label]}
    assert same == {"receptor", "ligand", "cross-dock"}  # which has one of its own


def test_the_data_of_a_module_counts_as_its_code():
    assert list(revisions.data_of("dock.ligands.titration")) == ["pka.yaml"]
    assert "dock.ligands.titration" in revisions.code()["ligand"]
    assert revisions.data_of("dock.ligands.states") == {}
