"""Titles that are too long, or of characters that no file's name takes."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, pose, prepared, sdf
from dock.core.files import file_stem

TITLES = {
    "long": "(2R,3S)-4-[[1-oxo-2-[[(2S)-1-oxo-3-phenyl-2-amino]propan-2-yl]amino]-pentan-2-yl]" * 4,
    "long, Chinese": "\u5316\u5408\u7269" * 100,
    "long, accents that are two characters": "e\u0301" * 200,
    "emoji": "\U0001f48a pill " * 30,
    "slashes": "a/../../b\\c",
    "leading dots": "...hidden",
    "only dots": "..",
    "only spaces": "     ",
    "quotes": "5'-(2\"-amino) `x` $HOME; rm",
    "reserved on Windows": "CON",
    "reserved with a suffix": "nul.sdf",
    "control characters": "a\u0085b\u200bc",
    "right to left": "\u202eabc \u05d0\u05d1",
    "a path": "/etc/passwd",
    "a percent sign and a colon": "100 %: x?*<>|",
}
LONGEST = 255  # bytes of a file's name


def cases(folder: Path) -> Iterator[Case]:
    for name, title in TITLES.items():
        path = folder / "titles.sdf"
        mol = pose("Oc1ccccc1", title)
        path.write_text(sdf(mol), encoding="utf-8")
        (step,) = given(path)
        ((_, made),) = prepared(path)
        safe = not isinstance(made, Exception) and all(
            _can_be_made(folder, each) for each in (step.name, made[0].name)
        )
        kept = " ".join(step.title.split()) == (" ".join(title.split()) or "titles-1")
        yield Case(name, "right" if safe and kept else "wrong", f"{step.name!r} of {step.title!r}")


def _can_be_made(folder: Path, name: str) -> bool:
    """Return whether names as a run folder's can be made of a ligand's name, in the folder itself."""
    stem = f".{file_stem(f'sert-{name}-orthosteric')}-1-abcdefgh.cif"
    path = folder / "out" / stem
    path.parent.mkdir(exist_ok=True)
    try:
        path.write_text("")
    except OSError:
        return False
    plain = not name.startswith(".") and name.isprintable() and not set(name) & set("/\\")
    return plain and path in path.parent.iterdir() and len(stem.encode()) <= LONGEST
