"""A child's record on screen: whole, in its order, and quick however long it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from conftest import HOSTILE, NOW, picture, settled, wait_for, words_on
from textual.widgets import Input, TextArea

from practice.acts import ConcernLogged, build
from practice.dates import parse_when
from screens.child import ChildScreen
from screens.entry import EntryScreen
from storage.desk import children, concerns, reviews
from storage.ids import new_id
from storage.ledger import Draft
from storage.views import record

WICKED = HOSTILE + "\x1b[31m and \u202eback\u202c\x07"
SHOWN = HOSTILE + "␛[31m and ⟦RLO⟧back⟦PDF⟧␇"


@pytest.fixture
def child(vault) -> str:
    return children.add_child(
        vault, legal_forename="[red]Amira[/red]", legal_surname="Khan", date_of_birth="2016-05-03", reg_group="6A"
    )[0]


def log(vault, child: str, text: str, **fields) -> str:
    return concerns.log_concern(vault, {"text": text, **fields}, child_id=child)[0]


async def opened(pilot, child: str, entry: str = "") -> ChildScreen:
    pilot.app.open("child", child_id=child, entry_id=entry)
    await settled(pilot)
    return pilot.app.screen


async def test_an_empty_record_says_what_to_do(console, child):
    async with console() as pilot:
        await opened(pilot, child)
        shown = words_on(pilot.app)
        assert "Nothing is in this record yet. F2 logs a concern about this child." in shown
        assert "No review status yet: r sets one." in shown
        assert "born 3 May 2016" in shown
        assert "[red]Amira[/red] Khan" in shown


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_words_stand_whole_and_the_childs_own_are_marked(console, vault, child, size):
    log(vault, child, WICKED, childs_words="[he hit me] [red]x[/red]", when="8 Nov 2026", category="physical")
    async with console(size=size) as pilot:
        await opened(pilot, child)
        shown = words_on(pilot.app)
        assert SHOWN in shown
        assert "In the child's words: “[he hit me] [red]x[/red]”" in shown
        assert "Sun 8 Nov 2026 Concern · Physical abuse" in shown
        assert "No decision yet" in shown
        assert "Recorded 13 days after, by Sam Okafor" in shown
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, EntryScreen)
        assert SHOWN in words_on(pilot.app)
        await pilot.press("p")
        await settled(pilot)
        assert HOSTILE[:30] in words_on(pilot.app)


async def test_the_order_is_by_when_it_happened(console, vault, child):
    log(vault, child, "Third.", when="20 Nov 2026")
    log(vault, child, "First.", when="3 Nov 2026")
    log(vault, child, "Second.", when="w/c 9 Nov 2026")
    async with console() as pilot:
        await opened(pilot, child)
        shown = words_on(pilot.app)
        assert shown.index("First.") < shown.index("Second.") < shown.index("Third.")


async def test_entries_are_chosen_for_the_chronology_and_shown_apart(console, vault, child):
    log(vault, child, "Left out.", when="3 Nov 2026")
    chosen = log(vault, child, "Chosen one.", when="10 Nov 2026")
    async with console() as pilot:
        await opened(pilot, child)
        await pilot.press("p")
        await settled(pilot)
        await pilot.press("ctrl+s")
        assert "A reason is needed" in words_on(pilot.app)
        pilot.app.screen.query_one("#reason", TextArea).text = "A turning point."
        pilot.app.screen.query_one("#significance").code = "turning_point"
        pilot.app.screen.query_one("#outcome").text = "A plan was made."
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Chosen: turning point")
        assert record.get(vault, chosen).significance == "turning_point"
        assert record.get(vault, chosen).outcome == "A plan was made."
        assert [each.reason for each in record.detail(vault, chosen).choices] == ["A turning point."]
        await pilot.press("a")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "Chosen one." in shown
        assert "Left out." not in shown
        assert "1 of 2 entries: those chosen for the chronology" in shown


async def test_the_review_status_is_set_and_its_date_has_a_reason(console, vault, child):
    async with console() as pilot:
        await opened(pilot, child)
        await pilot.press("r")
        await settled(pilot)
        pilot.app.screen.query_one("#status").code = "child_in_need"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Child in need · review due Fri 4 Dec 2026")
        await pilot.press("h")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "Next review" in shown
        assert "not a school day" in shown
        reviews.hold(vault, child, "Stay as we are", WICKED)
        await wait_for(pilot, f"Stay as we are: {SHOWN}")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ChildScreen), "Escape leaves the history first"


async def test_the_record_as_it_was_known_on_a_day(console, vault, child, clock):
    entry = log(vault, child, "As first written.", when="2 Nov 2026")
    clock.pass_by(days=5)
    concerns.amend(vault, entry, "As amended later.", "More came out.")
    log(vault, child, "Came later.", when="4 Nov 2026")
    async with console() as pilot:
        screen = await opened(pilot, child)
        await pilot.press("k")
        await settled(pilot)
        await pilot.press("enter")
        assert "Which day?" in words_on(pilot.app)
        pilot.app.screen.query_one("#day Input", Input).value = "21 Nov 2026"
        await pilot.press("enter")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "As known on Sat 21 Nov 2026. Escape returns to today." in shown
        assert "As first written." in shown
        assert "As amended later." not in shown
        assert "Came later." not in shown
        assert "as it was known then" in screen.why_not("child.amend")
        await pilot.press("escape")
        await settled(pilot)
        assert "As amended later." in words_on(pilot.app)


async def test_what_comes_in_keeps_the_cursor_and_the_place(console, vault, child):
    for day in range(1, 20):
        log(vault, child, f"Entry of day {day}. " + "word " * 60, when=f"{day} Nov 2026")
    async with console() as pilot:
        screen = await opened(pilot, child)
        await pilot.press("home", "down", "down", "down", "down", "down")
        await settled(pilot)

        def lines() -> list[str]:
            return [line[:110].rstrip() for line in picture(pilot.app).splitlines()[7:20]]

        stood, top = screen.current.entry.id, lines()
        log(vault, child, "Came in meanwhile.", when="1 Oct 2026")
        await wait_for(pilot, "20 entries")
        assert screen.current.entry.id == stood
        assert lines() == top, "what is being read does not jump"


async def test_the_entry_asked_for_is_under_the_cursor(console, vault, child):
    made = [log(vault, child, f"Entry {day}. " + "word " * 80, when=f"{day} Nov 2026") for day in range(1, 20)]
    async with console() as pilot:
        screen = await opened(pilot, child, made[4])
        assert screen.current.entry.id == made[4]
        assert "Entry 5." in picture(pilot.app)


@pytest.fixture
def long_record(vault, child) -> str:
    now = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001
    drafts = []
    for number in range(5000):
        when = parse_when(f"{number % 28 + 1}/{number % 12 + 1}/{2010 + number % 15}", now)
        concern = build(ConcernLogged, {"text": f"Entry {number}. " + "word " * (number % 90), "occurred": when})
        drafts.append(Draft(concern, child, new_id(), None, datetime(2026, 11, 20, tzinfo=UTC)))
    with vault.write() as unit:
        unit.record_many(drafts)
    return child


async def test_five_thousand_entries_open_at_once_and_every_page_is_read(console, vault, long_record):
    async with console() as pilot:
        began = time.perf_counter()
        screen = await opened(pilot, long_record)
        took = time.perf_counter() - began
        assert screen.rows.count == 5000
        assert len(screen.rows._pages) <= 3, "only what is near is read"
        assert took < 3, "seconds, on a machine that is busy with other things"
        ids = record.entry_ids(vault, long_record)
        assert screen.current.entry.id == ids[-1]
        assert screen.current.entry.text.split(".")[0] in picture(pilot.app)
        await pilot.press("home")
        await settled(pilot)
        assert screen.current.entry.id == ids[0]
        assert picture(pilot.app).count("Entry ") >= 2
        for _ in range(12):
            await pilot.press("pagedown")
        await settled(pilot)
        place = screen.rows.cursor
        assert place > 12
        assert screen.current.entry.id == ids[place]
        assert screen.current.entry.text.split(".")[0] + "." in picture(pilot.app)


async def test_a_reader_reads_and_is_told_why_the_rest_is_grey(console, vault, child):
    log(vault, child, "Words.")
    async with console() as pilot:
        screen = await opened(pilot, child)
        object.__setattr__(pilot.app.vault.person, "role", "read_only")
        assert screen.why_not("child.decide") == "Your role reads the record and does not write in it."
        assert screen.why_not("child.open") == ""


async def test_an_entry_whole_shows_every_field(console, vault, child):
    entry = log(
        vault,
        child,
        WICKED,
        place="Hall",
        how_known="told_by_child",
        opinion="He is tired.",
        opinion_grounds="Mine.",
        told=[{"name": "Mrs Patel", "at": "15:40"}],
        caller={"name": "J Marsh", "agency": "Duty team"},
        original_kept="Blue folder",
        when="8 Nov 2026",
    )
    async with console(size=(120, 50)) as pilot:
        pilot.app.open("entry", entry_id=entry)
        await settled(pilot)
        shown = words_on(pilot.app)
        for words in (
            SHOWN,
            "Where Hall",
            "Told by the child",
            "Opinion He is tired.",
            "Mrs Patel, 15:40",
            "J Marsh, Duty team",
            "Not verified: ring back",
            "Blue folder",
            "Recorded 13 days after",
            f"Sat 21 Nov 2026, {NOW.astimezone():%H:%M}",
            "Still to be written",
        ):
            assert words in shown
