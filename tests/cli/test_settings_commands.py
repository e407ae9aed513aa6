"""The settings by command: the same table as the screen's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl_console import config
from tests.cli.school import School


def test_settings_are_listed_and_kept(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "data_dir", lambda: tmp_path / "data")
    assert "lock_after · 5 minutes" in school.run("settings", "list").out
    assert school.run("settings", "set", "lock_after", "600", "--json").json == {"id": "lock_after", "state": "set"}
    school.run("settings", "set", "initials", "on")
    kept, faults = config.load(config.settings_file())
    assert (kept.lock_after, kept.initials, faults) == (600, True, [])
    refused = school.run("settings", "set", "lock_after", "5", status=1)
    assert "a number from 60 to 3600 seconds. Nothing was changed." in " ".join(refused.err.split())
    assert "There is no setting «colour»." in school.run("settings", "set", "colour", "red", status=1).err
    school.run("settings", "set", "front_door", "01632 960 777")
    found = {each["name"]: each["value"] for each in school.run("settings", "list", "--numbers", "--json").json}
    assert (found["front_door"], found["backup_folder"]) == ("01632 960 777", "")
