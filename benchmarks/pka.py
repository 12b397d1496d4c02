"""Measure how often the main protomer has the right charge, by this product and by what else there is.

python benchmarks/pka.py [--set SET] [--misses METHOD]

The molecules and their measured pKa are in benchmarks/data/pka.csv: `acids` and `bases` are macroscopic
constants, `fixed` is a charge that never changes, `at` the pH values at which they tell the charge, where these are
fewer than 2, 5, 7.4 and 10. A pH within one unit of a constant is left out. Of the set "seen" the figures were known
while the table of groups was written; "held out" was scored when it was done. Methods whose package is
not installed are left out: dimorphite-dl, molscrub, openbabel-wheel and pkanet-cloud with its own rules alone.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem, RDLogger

DATA = Path(__file__).with_name("data") / "pka.csv"
LEVELS = (2.0, 5.0, 7.4, 10.0)
UNAMBIGUOUS = 1.0


@dataclass(frozen=True)
class Measured:
    """A molecule and its constants."""

    name: str
    smiles: str
    acids: tuple[float, ...]
    bases: tuple[float, ...]
    fixed: int
    at: tuple[float, ...]

    def charge(self, ph: float) -> int | None:
        """Return its charge at a pH, None where the constants leave it open."""
        near = any(abs(ph - pka) <= UNAMBIGUOUS for pka in (*self.acids, *self.bases))
        if near or ph not in self.at:
            return None
        return self.fixed + sum(pka > ph for pka in self.bases) - sum(pka < ph for pka in self.acids)


def read(which: str) -> list[Measured]:
    with DATA.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["set"] == which]
    return [
        Measured(row["name"], row["smiles"], numbers(row["acids"]), numbers(row["bases"]),
                 int(row["fixed"]), numbers(row["at"]) or LEVELS)
        for row in rows
    ]  # fmt: skip


def numbers(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split())


def charge_of(smiles: str) -> int:
    return int(Chem.GetFormalCharge(Chem.MolFromSmiles(smiles)))


def methods() -> Iterator[tuple[str, Callable[[str, float], int]]]:
    """Yield each method that is installed."""
    from dock.ligands.protonation import protomers

    yield "sertdock", lambda s, ph: Chem.GetFormalCharge(protomers("x", Chem.MolFromSmiles(s), ph)[0].mol)
    with suppress(ImportError):
        from dimorphite_dl import protonate_smiles

        yield (
            "dimorphite-dl",
            lambda s, ph: charge_of(protonate_smiles(s, ph_min=ph, ph_max=ph, precision=0.0)[0]),
        )
    with suppress(ImportError):
        from molscrub.protonate import AcidBaseConjugator

        conjugator = AcidBaseConjugator.from_default_data_files()
        yield "molscrub", lambda s, ph: Chem.GetFormalCharge(conjugator(Chem.MolFromSmiles(s), ph, ph)[0])
    with suppress(ImportError):
        from openbabel import openbabel

        yield "Open Babel", lambda s, ph: open_babel(openbabel, s, ph)
    with suppress(ImportError):
        from pkanet.core import heuristic_net_charge

        yield "pkanet-cloud", heuristic_net_charge


def open_babel(openbabel: object, smiles: str, ph: float) -> int:
    mol, conversion = openbabel.OBMol(), openbabel.OBConversion()
    conversion.SetInAndOutFormats("smi", "smi")
    conversion.ReadString(mol, smiles)
    mol.AddHydrogens(False, True, ph)
    return int(mol.GetTotalCharge())


def score(
    method: Callable[[str, float], int], known: list[Measured], ph: float
) -> tuple[int, int, list[str]]:
    """Return how many are right, of how many, and those that are wrong."""
    right, misses = 0, []
    asked = [(one, one.charge(ph)) for one in known]
    asked = [(one, charge) for one, charge in asked if charge is not None]
    for one, charge in asked:
        try:
            got = method(one.smiles, ph)
        except Exception as error:  # a method that fails is wrong, and the others go on
            got = type(error).__name__
        right += got == charge
        if got != charge:
            misses.append(f"pH {ph}: {one.name} {one.smiles}: {got}, right is {charge}")
    return right, len(asked), misses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", default="seen", choices=("seen", "held out"))
    parser.add_argument("--misses", metavar="METHOD", help="Name what this method gets wrong.")
    arguments = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    known = read(arguments.set)
    print(f"{len(known)} molecules, {arguments.set}\n")
    print(f"| method | {' | '.join(f'pH {ph:g}' for ph in LEVELS)} | ms a molecule |")
    print("|---|" + "---|" * (len(LEVELS) + 1))
    for name, method in methods():
        with suppress(Exception):
            method("CCN", 7.4)  # what is loaded once is not timed
        started = time.perf_counter()
        scores = [score(method, known, ph) for ph in LEVELS]
        each = (time.perf_counter() - started) / sum(asked for _, asked, _ in scores)
        cells = " | ".join(f"{right} of {asked}" for right, asked, _ in scores)
        print(f"| {name} | {cells} | {1000 * each:.1f} |", flush=True)
        if name == arguments.misses:
            print("\n".join(miss for _, _, misses in scores for miss in misses))


if __name__ == "__main__":
    main()
