"""Log a concern as a person does: F2, two letters, Enter, the text, ctrl+s."""

from __future__ import annotations

import errno
import threading

import pytest
from conftest import HOSTILE, NOW, picture, settled, wait_for, wait_until, words_on
from textual import events
from textual.widgets import Button, Input, OptionList, TextArea

from screens import log_concern
from screens.decide import DecideScreen
from screens.drafting import DraftKeeper
from screens.log_concern import LogScreen
from screens.log_form import told_lines
from screens.what_now import WhatNowScreen
from screens.widgets.coached import QUIET, CoachedArea
from storage import room
from storage.desk import children, concerns
from storage.views import children as known
from storage.views import record
from storage.views.record_rows import EntryRow

WICKED = HOSTILE + "\x1b[31m and \u202eback\u202c\x07"
SHOWN = HOSTILE + "␛[31m and ⟦RLO⟧back⟦PDF⟧␇"


def add(vault, forename: str, surname: str, **fields) -> str:
    return children.add_child(vault, legal_forename=forename, legal_surname=surname, **fields)[0]


async def ready(pilot) -> LogScreen:
    await pilot.press("f2")
    await settled(pilot)
    assert isinstance(pilot.app.screen, LogScreen)
    return pilot.app.screen


async def choose(pilot, letters: str) -> None:
    await pilot.press(*letters)
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)


def write(pilot, text: str, field: str = "text") -> None:
    pilot.app.screen.query_one(f"#{field}", TextArea).text = text


async def recorded(pilot) -> list[EntryRow]:
    await pilot.press("ctrl+s")
    await settled(pilot)
    return record.undecided(pilot.app.vault)


async def test_five_keys_and_the_text_record_a_concern(console, vault):
    child = add(vault, "Amira", "Khan", date_of_birth="2016-05-03", reg_group="6A")
    async with console() as pilot:
        await ready(pilot)
        await pilot.press("a", "m")
        await settled(pilot)
        assert "Amira Khan" in picture(pilot.app)
        assert "born 3 May 2016" in picture(pilot.app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.focused, TextArea), "focus flows from the child to the text"
        await pilot.press(*"late")
        (entry,) = await recorded(pilot)
        assert (entry.child_id, entry.text, entry.captured_at) == (child, "late", NOW)
        assert isinstance(pilot.app.screen, WhatNowScreen)
        shown = words_on(pilot.app)
        assert f"Recorded at {NOW.astimezone():%H:%M}." in shown
        assert "No one else has been told." in shown
        assert pilot.app.vault.drafts.all() == [], "what was recorded is no draft any more"


async def test_every_field_reaches_the_record(console, vault):
    add(vault, "Amira", "Khan")
    other = add(vault, "Ben", "Oduya")
    async with console() as pilot:
        screen = await ready(pilot)
        await choose(pilot, "am")
        await pilot.press("ctrl+o")
        form = screen.form
        write(pilot, "Came in without a coat.")
        write(pilot, "I slept at my uncle's.", "childs_words")
        write(pilot, "What happened then? Nothing.", "questions_asked")
        write(pilot, "Mrs Patel, deputy, 15:40\nMr Reed", "told")
        write(pilot, "He is tired.", "opinion")
        write(pilot, "Yawned twice; mine.", "opinion_grounds")
        kind, told = form.query_one("#entry_kind"), "Read as: when the police attended, under More; else not known"
        kind.code = "operation_encompass"
        form.query_one("#police_at Input", Input).value = "yesterday 23:40"
        await wait_for(pilot, told)
        assert "Read as: Fri 20 Nov 2026, 23:40" in form.query_one("#police_at StateLine").text
        kind.code, form.query_one("#police_at Input", Input).value = "concern", ""
        form.query_one("#when Input", Input).value = "yesterday 14:30"
        form.query_one("#place", Input).value = "Cloakroom"
        form.query_one("#caller_name", Input).value = "J Marsh"
        form.query_one("#caller_agency", Input).value = "Duty team"
        form.query_one("#category").code = "neglect"
        form.query_one("#how_known").code = "told_by_child"
        form.query_one("#parent_told").code = "not_safe"
        await settled(pilot)
        assert "Read as: Fri 20 Nov 2026, 14:30" in picture(pilot.app)
        assert form.query_one("#ring-back").display, "an unverified caller is rung back"
        form.query_one("#also Input", Input).focus()
        await choose(pilot, "od")
        form.query_one("#also_role").code = "witness"
        made = {entry.child_id: entry for entry in await recorded(pilot)}
        mine = next(entry for child, entry in made.items() if child != other)
        found = record.detail(pilot.app.vault, mine.id).concern
        assert found.childs_words == "I slept at my uncle's."
        assert found.occurred.start == "2026-11-20T14:30"
        assert [(each.name, each.at) for each in found.told] == [("Mrs Patel, deputy", "15:40"), ("Mr Reed", "")]
        assert (found.category, found.how_known, found.parent_told) == ("neglect", "told_by_child", "not_safe")
        assert (found.opinion, found.opinion_grounds) == ("He is tired.", "Yawned twice; mine.")
        assert found.caller is not None
        assert (found.caller.name, found.caller.identity) == ("J Marsh", "unverified")
        assert "coat" not in made[other].text, "no word about one child stands in another's record"
        assert "You wrote that Mrs Patel, deputy, Mr Reed was told." in words_on(pilot.app)


async def test_a_name_that_is_not_on_the_roll_becomes_a_provisional_child(console):
    async with console() as pilot:
        await ready(pilot)
        await pilot.press(*"Milo Tester")
        await settled(pilot)
        assert "Not on the roll: «Milo Tester»" in picture(pilot.app)
        await choose(pilot, "")
        write(pilot, "A visitor.")
        (entry,) = await recorded(pilot)
        child = known.get(pilot.app.vault, entry.child_id)
        assert (child.name, child.provisional) == ("Milo Tester", True)


async def test_twins_are_told_apart_before_recording(console, vault):
    add(vault, "Ada", "Twinn", date_of_birth="2016-05-03", reg_group="6A")
    add(vault, "Ava", "Twinn", date_of_birth="2016-05-03", reg_group="6B")
    async with console() as pilot:
        await ready(pilot)
        await pilot.press("t", "w")
        await settled(pilot)
        lines = [line for line in picture(pilot.app).splitlines() if "Twinn" in line]
        assert len(lines) == 2
        assert all("similar name: check" in line for line in lines)
        assert "6A" in lines[0]
        assert "6B" in lines[1]


async def test_nothing_is_recorded_without_a_child_or_words(console, vault):
    add(vault, "Amira", "Khan")
    async with console() as pilot:
        await ready(pilot)
        write(pilot, "Something happened.")
        assert await recorded(pilot) == []
        assert "which child is this about?" in words_on(pilot.app)
        assert "Something happened." in picture(pilot.app)
        write(pilot, "")
        pilot.app.screen.form.picker.query_one(Input).focus()
        await choose(pilot, "am")
        assert await recorded(pilot) == []
        assert "There is nothing written yet." in words_on(pilot.app)


async def test_a_draft_is_sealed_at_a_pause_and_put_back(console, vault):
    child = add(vault, "Amira", "Khan")
    async with console() as pilot:
        screen = await ready(pilot)
        await choose(pilot, "am")
        write(pilot, WICKED)
        await wait_for(pilot, "Draft kept")
        (draft,) = vault.drafts.all()
        assert draft.fields["text"] == WICKED
        assert draft.fields["child"] == child
        assert not [path for path in vault.folder.rglob("*") if path.is_file() and b"hit me" in path.read_bytes()]
        assert screen.begun == NOW
    async with console() as pilot:
        screen = await ready(pilot)
        assert f"Draft from {NOW.astimezone():%H:%M} put back." in words_on(pilot.app)
        assert screen.form.picker.child.name == "Amira Khan"
        assert screen.form.query_one("#text", TextArea).text == WICKED


async def test_letters_typed_before_the_draft_comes_are_not_lost(console, vault, monkeypatch):
    child = add(vault, "Amira", "Khan")
    vault.drafts.seal("log", {"text": "Came in without a coat.", "child": child})
    come, found = threading.Event(), DraftKeeper.found

    def slow(keeper):
        assert come.wait(15)
        return found(keeper)

    monkeypatch.setattr(DraftKeeper, "found", slow)
    async with console() as pilot:
        await pilot.press("f2")
        await wait_until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await pilot.press("b", "e", "tab", *"Later.")
        come.set()
        await wait_for(pilot, "You had typed «be»")
        screen = pilot.app.screen
        assert screen.form.query_one("#text", TextArea).text == "Came in without a coat.\nLater."
        await wait_until(pilot, lambda: vault.drafts.get("log").fields["text"].endswith("Later."))
        await settled(pilot)
        assert "about Amira Khan" in words_on(pilot.app), "what the line asks for stands until the next key"


async def test_a_draft_is_recorded_though_the_key_came_before_its_child_was_there(console, vault, monkeypatch):
    child = add(vault, "Amira", "Khan")
    vault.drafts.seal("log", {"text": "Came in without a coat.", "child": child})
    come, known_children = threading.Event(), log_concern.known_children
    monkeypatch.setattr(log_concern, "known_children", lambda *ids: come.wait(15) and known_children(*ids))
    async with console() as pilot:
        await pilot.press("f2")
        await wait_for(pilot, "put back.")
        await pilot.press("ctrl+s")
        come.set()
        await wait_for(pilot, "No one else has been told.")
    assert [row.text for row in record.undecided(vault)] == ["Came in without a coat."]


async def test_words_typed_before_the_child_of_the_page_is_there_are_what_happened(console, vault, monkeypatch):
    child = add(vault, "Amira", "Khan")
    come, known_children = threading.Event(), log_concern.known_children
    monkeypatch.setattr(log_concern, "known_children", lambda *ids: come.wait(15) and known_children(*ids))
    async with console() as pilot:
        pilot.app.open("log", child_id=child)
        await wait_until(pilot, lambda: isinstance(pilot.app.focused, TextArea) and pilot.app.screen.ready)
        await pilot.press(*"Wet ")
        come.set()
        await wait_until(pilot, lambda: pilot.app.screen.form.picker.child is not None)
        await pilot.press(*"through")
        assert pilot.app.screen.form.query_one("#text", TextArea).text == "Wet through"
        assert pilot.app.screen.form.picker.child.id == child


async def test_when_it_was_captured_is_when_the_draft_was_begun(console, vault, clock):
    add(vault, "Amira", "Khan")
    async with console(hide_after=3600, lock_after=3600) as pilot:
        await ready(pilot)
        write(pilot, "First words")
        await wait_for(pilot, "Draft kept")
        clock.pass_by(minutes=40)
        pilot.app.screen.form.picker.query_one(Input).focus()
        await choose(pilot, "am")
        (entry,) = await recorded(pilot)
        assert entry.captured_at == NOW
        assert (entry.recorded_at - entry.captured_at).total_seconds() == 40 * 60


def no_drive(*_):
    raise OSError(errno.EIO, "")


async def test_escape_keeps_the_draft_and_says_so(console, vault, monkeypatch):
    async with console() as pilot:
        await ready(pilot)
        write(pilot, "Half a sen")
        with monkeypatch.context() as pulled:
            pulled.setattr(room, "write_atomic", no_drive)
            await pilot.press("f6")
            await wait_until(
                pilot, lambda: any("It is held while" in each.message for each in pilot.app._notifications)
            )
            assert not isinstance(pilot.app.screen, LogScreen)
        await ready(pilot)
        await wait_until(pilot, lambda: pilot.app.screen.form.query_one("#text", TextArea).text == "Half a sen")
        pilot.app.clear_notifications()
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, LogScreen)
        said = [each.message for each in pilot.app._notifications]
        assert said == [f"Draft kept at {NOW.astimezone():%H:%M}. F2 continues it."]
        assert vault.drafts.get("log").fields["text"] == "Half a sen"
        assert record.undecided(vault) == []


async def test_a_draft_goes_only_after_a_question(console, vault):
    async with console() as pilot:
        await ready(pilot)
        write(pilot, "Not wanted")
        await wait_for(pilot, "Draft kept")
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert "goes for good" in words_on(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        assert vault.drafts.get("log") is not None
        await pilot.press("ctrl+n")
        await settled(pilot)
        pilot.app.screen.query_one("#confirm", Button).press()
        await settled(pilot)
        assert vault.drafts.get("log") is None
        assert isinstance(pilot.app.screen, LogScreen)
        assert pilot.app.screen.query_one("#text", TextArea).text == ""


async def test_sixty_four_kibibytes_are_taken_and_more_is_said_and_kept(console, vault):
    add(vault, "Amira", "Khan")
    async with console() as pilot:
        await ready(pilot)
        await choose(pilot, "am")
        whole = ("She said it again. " * 3450)[: 64 * 1024]
        write(pilot, whole + "!")
        assert await recorded(pilot) == []
        await wait_until(pilot, lambda: vault.drafts.get("log") is not None)
        await settled(pilot)
        assert "a note holds 65,536" in words_on(pilot.app), "that the draft was kept takes no warning away"
        assert pilot.app.screen.query_one("#text", TextArea).text == whole + "!"
        write(pilot, whole)
        (entry,) = await recorded(pilot)
        assert entry.text == whole


async def test_what_now_shows_the_numbers_and_goes_on_to_deciding(console, vault):
    add(vault, "Amira", "Khan")
    async with console() as pilot:
        await ready(pilot)
        await choose(pilot, "am")
        write(pilot, WICKED)
        await recorded(pilot)
        numbers = pilot.app.screen.query_one("#numbers")
        assert not numbers.display
        await pilot.press("1")
        await settled(pilot)
        assert numbers.display
        assert [each.value for each in numbers.query("Digits")] == ["999", "01234 567890", "01234 567891"]
        await pilot.press("2")
        await settled(pilot)
        assert isinstance(pilot.app.screen, DecideScreen)
        assert SHOWN in words_on(pilot.app)


async def test_f2_on_a_child_takes_the_child(console, vault):
    child = add(vault, "Amira", "Khan")
    concerns.log_concern(vault, {"text": "Before."}, child_id=child)
    async with console() as pilot:
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        screen = await ready(pilot)
        assert screen.form.picker.child.id == child
        assert isinstance(pilot.app.focused, TextArea)


async def test_a_draft_about_another_child_is_told_before_a_new_one_is_begun(console, vault):
    one, other = add(vault, "Amira", "Khan"), add(vault, "Ben", "Oduya")
    vault.drafts.seal("log", {"text": "About Ben.", "child": other})
    async with console() as pilot:
        pilot.app.open("child", child_id=one)
        await settled(pilot)
        screen = await ready(pilot)
        assert screen.form.picker.child.id == other, "the words stay with the child they are about"
        assert "about Ben Oduya" in words_on(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_it_fits(console, vault, size):
    add(vault, "Amira", "Khan")
    async with console(size=size) as pilot:
        await ready(pilot)
        await pilot.press("a", "m")
        await settled(pilot)
        assert pilot.app.screen.query_one("#child OptionList", OptionList).option_count == 2
        shown = picture(pilot.app)
        assert "What happened" in shown
        assert "Ctrl+S Record" in shown


async def test_a_concern_typed_faster_than_the_screens_come_is_recorded_whole(console, vault):
    add(vault, "Amira", "Khan")
    async with console(size=(80, 24)) as pilot:
        for key in ("f2", *"amira", "enter", *"Wet", "space", *"coat.", "ctrl+s"):
            pilot.app.post_message(events.Key(key, " " if key == "space" else key if len(key) == 1 else None))
        await wait_for(pilot, "No one else has been told", 30)
        assert [(row.child, row.text) for row in record.undecided(pilot.app.vault)] == [("Amira Khan", "Wet coat.")]


def test_who_was_told_is_read_by_lines():
    assert told_lines("Mrs Patel, deputy, 15:40\n\nMr Reed, head") == [
        {"name": "Mrs Patel, deputy", "at": "15:40"},
        {"name": "Mr Reed, head"},
    ]


async def test_the_wording_coach_asks_beside_the_text_and_never_of_quoted_words(console) -> None:
    async with console() as pilot:
        await pilot.press("f2")
        await settled(pilot)
        area = pilot.app.screen.query_one("#text", CoachedArea)
        area.focus()
        area.load_text(f'He is often late. "I am dirty" {HOSTILE}\nThe LAC team rang.')
        await pilot.press("ctrl+home")
        await wait_for(pilot, "«often» «late» How many times")
        assert "«LAC»" in words_on(pilot.app)
        assert "«dirty»" not in words_on(pilot.app)
        assert [str(area.get_line(0).plain[span.start : span.end]) for span in area.get_line(0).spans] == [
            "often",
            "late",
        ]
        assert [area.get_line(1).plain[span.start : span.end] for span in area.get_line(1).spans] == ["LAC"]
        assert HOSTILE in area.get_line(0).plain
        area.load_text("He came at 9:10.")
        await wait_for(pilot, QUIET)


async def test_several_children_and_what_is_still_to_be_written(console, vault) -> None:
    for forename in ("Ada", "Ben", "Cal"):
        add(vault, forename, "Lowe")
    concerns.log_concern(
        vault, {"text": "Pushed by the gate, graze on elbow", "when": "today"}, child_id=known.find(vault, "Ada")[0].id
    )
    async with console(size=(120, 50)) as pilot:
        screen = await ready(pilot)
        await choose(pilot, "ada")
        write(pilot, "Ada was pushed near the gate: a graze on her elbow.")
        await pilot.press("ctrl+o")
        for number, name in (("", "ben"), ("2", "cal")):
            if number:
                screen.query_one("#also-more", Button).press()
                await wait_until(pilot, lambda: len(screen.form.others.blocks) == 2)
            screen.query_one(f"#also{number} Input", Input).focus()
            await choose(pilot, name)
            screen.query_one(f"#also_role{number}").code = "witness"
        screen.query_one("#also_category2").code = "behaviour"
        write(pilot, "Cal sat out.", "also_text2")
        await pilot.press("ctrl+s")
        await wait_for(pilot, "may tell of the same event")
        rows = [record.chronology(pilot.app.vault, known.find(vault, name)[0].id)[-1] for name in ("Ben", "Cal")]
        assert [(row.text[:13], row.category) for row in rows] == [("Part of an ev", ""), ("Cal sat out.", "behaviour")]
        await pilot.press("f6")
        await wait_for(pilot, "entries of yours can be added to")
        pilot.app.open("unfinished")
        await wait_for(pilot, "Still to be written: what it is about")
        await pilot.press("enter")
        await wait_for(pilot, "What stays blank")
        dialog = pilot.app.screen
        dialog.query_one("#fill-how_known").code = "seen"
        dialog.query_one("#leave").code = "leave"
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: len(record.unfinished(vault)) == 3)
