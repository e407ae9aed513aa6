"""Retention and erasure by command: what is due, a hold, a proposal, another person's agreement (R-110)."""

from __future__ import annotations

from storage.desk import erasure
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import open_vault
from tests.cli.school import PASSPHRASE, School

SECOND = "four words of hers"
USER = "R. Khan"


def test_a_record_is_held_proposed_and_erased_by_two_people(school: School, tmp_path) -> None:
    child = school.run("children", "add", "[red]Cleo[/red] Marsh", "--dob", "1980-02-29", "--json").json["id"]
    held = school.run("children", "hold", child, "--kind", "inquiry", "--reason", "-", "--json", typed="A letter").json[
        "id"
    ]
    listed = school.run("children", "retention", "--json").json
    assert listed["periods"][0] == {"code": "record", "label": "Child protection record", "years": 25}
    [row] = listed["records"]
    assert (row["child_id"], row["due"]) == (child, "2005-03-01")
    assert any("on the roll" in each for each in row["obstacles"])
    assert "[red]Cleo[/red] Marsh" in school.run("children", "retention").out
    error = school.run("children", "erase", child, "--reason", "-", "--json", typed="Old", status=1).error
    assert "A hold is in force: an inquiry needs this record: A letter" in error["error"]
    school.run("children", "lift-hold", held, "--reason", "-", typed="Over")
    assert school.run("children", "erase", "--due", "--json").json == []
    said = school.run("children", "erase", child, "--basis", "order", "--reason", "-", "--json", typed="Court order 5")
    assert said.json["state"] == "proposed"
    error = school.run("children", "agree-erasure", child, "--name", "[red]Cleo[/red] Marsh", "--json", status=3).error
    assert "another person must agree" in error["error"]
    school.run("children", "keep", child, "--reason", "-", typed="Not yet")
    school.run("children", "erase", child, "--basis", "order", "--reason", "-", typed="Court order 6")
    with open_vault(school.folder, passphrase=PASSPHRASE) as vault:
        add_person(vault, "Kim Reed", "deputy", SECOND, FLOOR)
    with open_vault(school.folder, passphrase=SECOND, user="Kim Reed") as second:
        assert erasure.agree(second, child, "[red]cleo[/red]  marsh").acts >= 1
    listed = school.run("--as", USER, "children", "retention", "--json").json
    assert [each["state"] for each in listed["erased"]] == ["erased"]
    assert listed["records"] == []
    assert school.run("--as", USER, "children", "repeat-erasures", "--json").json == []
    set_ = ("children", "retention", "--years", "30", "--abuse-years", "80", "--source", "-")
    school.run("--as", USER, *set_, typed="Our schedule")
    assert school.run("--as", USER, "children", "retention", "--json").json["source"].endswith("Our schedule")
