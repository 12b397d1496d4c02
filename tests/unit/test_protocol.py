"""How often frames are kept where nobody says so."""

import pytest
import yaml

from dock.campaign import Campaign
from dock.campaign.settings import CampaignSettings
from dock.core.errors import SettingsError
from dock.dynamics.protocol import SimulationSettings


@pytest.mark.parametrize(
    ("fields", "interval", "frames"),
    [
        ({}, "0.4 ps", 10),
        ({"production": "50 ps"}, "0.4 ps", 125),
        ({"production": "5 ps"}, "0.5 ps", 10),
        ({"production": "7 ps"}, "0.5 ps", 14),
        ({"production": "3.3 ps"}, "0.3 ps", 11),
        ({"production": "1 ps"}, "0.1 ps", 10),
        ({"production": "0.333 ns"}, "0.444 ps", 750),
        ({"production": "100 ns"}, "10 ps", 10_000),
        ({"production": "5 ps", "timestep": "2 fs"}, "0.5 ps", 10),
        ({"production": "5 ps", "frame_interval": "1 ps"}, "1 ps", 5),
        ({"system": "membrane"}, "20 ps", 250),
        ({"system": {"kind": "membrane"}, "production": "30 ps"}, "3 ps", 10),
        ({"production": "1 hour"}, None, 128),
    ],
)
def test_production_alone_finds_a_frame_interval(fields, interval, frames):
    settings = SimulationSettings(**fields)
    if interval is not None:
        assert settings.frame_interval.value_in("ps") == pytest.approx(float(interval.split()[0]), rel=1e-9)
    assert settings.frames == frames
    assert settings.frames * settings.frame_steps * settings.timestep.value_in("fs") == pytest.approx(
        settings.production.value_in("fs")
    )
    assert SimulationSettings(**settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"production": "5 ps", "frame_interval": "0.4 ps"},
            "multiple of frame_interval.* chosen where it is left out",
        ),
        ({"production": "5.001 ps"}, r"production must be a multiple of timestep \(4 fs\), such as 5 ps"),
        ({"timestep": "6 fs"}, "time steps above 4 fs"),
    ],
)
def test_what_cannot_be_divided_says_what_can(fields, line):
    with pytest.raises(SettingsError, match=line):
        SimulationSettings(**fields)


@pytest.mark.parametrize(
    ("begun", "now", "interval"),
    [("5 ps", "10 ps", "0.5 ps"), ("4 ps", "50 ps", "0.4 ps"), ("4 ps", "5 ps", "0.5 ps")],
)
def test_longer_production_keeps_the_frame_interval_that_a_run_began_with(begun, now, interval, tmp_path):
    """So that its trajectories go on, where that divides it."""

    def campaign(**simulation):
        return Campaign(CampaignSettings(simulation=simulation), tmp_path)

    text = yaml.safe_dump(campaign(production=begun).locked_now())
    (tmp_path / "campaign.lock.yaml").write_text(text)
    assert str(campaign(production=now).settings.simulation.frame_interval) == interval
    own = campaign(production=now, frame_interval="0.1 ps").settings.simulation
    assert str(own.frame_interval) == "0.1 ps"
