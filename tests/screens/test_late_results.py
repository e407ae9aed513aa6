"""What comes back late, while the person types or has gone on, moves nothing of theirs."""

from __future__ import annotations

import threading

from conftest import press, settled, wait_until, words_on
from textual.widgets import Input, TextArea

from screens.base import Calls, RecordChanged
from screens.decide import DecideScreen
from screens.entry import EntryScreen
from screens.share_propose import ProposeDialog
from screens.unfinished import UnfinishedScreen
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from storage.desk import children, concerns
from storage.views import record


async def test_a_late_result_moves_no_focus_takes_no_screen_and_asks_nobody_who_went_on(console, vault, monkeypatch):
    back, call = threading.Event(), Calls._call
    back.set()

    def late(self, work, *rest):
        def held():
            found = work()
            assert back.wait(30)
            return found

        call(self, held, *rest)

    monkeypatch.setattr(Calls, "_call", late)
    child = children.add_child(vault, legal_forename="Amira", legal_surname="Khan")[0]
    entry = concerns.log_concern(vault, {"text": "No coat for the third day."}, child_id=child)[0]
    async with console() as pilot:
        app = pilot.app

        async def comes() -> None:
            back.set()
            await settled(pilot)

        # News of the record: the words, the focus and the line stay, although what it reads comes after a key.
        await press(pilot, "f3", "k", "h", "a")
        find, found = app.screen, app.screen.query_one(RecordList)
        await wait_until(pilot, lambda: found.count)
        await press(pilot, "down")
        assert found.current.hit.entry_id == entry
        for forename in ("Khadija", "Khalid"):
            children.add_child(vault, legal_forename=forename, legal_surname="Aarons")
        back.clear()
        app.post_message(RecordChanged())
        await pilot.press("tab")
        await comes()
        assert (find.query_one("#words", Input).value, app.focused.id) == ("kha", "found")
        assert found.current.hit.entry_id == entry

        # A dialog that fills itself first: keys wait for it, and go where they go on a quick machine.
        app.open("entry", entry_id=entry)
        await settled(pilot)
        back.clear()
        await pilot.press("s")
        await pilot.press("tab")
        await comes()
        assert isinstance(app.screen, ProposeDialog)
        assert app.focused.id == "contract"
        await press(pilot, "escape")

        # A question that was asked for: who went on meanwhile is not asked it.
        app.open("unfinished")
        await settled(pilot)
        back.clear()
        await pilot.press("enter")
        app.open("keys")
        await pilot.pause()
        await comes()
        assert app.screen.NAME == "keys"
        app.open("unfinished")
        await settled(pilot)
        assert isinstance(app.screen, UnfinishedScreen)

        # A form that is recorded: it goes, the screen that stands over it by then stays; keys wait for what follows.
        app.open("entry", entry_id=entry)
        app.open("decide", entry_id=entry)
        await settled(pilot)
        app.screen.query_one("#decision").code = "early_help"
        app.screen.query_one("#reason", TextArea).text = "Agreed with the mother."
        back.clear()
        await pilot.press("ctrl+s")
        await pilot.press("x")
        app.open("calendar")
        await pilot.pause()
        await comes()
        assert app.screen.NAME == "calendar"
        assert [made.reason for made in record.detail(app.vault, entry).decisions] == ["Agreed with the mother."]
        await press(pilot, "escape")
        assert isinstance(app.screen, EntryScreen)
        assert not any(isinstance(each, DecideScreen) for each in app.screen_stack)


async def test_a_reason_that_was_being_written_at_the_lock_is_put_back_where_the_same_is_asked(console, vault):
    child = children.add_child(vault, legal_forename="Amira", legal_surname="Khan")[0]
    first, second = (concerns.log_concern(vault, {"text": text}, child_id=child)[0] for text in ("One.", "Two."))
    async with console() as pilot:
        app = pilot.app

        async def asked(entry: str) -> TextArea:
            app.open("entry", entry_id=entry)
            await settled(pilot)
            await press(pilot, "x")
            assert isinstance(app.screen, ReasonDialog)
            return app.screen.query_one(TextArea)

        await asked(first)
        await press(pilot, *"Twice", "escape")
        assert (await asked(first)).text == "", "who leaves it lets it go"
        await press(pilot, *"Twice")
        app.screen.before_lock()()
        (draft,) = app.vault.drafts.all()
        assert (draft.fields["reason"], draft.fields["about"]) == ("Twice", [first])
        await press(pilot, "escape", "escape")
        assert (await asked(second)).text == ""
        await press(pilot, "escape", "escape")
        assert (await asked(first)).text == "Twice"
        assert "put back" in words_on(app)
        assert app.vault.drafts.all() == []
