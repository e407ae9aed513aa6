"""Papers about many children: the holiday, supervision, the governors, an inspection, and dates without names."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import vobject
from icalendar import Calendar
from pypdf import PdfReader

from practice.acts import ActionAdded, ChildAdded, ConcernLogged, PartnerAdded, ReviewSet
from practice.errors import Refused
from practice.vocabulary import ReviewStatus
from storage.desk import actions, concerns, meetings, reviews
from storage.documents.blocks import Para
from storage.documents.ics import calendar_bytes, write_calendar
from storage.documents.pages import write_page
from storage.ids import new_id
from storage.ledger import Draft
from storage.papers import governors, holiday, inspection, supervision
from storage.papers.text import page_text
from storage.vault import Vault
from storage.views import access, holidays, record, sharing
from storage.views import reviews as planned
from sync import shares
from tests.conftest import add_child, add_concern, on_day

HOSTILE = "She said [he hit me] [red]x[/red]"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 12, 17, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(vault: Vault) -> Clock:
    clock = Clock()
    vault.clock = clock
    return clock


@pytest.fixture
def kids(vault: Vault, clock: Clock) -> dict[str, str]:
    clock.now -= timedelta(days=3)
    ids = {name: add_child(vault, name, "Vale", year_group="4") for name in ("Ada", "Noor", "Ivo")}
    for name, status in (("Ada", "child_protection"), ("Noor", "watching"), ("Ivo", "child_in_need")):
        reviews.set_status(vault, ids[name], status)
    clock.now += timedelta(days=3)
    return ids


def test_before_a_holiday_each_child_of_concern_has_somebody_in_contact(
    vault: Vault, kids: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    today = clock.now.date()
    assert [(row.child, row.brought_forward, row.planned) for row in holidays.before(vault, today)] == [
        ("Ada Vale", True, False),
        ("Ivo Vale", True, False),
    ]
    reviews.hold(vault, kids["Ada"], "monitor_with_review_date", "Steady")
    clock.now += timedelta(days=1)
    reviews.hold(vault, kids["Ada"], "monitor_with_review_date", "Steady")
    (ada, _) = holidays.before(vault, clock.now.date())
    assert ada.waits
    assert ada.due == date(2027, 1, 4)
    with pytest.raises(Refused, match="Who is in contact"):
        holiday.plan(vault, kids["Ada"], " ")
    holiday.plan(vault, kids["Ada"], "Gwen Pryce, social worker", "Tuesdays", told=HOSTILE)
    page = holiday.before_page(vault)
    shown = page_text(page)
    assert "Nobody is planned to be in contact with: Ivo Vale." in shown
    assert "Gwen Pryce, social worker, Tuesdays" in shown
    assert HOSTILE in shown
    made = write_page(vault, page, tmp_path / "holiday.pdf")
    assert made.path.read_bytes().startswith(b"%PDF")
    clock.now = datetime(2027, 1, 4, 8, tzinfo=UTC)
    assert [(row.child, row.contact_by) for row in holidays.after(vault, clock.now.date())] == [
        ("Ada Vale", "Gwen Pryce, social worker"),
        ("Ivo Vale", ""),
    ]
    assert "Of concern, and nobody was planned to be in contact." in page_text(holiday.after_page(vault))
    assert vault.verify(rebuild=True).ok


def test_whoever_waits_over_a_holiday_stands_on_the_list_whatever_the_status(vault: Vault, clock: Clock) -> None:
    begun = datetime(2026, 12, 4, 9, tzinfo=UTC)
    for number in (0, 3, 7, 10, 13, 14):
        clock.now = begun + timedelta(days=number)
        for status in ReviewStatus:
            reviews.set_status(vault, add_child(vault, f"{status} {number}", "Vale"), status)
    clock.now = datetime(2026, 12, 18, 17, tzinfo=UTC)
    listed = {row.child_id: row for row in holidays.before(vault, clock.now.date())}
    waiting = [row for row in planned.due(vault, clock.now.date(), all_plans=True) if row.holiday_plan]
    assert waiting
    for row in waiting:
        assert row.due == date(2027, 1, 4)
        assert listed[row.child_id].waits
    for row in planned.due(vault, clock.now.date(), all_plans=True):
        if row.out_of_holiday and not row.holiday_plan:
            assert row.due < row.out_of_holiday, "it was to be brought forward"


def test_a_plan_is_shared_as_an_entry_that_is_written_once(vault: Vault, kids: dict[str, str]) -> None:
    with pytest.raises(Refused, match="Nobody is planned"):
        holiday.to_share(vault, kids["Ada"])
    assert not record.count(vault, kids["Ada"])
    holiday.plan(vault, kids["Ada"], HOSTILE, "Tuesdays", "Council: all", "Door at the back")
    entry = holiday.to_share(vault, kids["Ada"])
    assert holiday.to_share(vault, kids["Ada"]) == entry
    written = record.get(vault, entry)
    assert (written.kind, written.child_id) == ("agency_contact", kids["Ada"])
    for words in ("Over the holiday, Sat 19 Dec 2026 to", f"In contact: {HOSTILE}, Tuesdays.", "Council: all", "Door"):
        assert words in written.text
    vault.record(PartnerAdded(org="council", name="Council", organisation="social_care"))
    assert [row.entry_id for row in sharing.shares(vault)] == []
    shares.propose(vault, entry, "council")
    assert [(row.entry_id, row.state) for row in sharing.shares(vault)] == [(entry, "proposed")]
    holiday.plan(vault, kids["Ada"], "Ms Reid")
    assert holiday.to_share(vault, kids["Ada"]) != entry, "another plan is another entry"


def test_what_a_partner_recorded_in_the_holiday_comes_first(vault: Vault, kids: dict[str, str], clock: Clock) -> None:
    clock.now = datetime(2026, 12, 28, 12, tzinfo=UTC)
    fields = {
        "text": "Police were called",
        "caller": {"name": "PC Hale", "agency": "Police", "identity": "called_back"},
    }
    concerns.log_concern(vault, fields, child_id=kids["Noor"])
    clock.now = datetime(2027, 1, 4, 8, tzinfo=UTC)
    first = holidays.after(vault, clock.now.date())[0]
    assert (first.child, [each[1:] for each in first.entries]) == ("Noor Vale", [("Police", "Police were called")])


def test_supervision_is_one_page_and_its_note_is_kept_apart(vault: Vault, kids: dict[str, str]) -> None:
    add_concern(vault, kids["Noor"], HOSTILE)
    actions.add(vault, kids["Ada"], "Ring", due=date(2026, 12, 1))
    actions.add(vault, kids["Noor"], "Write", due=date(2026, 12, 16))
    with pytest.raises(Refused, match="With whom"):
        supervision.note(vault, "", "x", "y")
    supervision.note(vault, "Ruth Oyelaran", "Tired", "A day at home", [kids["Ada"]])
    shown = page_text(supervision.page(vault))
    for words in ("Concerns without a decision", HOSTILE, "12 school days late: Ring", "Agreed: A day at home"):
        assert words in shown, shown
    assert "1 school day late: Write" in shown
    assert holidays.supervisions(vault)[0].children == (kids["Ada"],)
    assert vault.verify(rebuild=True).ok


@pytest.mark.parametrize("many", [3, 60, 400])
def test_supervision_fits_one_page_and_leaves_out_nobody_who_is_due(
    vault: Vault, clock: Clock, tmp_path: Path, many: int
) -> None:
    ids, entries = [new_id() for _ in range(many)], [new_id() for _ in range(many)]
    concern = ConcernLogged(text=f"{HOSTILE} and more of it, at length, as people write", occurred=on_day("2026-12-01"))
    late = ActionAdded(what="Ring the nursery", owner="Robin Vale", owner_person=vault.person.id, due="2026-12-01")
    with vault.write() as unit:
        unit.record_many(
            [
                draft
                for number, (child, entry) in enumerate(zip(ids, entries, strict=True))
                for draft in (
                    Draft(ChildAdded(legal_forename=f"N{number:03}", legal_surname="Qu"), child),
                    Draft(concern, child, entry),
                    Draft(ReviewSet(status="child_protection", first_due="2026-12-10"), child),
                    *([Draft(late, child, new_id())] if number % 10 == 0 else []),
                )
            ]
        )
    page = supervision.page(vault)
    printed = PdfReader(write_page(vault, page, tmp_path / "page.pdf").path)
    assert len(printed.pages) == 1
    words = " ".join(printed.pages[0].extract_text().split())
    assert f"Concerns without a decision: {many}, about {many} children" in words
    if many <= 60:
        assert all(f"N{number:03} Qu" in words for number in range(many)), "whoever is due stands there by name"
    if many == 3:
        assert "more: see" not in words
        assert words.count(HOSTILE) == 3
    else:
        assert "ee Today (F6)" in words
        assert "5 school days late" in words, "the worst are told in full"
    if many == 400:
        (named,) = [block.text for block in page.blocks if isinstance(block, Para) and "see Review (F4)" in block.text]
        assert named.count(" Qu") + int(re.search(r"And (\d+) more", named)[1]) == many - 1


def test_the_governors_see_counts_and_no_name(vault: Vault, kids: dict[str, str], clock: Clock) -> None:
    for number in range(22):
        category = ("neglect", "neglect", "bullying", "welfare")[number % 4] if number < 20 else "grooming"
        add_concern(vault, kids["Ada" if number % 2 else "Noor"], HOSTILE, category=category)
    found = dict(governors.report(vault).tables)
    assert found["By category"].lines == (("Neglect", 10), ("Welfare", 5))
    assert found["By category"].pooled == 7
    shown = page_text(governors.page(vault))
    assert "Grooming" not in shown
    assert not any(name in shown for name in ("Ada", "Noor", "Vale", HOSTILE))
    assert "Others (2 kinds)" in shown
    assert governors.report(vault, date(2026, 7, 1)).end == date(2026, 7, 21)
    assert "Fewer than five in all" in page_text(governors.page(vault, date(2026, 7, 1)))


def test_the_months_stand_in_their_order_so_that_a_trend_shows(vault: Vault, clock: Clock) -> None:
    clock.now = datetime(2026, 9, 30, 9, tzinfo=UTC)
    child = add_child(vault)
    for month, count in ((10, 6), (11, 9), (12, 7)):
        clock.now = clock.now.replace(month=month, day=2)
        for _ in range(count):
            add_concern(vault, child, HOSTILE)
    lines = dict(governors.report(vault).tables)[governors.MONTHS].lines
    assert lines == (("October 2026", 6), ("November 2026", 9), ("December 2026", 7))


def test_the_inspection_pack_says_for_whom_and_is_recorded(vault: Vault, kids: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Who reads it"):
        inspection.page(vault, "", "x")
    concerns.log_concern(vault, {"text": "Referral to the front door", "entry_kind": "referral"}, child_id=kids["Ada"])
    concerns.log_concern(vault, {"text": HOSTILE, "childs_words": "My head [1] hurts"}, child_id=kids["Noor"])
    page = inspection.page(vault, "J. Marsh, inspector", "Inspection of December 2026")
    shown = page_text(page)
    for words in (
        "For J. Marsh, inspector alone: Inspection of December 2026",
        "Ada Vale",
        "Referral to the front door",
        "Sample file: Noor Vale",
        HOSTILE,
        "My head [1] hurts",
        "Sample file: Ivo Vale\n  Nothing is recorded yet.",
    ):
        assert words in shown
    assert page.mark == "For J. Marsh, inspector: Inspection of December 2026"
    more = [Para(f"Line {number}") for number in range(120)]
    pages = PdfReader(write_page(vault, replace(page, blocks=(*page.blocks, *more)), tmp_path / "pack.pdf").path).pages
    assert len(pages) > 2
    for each in pages:  # across every page, three times, as an artifact that no screen reader reads out
        words = " ".join(each.extract_text().split())
        assert words.count("For J. Marsh, inspector: Inspection of") >= 3
        content = each.get_contents().get_data()
        assert content.index(b"/Artifact BMC") < content.index(b"BDC")
    assert "Child protection plan (1)" in " ".join(pages[0].extract_text().split()), "no contents list says how many"
    html = write_page(vault, page, tmp_path / "pack.html").path.read_text(encoding="utf-8")
    assert "Child protection plan (1)</h2>" in html
    assert html.count("<span>For J. Marsh, inspector: Inspection of December 2026</span>") == 3
    with vault.read() as connection:
        kinds = list(connection.exec_driver_sql("SELECT kind FROM acts ORDER BY n DESC LIMIT 3").scalars())
    assert kinds == ["exported", "exported", "pack_shown"]
    listed = access.rows(vault, child_id="", person="", start=None, end=None)
    told = [row.detail for row in listed if row.kind == "pack_shown"]
    assert told == ["for J. Marsh, inspector: Inspection of December 2026"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's own time zone cannot be changed here")
def test_meetings_stand_at_their_times_in_the_calendar_file_whatever_the_clocks_do(
    vault: Vault, kids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    try:
        for day, at in (("2027-03-27", "10:00"), ("2027-03-28", "2pm to 3.30pm"), ("2027-03-29", "after school")):
            meetings.plan(vault, kids["Ada"], "core_group", date.fromisoformat(day), at=at, place="Room Vale 12")
        meetings.plan(vault, kids["Noor"], "core_group", date(2027, 3, 28), at="14:00-15:30", no_report=True)
        data = calendar_bytes(vault)
    finally:
        monkeypatch.undo()
        time.tzset()
    read = vobject.readOne(data.decode())
    read.validate()
    stand = {
        (event.summary.value, event.dtstart.value, event.dtend.value)
        for event in read.vevent_list
        if event.summary.value.endswith(("meeting", "meetings"))
    }
    assert stand == {
        ("1 meeting", datetime(2027, 3, 27, 10, tzinfo=UTC), datetime(2027, 3, 27, 11, tzinfo=UTC)),
        ("2 meetings", datetime(2027, 3, 28, 13, tzinfo=UTC), datetime(2027, 3, 28, 14, 30, tzinfo=UTC)),
        ("1 meeting", date(2027, 3, 29), date(2027, 3, 30)),
    }
    ours = Calendar.from_ical(data)
    assert len({str(event["uid"]) for event in ours.walk("VEVENT")}) == len(ours.walk("VEVENT"))
    for word in (b"Ada", b"Noor", b"Vale", b"Room", b"core", b"after school"):
        assert word not in data


def test_the_calendar_file_holds_no_name_and_another_library_reads_it(
    vault: Vault, kids: dict[str, str], tmp_path: Path
) -> None:
    actions.add(vault, kids["Ada"], "Ring Ada's mother", due=date(2026, 12, 18))
    actions.add(vault, kids["Noor"], "Late", due=date(2026, 12, 1))
    data = calendar_bytes(vault)
    assert calendar_bytes(vault) == data
    for word in (b"Ada", b"Noor", b"Vale", b"Ring", b"Late", vault.school.name.encode()):
        assert word not in data
    read = vobject.readOne(data.decode())
    read.validate()
    said = {event.dtstart.value: event.summary.value for event in read.vevent_list if "action" in event.summary.value}
    assert said == {date(2026, 12, 17): "1 action due", date(2026, 12, 18): "1 action due"}
    assert sum("review" in event.summary.value for event in read.vevent_list) == 3
    made = write_calendar(vault, tmp_path / "dates.ics")
    assert made.path.read_bytes() == data
    with pytest.raises(Refused, match=r"\.ics"):
        write_calendar(vault, tmp_path / "dates.txt")


def test_a_calendar_file_without_a_date_is_not_written(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Nothing is due"):
        write_calendar(vault, tmp_path / "dates.ics")
    assert list(tmp_path.glob("*.ics")) == []
