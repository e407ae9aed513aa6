"""A visit by hand: packed at school, moved to a laptop, written on, brought home; another one lost."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import School


def test_a_visit_from_the_shell(school: School, tmp_path, bare):
    stick = tmp_path / "stick"
    stick.mkdir()
    school.log("Sam Penfold was there too")
    args = ("--hours", "4", "--to", str(stick), "--purpose", "home visit", "--json")
    early = school.run("visit", "pack", "--today", *args, status=1)
    assert "Nothing was packed" in early.error["error"]
    made = school.run("visit", "pack", "--child", "Ada Lowe", *args).json
    assert (made["state"], made["children"], made["masked"]) == ("out", 1, 1)
    (row,) = school.run("visit", "list", "--json").json
    assert (row["state"], row["children"]) == ("out", [school.children["Ada Lowe"]])
    assert "1 visit set is out until" in school.run("today").out

    laptop = School(tmp_path / "laptop", school.passphrase_file, school.children)
    assert laptop.run("visit", "begin", made["folder"], "--json").json["state"] == "begun"
    assert not Path(made["folder"]).exists()
    left = laptop.run("visit", "left", "--json").json
    assert left["children"] == ["Ada Lowe"]
    assert left["left"].startswith(("3 h 59", "4 h 00"))
    assert [each["name"] for each in laptop.run("children", "list", "--json").json] == ["Ada Lowe"]
    assert laptop.run("search", "Penfold", "--json").json == []
    entry = laptop.log("[Yr 9] seen at home")
    for refused in (("backup", str(tmp_path / "b")), ("export", "Ada Lowe"), ("people", "list"), ("share", "list")):
        assert "back at school" in laptop.run(*refused, "--json", status=1).error["error"], refused
    assert not (tmp_path / "b").exists()
    laptop.run("chronology", "Ada Lowe", "--out", str(tmp_path / "copy.csv"), "--json", status=1)
    assert not (tmp_path / "copy.csv").exists()
    laptop.run("children", "show", "Sam Penfold", "--json", status=1)
    told = bare(*laptop.before()[:2], "report", "--json", typed="", status=2)
    assert told.status == 2

    home = laptop.run("visit", "end", "--to", str(stick), "--json").json["folder"]
    assert not laptop.folder.exists()
    (done,) = school.run("visit", "return", home, "--json").json
    assert (done["state"], done["held"], done["refused"]) == ("returned", 0, [])
    assert not Path(home).exists()
    assert school.run("entry", entry, "--json").json["current"]["text"] == "[Yr 9] seen at home"
    assert "No visit set" not in school.run("visit", "list").err
    assert school.run("verify", "--rebuild", "--signatures", "--json").json["ok"]

    lost = school.run("visit", "pack", "--child", "Ada Lowe", *args).json
    laptop = School(Path(lost["folder"]), school.passphrase_file, school.children)
    laptop.log("whoever wrote this")
    number = lost["folder"][-6:]
    assert school.run("visit", "lost", number, "--reason", "on the bus", "--json").json["state"] == "lost"
    (held,) = school.run("visit", "return", lost["folder"], "--json", status=1).json
    assert held["held"] > 0
    waits = school.run("visit", "held", number, "--json").json
    assert waits["acts"][-1]["text"] == "whoever wrote this"
    assert "reported lost" in school.run("visit", "held", number).err
    taken = school.run("visit", "accept", number, "--reason", "it was me", "--json").json
    assert taken["taken"] == held["held"]
    texts = {each["text"] for each in school.run("chronology", "Ada Lowe", "--json").json["entries"]}
    assert {"whoever wrote this", "[Yr 9] seen at home", "Sam Penfold was there too"} <= texts
    school.run("visit", "refuse", number, "--reason", "again", "--json", status=1)
