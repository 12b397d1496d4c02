"""Where a site is: its box, where a user gave that, or what is near its centre."""

import numpy as np
import pytest

from dock.core.catalogue import MAX_EDGE, SiteEntry
from dock.core.errors import SettingsError
from dock.receptors.settings import ReceptorSettings, parse_site
from dock.receptors.site import OUTSIDE, Site, assign_site, merge_sites, sites_around

BLIND = Site("blind", (0.0, 0.0, 0.0), (80.0, 60.0, 40.0), None)
POCKET = Site("pocket", (10.0, 0.0, 0.0))
OTHER = Site("other", (20.0, 0.0, 0.0))
SITES = {site.name: site for site in (BLIND, POCKET, OTHER)}


def at(*place):
    """Two atoms around a place."""
    return np.array(place) + np.array([[0.5, 0, 0], [-0.5, 0, 0]])


@pytest.mark.parametrize(
    ("place", "searched", "lies_in"),
    [
        ((39, 29, 19), "blind", "blind"),
        ((39, 29, 19), "pocket", "blind"),
        ((41, 0, 0), "blind", OUTSIDE),
        ((0, 31, 0), "blind", OUTSIDE),
        ((0, 0, 21), "blind", OUTSIDE),
        ((9, 0, 0), "blind", "blind"),  # in the pocket, too, but that was not asked
        ((9, 0, 0), "pocket", "pocket"),
        ((9, 0, 0), "", "pocket"),
        ((16, 0, 0), "pocket", "other"),  # nearer to its centre, though within reach of both
        ((30, 0, 0), "other", "blind"),
        ((0, 0, -15), "", "blind"),
    ],
)
def test_a_pose_lies_in_the_box_that_a_user_gave_or_near_a_centre(place, searched, lies_in):
    assert assign_site(at(*place), SITES, searched) == lies_in


def test_of_boxes_in_boxes_the_smaller_holds_what_was_searched_for_elsewhere():
    part = Site("part", (5.0, 0.0, 0.0), (20.0, 20.0, 20.0), None)
    sites = {"blind": BLIND, "part": part, "other": OTHER}
    assert assign_site(at(12, 0, 0), sites) == "part"
    assert assign_site(at(12, 0, 0), sites, "blind") == "blind"
    assert sites_around(at(12, 0, 0), sites) == ["blind", "part"]
    assert sites_around(at(9, 0, 0), SITES) == ["blind", "pocket"]
    assert sites_around(at(0, 50, 0), SITES) == []


def test_a_wide_box_is_no_other_name_of_the_site_at_its_middle():
    middle = Site("s1", (1.0, 0.0, 0.0), synonyms=("central",))
    assert set(merge_sites({"s1": middle}, {"blind": BLIND})) == {"s1", "blind"}
    own = Site("mine", (0.0, 0.0, 0.0), (22.0, 24.0, 26.0), None)
    assert merge_sites({"s1": middle}, {"mine": own})["mine"].synonyms == ("s1", "central")
    assert list(merge_sites({"s1": middle}, {"mine": own})) == ["mine"]


@pytest.mark.parametrize(
    ("fields", "edges", "reach"),
    [
        ({"center": [0, 0, 0], "box": [80, 70, 126]}, (80, 70, 126), None),
        ({"center": [0, 0, 0], "box": [24, 24, 24]}, (24, 24, 24), None),
        ({"center": [0, 0, 0], "box": [80, 70, 60], "radius": 9}, (80, 70, 60), 9),
        ({"center": [0, 0, 0]}, (24, 24, 24), 7),
        ({"residues": ["ASP98"], "box": [80, 70, 60]}, (80, 70, 60), 7),
        ({"ligand": "68P", "box": [80, 70, 60], "radius": 5}, (80, 70, 60), 5),
    ],
)
def test_a_box_with_a_centre_is_the_site_and_stays_it(fields, edges, reach):
    entry = SiteEntry(**fields)
    assert (entry.edges, entry.reach) == (edges, reach)
    if entry.center is not None:
        site = Site.from_entry("x", entry)
        again = Site.from_entry("x", SiteEntry(**site.to_entry()))
        assert (again.box, again.radius) == (edges, reach)
        assert again == site


def test_the_limit_of_a_box_is_named():
    assert parse_site(f"a=1,2,3:{MAX_EDGE},30,20")[1].edges == (MAX_EDGE, 30, 20)
    with pytest.raises(SettingsError, match=r"an edge of 127 A: the engines' grids end at 126 A"):
        parse_site("a=1,2,3:20,127,20")
    with pytest.raises(SettingsError, match="an edge of 0 A; each of the three must be greater than 0"):
        SiteEntry(center=(0, 0, 0), box=(0, 1, 1))


def test_places_beside_a_box_are_measured_from_its_sides():
    assert BLIND.gap(np.array([[46.0, 0, 0], [0, 0, 100.0]])) == pytest.approx(6.0)
    assert BLIND.gap(np.array([[43.0, 34.0, 0]])) == pytest.approx(5.0)
    assert BLIND.gap(np.array([[0.0, 0, 0]])) == 0.0


@pytest.mark.parametrize(
    "name",
    [
        "pocket-2",
        "S1_b",
        "\u043a\u0430\u0440\u043c\u0430\u043d",
        "\u90e8\u4f4d",
        "\u0938\u093f\u0930\u093e",
        "poche-\u00e9",
    ],
)
def test_sites_are_named_in_any_script(name):
    box = {"center": [0, 0, 0], "box": [80, 80, 80]}
    assert parse_site(f"{name}=0, 0, 0: 80, 80 ,80") == (name, SiteEntry(**box))
    assert list(ReceptorSettings(sites={name: box}).sites) == [name]
    assert parse_site("e\u0301=0,0,0")[0] == "\u00e9"  # in one form


@pytest.mark.parametrize("name", ["a b", "a/b", "_a", "-a", "", ".a", "a.b", "x" * 41, "\u043a" * 21])
def test_what_cannot_name_a_site_is_said_to_be_the_name(name):
    with pytest.raises(SettingsError, match=f"'{name}' cannot name a site: letters, digits"):
        parse_site(f"{name} = 0,0,0:80,80,80".removeprefix(" "))


def test_blanks_beside_separators_mean_nothing():
    assert parse_site("a = ASP98, TYR95")[1].residues == ("ASP98", "TYR95")
    with pytest.raises(SettingsError, match="is no site; write NAME="):
        parse_site("a=1 2,3,4")
