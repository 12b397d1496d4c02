"""mmCIF files as people bring them, made into a structure of gemmi."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.errors import StructureError

if TYPE_CHECKING:
    import gemmi

TABLE = "_atom_site."


def read_mmcif(path: Path, text: str, notes: dict[str, Any]) -> gemmi.Structure:
    """Read the first block of an mmCIF file that has atoms, all of its models.

    Parameters
    ----------
    notes
        What had to be decided is added to it, and how many ``atoms_read`` there are.

    Raises
    ------
    StructureError
        If the table of atoms lacks a column that cannot be done without.
    """
    import gemmi

    blocks = [block for block in gemmi.cif.read_string(text) if len(block.find([f"{TABLE}Cartn_x"]))]
    if not blocks:
        return gemmi.Structure()
    if len(blocks) > 1:
        notes["blocks"] = f"{blocks[0].name} was taken, not {', '.join(block.name for block in blocks[1:])}"
    notes["atoms_read"] = len(blocks[0].find([f"{TABLE}Cartn_x"]))
    _complete_columns(path, blocks[0])
    return gemmi.make_structure_from_block(blocks[0])


def _complete_columns(path: Path, block: gemmi.cif.Block) -> None:
    """Add columns that gemmi asks for and that say nothing where they are left out."""
    loop = block.find_loop(f"{TABLE}Cartn_x").get_loop()
    have = {tag.removeprefix(TABLE) for tag in loop.tags}
    for needed in ("Cartn_y", "Cartn_z", "type_symbol"):
        if needed not in have:
            raise StructureError(
                path, f"has no column {TABLE}{needed}", "write the file again with all columns"
            )
    count = loop.length()
    chains = list(block.find_loop(f"{TABLE}auth_asym_id")) or ["A"] * count
    missing = {
        "id": list(map(str, range(1, count + 1))),
        "label_alt_id": ["."] * count,
        "label_asym_id": chains,
    }
    for name, values in missing.items():
        if name in have:
            continue
        loop.add_columns([f"{TABLE}{name}"], ".")
        added = block.find_loop(f"{TABLE}{name}")
        for index, value in enumerate(values):
            added[index] = value
