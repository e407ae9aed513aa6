"""The minute of a review session: read, signed, and printed (R-81)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.page_out import PageDialog
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.documents.pages import PageMade
    from storage.views.sessions import SessionRow


class MinuteScreen(ConsoleScreen):
    """What was decided, as it will be signed or was."""

    NAME = "minute"
    HEADING = "Minute"
    HELP = (
        "What was decided in this session, child by child, and who was not reached. Ctrl+S signs these words and ends "
        "the session; until then it may be gone on with from Review. p writes the minute to a file."
    )
    CSS_PATH = "minute.tcss"
    BINDINGS = bindings("minute")
    awaits_read = True

    def __init__(self, session_id: str) -> None:
        super().__init__()
        self.session_id = session_id
        self.found: SessionRow | None = None

    def body(self) -> ComposeResult:
        yield StateLine("", id="state")
        yield MessageBar(id="done")
        with VerticalScroll(id="page"):
            yield PlainText("", id="minute")

    def on_mount(self) -> None:
        self.query_one("#page").focus()

    def refresh_record(self) -> None:
        """Read the session."""
        from storage.views.sessions import get

        self.fetch(get, self.vault, self.session_id, then=self._show)

    def _show(self, found: SessionRow) -> None:
        from practice.dates import day_words, time_words

        self.found = found
        self.query_one("#minute", PlainText).show(found.minute)
        state = self.query_one("#state", StateLine)
        if found.ended_at is not None:
            ended = found.ended_at.astimezone()
            state.say(f"Signed by {found.ended_by}, {day_words(ended.date())}, {time_words(ended)}.", "good")
        else:
            left = f"{len(found.left)} still to come. " if found.left else "Everybody was reviewed. "
            sign = "Not signed yet: Ctrl+S signs these words." if found.reviewed else "There is nothing to sign yet."
            state.say(left + sign, "warn")
        self.refresh_bindings()
        self.now_read()

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "The minute is still being read."
        if action_id == "minute.sign":
            if not self.found.open:
                return "It is signed already."
            if not self.found.reviewed:
                return "No child was reviewed in this session yet."
        return ""

    def act_sign(self) -> None:
        """Sign the minute that is shown, and end the session."""
        if self.found is not None:
            from storage.desk.sessions import end

            self.run(end, self.vault, self.session_id, self.found.minute, then=self._signed)

    def _signed(self, _found: SessionRow) -> None:
        self.query_one("#done", MessageBar).say("Signed, and in the record.", "good")
        self.refresh_record()

    def act_print(self) -> None:
        """Write the minute to a file."""
        from storage.desk.sessions import print_minute

        session = self.session_id
        dialog = PageDialog("Write the minute to a file", lambda vault, path: print_minute(vault, session, path))
        self.console.push_screen(dialog, self._printed)

    def _printed(self, made: PageMade | None) -> None:
        if made is not None:
            self.query_one("#done", MessageBar).say(f"Written as {made.form}. {made.caution}".strip(), "good")
