"""When a partner must be rung: a working hour for what is urgent, the close of the day for the rest (rule 15)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from practice.acts import SharingRulesSet
from practice.sharing import needs_second
from practice.unanswered import must_ring, working_day

DAY = working_day("09:00", "17:00", {date(2026, 12, 25)})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("approved", "before", "after"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:59", "2026-11-23 11:00"),
        ("2026-11-23 16:40", "2026-11-24 09:39", "2026-11-24 09:40"),  # twenty minutes, and forty the next morning
        ("2026-11-20 18:00", "2026-11-23 09:59", "2026-11-23 10:00"),  # over a weekend
        ("2026-11-23 06:00", "2026-11-23 09:59", "2026-11-23 10:00"),  # before the day begins
        ("2026-12-24 16:30", "2026-12-28 09:29", "2026-12-28 09:30"),  # Christmas Day is no working day
    ],
)
def test_what_is_urgent_waits_one_working_hour(approved, before, after) -> None:
    for state in ("queued", "offered", "delivered", "refused", "expired"):
        asked = {"urgent": True, "collected": True}
        assert must_ring(state, at(approved), at(before), DAY, **asked) == ""
        why = "they refused it" if state == "refused" else "after a working hour"
        assert why in must_ring(state, at(approved), at(after), DAY, **asked)
    assert must_ring("acknowledged", at(approved), at(after), DAY, urgent=True, collected=False) == ""


def test_the_rest_waits_to_the_close_of_its_day() -> None:
    def said(state: str, now: str, approved: str = "2026-11-23 15:50", collected: bool = False) -> str:
        return must_ring(state, at(approved), at(now), DAY, urgent=False, collected=collected)

    assert said("delivered", "2026-11-23 16:59") == ""
    assert said("delivered", "2026-11-23 17:00") == "not collected"
    assert said("queued", "2026-11-23 17:00") == "not sent by the close of the day"
    assert said("delivered", "2026-11-23 17:00", collected=True) == ""
    assert said("refused", "2026-11-24 17:00") == "", "that it came back stands red for itself"
    assert said("delivered", "2026-11-24 16:59", "2026-11-23 17:00") == "", "approved after the close"
    assert said("delivered", "2026-11-23 17:00", "2026-11-21 11:00") == "not collected"
    assert working_day("17:00", "09:00", ()).begins.hour == 9


def test_a_second_yes_is_asked_as_the_school_says_and_never_where_a_life_is_in_danger() -> None:
    some = SharingRulesSet(second_approver="some", second_categories=("sexual",))
    assert needs_second(some, ["neglect", "sexual"], "public_task")
    assert not needs_second(some, ["neglect", ""], "public_task")
    assert not needs_second(some, ["sexual"], "vital_interests")
    assert needs_second(SharingRulesSet(second_approver="all"), [], "consent")
    assert not needs_second(SharingRulesSet(), ["sexual"], "public_task")
