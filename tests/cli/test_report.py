"""A sealed note by command: left without a passphrase, from any machine with the card, and dealt with after unlock."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.school import HOSTILE, School

ANSWERS = ["child", "Ada from 5B", HOSTILE, "", "Jo Penhallow", "no"]
SAID = ["--about", "child", "--child", "Ada from 5B", "--from", "Jo Penhallow", "--told-dsl", "no", "--text", "-"]


@pytest.fixture(autouse=True)
def own_machine(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine remembers lies in a folder of the test's own."""
    monkeypatch.setattr("dsl_console.folders.data_dir", lambda: tmp_path / "data")


def left(school: School, text: str = HOSTILE) -> str:
    """Leave a note and return its id."""
    return school.run("report", *SAID, "--json", typed=text).json["id"]


def spool(school: School) -> list:
    return sorted((school.folder / "spool" / "reports").iterdir())


def test_everything_is_asked_for_first_whom_it_is_about_and_no_passphrase(school: School, bare) -> None:
    answer = bare("--vault", str(school.folder), "report", typed="\n".join(ANSWERS) + "\n")
    assert answer.err.index("Whom is it about?") < answer.err.index("The child's name")
    assert "Passphrase" not in answer.err
    assert "Nobody has read it yet: tell the DSL in person now" in answer.err
    (path,) = spool(school)
    assert path.name == answer.out.strip() + ".report"
    assert b"Ada" not in path.read_bytes()


@pytest.mark.parametrize(("about", "said"), [("adult", "headteacher in person now"), ("headteacher", "960778")])
def test_of_an_adult_nothing_is_asked_further_and_nothing_stored(school: School, bare, about: str, said: str) -> None:
    school.run("report", "numbers", "--lado", "01632 960777", "--chair", "01632 960778")
    answer = bare("--vault", str(school.folder), "report", typed=f"{about}\n", status=1)
    assert said in answer.err
    assert "Nothing was stored." in answer.err
    assert "The child's name" not in answer.err
    assert spool(school) == []


def test_a_note_is_listed_shown_accepted_and_answered(school: School) -> None:
    ident = left(school)
    (listed,) = school.run("report", "list", "--json").json
    assert (listed["id"], listed["state"], listed["child_as_written"]) == (ident, "waiting", "Ada from 5B")
    assert spool(school) == []
    shown = school.run("report", "show", ident)
    assert HOSTILE in shown.out
    assert "Ada Lowe" in shown.out
    assert school.run("report", "show", ident, "--json").json["text"] == HOSTILE
    done = school.run("report", "accept", ident, "--child", school.children["Ada Lowe"], "--how", "told_by_adult")
    assert done.out.strip() == ident
    (entry,) = school.run("chronology", "Ada Lowe", "--json").json["entries"]
    assert (entry["id"], entry["text"], entry["source"]) == (ident, HOSTILE, "report by Jo Penhallow")
    assert school.run("report", "list", "--json").json == []
    school.run("report", "answered", ident, "--by", "R. Khan", "--what", "-", typed="Thanked.")
    (after,) = school.run("report", "list", "--all", "--json").json
    assert (after["state"], after["answered"]) == ("accepted", True)
    shown = school.run("report", "show", ident).out
    assert re.search(r"Told by R. Khan; recorded \w{3} \d+ \w{3} 20\d\d:\n +Thanked\.", shown)
    assert "Taken into the record of Ada Lowe" in shown


def test_a_note_about_a_child_who_is_not_on_the_roll_and_one_that_is_closed(school: School) -> None:
    first, second = left(school), left(school, "another")
    taken = school.run("report", "accept", first, "--child", "Ada Nobody", "--not-on-roll", "--json").json
    assert taken["child_id"] not in school.children.values()
    school.run("report", "close", second, "--reason", "-", typed="The same as the first.")
    again = school.run("report", "close", second, "--reason", "-", "--json", typed="x", status=1)
    assert "dealt with" in again.error["error"]
    school.run("report", "show", "none", status=1)


def test_a_damaged_file_is_named_and_stays(school: School) -> None:
    ident = left(school)
    (path,) = spool(school)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    listed = school.run("report", "list")
    assert listed.out.strip() == ""
    assert ident in listed.err
    assert path.exists()


# -- any machine with the card -----------------------------------------------------------------------------------------


@pytest.fixture
def card(school: School, bare, tmp_path) -> dict:
    """The card, written without a passphrase into a shared folder."""
    made = bare("--vault", str(school.folder), "report", "card", str(tmp_path / "shared"), "--json").json
    return made | {"folder": tmp_path / "shared"}


def test_a_card_is_compared_once_and_then_any_machine_seals(school: School, bare, card: dict) -> None:
    to = ["report", "--to", str(card["folder"]), *SAID]
    refused = bare(*to, "--json", typed=HOSTILE, status=1)
    assert "not compared" in refused.error["error"]
    wrong = bare(*to, "--words", "one two three four five six seven eight", "--json", typed=HOSTILE, status=1)
    assert "do not agree" in wrong.error["error"]
    assert [path.suffix for path in card["folder"].iterdir()] == [".json"], "nothing was stored"
    first = bare(*to, "--words", card["words"].upper(), "--json", typed=HOSTILE).json
    second = bare(*to, "--json", typed="another").json
    assert {path.stem for path in card["folder"].glob("*.report")} == {first["id"], second["id"]}
    assert card["collected_from"] == str(card["folder"]), "the card's folder is the one that notes are collected from"
    assert {row["id"] for row in school.run("report", "list", "--json").json} == {first["id"], second["id"]}
    assert list(card["folder"].glob("*.report")) == []


def test_another_card_in_the_place_of_the_compared_one_is_refused(school: School, bare, card: dict) -> None:
    to = ["report", "--to", str(card["folder"]), *SAID, "--json"]
    bare(*to, "--words", card["words"], typed=HOSTILE)
    path = card["folder"] / "report-card.json"
    forged = json.loads(path.read_text(encoding="utf-8")) | {"phones": {"lado": "01632 000000"}}
    path.write_text(json.dumps(forged), encoding="utf-8")
    answer = bare(*to, typed=HOSTILE, status=1)
    assert "not the one that was compared" in answer.error["error"]
    assert len(list(card["folder"].glob("*.report"))) == 1


def test_a_new_number_makes_a_card_with_other_words(school: School, bare, card: dict) -> None:
    school.run("report", "numbers", "--lado", "01632 960777", "--chair", "01632 960778")
    again = bare("--vault", str(school.folder), "report", "card", str(card["folder"]), "--json").json
    assert again["words"] != card["words"]


def test_a_folder_without_a_card_says_what_to_do(bare, tmp_path) -> None:
    answer = bare("report", "--to", str(tmp_path), *SAID, "--json", typed="x", status=1)
    assert "in person now" in answer.error["hint"]


# -- a note of the safeguarding team -----------------------------------------------------------------------------------


def test_log_with_seal_needs_no_passphrase_and_keeps_every_field(school: School, bare) -> None:
    answer = bare(
        *("--vault", str(school.folder), "--as", "R. Khan", "log", "Ada, the small one", "--text", "-", "--seal"),
        *("--when", "3 Nov 2026", "--category", "neglect", "--how", "seen", "--where", "Corridor", "--words", "-x-"),
        *("--told", "J. Poole@14:10", "--action", "Rang home", "--json"),
        typed=HOSTILE,
    )
    assert answer.json["state"] == "sealed"
    ident = answer.json["id"]
    assert [path.stem for path in spool(school)] == [ident]
    (row,) = school.run("report", "list", "--json").json
    assert (row["form"], row["child_as_written"], row["reporter"]) == ("note", "Ada, the small one", "R. Khan")
    assert school.run("chronology", "Ada Lowe", "--json").json["entries"] == [], "it is nobody's act yet"
    school.run("report", "accept", ident, "--child", school.children["Ada Lowe"])
    (entry,) = school.run("chronology", "Ada Lowe", "--json").json["entries"]
    assert (entry["text"], entry["childs_words"], entry["category"]) == (HOSTILE, "-x-", "neglect")
    assert (entry["occurred"]["start"], entry["action"]) == ("2026-11-03", "Rang home")


def test_log_with_seal_refuses_what_needs_the_records(school: School, bare) -> None:
    before = ["--vault", str(school.folder), "--as", "R. Khan", "log", "Ada", "--text", "-", "--seal", "--json"]
    bare(*before, "--also", "Sam:witness", typed="x", status=2)
    bare(*before, "--category", "neglect", typed=" ", status=1)
    assert spool(school) == []
