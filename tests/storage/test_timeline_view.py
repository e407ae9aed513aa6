"""The workbench's entries: filtered, of a family, as known on a day; each about its own child (R-11, R-76)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from practice.acts import Amended, Promoted
from storage.desk import front_sheet
from storage.views import record, timeline
from storage.views.timeline import Filter
from tests.conftest import add_child, add_concern

POLICE = {"caller": {"name": "P. Ray", "agency": "Northshire Police"}}


@pytest.fixture
def family(vault) -> tuple[str, str]:
    ada, bea = add_child(vault), add_child(vault, "Bea")
    front_sheet.add_line(vault, ada, "connected_child", child=bea, role="sister")
    return ada, bea


def texts(bench):
    return [row.text for row in bench.fetch(0, len(bench.keys))]


def test_a_filter_keeps_the_order_and_the_picture_follows_it(vault, family):
    ada, _ = family
    one = add_concern(vault, ada, "School.", day="2026-11-02", category="neglect")
    add_concern(vault, ada, "Police.", day="2026-11-01", further_categories=("neglect",), **POLICE)
    add_concern(vault, ada, "Later.", day="2026-11-09", category="physical")
    vault.record(Promoted(reason="It matters", significance="turning_point"), child=ada, entry=one)
    for wanted, found in (
        (Filter(), ["Police.", "School.", "Later."]),
        (Filter(source="Northshire Police"), ["Police."]),
        (Filter(category="neglect"), ["Police.", "School."]),
        (Filter(significance="turning_point"), ["School."]),
        (Filter(promoted=True), ["School."]),
        (Filter(start=date(2026, 11, 2), end=date(2026, 11, 2)), ["School."]),
        (Filter(kind="strength"), []),
    ):
        bench = timeline.workbench(vault, [ada], wanted)
        assert texts(bench) == found, wanted
        assert bench.line.entries == len(found)
    assert timeline.choices(vault, [ada]).sources == ("Northshire Police", "this organisation")


def test_a_family_is_one_view_with_each_entry_about_its_own_child(vault, family):
    ada, bea = family
    add_concern(vault, ada, "About Ada.", day="2026-11-02")
    add_concern(vault, bea, "About Bea.", day="2026-11-01")
    assert [row.id for row in timeline.family(vault, ada)] == [ada, bea]
    assert [row.id for row in timeline.family(vault, bea)] == [bea, ada], "the line on either sheet connects both"
    rows = timeline.workbench(vault, [ada, bea], Filter()).fetch(0, 10)
    assert [(row.text, row.child) for row in rows] == [
        ("About Bea.", "Bea Thistlewood"),
        ("About Ada.", "Ada Thistlewood"),
    ]
    assert texts(timeline.workbench(vault, [bea], Filter())) == ["About Bea."]


def test_as_known_on_a_day_is_what_stood_then(vault, family):
    ada, _ = family
    now = [datetime(2026, 11, 2, 12, tzinfo=UTC)]
    vault.clock = lambda: now[0]
    entry = add_concern(vault, ada, "First words.", day="2026-11-01")
    sees = record.get(vault, entry).version
    now[0] += timedelta(days=1)
    vault.record(Amended(sees=sees, text="Better words.", reason="Clearer"), child=ada, entry=entry)
    add_concern(vault, ada, "Later.", day="2026-10-01", category="neglect")
    then = timeline.workbench(vault, [ada], Filter(known_on=date(2026, 11, 2)))
    assert texts(then) == ["First words."]
    assert then.line.entries == 1
    assert texts(timeline.workbench(vault, [ada], Filter(known_on=date(2026, 11, 3), category="neglect"))) == ["Later."]
