"""Measure how well atomic charges reproduce the electrostatic potential (HF/6-31G*) around rings of seven.

python benchmarks/potential.py, with pyscf installed (and sertdock[nagl], or its column stays empty).
It takes about ten minutes on one core.
"""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from section import replace_section

from dock.core.errors import MissingDependencyError
from dock.forcefield import charges
from dock.ligands import Ligand

# Rings as in amoxapine, clozapine, quetiapine and carbamazepine, small enough for Hartree-Fock; the first two
# molecules are like the third, with the ring open. On indole NAGL and antechamber disagree, too.
MOLECULES = (
    ("diphenyl ether", "c1ccc(Oc2ccccc2)cc1"),
    ("N-benzylideneaniline", "c1ccc(/N=C/c2ccccc2)cc1"),
    ("dibenzoxazepine", "c1ccc2c(c1)Oc1ccccc1N=C2"),
    ("dimethylamino-dibenzoxazepine", "CN(C)C1=Nc2ccccc2Oc2ccccc12"),
    ("dimethylamino-dibenzodiazepine", "CN(C)C1=Nc2ccccc2Nc2ccccc12"),
    ("dimethylamino-dibenzothiazepine", "CN(C)C1=Nc2ccccc2Sc2ccccc12"),
    ("carbamazepine", "NC(=O)N1c2ccccc2C=Cc2ccccc21"),
    ("3-methylindole", "Cc1c[nH]c2ccccc12"),
)
RADII = {"H": 1.20, "C": 1.50, "N": 1.50, "O": 1.40, "S": 1.75}  # angstrom; Singh and Kollman 1984
SHELLS, POINTS = (1.4, 1.6, 1.8, 2.0), 60  # multiples of the radii, points on each atom's sphere
BOHR = 0.529177  # angstrom


def main() -> None:
    """Write the table."""
    lines = [
        "Root mean square error of the potential of the charges, relative to the potential's own root mean square,",
        "on the shells of Merz, Singh and Kollman around the ligand's conformer; the least error that any charges on the",
        "atoms can have stands last.",
        "",
        "| molecule | antechamber's types | types with rings of five and six | NAGL | best fit |",
        "|---|---|---|---|---|",
    ]
    for name, smiles in MOLECULES:
        lines.append(row(name, Ligand.from_smiles(smiles, name)))
        print(lines[-1], flush=True)
    replace_section("potential.py", "\n".join(lines))


def row(name: str, ligand: Ligand) -> str:
    """Return a molecule's row of the table."""
    potential, kernel = potential_around(ligand)
    with patch.object(charges, "SMALL_AROMATIC", charges.AROMATIC):
        antechamber = derived(ligand, "am1-bcc")
    sets = [antechamber, derived(ligand, "am1-bcc")]
    try:
        sets.append(derived(ligand, "nagl"))
    except MissingDependencyError:
        sets.append(None)
    sets.append(best_fit(potential, kernel))
    size = np.sqrt((potential**2).mean())
    cells = [
        "" if q is None else f"{np.sqrt(((kernel @ q - potential) ** 2).mean()) / size:.2f}" for q in sets
    ]
    return f"| {name} | {' | '.join(cells)} |"


def derived(ligand: Ligand, method: charges.ChargeMethod) -> np.ndarray:
    """Return charges of a ligand that no cache has seen, in e."""
    return charges.map_charges(ligand, charges.derive(ligand, method))


def potential_around(ligand: Ligand) -> tuple[np.ndarray, np.ndarray]:
    """Return the potential at the points, in atomic units, and what a unit charge on each atom adds to it."""
    from pyscf import df, gto, lib, scf

    lib.num_threads(1)
    symbols = [atom.GetSymbol() for atom in ligand.mol.GetAtoms()]
    places = ligand.mol.GetConformer().GetPositions()
    molecule = gto.M(atom=list(zip(symbols, places, strict=True)), basis="6-31g*", verbose=0)
    field = scf.RHF(molecule).density_fit().run()
    if not field.converged:
        raise SystemExit(f"{ligand.name}: Hartree-Fock did not converge")
    centres = molecule.atom_coords()
    points = shells(centres, np.array([RADII[symbol] for symbol in symbols]) / BOHR)
    kernel = 1 / np.linalg.norm(points[:, None] - centres, axis=2)
    density = field.make_rdm1()
    electrons = [
        np.einsum("ijp,ij->p", df.incore.aux_e2(molecule, gto.fakemol_for_charges(part)), density)
        for part in np.array_split(points, len(points) // 200 + 1)
    ]
    return kernel @ molecule.atom_charges() - np.concatenate(electrons), kernel


def shells(centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return points on the shells that lie within no other atom's sphere of the same shell."""
    number = np.arange(POINTS) + 0.5
    polar, turn = np.arccos(1 - 2 * number / POINTS), np.pi * (1 + 5**0.5) * number
    sphere = np.c_[np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)]
    kept = []
    for scale in SHELLS:
        points = (centres[:, None] + scale * radii[:, None, None] * sphere).reshape(-1, 3)
        apart = np.linalg.norm(points[:, None] - centres, axis=2)
        kept.append(points[(apart >= scale * radii - 1e-6).all(axis=1)])
    return np.concatenate(kept)


def best_fit(potential: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the charges of a neutral molecule that reproduce a potential best."""
    neutral = 1e4 * np.ones((1, kernel.shape[1]))
    return np.linalg.lstsq(np.r_[kernel, neutral], np.r_[potential, 0], rcond=None)[0]


if __name__ == "__main__":
    main()
