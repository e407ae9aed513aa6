"""Copies by command (R-116)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.school import HOSTILE, School


def test_a_chronology_and_a_record_go_out(school: School, tmp_path: Path) -> None:
    ident = school.log(HOSTILE, "--when", "yesterday")
    school.run(
        "promote", ident, "--significance", "context", "--outcome", "", "--reason", "-", typed="The first of it."
    )
    made = school.run("chronology", "Ada Lowe", "--out", str(tmp_path / "a.html"), "--json").json
    assert (made["state"], made["form"], made["entries"]) == ("exported", "HTML", 1)
    assert HOSTILE in (tmp_path / "a.html").read_text("utf-8")
    told = school.run("export", "Ada Lowe", "--out", str(tmp_path / "a.json"), "--what", "record")
    assert "That it went out is in the record." in told.err
    (entry,) = json.loads((tmp_path / "a.json").read_text("utf-8"))["entries"]
    assert (entry["text"], entry["chosen"][0]["reason"]) == (HOSTILE, "The first of it.")
    school.run("export", "Ada Lowe", "--out", str(tmp_path / "b.html"), "--what", "record")
    assert "The first of it." in (tmp_path / "b.html").read_text("utf-8")
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
