"""Plots of a report, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dock.report.content import ReportComplex

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SERIES = {
    "ligand_rmsd_A": "ligand RMSD from docked pose / Å",
    "anchor_distance_A": "amine to anchor / Å",
    "interaction_kcal_mol": "interaction energy / kcal mol⁻¹",
}
SHOWN_RESIDUES = 24


def time_series(complexes: Sequence[ReportComplex], anchors: Mapping[str, str]) -> str:
    """Plot RMSD, amine distance and interaction energy of every complex over time, a line a replica.

    Parameters
    ----------
    anchors
        The residue that amines are measured against, by site.
    """
    simulated = [c for c in complexes if c.series is not None]
    columns = [name for name in SERIES if any(name in c.series for c in simulated if c.series is not None)]
    figure = _figure(4.4 * max(1, len(columns)), 3.4)
    for number, name in enumerate(columns, start=1):
        axes = figure.add_subplot(1, len(columns), number)
        for index, complex_ in enumerate(simulated):
            if complex_.series is not None and name in complex_.series:
                for _, replica in complex_.series.groupby("replica"):
                    axes.plot(
                        replica["time_ps"],
                        replica[name],
                        color=COLOURS[index % len(COLOURS)],
                        label=complex_.label,
                        linewidth=0.9,
                    )
        axes.set_xlabel("time / ps")
        axes.set_ylabel(SERIES[name])
        if not name.startswith("interaction"):
            axes.set_ylim(bottom=0)
        if name == "anchor_distance_A":
            axes.set_title(", ".join(f"{anchor} in {site}" for site, anchor in anchors.items()), fontsize=8)
    _legend(figure)
    return _svg(figure)


def averages(
    complexes: Sequence[ReportComplex], simulations: Any, quantity: str, doubts: Mapping[str, str]
) -> str:
    """Plot the mean of a quantity for each complex with two standard errors.

    Parameters
    ----------
    simulations : pandas.DataFrame
        Columns ligand, site, quantity, mean, error.
    doubts
        Why complexes are not credible, by their label; they are drawn hollow.
    """
    chosen = simulations[simulations["quantity"] == quantity].set_index(["ligand", "site"])
    figure = _figure(7.0, 0.6 + 0.45 * max(1, len(complexes)))
    axes = figure.add_subplot()
    labels: list[str] = []
    for index, complex_ in enumerate(complexes):
        if (complex_.ligand, complex_.site) not in chosen.index:
            continue
        row = chosen.loc[(complex_.ligand, complex_.site)]
        axes.errorbar(
            [row["mean"]],
            [len(labels)],
            xerr=[2 * row["error"]] if row["error"] == row["error"] else None,
            fmt="o",
            capsize=4,
            color=COLOURS[index % len(COLOURS)],
            markerfacecolor="white" if complex_.label in doubts else None,
        )
        labels.append(complex_.label + (" (not credible)" if complex_.label in doubts else ""))
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(f"{SERIES[quantity]}  (mean ± 2 SE)")
    return _svg(figure)


def contact_map(complexes: Sequence[ReportComplex], site: str) -> str:
    """Plot which residues each ligand touches in one site, by the fraction of frames."""
    import numpy as np

    here = [c for c in complexes if c.site == site and c.contacts is not None]
    occupancy = {
        c.label: dict(zip(c.contacts["residue"], c.contacts["occupancy"], strict=True))
        for c in here
        if c.contacts is not None
    }
    highest: dict[str, float] = {}
    for table in occupancy.values():
        for residue, value in table.items():
            highest[residue] = max(value, highest.get(residue, 0.0))
    chosen = sorted(highest, key=lambda residue: -highest[residue])[:SHOWN_RESIDUES]
    chosen.sort(key=lambda residue: int("".join(filter(str.isdigit, residue)) or 0))
    values = np.array([[table.get(r, 0.0) for r in chosen] for table in occupancy.values()])
    figure = _figure(max(6.0, 0.42 * len(chosen) + 2.0), 1.3 + 0.35 * max(1, len(here)))
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


def _legend(figure: Figure) -> None:
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=min(4, len(handles)),
            fontsize=8,
        )


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
