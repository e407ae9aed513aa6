"""The settings by command: the same table as the screen's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl_console import config, folders
from tests.cli.school import School


def test_settings_are_listed_and_kept(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "data_dir", lambda: tmp_path / "data")
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


def test_a_key_is_changed_by_command(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsl_console.config.settings_file", lambda: tmp_path / "settings.toml")
    school.run("settings", "keys", "child.amend", "z")
    listed = {each["action"]: each["keys"] for each in school.run("settings", "keys", "--json").json}
    assert listed["child.amend"] == ["z"]
    assert listed["log"] == ["f2"]
    assert "d is Child: Decide" in school.run("settings", "keys", "child.amend", "d", "--json", status=1).error["error"]
    school.run("settings", "keys", "child.amend", "own")
    assert "child.amend · e · Child: Amend the entry" in school.run("settings", "keys").out
