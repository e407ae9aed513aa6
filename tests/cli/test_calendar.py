"""The calendar's commands."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import School


def test_a_calendar_is_taken_in_shown_and_changed(school: School, tmp_path: Path) -> None:
    file = tmp_path / "dates.csv"
    file.write_text("kind,name,start,end\nterm,Autumn,02/09/2026,16/12/2026\nclosure,Half-term,19/10/2026,30/10/2026\n")
    assert school.run("calendar", "import", str(file), "--dry-run", "--json").json["state"] == "not_changed"
    done = school.run("calendar", "import", str(file), "--json").json
    assert (done["state"], done["terms"], done["closures"], done["skipped"]) == ("set", 1, 1, [])
    found = school.run("calendar", "show", "--json").json
    assert not found["assumed"]
    assert {"kind": "term", "name": "Autumn", "start": "2026-09-02", "end": "2026-12-16", "own": True} in found["terms"]
    assert {"day": "2026-12-25", "name": "Christmas Day"} in found["bank_holidays"]
    school.run("calendar", "add", "INSET day", "--from", "2026-11-27")
    assert "Closed · INSET day" in school.run("calendar", "show").out
    clock = school.run("calendar", "clock", "initial_conference", "--from", "2026-12-14", "--json").json
    assert (clock["due"], clock["step"]) == ("2027-01-07", "initial_conference")
