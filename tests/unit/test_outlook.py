"""What a campaign file may hold, files to start from, and what a campaign will take before it runs."""

import jsonschema
import pytest
import yaml
from planning import keys

from dock.campaign.settings import CampaignSettings, read_settings, settings_schema, template, templates
from dock.core.errors import SettingsError


@pytest.fixture(scope="module")
def validator():
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", templates())
def test_every_file_to_start_from_can_be_read_and_fits_the_schema(name, validator, tmp_path):
    (tmp_path / "library.smi").write_text("CCO ethanol\n")
    (tmp_path / "c.yaml").write_text(template(name))
    read_settings(tmp_path / "c.yaml")
    content = yaml.safe_load(template(name))
    assert list(validator.iter_errors(content)) == []


def test_the_default_file_is_what_is_run_without_one(tmp_path):
    (tmp_path / "c.yaml").write_text(template("default"))
    assert keys(read_settings(tmp_path / "c.yaml")) == keys()


@pytest.mark.parametrize(
    "content",
    [{"ligand": []}, {"docking": {"seeds": ["one"]}}, {"simulation": {"production": 4}}, {"sites": 1}],
)
def test_the_schema_refuses_what_the_settings_refuse(content, validator):
    assert list(validator.iter_errors(content))
    with pytest.raises(SettingsError, match="CampaignSettings: "):
        CampaignSettings(**content)
