"""Review sessions: their scopes, paused and gone on with by somebody else, and a minute that is what was decided."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from practice.errors import NotFound, Refused
from practice.minutes import pages_of
from practice.text import NOTE_LIMIT
from storage.desk import actions, reviews
from storage.desk import sessions as desk
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import Vault, open_vault
from storage.views import sessions
from storage.views.record import chronology
from tests.conftest import PASSPHRASE, PERSON, add_child


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 9, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(vault: Vault) -> Clock:
    clock = Clock()
    vault.clock = clock
    return clock


@pytest.fixture
def due(vault: Vault, clock: Clock) -> dict[str, str]:
    ids = {name: add_child(vault, name, "Vale") for name in ("Ada", "Noor", "Ivo", "Zed")}
    for name, status in (("Ada", "child_protection"), ("Noor", "referral_open"), ("Ivo", "watching")):
        reviews.set_status(vault, ids[name], status)
    clock.now += timedelta(days=11)
    return ids


def names(rows) -> list[str]:
    return [row.child.split()[0] for row in rows]


def test_the_scopes(vault: Vault, due: dict[str, str], clock: Clock) -> None:
    assert names(desk.in_scope(vault, "due")) == ["Ada", "Noor"]
    assert names(desk.in_scope(vault, "overdue")) == ["Ada", "Noor"]
    assert names(desk.in_scope(vault, "status", "watching")) == ["Ivo"]
    actions.add(vault, due["Noor"], "Ring", owner="Gwen Pryce")
    assert names(desk.in_scope(vault, "worker", "pryce")) == ["Noor"]
    assert names(desk.in_scope(vault, "before_holiday")) == ["Ada", "Noor", "Ivo"]
    with pytest.raises(Refused, match="no scope"):
        desk.in_scope(vault, "everybody")
    with pytest.raises(Refused, match="Nobody is in that scope"):
        desk.begin(vault, "status", "early_help")


def test_a_session_is_gone_on_with_by_another_person_and_its_minute_is_what_was_decided(
    vault: Vault, due: dict[str, str], clock: Clock
) -> None:
    add_person(vault, "Ben Ode", "deputy", "under the old stone bridge", FLOOR)
    begun = desk.begin(vault, "due")
    assert [name for _, name in begun.left] == ["Ada Vale", "Noor Vale"]
    with pytest.raises(Refused, match="nothing to sign"):
        desk.end(vault, begun.id)
    reviews.hold(vault, due["Ada"], "early_help", "Better [red]now[/red]", session=begun.id)
    shown = sessions.get(vault, begun.id).minute
    with open_vault(vault.folder, passphrase="under the old stone bridge", user="Ben Ode") as ben:
        ben.clock = clock
        clock.now += timedelta(days=3)
        (open_one,) = sessions.sessions(ben)
        assert [name for _, name in open_one.left] == ["Noor Vale"]
        reviews.hold(ben, due["Noor"], "challenge", "No answer since Tuesday", session=begun.id)
        with pytest.raises(Refused, match="went on meanwhile"):
            desk.end(ben, begun.id, read=shown)
        ended = desk.end(ben, begun.id, read=sessions.get(ben, begun.id).minute)
    assert (ended.ended_by, ended.left) == ("Ben Ode", ())
    for words in (
        "Reviewed: 2. Not reviewed: 0.",
        "1. Ada Vale",
        "Decision: Early help",
        "Reason: Better [red]now[/red]",
        f"Held Fri 20 Nov 2026 by {PERSON}.",
        "Decision: Professional challenge",
        "Held Mon 23 Nov 2026 by Ben Ode.",
    ):
        assert words in ended.minute
    with pytest.raises(Refused, match="ended already"):
        desk.end(vault, begun.id)
    assert sessions.sessions(vault) == []
    assert sessions.get(vault, begun.id).minute == ended.minute
    report = vault.verify(rebuild=True, signatures=True)
    assert report.ok, report.problems


def test_the_minute_goes_out_as_a_pdf_and_that_is_recorded(vault: Vault, due: dict[str, str], tmp_path: Path) -> None:
    begun = desk.begin(vault, "due")
    reviews.hold(vault, due["Ada"], "early_help", "Better", session=begun.id)
    made = desk.print_minute(vault, begun.id, tmp_path / "minute.pdf")
    assert made.path.read_bytes().startswith(b"%PDF-")
    assert made.path.stat().st_mode & 0o077 == 0
    page = desk.print_minute(vault, begun.id, tmp_path / "minute.html")
    assert "Not reviewed in this session" in page.path.read_text(encoding="utf-8")
    with pytest.raises(Refused, match=r"\.pdf or \.html"):
        desk.print_minute(vault, begun.id, tmp_path / "minute.csv")
    with pytest.raises(NotFound):
        sessions.get(vault, "none")
    with vault.read() as connection:
        kinds = connection.exec_driver_sql("SELECT count(*) FROM acts WHERE kind = 'exported'").scalar_one()
    assert kinds == 2


def test_a_long_minute_is_cut_between_lines_and_comes_back_whole() -> None:
    text = "\n".join(f"line {number} " + "é" * 60 for number in range(3000))
    pages = pages_of(text)
    assert len(pages) > 2
    assert all(len(page.encode()) <= NOTE_LIMIT for page in pages)
    assert "\n".join(pages) == text


KILLED = """
import os, sys
from storage.vault import open_vault
from storage.desk import reviews, sessions
vault = open_vault(__import__("pathlib").Path(sys.argv[1]), passphrase=sys.argv[2])
begun = sessions.begin(vault, "status", "watching")
reviews.hold(vault, sys.argv[3], "early_help", "held before the kill", session=begun.id)
print(begun.id, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_killed_session_is_gone_on_with(vault: Vault, vault_folder: Path) -> None:
    ids = [add_child(vault, name, "Vale") for name in ("Ada", "Noor")]
    for child in ids:
        reviews.set_status(vault, child, "watching")
    arguments = [sys.executable, "-c", KILLED, str(vault_folder), PASSPHRASE, ids[0]]
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run(
        arguments, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False, cwd=root
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (found,) = sessions.sessions(vault)
    assert found.id == killed.stdout.strip()
    assert [child for child, _ in found.left] == [ids[1]]
    assert "held before the kill" in found.minute


def test_a_referral_asks_whether_you_have_heard_on_the_next_working_day(vault: Vault, due: dict[str, str]) -> None:
    entry = desk.refer(vault, due["Ada"], "Amir Haddad, front door", "A visit today")
    assert chronology(vault, due["Ada"])[0].kind == "referral"
    (action,) = actions.actions(vault, date(2026, 11, 20))
    assert (action.what, action.due, action.about) == (
        "Have you heard from Amir Haddad, front door?",
        date(2026, 11, 23),
        entry,
    )
    with pytest.raises(Refused):
        desk.refer(vault, due["Ada"], " ", "y")
