"""Meetings: planned with their report's day, held with what was decided, and what must follow by a clock (R-100)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from practice.errors import NotFound, Refused
from practice.meetings import times_of
from storage.desk import actions as to_do
from storage.desk import challenges
from storage.desk import meetings as desk
from storage.documents.ics import calendar_bytes
from storage.papers import supervision
from storage.papers.text import page_text
from storage.vault import Vault
from storage.views import record
from storage.views.actions import actions
from storage.views.evidence import evidence
from storage.views.meetings import get, meetings
from storage.views.today import today
from tests.conftest import PERSON, add_child

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
HOSTILE = "She said [he hit me] [Yr 9] [red]x[/red]"


@pytest.fixture(autouse=True)
def _now(vault: Vault) -> None:
    vault.clock = lambda: NOW


def lines(vault: Vault, section: str) -> list[tuple[str, str, date | None]]:
    kinds = {"meeting", "meeting_report", "action"}
    return [(row.kind, row.words, row.due) for row in getattr(today(vault, NOW), section) if row.kind in kinds]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("10:00", (time(10), None)),
        ("half past 3", (time(15, 30), None)),
        ("3:30", (time(15, 30), None)),
        ("6 am", (time(6), None)),
        ("10:00 to 11.30", (time(10), time(11, 30))),
        ("after school", None),
        ("10:00 (by link)", None),
        ("", None),
    ],
)
def test_a_time_is_read_as_people_write_it_or_not_at_all(at, expected) -> None:
    assert times_of(date(2026, 12, 2), at) == expected


def test_a_meeting_is_planned_stands_on_today_and_owes_its_report(vault: Vault) -> None:
    child = add_child(vault)
    made = desk.plan(
        vault, child, "core_group", date(2026, 12, 2), invited="A. Reed; B. Moss, A. Reed", attends="me", at="10:00"
    )
    assert (made.report_due, made.attends, made.invited) == (date(2026, 11, 30), PERSON, ("A. Reed", "B. Moss"))
    assert lines(vault, "later") == [
        ("meeting", "Core group, 10:00", made.day),
        ("meeting_report", "report for core group", made.report_due),
    ]
    assert "Core group: Wed 2 Dec 2026, 10:00. Report due Mon 30 Nov 2026." in page_text(supervision.page(vault))
    sooner = desk.change(
        vault, made.id, reason="the chair asked", day=date(2026, 11, 24), report_due=date(2026, 11, 20)
    )
    assert lines(vault, "act_today") == [("meeting_report", "report for core group", sooner.report_due)]
    assert lines(vault, "this_week") == [("meeting", "Core group, 10:00", sooner.day)]
    desk.change(vault, made.id, report_sent=NOW.date())
    assert lines(vault, "act_today") == []
    written = calendar_bytes(vault)
    assert b"1 meeting" in written
    assert b"Thistlewood" not in written
    assert b"Core" not in written
    for wrong, words in (
        ({"day": date(2026, 11, 25)}, "Why is it otherwise"),
        ({}, "What is otherwise"),
    ):
        with pytest.raises(Refused, match=words):
            desk.change(vault, made.id, **wrong)
    desk.cancel(vault, made.id, "joined to another")
    assert meetings(vault) == []
    assert [row.state for row in meetings(vault, everything=True)] == ["cancelled"]
    with pytest.raises(Refused, match="not planned"):
        desk.record(vault, made.id, "x")
    with pytest.raises(NotFound):
        get(vault, "nothing")
    with pytest.raises(Refused, match="no sort of meeting"):
        desk.plan(vault, child, "tea", date(2026, 12, 2))
    with pytest.raises(Refused, match="after the meeting"):
        desk.plan(vault, child, "core_group", date(2026, 12, 2), report_due=date(2026, 12, 3))
    assert vault.verify(rebuild=True).ok


def test_a_disagreement_is_made_a_challenge_with_its_clock_and_the_next_stage(vault: Vault) -> None:
    child = add_child(vault)
    made = desk.plan(vault, child, "core_group", date(2026, 11, 19), no_report=True)
    desk.record(vault, made.id, "Stepped down", disagreement=HOSTILE)
    assert [row.id for row in evidence(vault, child).disagreements] == [made.id]
    first = challenges.challenge(vault, child, "A. Reed,  team manager", HOSTILE, meeting_id=made.id)
    entry = record.get(vault, first)
    assert entry.kind == "challenge"
    assert "Professional challenge to A. Reed, team manager. Stage: Worker to worker." in entry.text
    assert "After the core group of Thu 19 Nov 2026." in entry.text
    assert HOSTILE in entry.text
    (action,) = actions(vault, NOW.date())
    assert (action.due, action.about) == (date(2026, 11, 27), first)
    assert action.what.endswith("the next stage is: DSL to team manager.")
    last = "Safeguarding partners or scrutineer"
    challenges.challenge(vault, child, "B. Moss", "Why", stage=last, answer_by=date(2026, 11, 21))
    assert "there is no further stage" in actions(vault, NOW.date())[0].what
    for wrong, words in (
        ({"to": " "}, "Whose decision"),
        ({"asked": " "}, "Whose decision"),
        ({"stage": "Shouting"}, "no stage"),
        ({"answer_by": date(2026, 11, 19)}, "has passed"),
        ({"child_id": add_child(vault, "Noor"), "meeting_id": made.id}, "another child"),
    ):
        with pytest.raises(Refused, match=words):
            challenges.challenge(vault, **{"child_id": child, "to": "x", "asked": "y", **wrong})
    assert len(actions(vault, NOW.date())) == 2


def test_what_was_decided_stands_in_the_record_and_what_must_follow_stays_until_it_is_planned(vault: Vault) -> None:
    child = add_child(vault)
    made = desk.plan(vault, child, "strategy_discussion", date(2026, 11, 19), no_report=True)
    assert lines(vault, "act_today") == [("meeting", "to be recorded: Strategy discussion", made.day)]
    with pytest.raises(Refused, match="What was decided"):
        desk.record(vault, made.id, "  ")
    with pytest.raises(Refused, match="lies ahead"):
        desk.record(vault, made.id, "x", held_on=date(2026, 11, 21))
    tasks = [desk.Task("Send the chronology", "Ms Brook", date(2026, 11, 27)), desk.Task(" ")]
    held = desk.record(
        vault, made.id, HOSTILE, attended="A. Reed, B. Moss", disagreement="We asked for more", tasks=tasks
    )
    entry = record.get(vault, held.record)
    assert (entry.kind, entry.child_id) == ("meeting", child)
    assert HOSTILE in entry.text
    assert "The school disagreed: We asked for more" in entry.text
    (action,) = actions(vault, NOW.date())
    assert (action.what, action.owner, action.about) == ("Send the chronology", "Ms Brook", held.record)
    to_do.done(vault, action.id, "None", "Sent", "Done")
    (wanted,) = meetings(vault)
    # Fifteen working days after Thursday 19 November 2026; a school holiday would not move it.
    assert (wanted.state, wanted.meeting_type, wanted.day) == ("wanted", "initial_conference", date(2026, 12, 10))
    assert lines(vault, "later") == [
        ("meeting", "not planned yet: Initial child protection conference", date(2026, 12, 10))
    ]
    assert [row.state for row in evidence(vault, child).meetings] == ["wanted"]
    late = desk.plan(vault, child, "initial_conference", date(2026, 12, 11))
    assert late.clock.startswith("Later than it may be. Within 15 working days")
    assert [row.state for row in meetings(vault)] == ["planned"]
    desk.cancel(vault, late.id, "it is not needed")
    desk.change(vault, made.id, reason="the assessment closed it", follows=[])
    assert meetings(vault) == []
    desk.change(vault, made.id, minutes_received=NOW.date())
    with pytest.raises(Refused, match="held already"):
        desk.change(vault, made.id, day=date(2026, 11, 25), reason="x")
    assert vault.verify(rebuild=True).ok


def test_a_conference_asks_for_its_core_group_and_its_review(vault: Vault) -> None:
    child = add_child(vault)
    made = desk.plan(vault, child, "initial_conference", date(2026, 11, 20))
    desk.record(vault, made.id, "A plan was made")
    found = {row.meeting_type: row.day for row in meetings(vault)}
    assert found == {"core_group": date(2026, 12, 4), "review_conference": date(2027, 2, 20)}
    desk.plan(vault, child, "core_group", date(2026, 12, 3))
    assert [row.meeting_type for row in meetings(vault) if row.state == "wanted"] == ["review_conference"]
    other = desk.plan(vault, child, "initial_conference", date(2026, 11, 20))
    with pytest.raises(Refused, match="No clock says"):
        desk.record(vault, other.id, "x", follows=["marac"])
