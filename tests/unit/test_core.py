import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dock.core import ambertools, catalogue
from dock.core.errors import DockError, InputError, OutputError, SettingsError, UnknownNameError
from dock.core.files import atomic_path, output_folder, write_json, write_text
from dock.core.keys import content_key
from dock.core.records import Record, read_yaml, software_versions
from dock.core.units import Length, Quantity, Time


class Timing(Record):
    duration: Time
    size: Length = Quantity("1 nm")


def test_quantities_keep_their_unit_and_convert():
    timing = Timing(duration="20 ps")
    assert timing.duration.value_in("fs") == pytest.approx(20_000)
    assert timing.size.value_in("angstrom") == pytest.approx(10)
    assert Timing(**timing.model_dump(mode="json")) == timing


@pytest.mark.parametrize("value", ["20", 20, "20 kg", "-1 ps", "0 ps", "nan ps", "inf ps", "ps ps ps", ""])
def test_quantities_without_a_fitting_unit_are_refused(value):
    with pytest.raises(ValueError, match="duration"):
        Timing(duration=value)


@pytest.mark.parametrize(
    "value",
    ["298,15 ps", "2,5 ps", "1 500 ps", "2 h, 30", "5 ps 3", "5±1 ps", "9**9**9 ps", "5 ps**9**9**9", "5 ps*3", "5 Ps", "1e400 ps"],
)  # fmt: skip
def test_a_quantity_is_one_number_and_units_and_nothing_is_computed(value):
    with pytest.raises(ValueError, match="duration"):
        Timing(duration=value)


@pytest.mark.parametrize("value", ["20ps", "2e4 fs", " .02 ns ", "+20. ps", "20 ps^1", "2e-5 µs"])
def test_a_quantity_is_read_however_it_is_written(value):
    assert Timing(duration=value).duration.value_in("ps") == pytest.approx(20)


@given(st.text(max_size=30))
def test_no_text_breaks_a_quantity(text):
    with suppress(ValueError):
        assert Timing(duration=text).duration.value_in("ps") > 0


def test_a_setting_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_text("ligands: [sertraline]\nsites: [orthosteric]\nligands: [paroxetine]\n")
    with pytest.raises(SettingsError, match="'ligands' stands twice, in lines 1 and 3"):
        read_yaml(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_text("a: {x: 1}\nb: {x: 2}\n")
    assert read_yaml(tmp_path / "c.yaml") == {"a": {"x": 1}, "b": {"x": 2}}


def test_only_plain_words_and_numbers_are_more_than_text(tmp_path):
    """A ligand may be called NO; 010 is no 8, and 1:30 no 90."""
    (tmp_path / "c.yaml").write_text("a: NO\nb: 010\nc: 1:30\nd: true\ne: -12\nf: 0\ng: 0.5\nh: on\n")
    assert read_yaml(tmp_path / "c.yaml") == {
        "a": "NO", "b": "010", "c": "1:30", "d": True, "e": -12, "f": 0, "g": 0.5, "h": "on",
    }  # fmt: skip


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_a_content_key_survives_a_round_trip_through_json(content):
    assert content_key(content) == content_key(json.loads(json.dumps(content)))


def test_content_keys_ignore_order_and_tell_contents_apart():
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
    assert content_key([1]) == "080a9ed428559ef6"  # stable between versions and machines


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    target = tmp_path / "result.json"
    write_json(target, {"good": True})
    with pytest.raises(UnicodeEncodeError), atomic_path(target) as temporary:
        temporary.write_text("half a resu\udc00", encoding="utf-8")
    assert json.loads(target.read_text()) == {"good": True}
    assert list(tmp_path.iterdir()) == [target]


def test_json_that_is_not_a_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"value": float("nan")})
    assert not (tmp_path / "x.json").exists()


def test_an_output_folder_that_is_a_file_is_refused(tmp_path):
    write_text(tmp_path / "file", "")
    with pytest.raises(OutputError, match="name another folder"):
        output_folder(tmp_path / "file" / "below")


def test_errors_are_one_line_with_the_input_and_the_advice():
    error = InputError("x.yaml", "is\nbroken", "mend it")
    assert str(error) == "x.yaml: is broken; mend it"
    assert error.exit_code == 2
    assert isinstance(error, ValueError)
    assert DockError("a", "b").exit_code == 1


def test_the_catalogue_knows_synonyms_and_suggests_names():
    assert catalogue.ligand("S-Citalopram").name == "escitalopram"
    with pytest.raises(UnknownNameError, match="did you mean 'sertraline'"):
        catalogue.ligand("sertralin")
    with pytest.raises(UnknownNameError, match="known: sert"):
        catalogue.target("nothing")


def test_the_sites_of_sert_are_where_the_markers_were_measured():
    sites = catalogue.target("sert").sites
    assert sites["orthosteric"].center == (-32.67, -20.74, 1.86)
    assert sites["allosteric"].center == (-42.11, -13.46, 0.12)


def test_ambertools_is_told_by_what_it_is_and_not_by_who_packaged_it(tmp_path, monkeypatch):
    """Three layouts: programs on the PATH, behind scripts as on PyPI, behind scripts as conda has them."""

    def laid_out(name, behind, program=b"\x7fELF sqm", data="gaff2"):
        root = tmp_path / name
        for folder in {"bin", behind}:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for tool in ("antechamber", "sqm"):
            if behind != "bin":
                (root / "bin" / tool).write_text(f"#!/bin/sh\nexec {root}/{behind}/{tool}\n")
            (root / behind / tool).write_bytes(program)
        (root / "bin" / "antechamber").chmod(0o755)
        (root / "dat" / "leap" / "parm").mkdir(parents=True)
        (root / "dat" / "leap" / "parm" / "gaff2.dat").write_text(data)
        return root

    def told(root):
        monkeypatch.setattr("sysconfig.get_path", lambda _: str(root / "bin"))
        return ambertools.fingerprint.__wrapped__()

    monkeypatch.setenv("PATH", "")
    same = {
        told(laid_out("a", "bin")),
        told(laid_out("b", "lib/ambertools/bin")),
        told(laid_out("c", "bin/wrapped_progs")),
    }
    assert len(same) == 1
    assert told(laid_out("d", "bin", program=b"\x7fELF another")) not in same
    assert told(laid_out("e", "bin", data="gaff3")) not in same
    assert told(tmp_path / "nowhere") == "absent"


def test_versions_hold_the_ambertools_that_is_there():
    ambertools.fingerprint.cache_clear()
    versions = software_versions()
    assert re.fullmatch("[0-9a-f]{16}", versions["ambertools"])
