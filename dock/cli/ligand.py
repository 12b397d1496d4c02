"""`dock ligand`: names and SMILES to prepared ligands in an SDF file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("ligand")
@click.argument("inputs", nargs=-1, required=True, metavar="NAME|SMILES...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="SDF file to write.")
@click.option(
    "--ph",
    default=7.4,
    show_default=True,
    type=click.FloatRange(0, 14),
    help="At which SMILES are protonated.",
)
def command(inputs: tuple[str, ...], output: Path, ph: float) -> None:
    """Prepare ligands: protonated, stereochemistry checked, with a conformer."""
    from rdkit import Chem

    from dock.core.errors import UnknownNameError
    from dock.core.files import atomic_path, output_file
    from dock.ligands import Ligand, stereo

    output_file(output)
    ligands = []
    for text in inputs:
        try:
            ligands.append(Ligand.from_catalogue(text))
        except UnknownNameError:
            if stereo.looks_like_name(text):
                raise
            ligands.append(Ligand.from_smiles(text, ph=ph))
    with atomic_path(output) as temporary, Chem.SDWriter(str(temporary)) as writer:
        for ligand in ligands:
            writer.write(ligand.with_properties())
    for ligand in ligands:
        labels = " ".join(ligand.cip) or "no stereo centre"
        click.echo(f"{ligand.name}: {ligand.smiles}, charge {ligand.charge:+d}, {labels}")
