"""Measure NAGL's charges against AM1-BCC: seconds for a ligand, and how far the charges are apart.

python benchmarks/charges.py, with sertdock[nagl] installed.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from section import replace_section

from dock.forcefield import nagl
from dock.forcefield.charges import ChargeMethod, charges, derive, map_charges
from dock.ligands import Ligand

# One isomer of every constitution whose AM1-BCC charges are shipped.
LIGANDS = (
    "escitalopram", "sertraline", "paroxetine", "amoxapine", "7-hydroxyamoxapine", "8-hydroxyamoxapine",
    "serotonin",
)  # fmt: skip
# Parts of those on which the two methods disagree, each with a like one on which they agree.
FRAGMENTS = (
    ("diphenyl ether", "c1ccc(Oc2ccccc2)cc1", "O"),
    ("dibenzoxazepine", "c1ccc2c(c1)Oc1ccccc1N=C2", "O"),
    ("N-benzylideneaniline", "c1ccc(/N=C/c2ccccc2)cc1", "N"),
    ("dibenzoxazepine", "c1ccc2c(c1)Oc1ccccc1N=C2", "N"),
    ("pyrrole", "c1cc[nH]c1", "N"),
    ("indole", "c1ccc2[nH]ccc2c1", "N"),
)


def main() -> None:
    started = time.perf_counter()
    derive(Ligand.from_smiles("CC[NH3+]", "ethylammonium"), "nagl")
    loading = time.perf_counter() - started
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = [
        f"{nagl.describe()}, one thread.",
        f"To import it and load its model takes {loading:.1f} s once in a process, not counted in the table,",
        f"which then holds {gigabytes:.1f} GB.",
        "",
        "| ligand | atoms | sqm / s | NAGL / s | RMS difference / e | largest / e | of |",
        "|---|---|---|---|---|---|---|",
        *(row(name) for name in LIGANDS),
        "",
        "| fragment | atom | AM1-BCC / e | NAGL / e |",
        "|---|---|---|---|",
        *(fragment_row(*fragment) for fragment in FRAGMENTS),
    ]
    replace_section("charges.py", "\n".join(lines))


def row(name: str) -> str:
    """Return a row of the table: seconds by either method, and NAGL against the shipped charges."""
    ligand = Ligand.from_catalogue(name)
    predicted, quick = timed(ligand, "nagl")
    _, slow = timed(ligand, "am1-bcc")
    difference = map_charges(ligand, predicted) - charges(ligand)
    worst = int(np.abs(difference).argmax())
    return (
        f"| {name} | {len(difference)} | {slow:.0f} | {quick:.2f} | {np.sqrt((difference**2).mean()):.3f}"
        f" | {difference[worst]:+.2f} | {surroundings(ligand, worst)} |"
    )


def fragment_row(name: str, smiles: str, symbol: str) -> str:
    """Return a row of the table of fragments: the charge of its one atom of an element."""
    ligand = Ligand.from_smiles(smiles, name)
    index = next(atom.GetIdx() for atom in ligand.mol.GetAtoms() if atom.GetSymbol() == symbol)
    methods: tuple[ChargeMethod, ...] = ("am1-bcc", "nagl")
    values = [map_charges(ligand, derive(ligand, method))[index] for method in methods]
    return f"| {name} | {symbol} | {values[0]:+.2f} | {values[1]:+.2f} |"


def timed(ligand: Ligand, method: ChargeMethod) -> tuple[dict[str, object], float]:
    """Return the record of a ligand's charges, computed anew, and the seconds it took."""
    started = time.perf_counter()
    record = derive(ligand, method)
    return record, time.perf_counter() - started


def surroundings(ligand: Ligand, index: int) -> str:
    """Return an atom with its neighbours, such as ``N (C, C, H)``."""
    atom = ligand.mol.GetAtomWithIdx(index)
    neighbours = sorted(neighbour.GetSymbol() for neighbour in atom.GetNeighbors())
    return f"{atom.GetSymbol()} ({', '.join(neighbours)})"


if __name__ == "__main__":
    main()
