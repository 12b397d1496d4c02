"""Kinds of input that once came out wrong: how many of each are right, refused and wrong now.

Each module of this folder is a kind: its docstring says which, and `cases(folder)` makes inputs in a folder,
gives them to the product and yields a `Case` for each. Run as `python -m benchmarks.inputs [MODULE...]`
with DOCK_STRUCTURES set.
"""

import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> None:
    names = names or sorted(path.stem for path in Path(__file__).parent.glob("k*.py"))
    print("| kind | inputs | right | refused | wrong |\n|---|---|---|---|---|", flush=True)
    for name in names:
        module = import_module(f"benchmarks.inputs.{name}")
        with tempfile.TemporaryDirectory() as folder:
            cases = list(module.cases(Path(folder)))
        counts = Counter(case.outcome for case in cases)
        numbers = " | ".join(str(counts[outcome]) for outcome in ("right", "refused", "wrong"))
        print(f"| {module.__doc__.strip().rstrip('.')} | {len(cases)} | {numbers} |", flush=True)
        for case in cases:
            if case.outcome == "wrong":
                print(f"{name}: {case.name}: {case.note}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
