"""Revisions: what makes results of other code other results, although inputs and versions are the same.

A version says too little: an editable installation keeps the one it was installed with, and two commits share one.
So every kind of step, and of what is cached, has a revision in its key. Raise it by one whenever the code gives other
results for the same inputs; `tests/revisions.py` keeps the record that a test holds the code against.
"""

from __future__ import annotations

# Of the steps of a campaign.
REVISIONS: dict[str, int] = {
    "receptor": 2,
    "ligand": 2,
    "dock": 2,
    "gate": 2,
    "crossdock": 2,
    "refine": 6,
    "membrane": 4,
    "simulate": 4,
    "analyse": 4,
    "region": 2,
}
# Of what the cache holds.
CACHES: dict[str, int] = {
    "prepared receptor": 2,
    "typed receptor": 2,
    "receptor parameters": 2,
    "molecule parameters": 2,
    "ligand parameters": 2,
    "charges": 2,
    "bilayer": 6,
}


def revision(kind: str) -> list[str | int]:
    """Return the kind of a step, or of something cached, with its revision: a part of its key.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return [kind, {**REVISIONS, **CACHES}[kind]]
