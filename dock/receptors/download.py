"""Downloads: what arrives is complete and is what was asked for, or another site is tried."""

from __future__ import annotations

import gzip
import http.client
import io
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from dock.core.errors import StructureError
from dock.core.files import atomic_path

SILENCE = 15  # seconds without a byte before a site is given up
TIME_LIMIT = 180  # seconds for one download
SIZE_LIMIT = 2**30  # bytes, unpacked
CHUNK = 2**16


def download(
    code: str, urls: Iterable[str], target: Path, check: Callable[[bytes], None], advice: str
) -> Path:
    """Download from the first site that delivers, into a file that is there whole or not at all.

    Parameters
    ----------
    code
        What is downloaded, for errors.
    urls
        Where it may be had, best first. What ends in ``.gz`` is unpacked, its checksum tested.
    target
        The file to write, unpacked.
    check
        Called with what arrived; raises ValueError if it is not what was asked for.

    Raises
    ------
    StructureError
        If no site delivers; it names each with what went wrong.
    """
    problems = []
    for url in urls:
        try:
            content = _fetch(url)
            check(content)
        except (OSError, http.client.HTTPException, ValueError, EOFError, zlib.error) as error:
            problems.append(f"{url}: {_reason(error)}")
            continue
        with atomic_path(target) as temporary:
            temporary.write_bytes(content)
        return target
    problem = f"is in no mirror and could not be downloaded ({'; '.join(problems)})"
    raise StructureError(code, problem, advice)


def _fetch(url: str) -> bytes:
    """Return the unpacked content of a URL."""
    started = time.monotonic()
    parts = []
    size = 0
    with urllib.request.urlopen(url, timeout=SILENCE) as answer:
        # read1 returns what is there: a site that drips meets the time limit too.
        while chunk := answer.read1(CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise ValueError(f"is larger than {SIZE_LIMIT} bytes")
            if time.monotonic() - started > TIME_LIMIT:
                raise TimeoutError(f"took more than {TIME_LIMIT} s")
        announced = answer.headers.get("Content-Length")
    if announced is not None and announced.isdigit() and int(announced) != size:
        raise ValueError(f"{size} of {announced} bytes arrived")
    content = b"".join(parts)
    return _unpacked(content) if url.endswith(".gz") else content


def _unpacked(content: bytes) -> bytes:
    with gzip.open(io.BytesIO(content)) as packed:
        unpacked = packed.read(SIZE_LIMIT + 1)
    if len(unpacked) > SIZE_LIMIT:
        raise ValueError(f"unpacks to more than {SIZE_LIMIT} bytes")
    return unpacked


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__
