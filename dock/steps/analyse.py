"""A simulated complex measured over its replicas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from dock.analysis.comparison import MeasuredComplex
from dock.analysis.complexes import ComplexAnalysis, analyse_complex
from dock.analysis.measures import measured
from dock.analysis.statistics import Average
from dock.core.files import write_text
from dock.core.records import Record
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.charges import charge_model
from dock.forcefield.parameters import Penalty
from dock.steps.complexes import ComplexStep
from dock.steps.gate import Gate
from dock.steps.membrane import BuildMembrane
from dock.steps.poses import PoseStep
from dock.steps.region import DrawRegion
from dock.steps.simulate import Simulate
from dock.workflow.step import Context, Resources, Row
from dock.workflow.store import Store

if TYPE_CHECKING:
    import pandas as pd


TABLES = ("series", "contacts", "hydrogen_bonds", "ions", "corrections")


class AnalyseResult(Record):
    """What was measured beside the tables, see `dock.analysis.complexes.ComplexAnalysis.summary`.

    Attributes
    ----------
    lost : int
        Replicas that broke down and are left out.
    """

    frames: int
    replicas: int
    lost: int
    averages: dict[str, dict[str, float | None]]
    ions: tuple[dict[str, Any], ...]
    doubt: str
    heat: str
    atoms: str
    kind: str
    penalties: tuple[dict[str, Any], ...]


class Analyse(ComplexStep[AnalyseResult]):
    """Measures a complex over its replicas; those that broke down are left out, and counted.

    Attributes
    ----------
    replicas : tuple of Simulate
    """

    kind: ClassVar = "analyse"
    revision: ClassVar = 5
    result_type: ClassVar = AnalyseResult
    any_of: ClassVar = "replicas"

    replicas: tuple[Simulate, ...]

    @property
    def label(self) -> str:
        """What people call it."""
        return f"analyse {self.search.place}"

    @property
    def resources(self) -> Resources:
        """By the number of frames."""
        number = len(self.replicas)
        cost = 2.0 + 0.05 * self.replicas[0].protocol.frames * number + 5.0 * number
        return Resources(cost=cost, card=1 / 8)

    def run(self, context: Context) -> AnalyseResult:
        """Measure it, and write the tables as CSV."""
        store = context.store
        done = store.done(self.replicas)
        system, _, _ = self.system(store)
        trajectories = [replica.trajectory(store) for replica in done]
        analysis = analyse_complex(
            trajectories, system, self.processor(context.conditions), self.replicas[0].protocol
        )
        for name, table in analysis.tables().items():
            write_text(context.folder / f"{name}.csv", table.to_csv(index=False))
        return AnalyseResult(**analysis.summary(), lost=len(self.replicas) - len(done))

    def table(self, store: Store, name: str) -> pd.DataFrame:
        """Return one of the `TABLES` that it wrote."""
        import pandas as pd

        return pd.read_csv(store.folder(self) / f"{name}.csv")

    def analysis(self, store: Store) -> ComplexAnalysis:
        """Return everything that was measured."""
        result = store.result(self)
        tables = {name: self.table(store, name) for name in TABLES}
        penalties = [Penalty(**penalty) for penalty in result.penalties]
        return ComplexAnalysis(
            **tables, atoms=result.atoms, penalties=penalties, heat=result.heat, kind=result.kind
        )

    def measured(self, store: Store) -> MeasuredComplex:
        """Return the complex as something to be compared."""
        result = store.result(self)
        averages = {
            # Each whole before its parts; a file holds them by the alphabet.
            name: Average.from_record(fields)
            for name in measured()
            if (fields := result.averages.get(name))
        }
        pose, contacts = self.search.best(store), self.table(store, "contacts")
        return MeasuredComplex.from_pose(
            pose, averages, contacts, result.atoms, result.doubt, result.kind, self.search.home.name
        )

    def _ion_rows(self, store: Store) -> Iterator[Row]:
        for ion in store.result(self).ions:
            yield {**self.subject, **ion}

    def _penalty_rows(self, store: Store) -> Iterator[Row]:
        for penalty in store.result(self).penalties:
            yield {"ligand": self.ligand_name, **penalty}

    tables: ClassVar = {
        "contacts": lambda step, store: _rows_of(step, store, "contacts"),
        "ions": _ion_rows,
        "ion_distances": lambda step, store: _rows_of(step, store, "ions"),
        "penalties": _penalty_rows,
        "hydrogen_bonds": lambda step, store: _rows_of(step, store, "hydrogen_bonds"),
    }


def simulations(
    searches: Sequence[PoseStep[Any]],
    protocol: SimulationSettings,
    gates: Sequence[Gate] = (),
    alike: Sequence[PoseStep[Any]] = (),
) -> Iterator[Analyse]:
    """Plan what is measured of the best poses in a site of a receptor, over replicas of what they have in common.

    Parameters
    ----------
    gates
        That must have been passed before.
    alike
        Of which the best poses are not simulated, but have their place in the region.
    """
    common: dict[str, Any] = {
        "settings": _without_length(protocol),
        "charge_model": charge_model(protocol.system.charges),
    }
    if protocol.system.kind == "site":
        common["region"] = DrawRegion(searches=(*searches, *alike), settings=protocol.system)
    if protocol.system.kind == "membrane":
        common["membrane"] = BuildMembrane(receptor=searches[0].home, settings=protocol.system.membrane)
    for search in searches:
        replicas = tuple(
            Simulate(
                search=search,
                replica=number,
                replicas=protocol.replicas,
                production=protocol.production,
                gates=tuple(gates),
                checkpoint_interval=protocol.checkpoint_interval,
                **common,
            )
            for number in range(1, protocol.replicas + 1)
        )
        yield Analyse(search=search, replicas=replicas, **common)


def _without_length(settings: SimulationSettings) -> SimulationSettings:
    """Return settings of which those are alike that a replica has as inputs of its own, or that are none of its."""
    default = SimulationSettings()
    alike = {name: getattr(default, name) for name in ("replicas", "checkpoint_interval")}
    return settings.model_copy(update={**alike, "production": settings.frame_interval})


def _rows_of(step: Analyse, store: Store, name: str) -> Iterator[Row]:
    """Yield the rows of a table that an analysis wrote."""
    for row in step.table(store, name).to_dict("records"):
        yield {**step.subject, **{str(column): value for column, value in row.items()}}
