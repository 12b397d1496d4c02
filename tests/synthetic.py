"""A run's content for a report, made up: real receptor and ligands, invented simulations of known means."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from dock.analysis.comparison import compare, with_known_spread
from dock.analysis.complexes import ComplexAnalysis
from dock.docking.pose import Pose
from dock.ligands import Ligand
from dock.report.content import ReportComplex, ReportContent

REPLICAS, FRAMES, INTERVAL = 3, 10, 0.4
PAIR = ("escitalopram", "r-citalopram")
BOTH = ("orthosteric", "allosteric")
RMSD, DISTANCE, ENERGY = "ligand_rmsd_A", "anchor_distance_A", "interaction_kcal_mol"
MEANS = {RMSD: 1.0, DISTANCE: 3.2, ENERGY: -40.0, "vdw_kcal_mol": -35.0, "electrostatic_kcal_mol": -5.0}
EMPTY = {
    "failures": ["kind", "label", "ligand", "site", "reason", "message"],
    "comparisons": ["kind", "first", "second", "quantity", "first_value", "second_value", "difference", "error",
                    "resolved", "similarity"],
    "simulations": ["ligand", "site", "quantity", "mean", "error", "independent_samples", "replicas",
                    "replicas_lost", "doubt"],
    "ions": ["ligand", "site", "ion", "atoms", "first_A", "mean_A", "shift_A", "left", "lost", "gained"],
}  # fmt: skip


from_catalogue = cache(Ligand.from_catalogue)


def pose_of(ligand, receptor, site, checks=None):
    """The known pose's conformation for the known ligand, any for others."""
    known = receptor.references["orthosteric"]
    mol = known if known.GetProp("_Name") == ligand.name else ligand.mol
    properties = {"cnn_probability": 0.9, "vinardo_kcal_mol": -9.0, "strain_kcal_mol": 2.0, "found_by": 2 / 3}
    checks = checks or {"bonds": True, "clashes": True}
    return Pose(ligand, mol, site, site, 1, -10.0, 1, "rustina", properties=properties, checks=checks)


def analysis_of(site, means, number, ion_shift=0.2):
    """Replicas that fluctuate around their means, and ions that shift by so much."""
    generator = np.random.default_rng(number)
    times = (1 + np.arange(FRAMES)) * INTERVAL
    series, ions = [], []
    for replica in range(1, REPLICAS + 1):
        noise = generator.normal(0, 0.1, (len(MEANS), FRAMES))
        values = {name: mean + noise[i] for i, (name, mean) in enumerate((MEANS | means).items())}
        series.append(pd.DataFrame({"replica": replica, "time_ps": times, **values}))
        held = {"ion": "NA707", "shift_A": ion_shift, "atom": "ASN101 OD1", "distance_A": 2.3 + ion_shift,
                "holds_at": 3.4, "prepared": True}  # fmt: skip
        ions.append(pd.DataFrame({"replica": replica, "time_ps": times, **held}))
    corrections = pd.DataFrame({"replica": [1, 2, 3], "time_ps": times[-1]} | {
        name: [0.0, 0.1, 0.2] for name in (ENERGY, "vdw_kcal_mol", "electrostatic_kcal_mol")
    })  # fmt: skip
    contacts = pd.DataFrame(
        {"residue": ["ASP98", "PHE335"], "occupancy": [1.0, 0.8], "error": 0.1, "samples": 3}
    )
    bonds = pd.DataFrame({"donor": ["LIG1 N1"], "acceptor": ["ASP98 OD1"], "occupancy": [0.8]})
    return ComplexAnalysis(
        pd.concat(series), contacts, bonds, pd.concat(ions), corrections, atoms=site, kind="site"
    )


def content_of(
    receptor, ligands=PAIR, sites=BOTH, means=None, shifts=None, checks=None, simulated=True, **changes
):
    """Everything that a report shows of a run.

    `means`, `shifts` (of NA707) and `checks` are by ligand and site; `changes` are fields or tables.
    """  # fmt: skip
    prepared = {name: from_catalogue(name) for name in ligands}
    complexes, measured, tables = [], [], {name: pd.DataFrame(columns=c) for name, c in EMPTY.items()}
    ions, runs, searches, poses = [], [], [], []
    for number, where in enumerate(product(ligands, sites)):
        subject = {"ligand": where[0], "site": where[1]}
        pose = pose_of(prepared[where[0]], receptor, where[1], (checks or {}).get(where))
        outcome = {"searches": 9, "made": 9, "failed": 0, "first_failure": ""}
        searches.append(subject | {"occupied": "", "cross_docked_into": "", "engine": "rustina"} | outcome)
        poses.append(pose.row() | {"reference_rmsd_A": 1.0, "refined": False, "simulated": simulated})
        if not simulated:
            complexes.append(ReportComplex(receptor.name, *where, [pose], 0, False))
            continue
        analysis = analysis_of(where[1], (means or {}).get(where, {}), number, (shifts or {}).get(where, 0.2))
        parts = (analysis.series, analysis.contacts, analysis.corrections)
        complexes.append(ReportComplex(receptor.name, *where, [pose], 0, True, *parts))
        measured.append(analysis.measured(pose))
        ions += [subject | ion for ion in analysis.summary()["ions"]]
        runs += [subject | run_of(replica) for replica in range(1, REPLICAS + 1)]
    if measured:
        rows = [
            {"ligand": each.ligand, "site": each.site, "quantity": name, "mean": value.mean, "error": value.error,
             "independent_samples": value.samples, "replicas": REPLICAS, "replicas_lost": 0, "doubt": each.doubt}
            for each in with_known_spread(measured) for name, value in each.averages.items()
        ]  # fmt: skip
        tables |= {
            "simulations": pd.DataFrame(rows),
            "comparisons": compare(measured),
            "ions": pd.DataFrame(ions),
        }
    known = receptor.references["orthosteric"].GetProp("_Name")
    seeds = [
        {"site": "orthosteric", "ligand": known, "seed": seed, "top_rmsd_A": rmsd, "best_rmsd_A": rmsd,
         "poses": 5, "engine": "rustina", "top_score_kcal_mol": -10.0, "cnn_probability": 0.9,
         "contacts": "13 of 18", "checks": "22 passed", "top_pose_lies_in": "orthosteric", "passed": True}
        for seed, rmsd in ((1, 0.95), (2, 1.27))
    ]  # fmt: skip
    tables |= {"gate": pd.DataFrame(seeds), "runs": pd.DataFrame(runs), "searches": pd.DataFrame(searches)}
    tables |= {"poses": pd.DataFrame(poses), "hydrogen_bonds": pd.DataFrame(), "occupancy": pd.DataFrame()}
    tables |= {name: changes.pop(name) for name in list(changes) if isinstance(changes[name], pd.DataFrame)}
    tables = {name: table.assign(receptor=receptor.name) for name, table in tables.items()}
    gated = [(receptor.name, site) for site in sites if site in receptor.references]
    fields = {"title": "made up", "planned": 24, "succeeded": 24, "failed": 0, "gated_sites": gated,
              "gate_accepted": False, "settings": "", "versions": {}, "bath_K": 310.0}  # fmt: skip
    records = [ligand.record() for ligand in prepared.values()]
    return ReportContent(
        receptors={receptor.name: receptor}, complexes=complexes, tables=tables, ligands=records,
        **(fields | changes),
    )  # fmt: skip


def together(*contents):
    """One report of what several show, a receptor each."""
    receptors = {name: receptor for content in contents for name, receptor in content.receptors.items()}
    tables = {
        name: pd.concat([content.tables[name] for content in contents], ignore_index=True)
        for name in contents[0].tables
    }
    joined = {
        name: [each for content in contents for each in getattr(content, name)]
        for name in ("complexes", "gated_sites")
    }
    return replace(contents[0], receptors=receptors, tables=tables, **joined)


def run_of(replica):
    """A row of the table of runs."""
    return {
        "replica": replica, "kind": "site", "atoms": 1200, "mobile_atoms": 450, "frames": FRAMES, "ms_per_step": 10.0,
        "equilibration_ps": 4.0 + replica, "settled": True, "settling_temperature_K": 310.0 + replica,
        "first_frames_temperature_K": 308.0, "mean_temperature_K": 309.0, "constraint_error": 1e-6,
        "frozen_drift_nm": 0.0, "platform": "CPU", "breakdowns": 0,
    }  # fmt: skip
