"""What draws the 3D view: the viewer and its data, last on the page since they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dock.report.content import ReportContent
from dock.report.view import cdn_address, lining_selections, scene_pdb, script_json, viewer_script
from dock.report.words import known

if TYPE_CHECKING:
    from dock.docking.pose import Pose


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return the viewer, or where it is on the network, and what it shows as JSON."""
    if not content.complexes:
        return None
    return {"script": viewer_script(), "cdn": cdn_address(), "data": script_json(_data(content))}


def _data(content: ReportContent) -> dict[str, Any]:
    """Return each receptor with what its sites are drawn by, and the scenes."""
    from rdkit import Chem

    receptors: dict[str, dict[str, Any]] = {}
    for name, site in content.places:
        receptor = content.receptors[name]
        drawn = receptors.setdefault(name, {"model": scene_pdb(receptor), "residues": {}, "references": {}})
        drawn["residues"][site] = lining_selections(receptor, site)
        if site in receptor.references:
            drawn["references"][site] = Chem.MolToMolBlock(Chem.RemoveHs(receptor.references[site]))
    return {"receptors": receptors, "scenes": _scenes(content)}


def _scenes(content: ReportContent) -> list[dict[str, Any]]:
    """Return what can be shown: each kept pose, and each last frame."""
    from rdkit import Chem

    scenes: list[dict[str, Any]] = []
    for complex_ in content.complexes:
        ligands = [Chem.MolToMolBlock(Chem.RemoveHs(pose.mol)) for pose in complex_.poses]
        common = {
            "group": content.label(complex_.subject),
            "receptor": complex_.receptor,
            "site": complex_.site,
        }
        for number, pose in enumerate(complex_.poses):
            label = _label(pose, complex_.simulated and number == complex_.best)
            scenes.append(common | {"label": label, "ligand": ligands[number]})
        if complex_.last_frame:
            last = {"label": "last frame of the simulation", "frame": complex_.last_frame}
            scenes.append(common | last | {"ligand": ligands[complex_.best]})
    return scenes


def _label(pose: Pose, simulated: bool) -> str:
    """Return what a pose is called: by its score, if it has one, and whether it was simulated."""
    score = f"{pose.score:.1f} kcal/mol" if known(pose.score) else ""
    said = ", ".join(filter(None, (score, "simulated" if simulated else "")))
    return f"docked pose {pose.rank}" + (f" ({said})" if said else "")
