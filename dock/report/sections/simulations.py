"""What was simulated: plots, as SVG text, and hydrogen bonds."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from dock.analysis.measures import measured
from dock.analysis.measures.anchor import ANCHOR
from dock.analysis.measures.energies import INTERACTION
from dock.report.content import ReportContent
from dock.report.labels import columns, complex_labels, place_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LETTER = 0.065  # inches, of a label
LINE = 0.17  # inches, of a legend
HANDLE = 0.6  # inches, of a legend's entry beside its text
SHOWN_RESIDUES = 24
SHOWN_BONDS = 0.1  # from this fraction of the frames on


def values(content: ReportContent) -> dict[str, Any] | None:
    """Return the plots, and a row for each hydrogen bond."""
    if not content.simulated:
        return None
    places = dict.fromkeys(complex_.place for complex_ in content.simulated)
    return {
        "series_plot": _time_series(content),
        "energy_plot": _energies(content),
        "contact_plots": {
            f"{site} site{content.of(name)}": _contact_map(content, (name, site)) for name, site in places
        },
        "anchor_names": ", ".join(
            f"{residue} ({site}{content.of(name)})" for (name, site), residue in content.anchors.items()
        ),
        "part": "site" in content.kinds,
        "bonds": [row for row in content.rows("hydrogen_bonds") if row["occupancy"] >= SHOWN_BONDS],
    }


def _time_series(content: ReportContent) -> str:
    """Plot what was measured of every complex over time, a line a replica."""
    labels, places = complex_labels(content), place_names(content)
    followed = [quantity for quantity in measured().values() if not quantity.part]
    every = [
        (labels[content.label(complex_.subject)], complex_.series)
        for complex_ in content.complexes
        if complex_.series is not None
    ]
    shown = [quantity for quantity in followed if any(quantity.name in series for _, series in every)]
    width = 4.4 * max(1, len(shown))
    abreast = _abreast([label for label, _ in every], width)
    figure = _figure(width, 3.2 + LINE * ceil(len(every) / abreast))
    for number, quantity in enumerate(shown, start=1):
        name = quantity.name
        axes = figure.add_subplot(1, len(shown), number)
        for index, (label, series) in enumerate(every):
            if name in series:
                for _, replica in series.groupby("replica"):
                    colour = COLOURS[index % len(COLOURS)]
                    axes.plot(replica["time_ps"], replica[name], color=colour, label=label, linewidth=0.9)
        axes.set_xlabel("time / ps")
        axes.set_ylabel(quantity.heading)
        if quantity.from_zero:
            axes.set_ylim(bottom=0)
        if quantity is ANCHOR:
            anchors = [
                f"{anchor} in {places[site]}{content.of(name)}"
                for (name, site), anchor in content.anchors.items()
            ]
            joined = ", ".join(anchors)
            axes.set_title(joined if columns(joined) * LETTER < 3.6 else ",\n".join(anchors), fontsize=8)
    _legend(figure, abreast)
    return _svg(figure)


def _energies(content: ReportContent) -> str:
    """Plot the mean interaction energy of each complex with two standard errors; what is not credible is hollow."""
    called = complex_labels(content)
    rows = [
        (index, content.label(complex_.subject), row)
        for index, complex_ in enumerate(content.simulated)
        for row in content.rows_of("simulations", complex_)
        if row["quantity"] == INTERACTION.name
    ]
    labels = [called[label] + (" (not credible)" if label in content.doubts else "") for _, label, _ in rows]
    figure = _figure(5.0 + _width(labels), 0.6 + 0.45 * max(1, len(content.simulated)))
    axes = figure.add_subplot()
    for place, (index, label, row) in enumerate(rows):
        axes.errorbar(
            [row["mean"]],
            [place],
            xerr=[2 * row["error"]] if row["error"] == row["error"] else None,
            fmt="o",
            capsize=4,
            color=COLOURS[index % len(COLOURS)],
            markerfacecolor="white" if label in content.doubts else None,
        )
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(f"{INTERACTION.heading}  (mean ± 2 SE)")
    return _svg(figure)


def _contact_map(content: ReportContent, place: tuple[str, str]) -> str:
    """Plot which residues each ligand touches in one site, by the fraction of frames."""
    import numpy as np

    called = complex_labels(content)
    occupancy = {
        called[content.label(complex_.subject)]: dict(
            zip(complex_.contacts["residue"], complex_.contacts["occupancy"], strict=True)
        )
        for complex_ in content.simulated
        if complex_.place == place and complex_.contacts is not None
    }
    highest: dict[str, float] = {}
    for table in occupancy.values():
        for residue, value in table.items():
            highest[residue] = max(value, highest.get(residue, 0.0))
    chosen = sorted(highest, key=lambda residue: -highest[residue])[:SHOWN_RESIDUES]
    chosen.sort(key=lambda residue: int("".join(filter(str.isdigit, residue)) or 0))
    values = np.array([[table.get(r, 0.0) for r in chosen] for table in occupancy.values()])
    figure = _figure(
        max(4.0, 0.42 * len(chosen)) + 1.0 + _width(occupancy), 1.3 + 0.35 * max(1, len(occupancy))
    )
    axes = figure.add_subplot()
    image = axes.imshow(
        values.reshape(len(occupancy), len(chosen)), vmin=0, vmax=1, cmap="Blues", aspect="auto"
    )
    axes.set_xticks(range(len(chosen)), chosen, rotation=90, fontsize=8)
    axes.set_yticks(range(len(occupancy)), list(occupancy), fontsize=8)
    figure.colorbar(image, ax=axes, label="fraction of frames", pad=0.01)
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _width(labels: Iterable[str]) -> float:
    """Return the width of the widest of some labels, in inches."""
    return LETTER * max(map(columns, labels), default=0)


def _abreast(labels: Sequence[str], width: float) -> int:
    """Return how many entries of a legend have room beside each other in a figure of a width in inches."""
    return max(1, min(4, len(labels), int(width / (_width(labels) + HANDLE))))


def _legend(figure: Figure, abreast: int = 4) -> None:
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=min(abreast, len(handles)),
            fontsize=8,
        )


def _svg(figure: Figure) -> str:
    from matplotlib.text import Text

    for label in figure.findobj(Text):  # a dollar sign in a name is no formula
        label.set_parse_math(False)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
