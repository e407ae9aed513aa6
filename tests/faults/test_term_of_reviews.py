"""A term of a made-up school of 420 children with the summer in it, then a session walked by keyboard to its minute."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from practice.acts import ChildAdded, ConcernLogged
from practice.dates import parse_when
from screens.review_child import ReviewChildScreen
from storage import flags
from storage.desk import reviews
from storage.ids import new_id
from storage.ledger import Draft
from storage.vault import Vault, open_vault
from storage.views import reviews as planned
from storage.views import sessions
from tests.builder import children, concerns
from tests.conftest import PASSPHRASE
from tests.faults.sizes import say, size

WALKED = size(1, 40, 40)
ENTRIES = size(20, 3_000, 3_000)
BEGIN, SPAN = date(2026, 4, 13), 220


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
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    return under


async def until(pilot, holds) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "the screen never came to it"
        await pilot.pause(0.01)


async def walk(folder: Path, vault: Vault, clock: Clock) -> dict[str, tuple[str, str]]:
    """Walk a session by keyboard alone; return what was decided of each child, as it was typed."""
    app = DslConsole(folder, settings=Settings(), clock=clock, vault=vault)
    typed: dict[str, tuple[str, str]] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "today")
        await pilot.press("f4")
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "review" and app.screen.due)
        await pilot.press("b")
        await until(pilot, lambda: "in this scope" in str(app.screen.query("#count").first().render()))
        await pilot.press("ctrl+s")
        for number in range(WALKED):
            await until(pilot, lambda: isinstance(app.screen, ReviewChildScreen) and app.screen._shown)
            screen = app.screen
            child, reason = screen.found.child.id, f"Reason {number}"
            # Nine questions lie before the decision; a person may answer them or go past them with Tab.
            await pilot.press("S", "o", *["tab"] * 9, "enter")
            await until(pilot, lambda: screen.query_one("#decision").expanded)  # noqa: B023
            word, code = (("mon", "monitor_with_review_date"), ("early", "early_help"))[number % 2]
            await pilot.press(*word, "enter")
            await until(pilot, lambda: screen.query_one("#decision").code == code)  # noqa: B023
            await pilot.press("tab", *reason, "enter", "ctrl+s")
            typed[child] = (code, reason)
            await until(pilot, lambda: app.screen is not screen or screen._shown != child)  # noqa: B023
        await until(pilot, lambda: getattr(app.screen, "NAME", "") == "minute" and app.screen.found)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not app.screen.found.open)
    return typed


def test_a_term_is_reviewed_by_keyboard_and_the_minute_is_what_was_decided(vault_folder: Path) -> None:
    clock = Clock()
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=clock) as vault:
        under = a_term(vault, clock)
        queue = planned.due(vault, clock.now.date())
        assert {row.child_id for row in queue} == set(under)
        started = time.monotonic()
        typed = asyncio.run(walk(vault_folder, vault, clock))
        took = time.monotonic() - started
        assert list(typed) == [row.child_id for row in queue], "the longest overdue come first"
        (ended,) = sessions.sessions(vault, ended=True)
        assert (ended.left, len(ended.reviewed)) == ((), WALKED)
        for child, (code, reason) in typed.items():
            (held,) = planned.history(vault, child)
            assert (held.decision, held.reason, held.answers) == (code, reason, {"since": "So"})
            assert f"Reason: {reason}\n" in ended.minute
        assert planned.due(vault, clock.now.date()) == []
        raised = {row.child_id for row in flags.flags(vault)}
        assert vault.verify(rebuild=True).ok
    words = f"{ENTRIES:,} entries over a term with its summer, {WALKED} children walked by keyboard in {took:.0f} s"
    say("review session", f"{words}, each decision in the minute; patterns about {len(raised)} children")
