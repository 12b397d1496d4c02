"""Where a raw structure comes from: the user's mirror, the cache, or the wwPDB."""

from __future__ import annotations

import http.client
import os
import urllib.request
from pathlib import Path

from dock.core.errors import StructureError
from dock.core.files import atomic_path, cache_folder

SUFFIXES = (".pdb", ".cif")
# Two wwPDB partners: when one is down or wrong, the other is asked.
DOWNLOADS = (
    "https://files.rcsb.org/download/{upper}.pdb",
    "https://www.ebi.ac.uk/pdbe/entry-files/download/pdb{lower}.ent",
)
TIME_LIMIT = 30  # seconds for one download


def mirrors() -> list[Path]:
    """Return the folders named by `DOCK_STRUCTURES`."""
    named = os.environ.get("DOCK_STRUCTURES", "")
    return [Path(folder) for folder in named.split(os.pathsep) if folder]


def find_entry(code: str) -> Path:
    """Return the file of a PDB entry, downloading it where no mirror has it.

    Raises
    ------
    StructureError
        If it is neither at hand nor to be had.
    """
    for folder in [*mirrors(), cache_folder() / "structures"]:
        for name in (code.upper(), code.lower()):
            for suffix in SUFFIXES:
                if (folder / f"{name}{suffix}").is_file():
                    return folder / f"{name}{suffix}"
    return _download(code)


def _download(code: str) -> Path:
    target = cache_folder() / "structures" / f"{code.upper()}.pdb"
    problems = []
    for template in DOWNLOADS:
        url = template.format(upper=code.upper(), lower=code.lower())
        try:
            with urllib.request.urlopen(url, timeout=TIME_LIMIT) as answer:
                text = answer.read().decode("ascii")
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
            problems.append(f"{url}: {error}")
            continue
        if not text.startswith("HEADER") or not text.rstrip().endswith("END"):
            problems.append(f"{url}: what arrived is not a complete PDB file")
            continue
        with atomic_path(target) as temporary:
            temporary.write_text(text)
        return target
    raise StructureError(
        code,
        f"the entry is in no mirror and could not be downloaded ({'; '.join(problems)})",
        "set DOCK_STRUCTURES to a folder that holds it",
    )
