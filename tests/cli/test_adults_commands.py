"""The adults' register by command: for its holders all of it, for anybody else one sentence (R-39 to R-46)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from practice.acts import Phones, SchoolSet
from storage.keys import FLOOR
from storage.people import add_person
from storage.register import create_with
from storage.vault import create
from tests.cli.school import HOSTILE, PASSPHRASE, School

DSL = "under the old stone bridge"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault whose head holds the register and whose DSL does not, with both passphrases in files."""
    place = tmp_path_factory.mktemp("adults")
    phones = Phones(front_door="01632 960001", lado="01632 960007", chair_of_governors="01632 960008")
    school = SchoolSet(name="Kestrel Primary", phones=phones)
    vault, _ = create(place / "vault", school=school, user="Hana Reed", passphrase=PASSPHRASE, role="head", kdf=FLOOR)
    with vault:
        add_person(vault, "Dara Lowe", "dsl", DSL, FLOOR)
        register, _code = create_with(vault, vault.person_keys)
        register.close()
    (place / "head").write_text(PASSPHRASE)
    (place / "dsl").write_text(DSL)
    return place


class As(School):
    """The program run as one of the two."""

    name = "Hana Reed"

    def before(self) -> list[str]:
        return [*super().before(), "--as", self.name]


@pytest.fixture
def head(template: Path, tmp_path: Path) -> As:
    shutil.copytree(template / "vault", tmp_path / "vault")
    return As(tmp_path / "vault", template / "head", {})


@pytest.fixture
def dsl(head: As, template: Path) -> As:
    made = As(head.folder, template / "dsl", {})
    made.name = "Dara Lowe"
    return made


def log(head: As, *more: str, text: str = HOSTILE, name: str = "Ray Moss") -> dict:
    return head.run("adults", "log", name, "--text", "-", *more, "--json", typed=text).json


def test_from_a_concern_to_the_lado_and_a_decision(head: As) -> None:
    kept = log(head, "--new", "--role", "Coach", "--from", "Kim Dale", "--anonymous", "--place", "Sports hall")
    assert kept["state"] == "undecided"
    said = head.run("adults", "log", "Nobody Here", "--text", "-", "--json", typed="x", status=1).error
    assert "Nobody of that name" in said["error"]
    low = kept["id"]
    crossed = head.run(
        "adults", "decide", low, "--decision", "training", "--reason", "It was worse.", "--harm", "risk", "--json"
    ).json
    assert (crossed["state"], crossed["lado"]) == ("lado_stop", "01632 960007")
    allegation = crossed["id"]
    decide = ["adults", "decide", allegation, "--threshold", "may_be_met", "--reason", "As advised.", "--json"]
    refused = head.run(*decide, "--decision", "no_action", status=1).error
    assert "ring the LADO now" in refused["error"]
    assert "01632 960007" in refused["hint"]
    called = ["--spoke-to", "A. Officer", "--at", "10:40", "--advice", "Refer.", "--json"]
    assert head.run("adults", "lado", allegation, *called).json["state"] == "undecided"
    referred = ["--decision", "lado_referred", "--on", "2026-11-20", "--reference", "L/7"]
    assert head.run(*decide, *referred).json["state"] == "decided"
    whole = head.run("adults", "show", allegation, "--json").json
    assert (whole["kind"], whole["opened_from"], whole["shared_by"]) == ("allegation", low, None)
    assert whole["rationale"] == "It was worse."
    assert "It was worse." not in whole["text"]
    assert [step["what"] for step in whole["steps"]] == ["lado_called", "decided"]
    shown = head.run("adults", "show", low, "--reporter").out
    assert f"Became: {allegation}" in shown
    assert re.search(r"Decided by Hana Reed, .* 20\d\d: the harm threshold may be met\n +It was worse\.\n", shown)
    assert HOSTILE in shown
    assert "Shared by: Kim Dale" in shown
    assert {row["state"] for row in head.run("adults", "list", "--json").json} == {"crossed", "decided"}
    trail = [row["what"] for row in head.run("adults", "audit", "--json").json]
    assert "read the name of somebody who asked to stay anonymous" in trail
    assert trail.count("read an entry") == 2


def test_whoever_does_not_hold_the_key_gets_one_answer_from_every_command_full_or_empty(head: As, dsl: As) -> None:
    commands = [
        ("list",),
        ("show", "x"),
        ("log", "Ray"),
        ("self-referral", "Ray"),
        ("amend", "x"),
        ("decide", "x"),
        ("lado", "x"),
        ("patterns",),
        ("retention",),
        ("grant", "Dara Lowe"),
        ("revoke", "Hana Reed"),
        ("rotate",),
        ("code",),
        ("audit",),
        ("verify",),
        ("report", "list"),
    ]
    empty = {dsl.run("adults", *command, "--json", status=3).err for command in commands[:3]}
    log(head, "--new", "--harm", "harmed")
    full = {dsl.run("adults", *command, "--json", status=3).err for command in commands}
    assert full == empty
    assert len(full) == 1
    assert "you do not hold its key" in full.pop()


def test_nothing_of_it_reaches_any_answer_of_the_childrens_record(head: As, dsl: As, tmp_path: Path) -> None:
    def said() -> list[str]:
        commands = (
            ("children", "list"),
            ("search", "zebra"),
            ("report", "list", "--all"),
            ("audit",),
            ("people", "list"),
            ("adults", "holders"),
            ("verify",),
            ("review", "due"),
        )
        answers = [dsl.run(*command, "--json") for command in commands]
        return [re.sub(r"20\d\d-[^\"]+|\b\d+\b", "", answer.out + answer.err) for answer in answers]

    said()
    before = said()
    kept = log(head, "--new", text="The zebra of Ray Moss")
    reported = ["--about", "adult", "--adult", "Ray Moss", "--from", "Kim Dale", "--json"]
    head.run("report", *reported, "--text", "-", typed="zebra once more")
    assert said()[1:3] == before[1:3]
    assert said()[5:7] == before[5:7]
    assert "not opened" in dsl.run("verify").err
    dsl.run("share", "propose", kept["id"], "--to", "Anyone", "--json", status=1)
    listed = dsl.run("backup", str(tmp_path / "b.dslb"), "--json")
    assert "zebra" not in listed.out + listed.err
    assert head.run("verify", "--json").json["adults"] == "checked"


def test_a_report_about_an_adult_is_sealed_to_the_register_and_triaged_in_it(head: As, dsl: As) -> None:
    fields = ["--adult", "Ray Moss", "--adult-role", "Coach", "--anonymous", "--place", "Minibus"]
    ident = head.run("report", "--about", "adult", *fields, "--text", "-", "--json", typed=HOSTILE).json["id"]
    quiet = dsl.run("report", "list")
    assert (quiet.out, "could not be taken in" in quiet.err) == ("", False)
    assert [path.stem for path in (head.folder / "spool" / "reports").iterdir()] == [ident]
    waiting = head.run("adults", "report", "list", "--json").json
    assert [(row["id"], row["state"], row["adult_as_written"]) for row in waiting] == [(ident, "waiting", "Ray Moss")]
    assert not list((head.folder / "spool" / "reports").iterdir())
    assert HOSTILE in head.run("adults", "report", "show", ident).out
    accepted = head.run("adults", "report", "accept", ident, "--adult", "Ray Moss", "--new", "--harm", "risk", "--json")
    assert (accepted.json["id"], accepted.json["state"]) == (ident, "lado_stop")
    head.run("adults", "report", "accept", ident, "--adult", "Ray Moss", "--json", status=1)
    head.run("adults", "report", "answered", ident, "--by", "Hana Reed", "--what", "It is with the LADO.", "--json")
    row = head.run("adults", "show", ident, "--json").json
    assert (row["text"], row["adult"]["role"], row["place"]) == (HOSTILE, "Coach", "Minibus")
    refused = head.run("report", "--about", "headteacher", "--json", status=1).error
    assert "01632 960008" in refused["hint"]


def test_the_key_by_command(head: As, dsl: As, tmp_path: Path) -> None:
    assert head.run("adults", "holders", "--json").json["holders"] == ["Hana Reed"]
    head.run("adults", "grant", "Dara Lowe", "--json")
    log(head, "--new")
    assert len(dsl.run("adults", "list", "--json").json) == 1
    assert dsl.run("verify", "--json").json["adults"] == "checked"
    head.run("adults", "revoke", "Dara Lowe", "--reason", "The school decided.", "--json")
    dsl.run("adults", "list", status=3)
    code = tmp_path / "code"
    code.write_text(head.run("adults", "code", "--json").json["recovery_code"])
    assert head.run("adults", "rotate", "--reason", "Yearly.", "--json").json["generation"] == 3
    recovered = dsl.run("adults", "recover", "--code-file", str(code), "--json").json
    assert recovered["recovery_code"] != code.read_text()
    assert len(dsl.run("adults", "list", "--json").json) == 1
    assert head.run("adults", "verify", "--rebuild", "--signatures", "--json").json["ok"]


def test_patterns_and_retention_by_command(head: As) -> None:
    first = log(head, "--new", "--place", "Minibus")["id"]
    second = head.run("adults", "self-referral", "Ray Moss", "--text", "I was alone with a pupil", "--json").json["id"]
    found = head.run("adults", "patterns", "--json").json
    assert [(each["rule"], set(each["entries"])) for each in found] == [("person", {first, second})]
    head.run("adults", "patterns", "--finding", "Route changed.", "--json")
    assert head.run("adults", "patterns", "--reviews", "--json").json[0]["finding"] == "Route changed."
    head.run("adults", "left", "Ray Moss", "--on", "2019-07-20", "--json")
    head.run("adults", "retention", "--years", "6", "--source", "Policy", "--json")
    due = head.run("adults", "retention", "--json").json
    assert [(row["until"], row["due"]) for row in due["adults"]] == [("2025-07-20", True)]
    head.run("adults", "change", "Ray Moss", "--role", "Teacher", "--json")
    assert "Ray Moss, Teacher" in head.run("adults", "list").out


def test_the_head_makes_it_and_says_whether_the_dsl_reads_it(tmp_path: Path, template: Path) -> None:
    vault, _ = create(
        tmp_path / "vault", school=SchoolSet(name="K"), user="Hana Reed", passphrase=PASSPHRASE, role="head", kdf=FLOOR
    )
    with vault:
        add_person(vault, "Dara Lowe", "dsl", DSL, FLOOR)
    head = As(tmp_path / "vault", template / "head", {})
    assert "no adults' register yet" in head.run("adults", "list", "--json", status=1).error["error"]
    refused = head.run("report", "--about", "adult", "--json", status=1).error
    assert "headteacher in person now" in refused["hint"]
    made = head.run("adults", "create", "--dsl-reads", "yes", "--json").json
    assert made["holders"] == ["Hana Reed", "Dara Lowe"]
    assert len(made["recovery_code"]) == 39
    head.run("adults", "create", "--dsl-reads", "no", "--json", status=1)
