import gzip
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import gemmi
import pytest

from dock.core.errors import InputError, StructureError
from dock.receptors import download, source
from dock.receptors.source import find_entry, find_source

ALA = """HEADER    TEST                                    01-JAN-20   9XYZ
ATOM      1  N   ALA A   1      -0.677  -1.230  -0.491  1.00  0.00           N
ATOM      2  CA  ALA A   1      -0.001   0.064  -0.491  1.00  0.00           C
ATOM      3  C   ALA A   1       1.499  -0.110  -0.491  1.00  0.00           C
ATOM      4  O   ALA A   1       2.030  -1.227  -0.502  1.00  0.00           O
END
"""


@pytest.fixture(scope="module")
def entry():
    """A small but complete mmCIF entry, as bytes."""
    structure = gemmi.read_pdb_string(ALA)
    structure.name = "9XYZ"
    structure.setup_entities()
    return (structure.make_mmcif_document().as_string() + "#\n").encode()


@pytest.fixture
def server(entry, monkeypatch, tmp_path):
    """A web server that answers by the first part of the path, and keeps count."""
    asked, clock = [], [0.0]
    packed = gzip.compress(entry)
    answers = {
        "good": packed,
        "truncated": packed[: len(packed) // 2],
        "cut": gzip.compress(entry[: entry.rfind(b"ATOM") + 30]),
        "other": gzip.compress(entry.replace(b"9XYZ", b"1ABC")),
        "page": gzip.compress(b"<html>not found</html>"),
        "plain": b"<html>busy</html>",
        "short": packed,
        "slow": packed,
        "empty": b"",
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind = self.path.split("/")[1]
            asked.append(kind)
            body = answers.get(kind)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + (100 if kind == "short" else 0)))
            self.end_headers()
            with suppress(OSError):
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    if kind == "slow":
                        clock[0] += 1.0  # as if a second had passed
                        self.wfile.flush()
                        time.sleep(0.01)

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()

    def offer(*kinds):
        root = f"http://127.0.0.1:{httpd.server_port}"
        sites = tuple(f"{root}/{kind}/{{middle}}/{{lower}}.cif.gz" for kind in kinds)
        monkeypatch.setattr(source, "ENTRY_SITES", sites)
        asked.clear()

    monkeypatch.setenv("DOCK_STRUCTURES", str(tmp_path / "none"))
    monkeypatch.setenv("DOCK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(download, "TIME_LIMIT", 10)
    offer.asked = asked
    offer.cache = tmp_path / "cache" / "structures"
    yield offer
    httpd.shutdown()


def test_an_entry_is_downloaded_once_and_whole(server, entry):
    server("good")
    path = find_entry("9xyz")
    assert path.read_bytes() == entry
    assert find_entry("9XYZ") == path
    assert server.asked == ["good"]


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("truncated", "Compressed file ended|end-of-stream"),
        ("cut", "no mmCIF file|truncated"),
        ("other", "is entry 1ABC"),
        ("page", "no mmCIF file"),
        ("plain", "Not a gzipped file"),
        ("short", "bytes arrived|IncompleteRead|more expected"),
        ("slow", "took more than 10 s"),
        ("empty", "no mmCIF file|unnamed"),
        ("missing", "HTTP status 404"),
    ],
)
def test_what_is_not_the_entry_is_not_taken(server, entry, kind, problem):
    server(kind)
    with pytest.raises(StructureError, match=problem):
        find_entry("9XYZ")
    assert not list(server.cache.glob("*"))
    server(kind, "good")
    assert find_entry("9XYZ").read_bytes() == entry
    assert server.asked == [kind, "good"]


def test_no_site_answers(server, monkeypatch):
    monkeypatch.setattr(source, "ENTRY_SITES", ("http://127.0.0.1:9/{lower}.cif.gz",))
    with pytest.raises(StructureError, match="set DOCK_STRUCTURES"):
        find_entry("9XYZ")
    assert not list(server.cache.glob("*"))


@pytest.mark.parametrize(
    "name",
    ["9XYZ.pdb", "9xyz.pdb", "9xyz.cif", "pdb9xyz.ent", "xy/pdb9xyz.ent.gz", "xy/9xyz.cif.gz", "9XYZ.cif.gz"],
)
def test_mirrors_are_searched_under_the_names_that_archives_use(monkeypatch, tmp_path, name):
    monkeypatch.setenv("DOCK_STRUCTURES", str(tmp_path))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    assert find_entry("pdb_00009xyz") == tmp_path / name


def test_of_a_model_the_latest_version_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCK_STRUCTURES", str(tmp_path))
    for version in (4, 6):
        (tmp_path / f"AF-P31645-F1-model_v{version}.pdb").write_text("x")
    assert find_source("af-p31645").name == "AF-P31645-F1-model_v6.pdb"


@pytest.mark.parametrize(
    ("given", "problem"),
    [("nosuch.pdb", "no such file"), ("serd", "did you mean 'sert'"), ("", "is a folder|is no known")],
)
def test_what_is_no_source_says_what_one_is(given, problem):
    with pytest.raises(InputError, match=problem):
        find_source(given)
