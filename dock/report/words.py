"""Numbers and findings in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
Row = dict[str, Any]
Standing = Literal["good", "open", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that a run says, or does not.

    Attributes
    ----------
    subject : str
        What it is about.
    verdict : str
        In a word or two.
    text : str
        With the numbers.
    standing : str
        ``good`` where the numbers support it, ``open`` where they decide nothing, ``bad`` where something is wrong.
    """

    subject: str
    verdict: str
    text: str
    standing: Standing = "open"


@dataclass(frozen=True)
class Topic:
    """Findings of one kind.

    Attributes
    ----------
    heading : str
    findings : sequence of Finding
    rule : str
        By which rule the verdicts were given.
    """

    heading: str
    findings: Sequence[Finding]
    rule: str = ""


def known_text(value: object) -> bool:
    """Return whether a cell of a table holds words; one that is empty comes back from a file as NaN."""
    return isinstance(value, str) and bool(value)


def known(value: Any) -> bool:
    """Return whether a value was measured."""
    return value is not None and value == value


def number(value: Any, digits: int = 2) -> str:
    """Format a number, with a dash for what was not measured."""
    return f"{value:.{digits}f}".replace("-", MINUS) if known(value) else MISSING


def signed(value: float, digits: int = 1) -> str:
    """Format a difference with its sign."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def with_error(value: float, error: Any, digits: int = 1) -> str:
    """Format a value with its error, or say that none is known."""
    spread = f" ± {number(error, digits)}" if known(error) else " (no error known)"
    return number(value, digits) + spread


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return ``1 replica``, ``3 replicas``."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def listed(items: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
