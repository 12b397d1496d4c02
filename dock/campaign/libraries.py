"""Files of ligands in a campaign: every line becomes ligand tasks, or a task that fails with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.campaign.settings import CampaignSettings, LibrarySettings
from dock.core import errors
from dock.core.errors import DockError, TaskError
from dock.dynamics.charges import charges_origin
from dock.ligands import Ligand, stereo
from dock.ligands.library import Columns, Entry, Library, safe_name
from dock.ligands.ligand import Provenance
from dock.ligands.preparation import PreparationSettings, State, build, states, unique_name

if TYPE_CHECKING:
    from dock.campaign.plan import Task, TaskMaker

ERROR = "error"


def library_tasks(settings: CampaignSettings, taken: Sequence[str], task: TaskMaker) -> Iterator[Task]:
    """Yield the ligand tasks of a campaign's files, with names that no other ligand has.

    The chemistry is done here, so that isomers and protomers are tasks of their own; conformers
    are made by the tasks. A line that cannot be prepared is a task, too: it fails, and is counted.

    Parameters
    ----------
    taken
        Names of other ligands of the campaign.

    Raises
    ------
    InputError
        If a file is missing or unreadable as a whole.
    """
    used = {hash(name): 1 for name in taken}
    for given in settings.ligands:
        if not isinstance(given, LibrarySettings):
            continue
        columns = Columns(smiles=given.smiles_column, name=given.name_column)
        preparation = given.preparation.model_copy(update={"ph": settings.ph})
        for entry in Library([Path(given.file)], columns):
            for inputs in _inputs(entry, preparation):
                inputs["name"] = unique_name(inputs["name"], used)
                yield task("ligand", f"ligand {inputs['name']}", 1.0, inputs)


def ligand_of(inputs: dict[str, Any]) -> Ligand:
    """Make the ligand of a task that `library_tasks` planned.

    Raises
    ------
    DockError
        If its line could not be prepared, or no conformer can be made.
    """
    if ERROR in inputs:
        kind = getattr(errors, inputs[ERROR]["reason"], TaskError)
        raise kind(inputs[ERROR]["subject"], inputs[ERROR]["problem"], inputs[ERROR]["advice"])
    mol = stereo.read_smiles(inputs["name"], inputs["smiles"])
    provenance = Provenance(**inputs["provenance"])
    state = State(inputs["name"], mol, provenance, inputs["source"], inputs["measured"])
    return build(state, PreparationSettings(ring_conformers=inputs["ring_conformers"]))


def _inputs(entry: Entry, preparation: PreparationSettings) -> list[dict[str, Any]]:
    """Return the inputs of an entry's tasks: one for each state, or one that holds its error."""
    from rdkit import Chem

    try:
        made = states(entry, preparation)
    except DockError as error:
        return [_failed(entry, error)]
    except Exception as error:  # what the code did not foresee must not stop the other lines
        return [_failed(entry, TaskError(entry.name, f"{type(error).__name__}: {error}"))]
    return [
        {
            "name": state.name,
            # not canonical: isomers of one racemate keep sharing the order of their atoms
            "smiles": Chem.MolToSmiles(state.mol, canonical=False),
            "catalogue": False,
            "provenance": state.provenance.model_dump(mode="json"),
            "source": state.source,
            "measured": state.measured,
            "ring_conformers": preparation.ring_conformers,
            "charges": charges_origin(stereo.constitution(state.mol)),
        }
        for state in made
    ]


def _failed(entry: Entry, error: DockError) -> dict[str, Any]:
    provenance = Provenance(input_name=" ".join(entry.name.split()), origin=entry.origin)
    reason = {
        "reason": type(error).__name__,
        "subject": error.subject,
        "problem": error.problem,
        "advice": error.advice,
    }
    return {
        "name": safe_name(entry.name),
        "provenance": provenance.model_dump(mode="json"),
        ERROR: reason,
    }
