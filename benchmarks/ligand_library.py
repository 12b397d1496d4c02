"""Measure the preparation of a library: 10,000 lines, 2 % of them broken on purpose.

python benchmarks/ligand_library.py

The library is made of the catalogue by putting substituents on its aromatic rings. Prepares its first
1,000 lines, then all of them, with `dock ligand`, and rewrites the section between the markers in
benchmarks/RESULTS.md.
"""

from __future__ import annotations

import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from section import replace_section

LINES, FIRST = 10_000, 1_000
BROKEN_EVERY = 50
SALT_EVERY = 10
SUBSTITUENTS = (
    "F",
    "Cl",
    "Br",
    "C",
    "CC",
    "O",
    "OC",
    "C#N",
    "C(F)(F)F",
    "C(C)=O",
    "N(C)C",
    "S(C)(=O)=O",
    "OCC",
    "C(C)C",
)
BROKEN = {
    "unclosed-ring": b"CN(C)CCC1CCCC",
    "open-bracket": b"C[NH+(C)CCc1ccccc1",
    "five-valent-carbon": b"CC(C)(C)(C)(C)N",
    "no-element": b"CCXyCCN",
    "no-kekule": b"c1ccccc1c1cccc1CN",
    "empty": b'""',
    "text": b"see-supplement",
    "platinum": b"N[Pt](N)(Cl)Cl",
    "radical": b"C[CH]CN(C)C",
    "query-atom": b"*CCN(C)C",
    "inorganic": b"[Na+].[Cl-]",
    "two-drugs": b"CC(=O)Oc1ccccc1C(=O)O.Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "giant": b"C" * 150 + b"N",
    "128-isomers": b"CC(F)C(F)C(F)C(F)C(F)C(F)C(F)CN",
    "impossible-cage": b"C[C@]12CC[C@@](C)(CC1)C2",
    "latin-1": b"CC\xe9N",
    "control-character": b"CC\x07N",
    "too-long": b"C" * 200_000,
}  # fmt: skip


@dataclass
class Run:
    """A run of `dock ligand`: its time, its peak memory, and what it wrote."""

    seconds: float
    core_seconds: float
    parent: int  # bytes, as are those of the workers
    workers: dict[int, int] = field(default_factory=dict)
    summary: str = ""
    ligands: pd.DataFrame = field(default_factory=pd.DataFrame)
    failures: pd.DataFrame = field(default_factory=pd.DataFrame)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        library = Path(scratch) / "library.smi"
        rows = list(library_rows(LINES))
        library.write_bytes(b"".join(rows))
        small = Path(scratch) / "small.smi"
        small.write_bytes(b"".join(rows[:FIRST]))
        runs = {FIRST: prepare(small), LINES: prepare(library)}
    replace_section("ligand_library.py", report(runs))


def library_rows(number: int) -> Iterator[bytes]:
    """Yield the lines of the library, every fiftieth broken."""
    analogues = catalogue_analogues()
    kinds = list(BROKEN)
    for line in range(number):
        if line % BROKEN_EVERY == BROKEN_EVERY - 1:
            kind = kinds[line // BROKEN_EVERY % len(kinds)]
            yield BROKEN[kind] + f" broken-{kind}-{line}\n".encode()
        else:
            name, smiles = next(analogues)
            salt = ".Cl" if line % SALT_EVERY == 0 else ""
            yield f"{smiles}{salt} {name}-{line}\n".encode()


def catalogue_analogues() -> Iterator[tuple[str, str]]:
    """Yield distinct analogues of the catalogue's ligands with one to three substituents, without end."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    from dock.core.catalogue import ligands

    draw = random.Random(1)
    scaffolds = [
        (entry.name, rdMolStandardize.Uncharger().uncharge(Chem.MolFromSmiles(entry.smiles)))
        for entry in ligands().values()
        if entry.smiles
    ]
    pieces = [Chem.MolFromSmiles(smiles) for smiles in SUBSTITUENTS]
    seen = set()
    while True:
        name, scaffold = draw.choice(scaffolds)
        made = Chem.RWMol(scaffold)
        places = [atom.GetIdx() for atom in made.GetAtoms() if atom.GetIsAromatic() and atom.GetTotalNumHs()]
        places = [place for place in places if made.GetAtomWithIdx(place).GetAtomicNum() == 6]
        for place in draw.sample(places, min(len(places), draw.randint(1, 3))):
            first = made.GetNumAtoms()
            made.InsertMol(draw.choice(pieces))
            made.AddBond(place, first, Chem.BondType.SINGLE)
        Chem.SanitizeMol(made)
        smiles = Chem.MolToSmiles(made)
        if smiles not in seen:
            seen.add(smiles)
            yield name, smiles


def prepare(library: Path) -> Run:
    """Run `dock ligand` on a library and watch the memory of its processes."""
    output = library.with_suffix(".sdf")
    command = [sys.executable, "-m", "dock.cli.main", "ligand", str(library), "-o", str(output)]
    started = time.perf_counter()
    before = core_seconds()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        run = Run(0.0, 0.0, 0)
        watch = threading.Thread(target=watch_memory, args=(process, run))
        watch.start()
        assert process.stdout is not None
        run.summary = process.stdout.read().splitlines()[-1]
        process.wait()
        run.seconds = time.perf_counter() - started
        watch.join()
    run.core_seconds = core_seconds() - before
    run.ligands = pd.read_csv(output.with_suffix(".csv"))
    run.failures = pd.read_csv(output.with_suffix(".failures.csv"))
    return run


def core_seconds() -> float:
    """Return the processor time of every process that this one started and that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def watch_memory(process: subprocess.Popen[str], run: Run) -> None:
    """Follow the peak resident memory of a process and its children, in bytes."""
    while process.poll() is None:
        run.parent = max(run.parent, resident(process.pid))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            pids = [
                int(pid)
                for path in children.parent.parent.glob("*/children")
                for pid in path.read_text().split()
            ]
        except OSError:
            pids = []
        for pid in pids:
            run.workers[pid] = max(run.workers.get(pid, 0), resident(pid))
        time.sleep(0.2)


def resident(pid: int) -> int:
    """Return the peak resident memory of a process so far, in bytes; 0 if it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def report(runs: dict[int, Run]) -> str:
    """Return the section as Markdown; fail if a count does not add up."""
    from dock.core.workers import available_cores

    run = runs[LINES]
    prepared = run.ligands["origin"].nunique()
    assert prepared + len(run.failures) == LINES, run.summary
    unexpected = run.failures[~run.failures["origin"].isin(broken_origins())]
    missed = set(broken_origins()) - set(run.failures["origin"])
    kinds = Counter(plain(problem) for problem in run.failures["problem"])
    sizes = {lines: (one.parent, max(one.workers.values(), default=0)) for lines, one in runs.items()}
    return "\n".join(
        [
            f"`dock ligand library.smi -o out.sdf` on {available_cores()} cores, defaults: pH 7.4, every isomer,",
            "protomers of a share of 0.25 and more, one relaxed conformer each. The library is the catalogue with",
            f"one to three substituents on its aromatic rings, one line in {SALT_EVERY} a hydrochloride, one in",
            f"{BROKEN_EVERY} broken in one of {len(BROKEN)} ways (`benchmarks/ligand_library.py`).",
            "",
            "| | |",
            "|---|---|",
            f"| lines in | {LINES} |",
            f"| lines prepared | {prepared} |",
            f"| lines failed | {len(run.failures)} |",
            f"| of {len(broken_origins())} broken lines, prepared all the same | {len(missed)} |",
            f"| of {LINES - len(broken_origins())} good lines, failed | {len(unexpected)} |",
            f"| ligands out | {len(run.ligands)} |",
            f"| time | {run.seconds:.0f} s |",
            f"| core seconds | {run.core_seconds:.0f} |",
            f"| ligands per core second | {len(run.ligands) / run.core_seconds:.1f} |",
            f"| lines per second | {LINES / run.seconds:.1f} |",
            f"| **ligands per second** | **{len(run.ligands) / run.seconds:.1f}** |",
            "",
            "| peak resident memory / MB | parent | largest worker |",
            "|---|---|---|",
            *(
                f"| {n} lines | {parent / 1e6:.0f} | {worker / 1e6:.0f} |"
                for n, (parent, worker) in sizes.items()
            ),
            "",
            "| why lines failed | lines |",
            "|---|---|",
            *(f"| {problem} | {number} |" for problem, number in kinds.most_common()),
        ]
    )


def broken_origins() -> list[str]:
    return [f"library.smi:{line}" for line in range(BROKEN_EVERY, LINES + 1, BROKEN_EVERY)]


def plain(problem: str) -> str:
    """Return a problem without what is special to one molecule."""
    problem = re.sub(r"'.*'", "...", problem)
    problem = re.sub(r"\(.*\)", "(...)", problem)
    return re.sub(r"holds (?:\*|[A-Z][a-z]?)(?:, \S+)*,", "holds an element,", problem)


if __name__ == "__main__":
    main()
