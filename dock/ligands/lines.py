"""Lines of a text file, gzipped or not: lazily, whatever their ends and encoding, bounded in length."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dock.core.errors import LibraryError

MAX_LENGTH = 100_000  # characters; the longest line that can hold a drug-like molecule is far shorter
GZIP_MAGIC = b"\x1f\x8b"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Line:
    """A line of a file, numbered from 1, without its end; or what is wrong there."""

    number: int
    text: str = ""
    problem: str = ""
    advice: str = ""


def file_lines(path: Path, progress: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
    """Yield the lines of a file.

    Ends of lines may be of any system. The text is UTF-8 with or without its mark; a line that
    is not is taken as Windows-1252, of which Latin-1 is a part. A line that is too long or holds control
    characters, and the end of a damaged gzip file, come as a problem.

    Parameters
    ----------
    progress
        Called now and then with the number of the file's bytes that have been read.

    Raises
    ------
    LibraryError
        If the file cannot be opened, or is neither text nor gzip as its name says. This is
        found before the first line is asked for.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
    except OSError as error:
        raise LibraryError(path, f"cannot be read ({error.strerror})", "check the path") from error
    zipped = start == GZIP_MAGIC
    if path.suffix.lower() == ".gz" and not start:
        raise LibraryError(path, "is empty", "make or fetch it again")
    if path.suffix.lower() == ".gz" and not zipped:
        raise LibraryError(path, "is no gzip file", "rename it if it is plain text")
    if start in UTF16_MARKS:
        raise LibraryError(path, "is UTF-16 text", "save it as UTF-8")
    return _lines(path, zipped, progress)


def _lines(path: Path, zipped: bool, progress: Callable[[int], None]) -> Iterator[Line]:
    number = 0
    with path.open("rb") as raw:
        unpacked: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
        # Latin-1 takes any byte, so that no line can stop the reader; each is decoded on its own.
        with io.TextIOWrapper(unpacked, encoding="latin-1", newline=None) as text:
            while True:
                try:
                    line, whole = _next_line(text)
                except (OSError, EOFError, zlib.error) as error:
                    problem = f"the file is damaged after line {number} ({error})"
                    yield Line(number + 1, problem=problem, advice="make or fetch it again")
                    return
                if not line:
                    return
                number += 1
                progress(raw.tell())
                yield _line(number, line, whole)


def _next_line(text: io.TextIOWrapper) -> tuple[str, bool]:
    """Return the next line, or its beginning where it is too long, and whether it is whole."""
    line = rest = text.readline(MAX_LENGTH)
    while len(rest) == MAX_LENGTH and not rest.endswith("\n"):
        rest = text.readline(MAX_LENGTH)
    return line, rest is line


def _line(number: int, line: str, whole: bool) -> Line:
    if not whole:
        return Line(number, problem=f"is longer than {MAX_LENGTH} characters", advice="split it")
    text = _decoded(line.encode("latin-1"))
    text = text.removesuffix("\n")
    if number == 1:
        text = text.removeprefix(BYTE_ORDER_MARK)
    if any(ord(character) < 32 and character != "\t" for character in text):
        return Line(number, problem="holds control characters", advice="check that the file is text")
    return Line(number, text)


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")
