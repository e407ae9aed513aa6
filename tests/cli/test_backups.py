"""Backing up, proving a backup and restoring it, by command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dsl_console import config, folders
from tests.cli.school import PASSPHRASE, School


@pytest.fixture(autouse=True)
def _least_cost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DSL_CONSOLE_KDF_FLOOR", "1")
    monkeypatch.setattr(folders, "data_dir", lambda: tmp_path / "data")


def test_a_backup_is_made_proved_and_restored(school: School, tmp_path: Path) -> None:
    entry = school.log()
    file = tmp_path / "stick.dslb"
    made = school.run("backup", str(file), "--json").json
    assert (made["state"], made["bytes"]) == ("made", file.stat().st_size)
    assert {"device", "seq", "mac"} == set(made["head"])
    proved = school.run("backup", "drill", "--json").json
    assert (proved["state"], proved["acts"], proved["id"]) == ("proved", made["acts"], made["sha256"])
    said = school.run("backup", str(file))
    assert "every page and act was checked" in said.err
    restored = school.run("restore", str(file), "--to", str(tmp_path / "new"), "--json").json
    assert restored["state"] == "restored"
    new = School(tmp_path / "new", school.passphrase_file, school.children)
    assert new.run("entry", entry, "--json").json["id"] == entry
    assert "old machine" in new.run("sync", "--json", status=1).error["error"]
    assert new.run("restore", "--confirm-old-machine-gone", "--json").json["state"] == "confirmed"
    assert new.run("restore", "--confirm-old-machine-gone", "--json").json["state"] == "not_held"
    assert "hub" in new.run("sync", "--json", status=1).error["error"].lower()
    assert new.run("verify", "--rebuild", "--signatures", "--json").json["ok"]


def test_the_recovery_code_restores_it_with_a_new_passphrase(school: School, tmp_path: Path) -> None:
    code = school.run("people", "code", "--json").json["recovery_code"]
    school.run("backup", str(tmp_path / "a.dslb"))
    for name, text in (("code", code), ("passphrase", "under the old stone bridge")):
        (tmp_path / name).write_text(text)
    files = ["--code-file", str(tmp_path / "code"), "--new-passphrase-file", str(tmp_path / "passphrase")]
    new = School(tmp_path / "new", tmp_path / "passphrase", school.children)
    asked = ["restore", str(tmp_path / "a.dslb"), "--to", str(new.folder), "--recovery", *files, "--json"]
    done = new.run("--as", "R. Khan", *asked).json
    assert done["recovery_code"] != code
    assert len(new.run("children", "list", "--json").json) == 4


def test_a_damaged_backup_is_refused_with_status_4_and_a_drill_says_so(school: School, tmp_path: Path) -> None:
    file = tmp_path / "a.dslb"
    school.run("backup", str(file))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    refused = school.run("restore", str(file), "--to", str(tmp_path / "new"), "--json", status=4).error
    assert "damaged" in refused["error"]
    assert not (tmp_path / "new").exists()
    assert school.run("backup", "drill", "--json", status=4).json["state"] == "failed"
    assert school.run("backup", "drill", str(tmp_path / "none"), "--json", status=1).error["error"]


def test_what_cannot_be_restored_is_said_plainly(school: School, tmp_path: Path) -> None:
    school.run("backup", str(tmp_path / "a.dslb"))
    (tmp_path / "full").mkdir()
    shutil.copy(tmp_path / "a.dslb", tmp_path / "full" / "b.dslb")
    text = school.run("restore", str(tmp_path / "a.dslb"), "--to", str(tmp_path / "full"), "--json", status=1)
    assert "not empty" in text.error["error"]
    (tmp_path / "wrong").write_text("not the passphrase at all")
    wrong = School(school.folder, tmp_path / "wrong", {})
    wrong.run("restore", str(tmp_path / "a.dslb"), "--to", str(tmp_path / "new"), status=3)
    (tmp_path / "text.dslb").write_text("nothing of ours")
    assert "not a backup" in school.run("restore", str(tmp_path / "text.dslb"), "--to", "x", status=1).err


def test_the_schedule_makes_one_backup_a_day_where_a_folder_is_set(school: School, tmp_path: Path) -> None:
    assert "No folder" in school.run("backup", "--scheduled", "--json", status=1).error["error"]
    (tmp_path / "share").mkdir()
    config.save(config.settings_file(), config.Settings(backup_folder=str(tmp_path / "share"), backup_keep=3))
    made = school.run("backup", "--scheduled", "--json").json
    name = Path(made["file"]).name
    assert name.startswith("dsl-console-backup-20")
    assert "Kestrel" not in name
    assert school.run("backup", "--scheduled", "--json").json["state"] == "not_due"
    assert school.run("backup", "--scheduled").out == ""
    assert [path.name for path in (tmp_path / "share").iterdir()] == [name]


def test_nothing_of_the_passphrase_is_asked_for_before_the_file_is_looked_at(school: School, tmp_path: Path) -> None:
    text = school.run("restore", str(tmp_path / "none.dslb"), "--to", str(tmp_path / "new"), "--json", status=1)
    assert "no backup file" in text.error["error"]
    assert PASSPHRASE not in text.err
