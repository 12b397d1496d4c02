"""Content keys: the same inputs, settings and software give the same key on any machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

KEY_LENGTH = 16


def content_key(content: Any) -> str:
    """Return a short stable hash of JSON-like content.

    Parameters
    ----------
    content
        Nested dictionaries, lists, strings, numbers, booleans and None. The order of
        dictionary keys does not matter.

    Returns
    -------
    str
        The first 16 hexadecimal digits of the SHA-256 of the canonical JSON text.

    Raises
    ------
    TypeError
        If `content` holds anything that JSON cannot express.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
