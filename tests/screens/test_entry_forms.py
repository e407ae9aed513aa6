"""Deciding, amending and moving an entry, on the real record."""

from __future__ import annotations

import threading

import pytest
from conftest import HOSTILE, settled, wait_for, wait_until, words_on
from textual.widgets import Button, Input, TextArea

from screens.amend import AmendScreen
from screens.decide import DecideScreen
from screens.drafting import DraftKeeper
from screens.move_entry import MoveScreen
from storage.desk import children, concerns
from storage.views import record

WICKED = HOSTILE + "\x1b[31m and \u202eback\u202c\x07"
SHOWN = HOSTILE + "␛[31m and ⟦RLO⟧back⟦PDF⟧␇"


@pytest.fixture
def child(vault) -> str:
    return children.add_child(vault, legal_forename="Amira", legal_surname="Khan")[0]


@pytest.fixture
def entry(vault, child) -> str:
    return concerns.log_concern(vault, {"text": WICKED, "childs_words": "[he hit me]"}, child_id=child)[0]


async def opened(pilot, name: str, entry: str):
    pilot.app.open(name, entry_id=entry)
    await settled(pilot)
    return pilot.app.screen


def write(pilot, field: str, text: str) -> None:
    pilot.app.screen.query_one(f"#{field}", TextArea).text = text


async def save(pilot) -> None:
    await pilot.press("ctrl+s")
    await settled(pilot)


async def test_a_decision_needs_its_reason(console, entry):
    async with console() as pilot:
        screen = await opened(pilot, "decide", entry)
        assert SHOWN in words_on(pilot.app)
        await save(pilot)
        assert "What is decided?" in words_on(pilot.app)
        screen.query_one("#decision").code = "monitor_with_review_date"
        await save(pilot)
        assert "A decision needs its reason." in words_on(pilot.app)
        assert record.detail(pilot.app.vault, entry).decisions == []
        write(pilot, "reason", WICKED)
        screen.query_one("#due Input", Input).value = "Friday"
        await settled(pilot)
        assert "Read as: Fri 27 Nov 2026" in words_on(pilot.app)
        screen.query_one("#advice_name", Input).value = "J Marsh"
        write(pilot, "advice", "Keep a dated log.")
        await save(pilot)
        (made,) = record.detail(pilot.app.vault, entry).decisions
        assert (made.decision, made.reason, str(made.due)) == ("monitor_with_review_date", WICKED, "2026-11-27")
        assert made.advice["name"] == "J Marsh"
        assert not isinstance(pilot.app.screen, DecideScreen)
        assert pilot.app.vault.drafts.all() == []


async def test_a_date_that_cannot_be_read_is_asked_about_and_nothing_is_recorded(console, entry):
    async with console() as pilot:
        screen = await opened(pilot, "decide", entry)
        screen.query_one("#decision").code = "early_help"
        write(pilot, "reason", "Family asked for it.")
        screen.query_one("#due Input", Input).value = "when it suits"
        await save(pilot)
        assert "Which day is that?" in words_on(pilot.app)
        assert record.detail(pilot.app.vault, entry).decisions == []


async def test_a_later_decision_stands_in_front_and_the_earlier_stays(console, vault, entry):
    concerns.decide(vault, entry, "in_school_support", "First reason.")
    async with console() as pilot:
        screen = await opened(pilot, "decide", entry)
        screen.query_one("#decision").code = "police"
        write(pilot, "reason", "Second reason.")
        await save(pilot)
        await opened(pilot, "entry", entry)
        shown = words_on(pilot.app)
        assert "Police Second reason." in shown
        assert "Superseded: Support in school" in shown
        assert "First reason." in shown


async def test_a_half_written_decision_is_kept(console, vault, entry):
    async with console() as pilot:
        await opened(pilot, "decide", entry)
        write(pilot, "reason", "Because")
        await pilot.press("escape")
        await settled(pilot)
        assert vault.drafts.get(f"decide-{entry}").fields["reason"] == "Because"
        screen = await opened(pilot, "decide", entry)
        assert screen.query_one("#reason", TextArea).text == "Because"
        assert "put back" in words_on(pilot.app)


async def test_what_is_typed_before_the_entry_is_there_goes_behind_it(console, vault, entry, monkeypatch):
    come, found = threading.Event(), DraftKeeper.found
    monkeypatch.setattr(DraftKeeper, "found", lambda keeper: come.wait(15) and found(keeper))
    async with console() as pilot:
        pilot.app.open("amend", entry_id=entry)
        await wait_for(pilot, SHOWN)
        await pilot.press(*" Later")
        come.set()
        await settled(pilot)
        await wait_until(pilot, lambda: pilot.app.screen.query_one("#text", TextArea).text == f"{WICKED} Later")


async def test_an_amendment_is_a_version_with_its_reason(console, vault, entry):
    before = record.get(vault, entry).version
    async with console() as pilot:
        await opened(pilot, "amend", entry)
        assert pilot.app.screen.query_one("#text", TextArea).text == WICKED
        assert SHOWN in words_on(pilot.app), "the old words stand above"
        await save(pilot)
        assert "Nothing is changed yet." in words_on(pilot.app)
        await pilot.press(*" End", "ctrl+home", *"Start ", "ctrl+end", "!")
        assert pilot.app.screen.query_one("#text", TextArea).text == f"Start {WICKED} End!", "one goes on behind it"
        write(pilot, "text", "It was the second time.")
        await save(pilot)
        assert "A reason is needed" in words_on(pilot.app)
        write(pilot, "reason", "Left out at first.")
        await save(pilot)
        assert not isinstance(pilot.app.screen, AmendScreen)
        first, second = record.detail(pilot.app.vault, entry).versions
        assert (first.text, second.text) == (WICKED, "It was the second time.")
        assert (second.reason, second.sees, second.childs_words) == ("Left out at first.", before, "[he hit me]")
        await opened(pilot, "entry", entry)
        shown = words_on(pilot.app)
        assert "Because: Left out at first." in shown
        assert SHOWN in shown


async def test_an_amendment_names_the_version_that_was_seen(console, vault, entry):
    seen = record.get(vault, entry).version
    async with console() as pilot:
        await opened(pilot, "amend", entry)
        concerns.amend(vault, entry, "A colleague's words.", "Colleague.")
        await wait_for(pilot, "amended meanwhile")
        write(pilot, "text", "My words.")
        write(pilot, "reason", "Mine.")
        await save(pilot)
        assert [each.sees for each in record.detail(vault, entry).versions[1:]] == [seen, seen]
        assert record.get(vault, entry).conflict, "both stay, and are shown as two people's"


async def test_an_entry_moves_after_a_question_that_names_what_follows(console, vault, child, entry):
    other = children.add_child(vault, legal_forename="Ben", legal_surname="Oduya", date_of_birth="2016-05-03")[0]
    async with console() as pilot:
        await opened(pilot, "move", entry)
        await save(pilot)
        assert "To which child" in words_on(pilot.app)
        pilot.app.screen.picker.query_one(Input).focus()
        await pilot.press("o", "d")
        await settled(pilot)
        assert "Not on the roll" not in words_on(pilot.app)
        await pilot.press("enter")
        await settled(pilot)
        await save(pilot)
        assert "A reason is needed" in words_on(pilot.app)
        write(pilot, "reason", "Logged under the wrong child.")
        await save(pilot)
        asked = words_on(pilot.app)
        assert "From Amira Khan to Ben Oduya, born Tue 3 May 2016" in asked
        assert "a trace without words" in asked
        assert record.get(vault, entry).child_id == child, "nothing moves before the answer"
        pilot.app.screen.query_one("#confirm", Button).press()
        await settled(pilot)
        assert not isinstance(pilot.app.screen, MoveScreen)
        assert record.get(vault, entry).child_id == other
        assert [each.message for each in pilot.app._notifications] == ["Moved to Ben Oduya."]
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        left = words_on(pilot.app)
        assert "1 moved away" in left
        assert "he hit me" not in left


async def test_moving_to_the_same_child_is_refused(console, vault, child, entry):
    async with console() as pilot:
        await opened(pilot, "move", entry)
        await pilot.press("a", "m")
        await settled(pilot)
        await pilot.press("enter")
        write(pilot, "reason", "A slip.")
        await save(pilot)
        assert "It is under that child already." in words_on(pilot.app)
