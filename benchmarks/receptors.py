"""Prepare every structure of the mirror and list what was changed.

DOCK_STRUCTURES=../shared/structures python benchmarks/receptors.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from section import replace_section

from dock.core.errors import DockError
from dock.dynamics.receptor_models import build_receptor
from dock.receptors.source import mirrors

# What the catalogue cannot know: the site and the ligand of another protein.
RISPERIDONE = "Cc1nc2n(c(=O)c1CCN1CCC(CC1)c1noc3cc(F)ccc13)CCCC2"
OF_ONES_OWN: dict[str, dict[str, Any]] = {
    "6CM4": {"sites": {"orthosteric": {"ligand": "8NU"}}, "smiles": {"8NU": RISPERIDONE}}
}
HEADER = (
    "| structure | residues kept | left out | differs from UniProt | rebuilt | gaps | ions kept / placed"
    " | hetero residues dropped | protonation changed | sites, known pose | moved / A (RMS, max) | s |"
)


def main() -> None:
    lines = [HEADER, "|" + "---|" * HEADER.count(" | ") + "---|"]
    for path in sorted(mirrors()[0].glob("*.pdb")):
        lines.append(row(path))
        print(lines[-1], flush=True)
    replace_section("receptors.py", "\n".join(lines))


def row(path: Path) -> str:
    """Return what the preparation of a file did, as a row of the table."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            receptor = build_receptor(str(path), Path(folder), OF_ONES_OWN.get(path.stem, {}))
        except DockError as error:
            return f"| {path.stem} | {error} |" + " |" * 10
    seconds = time.perf_counter() - started
    record, completion = receptor.record, receptor.record["completion"]
    kept = record["chains"]["kept"]
    notes = next(iter(kept.values()))
    left_out = [*(f"chain {name}" for name in record["chains"]["dropped"])]
    left_out += [*notes.get("tags", ()), *notes.get("fusion_proteins", ())]
    left_out += [f"{ends} (pLDDT under 70)" for ends in notes.get("low_confidence_ends", ())]
    states = completion["protonation"].get("changed", {})
    held = completion["protonation"].get("held_by_cations", {})
    sites = [
        f"{name}: {receptor.references[name].GetProp('_Name') if name in receptor.references else 'none'}"
        for name in receptor.sites
    ]
    cells = [
        path.stem.removesuffix("-model_v4"),
        ", ".join(f"{name} {part['residues']}" for name, part in kept.items()),
        ", ".join(left_out),
        ", ".join(notes["mutations"]) if "mutations" in notes else "no sequence of it at hand",
        f"{len(completion['rebuilt'])} residues",
        "; ".join(
            [*completion.get("gaps", ()), *(f"{loop}, built" for loop in completion.get("built_loops", ()))]
        ),
        f"{len(record['hetero']['kept'])} / {len(record.get('ions_placed', ()))}",
        ", ".join(
            f"{len(items)} {kind}" for kind, items in record["hetero"]["dropped"].items() if kind != "water"
        ),
        ", ".join(
            [*(f"{name} ({how})" for name, how in states.items()), *(f"{name} left charged" for name in held)]
        ),
        ", ".join(sites),
        f"{record['moved_A']['rms']:.2f}, {record['moved_A']['max']:.1f}",
        f"{seconds:.0f}",
    ]
    return "| " + " | ".join(cell or "-" for cell in cells) + " |"


if __name__ == "__main__":
    main()
