"""Copies by command (R-116)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.school import HOSTILE, School


def test_a_chronology_and_a_record_go_out(school: School, tmp_path: Path) -> None:
    school.log(HOSTILE, "--when", "yesterday")
    made = school.run("chronology", "Ada Lowe", "--out", str(tmp_path / "a.html"), "--json").json
    assert (made["state"], made["form"], made["entries"]) == ("exported", "HTML", 1)
    assert HOSTILE in (tmp_path / "a.html").read_text("utf-8")
    told = school.run("export", "Ada Lowe", "--out", str(tmp_path / "a.json"), "--what", "record")
    assert "That it went out is in the record." in told.err
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["entries"][0]["text"] == HOSTILE
    assert "took a copy" in school.run("audit").out
    error = school.run("export", "Ada Lowe", "--out", str(tmp_path / "a.doc"), "--json", status=1).error
    assert "Nothing went out" in error["error"]


def test_the_front_sheet_is_read_first(school: School, tmp_path: Path) -> None:
    school.run(
        *("sheet", "add", "Ada Lowe", "--section", "must_not_be_told", "--name", "Sid", "--words", "-"), typed="Risk"
    )
    out = str(tmp_path / "a.csv")
    error = school.run("export", "Ada Lowe", "--out", out, "--json", status=1).error
    assert "Must not be told: Sid" in error["error"]
    school.run("export", "Ada Lowe", "--out", out, "--heeded", error["hint"].split()[-1].rstrip("."))
