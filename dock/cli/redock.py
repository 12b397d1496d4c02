"""`dock redock`: see whether a known pose is found again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.docking.settings import DockingSettings
    from dock.receptors import Receptor

LONGEST_CODE = 5  # characters of a component code of the PDB


@click.command("redock")
@click.argument("source", default="sert")
@click.option(
    "--ligand",
    metavar="CODE[:NUMBER]",
    help="The bound ligand, by its component code in SOURCE, such as 8PR, or by its name or SMILES where that is known.",
)
@click.option("--chain", help="Author's name of the ligand's chain.")
@click.option("--smiles", help="Chemistry of the ligand, where the catalogue does not have it.")
@click.option("--site", help="A site with a known pose, if no ligand is named.  [default: the first]")
@click.option("--seeds", default="1,2,3", show_default=True, help="Comma-separated seeds.")
@click.option("--engines", default="rustina", show_default=True, help="rustina, vina or rustina,vina.")
@click.option("--ring-conformers", type=int, help="The most ring conformers that are docked.")
@click.option(
    "--refine", is_flag=True, help="Refine each seed's poses with flexible side chains, then judge."
)
def command(
    source: str,
    ligand: str | None,
    chain: str | None,
    smiles: str | None,
    site: str | None,
    seeds: str,
    engines: str,
    ring_conformers: int | None,
    refine: bool,
) -> None:
    """Dock the bound ligand of SOURCE from a generated conformer, and compare with the known pose.

    SOURCE is a catalogue target, a folder that 'dock receptor' wrote, a PDB code or a structure file,
    which is prepared first. The exit code is 0 only if every seed's top pose is within 2 A of the known
    one (symmetry-aware, heavy atoms, nothing fitted).
    """
    from dock.core.errors import SettingsError, StructureError
    from dock.core.files import writable_cache
    from dock.core.workers import available_cores
    from dock.docking.redocking import LIMIT, redocking_gate, search_known
    from dock.docking.search import lost_searches
    from dock.dynamics.receptor_models import open_receptor
    from dock.dynamics.refinement import refine_search

    settings = docking_settings(seeds, engines, ring_conformers=ring_conformers)
    if ligand is None and (chain or smiles):
        raise SettingsError("--chain and --smiles", "tell of a ligand that is not named", "add --ligand CODE")
    if ligand and site:
        raise SettingsError("--site", "is that of the ligand", "leave out --site or --ligand")
    writable_cache()
    written = ligand is not None and _is_written(ligand)
    receptor = open_receptor(source, _changes(ligand, chain, smiles) if ligand and not written else None)
    if ligand is None:
        where = site or next(iter([*receptor.references, *receptor.sites]), None)
    else:
        where = site_of(receptor, ligand) if written else _site_name(ligand)
    if where is None:
        raise StructureError(source, "has no known pose", "name its ligand: --ligand CODE")
    search = search_known(receptor, where, settings, available_cores())
    if refine:
        search = refine_search(receptor, search)
    gate = redocking_gate(receptor, search, receptor.references[search.site.name])
    click.echo(gate.to_dataframe().to_string(index=False))
    for line in lost_searches(search.outcomes()):
        click.echo(line, err=True)
    failed = [str(result.seed) for result in gate.seeds if not result.passed]
    verdict = f"FAILED for seed {', '.join(failed)}" if failed else "passed"
    click.echo(f"gate (every seed's top pose within {LIMIT:g} A of the known one): {verdict}")
    if not gate.passed:
        raise click.exceptions.Exit(1)


def docking_settings(seeds: str, engines: str, **fields: Any) -> DockingSettings:
    """Return settings from options.

    Raises
    ------
    SettingsError
        If one is impossible.
    """
    from pydantic import ValidationError

    from dock.core.errors import SettingsError
    from dock.docking.settings import DockingSettings

    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError as error:
        raise SettingsError("--seeds", f"'{seeds}' is no list of numbers above 0", "write 1,2,3") from error
    names = [name.strip() for name in engines.split(",")]
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return DockingSettings.model_validate({"seeds": numbers, "engines": names, **given})
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{first['loc'][0]}".replace("_", "-") if first["loc"] else "options"
        raise SettingsError(option, first["msg"].removeprefix("Value error, ")) from error


def _is_written(ligand: str) -> bool:
    """Return whether a text is the name or SMILES of a ligand, not the code of a residue."""
    from dock.core.catalogue import find_ligand

    return find_ligand(ligand) is not None or (len(ligand) > LONGEST_CODE and ":" not in ligand)


def site_of(receptor: Receptor, ligand: str) -> str:
    """Return the site whose known pose is that of a ligand, given by name or SMILES; protons may differ.

    Raises
    ------
    InputError
        If there is no such ligand.
    StructureError
        If none of the known poses is its.
    """
    from dock.core.errors import StructureError
    from dock.ligands import Ligand

    wanted = _uncharged(Ligand.named(ligand).mol)
    found = next((site for site, pose in receptor.references.items() if _uncharged(pose) == wanted), None)
    if found is None:
        known = [f"{receptor.known_ligand(site)[0]} in {site}" for site in receptor.references]
        problem = f"has no known pose of {ligand} (known: {', '.join(known) or 'none'})"
        raise StructureError(receptor.name, problem, "name its code: --ligand CODE")
    return found


def _uncharged(mol: Mol) -> str:
    """Return the SMILES of a molecule with the protons that make it neutral, as far as that can be."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return str(Chem.MolToSmiles(rdMolStandardize.Uncharger().uncharge(Chem.RemoveHs(mol))))


def _site_name(ligand: str) -> str:
    """Return the code of a ligand as the name of a site may be written."""
    from dock.receptors.entry import split_hetero

    return re.sub(r"[^A-Z0-9_-]", "_", split_hetero(ligand)[1])


def _changes(ligand: str, chain: str | None, smiles: str | None) -> dict[str, Any]:
    """Return the settings of a preparation whose site is a bound ligand."""
    from dock.receptors.entry import split_hetero

    _, code, number = split_hetero(ligand)
    where = f"{chain}:{code}:{number or '*'}" if chain else ligand
    changes: dict[str, Any] = {"sites": {_site_name(ligand): {"ligand": where}}}
    return changes | ({"smiles": {code: smiles}} if smiles else {})
