"""Real structures, a real campaign and a real browser, made once for all tests."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from dock.campaign import Campaign
from dock.docking.search import Search, search_site
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand
from dock.receptors import Receptor

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Files of tests by how long they take together, so that no process is left with a long one at the end.
LONGEST_FIRST = (
    "campaign", "docking", "preparation", "mishaps", "stopping", "screen", "packaging", "refinement", "engine",
    "membrane", "simulate", "dynamics", "cli", "library", "analysis", "routes", "failed_searches", "null",
)  # fmt: skip
SHORT_CAMPAIGN = """
docking: {seeds: [1], ring_conformers: 1}
simulation: {equilibration: 0.2 ps, production: 0.8 ps, frame_interval: 40 fs, replicas: 2,
  system: {kind: site}}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first."""
    places = {f"test_{name}": place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def lacking(what: str) -> None:
    """Skip with a reason, or fail where everything is required."""
    if os.environ.get("DOCK_TESTS_REQUIRE") == "all":
        pytest.fail(f"{what}, and DOCK_TESTS_REQUIRE=all")
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let Ctrl-C reach the tests' children: a shell's background job ignores it, and so would they."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that all processes of the tests share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session", autouse=True)
def cache(shared):
    """Keep the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCK_CACHE", str(shared / "cache"))
        yield shared / "cache"


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of raw structure files."""
    named = os.environ.get("DOCK_STRUCTURES", "")
    folder = Path(named.split(os.pathsep)[0]) if named else None
    if folder is None or not (folder / "5I71.pdb").is_file():
        lacking("DOCK_STRUCTURES names no folder with 5I71.pdb")
    assert folder is not None
    return folder


@pytest.fixture(scope="session")
def browser() -> str:
    """The path of Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        lacking("no Chromium on the PATH")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def receptor() -> Receptor:
    return Receptor.from_catalogue("sert")


@pytest.fixture(scope="session")
def escitalopram() -> Ligand:
    return Ligand.from_catalogue("escitalopram")


@pytest.fixture(scope="session")
def r_citalopram() -> Ligand:
    return Ligand.from_catalogue("r-citalopram")


@pytest.fixture(scope="session")
def sertraline() -> Ligand:
    return Ligand.from_catalogue("sertraline")


@pytest.fixture(scope="session")
def searched(shared, receptor):
    """Dock once for all processes of the tests."""

    def call(ligand, site, seeds) -> Search:
        path = shared / f"{ligand.name}-{site}.pickle"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                settings = DockingSettings(seeds=seeds, ring_conformers=1)
                found = search_site(receptor, ligand, receptor.site(site), settings, threads=2)
                path.write_bytes(pickle.dumps(found))
            return pickle.loads(path.read_bytes())

    return call


@pytest.fixture(scope="session")
def redocked(searched, escitalopram) -> Search:
    """S-citalopram docked into the orthosteric site with seeds 1 to 3."""
    return searched(escitalopram, "orthosteric", (1, 2, 3))


@pytest.fixture(scope="session")
def allosteric(searched, r_citalopram) -> Search:
    """R-citalopram docked into the allosteric site."""
    return searched(r_citalopram, "allosteric", (1,))


@dataclass
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def dock_command():
    """Call the command line as a user does, in a process of its own."""

    def call(*arguments, cwd=None, timeout=1800, **environment) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "dock.cli.main", *map(str, arguments)],
            cwd=cwd,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def short_run(dock_command, shared) -> Campaign:
    """The default campaign with short simulations, run from the command line."""
    folder = shared / "campaign"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "run" / "report.html").exists():
            (folder / "short.yaml").write_text(SHORT_CAMPAIGN)
            done = dock_command("run", "short.yaml", "-o", "run", cwd=folder)
            assert done.code == 0, done.out + done.err
    return Campaign.open(folder / "run")
