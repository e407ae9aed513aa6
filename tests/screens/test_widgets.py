"""The shared widgets inside the real console: long lists, the child picker, dates in words, dialogs."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime

import pytest
from conftest import HOSTILE, picture, settled, wait_for, wait_until, words_on
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static, TextArea

from practice.errors import Refused
from practice.wording import Coach
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.pausing import Pause
from screens.widgets import MessageBar, PlainText, StateLine
from screens.widgets.answer import DayField
from screens.widgets.area import NoteArea
from screens.widgets.child_picker import ChildPicker
from screens.widgets.coached import CoachedArea, marks_of
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.long_list import LongList
from screens.widgets.record_list import PAGE, RecordList
from storage.desk import children
from storage.views import children as child_rows


class Bench(ConsoleScreen):
    """A screen that holds one widget of each kind."""

    NAME = "bench"
    HEADING = "Bench"
    HELP = "A bench."
    BINDINGS = bindings("bench")

    def __init__(self) -> None:
        super().__init__()
        self.picked: list[tuple[str, str]] = []

    def body(self) -> ComposeResult:
        yield Field("Child", ChildPicker(id="picker"))
        yield Field("When", WhenField(id="when"))
        yield Field("Kind", ChoiceField([("Concern [x]", "concern"), ("Visit", "visit")], id="kind"))
        yield PlainText(HOSTILE, id="plain")
        yield MessageBar(id="bar")
        yield StateLine("\u202eback to front\x07", id="state")
        yield RecordList[str](lambda row, width: [Content(row)], id="list")

    def on_child_picker_picked(self, event: ChildPicker.Picked) -> None:
        self.picked.append((event.child.name if event.child else "", event.provisional))


@pytest.fixture
def bench(console):
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run(**options):
        async with console(**options) as pilot:
            await pilot.app.push_screen(Bench())
            await settled(pilot)
            yield pilot, pilot.app.screen

    return run


async def test_stored_text_is_whole_and_tricks_are_marks(bench):
    async with bench() as (pilot, screen):
        screen.query_one(MessageBar).say(HOSTILE, "bad")
        await settled(pilot)
        assert words_on(pilot.app).count(HOSTILE) == 2
        assert "⟦RLO⟧back to front\u2407" in words_on(pilot.app)


async def test_the_picker_finds_by_two_letters_and_tells_twins_apart(bench, vault):
    for forename, born in (("Amira", "2014-05-04"), ("Amir", "2014-05-04"), ("Ben", "2013-11-12")):
        children.add_child(
            vault, legal_forename=forename, legal_surname="Khan", date_of_birth=born, year_group="7", reg_group="7B"
        )
    async with bench() as (pilot, screen):
        screen.query_one("#picker Input").focus()
        await pilot.press("a")
        await settled(pilot)
        assert not screen.query_one(ChildPicker).is_open
        await pilot.press("m")
        await wait_for(pilot, "born 4 May 2014")
        assert "Year 7 7B" in words_on(pilot.app)
        await pilot.press("down", "enter")
        await settled(pilot)
        chosen = screen.query_one(ChildPicker).child
        assert chosen is not None
        assert screen.picked[-1] == (chosen.name, "")
        assert screen.query_one("#picker Input", Input).value == chosen.name
        assert screen.focused is not screen.query_one("#picker Input"), "the choice leads on to the next field"


async def test_the_picker_takes_a_name_that_is_not_on_the_roll(bench, vault):
    children.add_child(vault, legal_forename="Amira", legal_surname="Khan")
    async with bench() as (pilot, screen):
        screen.query_one("#picker Input").focus()
        await pilot.press(*"[b]Zed")
        await wait_for(pilot, "Not on the roll: «[b]Zed»")
        await pilot.press("enter")
        await settled(pilot)
        assert screen.picked[-1] == ("", "[b]Zed")
        screen.query_one("#picker Input").focus()
        await pilot.press("x")
        await settled(pilot)
        assert screen.picked[-1] == ("", ""), "typing on takes the choice back"


async def test_enter_before_the_list_is_not_lost_and_never_takes_another_child(bench, vault, monkeypatch):
    for forename, surname in (("Amira", "Khan"), ("Amir", "Khan"), ("Ben", "Hart")):
        children.add_child(vault, legal_forename=forename, legal_surname=surname)
    find, late = child_rows.find_among, threading.Event()

    def slow_in_threads(*args, **kwargs):
        if threading.current_thread() is not threading.main_thread():
            late.wait(10)
        return find(*args, **kwargs)

    monkeypatch.setattr(child_rows, "find_among", slow_in_threads)
    async with bench() as (pilot, screen):
        picker = screen.query_one(ChildPicker)
        screen.query_one("#picker Input").focus()
        await pilot.press(*"ami", "enter")
        assert picker.child is None, "two children fit: neither is taken unseen"
        assert picker.is_open
        late.set()
        await settled(pilot)
        assert picker.is_open
        late.clear()
        await pilot.press("backspace", "backspace", "backspace", *"ben", "enter")
        assert picker.child is not None
        assert picker.child.name == "Ben Hart"
        late.set()
        await settled(pilot)
        assert picker.child.name == "Ben Hart"
        assert not picker.is_open


async def test_escape_closes_the_pickers_list_and_nothing_else(bench, vault):
    children.add_child(vault, legal_forename="Amira", legal_surname="Khan")
    async with bench() as (pilot, screen):
        screen.query_one("#picker Input").focus()
        await pilot.press("a", "m")
        await wait_for(pilot, "Not on the roll")
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert not screen.query_one(ChildPicker).is_open
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is not screen


async def test_a_date_is_read_back_in_words(bench):
    async with bench() as (pilot, screen):
        field = screen.query_one(WhenField)
        assert "Read as: now" in words_on(pilot.app)
        field.text = "yesterday 14:30"
        await settled(pilot)
        assert "Read as: Fri 20 Nov 2026, 14:30" in words_on(pilot.app)
        field.text = "the other [day]"
        await settled(pilot)
        assert "not known: «the other [day]»" in words_on(pilot.app)
        assert field.occurred.start is None


async def test_a_choice_gives_its_code(bench):
    async with bench() as (pilot, screen):
        field = screen.query_one(ChoiceField)
        assert field.code == ""
        field.focus()
        await pilot.press("enter", "down", "enter")
        await settled(pilot)
        assert field.code == "concern"
        assert "Concern [x]" in words_on(pilot.app)
        field.code = "visit"
        assert field.code == "visit"
        field.code = ""
        assert field.code == ""


async def test_a_day_offered_again_is_still_replaced_by_what_is_typed():
    class Form(App[None]):
        def compose(self) -> ComposeResult:
            yield Input()
            yield DayField(id="next")

        def now(self) -> datetime:
            return datetime(2026, 11, 20, 9, tzinfo=UTC)

    async with Form().run_test() as pilot:
        field = pilot.app.query_one(DayField)
        field.propose(date(2026, 11, 27), "Seven days after Fri 20 Nov 2026.")
        field.query_one(Input).focus()
        await wait_until(pilot, lambda: bool(field.query_one(Input).selected_text))
        field.propose(date(2026, 11, 27), "Seven days after Fri 20 Nov 2026.")
        await pilot.press(*"in 3 weeks")
        await wait_until(pilot, lambda: field.day == date(2026, 12, 11))
        assert field.text == "in 3 weeks"


async def test_a_hundred_thousand_rows_are_ready_at_once_and_fetched_by_pages(bench):
    asked = []

    def fetch(offset: int, limit: int) -> list[str]:
        asked.append((offset, limit))
        return [f"row {number} {HOSTILE}" for number in range(offset, min(offset + limit, 100_000))]

    async with bench() as (pilot, screen):
        listed = screen.query_one(RecordList)
        began = time.perf_counter()
        listed.provide(100_000, fetch)
        took = time.perf_counter() - began
        await wait_for(pilot, f"row 3 {HOSTILE}")
        assert took < 0.5
        listed.focus()
        assert "Bench 1 of 100,000 " in words_on(pilot.app), "the header says where one is in a list that is longer"
        await pilot.press("end")
        await wait_for(pilot, "row 99999")
        assert "Bench 100,000 of 100,000 " in words_on(pilot.app)
        assert listed.cursor == 99_999
        assert listed.current.startswith("row 99999")
        assert len(asked) < 12
        assert all(limit == PAGE for _, limit in asked)
        await pilot.press("home", "pagedown", "down")
        await settled(pilot)
        assert 1 < listed.cursor < 60


async def test_rows_of_several_lines_and_headings_that_the_cursor_skips(bench):
    async with bench() as (pilot, screen):
        screen.query_one("#list").remove()
        listed = RecordList[str](
            lambda row, width: [Content(row), Content("   second line")] if row != "head" else [Content("A heading")],
            skip=lambda row: row == "head",
            id="tall",
        )
        await screen.query_one("#body").mount(listed)
        listed.show(["head", "one", "two", "head", "three"])
        await settled(pilot)
        listed.focus()
        assert listed.current == "one"
        await pilot.press("up")
        assert listed.current == "one"
        await pilot.press("down", "down")
        assert listed.current == "three"
        await pilot.press("home")
        assert listed.current == "one"
        assert picture(pilot.app).count("second line") == 3
        listed.show(["head", "zero", "one", "two"], keep=lambda row: row)
        await settled(pilot)
        assert listed.current == "one", "the cursor stays on its row when rows come in above it"
        assert " of " not in picture(pilot.app).splitlines()[0], "all of it is in sight"
        listed.show(["head", "one", "two", "head", *("more" for _ in range(40))])
        await pilot.press("home", "down", "down")
        await wait_for(pilot, "Bench 3 of 42 ")


async def test_a_reason_is_never_blank(bench):
    async with bench() as (pilot, screen):
        given = []
        pilot.app.push_screen(ReasonDialog("Move [this]?", HOSTILE, verb="Move"), given.append)
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        await pilot.press("space", "ctrl+s")
        await settled(pilot)
        assert given == []
        assert "A reason is needed" in words_on(pilot.app)
        pilot.app.screen.query_one(TextArea).text = "  the wrong twin "
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert given == ["the wrong twin"]
        pilot.app.push_screen(ReasonDialog("Move?"), given.append)
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert given[-1] is None
        assert pilot.app.screen is screen


async def test_a_confirmation_names_the_consequence_and_enter_alone_does_nothing(bench):
    async with bench() as (pilot, _screen):
        given = []
        question = ConfirmDialog("End?", f"Nothing more goes to {HOSTILE}.", verb="End the contract")
        pilot.app.push_screen(question, given.append)
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        await pilot.press("f2", "f6")
        assert pilot.app.screen is question, "a question is answered or left before another screen opens"
        await pilot.press("enter")
        await settled(pilot)
        assert given == [False]
        question = ConfirmDialog("End?", "Really.", verb="End the contract")
        pilot.app.push_screen(question, given.append)
        await settled(pilot)
        question.query_one("#confirm", Button).press()
        await settled(pilot)
        assert given == [False, True]


async def test_of_two_reads_the_later_is_shown_and_a_write_runs_once(bench):
    import threading

    gate = threading.Event()
    shown, written = [], []

    def read(word: str) -> str:
        if word == "slow":
            gate.wait(5)
        return word

    def write() -> None:
        written.append(1)
        gate.wait(5)

    async with bench() as (pilot, screen):
        screen.fetch(read, "slow", then=shown.append)
        screen.fetch(read, "quick", then=shown.append)
        assert screen.run(write)
        assert not screen.run(write), "the same write may not run twice at a time"
        gate.set()
        await settled(pilot)
        assert shown == ["quick"]
        assert written == [1]
        assert screen.run(write)


async def test_a_refusal_goes_to_whoever_asked_for_it(bench):
    def refuse() -> None:
        raise Refused(f"{HOSTILE}: not recorded.", hint="Write what happened first.")

    async with bench() as (pilot, screen):
        heard = []
        screen.run(refuse, failed=heard.append)
        await settled(pilot)
        assert [error.message for error in heard] == [f"{HOSTILE}: not recorded."]
        screen.run(refuse)
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        assert "Write what happened first." in words_on(pilot.app)


async def test_the_last_column_of_a_list_stands_clear_of_its_scroll_bar(bench):
    async with bench(size=(80, 24)) as (pilot, screen):
        listed = screen.query_one("#list", RecordList)
        widths = []

        def draw(row: int, width: int) -> list[Content]:
            widths.append(width)
            return [Content(f"{row:>{width - 4}} end")]

        listed._draw = draw
        listed.show(list(range(3)))
        await settled(pilot)
        wide = widths[-1]
        listed.show(list(range(300)))
        await settled(pilot)
        assert listed.show_vertical_scrollbar
        assert widths[-1] == wide - 1 == listed.scrollable_content_region.width
        shown = [line.rstrip() for line in words_on(pilot.app).splitlines() if " 1 end" in line]
        assert shown, words_on(pilot.app)


def test_one_concern_does_not_fill_its_bar():
    from datetime import date

    from screens.widgets.weeks import LEAST, weeks_chart, weeks_line

    chart = weeks_chart([1, 0, LEAST], date(2026, 11, 21)).plain.splitlines()
    assert [line[6:8] for line in chart[:5]] == ["██"] * 5
    assert [line[0:2] for line in chart[:5]] == ["  "] * 4 + ["██"]
    assert weeks_line([1, 10]).plain.split()[-3] == "▁█"
    assert weeks_chart([7, 528, 12], date(2026, 11, 21)).plain.splitlines()[5] == " 7 99+12", "no figure is cut short"


async def test_no_word_of_a_text_is_hidden_after_the_terminal_became_narrower():
    words = "While changing for PE a bruise was seen on the left upper arm, about three centimetres, round."

    class Narrowing(App[None]):
        def compose(self) -> ComposeResult:
            yield NoteArea(words, compact=True)

    async with Narrowing().run_test(size=(64, 8)) as pilot:
        await pilot.pause()
        assert "left upper arm" in words_on(pilot.app)
        await pilot.resize_terminal(56, 8)
        for _ in range(5):
            await pilot.pause()
        assert not [word for word in words.split() if word not in words_on(pilot.app).split()]


async def test_the_word_that_begins_a_line_below_the_field_comes_into_sight_at_once():
    class Writing(App[None]):
        CSS = "NoteArea { width: 30; height: 3; }"

        def compose(self) -> ComposeResult:
            yield NoteArea("seen on the left arm, about three centimetres, round, brown and", compact=True)

    async with Writing().run_test(size=(64, 8)) as pilot:
        area = pilot.app.query_one(NoteArea)
        area.move_cursor(area.document.end)
        await pilot.press(*" blueish")
        await wait_for(pilot, "blueish")


async def test_marks_of_a_line_of_many_pages_are_drawn_where_it_is_in_sight():
    text = "He is often low. " * 400

    class Marked(App[None]):
        CSS = "CoachedArea { width: 40; height: 4; }"

        def compose(self) -> ComposeResult:
            yield CoachedArea(text + "\nend", compact=True)

    def underlined(area: CoachedArea) -> list[str]:
        drawn = [segment for y in range(4) for segment in area.render_line(y) if segment.style.underline]
        return [segment.text for segment in drawn]

    async with Marked().run_test(size=(64, 8)) as pilot:
        area = pilot.app.query_one(CoachedArea)
        area.show_marks(marks_of(text + "\nend", Coach().check(text)))
        await pilot.pause()
        assert underlined(area)[:4] == ["often", "low", "often", "low"]
        area.move_cursor(area.document.end)
        await wait_until(pilot, lambda: area.scroll_offset.y > 100)
        assert underlined(area)[-2:] == ["often", "low"]
        await pilot.press("x")
        assert underlined(area)[-2:] == ["often", "low"]
        area.show_marks({})
        assert underlined(area) == []
        area.load_text("He works late.\n\nHe works late.\nend")
        area.move_cursor(area.document.end)
        for marked in ([(0, (3, 8))], [(0, (3, 8)), (2, (9, 13))], [(2, (9, 13))]):
            area.show_marks({(line, "He works late."): [place] for line, place in marked})
            assert underlined(area) == [{0: "works", 2: "late"}[line] for line, _ in marked]


async def test_a_line_drawn_before_it_was_folded_anew_is_drawn_again():
    text = "She told me at lunch that nobody was home on Tuesday night and that her brother cooked pasta."

    class Wide(App[None]):
        CSS = "CoachedArea { width: 60; height: 4; }"

        def compose(self) -> ComposeResult:
            yield CoachedArea("first\n" + text, compact=True)

    def shown(area: CoachedArea) -> str:
        return " ".join("".join(area.render_line(y).text for y in range(4)).split())

    async with Wide().run_test(size=(64, 8)) as pilot:
        area = pilot.app.query_one(CoachedArea)
        assert text in shown(area)
        area._line_cache.clear()
        area._still.clear()
        area.wrapped_document.wrap(20)  # as after a new size of the terminal, until the text hears of it
        shown(area)
        area._rewrap_and_refresh_virtual_size()
        assert text in shown(area)


async def test_the_row_under_the_cursor_stays_in_sight_when_rows_come_in_above_it_and_when_there_is_less_room():
    class Rows(App[None]):
        CSS = "LongList { height: 1fr; } #above { height: 0; }"

        def compose(self) -> ComposeResult:
            yield Static(id="above")
            yield LongList(lambda row, width: [Content(str(row)), Content("")], id="rows")

    def seen(rows: LongList) -> bool:
        return 0 <= rows._top(rows.cursor) - int(rows.scroll_offset.y) < rows.size.height

    async with Rows().run_test(size=(40, 12)) as pilot:
        rows = pilot.app.query_one(LongList)

        def show(keys: list[str], cursor: str = "") -> None:
            rows.show_keys(keys, lambda start, limit: keys[start : start + limit], {0: keys}, cursor=cursor)

        few = [f"b{number}" for number in range(8)]
        show(few, "b7")
        await pilot.pause()
        assert seen(rows)
        show([key for pair in zip(few, [f"c{number}" for number in range(8)], strict=True) for key in pair])
        await pilot.pause()
        assert (rows.current, seen(rows)) == ("b7", True)
        pilot.app.query_one("#above").styles.height = 8
        await wait_until(pilot, lambda: rows.size.height == 4 and seen(rows))


async def test_a_pause_that_never_comes_is_not_waited_for():
    app, calls = App[None](), []
    async with app.run_test() as pilot:
        kept = Pause(app, 0.3, lambda: calls.append(time.monotonic()), longest=0.5)
        deadline = time.monotonic() + 20
        while len(calls) < 2:
            assert time.monotonic() < deadline, "it waits for a pause that never comes"
            kept.touch()
            await pilot.pause(0.02)
    assert calls[1] - calls[0] >= 0.5, "and a touch begins the wait anew"
