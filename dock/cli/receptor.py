"""`dock receptor`: a raw structure prepared, with named sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dock.forcefield.platforms import NAMES


@click.command("receptor")
@click.argument("source")
@click.option(
    "-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME=WHERE",
    help="A site: a bound ligand (68P, 68P:701, A:68P:701, A:68P:*), residues (ASP98,TYR95) or x,y,z:a,b,c in angstrom.",
)
@click.option(
    "--sites-from", metavar="TARGET", help="Carry the sites of a catalogue target over to a homologue."
)
@click.option("--chain", "chains", multiple=True, help="Chain to keep.")
@click.option("--ph", type=click.FloatRange(0, 14), help="At which residues are protonated.  [default: 7.4]")
@click.option(
    "--revert-mutations/--as-deposited",
    default=None,
    help="Turn construct mutations back to UniProt's sequence.",
)
@click.option("--max-loop", type=int, help="Longest gap in residues that is built, not capped.  [default: 8]")
@click.option("--keep", multiple=True, metavar="CODE:NUMBER", help="Keep an ion or a water.")
@click.option("--drop", multiple=True, metavar="CODE:NUMBER", help="Drop an ion.")
@click.option("--protonation", multiple=True, metavar="RESIDUE=STATE", help="Such as GLU508=GLH.")
@click.option("--smiles", multiple=True, metavar="CODE=SMILES", help="Chemistry of a bound ligand.")
@click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    help="YAML file with these and all other settings; options come first.",
)
@click.option("--platform", type=click.Choice(NAMES), default="auto", show_default=True)
def command(
    source: str, folder: Path, file: Path | None, platform: str, sites: tuple[str, ...], **options: Any
) -> None:
    """Prepare the structure SOURCE for docking: a catalogue target, a PDB code or a file.

    Writes model.cif and model.pdb, a reference pose for each bound ligand that is known, record.json
    with every decision, and index.html to read. Entries are looked for in the folders named by
    DOCK_STRUCTURES, then downloaded. Takes one to three minutes on two cores.
    """
    from dock.core.records import read_yaml
    from dock.dynamics.receptor_models import build_receptor
    from dock.forcefield.platforms import choose_processor
    from dock.receptors.settings import parse_site
    from dock.report.receptor import write_page

    changes: dict[str, Any] = read_yaml(file) if file else {}
    for name in ("protonation", "smiles"):
        options[name] = dict(_pair(name, text) for text in options[name])
    changes |= {name: value for name, value in options.items() if value not in (None, (), {})}
    if sites:
        own = {name: entry.model_dump(mode="json") for name, entry in map(parse_site, sites)}
        given = changes.get("sites") or {}
        changes["sites"] = {**given, **own} if isinstance(given, dict) else given
    receptor = build_receptor(source, folder, changes, choose_processor(platform))
    write_page(receptor, folder)
    for warning in receptor.record["warnings"]:
        click.echo(f"look at: {warning}")
    moved = receptor.record["moved_A"]
    click.echo(
        f"{receptor.record['title']}: {receptor.topology.getNumAtoms()} atoms, sites:"
        f" {', '.join(receptor.sites) or 'none'}; deposited atoms moved {moved['rms']} A (RMS), at most"
        f" {moved['max']} A ({moved['max_atom']}); {folder / 'index.html'}"
    )


def _pair(option: str, text: str) -> tuple[str, str]:
    from dock.core.errors import SettingsError

    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise SettingsError(f"--{option}", f"'{text}' is no pair", "write NAME=VALUE")
    return name.strip(), value.strip()
