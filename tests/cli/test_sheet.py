"""The front sheet by command (R-08)."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_a_line_is_added_changed_ended_and_read_back(school: School) -> None:
    line = school.run(
        *("sheet", "add", "Ada Lowe", "--section", "must-not-be-told", "--name", "Sid", "--role", "uncle"),
        *("--words", "-", "--until", "3 Mar 2027", "--json"),
        typed=HOSTILE,
    ).json["id"]
    school.run("sheet", "add", "Ada Lowe", "--section", "connected", "--of", "Sam Penrose")
    shown = school.run("children", "show", "Ada Lowe").out
    assert HOSTILE in shown
    assert "Must not be told: Sid · uncle · until Wed 3 Mar 2027" in shown
    school.run("sheet", "change", line, "--contact", "01632 960002")
    told = school.run("sheet", "Ada Lowe", "--history", "--json").json
    assert [(each["section"], each["name"]) for each in told["front_sheet"]] == [
        ("must_not_be_told", "Sid"),
        ("connected_child", "Sam Penrose"),
    ]
    assert told["front_sheet"][0]["contact"] == "01632 960002"
    assert told["front_sheet"][0]["until"] == "2027-03-03"
    school.run("sheet", "end", line, "--reason", "-", typed="He died.")
    assert "Ended because: He died." in school.run("sheet", "Ada Lowe", "--history").out
    assert school.run("children", "show", "Ada Lowe", "--json").json["front_sheet"][0]["name"] == "Sam Penrose"


def test_what_is_left_out_is_asked_for_or_refused(school: School) -> None:
    asked = school.run("sheet", "add", "Ada Lowe", "--section", "must_not_collect", typed="Sid\nHe may not.\n\n")
    assert "It stands on the front sheet." in asked.err
    school.run("sheet", "change", asked.out.strip(), status=2)
    error = school.run("sheet", "end", "nothing", "--reason", "-", "--json", typed="x", status=1).error
    assert "No front sheet holds" in error["error"]
