"""First users: SMILES for names, misspelt names and settings, production alone, wrong arguments, a closed cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.inputs.base import Case

ROOT = Path(__file__).parents[2]


def cases(folder: Path) -> Iterator[Case]:
    """Yield what becomes of what a first user writes."""
    yield from _smiles(folder)
    yield from _misspelt(folder)
    yield from _production()
    yield from _arguments()
    yield from _caches(folder)


def _judged(name: str, call: Callable[[], Any], refusal: str = "") -> Case:
    """Judge a call that gives true, or is refused in words that match."""
    from dock.core.errors import DockError

    try:
        outcome = call()
    except DockError as error:
        said = re.search(refusal, str(error)) if refusal else None
        return Case(name, "refused" if said else "wrong", str(error))
    except Exception as error:
        return Case(name, "wrong", f"{type(error).__name__}: {error}")
    return Case(name, "right" if outcome and not refusal else "wrong", f"gave {outcome!r}")


def _planned(folder: Path, text: str) -> list[str]:
    from dock.campaign.plan import Planner
    from dock.campaign.settings import read_settings
    from dock.workflow.store import Store

    (folder / "library.smi").write_text("CCO ethanol\n", encoding="utf-8")
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return [step.label for step in Planner(read_settings(path), Store(folder, {})).steps(lambda _: False)]


def _smiles(folder: Path) -> Iterator[Case]:
    from dock import Ligand

    for text, smiles in (
        ("CCO", "CCO"), ("F/C=C\\F", "F/C=C\\F"), (" CCN ", "CC[NH3+]"), ("C[N+](C)(C)CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]"),
        ("Sertraline", "C[NH2+][C@H]1CC[C@@H](c2ccc(Cl)c(Cl)c2)c2ccccc21"),
    ):  # fmt: skip
        yield _judged(
            f"Ligand.named({text!r})", lambda text=text, smiles=smiles: _named(Ligand, text, smiles)
        )
    for entry in (
        "ligands: CCO", "ligands: [CCO, CCN]", "ligands: [{smiles: CCO}]", "ligands: [{name: CCO}]", "ligands: [library.smi]",
        "ligands: ['F/C=C/F', 'F/C=C\\F']", "occupied_by: CC(=O)Nc1ccccc1", "sites: S1\nreceptors: sert", "docking: {seeds: 1}",
        "simulation: {system: implicit}",
    ):  # fmt: skip
        yield _judged(entry, lambda entry=entry: _planned(folder, entry))
    example = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    yield _judged("the README's example", lambda: example and _planned(folder, example[1]))


def _named(ligand: Any, text: str, smiles: str) -> bool:
    from rdkit.Chem import CanonSmiles

    return bool(CanonSmiles(ligand.named(text).smiles) == CanonSmiles(smiles))


def _misspelt(folder: Path) -> Iterator[Case]:
    for text, near in (
        ("ligands: [sertralin]", "'sertraline'.*SMILES"), ("ligands: [paroxetin]", "'paroxetine'"), ("ligands: [SSRI]", "SMILES"),
        ("ligands: ['(R)-citalopram']", "'r-citalopram'"), ("ligands: [cocain]", "'cocaine'"), ("ligands: [CCN(CC]", "brackets"),
        ("ligand: CCO", "'ligands'"), ("simulatoin: {}", "'simulation'"), ("replicas: 3", "'simulation.replicas'"),
        ("simulation: {replica: 3}", "'replicas'"), ("docking: {engine: vina}", "'engines'"), ("docking: {engines: [vena]}", "'vina'"),
        ("receptor: sret", "'sert'"), ("site: orthosteric", "'sites'"), ("sites: [alosteric]", "'allosteric'"),
        ("ligands: [true]", "quotes"), ("ligands: [[NH3+]CC]", "quotes"), ("simulation: {production: 5}", "5 ps"),
    ):  # fmt: skip
        yield _judged(text, lambda text=text: _planned(folder, text), near)


def _production() -> Iterator[Case]:
    from dock import SimulationSettings

    def fits(**fields: Any) -> bool:
        settings = SimulationSettings(**fields)
        production, interval = (
            each.value_in("fs") for each in (settings.production, settings.frame_interval)
        )
        return settings.frames >= 5 and abs(settings.frames * interval - production) < 1e-3

    for production in ("5 ps", "1 ps", "7 ps", "3.3 ps", "100 fs", "50 ps", "1 ns", "0.333 ns", "1 us"):
        yield _judged(f"production: {production}", lambda production=production: fits(production=production))
    yield _judged("a membrane of 30 ps", lambda: fits(production="30 ps", system="membrane"))
    yield _judged("5 ps in steps of 2 fs", lambda: fits(production="5 ps", timestep="2 fs"))


def _arguments() -> Iterator[Case]:
    import dock

    sert = dock.Receptor.from_catalogue("sert")
    for name, call in {
        "pose of a number": lambda: dock.pose("sert", 5, "S1"),
        "pose into a number": lambda: dock.pose(5, "CCO", "S1"),
        "pose without a site": lambda: dock.pose("sert", "CCO", None),
        "pose with a dict": lambda: dock.pose("sert", "CCO", "S1", {"seeds": [1]}),
        "simulate a SMILES": lambda: dock.simulate("sert", "CCO", "x"),
        "compare one": lambda: dock.compare(5),
        "compare words": lambda: dock.compare(["a"]),
        "campaign of a dict": lambda: dock.Campaign({"ligands": ["CCO"]}),
        "campaign of a path": lambda: dock.Campaign("c.yaml"),
        "settings by place": lambda: dock.CampaignSettings("sert"),
        "view of a name": lambda: dock.view("sert"),
        "redock a name": lambda: dock.redock("sert", "S1"),
        "occupant as SMILES": lambda: sert.with_occupant("S1", "x", "CCO"),
        "site by number": lambda: sert.site(1),
        "pH of 99": lambda: dock.Ligand.from_smiles("CCO", ph=99),
    }.items():
        yield _judged(name, call, " is (no|not|a) |by name|is no")


def _caches(folder: Path) -> Iterator[Case]:
    (folder / "file").write_text("", encoding="utf-8")
    for place in ("/proc/none", "/sys/none", str(folder / "file"), str(folder / "file" / "below")):
        for command in (("run", "-o", str(folder / "run")), ("screen", "CCO", "-o", str(folder / "screen"))):
            done = subprocess.run(
                [sys.executable, "-m", "dock.cli.main", *command],
                env=os.environ | {"DOCK_CACHE": place},
                capture_output=True,
                text=True,
                check=False,
            )
            clear = done.returncode == 2 and "DOCK_CACHE" in done.stderr and done.stderr.count("\n") == 1
            yield Case(f"{command[0]} with the cache {place}", "refused" if clear else "wrong", done.stderr)
