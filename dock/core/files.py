"""Atomic files: a result that is present is complete."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dock.core.errors import OutputError
from dock.core.keys import KEY_LENGTH, content_key

MAX_STEM = 180  # bytes; file systems take names of 255, and a temporary file's is longer


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends well.

    The temporary name keeps the suffix, since writers choose a format by it. When the
    block raises, the temporary file is removed and `path` is left as it was.

    Parameters
    ----------
    path
        The file to be written. Its folder is made where missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` to `path` atomically, as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, content: Any) -> None:
    """Write `content` to `path` atomically, as indented JSON that a person can read."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path | str) -> Any:
    """Read a JSON file."""
    path = Path(path)
    return json.loads(path.read_text(encoding="utf-8"))


def file_stem(text: str) -> str:
    """Return a text as the first part of a file's name: without separators, and short enough for any suffix.

    What is longer than 180 bytes as UTF-8 is cut and ends in a hash of the whole.
    """
    plain = text.replace("/", "_").replace("\\", "_")
    if len(plain.encode()) <= MAX_STEM:
        return plain
    return f"{plain.encode()[: MAX_STEM - KEY_LENGTH - 1].decode(errors='ignore')}-{content_key(text)}"


def output_folder(path: Path | str) -> Path:
    """Make `path` a folder that can be written to, and return it.

    Raises
    ------
    OutputError
        If it cannot be made, is not a folder or does not take a file.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OutputError(
            path, f"cannot be written to ({error.strerror})", "name another folder with -o"
        ) from error
    return path


def output_file(path: Path | str) -> Path:
    """Make sure that a file can be written to `path`, and return it.

    Raises
    ------
    OutputError
        If the path is a folder, or its folder cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(path, "is a folder", "name a file with -o")
    output_folder(path.parent)
    return path


@contextmanager
def alone_in(folder: Path | str) -> Iterator[None]:
    """Refuse to work in a folder that another process works in.

    Raises
    ------
    OutputError
        If one does.
    """
    folder = Path(folder)
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise OutputError(folder, "another 'dock' command is at work here", "wait, or use -o") from error


def cache_folder() -> Path:
    """Return the folder for what may be computed again: `DOCK_CACHE`, or the user's cache."""
    configured = os.environ.get("DOCK_CACHE")
    if configured:
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sertdock"
