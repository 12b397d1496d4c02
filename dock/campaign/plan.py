"""The plan: which steps a campaign is made of, and which needs which."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from dock.campaign.given import given_simulations
from dock.campaign.settings import SAME, CampaignSettings, LibrarySettings, LigandSettings
from dock.core import catalogue
from dock.core.errors import SettingsError
from dock.core.files import read_json, write_json
from dock.docking.settings import DockingSettings
from dock.dynamics.receptor_models import open_receptor, prepared_receptor, source_key
from dock.forcefield.charges import charge_model
from dock.ligands.library import Columns
from dock.ligands.names import name_key, unique_name
from dock.ligands.written import smiles_name, written_smiles
from dock.receptors import Receptor
from dock.receptors.outline import ReceptorOutline, SiteOutline
from dock.steps import step_kinds
from dock.steps.analyse import Analyse, simulations
from dock.steps.crossdock import CrossDock
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.library import ReadLibrary
from dock.steps.ligand import PrepareLigand
from dock.steps.receptor import PrepareReceptor, no_sites
from dock.steps.refine import Refine
from dock.workflow.step import Step
from dock.workflow.store import Store

StepType = TypeVar("StepType", bound=Step[Any])


def steps_of(steps: Sequence[Step[Any]], kind: type[StepType]) -> list[StepType]:
    """Return the steps of a kind, in the order of the plan."""
    return [step for step in steps if isinstance(step, kind)]


def write_plan(steps: Sequence[Step[Any]], store: Store, path: Path) -> None:
    """Write a plan, so that its results can be read whatever changes later."""
    content = [
        {"kind": step.kind, "key": store.key(step), "label": step.label, "inputs": step.inputs(store.key)}
        for step in steps
    ]
    write_json(path, content)


def read_plan(path: Path) -> list[Step[Any]]:
    """Read a plan that `write_plan` wrote."""
    steps: dict[str, Step[Any]] = {}
    for planned in read_json(path):
        step = step_kinds()[planned["kind"]].from_inputs(planned["inputs"], steps)
        steps[planned["key"]] = step.planned_under(planned["key"])
    return list(steps.values())


@dataclass(frozen=True)
class Planner:
    """Plans a campaign as far as is known: what a receptor or a file holds shows once it is prepared or read.

    Names, SMILES and files are looked at before any work is done; nothing is computed.

    Parameters
    ----------
    settings : CampaignSettings
    store : Store
    """

    settings: CampaignSettings
    store: Store
    _poses: dict[str, list[Step[Any]]] = field(default_factory=dict)

    def steps(self, lost: Callable[[Step[Any]], bool]) -> list[Step[Any]]:
        """Return every step that can be planned by now, each once, and after those that it needs.

        Parameters
        ----------
        lost
            Whether a step failed: then nothing is planned after it, and what is left is not waited for.

        Raises
        ------
        InputError
            If the settings name a ligand, a site or a structure that is not there.
        """
        known = [(receptor, self._outline(receptor)) for receptor in self.receptors]
        closed = [receptor for receptor, outline in known if not (outline or lost(receptor))]
        unread = [part for part in self._parts if not (self.store.is_done(part) or lost(part))]
        ligands = list(self._named)
        if not closed:
            ligands += self._read([outline for _, outline in known if outline], lost)
        whole = not (self._parts and (closed or unread))
        planned: list[Step[Any]] = [*self.receptors, *self._parts, *ligands]
        for receptor, outline in known:
            if outline is not None and self.settings.poses is not None:
                planned += self._given(receptor)
            elif outline is not None:
                planned += _ReceptorPlan(
                    self.settings, receptor, outline, ligands, whole, self._crossed_before(receptor)
                ).steps()
        return self.store.unique(_with_needs(planned))

    @cached_property
    def receptors(self) -> list[PrepareReceptor]:
        """The preparation of each receptor."""
        sites = self.settings.sites
        return [
            PrepareReceptor.of(entry.name, entry.place, entry.changes, sites)
            for entry in self.settings.every_receptor
        ]

    @property
    def _entries(self) -> Sequence[LigandSettings | LibrarySettings]:
        return self.settings.ligands if self.settings.poses is None else ()

    @cached_property
    def _named(self) -> list[PrepareLigand]:
        """The ligands that are named one by one."""
        entries = [entry for entry in self._entries if isinstance(entry, LigandSettings)]
        ligands = [_ligand(entry, self.settings.ph) for entry in entries]
        _each_once("ligands", [ligand.name for ligand in ligands])
        return ligands

    @cached_property
    def _parts(self) -> list[ReadLibrary]:
        """The parts of the files of ligands."""
        return [
            part
            for entry in self._entries
            if isinstance(entry, LibrarySettings)
            for part in ReadLibrary.parts(
                Path(entry.file),
                Columns(smiles=entry.smiles_column, name=entry.name_column),
                entry.preparation.model_copy(update={"ph": self.settings.ph}),
            )
        ]

    @cached_property
    def _at_hand(self) -> dict[str, ReceptorOutline]:
        """The outlines of the receptors that need no preparation, by name."""
        models = {each.name: prepared_receptor(each.source, each.changes) for each in self.receptors}
        return {name: ReceptorOutline.of(model) for name, model in models.items() if model is not None}

    def _outline(self, receptor: PrepareReceptor) -> ReceptorOutline | None:
        if receptor.name in self._at_hand:
            return self._at_hand[receptor.name]
        return self.store.result(receptor).outline if self.store.is_done(receptor) else None

    def _given(self, receptor: PrepareReceptor) -> list[Step[Any]]:
        """Return the poses that were brought along and their simulations; the files are read once."""
        if receptor.name not in self._poses and self.settings.poses is not None:
            done = self.store.is_done(receptor)
            model = (
                receptor.receptor(self.store) if done else open_receptor(receptor.source, receptor.changes)
            )
            self._poses[receptor.name] = given_simulations(
                self.settings, self.settings.poses, receptor, model
            )
        return self._poses.get(receptor.name, [])

    def _crossed_before(self, receptor: PrepareReceptor) -> set[str]:
        """Return the models of the catalogue with which a receptor is cross-docked as another of the campaign already."""
        shipped = [each for each in self.receptors if not each.changes and each.source == each.name]
        return {each.name for each in shipped[: shipped.index(receptor)]} if receptor in shipped else set()

    def _read(
        self, outlines: Sequence[ReceptorOutline], lost: Callable[[Step[Any]], bool]
    ) -> Iterator[PrepareLigand]:
        """Yield the ligands of files, each under a name of its own, which no known ligand of a receptor has.

        Names are given in the order of the files: behind a part that is not read yet, there are none.
        """
        named = [site.ligand for outline in outlines for site in outline.sites if site.known]
        used = {name_key(name): 1 for name in [*named, *(ligand.name for ligand in self._named)]}
        for part in self._parts:
            if self.store.is_done(part):
                for state in self.store.result(part).ligands:
                    yield PrepareLigand(**dict(state) | {"name": unique_name(state.name, used)})
            elif not lost(part):
                return


@dataclass(frozen=True)
class _ReceptorPlan:
    """Plans what is done with one receptor."""

    settings: CampaignSettings
    receptor: PrepareReceptor
    outline: ReceptorOutline
    ligands: Sequence[PrepareLigand]
    whole: bool  # whether every ligand is known
    crossed: Collection[str]  # the structures that it is cross-docked with already

    @cached_property
    def sites(self) -> list[SiteOutline]:
        sites = self.outline.chosen(self.settings.sites)
        if not sites:
            raise no_sites(self.outline.name)
        _each_once("sites", [site.name for site in sites])
        return sites

    @cached_property
    def gates(self) -> list[Gate]:
        gates = []
        for site in self.sites:
            if site.known:
                known = _ligand(LigandSettings(name=site.ligand, smiles=site.smiles), self.settings.ph)
                search = self._dock(known, site.name)
                gates.append(Gate(search=search, accept_failure=self.settings.accept_failed_gate))
        return gates

    def steps(self) -> Iterator[Step[Any]]:
        sound = [ligand for ligand in self.ligands if not ligand.refused]
        docked = [self._dock(ligand, site.name) for ligand in sound for site in self.sites]
        yield from docked
        yield from self._beside(docked, sound)
        refined = [self._refined(search) for search in docked]
        yield from refined
        yield from self.gates
        if self.whole:  # a region is drawn around the poses of every ligand
            for site in self.sites:
                yield from self._simulations([search for search in refined if search.site == site.name])
        if self.settings.cross_docking:
            yield from self._cross_dockings()

    def _dock(self, ligand: PrepareLigand, site: str, occupant: Dock | None = None) -> Dock:
        return Dock(receptor=self.receptor, ligand=ligand, site=site, occupant=occupant, **self._docking())

    def _docking(self, **changes: Any) -> dict[str, Any]:
        """Return docking settings and their time limit, which changes no result."""
        docking = self.settings.docking
        default = DockingSettings().time_limit
        return {
            "settings": docking.model_copy(update={"time_limit": default, **changes}),
            "time_limit": docking.time_limit.value_in("s"),
        }

    def _beside(self, docked: Sequence[Dock], ligands: Sequence[PrepareLigand]) -> Iterator[Dock]:
        """Yield the dockings beside an occupied site, after those of what occupies it."""
        for occupant in self.settings.occupied_by if len(self.sites) > 1 else ():
            occupants = docked
            if occupant != SAME and not self.whole:
                continue
            if occupant != SAME:
                entry = next((ligand for ligand in ligands if occupant in (ligand.name, ligand.smiles)), None)
                entry = entry or _occupant(occupant, self.settings.ph)
                occupants = [self._dock(entry, site.name) for site in self.sites]
                yield from occupants
            for ligand in ligands:
                for site in self.sites:
                    for other in occupants:
                        if other.site != site.name and (occupant != SAME or other.ligand is ligand):
                            yield self._dock(ligand, site.name, other)

    def _refined(self, search: Dock) -> Dock | Refine:
        """Return the refinement of a search's poses where the campaign has one, or the search itself."""
        settings = self.settings.refinement
        if settings is None:
            return search
        charges = charge_model(settings.system.charges)
        return Refine(search=search, site=search.site, settings=settings, charge_model=charges)

    def _simulations(self, searches: Sequence[Dock | Refine]) -> Iterator[Analyse]:
        gates = () if self.settings.accept_failed_gate else tuple(self.gates)
        if searches:
            yield from simulations(searches, self.settings.simulation, gates)

    def _cross_dockings(self) -> Iterator[CrossDock]:
        """Yield the dockings of known ligands between this structure and others of the protein that are shipped."""
        docking = self._docking(seeds=self.settings.docking.seeds[:1])
        others = catalogue.other_models(self.outline.target, self.outline.entry)
        for name in [name for name in others if name not in self.crossed]:
            other = ReceptorOutline.of(Receptor.from_catalogue(name))
            sites = {site.name: site for site in other.sites}
            for site in [site for site in self.sites if site.name in sites]:
                for home, into_other in ((sites[site.name], False), (site, True)):
                    if home.known:
                        yield CrossDock(
                            receptor=self.receptor,
                            structure=name,
                            content=source_key(name, {}),
                            into_other=into_other,
                            ligand=home.ligand,
                            site=site.name,
                            **docking,
                        )


def _with_needs(steps: Iterable[Step[Any]], seen: set[int] | None = None) -> Iterator[Step[Any]]:
    """Yield each step after all that it needs."""
    seen = set() if seen is None else seen
    for step in steps:
        if id(step) not in seen:
            seen.add(id(step))
            yield from _with_needs(step.needs, seen)
            yield step


def _ligand(entry: LigandSettings, ph: float) -> PrepareLigand:
    if entry.smiles is None:
        return PrepareLigand.named(entry.name)
    if entry.name.strip().lower() in catalogue.ligands():
        raise SettingsError(entry.name, "is a ligand of the catalogue", "give your SMILES another name")
    return PrepareLigand.written(entry.name, entry.smiles, ph)


def _occupant(text: str, ph: float) -> PrepareLigand:
    """Plan the preparation of a ligand that is named, or given by its SMILES."""
    smiles = written_smiles(text)
    if smiles is None:
        return PrepareLigand.named(text)
    return PrepareLigand.written(smiles_name(smiles), smiles, ph)


def _each_once(field_name: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SettingsError(field_name, f"{', '.join(repeated)} is named more than once")
