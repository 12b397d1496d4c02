"""Names of ligands: made of titles, whatever those hold, so that each can name a file and no two the same one."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 80
MAX_BYTES = 120  # as UTF-8; the name of a file also holds receptor, site and suffix, in 255 bytes
# Names that Windows keeps for devices, whatever their suffix.
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def safe_name(text: str) -> str:
    """Return a name that can be a file's, close to a text.

    One line of printable characters, without separators and leading dots, of at most 80 characters and 120 bytes.
    """
    plain = "".join(character if character.isprintable() else " " for character in text)
    plain = unicodedata.normalize("NFC", plain)
    name = _cut(re.sub(r"[/\\]", "_", " ".join(plain.split())).lstrip(". ")) or "unnamed"
    return f"{name}_" if name.partition(".")[0].casefold() in RESERVED else name


def unique_name(name: str, used: dict[int, int]) -> str:
    """Return a name with a number at its end if it was used before, in whatever case.

    Parameters
    ----------
    used
        How often each name was used, by `name_key`; taken on from call to call.
    """
    unique = name
    while name_key(unique) in used:
        used[name_key(name)] += 1
        unique = f"{name}_{used[name_key(name)]}"
    used[name_key(unique)] = 1
    return unique


def name_key(name: str) -> int:
    """Return a number that is the same for names that some file systems do not tell apart."""
    return hash(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()))


def _cut(name: str) -> str:
    if len(name.encode()) > MAX_BYTES:
        name = name.encode()[:MAX_BYTES].decode(errors="ignore")
    return name[:MAX_CHARACTERS].rstrip()
