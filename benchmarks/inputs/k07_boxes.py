"""Blind docking: a site given as a box, large or with unlike sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs.base import Case
from benchmarks.inputs.parts import part, write
from dock.campaign.settings import CampaignSettings
from dock.core.catalogue import SiteEntry
from dock.core.errors import InputError
from dock.docking.search import search_site
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand
from dock.receptors import Receptor
from dock.receptors.preparation import prepare
from dock.receptors.settings import ReceptorSettings, parse_site
from dock.receptors.site import Site, assign_site

QUICK = DockingSettings(seeds=(1,), ring_conformers=1, keep=3)


def cases(folder: Path) -> Iterator[Case]:
    """Give boxes in every way there is, ask where poses lie in them, and dock into some."""
    for text, edges in (
        ("blind=0,0,0:80,80,80", (80, 80, 80)),
        ("blind=-12.5,3,44:126,30,61.5", (126, 30, 61.5)),
        ("slit=1,2,3:8,60.1,90", (8, 60.1, 90)),
        ("usual=1,2,3:24,24,24", (24, 24, 24)),
    ):
        site = Site.from_entry("x", parse_site(text)[1])
        yield _is(text, (site.box, site.radius), (edges, None))
    for text in ("blind=0,0,0:200,80,80", "blind=0,0,0:-80,80,80", "blind=0,0,0:80,80,0"):
        try:
            parse_site(text)
            yield Case(text, "wrong", "taken")
        except InputError as error:
            named = "an edge of" in str(error)
            yield Case(text, "refused" if named else "wrong", str(error))
    fields = {"center": [0, 0, 0], "box": [90, 70, 50]}
    campaign = CampaignSettings.model_validate(
        {
            "receptor": "sert",
            "receptor_sites": {"blind": fields},
            "sites": ["blind"],
            "ligands": ["citalopram"],
        }
    )
    again = CampaignSettings.model_validate_json(campaign.model_dump_json())
    entries = [one.receptor_sites["blind"] for one in (campaign, again)]
    yield _is(
        "a campaign's box, locked and read again",
        [(e.edges, e.reach) for e in entries if e],
        2 * [((90, 70, 50), None)],
    )
    yield from _placed()
    yield from _docked(folder)


def _is(name: str, found: Any, right: Any) -> Case:
    return Case(name, "right" if found == right else "wrong", str(found))


def _placed() -> Iterator[Case]:
    """Poses in a blind box around SERT, in its pockets and out of it."""
    receptor = Receptor.from_catalogue("sert")
    middle = tuple(np.round(receptor.positions.mean(axis=0) * 10, 1).tolist())
    blind = receptor.with_sites({"blind": SiteEntry(center=middle, box=(110, 80, 90))})
    yield _is("its pockets stay sites beside it", set(blind.sites), {"orthosteric", "allosteric", "blind"})
    warned = any("times as large as one search" in text for text in blind.record["warnings"])
    yield _is("its size is warned of", warned, True)
    s1 = np.array([blind.sites["orthosteric"].center])
    for name, at, searched, right in (
        ("a pose in a pocket, searched blindly", s1, "blind", "blind"),
        ("a pose in a pocket, searched there", s1, "orthosteric", "orthosteric"),
        (
            "a pose at the box's edge",
            np.array(middle)[None] + np.array([54.9, -39.9, 44.9]),
            "blind",
            "blind",
        ),
        ("a pose outside of it", np.array(middle)[None] + np.array([55.1, 0, 0]), "blind", "outside"),
        ("a pose of unknown search", np.array(middle)[None] + np.array([40.0, 30, 0]), "", "blind"),
    ):
        yield _is(name, assign_site(at, blind.sites, searched), right)
    around = receptor.with_sites(
        {"blind": SiteEntry(center=blind.sites["orthosteric"].center, box=(90, 90, 90))}
    )
    yield _is("a wide box around a pocket does not replace it", "orthosteric" in around.sites, True)


def _docked(folder: Path) -> Iterator[Case]:
    """Dock into boxes around a small protein, whose middle need not be where a ligand goes."""
    structure = part("5I71.pdb", [(92, 103), (332, 341), (366, 370), (432, 441)], ("NA",))
    path = write(structure, folder, "small")
    preparation = prepare(str(path), ReceptorSettings(sites={"s1": {"residues": ["ASP98"]}}))
    receptor = Receptor("small", preparation.topology, preparation.positions, preparation.sites)
    middle = receptor.positions.mean(axis=0) * 10
    ligand = Ligand.from_smiles("Oc1ccc(CCN)cc1", "tyramine")
    for name, shift, box in (
        ("blind", (0, 0, 0), (60, 60, 60)),
        ("unlike", (0, 0, 0), (64, 40, 30)),
        ("off", (18, 0, 0), (66, 40, 40)),
    ):
        entry = SiteEntry(center=tuple((middle + shift).tolist()), box=box)
        with_box = receptor.with_sites({name: entry})
        try:
            search = search_site(with_box, ligand, with_box.site(name), QUICK, 2)
        except Exception as error:
            yield Case(f"docked: {name}", "wrong", repr(error))
            continue
        lie = {pose.site for pose in search.kept}
        yield _is(f"docked: {name}, {box}", (lie, search.places.keys()), ({name}, {name}))
