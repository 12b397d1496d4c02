"""The redocking gate of a site: its known pose must be found again before anything is simulated."""

from __future__ import annotations

from typing import Any, ClassVar

from dock.core.errors import GateError
from dock.core.records import Record
from dock.docking.redocking import COLUMNS, off_by
from dock.steps.dock import Dock
from dock.workflow.step import Context, Resources, Row, Step
from dock.workflow.store import Store


class GateResult(Record):
    """Whether it was passed, and whether a failure is accepted."""

    passed: bool
    accepted: bool


class Gate(Step[GateResult]):
    """Judges the redocking of a known ligand.

    Attributes
    ----------
    search : Dock
        Of the known ligand.
    accept_failure : bool
    """

    kind: ClassVar = "gate"
    revision: ClassVar = 3
    result_type: ClassVar = GateResult

    search: Dock
    accept_failure: bool

    @property
    def site(self) -> str:
        """The site that it is the gate of."""
        return self.search.site

    @property
    def label(self) -> str:
        """What people call it."""
        return f"redocking gate of {self.site} of {self.search.home.name}"

    @property
    def subject(self) -> dict[str, str]:
        """Receptor and site."""
        return {**self.search.home.subject, "site": self.site}

    @property
    def resources(self) -> Resources:
        """Next to nothing."""
        return Resources(cost=0.1)

    def run(self, context: Context) -> GateResult:
        """Judge it."""
        rows = self._redocking(context.store)
        passed = all(row["passed"] for row in rows)
        if not passed and not self.accept_failure:
            raise GateError(
                self.search.place,
                f"the known pose was not found again ({off_by(rows)})",
                "results would mean little; to go on all the same set accept_failed_gate: true",
            )
        return GateResult(passed=passed, accepted=self.accept_failure)

    def rows(self, store: Store) -> tuple[Row, ...]:
        """Return a row for every seed's redocking, whether the gate was passed or not."""
        failure = store.failure(self.search)
        if failure is not None:
            found = {"checks": failure.message, "contacts": "none", "passed": False}
            return (self.search.subject | dict.fromkeys(COLUMNS) | found,)
        rows = self._redocking(store) if store.is_done(self.search) else ()
        return tuple({**self.search.home.subject, **row} for row in rows)

    def _redocking(self, store: Store) -> tuple[dict[str, Any], ...]:
        return store.result(self.search).redocking or ()
