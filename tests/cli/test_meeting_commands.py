"""The commands of meetings and of file transfers."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import HOSTILE, School


def test_a_meeting_is_planned_changed_recorded_and_listed(school: School) -> None:
    ada = school.children["Ada Lowe"]
    made = school.run(
        "meeting", "add", ada, "--kind", "core group", "--on", "in 2 weeks", "--at", "10:00", "--json"
    ).json
    assert made["state"] == "planned"
    assert made["report_due"] < made["due"]
    school.run("meeting", "change", made["id"], "--report-sent", "today", "--json")
    moved = school.run("meeting", "change", made["id"], "--on", "today", "--reason", "-", "--json", typed="sooner").json
    assert moved["due"] < made["due"]
    held = ("--decisions", "-", "--attended", "A. Reed, B. Moss", "--action", "Ring home; me; Friday", "--json")
    held += ("--disagreement", "Too soon")
    done = school.run("meeting", "record", made["id"], *held, typed=HOSTILE).json
    assert HOSTILE in school.run("entry", done["id"], "--json").json["current"]["text"]
    assert [row["what"] for row in school.run("actions", "--json").json] == ["Ring home"]
    assert school.run("meeting", "list", "--json").json == []
    one = school.run("meeting", "challenge", made["id"], "--to", "A. Reed", "--by", "in 2 days", "--json").json["id"]
    other = school.run("review", "challenge", ada, "--to", "B. Moss", "--asked", "-", "--json", typed=HOSTILE).json[
        "id"
    ]
    school.run("review", "refer", ada, "--to", "Front door", "--asked", "A visit", "--json")
    said = [school.run("entry", each, "--json").json["current"]["text"] for each in (one, other)]
    assert "Too soon" in said[0]
    assert HOSTILE in said[1]
    assert len(school.run("actions", "--json").json) == 4
    (row,) = school.run("meeting", "list", "--all", "--child", ada, "--json").json
    assert (row["state"], row["entry_id"], row["attended"]) == ("held", done["id"], ["A. Reed", "B. Moss"])
    other = school.run("meeting", "add", ada, "--kind", "marac", "--on", "in 1 week", "--no-report", "--json").json[
        "id"
    ]
    assert "MARAC" in school.run("meeting", "list").out
    assert "Meeting: MARAC" in school.run("children", "show", ada).out
    school.run("meeting", "cancel", other, "--reason", "-", typed="joined")
    assert school.run("meeting", "cancel", other, "--reason", "x", "--json", status=1).error["status"] == 1


def test_a_file_is_packed_sent_and_receipted(school: School, tmp_path: Path) -> None:
    ada = school.children["Ada Lowe"]
    school.log()
    made = school.run("transfer", "open", ada, "--leaving", "today", "--school", "Hill School", "--json").json
    assert made["state"] == "open"
    assert "to be sent" in school.run("transfer", "list").out
    assert "File transfer: to be sent" in school.run("children", "show", ada).out
    school.run("transfer", "change", made["id"], "--to", "B. Moss", "--in-advance", "Rang: they know")
    packed = school.run("transfer", "pack", made["id"], str(tmp_path / "copies"), "--json").json
    assert len(packed["files"]) == 3
    school.run("transfer", "sent", made["id"], "--folder", str(tmp_path / "copies"), "--method", "by hand")
    school.run("transfer", "receipt", made["id"], "--name", "B. Moss", "--role", "DSL", "--how", "signed")
    assert school.run("transfer", "list", "--json").json == []
    (row,) = school.run("transfer", "list", "--all", "--json").json
    assert {each["sha256"] for each in row["sent"]["contents"]} == {each["sha256"] for each in packed["files"]}
    assert row["receipt"]["name"] == "B. Moss"
    kit = school.children["Kit Marsh"] if "Kit Marsh" in school.children else list(school.children.values())[1]
    came = school.run("transfer", "came", kit, "--from", "Low School", "--json").json["id"]
    school.run("transfer", "receipt", came, "--name", "Me", "--role", "DSL", "--how", "signed")
    assert school.run("transfer", "read", came, "--told", "Ms Brook", "--json").json["state"] == "done"


def test_brothers_and_sisters_are_named_on_a_front_sheet_and_found_either_way(school: School) -> None:
    one, other, *_ = school.children.values()
    line = school.run("sheet", "add", one, "--section", "sibling", "--of", other, "--json").json["id"]
    assert [row["id"] for row in school.run("children", "show", other, "--json").json["siblings"]] == [one]
    assert [row["id"] for row in school.run("children", "show", one, "--json").json["siblings"]] == [other]
    school.run("sheet", "end", line, "--reason", "-", typed="a slip")
    assert school.run("children", "show", other, "--json").json["siblings"] == []
