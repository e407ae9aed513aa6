"""Versions compared and entries removed by command (R-05)."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_what_changed_is_marked_and_a_removal_waits_for_another(school: School) -> None:
    entry = school.log(HOSTILE)
    school.run("amend", entry, "--text", HOSTILE.replace("hit", "pushed"), "--reason", "-", typed="She said so")
    assert "[he {-hit-}{+pushed+} me]" in school.run("entry", entry, "--changes").out
    told = school.run("entry", entry, "--changes", "--json").json["changes"][0]
    assert (told["from"], told["to"]) == (1, 2)
    assert "".join(piece["text"] for piece in told["text"] if piece["kind"] != "added") == HOSTILE
    school.run("entry", "remove", entry, "--reason", "-", typed="Another child's")
    error = school.run("entry", "agree", entry, "--json", status=3).error
    assert "another person must agree" in error["error"]
    assert "Removal proposed by R. Khan" in school.run("entry", entry).out
    assert school.run("entry", "removals", "--json").json[0]["state"] == "proposed"
    school.run("entry", "restore", entry, "--reason", "-", typed="It is hers")
    assert "because: It is hers" in school.run("entry", "removals", "--child", "Ada Lowe").out
