"""Setting up, the roll, and reviews, by command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.school import PASSPHRASE, Answer, School

Bare = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _least_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSL_CONSOLE_KDF_FLOOR", "1")


def test_init_makes_a_vault_and_prints_the_recovery_code_once(bare: Bare, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE)
    folder = tmp_path / "vault"
    before = ["--vault", str(folder), "--passphrase-file", str(file)]
    made = bare(
        *before,
        "init",
        "--school",
        "Tarn Borough",
        "--user",
        "P. Ray",
        "--kind",
        "social-care",
        "--code",
        "301",
        "--json",
    ).json
    assert (made["vault"], made["user"]) == (str(folder), "P. Ray")
    assert len(made["recovery_code"].replace("-", "")) == 32
    assert json.loads((folder / "header.json").read_text())["slots"][0]["kdf"]["memory_kib"] == 64 * 1024
    again = bare(*before, "init", "--school", "X", "--user", "Y", "--json", status=1)
    assert "already" in again.error["error"]


def test_init_asks_for_what_is_left_out_and_twice_for_the_passphrase(bare: Bare, tmp_path: Path) -> None:
    typed = f"Kestrel Primary\nR. Khan\n{PASSPHRASE}\n{PASSPHRASE}\n"
    made = bare("--vault", str(tmp_path / "vault"), "init", typed=typed)
    assert len(made.out.strip().split("-")) == 8
    assert "shown only now" in made.err


def test_a_weak_passphrase_or_two_that_differ_make_nothing(bare: Bare, tmp_path: Path) -> None:
    vault = str(tmp_path / "vault")
    for typed in ("K\nR\npassword\n", f"K\nR\n{PASSPHRASE}\nanother made up passphrase\n"):
        bare("--vault", vault, "init", typed=typed, status=1)
    assert not (tmp_path / "vault" / "header.json").exists()


def test_without_a_vault_a_command_says_so_before_it_asks_for_anything(bare: Bare, tmp_path: Path) -> None:
    assert "no vault here" in bare("--vault", str(tmp_path), "children", "list", "--json", status=1).error["error"]


ROLL = """Legal Surname,Legal Forename,DOB,UPN,Year,Reg
Lowe,Ada,03/05/2016,B999200023218,5,5C
Tarn,Wilf,12/03/2015,,6,6B
,Nameless,12/03/2015,,6,6B
"""


def test_an_import_reports_every_row_and_a_dry_run_changes_nothing(school: School, tmp_path: Path) -> None:
    file = tmp_path / "roll.csv"
    file.write_text(ROLL)
    dry = school.run("children", "import", str(file), "--dry-run", "--json").json
    done = school.run("children", "import", str(file), "--json").json
    for report in (dry, done):
        assert (report["joined"], report["changed"], report["left"]) == (1, 1, 0)
        assert [each["line"] for each in report["rejected"]] == [4]
        assert set(report["rejected"][0]) == {"line", "reason"}
    rows = school.run("children", "list", "--json").json
    assert {row["name"]: row["reg_group"] for row in rows}["Ada Lowe"] == "5C"
    assert {"id", "name", "upn", "date_of_birth", "year_group", "status"} <= set(rows[0])
    assert "joined       0" in school.run("children", "import", "-", typed=ROLL).out


def test_leavers_are_marked_only_when_their_number_is_confirmed(school: School, tmp_path: Path) -> None:
    file = tmp_path / "roll.csv"
    file.write_text("\n".join(ROLL.splitlines()[:3]) + "\n")
    refused = school.run("children", "import", str(file), "--whole-school", "--json", status=1)
    assert "--confirm-leavers 3" in refused.error["hint"]
    school.run("children", "import", str(file), "--whole-school", "--confirm-leavers", "3")
    assert len(school.run("children", "list", "--json").json) == 2
    assert len(school.run("children", "list", "--left", "--json").json) == 5


def test_a_column_is_mapped_by_hand(school: School, tmp_path: Path) -> None:
    file = tmp_path / "roll.csv"
    file.write_text("Last,First,Born\nTarn,Wilf,12/03/2015\n")
    maps = ["--map", "Last=legal_surname", "--map", "First=legal_forename", "--map", "Born=date_of_birth"]
    assert school.run("children", "import", str(file), *maps, "--json").json["joined"] == 1
    school.run("children", "import", str(file), "--map", "nonsense", status=2)


def test_a_child_is_added_by_hand(school: School) -> None:
    done = school.run("children", "add", "-", "--dob", "12/03/2015", "--upn", "B1", "--json", typed="Wilf Tarn\n").json
    assert done["state"] == "added"
    shown = school.run("children", "show", done["id"], "--json").json
    assert (shown["name"], shown["date_of_birth"]) == ("Wilf Tarn", "2015-03-12")
    school.run("children", "add", "Wilf Tarn", "--dob", "some day", status=2)


def test_a_review_is_set_comes_due_and_is_held(school: School) -> None:
    done = school.run("review", "set", "Ada Lowe", "--status", "child-protection", "--every", "7d", "--json").json
    assert done["state"] == "child_protection"
    assert school.run("review", "due", "--json").json == []
    due = school.run("review", "due", "--on", "2027-07-01", "--json").json
    assert [(row["child"], row["status"]) for row in due] == [("Ada Lowe", "child_protection")]
    assert {"child_id", "child", "due", "status", "overdue_school_days"} <= set(due[0])
    assert due[0]["overdue_school_days"] > 0
    held = school.run("review", "hold", "Ada Lowe", typed="Stay on the plan.\n\nNo change yet.\n\n")
    assert "next review is due" in held.err
    school.run("review", "hold", "Sam Penfold", "--decision", "x", "--reason", "y", "--json", status=1)
    assert "Ada Lowe" in school.run("review", "due", "--on", "2027-07-01").out
