"""`dock redock`: see whether the known pose of a site is found again."""

from __future__ import annotations

import click


@click.command("redock")
@click.argument("source", default="sert")
@click.option("--site", default="orthosteric", show_default=True)
@click.option("--seeds", default="1,2,3", show_default=True, help="Comma-separated seeds.")
def command(source: str, site: str, seeds: str) -> None:
    """Dock the reference ligand of a site of SOURCE from a generated conformer.

    The exit code is 0 only if every seed's top pose is within 2 A of the known one.
    """
    from dock.core.errors import SettingsError, StructureError
    from dock.core.workers import available_cores
    from dock.docking.engine import DockingSettings
    from dock.docking.redocking import LIMIT, redocking_gate
    from dock.docking.search import search_site
    from dock.dynamics.model import open_receptor
    from dock.ligands import Ligand

    try:
        settings = DockingSettings(seeds=tuple(int(seed) for seed in seeds.split(",")))
    except ValueError as error:
        raise SettingsError("--seeds", f"'{seeds}' is no list of numbers above 0", "write 1,2,3") from error
    receptor = open_receptor(source)
    place = receptor.site(site)
    reference = receptor.references.get(place.name)
    if reference is None:
        raise StructureError(f"{source} {place.name}", "has no known pose", "choose another site")
    name, smiles = receptor.known_ligand(place.name)
    ligand = Ligand.from_catalogue(name) if smiles is None else Ligand.from_smiles(smiles, name)
    gate = redocking_gate(search_site(receptor, ligand, place, settings, available_cores()), reference)
    click.echo(gate.to_dataframe().to_string(index=False))
    click.echo(f"gate (every top pose within {LIMIT:g} A): {'passed' if gate.passed else 'FAILED'}")
    if not gate.passed:
        raise click.exceptions.Exit(1)
