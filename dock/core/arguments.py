"""Arguments of the Python interface: what is of another type is refused in words of what it should be."""

from __future__ import annotations

from typing import Any

from dock.core.errors import InputError

SHOWN = 60  # characters of a wrong argument in an error


def require(value: Any, kinds: tuple[type, ...], what: str, advice: str) -> None:
    """Refuse an argument that is of none of the types.

    Parameters
    ----------
    what
        What it should be, such as ``pose``.
    advice
        How to get one.

    Raises
    ------
    InputError
        If it is of none of them.
    """
    if not isinstance(value, kinds):
        raise InputError(shown(value), f"is no {what}", advice)


def several(values: Any) -> list[Any] | tuple[Any, ...]:
    """Return the items of a list.

    Raises
    ------
    InputError
        If it is something else, such as one item alone.
    """
    if not isinstance(values, list | tuple):
        raise InputError(shown(values), "is no list", "give several in a list: [first, second]")
    return values


def shown(value: Any) -> str:
    """Return a value as an error shows it: on one line, and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
