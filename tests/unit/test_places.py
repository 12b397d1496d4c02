"""Folders that cannot be written to: refused at once, in words of what chooses them."""

import errno
import os
from pathlib import Path

import pytest

from dock.campaign import Campaign
from dock.core.errors import OutputError
from dock.core.files import atomic_path, cache_folder, is_there, output_folder, waited_for, write_text
from dock.ligands.written import written_smiles


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/none"])
def test_a_cache_that_cannot_be_written_to_is_said_before_any_work(place, tmp_path, monkeypatch):
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("DOCK_CACHE", str(tmp_path / place))
    campaign = Campaign(folder=tmp_path / "run")
    with pytest.raises(
        OutputError, match=r"the cache cannot be written to \(.*\); set DOCK_CACHE to"
    ) as caught:
        campaign.run("inline", watch=lambda _: pytest.fail("a step was begun"))
    assert caught.value.exit_code == 2
    for call in (lambda: write_text(cache_folder() / "parameters" / "x.xml", ""), _wait):
        with pytest.raises(OutputError, match="DOCK_CACHE"):
            call()


def _wait():
    with waited_for(cache_folder() / "charges" / "x.lock"):
        pass


def test_a_full_disk_is_said_of_the_file_that_found_no_room(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCK_CACHE", str(tmp_path / "cache"))

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        OutputError, match=r"cache/x: the cache cannot be written to \(No space left.*DOCK_CACHE"
    ):
        write_text(tmp_path / "cache" / "x", "text")
    with pytest.raises(OutputError, match=r"run/x: cannot be written to \(No space left.* with -o"):
        write_text(tmp_path / "run" / "x", "text")
    assert not list(tmp_path.rglob(".*"))


def test_a_user_without_a_home_is_asked_for_a_cache(monkeypatch, tmp_path):
    for name in ("DOCK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(OutputError, match="DOCK_CACHE: there is no home folder"):
        cache_folder()
    write_text(tmp_path / "x", "text")  # what needs no cache goes on
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("DOCK_CACHE", "~/dock")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "dock"


@pytest.mark.parametrize("name", ["x" * 251 + ".sdf", "ё" * 125 + ".csv", "a." + "b" * 250])
def test_a_file_may_have_as_long_a_name_as_the_disk_allows(name, tmp_path):
    with atomic_path(tmp_path / name) as temporary:
        temporary.write_text("text")
    assert (tmp_path / name).read_text() == "text"


def test_a_text_that_can_be_no_path_is_nothing_that_is_there(tmp_path):
    assert is_there(tmp_path)
    assert not any(map(is_there, ("x" * 5000, "x" * 300, "a\0b", tmp_path / "no")))


def test_a_path_that_libraries_could_not_open_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "ascii")
    assert output_folder(tmp_path / "plain")
    with pytest.raises(OutputError, match="start Python with PYTHONUTF8=1"):
        output_folder(tmp_path / "Zoë")


@pytest.mark.parametrize(
    ("text", "smiles"), [("CCO", "CCO"), (" CCN ", "CCN"), ("5-HT", None), ("sertraline", None)]
)
def test_a_text_is_a_name_of_the_catalogue_or_a_smiles(text, smiles):
    assert written_smiles(text) == smiles
