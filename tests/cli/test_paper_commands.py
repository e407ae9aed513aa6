"""The commands of the papers about many children."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import HOSTILE, School


def test_the_papers_by_commands(school: School, tmp_path: Path) -> None:
    ada = school.children["Ada Lowe"]
    school.run("review", "set", ada, "--status", "child_protection")
    done = school.run("holiday", "plan", ada, "--by", "Gwen Pryce", "--told", "-", "--json", typed=HOSTILE).json
    assert done["state"] == "planned"
    (row,) = school.run("holiday", "list", "--json").json
    assert (row["child"], row["contact_by"], row["told"]) == ("Ada Lowe", "Gwen Pryce", HOSTILE)
    assert HOSTILE in school.run("holiday", "list").out
    before = school.run("chronology", ada, "--json").json
    assert "No partner here" in school.run("holiday", "share", ada, "--to", "nobody", status=1).err
    assert school.run("chronology", ada, "--json").json == before
    file = tmp_path / "pack.html"
    pack = ("--reader", "J. Marsh", "--purpose", "Visit", "--out", str(file))
    assert school.run("inspection", *pack, "--json").json["state"] == "exported"
    assert "For J. Marsh alone: Visit" in file.read_text(encoding="utf-8")
    assert school.run("governors", "--json").json["tables"][0]["withheld"]
    assert "Reflection" in school.run("supervision").out
    school.run("calendar", "out", str(tmp_path / "dates.ics"))
    assert b"1 review due" in (tmp_path / "dates.ics").read_bytes()
