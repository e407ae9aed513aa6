"""Take in another agency's chronology: tried first, then recorded (R-74)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.widgets import Input

from practice.errors import ConsoleError, Refused
from practice.text import LINE_LIMIT, counted, unreadable, visible
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.desk.merging import Merged
    from storage.vault import Vault

FILE_LIMIT = 50 * 1024 * 1024
RULES = (
    ("Never, unless its owner agrees", "never"),
    ("Only when its owner was asked", "ask"),
    ("Yes, its owner said so", "yes"),
)
SHOWN = 8


def take_in(vault: Vault, child_id: str, path: str, source: str, rule: str, lines: str, dry_run: bool) -> Merged:
    """Read the file and try it, or take it in; blocks. Raises Refused."""
    from storage.desk.merging import import_chronology

    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Refused(f"That file cannot be read: {unreadable(error)}. Nothing was imported.") from None
    if len(data) > FILE_LIMIT:
        raise Refused("That file is larger than 50 MiB, so nothing was imported.", hint="Import it in parts.")
    released = [int(part) for part in lines.replace(",", " ").split() if part.isdecimal()]
    return import_chronology(vault, data, child_id, source, on_share=rule, not_about_staff=released, dry_run=dry_run)


class ImportDialog(FormDialog[bool]):
    """The file, whose it is, and what it would give before anything is recorded."""

    VERB = "Try, then take in"

    def __init__(self, child_id: str, child: str) -> None:
        super().__init__(
            f"Another agency's chronology: {child}",
            "CSV or XLSX. The first Ctrl+S says what it would give; the second takes it in. Each row keeps every cell.",
        )
        self.child_id = child_id
        self._tried: tuple[str, ...] = ()

    def fields(self) -> ComposeResult:
        """Yield the form's fields."""
        yield Field("File", Input(id="merge-file", placeholder="Where the file lies"))
        yield Field("From", Input(id="merge-source", placeholder="The agency: Health, police", max_length=LINE_LIMIT))
        yield Field("Shared on?", ChoiceField(RULES, prompt="Police never, others when asked", id="merge-rule"))
        hint = "Stopped lines that are not: 2, 7"
        yield Field("Not about staff", Input(id="merge-lines", placeholder=hint))
        yield PlainText("", id="merge-said")

    def on_mount(self) -> None:
        self.query_one("#merge-file").focus()

    def _written(self) -> tuple[str, ...]:
        values = [self.query_one(f"#merge-{name}", Input).value.strip() for name in ("file", "source", "lines")]
        return (values[0], values[1], self.query_one("#merge-rule", ChoiceField).code, values[2])

    def confirm(self) -> None:
        """Try the file; where it was tried as it stands, take it in."""
        written = self._written()
        if not written[0] or not written[1]:
            self.ask("Name the file, and the agency from which it comes.")
            return
        vault = cast("Console", self.app).vault
        if vault is None:
            return
        first = written != self._tried
        self.busy("Reading …" if first else "Taking it in …")
        then = self._show if first else self._taken
        self.run(take_in, vault, self.child_id, *written, first, then=then, failed=self.failed)

    def _show(self, merged: Merged) -> None:
        self.free()
        self._tried = self._written()
        self.query_one("#merge-said", PlainText).show(said_of(merged))
        again = "Ctrl+S takes it in." if merged.entries else "There is nothing new to take in."
        self.say(again)

    def _taken(self, merged: Merged) -> None:
        taken, links = counted(len(merged.entries), "entry", "entries"), counted(merged.proposed, "link")
        cast("Console", self.app).say(f"{taken} taken in. {links} to look at.")
        self.finish(True)

    def failed(self, error: ConsoleError) -> None:
        self._tried = ()
        super().failed(error)


def said_of(merged: Merged) -> str:
    """Say what an import gives, and what a person should look at, the first lines of it."""
    parts = [
        f"{len(merged.entries)} new entries, {merged.there_already} there already, "
        f"{counted(len(merged.duplicates), 'exact duplicate')} (marked and kept), "
        f"{counted(len(merged.empty), 'row')} without words."
    ]
    notes = [f"Line {line}: {visible(' '.join(text.split()))}" for line, text in (*merged.stopped, *merged.repaired)]
    parts += notes[:SHOWN]
    if len(notes) > SHOWN:
        parts.append(f"and {len(notes) - SHOWN} more: dsl-console chronology import shows them all.")
    return "\n".join(parts)
