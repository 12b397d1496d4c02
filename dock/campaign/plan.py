"""The plan: which tasks a campaign is made of, and which needs which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dock.campaign.settings import CampaignSettings, LigandSettings
from dock.core import catalogue
from dock.core.errors import SettingsError
from dock.core.keys import content_key, file_sha256
from dock.core.records import software_versions
from dock.ligands import Ligand, stereo
from dock.receptors.receptor import MODEL_FILE, Receptor

# Rough share of the work, for the time left: seconds on one core of the reference machine.
COSTS = {"receptor": 3.0, "ligand": 1.0, "dock": 35.0, "gate": 0.1, "simulate": 110.0, "analyse": 8.0}


@dataclass(frozen=True)
class Task:
    """A unit of work whose result is kept under the hash of everything it depends on.

    Attributes
    ----------
    kind : str
        ``receptor``, ``ligand``, ``dock``, ``gate``, ``simulate`` or ``analyse``.
    label : str
        What people call it, such as ``dock escitalopram in orthosteric``.
    inputs : dict
        JSON-like inputs and settings.
    needs : dict of str to str
        Keys of the tasks whose results it reads, by the role they play.
    kinds : dict of str to str
        Kinds of those tasks, by the same role.
    """

    kind: str
    label: str
    inputs: dict[str, Any]
    needs: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    key: str = ""

    def folder(self, run: Path) -> Path:
        """Return where the task keeps its files."""
        return run / "tasks" / self.kind / self.key

    @property
    def cost(self) -> float:
        """Expected work, in arbitrary units."""
        return COSTS[self.kind]


TaskMaker = Callable[..., Task]


def plan_campaign(settings: CampaignSettings) -> list[Task]:
    """Return every task of a campaign, each after those that it needs.

    Names, SMILES and files are checked here, before any work is done.

    Raises
    ------
    InputError
        If the settings name a ligand, a site or a structure that is not there.
    """
    versions = software_versions()

    def task(kind: str, label: str, inputs: dict[str, Any], **needs: Task) -> Task:
        keys = {role: other.key for role, other in needs.items()}
        kinds = {role: other.kind for role, other in needs.items()}
        key = content_key([kind, inputs, keys, versions])
        return Task(kind, label, inputs, keys, kinds, key)

    receptor, loaded = _receptor_task(settings, task)
    sites = [loaded.site(name).name for name in settings.sites] or list(loaded.sites)
    if not sites:
        raise SettingsError("receptor_sites", f"{settings.receptor} has no sites", "name at least one")
    docking = settings.docking.model_dump(mode="json")

    def dock(ligand: Task, site: str) -> Task:
        return task(
            "dock",
            f"dock {ligand.inputs['name']} in {site}",
            {"ligand": ligand.inputs["name"], "site": site, "settings": docking},
            receptor=receptor,
            ligand=ligand,
        )

    ligands = [_ligand_task(entry, settings.ph, task) for entry in settings.ligands]
    tasks = [receptor, *ligands]
    docked = [dock(ligand, site) for ligand in ligands for site in sites]
    gates = []
    for site in sites:
        if site not in loaded.references:
            continue
        name = loaded.references[site].GetProp("_Name")
        reference = _ligand_task(LigandSettings(name=name), settings.ph, task)
        search = dock(reference, site)
        inputs = {"site": site, "accept_failure": settings.accept_failed_gate}
        gates.append(task("gate", f"redocking gate of {site}", inputs, receptor=receptor, search=search))
        tasks += [new for new in (reference, search) if new not in [*tasks, *docked]]
    tasks += [*docked, *gates]
    open_gates = {f"gate_{gate.inputs['site']}": gate for gate in gates}
    for search in docked:
        what = {"ligand": search.inputs["ligand"], "site": search.inputs["site"]}
        complex_name = f"{what['ligand']} in {what['site']}"
        simulation = task(
            "simulate",
            f"simulate {complex_name}",
            what | {"settings": settings.simulation.model_dump(mode="json")},
            receptor=receptor,
            search=search,
            **open_gates,
        )
        analysis = task(
            "analyse",
            f"analyse {complex_name}",
            what | {"settings": settings.simulation.model_dump(mode="json")},
            receptor=receptor,
            search=search,
            simulation=simulation,
        )
        tasks += [simulation, analysis]
    return tasks


def tasks_of_kind(tasks: Sequence[Task], kind: str) -> list[Task]:
    """Return the tasks of a kind, in the order of the plan."""
    return [task for task in tasks if task.kind == kind]


def load_receptor(source: str, sites: dict[str, catalogue.SiteEntry]) -> Receptor:
    """Load a receptor by its name in the catalogue or the path of its file.

    Raises
    ------
    InputError
        If it is neither, or cannot be read.
    """
    path = Path(source)
    if path.suffix.lower() in {".pdb", ".cif"} or path.exists():
        return Receptor.from_file(path, sites)
    return Receptor.from_catalogue(source)


def _receptor_task(settings: CampaignSettings, task: TaskMaker) -> tuple[Task, Receptor]:
    """Return the receptor's task, and the receptor."""
    loaded = load_receptor(settings.receptor, settings.receptor_sites)
    if settings.receptor.lower() in catalogue.targets():
        entry = catalogue.target(settings.receptor)
        path = catalogue.structures_folder() / entry.model / MODEL_FILE
        source = entry.name
    else:
        path = Path(settings.receptor).resolve()
        source = str(path)
    inputs = {
        "source": source,
        "sha256": file_sha256(path),
        "sites": {name: site.model_dump(mode="json") for name, site in settings.receptor_sites.items()},
    }
    return task("receptor", f"receptor {loaded.name}", inputs), loaded


def _ligand_task(entry: LigandSettings, ph: float, task: TaskMaker) -> Task:
    """Return the ligand's task once its name or SMILES is known to be good."""
    if entry.smiles is None:
        Ligand.from_catalogue(entry.name)
        known = catalogue.ligand(entry.name)
        inputs: dict[str, Any] = {"name": known.name, "catalogue": known.model_dump(mode="json")}
        if known.isomer_of:
            inputs["parent"] = catalogue.ligand(known.isomer_of).model_dump(mode="json")
    else:
        stereo.require_defined(entry.name, stereo.read_smiles(entry.name, entry.smiles))
        inputs = {"name": entry.name, "smiles": entry.smiles, "ph": ph}
    return task("ligand", f"ligand {inputs['name']}", inputs)
