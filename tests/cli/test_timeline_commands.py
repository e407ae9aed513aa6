"""The time line and its filters by command (R-76)."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_a_family_and_its_time_line_are_shown(school: School) -> None:
    school.run("sheet", "add", "Ada Lowe", "--section", "connected_child", "--of", "Sam Penrose")
    school.log(HOSTILE, "--when", "2 Nov 2026", "--category", "neglect")
    school.log("About Sam.", "--when", "3 Nov 2026", child="Sam Penrose")
    told = school.run("chronology", "Ada Lowe", "--family", "--timeline", "--json").json
    assert [(each["child"], each["text"]) for each in told["entries"]] == [
        ("Ada Lowe", HOSTILE),
        ("Sam Penrose", "About Sam."),
    ]
    assert told["timeline"]["weeks"][0]["entries"] == 2
    shown = school.run("chronology", "Ada Lowe", "--timeline", "--category", "neglect").out
    assert "● this organisation: 1 entry." in shown
    assert HOSTILE in shown
    assert "No entry is like that." in school.run("chronology", "Ada Lowe", "--significance", "strength").out
