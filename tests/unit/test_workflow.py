"""Steps, their keys, the store and the executors, on work that is done in no time."""

import json
import os
import signal
from typing import ClassVar

import pytest

from dock.core.errors import DockingError, OutputError, SettingsError
from dock.core.records import Record
from dock.workflow.cards import Cards
from dock.workflow.execution import execute
from dock.workflow.executors import make_executor
from dock.workflow.step import Conditions, Resources, Step
from dock.workflow.store import FAILURE, RESULT, Store

FOREVER = float("inf")


class Number(Record):
    value: float


class Given(Step[Number]):
    """Gives a number; fails below zero, dies at 13 the first time."""

    kind: ClassVar = "given"
    revision: ClassVar = 1
    result_type: ClassVar = Number
    unkeyed: ClassVar = frozenset({"name"})

    value: float
    name: str = "x"

    @property
    def label(self):
        return f"give {self.name}"

    @property
    def subject(self):
        return {"ligand": self.name}

    @property
    def resources(self):
        return Resources(time_limit=5.0)

    def run(self, context):
        if self.value < 0:
            raise DockingError(self.name, "is below zero")
        if self.value == 13 and not (context.folder / "died").exists():
            (context.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        (context.folder / "seen").open("a").write("x")
        context.progress(0.5)
        return Number(value=self.value)

    tables: ClassVar = {"numbers": lambda step, store: [{"value": store.result(step).value}]}


class Sum(Step[Number]):
    """Adds up what succeeded, up to a limit; goes on from what it has where the limit is raised."""

    kind: ClassVar = "sum"
    revision: ClassVar = 1
    result_type: ClassVar = Number
    any_of: ClassVar = "parts"
    unkeyed: ClassVar = frozenset({"after"})
    extended: ClassVar = frozenset({"limit"})

    parts: tuple[Given, ...]
    after: Given | None = None
    limit: float = 100.0

    @property
    def label(self):
        return "sum"

    def run(self, context):
        values = [context.store.result(part).value for part in context.store.done(self.parts)]
        return Number(value=min(sum(values), self.limit))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, {"python": "3"})


def run(store, *steps, name="inline", workers=1):
    executor = make_executor(name, store, Conditions("CPU"), workers)
    return [(event.kind, event.step.label) for event in execute(lambda _: steps, store, executor, FOREVER)]


def test_keys_hold_what_results_depend_on(store, monkeypatch):
    one, other = Given(value=1), Given(value=2)
    assert store.key(one) == store.key(Given(value=1, name="y")) != store.key(other)
    total = Sum(parts=(one, other))
    assert store.key(total) == store.key(Sum(parts=(one, other), after=one, limit=3))
    assert store.key(total) != store.key(Sum(parts=(other, one)))
    assert Store(store.run, {"python": "4"}).key(one) != store.key(one)
    assert total.needs == [one, other] == total.alternatives
    assert Sum(parts=(one,), after=other).read == [one]
    before = store.key(one)
    monkeypatch.setattr(Given, "revision", 2)
    assert Store(store.run, store.versions).key(Given(value=1)) != before


def test_a_result_comes_back_typed(store):
    one = Given(value=1.5)
    assert run(store, one) == [("started", "give x"), ("done", "give x")]
    assert store.result(one) == Number(value=1.5)
    assert store.completion(one).label == "give x"
    assert run(store, one) == [("kept", "give x")]
    assert (store.folder(one) / "seen").read_text() == "x"
    (store.folder(one) / RESULT).write_text(json.dumps({"result": {"valeu": 1}}))
    with pytest.raises(OutputError, match="cannot be read"):
        store.result(one)
    with pytest.raises(OutputError, match="holds no result"):
        store.completion(Given(value=7))


def test_a_failure_takes_along_what_cannot_do_without(store):
    good, bad = Given(value=1, name="good"), Given(value=-1, name="bad")
    some, none = Sum(parts=(good, bad)), Sum(parts=(bad,))
    events = run(store, good, bad, some, none)
    assert events.count(("failed", "give bad")) == events.count(("failed", "sum")) == 1
    assert store.result(some).value == 1
    assert store.failure(bad).model_dump(include={"subject", "reason"}) == {
        "subject": {"ligand": "bad"},
        "reason": "DockingError",
    }
    assert "needs 'give bad', which failed" in store.failure(none).message
    assert store.failure(some) is None


def test_what_read_another_result_is_done_again(store, monkeypatch):
    """A part that is there only later, or that is made anew and comes out otherwise."""
    one, two = Given(value=1), Given(value=-2)
    total = Sum(parts=(one, two))
    run(store, one, two, total)
    assert store.result(total).value == 1
    monkeypatch.setattr(Given, "run", lambda self, _: Number(value=abs(self.value)))
    assert store.is_done(total)
    assert ("done", "sum") in run(store, one, two, total)
    assert store.result(total).value == 3
    (store.folder(one) / RESULT).unlink()
    assert ("kept", "sum") in run(store, one, two, total)  # it comes out the same
    (store.folder(one) / RESULT).unlink()
    monkeypatch.setattr(Given, "run", lambda *_: Number(value=5))
    assert ("done", "sum") in run(store, one, two, total)


def test_a_raised_limit_is_the_same_step_and_goes_on(store):
    parts = (Given(value=3), Given(value=4))
    run(store, *parts, Sum(parts=parts, limit=5))
    longer = Sum(parts=parts, limit=6)
    assert not store.is_done(longer)
    assert run(store, *parts, longer)[-1] == ("done", "sum")
    assert store.result(longer).value == 6


def test_what_goes_before_it_changes_nothing(store):
    one, gate = Given(value=1), Given(value=2)
    run(store, one, gate, Sum(parts=(one,), after=gate))
    assert store.is_done(Sum(parts=(one,)))
    bad = Given(value=-1)
    assert run(store, one, bad, Sum(parts=(one,), after=bad))[-1] == ("kept", "sum")


def test_a_worker_that_dies_is_tried_again_and_takes_none_along(store):
    unlucky, other = Given(value=13, name="unlucky"), Given(value=1, name="other")
    events = run(store, unlucky, other, name="local", workers=2)
    assert {("done", "give unlucky"), ("done", "give other")} <= set(events)


def test_steps_and_stores_survive_a_pickle_and_a_plan(store):
    from pickle import dumps, loads

    total = Sum(parts=(Given(value=1), Given(value=2)), limit=7)
    assert loads(dumps(store)).key(loads(dumps(total))) == store.key(total)
    parts = {store.key(part): part for part in total.parts}
    again = Sum.from_inputs(json.loads(json.dumps(total.inputs(store.key))), parts)
    assert again == total
    assert store.key(again.planned_under("old")) == "old"
    assert store.key(loads(dumps(again))) == "old"


def test_unknown_fields_and_executors_are_refused(store):
    with pytest.raises(SettingsError, match="'valeu' is an unknown setting"):
        Given(value=1, valeu=2)
    with pytest.raises(SettingsError, match="is no executor"):
        make_executor("slurm", store, Conditions())


def test_cards_take_what_fits():
    cards = Cards(["0"])
    assert [cards.take(name, 0.5) for name in "ab"] == ["0", "0"]
    assert cards.take("c", 0.1) is None
    cards.release("a")
    assert cards.take("c", 0.1) == "0"


def test_a_failure_is_forgotten_when_it_succeeds(store, monkeypatch):
    one = Given(value=-1)
    run(store, one)
    assert (store.folder(one) / FAILURE).exists()
    monkeypatch.setattr(Given, "run", lambda *_: Number(value=1))
    assert run(store, one)[-1] == ("done", "give x")
    assert not (store.folder(one) / FAILURE).exists()


class Count(Step[Number]):
    """Says how many more steps there are."""

    kind: ClassVar = "count"
    revision: ClassVar = 1
    result_type: ClassVar = Number
    expands: ClassVar = True

    value: float

    @property
    def label(self):
        return f"count {self.value:g}"

    def run(self, _):
        if self.value > 8:
            raise DockingError("count", "is too much")
        return Number(value=self.value)


@pytest.mark.parametrize("name", ["inline", "local"])
def test_more_is_planned_once_it_is_known(store, name):
    counts = [Count(value=value) for value in (2, 9, 1)]
    plans = []

    def plan(failed):
        done = [count for count in counts if store.is_done(count)]
        lost = [count for count in counts if store.key(count) in failed]
        more = [
            Given(value=number, name=f"{number} of {count.value:g}")
            for count in done
            for number in range(int(store.result(count).value))
        ]
        whole = len(done) + len(lost) == len(counts)
        plans.append(len(more))
        return [*counts, *more, *([Sum(parts=tuple(more))] if whole else [])]

    def run_again():
        executor = make_executor(name, store, Conditions("CPU"), 2)
        return [(event.kind, event.step.label) for event in execute(plan, store, executor, FOREVER)]

    events = run_again()
    assert ("failed", "count 9") in events
    assert sum(kind == "done" for kind, _ in events) == 2 + 2 + 1  # 0 of 2 and 0 of 1 are one step
    assert events[-1] == ("done", "sum")
    assert {kind for kind, label in run_again() if label != "count 9"} == {"kept"}
    assert plans[-1] == 3


def test_results_are_shared_between_runs(tmp_path, monkeypatch):
    versions = {"python": "3"}
    first, second = (Store(tmp_path / name, versions, tmp_path / "shared") for name in "ab")
    parts = (Given(value=3, name="a"), Given(value=4, name="b"))
    run(first, *parts, Sum(parts=parts))
    assert [kind for kind, _ in run(second, *parts, Sum(parts=parts))] == ["kept"] * 3
    assert second.result(Sum(parts=parts)).value == 7
    assert (second.folder(parts[0]) / "seen").read_text() == "x"
    # Nobody's work on his own copy is the others'.
    (second.folder(parts[0]) / "seen").open("a").write("y")
    assert (first.shared.folder(parts[0]) / "seen").read_text() == "x"
    # Another length, another part's result, or other software, is not taken.
    third = Store(tmp_path / "c", versions, tmp_path / "shared")
    assert not third.fetch(Sum(parts=parts, limit=5))
    monkeypatch.setattr(Given, "run", lambda *_: Number(value=9))
    alone = Store(tmp_path / "c", versions)
    run(alone, *parts)
    assert not third.fetch(Sum(parts=parts))
    assert not Store(tmp_path / "d", {"python": "4"}, tmp_path / "shared").fetch(parts[0])
    assert not alone.fetch(Given(value=3, name="a"))


def test_what_was_begun_with_other_results_is_not_gone_on_with(store, monkeypatch):
    part = Given(value=1)
    total = Sum(parts=(part,))
    run(store, part, total)
    half = store.begin(total) / "half"
    half.touch()
    assert (store.begin(total) / "half").exists()  # stopped, and begun again with the same
    (store.folder(part) / RESULT).unlink()
    monkeypatch.setattr(Given, "run", lambda *_: Number(value=2))
    assert run(store, part, total)[-1] == ("done", "sum")
    assert store.result(total).value == 2
    assert not half.exists()


def test_a_result_is_not_good_without_what_it_was_made_of(store):
    part = Given(value=1)
    total = Sum(parts=(part,))
    run(store, part, total)
    assert store.is_done(total)
    (store.folder(part) / RESULT).unlink()
    assert not store.is_done(total)
    assert run(store, part, total) == [("started", "give x"), ("done", "give x"), ("kept", "sum")]


def test_a_failure_of_before_counts_no_more_once_it_is_tried_again(store, monkeypatch):
    bad = Given(value=-1)
    needy = Sum(parts=(bad,))
    run(store, bad, needy)
    assert store.failure(needy) is not None
    monkeypatch.setattr(Given, "run", lambda *_: Number(value=1))
    executor = make_executor("inline", store, Conditions("CPU"), 1)
    for event in execute(lambda _: [bad, needy], store, executor, FOREVER):
        if event.kind == "done":
            break  # time is up
    assert store.failure(needy) is None


def test_a_step_that_a_later_plan_lacks_ends_without_harm(store):
    counts, passing = Count(value=1), Given(value=5, name="passing")

    def plan(_):
        return [counts] if store.is_done(counts) else [counts, passing]

    executor = make_executor("local", store, Conditions("CPU"), 1)
    events = [(event.kind, event.step.label) for event in execute(plan, store, executor, FOREVER)]
    assert ("done", "count 1") in events


def test_a_cache_that_cannot_be_written_to_shares_nothing(tmp_path):
    (tmp_path / "shared").touch()
    store = Store(tmp_path / "a", {"python": "3"}, tmp_path / "shared")
    assert run(store, Given(value=1))[-1] == ("done", "give x")
