"""Revisions: what makes results of other code other results, although inputs and versions are the same.

A version says too little: an editable installation keeps the one it was installed with, and two commits share one.
So every kind of step (in its class, `dock.steps`), and of what is cached (here), has a revision in its key. Raise it by
one whenever the code gives other results for the same inputs; `tests/revisions.py` keeps the record that a test holds
the code against.
"""

from __future__ import annotations

# Of what the cache holds.
CACHES: dict[str, int] = {
    "prepared receptor": 4,
    "typed receptor": 3,
    "receptor parameters": 3,
    "molecule parameters": 2,
    "ligand parameters": 2,
    "charges": 2,
    "bilayer": 6,
}


def revision(kind: str) -> list[str | int]:
    """Return the kind of something cached with its revision: a part of its key.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return [kind, CACHES[kind]]
