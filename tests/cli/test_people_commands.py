"""People by command: added, listed, given another role, removed; passphrases, the recovery code, new keys."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner

from dsl_console.cli.main import root
from storage import keyring_head
from storage.vault import open_vault
from tests.cli.school import PASSPHRASE, School
from tests.storage.test_device_secret import Keyring

BEN = "seven tall paper boats"
NEW = "under the old stone bridge"


@pytest.fixture(autouse=True)
def at_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSL_CONSOLE_KDF_FLOOR", "1")


@pytest.fixture
def ben_file(tmp_path: Path) -> Path:
    path = tmp_path / "ben"
    path.write_text(BEN + "\n", encoding="utf-8")
    return path


@pytest.fixture
def ben(school: School, ben_file: Path) -> School:
    """The school as Ben, a deputy, opens it."""
    added = school.run("people", "add", "Ben Ode", "--role", "deputy", "--new-passphrase-file", str(ben_file), "--json")
    assert added.json["state"] == "added"
    return replace(school, passphrase_file=ben_file)


def test_each_person_has_a_passphrase_of_their_own(school: School, ben: School) -> None:
    listed = school.run("--as", "R. Khan", "people", "list", "--json").json
    assert [(each["name"], each["role"], each["compartments"], each["rotation_due"]) for each in listed] == [
        ("R. Khan", "dsl", ["children"], []),
        ("Ben Ode", "deputy", ["children"], []),
    ]
    assert "Ben Ode · Deputy DSL" in school.run("--as", "R. Khan", "people", "list").out
    assert ben.run("--as", "ben ode", "children", "list", "--json").json
    ben.run("--as", "R. Khan", "children", "list", status=3)
    assert "Several people" in school.run("children", "list", status=1).err
    refused = ben.run("--as", "Ben Ode", "people", "add", "Cy Moss", "--role", "dsl", "--json", status=3)
    assert "Only the DSL or the headteacher" in refused.error["error"]


def test_a_new_persons_passphrase_is_typed_twice_and_must_do(school: School) -> None:
    typed = "\n".join(["Ben Ode", "deputy", "short", BEN, "another", BEN, BEN]) + "\n"
    done = school.run("people", "add", typed=typed, status=1)
    assert "12 characters" in done.err
    assert "Nothing was changed" in done.err
    done = school.run("people", "add", typed="\n".join(["Ben Ode", "deputy", BEN, BEN]) + "\n")
    assert "not of cryptography" in done.err
    assert BEN not in done.out + done.err
    with open_vault(school.folder, passphrase=BEN, user="Ben Ode") as vault:
        assert vault.person.role == "deputy"


def test_a_role_changes_and_somebody_must_manage_people(school: School, ben: School) -> None:
    as_khan = ["--as", "R. Khan"]
    assert school.run(*as_khan, "people", "role", "Ben Ode", "--role", "head", "--json").json["state"] == "changed"
    assert school.run(*as_khan, "people", "list", "--json").json[1]["role"] == "head"
    ben.run("--as", "Ben Ode", "people", "role", "R. Khan", "--role", "read-only")
    last = ben.run("--as", "Ben Ode", "people", "role", "Ben Ode", "--role", "deputy", "--json", status=1)
    assert "nobody could manage" in last.error["error"]
    school.run(*as_khan, "people", "role", "Ben Ode", "--role", "deputy", "--json", status=3)
    school.run(*as_khan, "people", "code", "--json", status=3)


def test_who_is_removed_opens_nothing_and_nobody_else_need_do_anything(
    school: School, ben: School, tmp_path: Path
) -> None:
    third = tmp_path / "third"
    third.write_text(NEW, encoding="utf-8")
    as_khan = ["--as", "R. Khan"]
    school.run(*as_khan, "people", "add", "Cy Moss", "--role", "head", "--new-passphrase-file", str(third))
    gone = school.run(*as_khan, "people", "remove", "Ben Ode", "--reason", "-", "--json", typed="Left in July.").json
    assert (gone["state"], gone["rotation_due"]) == ("removed", [])
    ben.run("--as", "Ben Ode", "children", "list", status=3)
    assert replace(school, passphrase_file=third).run("--as", "Cy Moss", "children", "list", "--json").json
    school.run(*as_khan, "people", "remove", "R. Khan", "--reason", "-", typed="Me.", status=1)
    school.run(*as_khan, "verify", "--rebuild", "--signatures")


def test_where_the_keys_cannot_be_made_anew_now_it_says_so_and_rekey_does_it_later(school: School, ben: School) -> None:
    as_khan = ["--as", "R. Khan"]
    with open_vault(school.folder, passphrase=PASSPHRASE, user="R. Khan"):
        gone = school.run(*as_khan, "people", "remove", "Ben Ode", "--reason", "-", "--json", typed="Left.").json
        assert (gone["state"], gone["rotation_due"]) == ("removed", ["children"])
        ben.run("--as", "Ben Ode", "children", "list", status=3)
        assert "rekey" in school.run("people", "list").out
        assert school.run("people", "list", "--json").json[0]["rotation_due"] == ["children"]
    done = school.run("rekey", "--reason", "-", "--json", typed="Ben left.").json
    assert done == {"id": "children", "state": "rotated", "generation": 2}
    assert school.run("people", "list", "--json").json[0]["rotation_due"] == []
    assert len(school.run("children", "list", "--json").json) == 4


def test_a_passphrase_is_changed(school: School, ben_file: Path) -> None:
    assert (
        school.run("people", "passphrase", "--new-passphrase-file", str(ben_file), "--json").json["state"] == "changed"
    )
    school.run("children", "list", status=3)
    assert replace(school, passphrase_file=ben_file).run("children", "list", "--json").json


def test_the_recovery_code_opens_it_once_and_is_replaced(school: School, ben_file: Path, tmp_path: Path) -> None:
    first = school.run("people", "code", "--json").json
    assert first["state"] == "replaced"
    code = tmp_path / "code"
    code.write_text(first["recovery_code"].lower(), encoding="utf-8")
    arguments = ["recover", "--code-file", str(code), "--new-passphrase-file", str(ben_file), "--json"]
    done = school.run(*arguments).json
    assert done["state"] == "recovered"
    assert done["recovery_code"] != first["recovery_code"]
    school.run("children", "list", status=3)
    assert replace(school, passphrase_file=ben_file).run("children", "list", "--json").json
    assert school.run(*arguments, status=3).error["status"] == 3


def test_the_recovery_code_is_typed_unseen(school: School) -> None:
    code = school.run("people", "code").out.strip()
    typed = "\n".join([code, NEW, NEW]) + "\n"
    done = CliRunner().invoke(root, ["--vault", str(school.folder), "recover"], input=typed)
    assert done.exit_code == 0, done.stderr
    assert code not in done.stdout + done.stderr
    assert "shown only now" in done.stderr
    with open_vault(school.folder, passphrase=NEW) as vault:
        assert vault.verify(signatures=True).ok


def test_a_read_only_person_finds_who_they_were_given_and_another_for_a_reason(school: School, ben_file: Path) -> None:
    as_khan = ["--as", "R. Khan"]
    school.run("people", "add", "Sue Sen", "--role", "read-only", "--new-passphrase-file", str(ben_file))
    sue = replace(school, passphrase_file=ben_file)
    as_sue = ["--as", "Sue Sen"]
    assert "No child was given to you" in sue.run(*as_sue, "children", "list").err
    given = school.run(*as_khan, "people", "grant", "Sue Sen", "Ada Lowe", "Sam Penfold", "--json").json
    assert (given["state"], given["children"]) == ("granted", 2)
    school.run(*as_khan, "people", "withdraw", "Sue Sen", "Sam Penfold")
    assert [each["name"] for each in sue.run(*as_sue, "children", "list", "--json").json] == ["Ada Lowe"]
    listed = school.run(*as_khan, "people", "list", "--json").json
    assert [each["given"] for each in listed] == [None, [school.children["Ada Lowe"]]]
    sue.run(*as_sue, "chronology", "Ada Lowe")
    refused = sue.run(*as_sue, "chronology", "Zoë O'Brien", "--json", status=1)
    assert "break-glass" in refused.error["hint"]
    refused = sue.run(*as_sue, "log", "Zoë O'Brien", "--text", "-", "--json", typed="She was cold.", status=3)
    assert "Your role here is to read" in refused.error["error"]
    broken = sue.run(*as_sue, "children", "break-glass", "Zoë O'Brien", "--reason", "-", "--json", typed="She asked.")
    assert broken.json["state"] == "opened"
    sue.run(*as_sue, "chronology", "Zoë O'Brien")
    sue.run(*as_sue, "audit", "--json", status=3)
    lines = school.run(*as_khan, "audit", "--person", "Sue Sen").out
    assert "opened, outside their list, the record · Zoë O'Brien · She asked." in lines


def test_a_colleague_is_covered(school: School, ben: School) -> None:
    as_khan = ["--as", "R. Khan"]
    done = school.run(*as_khan, "people", "cover", "R. Khan", "--by", "Ben Ode", "--until", "2099-01-01", "--json").json
    assert done["state"] == "covered"
    assert "Ben Ode covers R. Khan until " in school.run(*as_khan, "today").out
    (cover,) = school.run(*as_khan, "today", "--json").json["covers"]
    assert (cover["person"], cover["by"], cover["until"]) == ("R. Khan", "Ben Ode", "2099-01-01")
    school.run(*as_khan, "people", "cover", "R. Khan", "--by", "R. Khan", "--until", "2099-01-01", status=1)


def test_a_second_factor_is_switched_on_listed_and_needed(school: School) -> None:
    before, backend = keyring.get_keyring(), Keyring()
    keyring.set_keyring(backend)
    try:
        assert school.run("people", "second-factor", "on", "--json").json["state"] == "on"
        assert school.run("people", "list", "--json").json[0]["second_factor"] is True
        assert "passphrase and keyring" in school.run("people", "list").out
        kept = dict(backend.entries)
        backend.entries.clear()
        refused = school.run("children", "list", status=3)
        assert "does not hold the second factor" in refused.err
        assert "recovery code" in refused.err
        backend.entries.update(kept)
        school.run("people", "second-factor", "off")
    finally:
        keyring.set_keyring(before)
    school.run("children", "list")


def test_verify_compares_the_head_that_the_keyring_keeps(school: School, tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    older = tmp_path / "older"
    shutil.copytree(school.folder, older)
    try:
        school.log("What somebody would like to hide.")
        with open_vault(school.folder, passphrase=PASSPHRASE) as opened:
            assert keyring_head.keep(opened)
        school.run("verify")
        shutil.rmtree(school.folder)
        older.rename(school.folder)  # its anchor and its header with it
        assert "older copy" in school.run("verify", status=4).out
    finally:
        keyring.set_keyring(before)
    school.run("verify")
