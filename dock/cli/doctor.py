"""`dock doctor`: what is installed here, and what of it works."""

from __future__ import annotations

import click


@click.command("doctor")
def command() -> None:
    """Show versions, processors, programs and folders; exit 1 if the main job could not run."""
    from dock.core.catalogue import ligands, structures_folder, targets
    from dock.core.errors import DockError
    from dock.core.files import cache_folder, output_folder
    from dock.core.records import software_versions
    from dock.core.workers import available_cores
    from dock.forcefield.ambertools import find_program
    from dock.forcefield.platforms import choose_processor
    from dock.report.view import viewer_script

    problems = []
    for name, version in software_versions().items():
        click.echo(f"{name:24} {version}")
    processor = choose_processor()
    click.echo(f"{'processor':24} {processor.platform}, {available_cores()} cores")
    for platform, reason in processor.passed_over.items():
        click.echo(f"{'  passed over':24} {platform}: {reason}")
    for program in ("antechamber", "sqm", "atomtype", "am1bcc", "parmchk2", "tleap"):
        try:
            click.echo(f"{program:24} {find_program(program)}")
        except DockError as error:
            problems.append(str(error))
    click.echo(f"{'3Dmol.js':24} {'installed' if viewer_script() else 'absent: reports use a CDN'}")
    click.echo(
        f"{'catalogue':24} {len(targets())} targets, {len(ligands())} ligands in {structures_folder()}"
    )
    try:
        click.echo(f"{'cache':24} {output_folder(cache_folder())}")
    except DockError as error:
        problems.append(str(error))
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        raise click.exceptions.Exit(1)
