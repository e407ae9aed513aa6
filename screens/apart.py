"""Made in two places: what two people wrote without knowing of each other, side by side, until one chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from practice.errors import ConsoleError
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.area import NoteArea
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText
from screens.wording import READ_ONLY, may_write, moment_words

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.apart import ApartRow, Option

SIDES = 4
BOTH = "both"
MEANWHILE = "In force until somebody chooses"


def waiting(vault: Vault, entry_id: str) -> list[ApartRow]:
    """Read what waits, all of it or an entry's; the records that are shown are recorded as opened."""
    from storage.desk.access import opened
    from storage.views import apart

    rows = apart.rows(vault, entry_id=entry_id)
    for child_id in dict.fromkeys(row.child_id for row in rows):
        opened(vault, child_id)
    return rows


def made_on(option: Option) -> str:
    """Say on which machine it was made: one person may have written both."""
    return f", on «{visible(option.machine)}»" if option.machine else ""


def side(number: int, option: Option) -> Content:
    """Draw one of what was made apart: who and when, whether it is in force, what it says and why."""
    parts: list[Any] = [
        (f"{number}  ", "bold $text-primary"),
        (visible(option.by), "bold"),
        (f", {moment_words(option.at)}{made_on(option)}", "$text-muted"),
    ]
    if option.in_force:
        parts.append((f"\n{MEANWHILE}", "$text-warning"))
    if option.reason:
        parts.append((f"\nBecause: {visible(option.reason)}", "$text-muted"))
    parts += ["\n\n", visible(option.says)]
    if option.childs_words:
        parts += ["\n\n", ("In the child's words:\n", "$text-accent"), visible(option.childs_words)]
    return Content.assemble(*parts)


class KeepDialog(FormDialog[bool]):
    """Which stands, and why."""

    VERB = "Keep"

    def __init__(self, vault: Vault, row: ApartRow) -> None:
        super().__init__(
            "Which stands?", "What is set aside stays readable, with who chose and why. Nothing is deleted."
        )
        self.vault, self.row = vault, row

    def fields(self) -> ComposeResult:
        options = [
            (f"{number}  {visible(option.by)}, {moment_words(option.at)}{made_on(option)}", option.act_id)
            for number, option in enumerate(self.row.options, start=1)
        ]
        every = "Both stand" if len(options) == 2 else "All of them stand"
        yield Field("Which", ChoiceField([*options, (every, BOTH)], prompt="Choose", id="which"))
        yield Field("Why", Input(id="why", max_length=2000))

    def confirm(self) -> None:
        wanted, why = self.query_one("#which", ChoiceField).code, self.query_one("#why", Input).value.strip()
        if not wanted:
            self.ask("Which of them stands?", "#which")
        elif not why:
            self.ask("Why? One sentence will do.", "#why")
        else:
            from storage.desk.apart import keep

            kept = [option.act_id for option in self.row.options if wanted in (BOTH, option.act_id)]
            self.busy("One moment.")
            self.run(keep, self.vault, self.row.id, kept, why, then=lambda _: self.finish(True), failed=self.failed)


class ThirdDialog(FormDialog[bool]):
    """A third text in the place of those that were made apart."""

    VERB = "Record it"
    DEFAULT_CSS = "ThirdDialog TextArea { height: 10; }"

    def __init__(self, vault: Vault, row: ApartRow) -> None:
        super().__init__("Write it anew", "It takes the place of both; each of them stays readable.")
        self.vault, self.row = vault, row

    def fields(self) -> ComposeResult:
        from storage.views.apart import words_of

        yield NoteArea("\n\n".join(words_of(option) for option in self.row.options), id="text")
        yield Field("Why", Input(id="why", max_length=2000))

    def confirm(self) -> None:
        text, why = self.query_one("#text", TextArea).text, self.query_one("#why", Input).value.strip()
        if not text.strip():
            self.ask("What happened? The text is empty.", "#text")
        elif not why:
            self.ask("Why? One sentence will do.", "#why")
        else:
            from storage.desk.apart import write_third

            self.busy("One moment.")
            self.run(
                write_third, self.vault, self.row.id, text, why, then=lambda _: self.finish(True), failed=self.failed
            )


class ApartScreen(ConsoleScreen):
    """One after the other, what waits for a choice."""

    NAME = "apart"
    HEADING = "Made in two places"
    HELP = (
        "Two people changed the same thing on two machines, and neither knew of the other. Both are kept. The more "
        "protective is in force until somebody chooses: k keeps one of them or both, w writes a third, o opens the "
        "record, n and b show the next and the one before."
    )
    CSS_PATH = "apart.tcss"
    BINDINGS = bindings("apart")

    def __init__(self, entry_id: str = "", wanted: str = "") -> None:
        super().__init__()
        self.entry_id, self.wanted = entry_id, wanted
        self.rows: list[ApartRow] = []
        self.at = 0

    @property
    def row(self) -> ApartRow | None:
        """What is shown."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    def body(self) -> ComposeResult:
        yield PlainText("One moment…", id="which")
        with Horizontal(id="sides"):
            for number in range(SIDES):
                with VerticalScroll(id=f"side-{number}"):
                    yield Static("", id=f"says-{number}")

    def on_mount(self) -> None:
        self.query_one("#side-0").focus()

    def refresh_record(self) -> None:
        """Read what waits."""
        if self.console.vault is not None:
            self.fetch(waiting, self.vault, self.entry_id, then=self._show, failed=self._failed)

    def _failed(self, error: ConsoleError) -> None:
        self.console.report(error)

    def _show(self, rows: list[ApartRow]) -> None:
        before = self.row.id if self.row else self.wanted
        self.rows = rows
        self.at = next((number for number, row in enumerate(rows) if row.id == before), min(self.at, len(rows) - 1))
        self.at = max(self.at, 0)
        self._draw()

    def _draw(self) -> None:
        from storage.views.apart import TITLES

        row = self.row
        options = row.options[:SIDES] if row else ()
        if row is None:
            said = "Nothing waits: whatever was made in two places has been settled."
        else:
            place = f"{self.at + 1} of {len(self.rows)} · " if len(self.rows) > 1 else ""
            more = f" · {len(row.options) - SIDES} more by command" if len(row.options) > SIDES else ""
            said = f"{place}{row.child} · {TITLES[row.about]}{more}"
        self.query_one("#which", PlainText).show(said)
        for number in range(SIDES):
            self.query_one(f"#side-{number}").display = number < len(options)
            if number < len(options):
                self.query_one(f"#says-{number}", Static).update(side(number + 1, options[number]))
        self.refresh_bindings()
        self.refresh_chrome()

    def why_not(self, action_id: str) -> str:
        row = self.row
        if action_id == "apart.next":
            return "" if self.at < len(self.rows) - 1 else "This is the last one."
        if action_id == "apart.previous":
            return "" if self.at > 0 else "This is the first one."
        if row is None:
            return "" if action_id == "back" else "Nothing waits for a choice."
        if action_id in ("apart.keep", "apart.third") and not may_write(self.vault):
            return READ_ONLY
        return ""

    def act_next(self) -> None:
        """Show the next."""
        self.at += 1
        self._draw()

    def act_previous(self) -> None:
        """Show the one before."""
        self.at -= 1
        self._draw()

    def act_keep(self) -> None:
        """Keep one of them, or both."""
        if self.row is not None:
            self.app.push_screen(KeepDialog(self.vault, self.row), self._done)

    def act_third(self) -> None:
        """Write a third: a text here, a decision or a review where those are made."""
        if self.row is None:
            return
        if self.row.about == "text":
            self.app.push_screen(ThirdDialog(self.vault, self.row), self._done)
        elif self.row.about == "decision":
            self.console.open("decide", entry_id=self.row.entry_id)
        else:
            self.console.open("review", child_id=self.row.child_id)

    def act_open(self) -> None:
        """Open the record that it stands in."""
        if self.row is not None:
            self.console.open("child", child_id=self.row.child_id, entry_id=self.row.entry_id)

    def _done(self, done: bool | None) -> None:
        if done:
            self.console.say("Recorded. What was set aside stays readable.")
            self.refresh_record()
