"""`chronology import`, `links`, `link`, `unlink`: another agency's chronology by command."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import School

ROWS = "Date,What,Ref\n22.09/25,Bruise on the left forearm seen by the nurse,77\n22.09/25,The teacher slapped Ada,78\n"


def test_a_chronology_is_merged_and_links_are_confirmed(school: School, tmp_path: Path) -> None:
    own = school.log("Her left forearm has a bruise.", "--when", "22 Sep 2025")
    file = tmp_path / "health.csv"
    file.write_text(ROWS, encoding="utf-8")
    child = school.children["Ada Lowe"]
    arguments = ("chronology", "import", str(file), "--child", child, "--source", "Health", "--map", "What=event")
    tried = school.run(*arguments, "--dry-run", "--json").json
    assert (tried["imported"], tried["would_import"]) == (0, 1)
    done = school.run(*arguments, "--json").json
    assert (done["imported"], done["kept"], done["on_share"], done["proposed"]) == (1, ["Ref"], "ask", 1)
    assert [each["line"] for each in done["stopped"]] == [3]
    assert "22.09/25" in done["repaired"][0]["text"]
    (entry,) = done["entries"]
    assert "Ref: 77" in school.run("entry", entry).out
    (link,) = school.run("chronology", "links", child, "--json").json
    assert (set(link["entries"]), link["state"]) == ({own, entry}, "proposed")
    assert school.run("chronology", "link", own, entry, "--json").json["state"] == "confirmed"
    entries = {each["id"]: each for each in school.run("chronology", child, "--json").json["entries"]}
    assert (entries[own]["links"], entries[entry]["source"], entries[own]["source"]) == (
        [entry],
        "Health",
        "this organisation",
    )
    assert school.run("chronology", "unlink", own, entry, "--json").json["state"] == "declined"
    assert "declined" in school.run("chronology", "links", child).out
    again = school.run(*arguments).out
    assert "there already        1" in again
    assert "adult who works with children" in again
