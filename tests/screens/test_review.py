"""Reviews as a DSL holds them: the queue, the evidence, the questions, what is recorded and what is kept."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from conftest import HOSTILE, PASSPHRASE, picture, press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, Select

from screens.review import ReviewScreen
from screens.review_child import ReviewChildScreen, draft_name
from screens.review_status import StatusDialog
from screens.widgets.answer import AnswerField, DayField
from storage.desk import children, concerns, reviews
from storage.drafts import Drafts
from storage.views import reviews as planned


@pytest.fixture
def due(vault, clock) -> dict[str, str]:
    """Two children whose review is overdue and one whose is to come; ids by forename."""
    ids = {}
    clock.pass_by(days=-14)
    for name in ("Mia Hart", "Noah Osei", "Zara Quinn"):
        ids[name.split()[0]], _ = children.add_child(vault, name=name, date_of_birth="2016-05-03", reg_group="5B")
    entry = concerns.log_concern(
        vault,
        {"text": HOSTILE, "childs_words": "I don't want to go home", "category": "physical", "when": "yesterday"},
        child_id=ids["Mia"],
    )[0]
    concerns.decide(vault, entry, "advice_call", "Ring the duty team", due=date(2026, 11, 12))
    reviews.set_status(vault, ids["Mia"], "child_protection")
    reviews.set_status(vault, ids["Zara"], "watching")
    clock.pass_by(days=1)
    reviews.set_status(vault, ids["Noah"], "referral_open")
    clock.pass_by(days=13)
    return ids


async def choose(pilot, selector: str, code: str) -> None:
    pilot.app.screen.query_one(selector, Select).value = code
    await settled(pilot)


async def test_without_a_status_the_queue_says_how_to_begin(console):
    async with console() as pilot:
        await press(pilot, "f4")
        assert "no child has a review status yet" in words_on(pilot.app)
        assert pilot.app.why_not("review.open")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_with_nothing_due_the_next_one_is_named(console, vault):
    child, _ = children.add_child(vault, name="Zara Quinn")
    reviews.set_status(vault, child, "watching")
    async with console() as pilot:
        await press(pilot, "f4")
        due = planned.plan(vault, child).due
        assert f"No review is due. Next: Zara Quinn, {due:%a} {due.day} {due:%b %Y}." in words_on(pilot.app)


async def test_the_queue_says_who_is_overdue_and_why_that_date(console, due):
    async with console() as pilot:
        await press(pilot, "f4")
        shown = words_on(pilot.app)
        assert "2 reviews are due, 2 of them overdue." in shown
        assert "overdue by 5 school days" in shown
        assert "Child protection plan" in shown
        assert "Seven days after Sat 7 Nov 2026" in shown
        assert shown.index("Mia Hart") < shown.index("Noah Osei") < shown.index("Coming") < shown.index("Zara Quinn")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_evidence_stands_beside_the_questions(console, due, size):
    async with console(size=size) as pilot:
        await press(pilot, "f4", "enter")
        assert "Review, 1 of 2" in words_on(pilot.app)
        drawn = str(pilot.app.screen.query_one("#rests-on").render())
        assert HOSTILE in drawn
        assert "I don't want to go home" in drawn
        assert "1 entry so far" in drawn
        assert "Call for advice, was due Thu 12 Nov 2026: Ring the duty team" in drawn
        assert "0 of 1 entry chosen for it." in drawn
        questions = [each.text for each in pilot.app.screen.query(".question")]
        assert questions[:9] == [question for _, question in reviews.QUESTIONS]
        assert questions[9:] == ["Decision", "Reason, as it will be read later", "Next review"]
        assert isinstance(pilot.app.focused, AnswerField)
        assert "Mia Hart" in words_on(pilot.app)


async def test_the_hostile_text_shows_whole(console, due):
    async with console(size=(200, 50)) as pilot:
        await press(pilot, "f4", "enter")
        assert HOSTILE in words_on(pilot.app)


async def test_two_reviews_are_recorded_one_after_the_other(console, due, vault):
    async with console() as pilot:
        await press(pilot, "f4", "enter", *"Two entries", "enter")
        assert pilot.app.focused.id == "answer-better"
        await press(pilot, "tab", *"Ms Reid", "tab")
        await choose(pilot, "#decision", "in_school_support")
        pilot.app.screen.query_one("#reason").focus()
        await press(pilot, *"He is safe now", "ctrl+s")
        held = planned.history(vault, due["Mia"])
        assert [(each.decision, each.reason) for each in held] == [("in_school_support", "He is safe now")]
        assert held[0].answers == {"since": "Two entries", "seen": "Ms Reid"}
        assert held[0].next == date(2026, 11, 27)
        assert "Review, 2 of 2" in words_on(pilot.app)
        assert "Noah Osei" in words_on(pilot.app)
        assert pilot.app.screen.query_one("#answer-since", AnswerField).text == ""
        await choose(pilot, "#decision", "monitor_with_review_date")
        pilot.app.screen.query_one("#reason").focus()
        await press(pilot, *"Steady", "enter")
        assert isinstance(pilot.app.focused, Input)
        pilot.app.screen.query_one(DayField).text = "4 Dec"
        await settled(pilot)
        await press(pilot, "ctrl+s")
        assert planned.plan(vault, due["Noah"]).due == date(2026, 12, 4)
        assert isinstance(pilot.app.screen, ReviewScreen)
        shown = words_on(pilot.app)
        assert "2 reviews recorded in this session." in shown
        assert "Mia Hart: Support in school · next Fri 27 Nov 2026 He is safe now" in shown
        assert "No review is due. Next: Mia Hart, Fri 27 Nov 2026." in shown


async def test_nothing_is_recorded_without_decision_reason_and_a_day_to_come(console, due, vault):
    async with console() as pilot:
        await press(pilot, "f4", "enter", "ctrl+s")
        assert "A decision is needed. Nothing is recorded yet." in words_on(pilot.app)
        await choose(pilot, "#decision", "early_help")
        await press(pilot, "ctrl+s")
        assert "The reason is needed" in words_on(pilot.app)
        pilot.app.screen.query_one("#reason", AnswerField).text = "Because"
        pilot.app.screen.query_one(DayField).text = "1 Nov 2026"
        await settled(pilot)
        await press(pilot, "ctrl+s")
        assert "Sun 1 Nov 2026 is not after today." in words_on(pilot.app)
        assert planned.history(vault, due["Mia"]) == []


async def test_what_was_typed_is_kept_on_leaving_and_put_back(console, due, vault):
    async with console() as pilot:
        await press(pilot, "f4", "enter", *"Half a thought")
        await choose(pilot, "#decision", "early_help")
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, ReviewScreen)
        kept = vault.drafts.get(draft_name(due["Mia"]))
        assert kept.fields == {"answers": {"since": "Half a thought"}, "decision": "early_help"}
        await press(pilot, "enter")
        assert pilot.app.screen.query_one("#answer-since", AnswerField).text == "Half a thought"
        assert "was put back" in words_on(pilot.app)
        pilot.app.screen.query_one("#reason", AnswerField).text = "Done"
        await press(pilot, "ctrl+s")
        assert vault.drafts.get(draft_name(due["Mia"])) is None


async def test_a_lock_seals_what_is_typed(console, due, vault):
    async with console() as pilot:
        await press(pilot, "f4", "enter", *"Seen on Monday", "ctrl+l")
        assert vault.drafts.get(draft_name(due["Mia"])).fields == {"answers": {"since": "Seen on Monday"}}


async def test_a_child_left_for_later_keeps_the_draft_and_the_next_is_blank(console, due, vault, monkeypatch):
    began, disk, seal = threading.Event(), threading.Event(), Drafts.seal

    def slow(drafts, name, fields):
        began.set()
        assert disk.wait(20)
        seal(drafts, name, fields)

    monkeypatch.setattr(Drafts, "seal", slow)
    async with console() as pilot:
        await press(pilot, "f4", "enter")
        await pilot.press(*"For ")
        await wait_until(pilot, began.is_set, 20)  # the disk is slow, and is written to while she goes on
        await pilot.press(*"Mia", "ctrl+n")
        disk.set()
        await wait_for(pilot, "Noah Osei")
        await settled(pilot)
        assert pilot.app.screen.query_one("#answer-since", AnswerField).text == ""
        assert vault.drafts.get(draft_name(due["Mia"])).fields == {"answers": {"since": "For Mia"}}
        assert vault.drafts.get(draft_name(due["Noah"])) is None


async def test_a_new_entry_shows_while_the_answer_stays(console, due, vault):
    async with console() as pilot:
        await press(pilot, "f4", "enter", *"Typing")
        concerns.log_concern(vault, {"text": "Seen at the gate"}, child_id=due["Mia"])
        await wait_for(pilot, "2 entries so far")
        assert pilot.app.screen.query_one("#answer-since", AnswerField).text == "Typing"
        assert pilot.app.focused.id == "answer-since"


async def test_today_opens_the_review_of_a_child(console, due):
    async with console() as pilot:
        pilot.app.open("review", child_id=due["Noah"])
        await settled(pilot)
        assert isinstance(pilot.app.screen, ReviewChildScreen)
        assert "Review, 2 of 2" in words_on(pilot.app)


async def test_a_status_is_set_by_hand_of_keys(console, vault):
    child, _ = children.add_child(vault, name="Zara Quinn")
    async with console() as pilot:
        await press(pilot, "f4", "s")
        assert isinstance(pilot.app.screen, StatusDialog)
        await press(pilot, "ctrl+s")
        assert "Which child?" in picture(pilot.app)
        await press(pilot, *"zar")
        await wait_for(pilot, "Zara Quinn")
        await press(pilot, "enter")
        await choose(pilot, "#status", "child_in_need")
        await press(pilot, "ctrl+s")
        plan = planned.plan(vault, child)
        assert (plan.status, plan.due) == ("child_in_need", date(2026, 12, 4))
        assert "Next: Zara Quinn, Fri 4 Dec 2026" in words_on(pilot.app)


async def test_unlock_says_where_a_kept_review_is_continued(console, due, vault):
    vault.drafts.seal(draft_name(due["Mia"]), {"reason": "Half a thought"})
    async with console(unlocked=False) as pilot:
        pilot.app.screen.query_one("#passphrase", Input).value = PASSPHRASE
        await press(pilot, "enter")
        await wait_for(pilot, "F4 continues it.")
