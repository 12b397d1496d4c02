"""Atomic files: a result that is present is complete."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dock.core.errors import OutputError
from dock.core.keys import KEY_LENGTH, content_key

MAX_STEM = 180  # bytes; file systems take names of 255, and a temporary file's is longer

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
CACHE_ADVICE = "set DOCK_CACHE to another folder, with room"
LONGEST_PART = 20  # characters of a name that a temporary file keeps, whose own must not be longer


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it when the block ends well.

    The temporary name keeps the suffix, since writers choose a format by it. When the
    block raises, the temporary file is removed and `path` is left as it was.

    Parameters
    ----------
    path
        The file to be written. Its folder is made where missing.

    Raises
    ------
    OutputError
        If its folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    suffix = path.suffix if len(path.suffix) <= LONGEST_PART else ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem[:LONGEST_PART]}-", suffix=suffix, dir=path.parent
        )
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        with suppress(PermissionError):  # file systems of other systems have no such rights
            temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if error.errno in FULL:
            raise _unwritable(path, error) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def is_there(path: Path | str) -> bool:
    """Return whether a text is the path of something: that it can be none is no error."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, with a null character, or in a folder that is closed to us
        return False


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
    if sys.getfilesystemencoding().lower() != "utf-8" and not str(path.absolute()).isascii():
        raise OutputError(
            path, "is no path that libraries in C++ open in this locale", "start Python with PYTHONUTF8=1"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error
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

    held = FileLock(folder / ".lock", timeout=0)
    try:
        held.acquire()
    except Timeout as error:
        raise OutputError(folder, "another 'dock' command is at work here", "wait, or use -o") from error
    except (OSError, NotImplementedError) as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        held.release()


@contextmanager
def waited_for(lock: Path) -> Iterator[None]:
    """Wait until no other process holds a lock, a file, and hold it.

    Raises
    ------
    OutputError
        If there can be no such file.
    """
    from filelock import FileLock

    held = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except (OSError, NotImplementedError) as error:
        raise _unwritable(lock.parent, error) from error
    try:
        yield
    finally:
        held.release()


def cache_folder() -> Path:
    """Return the folder for what may be computed again: `DOCK_CACHE`, or the user's cache.

    Raises
    ------
    OutputError
        If neither is known.
    """
    try:
        configured = os.environ.get("DOCK_CACHE")
        if configured:
            return Path(configured).expanduser()
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sertdock"
    except RuntimeError as error:  # a user without an entry in the machine's list of them
        raise OutputError("DOCK_CACHE", "there is no home folder to keep a cache in", CACHE_ADVICE) from error


def writable_cache() -> Path:
    """Return the cache once it is sure that it can be written to: work that needs it finds that out at once.

    Raises
    ------
    OutputError
        If it cannot.
    """
    return output_folder(cache_folder())


def _unwritable(path: Path, error: OSError | NotImplementedError) -> OutputError:
    """Return the error for a place that cannot be written to, which says by what it is chosen."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    problem = f"cannot be written to ({reason})"
    with suppress(OutputError):  # there is no cache
        if path.absolute().is_relative_to(cache_folder().absolute()):
            return OutputError(path, f"the cache {problem}", CACHE_ADVICE)
    return OutputError(path, problem, "name another folder with -o")
