"""Preparation: a raw structure becomes a complete, protonated receptor with named sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.receptors.bound import BONDED, OVERLAPPING, BoundLigands, find_bound
from dock.receptors.completion import complete
from dock.receptors.entry import Entry, read_entry
from dock.receptors.hetero import ION_CHARGES, Hetero, answering, find_hetero, keep_hetero, list_hetero
from dock.receptors.ions import Ion, graft_ions, place_ions
from dock.receptors.left_out import LeftOut, describe, find_left_out, guessed, near_site, site_warnings
from dock.receptors.membrane import find_membrane
from dock.receptors.polymer import Polymer, choose_chains, coordinates, make_polymer, recognised
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings
from dock.receptors.side_chains import carry_over_side_chains, revert_mutations
from dock.receptors.site import Site, define_site, merge_sites
from dock.receptors.source import find_entry, find_source
from dock.receptors.strands import Strand, find_strands
from dock.receptors.superposition import SITE_REACH, Homologue, homologue_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

SHOWN = 8  # of many like things in a warning
LIKE = 0.9  # identity below which sites that were carried over are to be looked at


@dataclass
class Preparation:
    """A prepared structure and how it came about.

    Attributes
    ----------
    name : str
        What the receptor is called: a target of the catalogue, or the entry.
    topology : openmm.app.Topology
        Hydrogens and ions included, with the author's chains and numbers.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    deposited : numpy.ndarray, shape (n_atoms, 3)
        Where the entry itself has an atom, in angstrom; NaN for what was placed or built.
    sites : dict of str to Site
    bound : BoundLigands
        The entry's own ligands in the sites.
    record : dict
        Every decision and every change.
    """

    name: str
    topology: Topology
    positions: NDArray[np.float64]
    deposited: NDArray[np.float64]
    sites: dict[str, Site]
    bound: BoundLigands
    record: dict[str, Any]


def source_settings(source: str, changes: Mapping[str, Any]) -> tuple[str, ReceptorSettings]:
    """Return the raw entry that a source means and its settings, those of the catalogue included.

    Parameters
    ----------
    source
        A target of the catalogue, a file or a code.
    changes
        The user's settings, which come first.
    """
    entry = catalogue.targets().get(source.strip().lower())
    if entry is None:
        return source, ReceptorSettings.model_validate(changes)
    given = {"target": entry.name, **entry.preparation, **changes}
    return entry.source, ReceptorSettings.model_validate(given)


def prepare(source: str, settings: ReceptorSettings | None = None) -> Preparation:
    """Prepare a raw structure.

    Protein chains are chosen and cleaned, compared with their sequence, completed and
    protonated; ions and waters are kept, carried over or placed by rule; sites are found by
    superposition on the catalogue's target, and by what the settings say.

    Parameters
    ----------
    source
        A file, a PDB code, or the code of an AlphaFold model.

    Raises
    ------
    StructureError
        If the entry cannot be had or read, lacks what the settings name, or cannot be completed.
    """
    settings = settings or ReceptorSettings()
    entry = read_entry(find_source(source))
    polymers = _chosen(entry, settings)
    target = settings.target or next(filter(None, (recognised(entry, name) for name in polymers)), "")
    homologue = homologue_of(polymers, target, settings.sites_from)
    if homologue is not None and not homologue.placeable and not settings.sites_from:
        homologue = None
    record: dict[str, Any] = {
        "source": {"file": entry.path.name, "entry": entry.name, "predicted": entry.predicted},
        "target": target,
        "settings": settings.model_dump(mode="json", exclude_defaults=True),
        "inputs": {entry.name: entry.sha256},
        "reading": entry.notes,
        "chains": _chain_notes(entry, polymers),
    }
    record["side_chains"] = _mend_side_chains(polymers, settings, record["inputs"])
    # After mutations are turned back, since sites name residues; before the long part, since they may not be there.
    known = homologue.sites if homologue else {}
    hetero, unwanted, strands = _around(entry, polymers, settings)
    nucleotides = [group for strand in strands for group in strand.groups]
    kept, ions = _ions(entry, _without(hetero, nucleotides), polymers, homologue, settings, record)
    kept += nucleotides
    bystanders = [group for group in _without(hetero, [*kept, *unwanted]) if group.kind != "water"]
    chains = list(polymers.values())
    topology, positions, deposited, notes = complete(chains, ions, bystanders, settings, strands)
    record["completion"] = notes
    kept += _note_caps(hetero, record)
    sites, named = _sites(entry, hetero, known, settings, topology, positions)
    bound = find_bound(_without(hetero, kept), sites, named, settings, topology, positions)
    record["references"] = bound.notes
    record |= _place_notes(homologue, topology, positions)
    metals = np.array([ion.place for ion in ions if ion.charge > 1]).reshape(-1, 3)
    left_out = find_left_out(entry, hetero, [*kept, *unwanted, *bound.known], polymers, metals)
    record["left_out"] = [each.to_record() for each in left_out if each.part or each.kind != "water"]
    record["chains"]["beside"] = _chains_beside(polymers, sites, settings)
    record["near_sites"] = _near_sites(left_out, sites, topology, positions)
    record["warnings"] = _warnings(record, entry, sites)
    name = target if _is_model_of(target, entry) else entry.name
    return Preparation(name, topology, positions, deposited, sites, bound, record)


def _is_model_of(target: str, entry: Entry) -> bool:
    """Return whether an entry is the one that a catalogue target's model is made of."""
    return bool(target) and entry.name.upper().startswith(catalogue.target(target).source.upper())


def _chosen(entry: Entry, settings: ReceptorSettings) -> dict[str, Polymer]:
    """Return the chains to keep, those at the ligands and centres that sites are given by among them."""
    hetero = list_hetero(entry, [])
    definitions = settings.sites.values()
    markers = [find_hetero(hetero, site.ligand, entry)[0].places for site in definitions if site.ligand]
    markers += [_nearest(entry, site.center) for site in definitions if site.center is not None]
    places = np.vstack(markers) if markers else None
    polymers = {name: make_polymer(entry, name, settings) for name in choose_chains(entry, settings, places)}
    if settings.sequence and all(polymer.sequence != settings.sequence for polymer in polymers.values()):
        raise StructureError(entry.path, f"chain {' '.join(polymers)} is not of the sequence in the settings")
    return polymers


def _nearest(entry: Entry, center: Sequence[float]) -> NDArray[np.float64]:
    """Return the protein's atom that is nearest to a centre, shape (1, 3), in angstrom: a centre may be in the void."""
    protein = np.vstack([coordinates(residues) for residues in entry.polymers.values()])
    return protein[[np.linalg.norm(protein - np.array(center), axis=1).argmin()]]


def _around(
    entry: Entry, polymers: Mapping[str, Polymer], settings: ReceptorSettings
) -> tuple[list[Hetero], list[Hetero], list[Strand]]:
    """Return all that is no protein, what of it the user drops, and the nucleic acid that is kept."""
    protein = [residue for polymer in polymers.values() for residue in polymer.residues]
    hetero = list_hetero(entry, protein)
    strands = find_strands(hetero, polymers, _unwanted(hetero, settings))
    if strands:  # which hold ions, as the protein does
        nucleic = [residue for strand in strands for residue in strand.residues]
        hetero = list_hetero(entry, [*protein, *nucleic])
        strands = find_strands(hetero, polymers, _unwanted(hetero, settings))
    return hetero, _unwanted(hetero, settings), strands


def _unwanted(hetero: Sequence[Hetero], settings: ReceptorSettings) -> list[Hetero]:
    """Return what the user drops."""
    told = {id(group) for label in settings.drop for group in answering(hetero, label)}
    return [group for group in hetero if id(group) in told]


def _without(hetero: Sequence[Hetero], others: Sequence[Hetero]) -> list[Hetero]:
    """Return the residues that are none of the others; two may be equal but for their places."""
    known = {id(group) for group in others}
    return [group for group in hetero if id(group) not in known]


def _ions(
    entry: Entry,
    hetero: Sequence[Hetero],
    polymers: Mapping[str, Polymer],
    homologue: Homologue | None,
    settings: ReceptorSettings,
    record: dict[str, Any],
) -> tuple[list[Hetero], list[Ion]]:
    """Return what of the entry's ions and waters is kept, and all ions and waters of the receptor."""
    unwanted = _unwanted(hetero, settings)
    told = {id(group) for group in unwanted}
    near = [g for g in hetero if g.key.chain in polymers or g.donors or id(g) in told]
    kept, dropped = keep_hetero(near, settings, entry)
    record["hetero"] = {
        "kept": [f"{group} ({group.donors} protein donors)" for group in kept],
        "dropped": dropped,
    }
    if elsewhere := Counter(group.kind for group in _without(hetero, near)):
        record["hetero"]["elsewhere"] = {kind: str(count) for kind, count in elsewhere.items()}
    ions = [
        Ion(group.key, group.name, group.oxygen_or_ion, ION_CHARGES.get(group.name, 0), seen=True)
        for group in kept
    ]
    ions += graft_ions(polymers, settings, record, record["inputs"])
    return kept, [*ions, *place_ions(homologue, polymers, ions, unwanted, settings, record)]


def _note_caps(hetero: Sequence[Hetero], record: dict[str, Any]) -> list[Hetero]:
    """Return the caps of chain ends that the file has and the receptor keeps, and count them among what is kept."""
    caps = [group for group in hetero if str(group) in record["completion"].get("caps_of_the_file", ())]
    for group in caps:
        record["hetero"]["kept"].append(f"{group} (a cap)")
        own = record["hetero"]["dropped"].get(group.kind, [])
        own[:] = [text for text in own if text != str(group)]
    record["hetero"]["dropped"] = {
        kind: texts for kind, texts in record["hetero"]["dropped"].items() if texts
    }
    return caps


def _sites(
    entry: Entry,
    hetero: Sequence[Hetero],
    known: Mapping[str, Site],
    settings: ReceptorSettings,
    topology: Topology,
    positions: NDArray[np.float64],
) -> tuple[dict[str, Site], dict[str, Hetero]]:
    """Return the catalogue's sites, then the user's, and the bound ligands that name some of these."""
    own, named = {}, {}
    labels = residue_labels(topology)
    for name, definition in settings.sites.items():
        if definition.ligand:
            copies = find_hetero(hetero, definition.ligand, entry)
            named[name] = min(copies, key=lambda group: _apart(group, positions))
        places = named[name].places if name in named else None
        own[name] = define_site(name, definition, places, topology, positions, labels)
    return merge_sites(known, own), named


def _near_sites(
    left_out: Sequence[LeftOut],
    sites: Mapping[str, Site],
    topology: Topology,
    positions: NDArray[np.float64],
) -> dict[str, Any]:
    """Return for each site what was left out in or near its box, and whose protonation is a guess for it."""
    labels = residue_labels(topology)
    notes = {}
    for name, site in sites.items():
        near = near_site(left_out, site)
        if near:
            beside = guessed([each for each, _ in near], topology, positions, labels)
            notes[name] = {"left_out": describe(near), "guessed": beside}
    return notes


def _chain_notes(entry: Entry, polymers: Mapping[str, Polymer]) -> dict[str, Any]:
    kept = {}
    for name, polymer in polymers.items():
        first, last = polymer.keys[0], polymer.keys[-1]
        kept[name] = {
            "residues": f"{first.number}{first.insertion} to {last.number}{last.insertion}",
            "uniprot": polymer.accession,
            **polymer.notes,
        }
    dropped = {name: f"{len(part)} residues" for name, part in entry.polymers.items() if name not in polymers}
    return {"kept": kept, "dropped": dropped}


def _chains_beside(
    polymers: Mapping[str, Polymer], sites: Mapping[str, Site], settings: ReceptorSettings
) -> dict[str, str]:
    """Say of each chain that is kept besides the longest, and was not asked for, whether it lies in a site.

    As a peptide does that is the site's ligand. In a box that holds most of the longest, too, that means nothing.
    """
    if settings.chains or len(polymers) < 2:
        return {}
    longest = max(polymers, key=lambda name: len(polymers[name].residues))
    places = {name: coordinates(polymer.residues) for name, polymer in polymers.items()}
    notes = {}
    for name, own in places.items():
        inside = [
            site.name
            for site in sites.values()
            if _mostly_in(site, own) and not _mostly_in(site, places[longest])
        ]
        lies = f", and they lie in the {' and the '.join(inside)} site: if that is the ligand, leave it out (--chain {longest})"
        if name != longest:
            notes[name] = (
                f"its {len(polymers[name].residues)} residues are near a site{lies if inside else ''}"
            )
    return notes


def _mostly_in(site: Site, places: NDArray[np.float64]) -> bool:
    """Return whether most of some places, shape (n, 3), in angstrom, lie in a site."""
    return 2 * sum(site.holds(place[None]) for place in places) > len(places)


def _mend_side_chains(
    polymers: Mapping[str, Polymer], settings: ReceptorSettings, inputs: dict[str, str]
) -> dict[str, list[str]]:
    """Revert mutations and carry over side chains, where asked to."""
    notes: dict[str, list[str]] = {}
    donor = settings.side_chain_donor
    if settings.revert_mutations:
        notes["reverted"] = [text for polymer in polymers.values() for text in revert_mutations(polymer)]
    if donor is not None:
        lender = read_entry(find_entry(donor.entry))
        inputs[lender.name] = lender.sha256
        if donor.chain not in lender.polymers:
            raise StructureError(donor.entry, f"has no protein chain {donor.chain}")
        for polymer in polymers.values():
            lending = make_polymer(lender, donor.chain, ReceptorSettings(sequence=polymer.sequence))
            donors = {place: r for place, r in zip(lending.places, lending.residues, strict=True) if place}
            for kind, done in carry_over_side_chains(polymer, donors).items():
                notes.setdefault(kind, []).extend(done)
    return notes


def _place_notes(
    homologue: Homologue | None, topology: Topology, positions: NDArray[np.float64]
) -> dict[str, Any]:
    """Return how the structure lies on the catalogue's target, and where the membrane is."""
    notes: dict[str, Any] = {}
    membrane = None
    if homologue is not None:
        notes["homologue"] = {
            "target": homologue.target.name,
            "identity": round(homologue.identity, 3),
            "superposed": str(homologue.transform()),
            "sites": {
                name: str(homologue.transform(site.center, SITE_REACH))
                for name, site in homologue.target.sites.items()
            },
        }
        membrane = homologue.membrane()
    membrane = membrane or find_membrane(topology, positions)
    notes["membrane"] = membrane.model_dump(mode="json") if membrane else None
    return notes


def _warnings(record: Mapping[str, Any], entry: Entry, sites: Mapping[str, Site]) -> list[str]:
    """Return what a person should look at before trusting the result."""
    found = _reading_warnings(record["reading"])
    if left_out := record["chains"]["dropped"]:
        listed = ", ".join(f"{name} ({size})" for name, size in left_out.items())
        found.append(f"protein chains left out: {listed}")
    found += [f"chain {name} was kept, too: {what}" for name, what in record["chains"]["beside"].items()]
    for name, chain in record["chains"]["kept"].items():
        if chain.get("mutations") and not record["side_chains"].get("reverted"):
            found.append(
                f"chain {name} differs from UniProt: {', '.join(chain['mutations'])}; kept as deposited"
            )
        if chain.get("modified"):
            found.append(
                f"chain {name}: modified residues were taken for their parents: {', '.join(chain['modified'])}"
            )
        if chain.get("sequence"):
            found.append(f"chain {name}: {chain['sequence']}")
        if chain.get("unusable"):
            found.append(f"chain {name}: {', '.join(chain['unusable'])} could not be used")
    completion = record["completion"]
    found += [f"gap {gap}" for gap in completion.get("gaps", [])]
    found += [f"loop {loop} was built without evidence" for loop in completion.get("built_loops", [])]
    uncertain = completion["protonation"].get("uncertain", {})
    if uncertain:
        near = ", ".join(f"{label} ({pka})" for label, pka in uncertain.items())
        found.append(f"so near the pH that its protonation is a guess: {near}")
    for kind, why in (
        ("named_against_propka", "kept as named"),
        ("named_otherwise", "not in the state that the file names"),
    ):
        states = completion["protonation"].get(kind, {})
        if states:
            found.append(f"{why}: {', '.join(f'{label} ({text})' for label, text in states.items())}")
    found += [text for text in record.get("ions_not_placed", []) if "by the settings" not in text]
    odd = (BONDED, OVERLAPPING)
    found += [
        f"{who} {why}"
        for who, why in record["references"].items()
        if "its known pose" not in why or any(sign in why for sign in odd)
    ]
    if "homologue" in record and record["homologue"]["identity"] < LIKE:
        placed = ", ".join(
            f"{name} by {transform}" for name, transform in record["homologue"]["sites"].items()
        )
        found.append(
            f"{100 * record['homologue']['identity']:.0f} % of it is as in {record['homologue']['target']}: sites placed {placed}"
        )
    if record["target"] and "homologue" not in record:
        found.append(f"too little of it is there, or like it, to place the sites of {record['target']}")
    near = record["near_sites"]
    for name, site in sites.items():
        found += site_warnings(site, near.get(name, {}).get("left_out", []))
    guesses = dict.fromkeys(label for notes in near.values() for label in notes["guessed"])
    if guesses:
        found.append(
            f"what was left out touches them, so that their protonation is a guess: {', '.join(guesses)}"
        )
    at_metals = completion["protonation"].get("at_metals", {})
    found += [f"{label} {why}" for label, why in at_metals.items()]
    if not sites:
        found.append("no site: name one")
    if entry.predicted:
        found.append("a predicted model: side chains of the sites were never seen by an experiment")
    return found


def _reading_warnings(notes: Mapping[str, Any]) -> list[str]:
    """Return what was read otherwise than the letter of the file says, or not at all."""
    lines = {
        "models": "models: {}",
        "blocks": "several structures in the file: {}",
        "no_atoms": "not read, since they do not begin with ATOM or HETATM, though all else of an atom is there: {}",
        "shifted_lines": "lines with shifted columns: {}",
        "four_letter_names": "names of residues that take the column of a chain: {}",
        "chains": "chains: {}",
        "segments": "{}",
        "numbered": "residues without a number: {}",
        "unplaced": "{}",
        "copies": "copies of one address: {}",
        "loose": "not all of its atoms are bonded, as where some are missing or it is several molecules: {}",
        "given_twice": "given twice: {}",
        "one_of_several": "several at one address, of which one is kept: {}",
    }
    return [
        text.format(_listed(notes[kind]) if isinstance(notes[kind], list) else notes[kind])
        for kind, text in lines.items()
        if notes.get(kind)
    ]


def _listed(items: Sequence[str]) -> str:
    """Return the first of a list, and how many there are."""
    shown = ", ".join(items[:SHOWN])
    return shown if len(items) <= SHOWN else f"{shown} and {len(items) - SHOWN} others"


def _apart(group: Hetero, positions: NDArray[np.float64]) -> float:
    """Return the distance, in angstrom, from a hetero residue to the nearest receptor atom."""
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(positions * 10.0).query(group.places)
    return float(distances.mean())
