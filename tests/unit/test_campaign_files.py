"""Campaign files as people leave them: damaged in any way, a file is read or refused in one line of our own."""

import re
import string
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dock.campaign.plan import Planner
from dock.campaign.settings import CampaignSettings, read_settings, template, templates
from dock.core.errors import DockError
from dock.workflow.store import Store

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.search(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
FILES = [*map(template, templates()), EXAMPLE]
# What a slip of the hand, another program or another language puts into a file.
SLIPS = [
    "\t", " ", "  ", "\n", ":", ": ", "- ", "#", "'", '"', "{", "}", "[", "]", "&a ", "*a", "!!python/name:x ", "!!binary ",
    "|", ">", "%", "@", "`", "\0", "\x07", "\ufeff", "é", "расчёт", "NO", "null", "~", "0", "-1", "1e400", ".nan", ".inf",
    "5 ps", "2026-11-27", "12:30:45", "0x1F", "<<: ", "? ", "---\n", "...\n", "\r", "\u2028", "\ud800", "C[N+](C)(C)C",
]  # fmt: skip


@st.composite
def damaged(draw):
    """A campaign file with up to four slips."""
    text = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        put = draw(st.sampled_from(["", "", *SLIPS]) | st.text(string.printable, max_size=4))
        text = text[:start] + put + text[end:]
        if draw(st.booleans()):
            lines = text.splitlines(keepends=True)
            moved = lines.pop(draw(st.integers(0, len(lines) - 1))) if lines else ""
            lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(["", moved, moved * 2])))
            text = "".join(lines)
    return text


WORDS = [
    "sert",
    "CCO",
    "F/C=C/F",
    "CCN(CC",
    "sertralin",
    "library.smi",
    "5 ps",
    "-5 ps",
    "5 kg",
    "x" * 300,
    "",
    " ",
    "../x",
]
NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.binary(max_size=3) | st.sampled_from(WORDS),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "name", "smiles", 5]), each, max_size=2),
    max_leaves=4,
)  # fmt: skip


def places(content, above=()):
    """Every place of a tree, as the keys that lead there."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content if isinstance(content, list) else ())
    )
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


@st.composite
def replaced(draw):
    """A campaign file with something else in the place of one of its values."""
    content = yaml.safe_load(draw(st.sampled_from(FILES)))
    *above, last = draw(st.sampled_from(list(places(content))))
    inside = content
    for key in above:
        inside = inside[key]
    inside[last] = draw(NODES)
    return yaml.safe_dump(content, allow_unicode=True)


def planned(text):
    """Read a campaign file in a folder of its own and plan it, as `dock run --dry-run` does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "library.smi").write_text("CCO ethanol\n")
        (folder / "c.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        read = read_settings(folder / "c.yaml")
        return read, Planner(read, Store(folder, {})).steps(lambda _: False)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=damaged() | replaced())
@example(text="ligands: [NO]")
@example(text="ligands: {a: &a [*a]}")
@example(text="a: &a [*a, *a]\nligands: *a")
@example(text="? [a]\n: b")
@example(text="simulation: {production: 2026-11-27}")
def test_a_damaged_campaign_file_is_planned_or_refused_in_one_line(text):
    try:
        read, steps = planned(text)
    except DockError as refusal:
        error = refusal
    else:
        assert steps
        again = yaml.safe_load(yaml.safe_dump(read.model_dump(mode="json"), allow_unicode=True))
        assert CampaignSettings(**again) == read
        return
    assert error.exit_code == 2
    assert "\n" not in str(error)


def test_the_example_of_the_readme_can_be_planned_as_it_stands():
    read, steps = planned(EXAMPLE)
    assert [ligand.name for ligand in read.ligands] == ["sertraline", "my-amine"]
    assert str(read.simulation.frame_interval) == "0.5 ps"
    kinds = Counter(step.kind for step in steps)
    assert {kind: kinds[kind] for kind in ("ligand", "dock", "refine", "simulate")} == {
        "ligand": 3, "dock": 10, "refine": 4, "simulate": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("ligands: CCO", ["CCO"]),
        ("ligands: [CCO, {smiles: CCN}, {name: mine, smiles: CCC}, {name: CCCO}]", ["CCO", "CCN", "mine", "CCCO"]),
        ("ligands: [F/C=C/F, 'F/C=C\\F', F/C=C/F]", None),
        ("ligands: [F/C=C/F, 'F/C=C\\F']", ["F_C=C_F", "F_C=C_F_2"]),
        ("ligands: [Sertraline, 5-ht]", ["sertraline", "serotonin"]),
        ("ligands: [escitalopram]\noccupied_by: CC(=O)Nc1ccccc1", ["escitalopram", "CC(=O)Nc1ccccc1"]),
        ("ligands: [CCO]\noccupied_by: CCO", ["CCO"]),
        ("ligands: [CCO]\noccupied_by: SSRI", None),
        ("ligands: [{name: mine, smiles: CCO}]\noccupied_by: CCO", ["mine"]),
    ],
)  # fmt: skip
def test_a_smiles_stands_where_a_ligand_is_named(content, names):
    """The gate's ligand, escitalopram, is planned too."""
    if names is None:
        with pytest.raises(DockError, match=r"F_C=C_F is named more than once|SSRI: is no known ligand"):
            planned(content)
        return
    _, steps = planned(f"{content}\ncross_docking: false\n")
    made = [step for step in steps if step.kind == "ligand"]
    assert list(dict.fromkeys([*names, "escitalopram"])) == [step.name for step in made]
    own = [step for step in made if step.smiles and step.ph is not None]
    assert all(step.smiles in content for step in own)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("ligands: [sertralin]", r"sertralin: is no known ligand.* did you mean 'sertraline'.* is given by its SMILES"),
        ("ligands: [(S)-citaloprm]", r"did you mean 's-citalopram'"),
        ("ligands: [CCN(CC]", r"CCN\(CC: is no known ligand and no valid SMILES; check brackets"),
        ("ligands: [true]", r"'ligands': YAML reads a word of it as True: put names and SMILES into quotes"),
        ("ligand: CCO", r"'ligand' is an unknown setting; did you mean 'ligands'"),
        ("ligands: [CCO, {smile: C}]", r"'ligands.1.smile' is an unknown setting; did you mean 'smiles'"),
        ("simulation: {producton: 5 ps}", r"did you mean 'production'"),
        ("production: 5 ps", r"did you mean 'simulation.production'"),
        ("seeds: [1, 2]", r"did you mean 'docking.seeds'"),
        ("kind: site", r"did you mean .*'simulation.system.kind'"),
        ("receptor_sites: {a: {centre: [0, 0, 0]}}", r"'receptor_sites.a.centre' is an unknown setting; did you mean 'center'"),
        ("foo: 1", r"'foo' is an unknown setting; known here: receptor, "),
        ("docking: {engines: vnia}", r"vnia is no docking engine; did you mean 'vina'"),
        ("simulation: {system: membrain}", r"did you mean 'membrane'"),
        ("sites: [ortosteric]", r"did you mean 'orthosteric'"),
        ("receptor: sertt", r"did you mean 'sert'"),
        ("simulation: 5 ps", r"'simulation': '5 ps' is no mapping; write \{name: value"),
        ("receptor: 5", r"'receptor': 5 is no text; put it into quotes"),
        ("ligands: [[NH3+]CC]", r"put SMILES and names with signs into quotes"),
    ],
)  # fmt: skip
def test_what_is_misspelt_is_told_the_nearest(content, line):
    with pytest.raises(DockError, match=line):
        planned(content)
