"""What one input of a kind came to."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Case:
    """One input: right, refused (a typed error, or counted as failed with its reason), or wrong.

    Anything that is lost, taken for something else or ends in a traceback is wrong.
    """

    name: str
    outcome: Literal["right", "refused", "wrong"]
    note: str = ""
