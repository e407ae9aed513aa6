"""How commands end: exit statuses, errors for programs, alarms, and crashes that show no value."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.school import School


def test_a_wrong_passphrase_ends_with_3(school: School, tmp_path) -> None:
    school.passphrase_file = tmp_path / "wrong"
    school.passphrase_file.write_text("another made up passphrase")
    error = school.run("children", "list", "--json", status=3).error
    assert set(error) == {"error", "hint", "status"}
    assert error["status"] == 3


def test_who_asks_is_named_before_the_command(school: School) -> None:
    assert "Ada Lowe" in school.run("--as", "r. khan", "children", "list").out
    assert school.run("--as", "Nobody", "children", "list", "--json", status=3).error["status"] == 3


def test_a_passphrase_file_that_is_not_there_ends_with_2(school: School, tmp_path) -> None:
    school.passphrase_file = tmp_path / "none"
    school.run("children", "list", status=2)


@pytest.mark.parametrize("arguments", [["nonsense"], ["log", "--nonsense"], ["children"], ["entry", "move", "a", "b"]])
def test_usage_ends_with_2(school: School, arguments: list[str]) -> None:
    assert school.run(*arguments, status=2).out == ""


def test_help_needs_no_vault(bare) -> None:
    for words in ([], ["log"], ["entry"], ["entry", "move"], ["children", "import"]):
        assert "Usage: dsl-console" in bare(*words, "--help").out


def test_verify_agrees_with_what_was_recorded(school: School) -> None:
    school.log()
    report = school.run("verify", "--rebuild", "--signatures", "--json").json
    assert report["ok"] is True
    assert report["problems"] == []
    assert report["acts"] > 5
    assert "Everything is as it was recorded" in school.run("verify").out


def test_an_older_database_put_back_is_read_with_an_alarm_and_never_written(school: School, tmp_path) -> None:
    kept = tmp_path / "kept.db"
    shutil.copy(school.folder / "children.db", kept)
    school.log("Recorded after the copy.")
    for leftover in school.folder.glob("children.db-*"):
        leftover.unlink()
    shutil.copy(kept, school.folder / "children.db")
    read = school.run("children", "list")
    assert "Ada Lowe" in read.out
    assert read.err.strip()
    written = school.run("log", "Ada Lowe", "--text", "-", "--json", typed="Bruise.", status=4)
    assert written.error["status"] == 4
    report = school.run("verify", "--json", status=4).json
    assert report["ok"] is False
    assert report["problems"]
    assert set(report["problems"][0]) == {"kind", "text"}


def test_a_changed_header_is_told_by_verify_as_a_report(school: School) -> None:
    header = school.folder / "header.json"
    header.write_bytes(header.read_bytes().replace(b"R. Khan", b"R. Khat"))
    assert school.run("verify", "--json", status=4).json["ok"] is False
    assert school.run("children", "list", "--json", status=4).error["status"] == 4


def test_a_crash_shows_its_class_and_place_and_no_value(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bruise on the arm of Ada")

    monkeypatch.setattr("storage.views.search.find", fail)
    for flag in ([], ["--json"]):
        answer = school.run("search", "arm", *flag, status=1)
        assert "RuntimeError" in answer.err
        assert "test_ends.py" in answer.err
        assert "bruise" not in answer.err
        assert "Ada" not in answer.err
