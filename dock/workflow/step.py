"""The step: a piece of work with typed inputs and a typed result, and all that the workflow asks of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from pydantic import PrivateAttr

from dock.core.records import Record

if TYPE_CHECKING:
    from dock.workflow.store import Store

Result = TypeVar("Result", bound=Record, covariant=True)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Resources:
    """What a step takes of a machine.

    Attributes
    ----------
    cost : float
        Expected work, in seconds on one core of the machine in benchmarks/RESULTS.md.
    card : float
        The part of a GPU that it fills, where there is one.
    disk : float
        What its files take, in MB.
    time_limit : float, optional
        In seconds, after which its worker is ended and it has failed.
    """

    cost: float = 1.0
    card: float = 0.0
    disk: float = 0.1
    time_limit: float | None = None


@dataclass(frozen=True)
class Conditions:
    """Under which conditions steps are done; no result depends on them.

    Attributes
    ----------
    platform : str
        OpenMM platform, or ``auto``; the worker chooses.
    threads : int
        Processor threads that a step may use.
    device : str, optional
        Index of the card that it uses.
    deadline : float
        The time (`time.time()`) at which simulations save and stop.
    accept_changes : bool
        Whether simulations that other software began are continued.
    """

    platform: str = "auto"
    threads: int = 1
    device: str | None = None
    deadline: float = inf
    accept_changes: bool = False


@dataclass(frozen=True)
class Context:
    """What a step works with besides its inputs.

    Attributes
    ----------
    store : Store
        Holds the results of what it needs.
    folder : Path
        Its own, for files beside its result.
    conditions : Conditions
    progress : callable
        To be called with the fraction done.
    """

    store: Store
    folder: Path
    conditions: Conditions
    progress: Callable[[float], None] = lambda _: None


class Step(Record, Generic[Result]):
    """A piece of work. Its fields are its inputs; those that are steps are what it needs.

    A subclass says what it gives (`result_type`) and does it (`run`). What other steps read of the files that it writes
    is in its result, or its hash is: by the result they know whether theirs is still good. Its result is kept under the hash of its
    kind, revision and inputs, the keys of the steps among them, and the versions of the software.

    Attributes
    ----------
    kind : str
        Names its folder.
    revision : int
        Raised by one whenever the code gives other results for the same inputs.
    any_of : str
        The field, a tuple of steps, of which one that succeeded is enough; empty if all are needed.
    unkeyed : frozenset of str
        Fields that change no result.
    extended : frozenset of str
        Fields that are not in the key either, but a result is only good for the values that it was made with:
        for others the step is run again, and goes on from the files that it left.
    expands : bool
        Whether more steps are planned once it has ended: its result says which.
    tables : mapping of str to callable
        By the name of a table, what gives the rows of a step that is done: called with step and store.
    """

    kind: ClassVar[str]
    revision: ClassVar[int]
    result_type: ClassVar[type[Record]]
    any_of: ClassVar[str] = ""
    unkeyed: ClassVar[frozenset[str]] = frozenset()
    extended: ClassVar[frozenset[str]] = frozenset()
    expands: ClassVar[bool] = False
    tables: ClassVar[Mapping[str, Callable[[Any, Store], Iterable[Row]]]] = {}

    # Of a plan that was read: the key that the step was planned with, whatever its revision is now.
    _planned_key: str = PrivateAttr("")

    @property
    @abstractmethod
    def label(self) -> str:
        """What people call it, such as ``dock escitalopram in orthosteric``."""

    @property
    def subject(self) -> dict[str, str]:
        """What it is about, such as a ligand and a site, as columns of a table."""
        return {}

    @property
    def resources(self) -> Resources:
        """What it takes."""
        return Resources()

    @abstractmethod
    def run(self, context: Context) -> Result:
        """Do it.

        Raises
        ------
        DockError
            If it fails.
        StoppedError
            If the time was up; it goes on when it is run again.
        """

    @property
    def needs(self) -> list[Step[Any]]:
        """The steps that must be done before it."""
        return [step for _, step in self._steps()]

    @property
    def read(self) -> list[Step[Any]]:
        """Those of `needs` whose results change its own."""
        return [step for field, step in self._steps() if field not in self.unkeyed]

    @property
    def alternatives(self) -> list[Step[Any]]:
        """Those of `needs` of which one is enough."""
        return [step for field, step in self._steps() if field == self.any_of]

    def _steps(self) -> Iterator[tuple[str, Step[Any]]]:
        for field in type(self).model_fields:
            value = getattr(self, field)
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Step):
                    yield field, each

    def inputs(self, key_of: Callable[[Step[Any]], str]) -> dict[str, Any]:
        """Return its inputs as JSON-like values, a step among them as ``{"step": KEY}``."""
        inputs: dict[str, Any] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, Step):
                inputs[field] = {"step": key_of(value)}
            elif isinstance(value, tuple) and value and isinstance(value[0], Step):
                inputs[field] = [{"step": key_of(each)} for each in value]
        return self.model_dump(mode="json", exclude=set(inputs)) | inputs

    @classmethod
    def from_inputs(cls, inputs: Mapping[str, Any], steps: Mapping[str, Step[Any]]) -> Step[Any]:
        """Make a step of what `inputs` returned; `steps` are those that it needs, by key."""
        return cls.model_validate({field: _revived(value, steps) for field, value in inputs.items()})

    @property
    def planned_key(self) -> str:
        """The key that it was planned with, where its plan was read from a file; empty otherwise."""
        return self._planned_key

    def planned_under(self, key: str) -> Self:
        """Keep the step under the key that it was planned with."""
        self._planned_key = key
        return self


def _revived(value: Any, steps: Mapping[str, Step[Any]]) -> Any:
    if isinstance(value, list):
        return tuple(_revived(each, steps) for each in value)
    if isinstance(value, dict) and value.keys() == {"step"}:
        return steps[value["step"]]
    return value
