"""A review session by keyboard: begun, something done beside it, left, gone on with, signed."""

from __future__ import annotations

import threading

import pytest
from conftest import HOSTILE, settled, wait_for, words_on
from textual import events

from practice.acts import PartnerAdded
from screens import review
from screens.review_child import ReviewChildScreen
from storage import flags
from storage.desk import children, concerns, reviews
from storage.views import reviews as planned
from storage.views import sessions
from storage.views.actions import actions
from storage.views.record import chronology
from storage.views.sharing import shares


@pytest.fixture
def due(vault, clock) -> list[str]:
    clock.pass_by(days=-10)
    ids = []
    for name in ("Mia Hart", "Noah Osei"):
        child, _ = children.add_child(vault, name=name, date_of_birth="2016-05-03", reg_group="5B")
        reviews.set_status(vault, child, "child_protection")
        ids.append(child)
    for day in ("1/11/2026", "5/11/2026", "9/11/2026"):
        fields = {"text": HOSTILE, "category": "neglect", "when": day}
        concerns.decide(vault, concerns.log_concern(vault, fields, child_id=ids[0])[0], "early_help", "small")
    clock.pass_by(days=10)
    return ids


async def decide(pilot, letters: str, reason: str) -> None:
    """Choose a decision by its first letters and type the reason, as a person does without a mouse."""
    screen = pilot.app.screen
    screen.query_one("#decision").focus()
    await pilot.press("enter")
    await settled(pilot)
    await pilot.press(*letters, "enter")
    await settled(pilot)
    await pilot.press("tab", *reason, "ctrl+s")
    await settled(pilot)


async def test_keys_wait_for_the_list_and_for_the_keys_before_them(console, vault, due, monkeypatch):
    here, read = threading.Event(), review.queue_of
    monkeypatch.setattr(review, "queue_of", lambda *asked: read(*asked) if here.wait(20) else None)
    async with console() as pilot:
        await pilot.press("f4", "b")
        assert "Nobody" not in words_on(pilot.app)
        here.set()
        await wait_for(pilot, "2 children in this scope.")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Review, 1 of 2")
        one = [*"So", *["tab"] * 9, "enter", *"mon", "enter", "tab", *"Why", "ctrl+s"]
        action = ["ctrl+r", "1", *"Ring", "tab", "tab", *"Fri", "ctrl+s"]
        burst(pilot, [*one, *"Next", "ctrl+r", "2", "escape", *action, "tab", *"Two"])
        await wait_for(pilot, "Review, 2 of 2")
        await wait_for(pilot, "Two")
        assert pilot.app.screen.fields() == {"answers": {"since": "Next", "better": "Two"}}
        (asked,) = actions(vault, vault.clock().date(), child_id=due[1])
        assert (asked.what, f"{asked.due:%a}") == ("Ring", "Fri")
    (held,) = planned.history(vault, due[0])
    assert (held.answers, held.decision, held.reason) == ({"since": "So"}, "monitor_with_review_date", "Why")


def burst(pilot, keys: list[str]) -> None:
    """Press keys faster than any of them is dealt with."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_session_is_walked_left_gone_on_with_and_signed(console, vault, due):
    async with console() as pilot:
        await pilot.press("f4", "b")
        await wait_for(pilot, "2 children in this scope.")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Review, 1 of 2")
        drawn = str(pilot.app.screen.query_one("#rests-on").render())
        assert "Patterns to consider" in drawn
        assert "No contact with a parent or carer is recorded." in drawn
        await pilot.press(*"Half", "ctrl+r", "2", *"Coat", "ctrl+s")
        await wait_for(pilot, "Considered: it returns only on new evidence.")
        assert not [flag for flag in flags.flags(vault) if flag.rule == "three_low_level"]
        await pilot.press("ctrl+r", "1", *"Ring", "tab", "tab", *"Fri", "ctrl+s")
        await wait_for(pilot, "It stands on the list of actions.")
        found = [row.what for row in actions(vault, vault.clock().date(), child_id=due[0])]
        assert found == ["Ring"]
        vault.record(PartnerAdded(org="hill", name="Hill [b] School", organisation="school"))
        await pilot.press("ctrl+r", "3")
        await wait_for(pilot, "Which entry?")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Hill [b] School")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Proposed: it waits under Share for its approval.")
        await pilot.press("ctrl+r", "5", *"Manager", "tab", "tab", *"Why", "ctrl+s")
        await wait_for(pilot, "The challenge is in the record, and its answer asked for.")
        assert chronology(vault, due[0])[-1].kind == "challenge"
        assert [share.state for share in shares(vault, child_id=due[0])] == ["proposed"]
        assert pilot.app.screen.query_one("#answer-since").text == "Half"
        await decide(pilot, "early", "Ok [b]")
        await wait_for(pilot, "Review, 2 of 2")
        await pilot.press("f6")
        await settled(pilot)
    (begun,) = sessions.sessions(vault)
    assert [name for _, name in begun.left] == ["Noah Osei"]
    async with console() as pilot:
        await pilot.press("f4", "home", "enter")
        await wait_for(pilot, "Review, 2 of 2")
        assert isinstance(pilot.app.screen, ReviewChildScreen)
        await decide(pilot, "mon", "Steady")
        await wait_for(pilot, "Everybody was reviewed. Not signed yet")
        assert "Reason: Ok [b]" in words_on(pilot.app)
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Signed by Sam Okafor")
    assert not sessions.get(vault, begun.id).open
