"""Two machines by hand: one joins with a code and words, acts go to and fro, one is lost (two vaults, two folders)."""

from __future__ import annotations

import pytest

from tests.cli.school import School, serving


@pytest.fixture
def laptop(school: School, tmp_path, bare) -> School:
    """A second machine that joined as people join one."""
    place = tmp_path / "stick"
    place.mkdir()
    code_file = tmp_path / "code"
    added = school.run("machine", "add", "Laptop", "--this", "Office", "--folder", str(place), "--json").json
    assert added["state"] == "invited"
    code_file.write_text(added["code"])
    other = School(tmp_path / "laptop", school.passphrase_file, school.children)
    early = school.run("machine", "add", "--confirm", "--folder", str(place), "--words", "x", "--json", status=1)
    assert "not asked yet" in early.error["error"]
    join = ("machine", "join", "--folder", str(place), "--code-file", str(code_file))
    words = other.run(*join, "--json").json["words"]
    assert len(words.split()) == 8
    wrong = " ".join(["wrong", *words.split()[1:]])
    confirm = ("machine", "add", "--confirm", "--folder", str(place), "--json")
    refused = school.run(*confirm, "--words", wrong, status=1)
    assert "words differ" in refused.error["error"]
    assert school.run(*confirm, "--words", words.upper()).json["state"] == "added"
    assert "words differ" in other.run(*join, "--finish", "--words", wrong, "--json", status=1).error["error"]
    done = other.run(*join, "--finish", "--words", words, "--json").json
    assert done["state"] == "joined"
    assert done["acts"] > 4
    return other


def test_two_machines_through_a_day(school, laptop, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    entry = school.log("Written at the desk")
    assert school.run("machine", "sync", str(shared), "--json").json["handed_on"] > 0
    got = laptop.run("machine", "sync", str(shared), "--json").json
    assert got["taken"] > 0
    assert laptop.run("entry", entry, "--json").json["current"]["text"] == "Written at the desk"
    laptop.log("Written on a visit")
    assert "Handed on: 1." not in laptop.run("machine", "sync").out  # its opening of the record travels too
    school.run("machine", "sync", "--json")
    texts = {line["text"] for line in school.run("chronology", "Ada Lowe", "--json").json["entries"]}
    assert {"Written at the desk", "Written on a visit"} <= texts
    assert school.run("machine", "sync", "--json").json["taken"] == 0
    assert laptop.run("verify", "--rebuild", "--signatures", "--json").json["ok"]
    names = {path.name for path in shared.iterdir()}
    assert all(len(name) == 41 and name[-5:] in (".dslm", ".dslh") for name in names), names
    everything = b"".join(path.read_bytes() for path in shared.iterdir())
    for word in (b"Ada Lowe", b"R. Khan", b"Kestrel Primary", b"Written at", b"This machine"):
        assert word not in everything

    school.run("amend", entry, "--text", "-", "--reason", "more", "--json", typed="The desk's words")
    laptop.run("amend", entry, "--text", "-", "--reason", "clearer", "--json", typed="The laptop's words")
    for each in (school, laptop, school):
        each.run("machine", "sync")
    (waits,) = laptop.run("conflict", "list", "--json").json
    assert (waits["about"], waits["child"], len(waits["options"])) == ("text", "Ada Lowe", 2)
    told = school.run("conflict", "list", "--child", "Ada Lowe").out
    assert "The desk's words" in told
    assert "The laptop's words" in told
    wrong = school.run("conflict", "keep", waits["id"], "--keep", "x", "--reason", "r", "--json", status=1)
    assert "none of those" in wrong.error["error"]
    third = ("conflict", "write", waits["id"], "--text", "-", "--reason", "both", "--json")
    assert school.run(*third, typed="Both, in one").json["state"] == "settled"
    school.run("machine", "sync")
    laptop.run("machine", "sync")
    assert laptop.run("conflict", "list", "--json").json == []
    assert laptop.run("entry", entry, "--json").json["current"]["text"] == "Both, in one"

    stick = tmp_path / "stick.dslm"
    school.log("Carried on a stick")
    assert school.run("machine", "bundle", str(stick), "--json").json["handed_on"] > 0
    for _ in range(2):
        laptop.run("machine", "take", str(stick), "--json")
    rows = laptop.run("machine", "list", "--json").json
    assert [(row["name"], row["here"]) for row in rows] == [("Office", False), ("Laptop", True)]
    (tmp_path / "strange").write_text("not ours")
    strange = laptop.run("machine", "take", str(tmp_path / "strange"), "--json", status=1).json
    assert "does not come from a machine" in strange["refused"][0]["reason"]

    removed = school.run("machine", "remove", "Laptop", "--reason", "Left on a train", "--json").json
    assert (removed["state"], removed["keys"]) == ("removed", "new")
    school.log("After the loss")
    assert "no other machine" in school.run("machine", "bundle", str(tmp_path / "b"), status=1).err
    before = {path.name for path in shared.iterdir()}
    assert "was removed since" in school.run("machine", "sync", status=1).err
    assert "was removed since" not in school.run("machine", "sync").err
    assert {path.name for path in shared.iterdir()} == before
    assert "removed on" in school.run("machine", "list", "--removed").out


def test_a_vault_of_one_machine_says_so(school):
    assert "one machine only" in school.run("machine", "list").err
    assert "one machine only" in school.run("machine", "bundle", "somewhere", status=1).err


def test_a_hub_is_taken_as_a_carrier_and_left_again(school, laptop, tmp_path):
    database = str(tmp_path / "hub.db")
    code = school.run("hub", "invite", "northfield-machines", "--database", database, "--json").json["code"]
    assert school.run("machine", "hub", "--json").json == {"url": None, "last": None}
    failed = school.run("machine", "hub", "http://127.0.0.1:9", code, "--json", status=5)
    assert "reach" in failed.error["error"]
    assert school.run("machine", "hub", "--off", "--json", status=1)
    with serving(database) as url:
        assert school.run("machine", "hub", url, code, "--json").json["state"] == "on"
        school.run("machine", "sync")  # the folder of the joining tells the laptop
        laptop.run("machine", "sync")
        entry = school.log("By the hub alone")
        (tmp_path / "stick").rename(tmp_path / "taken")
        sent = school.run("machine", "sync", "--json", status=1).json
        assert sent["handed_on"] > 0
        assert "not there" in sent["failed"][0]
        assert laptop.run("machine", "sync", "--json", status=1).json["taken"] > 0
        assert laptop.run("entry", entry, "--json").json["current"]["text"] == "By the hub alone"
        assert "Own machines: 0 acts taken in" in laptop.run("sync").out
        assert laptop.run("machine", "hub", "--json").json["url"] == url
    assert school.run("machine", "hub", "--off", "--json").json["state"] == "off"
