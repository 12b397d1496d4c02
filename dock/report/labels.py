"""Labels of figures: names cut to what a figure has room for, each still told from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from unicodedata import combining, east_asian_width

from dock.report.content import ReportContent

LIGAND, PLACE = 30, 20  # columns that the name of a ligand, and of a site or receptor, takes at most
CUT = "\N{HORIZONTAL ELLIPSIS}"


def complex_labels(content: ReportContent) -> dict[str, str]:
    """Return what figures call each complex, by its label in words."""
    complexes = content.complexes
    ligands = short_names((complex_.ligand for complex_ in complexes), LIGAND)
    places = place_names(content)
    receptors = short_names(content.receptors, PLACE)
    return {
        content.label(complex_.subject): f"{ligands[complex_.ligand]} in {places[complex_.site]}"
        + (f" of {receptors[complex_.receptor]}" if content.several else "")
        for complex_ in complexes
    }


def place_names(content: ReportContent) -> dict[str, str]:
    """Return what figures call each site."""
    return short_names((site for _, site in content.places), PLACE)


def columns(text: str) -> int:
    """Return how wide a text is, in Latin letters: those of East Asia are twice as wide."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def short_names(names: Iterable[str], width: int) -> dict[str, str]:
    """Return names that are no wider than so many columns, different ones for different names.

    A name that is too wide is shown by its start and its end; those that are alike in these, by where they first differ
    as well; those that are still alike, by a number.
    """
    distinct = list(dict.fromkeys(names))
    short = {name: name if columns(name) <= width else _ends(name, width) for name in distinct}
    for alike in _alike(short):
        common = _in_common(alike)
        short |= {name: _around(name, common, width) for name in alike if columns(name) > width}
    left = [name for alike in _alike(short) for name in alike if columns(name) > width]
    taken = {form for name, form in short.items() if name not in left}
    for name in left:
        short[name] = next(form for form in _numbered(name, width) if form not in taken)
        taken.add(short[name])
    return short


def _alike(short: Mapping[str, str]) -> list[list[str]]:
    """Return the names that have one short form, group by group."""
    groups = defaultdict(list)
    for name, form in short.items():
        groups[form].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _in_common(names: Sequence[str]) -> int:
    """Return how many of their first letters names have in common."""
    return next(
        (place for place, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1),
        min(map(len, names)),
    )


def _start(text: str, width: int) -> str:
    """Return as many of the first letters as there is room for."""
    kept = len(text)
    while columns(text[:kept]) > width:
        kept -= 1
    return text[:kept]


def _numbered(name: str, width: int) -> Iterator[str]:
    """Yield a name's start with one number after the other."""
    for number in count(1):
        mark = f"{CUT} ({number})"
        yield _start(name, width - columns(mark)) + mark


def _ends(name: str, width: int) -> str:
    tail = _start(name[::-1], width // 3)[::-1]
    return f"{_start(name, width - 1 - columns(tail))}{CUT}{tail}"


def _around(name: str, place: int, width: int) -> str:
    """Return a name by its start and by what stands at a place of it."""
    start = _start(name, width // 3)
    if place <= len(start):
        return _start(name, width - 1) + CUT
    rest = name[place:]
    shown = _start(rest, width - columns(start) - 2)
    return f"{start}{CUT}{shown}{CUT if len(shown) < len(rest) else ''}"
