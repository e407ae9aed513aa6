"""The wording coach's list as this school has it: what each row finds, its question and source; rows of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, TextArea

from practice.text import LINE_LIMIT, visible
from practice.wording import shipped
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.area import NoteArea
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault


@dataclass(frozen=True)
class Shown:
    """A row of the list; `own` says that it is the school's."""

    name: str
    find: tuple[str, ...]
    question: str
    source: str
    silenced: bool
    own: bool = False


def read_rows(vault: Vault) -> list[Shown]:
    """Read the list as the school has it, its own rows first; blocks."""
    from storage.desk.wording import school_rows

    school, listed = school_rows(vault), shipped()
    rows = [Shown(row.id, row.find, row.question, "this school", False, True) for row in school.added]
    rows += [Shown(row.id, row.find, row.question, listed.source_of(row.source), False) for row in listed.rows]
    initials = listed.initials
    rows.append(Shown(initials.id, (), initials.question, listed.source_of(initials.source), False))
    rows += [Shown(row.id, (), row.question, listed.source_of(row.source), False) for row in listed.whole.rows]
    return [replace(row, silenced=row.name in school.silenced) for row in rows]


def draw(row: Shown, width: int) -> list[Content]:
    """Draw a row: its name and state, what it finds, its question, and where that comes from."""
    inner = max(width - 4, 20)
    state = ("  silenced", "bold $text-warning") if row.silenced else ""
    mine = ("  of this school", "$text-success") if row.own else ""
    lines = [Content.assemble((visible(row.name.replace("_", " ")), "bold"), mine, state)]
    if row.find:
        lines += Content.styled(visible(" · ".join(row.find)), "$text-muted").wrap(inner)
    lines += Content(visible(row.question)).wrap(inner)
    lines += Content.styled(visible(f"Source: {row.source}"), "$text-muted").wrap(inner)
    return [*(Content("  ") + line for line in lines), Content("")]


class RowDialog(FormDialog[bool]):
    """A row of the school's own."""

    VERB = "Add"

    def __init__(self) -> None:
        super().__init__(
            "A row of your own", "The coach asks it beside the text from now on; it never stops recording."
        )

    def fields(self) -> ComposeResult:
        """Yield the form's fields."""
        yield Field("Name", Input(id="row-name", placeholder="A short name", max_length=60))
        words = NoteArea(id="row-find", compact=True, tab_behavior="focus", placeholder="One word or phrase to a line")
        words.styles.height = 4
        yield Field("Words to find", words)
        yield Field("Question", Input(id="row-question", placeholder="What to ask", max_length=LINE_LIMIT))

    def on_mount(self) -> None:
        self.query_one("#row-name").focus()

    def confirm(self) -> None:
        """Add it."""
        from storage.desk.wording import add_row

        vault = cast("Console", self.app).vault
        if vault is not None:
            name, question = (self.query_one(f"#row-{part}", Input).value for part in ("name", "question"))
            found = self.query_one("#row-find", TextArea).text.splitlines()
            self.busy("Adding …")
            self.run(add_row, vault, name, found, question, then=lambda _: self.finish(True), failed=self.failed)


class WordingRowsScreen(ConsoleScreen):
    """The list of the wording coach."""

    NAME = "wording_rows"
    HEADING = "Wording coach"
    HELP = (
        "What the wording coach finds, what it asks, and where that comes from. x silences a row or lets it be asked "
        "again, n adds one of your own; everybody who uses this record has the same list."
    )
    BINDINGS = bindings("wording_rows")

    def body(self) -> ComposeResult:
        yield StateLine("", id="said", classes="muted")
        yield RecordList(draw, id="rows")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()

    def refresh_record(self) -> None:
        """Read the list again."""
        if self.console.vault is not None:
            self.fetch(read_rows, self.vault, then=self._show)

    def _show(self, rows: list[Shown]) -> None:
        about = shipped().about
        confirm = "; its wording waits to be confirmed" if about.confirm else ""
        silenced = sum(row.silenced for row in rows)
        self.query_one("#said", StateLine).say(f"Edition {about.edition}{confirm}. {silenced} silenced.")
        self.query_one("#rows", RecordList).show(rows, keep=lambda row: row.name)
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        return "" if may_write(self.vault) else READ_ONLY

    @on(RecordList.Opened)
    def act_silence(self) -> None:
        """Silence the row, or let it be asked again."""
        from storage.desk.wording import silence

        row: Shown | None = self.query_one("#rows", RecordList).current
        if row is not None and may_write(self.vault):
            self.run(silence, self.vault, row.name, not row.silenced)

    def act_add(self) -> None:
        """Add a row of the school's own."""
        self.app.push_screen(RowDialog())
