"""A note left at the lock screen, and what the safeguarding team does with it after unlock."""

from __future__ import annotations

import pytest
from conftest import HOSTILE, PASSPHRASE, picture, press, settled, wait_for, words_on
from textual import events
from textual.widgets import Button, Input, OptionList, TextArea

from dsl_console import behind
from screens.report import ReportScreen
from screens.triage import AnswerDialog, TriageScreen
from screens.unlock import UnlockScreen
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.fields import ChoiceField
from storage import reports
from storage.desk import children, triage
from storage.desk.school import set_phones
from storage.views import record
from storage.views import reports as views
from storage.views.today import today

FIELDS = {"child_as_written": "Amira [Yr 9]", "text": HOSTILE, "childs_words": "‘he hit me’", "reporter": "Jo [b]Marsh"}


def spool(folder) -> list:
    return list(reports.spool(folder).iterdir())


async def write_note(pilot) -> None:
    """Walk from the lock screen into the form and write a note."""
    await pilot.press("f2")
    await settled(pilot)
    await pilot.press("1")
    await settled(pilot)
    screen = pilot.app.screen
    screen.query_one("#child", Input).value = FIELDS["child_as_written"]
    screen.query_one("#text", TextArea).text = HOSTILE
    screen.query_one("#reporter", Input).value = FIELDS["reporter"]
    screen.query_one("#told", ChoiceField).code = "no"
    await settled(pilot)


async def test_a_note_is_sealed_from_the_lock_screen_and_cannot_be_read_back(console, folder, vault):
    children.add_child(vault, legal_forename="Amira", legal_surname="Khan")
    async with console(unlocked=False) as pilot:
        assert "Leave a note for the safeguarding team" in words_on(pilot.app)
        await write_note(pilot)
        assert "Khan" not in words_on(pilot.app), "no name is suggested"
        assert HOSTILE in words_on(pilot.app)
        await pilot.press("ctrl+s")
        await settled(pilot)
        shown = words_on(pilot.app)
        sentence = "Nobody has read it yet: tell the DSL in person now if a child is in danger."
        assert f"Sealed at {pilot.app.now():%H:%M}. {sentence}" in shown
        assert HOSTILE not in shown
        assert pilot.app.vault is None
        assert len(spool(folder)) == 1
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, UnlockScreen)
    triage.take_in(vault)
    (row,) = views.reports(vault)
    assert (row.text, row.reporter, row.child_as_written) == (HOSTILE, FIELDS["reporter"], FIELDS["child_as_written"])


async def test_what_is_typed_before_the_form_stands_is_in_it(console, folder):
    """As from a terminal that was busy: every key at once, none waited for."""
    async with console(unlocked=False) as pilot:
        for key in ("f2", *"Mae", "backspace", "e", "1", *"ve", "tab", *"Wet", "ctrl+s"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await wait_for(pilot, "Who are you?")
        assert pilot.app.screen.query_one("#child", Input).value == "Maeve"
        assert pilot.app.screen.query_one("#text", TextArea).text == "Wet"
        await press(pilot, "escape", "tab", "enter", "f2")
        await pilot.press(*"Ka")
        await wait_for(pilot, "Kept for the note: «Ka»")


async def test_the_button_opens_it_too_and_what_is_missing_is_asked_for(console, folder):
    async with console(unlocked=False) as pilot:
        await pilot.click("#note")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ReportScreen)
        await pilot.press("ctrl+s")
        assert pilot.app.screen.stage == "ask", "first whom it is about"
        await pilot.press("enter")
        await settled(pilot)
        for place, asked in (("#child", "Which child?"), ("#text", "What happened?"), ("#reporter", "Who are you?")):
            await pilot.press("ctrl+s")
            await settled(pilot)
            assert asked in words_on(pilot.app)
            field = pilot.app.screen.query_one(place)
            assert field.has_focus
            if isinstance(field, Input):
                field.value = "words"
            else:
                field.text = "words"
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "Have you told the DSL in person?" in words_on(pilot.app)
        pilot.app.screen.query_one("#told", ChoiceField).code = "no"
        await wait_for(pilot, "Ctrl+S seals it.")
        assert spool(folder) == []


async def test_about_an_adult_or_the_headteacher_nothing_is_written(console, folder, vault):
    set_phones(vault, lado="01632 960777", chair_of_governors="01632 960778")
    async with console(unlocked=False) as pilot:
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press("2")
        await settled(pilot)
        assert "Nothing was stored. Tell the headteacher in person now." in words_on(pilot.app)
        await pilot.press("3")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert "01632 960778" in shown
        assert "01632 960777" in shown
        assert not pilot.app.screen.query_one("#form").display
        assert spool(folder) == []


async def test_leaving_asks_first_and_keeps_nothing(console, folder):
    async with console(unlocked=False) as pilot:
        await write_note(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await pilot.press("escape")
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.click("#confirm")
        await settled(pilot)
        assert isinstance(pilot.app.screen, UnlockScreen)
        assert spool(folder) == []


async def test_a_note_that_is_left_standing_is_sealed_as_it_is(console, folder, clock, vault):
    async with console(unlocked=False) as pilot:
        await write_note(pilot)
        pilot.app.screen.query_one("#reporter", Input).value = ""
        await settled(pilot)
        clock.pass_by(seconds=ReportScreen.IDLE_SECONDS - 1)
        pilot.app.screen._watch()
        await settled(pilot)
        assert HOSTILE in words_on(pilot.app)
        clock.pass_by(seconds=2)
        pilot.app.screen._watch()
        await settled(pilot)
        assert "nobody had typed for two minutes" in words_on(pilot.app)
        assert HOSTILE not in words_on(pilot.app)
    triage.take_in(vault)
    (row,) = views.reports(vault)
    assert (row.text, row.reporter) == (HOSTILE, "not written")


async def test_a_note_that_was_begun_is_sealed_when_the_console_is_left(console, folder):
    async with console(unlocked=False) as pilot:
        await write_note(pilot)
        await pilot.press("ctrl+q")
        await settled(pilot)
    assert len(spool(folder)) == 1


async def test_a_report_left_elsewhere_stands_on_today_within_a_second(console, folder):
    async with console() as pilot:
        assert "from Jo" not in words_on(pilot.app)
        assert behind.POLL_SECONDS <= 0.5, "so often is it looked, and the reading takes the rest of the second"
        reports.leave(folder, FIELDS)
        await wait_for(pilot, "from Jo [b]Marsh", seconds=5)
        assert "Act today (1)" in words_on(pilot.app)
        assert spool(folder) == []


async def test_a_damaged_file_is_named_on_today_and_stays(console, folder):
    left = reports.leave(folder, FIELDS)
    (path,) = spool(folder)
    path.write_bytes(path.read_bytes()[:-1])
    async with console(size=(200, 50)) as pilot:
        await wait_for(pilot, "1 file could not be opened")
        await pilot.press("enter")
        await settled(pilot)
        assert "A sealed report could not be opened" in words_on(pilot.app)
        (notice,) = pilot.app._notifications
        assert "It stays where it is; ask who left a note" in notice.message
        assert path.name in notice.message
    assert path.name.startswith(left.id)
    assert path.exists()


@pytest.fixture
def report(folder, vault) -> str:
    """A report that waits, and two children."""
    for forename, surname in (("Amira", "Khan"), ("Bo", "Penrose")):
        children.add_child(vault, legal_forename=forename, legal_surname=surname)
    left = reports.leave(folder, FIELDS)
    triage.take_in(vault)
    return left.id


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_report_is_shown_whole_and_no_child_is_chosen(console, report, size):
    async with console(size=size) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TriageScreen)
        shown = words_on(pilot.app)
        for words in (HOSTILE.split("] [")[0], "Amira [Yr 9]", "Report from Jo [b]Marsh"):
            assert words in shown, picture(pilot.app)
        assert "Khan" in shown
        assert pilot.app.screen.query_one(ChildPicker).child is None
        assert pilot.app.screen.query_one("#candidates", OptionList).highlighted is None
        pilot.app.screen.query_one("#child Input").focus()
        await pilot.press("p", "e")
        await wait_for(pilot, "Not on the roll: «pe»")


async def test_a_person_chooses_the_child_and_answers_the_reporter(console, report, vault):
    async with console() as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "nobody is chosen for you" in words_on(pilot.app)
        assert not isinstance(pilot.app.screen, ConfirmDialog)
        pilot.app.screen.query_one("#candidates").focus()
        await pilot.press("down", "enter")
        await settled(pilot)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "wrote about «Amira [Yr 9]»" in words_on(pilot.app)
        assert record.undecided(vault) == []
        await pilot.click("#confirm")
        await settled(pilot)
        assert "It stands in Amira Khan's record." in words_on(pilot.app)
        (entry,) = record.undecided(vault)
        assert (entry.id, entry.text, entry.source) == (report, HOSTILE, "report by Jo [b]Marsh")
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert isinstance(pilot.app.screen, AnswerDialog)
        await pilot.press("ctrl+s")
        assert "What were they told?" in words_on(pilot.app)
        pilot.app.screen.query_one("#what", TextArea).text = f"Thanked. {HOSTILE}"
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert f"Thanked. {HOSTILE}" in words_on(pilot.app)
    assert views.report(vault, report).answers[0].by == "Sam Okafor"


async def test_closing_asks_why_and_leaves_the_reporter_to_be_told(console, report, vault, clock):
    async with console() as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        pilot.app.screen.query_one(TextArea).text = "Known since Monday."
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "Known since Monday." in words_on(pilot.app)
        assert pilot.app.why_not("triage.accept")
        await pilot.press("f6")
        await wait_for(pilot, "tell Jo [b]Marsh what was done")
    assert [line.kind for line in today(vault, clock()).this_week] == ["answer"]


async def test_the_note_button_waits_while_the_record_is_opened(console):
    async with console(unlocked=False) as pilot:
        screen = pilot.app.screen
        screen.query_one("#passphrase", Input).value = PASSPHRASE
        screen._show_busy()
        assert pilot.app.why_not("unlock.report") == "The record is being opened."
        assert isinstance(screen.query_one("#note"), Button)
