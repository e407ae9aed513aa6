"""A copy taken out on screen: what must be read first, how far it is, and what went out (R-08, R-116)."""

from __future__ import annotations

from conftest import HOSTILE, settled, wait_for, words_on
from textual.widgets import Input, ProgressBar, Select

from screens.export import ExportScreen
from storage.desk import children, concerns, front_sheet


async def test_a_copy_is_written_once_the_front_sheet_was_read(console, vault, tmp_path):
    child = children.add_child(vault, legal_forename="Ada", legal_surname="Lowe")[0]
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    front_sheet.add_line(vault, child, "must_not_be_told", name="Sid", words="Risk [1]")
    target = tmp_path / "Dropbox" / "copy.pdf"
    target.parent.mkdir()
    async with console(size=(80, 24)) as pilot:
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        await pilot.press("o")
        await wait_for(pilot, "Must not be told: Sid. Risk [1].")
        screen = pilot.app.screen
        assert isinstance(screen, ExportScreen)
        assert not screen.query_one(ProgressBar).display
        screen.query_one("#where", Input).value = str(target)
        screen.query_one("#what", Select).value = "record"
        screen.query_one("#kind", Select).value = ".html"
        screen.query_one("#names", Select).value = "anonymous"
        await settled(pilot)
        assert "Caution: That folder is copied to a cloud service" in words_on(pilot.app)
        await pilot.press("ctrl+s")
        assert "Read what the front sheet says, and say so." in words_on(pilot.app)
        assert list(target.parent.iterdir()) == []
        screen.query_one("#heeded Select", Select).value = "yes"
        screen.query_one("#start Input", Input).value = "gibberish"
        await pilot.press("ctrl+s")
        assert "Which day?" in words_on(pilot.app)
        screen.query_one("#start Input", Input).value = ""
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Written: ")
        written = target.with_suffix(".html").read_text("utf-8")
        assert HOSTILE in written
        assert "Child 1" in written
        assert "Lowe" not in written
        assert screen.query_one(ProgressBar).progress == 100
