"""Shifted columns, chains of two letters, and other PDB files that are not to the letter."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.structures import at, chained, content, every_piece, judged, moved, same_places

Form = Callable[[list[str]], list[str]]
FORMS: dict[str, tuple[Form, str]] = {
    "one to the right": (lambda lines: [f"{line[:6]} {line[6:]}" for line in lines], "A"),
    "two to the right": (lambda lines: [f"{line[:6]}  {line[6:]}" for line in lines], "A"),
    "one to the left": (lambda lines: [line[:6] + line[7:] for line in lines], "A"),
    "from the chain on, to the right": (lambda lines: [f"{line[:21]} {line[21:]}" for line in lines], "A"),
    "from the chain on, to the left": (lambda lines: [line[:20] + line[21:] for line in lines], "A"),
    "from the number on": (lambda lines: [f"{line[:22]} {line[22:]}" for line in lines], "A"),
    "coordinates to the right": (lambda lines: [f"{line[:30]} {line[30:]}" for line in lines], "A"),
    "indented": (lambda lines: [f"   {line}" for line in lines], "A"),
    "tabs": (lambda lines: ["\t".join(line.split()) for line in lines], "A"),
    "single spaces": (lambda lines: [" ".join(line.split()) for line in lines], "A"),
    "names glued": (lambda lines: [line[:16] + line[17:] for line in lines], "A"),
    "serials over 99999": (lambda lines: [f"{line[:6]}{int(line[6:11]) + 100_000}{line[11:]}" for line in lines], "A"),
    "serials as stars": (lambda lines: [f"{line[:6]}*****{line[11:]}" for line in lines], "A"),
    "serials as hybrid-36": (lambda lines: [f"{line[:6]}A{int(line[6:11]) % 10_000:04d}{line[11:]}" for line in lines], "A"),
    "two letters in 21 and 22": (lambda lines: chained(lines, "AB"), "AB"),
    "two letters in 22 and 23": (lambda lines: [f"{line[:21]}AB{line[23:]}" for line in lines], "AB"),
    "two letters, all shifted": (lambda lines: [f"{line[:21]}AB{line[22:]}" for line in lines], "AB"),
    "chain in column 21": (lambda lines: [f"{line[:20]}A {line[22:]}" for line in lines], "A"),
    "numbers of five digits": (lambda lines: [f"{line[:22]}{at(line) + 12_000:5d}{line[27:]}" for line in lines], "A"),
    "no chain": (lambda lines: chained(lines, ""), "A"),
    "no element": (lambda lines: [line[:66] for line in lines], "A"),
    "only coordinates": (lambda lines: [line[:54] for line in lines], "A"),
    "names to the left": (lambda lines: [f"{line[:12]}{line[12:16].strip():<4}{line[16:66]}" for line in lines], "A"),
    "code and count at the end": (lambda lines: [f"{line[:72]}1ABC{n % 10_000:4d}" for n, line in enumerate(lines)], "A"),
    "AutoDock's types": (lambda lines: [f"{line[:66]}    +0.123 {'OA' if line[13] == 'O' else line[13]:<2}" for line in lines], "A"),
    "small letters": (lambda lines: [line.lower() for line in lines], "a"),
    "several frames": (lambda lines: [*lines, "END", *moved(lines, 3), "END"], "A"),
    "models": (lambda lines: ["MODEL        1", *lines, "ENDMDL", "MODEL        2", *moved(lines, 9), "ENDMDL"], "A"),
    "cut off": (lambda lines: [*lines[:-1], lines[-1][:45]], "A"),
    "a segment's name": (lambda lines: [f"{line[:72]}PROA{line[76:]}" for line in chained(lines, "")], "A"),
}  # fmt: skip


def cases(folder: Path) -> Iterator[Case]:
    """Yield each form of each piece; right is every residue in its chain, every atom where it is."""
    for form, (changed, chain) in FORMS.items():
        for code, protein, _, count in every_piece():
            yield judged(
                folder / "x.pdb",
                changed(protein),
                lambda entry, lines=protein, count=count, chain=chain: (
                    content(entry)[0] == {chain: count} and same_places(entry, lines, chain)
                ),
                f"{form}, {code}",
            )
