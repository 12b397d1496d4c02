"""Options that several commands share."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import click

from dock.forcefield.platforms import NAMES

# Saving takes seconds; the rest of what is kept free is for tables and the report.
MARGIN, LARGEST_SHARE = 60.0, 0.1  # seconds, and of the limit


def seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return a time given with its unit, such as 90min, in seconds."""
    from dock.core.units import LARGEST, Quantity

    if value is None:
        return None
    try:
        number = Quantity(value).value_in("s")
    except Exception as error:  # pint raises tokenizer, attribute and dimension errors alike
        problem = f"{value!r} is not a time such as 90min or 11.5h"
        raise click.BadParameter(problem, context, parameter) from error
    if not 0 < number < LARGEST:
        raise click.BadParameter(
            f"{value!r} must be more than 0 s, and less than {LARGEST:g}", context, parameter
        )
    return number


def deadline(
    limit: float | None, environment: Mapping[str, str] = os.environ, now: float | None = None
) -> float:
    """Return the time at which to save and stop.

    Parameters
    ----------
    limit
        Seconds that the command may take. If None, what Slurm says of the job's end (its
        ``SLURM_JOB_END_TIME``), or infinity.
    """
    now = time.time() if now is None else now
    if limit is None:
        end = environment.get("SLURM_JOB_END_TIME", "")
        if not end.isdigit():
            return float("inf")
        limit = int(end) - now
    return now + limit - min(MARGIN, LARGEST_SHARE * limit)


platform = click.option(
    "--platform",
    type=click.Choice(NAMES),
    default="auto",
    show_default=True,
    help="Processor of the simulations.",
)
device = click.option("--device", help="Index of the GPU, or several: 0,1 [default: all there are].")
time_limit = click.option(
    "--time-limit",
    callback=seconds,
    help="Save and stop in time for this limit, such as 11.5h [default: the end of the Slurm job].",
)
accept_changes = click.option(
    "--accept-changes",
    is_flag=True,
    help="Go on with what other versions of the software began; it is recorded.",
)
