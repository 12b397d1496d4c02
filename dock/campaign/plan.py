"""The plan: which tasks a campaign is made of, and which needs which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.campaign.libraries import ERROR, library_tasks
from dock.campaign.settings import SAME, CampaignSettings, LigandSettings
from dock.core import catalogue
from dock.core.errors import SettingsError
from dock.core.files import read_json, write_json
from dock.core.keys import content_key
from dock.core.records import software_versions
from dock.core.revisions import revision
from dock.dynamics import nagl
from dock.dynamics.charges import ChargeMethod, charges_origin
from dock.dynamics.model import open_receptor
from dock.dynamics.platforms import Processor, choose_processor
from dock.ligands import Ligand, stereo
from dock.ligands.protonation import protonate
from dock.receptors import Receptor

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@dataclass(frozen=True)
class Task:
    """A unit of work whose result is kept under the hash of everything it depends on.

    Attributes
    ----------
    kind : str
        ``receptor``, ``ligand``, ``dock``, ``gate``, ``crossdock``, ``refine``, ``region``, ``membrane``, ``simulate`` or ``analyse``.
    label : str
        What people call it, such as ``dock escitalopram in orthosteric``.
    inputs : dict
        JSON-like inputs and settings.
    needs : dict of str to str
        Keys of the tasks whose results it reads, by the role they play.
    kinds : dict of str to str
        Kinds of those tasks, by the same role.
    key : str
        Hash of all that the result depends on.
    cost : float
        Expected work, in seconds on one core of the machine in benchmarks/RESULTS.md.
    time_limit : float, optional
        After so many seconds its worker is ended, and the task has failed.
    enough : tuple of str
        Roles of needs of which one that succeeded is enough, such as the replicas of a simulation; its
        result says how many were ``lost``.
    """

    kind: str
    label: str
    inputs: dict[str, Any]
    needs: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    key: str = ""
    cost: float = 1.0
    time_limit: float | None = None
    enough: tuple[str, ...] = ()

    def folder(self, run: Path) -> Path:
        """Return where the task keeps its files."""
        return _folder(run, self.kind, self.key)

    def needed(self, run: Path, role: str) -> Path:
        """Return where the task that plays a role for it keeps its files."""
        return _folder(run, self.kinds[role], self.needs[role])


def _folder(run: Path, kind: str, key: str) -> Path:
    return run / "tasks" / kind / key


TaskMaker = Callable[..., Task]
# Core seconds for SERT on the machine in benchmarks/RESULTS.md.
COST_OF_STEP = {"site": 0.014, "implicit": 0.28, "membrane": 2.0}


def resolve_settings(settings: CampaignSettings, processor: Processor) -> CampaignSettings:
    """Return the settings with what is simulated decided for this receptor and processor.

    Raises
    ------
    InputError
        If the receptor cannot be opened, or what was set does not go together.
    """
    receptor = open_receptor(_source(settings), settings.preparation_changes)
    return settings.model_copy(update={"simulation": settings.simulation.resolved(receptor, processor)})


def plan_campaign(settings: CampaignSettings, versions: Mapping[str, str] | None = None) -> list[Task]:
    """Return every task of a campaign, each after those that it needs.

    Names, SMILES and files are checked here, before any work is done.

    Parameters
    ----------
    settings
        Resolved for this machine (`resolve_settings`) where they are not yet.
    versions
        Of the software that the run was begun with, which the keys depend on; of the installed one if None.

    Raises
    ------
    InputError
        If the settings name a ligand, a site or a structure that is not there.
    """
    if settings.simulation.system.kind == "auto":
        settings = resolve_settings(settings, choose_processor())
    versions = software_versions() if versions is None else versions

    def task(kind: str, label: str, cost: float, inputs: dict[str, Any], **needs: Task) -> Task:
        keys = {role: other.key for role, other in needs.items()}
        kinds = {role: other.kind for role, other in needs.items()}
        key = content_key([revision(kind), inputs, keys, versions])
        return Task(kind, label, inputs, keys, kinds, key, cost)

    receptor, loaded = _receptor_task(settings, task)
    sites = [loaded.site(name).name for name in settings.sites] or list(loaded.sites)
    if not sites:
        raise SettingsError("receptor_sites", f"{settings.receptor} has no sites", "name at least one")
    named = [
        _ligand_task(entry, settings.ph, task)
        for entry in settings.ligands
        if isinstance(entry, LigandSettings)
    ]
    for what, names in (("sites", sites), ("ligands", [ligand.inputs["name"] for ligand in named])):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SettingsError(what, f"{', '.join(repeated)} is named more than once")
    taken = [reference.GetProp("_Name") for reference in loaded.references.values()]
    taken += [ligand.inputs["name"] for ligand in named]
    ligands = [*named, *library_tasks(settings, taken, task)]
    docking = settings.docking.model_dump(mode="json", exclude={"time_limit"})
    searches = len(settings.docking.seeds) * len(settings.docking.engines) * settings.docking.ring_conformers

    def dock(ligand: Task, site: str, beside: Task | None = None) -> Task:
        name = ligand.inputs["name"]
        inputs = {"ligand": name, "site": site, "settings": docking}
        needs = {"receptor": receptor, "ligand": ligand}
        label = f"dock {name} in {site}"
        if beside is not None:
            inputs |= {"occupied": {beside.inputs["site"]: beside.inputs["ligand"]}}
            needs |= {"occupant": beside}
            label += f" beside {beside.inputs['ligand']} in {beside.inputs['site']}"
        search = task("dock", label, 5.0 + 8.0 * searches, inputs, **needs)
        return replace(search, time_limit=settings.docking.time_limit.value_in("s"))

    good = [ligand for ligand in ligands if ERROR not in ligand.inputs]
    docked = [dock(ligand, site) for ligand in good for site in sites]
    planned = {new.key: new for new in [receptor, *ligands]}
    beside = []
    for occupant in settings.occupied_by if len(sites) > 1 else ():
        if occupant == SAME:
            occupants = docked
        else:
            entry = next((one for one in good if one.inputs["name"] == occupant), None)
            entry = entry or _ligand_task(LigandSettings(name=occupant), settings.ph, task)
            occupants = [dock(entry, site) for site in sites]
            planned |= {new.key: new for new in [entry, *occupants]}
        beside += [
            dock(ligand, site, other)
            for ligand in good
            for site in sites
            for other in occupants
            if other.inputs["site"] != site
            and (occupant != SAME or other.inputs["ligand"] == ligand.inputs["name"])
        ]
    gates = []
    for site in [name for name in sites if name in loaded.references]:
        name, smiles = loaded.known_ligand(site)
        reference = _ligand_task(LigandSettings(name=name, smiles=smiles), settings.ph, task)
        search = dock(reference, site)
        planned |= {reference.key: reference, search.key: search}
        inputs = {"site": site, "accept_failure": settings.accept_failed_gate}
        gates.append(task("gate", f"redocking gate of {site}", 0.1, inputs, receptor=receptor, search=search))
    crossed = _cross_dockings(loaded, sites, receptor, settings, task) if settings.cross_docking else []
    refined = [_refined(search, receptor, settings, task) for search in docked]
    simulations = [
        new
        for site in sites
        for new in _site_tasks(
            [search for search in refined if search.inputs["site"] == site], receptor, gates, settings, task
        )
    ]
    planned |= {new.key: new for new in [*docked, *beside, *refined, *gates, *simulations, *crossed]}
    return list(planned.values())


def _cross_dockings(
    loaded: Receptor, sites: Sequence[str], receptor: Task, settings: CampaignSettings, task: TaskMaker
) -> list[Task]:
    """Return the dockings of known ligands between this structure and others of the protein that are shipped."""
    docking = settings.docking.model_copy(update={"seeds": settings.docking.seeds[:1]})
    cost = 5.0 + 8.0 * len(docking.engines) * docking.ring_conformers
    crossed = []
    for name in catalogue.other_models(loaded.target, loaded.entry):
        other = Receptor.from_catalogue(name)
        model = _model(other)
        for site in [site for site in sites if site in other.sites]:
            for here, there in ((loaded, other), (other, loaded)):
                if site not in there.references:
                    continue
                ligand = there.known_ligand(site)[0]
                inputs = {
                    "ligand": ligand,
                    "site": site,
                    "structure": name,
                    "model": model,
                    "docked_into": here.name,
                    "into_other": here is other,
                    "settings": docking.model_dump(mode="json", exclude={"time_limit"}),
                }
                label = f"cross-dock {ligand} of {there.name} in {site} of {here.name}"
                new = task("crossdock", label, cost, inputs, receptor=receptor)
                crossed.append(replace(new, time_limit=settings.docking.time_limit.value_in("s")))
    return crossed


def _refined(search: Task, receptor: Task, settings: CampaignSettings, task: TaskMaker) -> Task:
    """Return the refinement of a search's poses where the campaign has one, or the search itself."""
    if not settings.refinement:
        return search
    what = {"ligand": search.inputs["ligand"], "site": search.inputs["site"]}
    inputs = what | {"settings": settings.refinement.model_dump(mode="json")}
    inputs |= _charge_model(settings.refinement.system.charges)
    cost = 10.0 + 5.0 * settings.refinement.poses
    label = f"refine {what['ligand']} in {what['site']}"
    return task("refine", label, cost, inputs, receptor=receptor, search=search)


def _site_tasks(
    searches: Sequence[Task],
    receptor: Task,
    gates: Sequence[Task],
    settings: CampaignSettings,
    task: TaskMaker,
) -> list[Task]:
    """Return the simulations of the best poses in a site, after what they have in common."""
    if not searches:
        return []
    protocol, site = settings.simulation, searches[0].inputs["site"]
    common: dict[str, Task] = {}
    if protocol.system.kind == "site":
        roles = {f"search_{number}": search for number, search in enumerate(searches, start=1)}
        inputs = {"site": site, "settings": protocol.system.model_dump(mode="json")}
        region = task("region", f"region of the {site} site", 1.0, inputs, receptor=receptor, **roles)
        common["region"] = replace(region, enough=tuple(roles))
    if protocol.system.kind == "membrane":
        inputs = {"settings": protocol.system.membrane.model_dump(mode="json")}
        common["membrane"] = task(
            "membrane", "membrane around the receptor", 1200.0, inputs, receptor=receptor
        )
    simulations = [
        new
        for search in searches
        for new in _simulation_tasks(search, receptor, gates, common, settings, task)
    ]
    return [*common.values(), *simulations]


def _simulation_tasks(
    search: Task,
    receptor: Task,
    gates: Sequence[Task],
    common: Mapping[str, Task],
    settings: CampaignSettings,
    task: TaskMaker,
) -> list[Task]:
    """Return the replicas of the simulation of a search's best pose, and their analysis."""
    protocol = settings.simulation
    what = {"ligand": search.inputs["ligand"], "site": search.inputs["site"]}
    where = f"{what['ligand']} in {what['site']}"
    # A result depends neither on how many replicas there are nor on how often the state was saved.
    inputs = what | {
        "settings": protocol.model_dump(mode="json", exclude={"replicas", "checkpoint_interval"})
    }
    inputs |= _charge_model(protocol.system.charges)
    needs = {"receptor": receptor, "search": search, **common}
    gated = {f"gate_{gate.inputs['site']}": gate for gate in gates if not settings.accept_failed_gate}
    cost = 8.0 + COST_OF_STEP[protocol.system.kind] * protocol.steps
    replicas = {}
    for number in range(1, protocol.replicas + 1):
        label = f"simulate {where}, replica {number} of {protocol.replicas}"
        replicas[f"replica_{number}"] = task(
            "simulate", label, cost, inputs | {"replica": number}, **needs, **gated
        )
    cost = 2.0 + 0.05 * protocol.frames * protocol.replicas + 5.0 * protocol.replicas
    analysis = task("analyse", f"analyse {where}", cost, inputs, **needs, **replicas)
    return [*replicas.values(), replace(analysis, enough=tuple(replicas))]


def _charge_model(method: ChargeMethod) -> dict[str, str]:
    """Return what a result depends on besides the method: the model of NAGL that is installed."""
    return {"charge_model": nagl.describe()} if method == "nagl" else {}


def write_plan(tasks: Sequence[Task], path: Path) -> None:
    """Write a plan, so that its results can be read whatever changes later."""
    write_json(path, [asdict(task) for task in tasks])


def read_plan(path: Path) -> list[Task]:
    """Read a plan that `write_plan` wrote."""
    return [Task(**{**fields, "enough": tuple(fields["enough"])}) for fields in read_json(path)]


def tasks_of_kind(tasks: Sequence[Task], kind: str) -> list[Task]:
    """Return the tasks of a kind, in the order of the plan."""
    return [task for task in tasks if task.kind == kind]


def _receptor_task(settings: CampaignSettings, task: TaskMaker) -> tuple[Task, Receptor]:
    """Return the receptor's task, and the receptor."""
    source = _source(settings)
    loaded = open_receptor(source, settings.preparation_changes)
    inputs = {
        "source": source,
        "changes": settings.preparation_changes,
        **_model(loaded),
        "sha256": loaded.record.get("inputs", {}),
    }
    return task("receptor", f"receptor {loaded.name}", 2.0, inputs), loaded


def _model(receptor: Receptor) -> dict[str, Any]:
    """Return what a result depends on of a receptor: its atoms, its known poses and its sites."""
    return {
        "receptor": receptor.key,
        "references": {site: content_key(_mol_block(mol)) for site, mol in receptor.references.items()},
        "sites": {name: site.to_entry() for name, site in receptor.sites.items()},
    }


def _source(settings: CampaignSettings) -> str:
    source = settings.receptor
    if source.strip().lower() not in catalogue.targets() and Path(source).exists():
        return str(Path(source).resolve())
    return source


def _mol_block(mol: Mol) -> str:
    from rdkit import Chem

    return str(Chem.MolToMolBlock(mol))


def _ligand_task(entry: LigandSettings, ph: float, task: TaskMaker) -> Task:
    """Return the ligand's task once its name or SMILES is known to be good."""
    if entry.smiles is None:
        known = Ligand.from_catalogue(entry.name)
        inputs: dict[str, Any] = {"name": known.name, "smiles": known.smiles, "catalogue": True}
        constitution = known.constitution
    else:
        if entry.name.strip().lower() in catalogue.ligands():
            raise SettingsError(entry.name, "is a ligand of the catalogue", "give your SMILES another name")
        mol = protonate(entry.name, stereo.read_smiles(entry.name, entry.smiles), ph)
        constitution = stereo.constitution(stereo.with_defined_stereo(entry.name, mol))
        inputs = {"name": entry.name, "smiles": entry.smiles, "catalogue": False, "ph": ph}
    inputs["charges"] = charges_origin(constitution)
    return task("ligand", f"ligand {inputs['name']}", 1.0, inputs)
