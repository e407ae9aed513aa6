"""A term of 420 children with the summer in it, then a session walked in a real terminal to its signed minute."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from practice.acts import ChildAdded, ConcernLogged, PartnerAdded
from practice.dates import parse_when
from practice.vocabulary import Decision, label_of
from storage import flags, people
from storage.desk import reviews
from storage.desk.sessions import print_minute
from storage.ids import new_id
from storage.keys import FLOOR
from storage.ledger import Draft
from storage.vault import Vault, open_vault
from storage.views import children as children_of
from storage.views import reviews as planned
from storage.views import sessions
from storage.views.actions import actions
from storage.views.record import chronology
from storage.views.sharing import shares
from tests.builder import children, concerns
from tests.conftest import PASSPHRASE, PERSON
from tests.faults.sizes import SIZE, say, size
from tests.terminal import CTRL_S, F4, HOME, Console

WALKED = size(2, 40, 40)
ENTRIES = size(20, 3_000, 3_000)
BEGIN, SPAN = date(2026, 4, 13), 220
FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
CTRL_R = "\x12"
BESIDE = {
    1: ("3", "Which entry?", (CTRL_S, "Hill [b] School"), "Proposed: it waits under Share"),
    2: ("1", "Who does it", ("Ring [b] home\t\tFri", "Fri 27 Nov 2026"), "It stands on the list of actions."),
    3: ("4", "To whom", ("Duty desk\tAssess [b]", "Assess [b]"), "The referral is in the record"),
    4: (
        "5",
        "Whose decision",
        ("Team manager\t\tA conference [b]", "A conference [b]"),
        "The challenge is in the record",
    ),
    9: ("2", "Considered, because", ("Talked about [b]", "Talked about [b]"), "Considered: it returns only"),
}
"""Beside which child's review what is done without leaving it: its number, what then shows, what is typed, its end."""
OTHER, OTHERS = "Sam Okafor", "nine quiet barges under the bridge"


class Clock:
    """A clock that stands where the made-up term is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 13, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=5)
        return self.now


def a_term(vault: Vault, clock: Clock) -> list[str]:
    """Record the roll, the statuses and the entries, each on its day; return the children under review."""
    made = children(size(30, 420, 420), 7)
    ids = [new_id() for _ in made]
    with vault.write() as unit:
        unit.record_many(
            [
                Draft(ChildAdded(legal_forename=each["legal_forename"], legal_surname=each["legal_surname"]), child)
                for each, child in zip(made, ids, strict=True)
            ]
        )
    statuses = ("child_protection", "referral_open", "child_in_need", "watching")
    under = ids[:WALKED]
    for number, child in enumerate(under):
        reviews.set_status(vault, child, statuses[number % 4])
    for number, each in enumerate(concerns(ENTRIES, made, 9)):
        day = BEGIN + timedelta(days=number * SPAN // ENTRIES)
        clock.now = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        occurred = parse_when(day.strftime("%d/%m/%Y"), clock.now)
        concern = ConcernLogged(
            text=each["text"], childs_words=each["childs_words"], category=each["category"], occurred=occurred
        )
        vault.record(concern, child=ids[each["child"]], entry=new_id())
    clock.now = FRIDAY
    return under


def one_review(console: Console, number: int, person: str) -> tuple[str, str]:
    """Answer and decide for the child on the screen, and write why; return what was typed."""
    console.wait_for(f"Review, {number} of {WALKED}", 90)
    console.press("")
    console.press("So")
    if SIZE != "suite" and number in BESIDE:
        choice, shown, (keys, painted), done = BESIDE[number]
        console.press(CTRL_R)
        console.type(choice)
        console.wait_for(shown)
        console.press("")
        console.type(keys)
        console.wait_for(painted)
        console.press("")
        console.type(CTRL_S)
        console.wait_for(done)
    # Nine questions lie before the decision; a person may answer them or go past them with Tab.
    console.press("\t" * 9)
    console.type("\r")
    console.wait_for("No further action")
    word, code = (("mon", "monitor_with_review_date"), ("early", "early_help"))[number % 2]
    for keys in (word, "\r", "\t"):
        console.press(keys)
    reason = f"Reason {number} [b] by {person}"
    console.type(reason)
    console.wait_for(reason)
    return code, reason


def assert_made_beside(vault: Vault, queue: list[str]) -> None:
    """Say that what was done beside the reviews is in the record, word for word."""
    assert [(row.child_id, row.partner) for row in shares(vault)] == [(queue[0], "Hill [b] School")]
    (ring,) = actions(vault, FRIDAY.date(), child_id=queue[1])
    assert (ring.what, f"{ring.due}") == ("Ring [b] home", "2026-11-27")
    for place, kind, words in ((2, "referral", "Assess [b]"), (3, "challenge", "A conference [b]")):
        (made,) = [row for row in chronology(vault, queue[place]) if row.kind == kind]
        assert words in made.text
        assert len(actions(vault, FRIDAY.date(), child_id=queue[place])) == 1, "its answer is asked for"
    assert "Talked about [b]" in {row.reason for row in flags.flags(vault, child_id=queue[8], considered=True)}


def walk(folder: Path, home: Path) -> list[tuple[str, str]]:
    """Walk a session by keyboard alone in a real terminal, killed half way and gone on with on another day by another.

    Return what was decided of each child, as it was typed, in the order of the queue.
    """
    typed: list[tuple[str, str]] = []
    first = Console(folder, home, at=FRIDAY)
    try:
        first.unlock(PASSPHRASE)
        first.type(F4)
        first.wait_for("of them overdue.")
        first.type("b")
        first.wait_for(f"{WALKED} child")
        first.press(CTRL_S)
        for number in range(1, WALKED // 2 + 1):
            typed.append(one_review(first, number, PERSON))
            first.press(CTRL_S)
        first.wait_for(f"Review, {WALKED // 2 + 1} of {WALKED}", 90)
        first.press("Lost with the power")
    finally:
        first.kill()
    second = Console(folder, home, at=FRIDAY + timedelta(days=3))
    try:
        second.wait_for(OTHER)
        second.press("\x1b[B")
        second.unlock(OTHERS)
        second.type(F4)
        second.wait_for(f"{WALKED // 2} of {WALKED} reviewed")
        second.press(HOME)
        second.type("\r")
        for number in range(WALKED // 2 + 1, WALKED + 1):
            typed.append(one_review(second, number, OTHER))
            second.press(CTRL_S)
        second.wait_for("Everybody was reviewed. Not signed yet", 90)
        second.type(CTRL_S)
        second.wait_for(f"Signed by {OTHER}")
    finally:
        second.kill()
    return typed


@pytest.mark.skipif(
    SIZE == "suite", reason="a minute in a real terminal: make prove walks it; screens/ walks a session"
)
def test_a_term_is_reviewed_in_a_terminal_by_two_people_and_the_minute_is_what_was_decided(
    vault_folder: Path, tmp_path: Path
) -> None:
    clock = Clock()
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=clock) as vault:
        under = a_term(vault, clock)
        people.add_person(vault, OTHER, "deputy", OTHERS, FLOOR)
        vault.record(PartnerAdded(org="hill", name="Hill [b] School", organisation="school"))
        queue = [row.child_id for row in planned.due(vault, FRIDAY.date())]
        assert set(queue) == set(under)
    started = time.monotonic()
    typed = walk(vault_folder, tmp_path / "home")
    took = time.monotonic() - started
    clock.now = FRIDAY + timedelta(days=3, hours=8)
    with open_vault(vault_folder, passphrase=PASSPHRASE, user=PERSON, clock=clock) as vault:
        (ended,) = sessions.sessions(vault, ended=True)
        assert (ended.left, len(ended.reviewed), ended.begun_by, ended.ended_by) == ((), WALKED, PERSON, OTHER)
        parts = ended.minute.split("\n\n")[1:]
        for place, (child, (code, reason)) in enumerate(zip(queue, typed, strict=True)):
            (held,) = planned.history(vault, child)
            assert (held.decision, held.reason) == (code, reason)
            assert held.answers["since"].strip().endswith("So")
            by, day = (PERSON, "Fri 20 Nov 2026") if place < WALKED // 2 else (OTHER, "Mon 23 Nov 2026")
            assert parts[place].startswith(f"{place + 1}. {children_of.get(vault, child).name}")
            assert f"Decision: {label_of(Decision, code)}\nReason: {reason}\n" in parts[place]
            assert f"Held {day} by {by}." in parts[place]
        printed = print_minute(vault, ended.id, tmp_path / "minute.pdf").path
        text = " ".join(" ".join(page.extract_text() for page in PdfReader(printed).pages).split())
        assert all(" ".join(line.split()) in text for line in ended.minute.splitlines())
        assert planned.due(vault, FRIDAY.date()) == []
        assert_made_beside(vault, queue)
        raised = {row.child_id for row in flags.flags(vault)}
        assert vault.verify(rebuild=True).ok
    words = f"{ENTRIES:,} entries over a term with its summer, {WALKED} children walked in a terminal in {took:.0f} s"
    told = f"patterns about {len(raised)} children"
    say("review session", f"{words}, killed half way, by two people, each decision in the minute; {told}")
