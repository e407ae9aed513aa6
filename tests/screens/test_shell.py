"""The console's frame as a person meets it: unlock, Today, help, palette, hide, lock; on a real vault."""

from __future__ import annotations

import contextlib
import threading

import pytest
from conftest import HOSTILE, NOW, PASSPHRASE, picture, press, settled, wait_for, wait_until, words_on
from textual import events
from textual.command import CommandPalette
from textual.widgets import Input, OptionList, TextArea

from dsl_console import app
from dsl_console.app import DslConsole
from dsl_console.behind import POLL_SECONDS
from dsl_console.place import take_place
from dsl_console.supervisor import LOCKED, NO_BACKUP, UNKEPT
from practice.errors import NotAllowed, Refused, WrongPassphrase
from screens import unlock
from screens.actions import TABLE
from screens.hide import HideScreen
from screens.today import TodayScreen, empty_words
from screens.unlock import UnlockScreen, where_continued
from screens.widgets.chrome import KeyBar
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.form_dialog import FormDialog
from storage import people
from storage.desk import children, concerns
from storage.keys import FLOOR
from storage.tries import LIMIT, Tries
from storage.views.today import TodayView


def test_each_wrong_try_waits_longer():
    assert len(set(UnlockScreen.PAUSES)) > 3
    assert list(UnlockScreen.PAUSES) == sorted(UnlockScreen.PAUSES)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnlockScreen, "PAUSES", (0.01,))


async def type_in(pilot, text: str) -> None:
    pilot.app.screen.query_one("#passphrase", Input).value = text
    await pilot.press("enter")
    await settled(pilot)


def test_an_empty_day_says_what_to_do_first_in_the_words_of_the_organisation():
    assert "school's roll" in empty_words(TodayView(), "school")
    assert "roll" not in empty_words(TodayView(), "police")
    assert "join the hub" in empty_words(TodayView(), "police")


async def test_unlock_shows_today_with_the_schools_numbers(console):
    async with console(unlocked=False) as pilot:
        assert isinstance(pilot.app.screen, UnlockScreen)
        before = words_on(pilot.app)
        assert "Immediate danger: 999 · Front door 01234 567890 · Out of hours 01234 567891" in before
        assert "Sam Okafor, DSL" in before
        await type_in(pilot, PASSPHRASE)
        assert isinstance(pilot.app.screen, TodayScreen)
        shown = words_on(pilot.app)
        assert "Front door 01234 567890 · Out of hours 01234 567891" in shown
        assert "Oakfield Academy · Sam Okafor, DSL" in shown
        assert "Today, Sat 21 Nov 2026" in shown
        assert "No children are known yet." in shown


async def test_a_wrong_passphrase_is_said_and_not_kept(console, brief):
    async with console(unlocked=False) as pilot:
        await type_in(pilot, "not the right words at all")
        assert isinstance(pilot.app.screen, UnlockScreen)
        assert pilot.app.vault is None
        assert pilot.app.screen.query_one("#passphrase", Input).value == ""
        assert pilot.app.screen.query_one("#fault").text
        await wait_for(pilot, "Enter unlocks.")
        assert "tries are left before a wait of five minutes." in words_on(pilot.app)
        assert " 9 tries are left" in pilot.app.screen.query_one("#state").text
        await type_in(pilot, PASSPHRASE)
        assert isinstance(pilot.app.screen, TodayScreen)


async def test_what_cannot_be_read_of_the_frame_keeps_nobody_at_the_lock_screen(console, monkeypatch):
    def broken(_vault):
        raise LookupError(HOSTILE)

    monkeypatch.setattr(app, "frame_state", broken)
    async with console(unlocked=False) as pilot:
        await type_in(pilot, PASSPHRASE)
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, TodayScreen))
        (said,) = [each.message for each in pilot.app._notifications]
        assert "Something in the program went wrong (LookupError" in said
        assert HOSTILE not in said


async def test_a_long_refusal_is_read_to_its_end_on_a_small_screen(console, monkeypatch, brief):
    def refuse(*_):
        raise NotAllowed("This machine's keyring is locked, and gives nothing. " * 3, hint="Use the code at last.")

    monkeypatch.setattr(unlock, "opened", refuse)
    async with console(size=(80, 24), unlocked=False) as pilot:
        await type_in(pilot, PASSPHRASE)
        await wait_for(pilot, "Use the code at last.")
        await wait_until(pilot, lambda: pilot.app.screen.query_one("#state").text.startswith("Enter unlocks."))
        assert "tries" not in pilot.app.screen.query_one("#state").text  # no passphrase was tried
        assert pilot.app.screen.wrong == 0


async def test_among_several_people_the_last_is_chosen_and_what_is_typed_is_the_passphrase(console, vault, brief):
    bo = people.add_person(vault, "Bo Dara", "deputy", "lantern copper over wet slate", FLOOR)
    for begins_at in (0, 1):
        async with console(unlocked=False) as pilot:
            await wait_for(pilot, "Bo Dara, deputy DSL")
            await settled(pilot)
            assert pilot.app.screen.query_one("#people", OptionList).highlighted == begins_at
            assert pilot.app.focused is pilot.app.screen.query_one("#passphrase")  # so that no letter overtakes another
            if begins_at == 0:
                await pilot.press("down")
            else:
                pilot.app.screen.query_one("#note").focus()  # as it is after a note, or its Escape
            await pilot.press(*"lantern copper over", "enter")
            await wait_for(pilot, "It was tried as Bo Dara.")
            await wait_for(pilot, "Enter unlocks.")
            await type_in(pilot, "lantern copper over wet slate")
            assert isinstance(pilot.app.screen, TodayScreen)
            assert pilot.app.vault.person.id == bo
            pilot.app.vault.close()


async def test_where_no_try_is_left_the_lock_screen_says_from_when_one_is(console, folder):
    for _ in range(LIMIT):
        with contextlib.suppress(WrongPassphrase), Tries(folder).attempt():
            raise WrongPassphrase("not it")
    async with console(unlocked=False) as pilot:
        await wait_for(pilot, "No try is left. The next one is possible at ")
        assert pilot.app.screen.query_one("#passphrase", Input).disabled


async def test_a_draft_that_was_kept_is_told_at_unlock_unless_it_is_on_the_screen(console, vault, clock):
    vault.drafts.seal("review-1", {"reason": "as it was"})
    clock.pass_by(minutes=1)
    vault.drafts.seal("log", {"text": "half a sentence"})
    vault.drafts.seal(f"place-{vault.person.id}", {"screens": [["log", {}]]})
    async with console(unlocked=False) as pilot:
        await type_in(pilot, PASSPHRASE)
        assert "half a sentence" in words_on(pilot.app)
        words = NOW.astimezone().strftime("%H:%M")
        assert [each.message for each in pilot.app._notifications] == [
            f"A draft from {words} was kept. F4 continues it."
        ]
    assert where_continued("log") == "F2 continues it."


async def test_what_a_command_adds_appears_within_a_second(console, vault):
    child, _ = children.add_child(vault, legal_forename="Amira", legal_surname="Khan")
    async with console() as pilot:
        assert "Decide" not in picture(pilot.app)
        concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
        await wait_for(pilot, "Decide Amira Khan")
    assert POLL_SECONDS <= 0.5, "a second is what a person is promised"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_hostile_text_shows_whole(console, vault, size):
    child, _ = children.add_child(vault, legal_forename="[b]Amira", legal_surname="Khan[/b]")
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    async with console(size=size) as pilot:
        shown = words_on(pilot.app)
        assert "[b]Amira Khan[/b]" in shown
        assert HOSTILE in shown


async def test_the_footer_names_the_keys_and_a_greyed_one_says_why(console):
    async with console() as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        keys = {key.action.id: key for key in bar.shown_keys()}
        assert {"help", "hide", "lock", "exit", "commands", "today.open"} <= set(keys)
        assert keys["today.open"].reason == "Nothing waits, so there is nothing to open."
        assert not keys["lock"].reason
        await pilot.press("enter")
        assert [each.message for each in pilot.app._notifications] == [keys["today.open"].reason]


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_no_key_of_the_footer_is_cut_off(console, width):
    async with console(size=(width, 24)) as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        narrow, rows = bar.rows(bar.size.width)
        for row in rows:
            start, last = row[-1]
            assert start + last.cells(narrow=narrow) <= bar.size.width
        assert bar.size.height == len(rows)
        shown = words_on(pilot.app)
        for key in bar.shown_keys():
            assert f"{key.shown_key} {key.label(narrow=narrow)}" in shown


async def test_a_key_of_the_footer_can_be_clicked(console):
    async with console() as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        row, column = next(
            (y, start)
            for y, keys in enumerate(bar.rows(bar.size.width)[1])
            for start, key in keys
            if key.action.id == "help"
        )
        await pilot.click(KeyBar, offset=(column + 2, row))
        await settled(pilot)
        assert pilot.app.screen.NAME == "help"


async def test_help_lists_every_key_and_escape_returns(console):
    async with console(size=(120, 80)) as pilot:
        await pilot.press("f1")
        await settled(pilot)
        shown = words_on(pilot.app)
        assert TodayScreen.HELP.split(".")[0] in shown
        for action in TABLE.values():
            if "." not in action.id or action.id.startswith("today."):
                assert action.label in shown
                assert action.help.split(".")[0] in shown
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TodayScreen)


async def test_the_palette_names_areas_and_offers_no_picture_of_the_screen(console):
    async with console() as pilot:
        screen = pilot.app.screen
        names = [command.title for command in pilot.app.get_system_commands(screen)]
        assert "Console: Lock" in names
        assert "Record: Find a child or words" in names
        assert all(": " in name for name in names)
        assert not [name for name in names if "screenshot" in name.lower()]
        await pilot.press("ctrl+p")
        await settled(pilot)
        assert isinstance(pilot.app.screen, CommandPalette)
        inside = [command.title for command in pilot.app.get_system_commands(screen)]
        assert inside == names


@pytest.mark.parametrize("key", ["ctrl+g", "f8"])
async def test_hide_shows_nothing_and_the_passphrase_brings_it_back(console, vault, key, brief):
    child, _ = children.add_child(vault, legal_forename="Amira", legal_surname="Khan")
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    async with console() as pilot:
        assert "Amira" in picture(pilot.app)
        pilot.app.say("Amira was here")
        await pilot.press(key)
        await settled(pilot)
        assert isinstance(pilot.app.screen, HideScreen)
        for secret in ("Amira", "Oakfield", "Okafor", "01234", "hit me"):
            assert secret not in picture(pilot.app)
        for other in ("f3", "f6", "f1", "escape", "ctrl+p", key):
            await pilot.press(other)
            await settled(pilot)
            assert isinstance(pilot.app.screen, HideScreen)
            assert "Amira" not in picture(pilot.app)
        await type_in(pilot, "something else entirely")
        assert isinstance(pilot.app.screen, HideScreen)
        await wait_for(pilot, "Enter brings it back.")
        await type_in(pilot, PASSPHRASE)
        assert isinstance(pilot.app.screen, TodayScreen)
        assert "Amira" in picture(pilot.app)


async def test_hide_over_a_question_keeps_what_was_typed_and_what_was_said_meanwhile(console):
    async with console() as pilot:
        pilot.app.push_screen(ReasonDialog("Move?"))
        await settled(pilot)
        pilot.app.screen.query_one(TextArea).text = "the wrong twin"
        await pilot.press("f8")
        await settled(pilot)
        pilot.app.report(Refused("The disk is full, so nothing was recorded."))
        await settled(pilot)
        assert "twin" not in picture(pilot.app)
        assert "disk is full" not in picture(pilot.app)
        await type_in(pilot, PASSPHRASE)
        assert isinstance(pilot.app.screen, ReasonDialog)
        assert pilot.app.screen.query_one(TextArea).text == "the wrong twin"
        assert [each.message for each in pilot.app._notifications] == ["The disk is full, so nothing was recorded."]


async def test_what_ends_behind_a_hidden_screen_shows_nothing_until_it_is_shown(console, vault):
    go, done = threading.Event(), []

    def slow() -> str:
        assert go.wait(30)
        return "done"

    def quickly() -> str:
        return slow()

    async with console() as pilot:
        dialog = FormDialog("Move?")
        pilot.app.push_screen(dialog)
        await settled(pilot)
        dialog.run(slow, then=dialog.finish)
        pilot.app.screen_stack[1].run(quickly, then=lambda said: (done.append(said), pilot.app.open("children")))
        await pilot.press("f8")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, HideScreen) and pilot.app.screen.stands)
        go.set()
        await settled(pilot)
        assert isinstance(pilot.app.screen, HideScreen), "a dialog that is done takes itself away, not this"
        assert not done
        await type_in(pilot, PASSPHRASE)
        await wait_until(pilot, lambda: done == ["done"] and getattr(pilot.app.screen, "NAME", "") == "children")
        await press(pilot, "escape")  # where the other one came first, the dialog leaves once it is uppermost again
        await wait_until(pilot, lambda: dialog not in pilot.app.screen_stack)


async def test_a_key_pressed_over_the_palette_takes_its_place(console):
    async with console() as pilot:
        await press(pilot, "ctrl+p")
        palette = pilot.app.screen
        assert isinstance(palette, CommandPalette)
        await press(pilot, "f7")
        assert [each.NAME for each in pilot.app.screen_stack[1:]] == ["today", "children"]
        palette.dismiss()
        await settled(pilot)
        assert pilot.app.screen.NAME == "children"


async def test_two_idle_minutes_hide_and_five_lock(console, clock):
    async with console() as pilot:
        clock.pass_by(seconds=119)
        pilot.app._tick()
        assert not pilot.app.hidden
        clock.pass_by(seconds=1)
        pilot.app._tick()
        await settled(pilot)
        assert isinstance(pilot.app.screen, HideScreen)
        clock.pass_by(seconds=138)
        pilot.app._tick()
        await settled(pilot)
        assert "Locks in 0:42" in picture(pilot.app)
        clock.pass_by(seconds=42)
        pilot.app._tick()
        await settled(pilot)
        assert pilot.app.return_code == LOCKED
        assert pilot.app.vault is None


async def test_the_first_key_after_sleep_locks_and_does_nothing_else(console, clock):
    async with console() as pilot:
        clock.pass_by(hours=8)
        await pilot.press("f1")
        await settled(pilot)
        assert pilot.app.return_code == LOCKED
        assert pilot.app.vault is None


@pytest.mark.parametrize("key", ["ctrl+l", "f9"])
async def test_lock_seals_the_draft_and_ends_with_its_status(console, vault, key, monkeypatch):
    def seal(screen):
        record = screen.vault
        return lambda: record.drafts.seal("log", {"text": HOSTILE})

    monkeypatch.setattr(TodayScreen, "before_lock", seal)
    async with console() as pilot:
        await pilot.press(key)
        await settled(pilot)
        assert pilot.app.return_code == LOCKED
        assert pilot.app.vault is None
    assert [draft.fields["text"] for draft in vault.drafts.all()] == [HOSTILE]


async def test_a_draft_that_the_disk_does_not_take_is_not_said_to_be_kept(console, vault, monkeypatch, tmp_path):
    def refuse(screen):
        def call():
            raise Refused("The draft could not be kept on the disk.")

        return call

    monkeypatch.setattr(TodayScreen, "before_lock", refuse)
    async with console(backup_folder=str(tmp_path / "gone")) as pilot:
        await pilot.press("f9")
        await wait_until(pilot, lambda: pilot.app.return_code is not None)
        assert pilot.app.return_code == LOCKED + UNKEPT + NO_BACKUP
        again = DslConsole(pilot.app.folder, locked=pilot.app.return_code)
    async with again.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "What was being written could not be kept")
        assert "Today's backup was not made" in words_on(again)
        assert "Nothing was lost" not in words_on(again)


async def test_a_vault_whose_drive_was_pulled_out_is_not_set_up_anew_after_a_lock(console, folder):
    folder.rename(folder.with_name("elsewhere"))
    async with DslConsole(folder, locked=LOCKED).run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "The vault's folder is not where it was")
        assert isinstance(pilot.app.screen, UnlockScreen)
        assert pilot.app.screen.query_one("#passphrase", Input).disabled


def type_ahead(pilot, *keys: str) -> None:
    """Let keys come in one burst, none waiting for what the one before it does."""
    for key in keys:
        pilot.app.post_message(events.Key(key, " " if key == "space" else key if len(key) == 1 else None))


def spelt(words: str) -> list[str]:
    return ["space" if letter == " " else letter for letter in words]


async def test_what_is_typed_behind_a_passphrase_goes_to_what_it_opens(console, vault, brief):
    children.add_child(vault, name="Mia Hart")
    async with console(size=(80, 24), unlocked=False) as pilot:
        type_ahead(pilot, *spelt("not my passphrase"), "enter", "f2", *spelt("mia"), "enter")
        await wait_for(pilot, "What you typed behind it was not used.", 60)
        assert isinstance(pilot.app.screen, UnlockScreen)
        field = pilot.app.screen.query_one("#passphrase", Input)
        await wait_until(pilot, lambda: not field.disabled)
        assert field.value == ""
        type_ahead(pilot, *spelt(PASSPHRASE), "enter", "f2", *spelt("mia"), "enter", *spelt("An arm."))
        await wait_for(pilot, "An arm.", 60)
        log = pilot.app.screen
        assert (log.NAME, log.form.picker.child.name) == ("log", "Mia Hart")
        await press(pilot, "f8")
        type_ahead(pilot, *spelt("not my passphrase"), "enter", *spelt("Lost"))
        await wait_for(pilot, "Nothing was shown. What you typed", 60)
        field = pilot.app.screen.query_one("#passphrase", Input)
        await wait_until(pilot, lambda: not field.disabled)
        for _ in range(LIMIT - Tries(vault.folder).standing()[0], LIMIT):
            with contextlib.suppress(WrongPassphrase), Tries(vault.folder).attempt():
                raise WrongPassphrase("No.")
        type_ahead(pilot, *spelt(PASSPHRASE), "enter")
        await wait_for(pilot, "Too many wrong passphrases", 60)
        assert not field.disabled, "there is a way on once the wait is over"
        Tries(vault.folder)._clear()
        type_ahead(pilot, *spelt(PASSPHRASE), "enter", *spelt(" A bruise."))
        await wait_for(pilot, "An arm. A bruise.", 60)
        assert pilot.app.screen is log
        type_ahead(pilot, "tab", *spelt("Ow"), "shift+tab", *spelt(" Left."))
        await wait_for(pilot, "An arm. A bruise. Left.", 60)
        assert log.query_one("#childs_words", TextArea).text == "Ow", "what is typed behind Tab is the next field's"


async def test_after_unlock_the_person_is_where_they_were(console, vault, clock):
    child, _ = children.add_child(vault, name="Mia Hart")
    async with console() as pilot:
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        await press(pilot, "f2")
        await pilot.press(*"an arm", "f9")
        await settled(pilot)
        assert pilot.app.return_code == LOCKED
    async with console(unlocked=False) as pilot:
        await type_in(pilot, PASSPHRASE)
        await wait_for(pilot, "an arm")
        assert [each.NAME for each in pilot.app.screen_stack[1:]] == ["today", "child", "log"]
        assert pilot.app.screen_stack[2].params["child_id"] == child
        await press(pilot, "escape", "f9")
    clock.pass_by(days=1)
    async with console(unlocked=False) as pilot:
        await type_in(pilot, PASSPHRASE)
        assert isinstance(pilot.app.screen, TodayScreen), "another day begins with Today"


def test_a_place_that_somebody_else_sealed_opens_nothing_odd(vault):
    for screens in (
        "children",
        [["adult_log", {}]],
        [["child", {}]],
        [["child", {"child_id": ["x"]}]],
        [["nowhere", {}]],
        [["children", {"more": "x"}]],
        [["children"]],
    ):
        vault.drafts.seal(f"place-{vault.person.id}", {"screens": screens})
        assert take_place(vault) == []
    vault.drafts.seal(f"place-{vault.person.id}", {"screens": [["children", {}], ["adults", {}], ["people", {}]]})
    assert vault.drafts.all() == []
    assert take_place(vault) == [("children", {}), ("adults", {})], "the register asks for its own unlock"
    assert take_place(vault) == [], "once"


async def test_exit_closes_the_record(console):
    async with console() as pilot:
        await pilot.press("ctrl+q")
        await settled(pilot)
        assert pilot.app.return_code == 0
        assert pilot.app.vault is None


async def test_a_fault_shows_its_place_and_never_a_value(console, capsys):
    name = "Amira Khan"

    def break_down() -> None:
        secret_note = f"{name} said so"
        raise ValueError(secret_note)

    async def fall() -> None:
        async with console() as pilot:
            pilot.app.call_later(break_down)
            await settled(pilot)

    with pytest.raises(ValueError, match="said so"):
        await fall()
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert "test_shell.py" in shown
    assert name not in shown
    assert "secret_note" not in shown


async def test_a_fault_in_a_worker_is_a_notice_without_a_value(console):
    def break_down() -> None:
        raise KeyError("Amira Khan")

    async with console() as pilot:
        pilot.app.screen.run(break_down)
        await settled(pilot)
        notices = list(pilot.app._notifications)
        assert len(notices) == 1
        assert "KeyError" in notices[0].message
        assert "Amira" not in notices[0].message


async def test_find_opens_on_f3_and_finds_by_two_letters(console, vault):
    child, _ = children.add_child(vault, legal_forename="Amira", legal_surname="Khan", date_of_birth="2014-05-04")
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    async with console() as pilot:
        await pilot.press("f3", "a", "m")
        await wait_for(pilot, "born 4 May 2014")
        assert "Amira Khan" in words_on(pilot.app)
        pilot.app.screen.query_one("#words", Input).value = "he hit me"
        await wait_for(pilot, HOSTILE)


async def test_nothing_copied_reaches_the_terminal(console):
    async with console() as pilot:
        written = []
        pilot.app._driver.write = written.append
        pilot.app.copy_to_clipboard("Amira Khan")
        assert pilot.app.clipboard == "Amira Khan"
        assert not [each for each in written if "\x1b]52" in each]


async def test_the_theme_changes_and_is_kept(console, tmp_path):
    from dsl_console import config

    async with console() as pilot:
        pilot.app.settings_file = tmp_path / "settings.toml"
        assert pilot.app.theme == "console-dark"
        pilot.app.do("theme")
        assert pilot.app.theme == "console-light"
    assert config.load(tmp_path / "settings.toml")[0].theme == "console-light"


async def test_a_key_can_be_moved(console):
    async with console(keys={"help": "f12"}) as pilot:
        await pilot.press("f1")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TodayScreen)
        await pilot.press("f12")
        await settled(pilot)
        assert pilot.app.screen.NAME == "help"
