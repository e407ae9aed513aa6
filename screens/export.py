"""Take a copy out: which, in which form, where to; what must be read first, and how far it is (R-08, R-116)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, ProgressBar, Select
from textual.worker import get_current_worker

from practice.errors import ConsoleError, Refused
from practice.front_sheet import heed_code
from practice.text import counted
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.heed import HeedLines
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.documents.export import CopyMade
    from storage.documents.gather import Wanted
    from storage.vault import Vault

WHAT = (
    ("Chronology: what was chosen", "chronology"),
    ("Record: everything, with versions and decisions", "record"),
    ("Front sheet", "front_sheet"),
    ("Supervision sheet: the chronology, with room to write", "supervision"),
)
FORMS = (("PDF, to print or send", ".pdf"), ("HTML, a page", ".html"), ("CSV, a table", ".csv"), ("JSON", ".json"))
NAMES = (("Masked: every name that was marked", "anonymous"),)
THEIRS = (("Leave out what came from partners", "own"),)
PLAIN = "The copy is not encrypted: whoever opens the file reads it. That it went out is recorded."


@dataclass(frozen=True)
class Asked:
    """What the screen knows before it asks: whose record, and what must be read first."""

    child: str
    read_first: list[str]


def asked_of(vault: Vault, child_id: str) -> Asked:
    """Return whose record it is, and what the front sheet says; blocks."""
    from storage.views import children, front_sheet

    return Asked(children.get(vault, child_id).name, front_sheet.read_out(vault, child_id))


def place_of(text: str, ending: str) -> Path:
    """Return the file that was named, with the ending of the form where it has none of them."""
    path = Path(text).expanduser()
    endings = {form for _, form in FORMS}
    return path.with_suffix(ending) if path.suffix.lower() in endings else path.with_name(path.name + ending)


def caution_of(text: str, ending: str) -> str:
    """Return what is to be heeded about where the copy would lie; blocks, since a share may hang."""
    from storage.documents.export import place_caution

    path = place_of(text, ending)
    if path.exists():
        return "There is a file of that name: it would be replaced."
    return place_caution(path)


def write_copy(vault: Vault, wanted: Wanted, path: Path, heeded: str, told: Callable[[int], None]) -> CopyMade:
    """Write the copy in a thread; `told` hears how many hundredths are done. It stops where the worker is stopped."""
    from storage.documents.export import export

    worker, last = get_current_worker(), -1
    switch = sys.getswitchinterval()

    def progress(done: int, of: int) -> None:
        nonlocal last
        if worker.is_cancelled:
            raise Refused("The copy was stopped. Nothing went out.")
        if (share := done * 100 // max(of, 1)) != last:
            last = share
            told(share)

    sys.setswitchinterval(0.001)  # the screen stays quick while this thread lays pages out
    try:
        return export(vault, wanted, path, heeded=heeded, progress=progress)
    finally:
        sys.setswitchinterval(switch)


class ExportScreen(ConsoleScreen):
    """The form of a copy, its progress, and what went out."""

    NAME = "export"
    HEADING = "Take a copy out"
    HELP = (
        "Writes a copy of this child's record to a file: what was chosen, or everything. What the front sheet says of "
        "who must not be told is read first. Ctrl+S writes it; Escape leaves, and stops one that is being written. "
        "Initials are written out, what was left out is said, and that it went out is recorded. Names that were marked "
        "on the Names screen can be masked."
    )
    CSS_PATH = "export.tcss"
    BINDINGS = bindings("export")

    def __init__(self, child_id: str) -> None:
        super().__init__()
        self.child_id = child_id
        self.asked: Asked | None = None
        self.writing = False

    @property
    def heading(self) -> str:
        """Say whose record it is."""
        return f"Copy of {self.asked.child}" if self.asked else self.HEADING

    def body(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            yield HeedLines(id="heed")
            heeded = ChoiceField([("Read: the copy reaches none of them", "yes")], prompt="Read the lines above")
            yield Field("Reaches none?", heeded, id="heeded")
            yield Field("What", ChoiceField(WHAT, id="what", value="chronology", blank=False))
            yield Field("Form", ChoiceField(FORMS, id="kind", value=".pdf", blank=False))
            yield Field("Names", ChoiceField(NAMES, id="names", prompt="As they are written"))
            yield Field("Where to", Input(placeholder="A folder and a name, without the child's", id="where"))
            yield StateLine("", id="caution")
            yield Field("From", WhenField(id="start", empty="the beginning", hint="May stay empty"))
            yield Field("To", WhenField(id="end", empty="today", hint="May stay empty"))
            yield Field("From partners", ChoiceField(THEIRS, id="theirs", prompt="With what came from partners"))
            yield PlainText(PLAIN, id="plain")
        yield ProgressBar(total=100, show_eta=False, id="bar")
        yield MessageBar(id="said")

    def on_mount(self) -> None:
        self.query_one("#bar").display = False
        self.query_one("#heeded").display = False
        today = self.console.now().date()
        self.query_one("#where", Input).value = str(Path("~") / f"copy-{today.isoformat()}.pdf")
        self.query_one("#what").focus()

    def refresh_record(self) -> None:
        """Read what the front sheet says."""
        if self.console.vault is not None:
            self.fetch(asked_of, self.vault, self.child_id, then=self._asked)

    def _asked(self, asked: Asked) -> None:
        if self.asked is not None and asked.read_first != self.asked.read_first:
            self.query_one("#heeded ChoiceField", ChoiceField).code = ""  # it was said of other lines
        self.asked = asked
        self.query_one("#heed", HeedLines).say(asked.read_first)
        self.query_one("#heeded").display = bool(asked.read_first)
        self.refresh_chrome()

    @on(Input.Changed, "#where")
    @on(Select.Changed, "#kind")
    def _placed(self) -> None:
        text, ending = self.query_one("#where", Input).value.strip(), self.query_one("#kind", ChoiceField).code
        if text and ending:
            self.fetch(caution_of, text, ending, then=self._caution)

    def _caution(self, caution: str) -> None:
        line = self.query_one("#caution", StateLine)
        line.say(f"Caution: {caution}" if caution else "", "warn")
        line.display = bool(caution)

    def why_not(self, action_id: str) -> str:
        if action_id == "export.write" and (self.writing or self.asked is None):
            return "A copy is being written." if self.writing else "The front sheet is still being read."
        return ""

    def _say(self, sentence: str, tone: str = "", focus: str = "") -> None:
        self.query_one("#said", MessageBar).say(sentence, tone)
        if focus:
            self.query_one(focus).focus()

    def _day(self, name: str) -> tuple[date | None, str]:
        """Return the day of a field, and what is to be asked where it cannot be read."""
        field = self.query_one(f"#{name}", WhenField)
        occurred = field.occurred
        if not field.text.strip():
            return None, ""
        if occurred.start is None:
            return None, "Which day? Write it as 3 Mar 2026."
        last = (occurred.end or occurred.start) if name == "end" else occurred.start
        return date.fromisoformat(last[:10]), ""

    def act_write(self) -> None:
        """Write the copy, once what must be read was read."""
        from storage.documents.gather import Wanted

        asked = self.asked
        assert asked is not None
        if asked.read_first and not self.query_one("#heeded ChoiceField", ChoiceField).code:
            self._say("Read what the front sheet says, and say so.", "warn", "#heeded ChoiceField")
            return
        text = self.query_one("#where", Input).value.strip()
        if not text:
            self._say("Where to? Name a folder and a file.", "warn", "#where")
            return
        start, fault = self._day("start")
        end, other = self._day("end")
        if fault or other:
            self._say(fault or other, "warn", "#start Input" if fault else "#end Input")
            return
        own = bool(self.query_one("#theirs", ChoiceField).code)
        masked = bool(self.query_one("#names", ChoiceField).code)
        what = self.query_one("#what", ChoiceField).code
        wanted = Wanted(self.child_id, what, start, end, own_only=own, anonymous=masked)
        path = place_of(text, self.query_one("#kind", ChoiceField).code)
        self.writing = True
        self._show_bar(0)
        self._say("Writing the copy.")
        heeded = heed_code(asked.read_first)
        self.run(write_copy, self.vault, wanted, path, heeded, self._told, then=self._written, failed=self._failed)

    def _told(self, share: int) -> None:
        """Move the bar: called in the thread that writes."""
        self.app.call_from_thread(self._show_bar, share)

    def _show_bar(self, share: int) -> None:
        if self.is_attached:
            bar = self.query_one("#bar", ProgressBar)
            bar.display = self.writing
            bar.update(progress=share)

    def _written(self, made: CopyMade) -> None:
        self.writing = False
        self._show_bar(100)
        said = [
            f"Written: {made.path}, {counted(made.entries, 'entry', 'entries')}, {made.size:,} bytes.",
            *made.left_out,
        ]
        said += [f"Caution: {each}" for each in made.cautions]
        said.append(f"SHA-256 of the file {made.sha256}")
        self._say("\n".join(said), "good")
        self.refresh_bindings()

    def _failed(self, error: ConsoleError) -> None:
        self.writing = False
        self._show_bar(0)
        self._say(f"{error.message} {error.hint}".strip(), "bad")
        self.refresh_record()
        self.refresh_bindings()
