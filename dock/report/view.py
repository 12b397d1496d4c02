"""3D views: the same scene for a notebook (py3Dmol) and for the report (3Dmol.js)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.arguments import require
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.receptor import residue_labels

if TYPE_CHECKING:
    import py3Dmol

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

SCRIPT = Path(__file__).with_name("3Dmol-min.js")
LIGAND_COLOURS = ("orangeCarbon", "cyanCarbon", "magentaCarbon", "greenCarbon", "yellowCarbon")


@cache
def viewer_script() -> str | None:
    """Return the text of 3Dmol.js that was installed with sertdock, or None."""
    return SCRIPT.read_text(encoding="utf-8") if SCRIPT.exists() else None


def cdn_address() -> str:
    """Return where 3Dmol.js is on the network, for installations without it."""
    return f"https://cdn.jsdelivr.net/npm/3dmol@{version('py3Dmol')}/build/3Dmol-min.js"


def scene_pdb(receptor: Receptor) -> str:
    """Return the receptor's heavy atoms as PDB text for a viewer."""
    return heavy_atoms(receptor.to_pdb())


def heavy_atoms(pdb: str) -> str:
    """Return the lines of a PDB text that place heavy atoms."""
    return "\n".join(
        line
        for line in pdb.splitlines()
        if line.startswith(("ATOM", "HETATM", "TER")) and line[76:78].strip() != "H"
    )


def view(
    receptor: Receptor, poses: Pose | Sequence[Pose] = (), width: int = 720, height: int = 480
) -> py3Dmol.view:
    """Show a receptor with poses in a notebook.

    Parameters
    ----------
    poses
        Drawn as sticks over the residues that line their site.

    Raises
    ------
    InputError
        If an argument is no receptor or no pose.

    Returns
    -------
    py3Dmol.view
        Shown by Jupyter as the value of a cell.
    """
    import py3Dmol
    from rdkit import Chem

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

    poses = [poses] if isinstance(poses, Pose) else list(poses)
    require(receptor, (Receptor,), "receptor", "dock.open_receptor(name) gives one")
    for each in poses:
        require(each, (Pose,), "pose", "dock.pose(receptor, ligand, site).best is one")
    scene = py3Dmol.view(width=width, height=height)
    scene.addModel(scene_pdb(receptor), "pdb")
    scene.setStyle({}, {"cartoon": {"color": "lightgrey", "opacity": 0.7}})
    scene.addStyle({"resn": sorted(ION_CHARGES)}, {"sphere": {"radius": 0.8}})
    for name in {pose.site for pose in poses} & set(receptor.sites):
        scene.addStyle({"or": lining_selections(receptor, name)}, {"stick": {"radius": 0.1}})
    for number, pose in enumerate(poses):
        scene.addModel(Chem.MolToMolBlock(pose.mol), "sdf")
        colour = LIGAND_COLOURS[number % len(LIGAND_COLOURS)]
        scene.setStyle({"model": number + 1}, {"stick": {"colorscheme": colour, "radius": 0.2}})
    scene.zoomTo({"model": list(range(1, len(poses) + 1))} if poses else {})
    return scene


def lining_selections(receptor: Receptor, site: str) -> list[dict[str, Any]]:
    """Return the residues that line a site as 3Dmol selections, by chain and number as in `scene_pdb`."""
    wanted = set(receptor.sites[site].residues)
    labels = residue_labels(receptor.topology)
    return [
        {"chain": address.chain, "resi": int(address.number)}
        for residue, address in zip(receptor.topology.residues(), receptor.pdb_addresses, strict=True)
        if {labels[residue.index], labels[residue.index].split(":")[-1]} & wanted
    ]


def script_json(content: Any) -> str:
    """Return JSON that can stand inside a script element."""
    return json.dumps(content).replace("<", "\\u003c")
