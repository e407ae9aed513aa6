"""Settings: validated, written in one step, and never a reason why the console stays shut."""

from pathlib import Path

import pytest

from dsl_console import config, folders
from practice.errors import Refused


def test_settings_come_back_as_they_were_saved(tmp_path: Path):
    path = tmp_path / "new" / "settings.toml"
    settings = config.Settings(theme="console-light", hide_after=60, initials=True, keys={"log": "f12"})
    config.save(path, settings)
    assert config.load(path) == (settings, [])
    assert [each.name for each in path.parent.iterdir()] == ["settings.toml"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        (b"theme = 'nord'", "theme"),
        (b"lock_after = 5", "lock_after"),
        (b"lock_after = true", "lock_after"),
        (b"initials = 'yes'", "initials"),
        (b"keys = {log = 3}", "keys"),
        (b"colour = 'red'", "colour"),
        (b"theme = [", "TOML"),
        (b"\xff\xfe", "TOML"),
        pytest.param(b"#" * 70_000, "long", id="too-long"),
    ],
)
def test_a_bad_setting_is_named_and_left_out(tmp_path: Path, stored: bytes, word: str):
    path = tmp_path / "settings.toml"
    path.write_bytes(stored)
    settings, faults = config.load(path)
    assert settings == config.Settings()
    assert len(faults) == 1
    assert word in faults[0]


def test_a_bad_setting_is_not_saved_over_a_good_one(tmp_path: Path):
    path = tmp_path / "settings.toml"
    config.save(path, config.Settings(hide_after=60))
    with pytest.raises(Refused):
        config.save(path, config.Settings(hide_after=1))
    assert config.load(path)[0].hide_after == 60


def test_the_vault_is_where_the_person_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DSL_CONSOLE_VAULT", raising=False)
    monkeypatch.setattr(folders, "data_dir", lambda: tmp_path)
    assert folders.vault_folder() == tmp_path / "vault"
    monkeypatch.setenv("DSL_CONSOLE_VAULT", str(tmp_path / "other"))
    assert folders.vault_folder() == tmp_path / "other"
    assert folders.vault_folder(str(tmp_path / "named")) == tmp_path / "named"
