"""The page of a prepared receptor: what was decided, for a person to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.files import write_text
from dock.report.view import cdn_address, lining_selections, scene_pdb, script_json, viewer_script

if TYPE_CHECKING:
    from dock.receptors import Receptor

TEMPLATE = "receptor.html.j2"
PAGE = "index.html"


def write_page(receptor: Receptor, folder: Path | str) -> Path:
    """Write the page of a receptor that `dock receptor` prepared into its folder; return its path."""
    folder = Path(folder)
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dock", "report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    record = dict(receptor.record)
    text = environment.get_template(TEMPLATE).render(
        record=record,
        sites=receptor.sites,
        references={site: mol.GetProp("_Name") for site, mol in receptor.references.items()},
        rows=list(_rows(record)),
        raw=json.dumps(record["settings"], indent=1),
        script=viewer_script(),
        cdn=cdn_address(),
        data=_viewer_data(receptor),
    )
    write_text(folder / PAGE, text)
    return folder / PAGE


def _rows(record: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return what was done as rows: stage, what, and each item."""
    rows: list[tuple[str, str, list[str]]] = []
    for chain, notes in record["chains"]["kept"].items():
        rows += [(f"chain {chain}", _words(what), _items(value)) for what, value in notes.items() if value]
    dropped = record["chains"]["dropped"]
    rows += [("chains", "dropped", [f"{name} ({size})" for name, size in dropped.items()])] if dropped else []
    stages = {
        "reading": record["reading"],
        "side chains": record["side_chains"],
        "hetero residues": {
            "kept": record["hetero"]["kept"],
            **record["hetero"]["dropped"],
            "elsewhere": record["hetero"].get("elsewhere"),
        },
        "left out near": {name: notes["left_out"] for name, notes in record.get("near_sites", {}).items()},
        "ions": {name: record.get(name) for name in ("ions_placed", "ions_not_placed")},
        "completion": {k: v for k, v in record["completion"].items() if k not in ("protonation", "network")},
        "protonation": record["completion"]["protonation"],
        "hydrogen bonds": record["completion"]["network"],
        "bound ligands": record["references"],
        "membrane": record["membrane"] or {"membrane": "none: no hydrophobic belt"},
        "relaxation": {**record["minimisation"], **record["moved_A"]},
    }
    for stage, notes in stages.items():
        for what, value in notes.items():
            name = _words(what)
            if stage == "hetero residues" and what != "kept":
                name = f"{name}, dropped"
            if value not in (None, [], {}, ""):
                rows.append((stage, name, _items(value)))
    return rows


def _words(name: str) -> str:
    return name.replace("_", " ")


def _items(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {text}" for name, text in value.items()]
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)]


def _viewer_data(receptor: Receptor) -> str:
    from rdkit import Chem

    content = {
        "receptor": scene_pdb(receptor),
        "sites": {
            name: {
                "center": dict(zip("xyz", site.center, strict=True)),
                "box": dict(zip("wdh", site.box, strict=True)),
                "lining": lining_selections(receptor, name),
            }
            for name, site in receptor.sites.items()
        },
        "references": {
            name: Chem.MolToMolBlock(Chem.RemoveHs(mol)) for name, mol in receptor.references.items()
        },
    }
    return script_json(content)
