"""The adults' register: its own unlock, then its reports and entries; who reads it, and its keys (R-40)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from practice.adults import NEUTRAL, AdultEntryKind, EntryState
from practice.errors import ConsoleError
from practice.text import visible
from practice.vocabulary import YesNo, label_of
from screens.actions import bindings
from screens.adults_dialogs import HoldersDialog, TravelDialog
from screens.adults_frame import RegisterScreen
from screens.people_dialogs import NEW_CODE, CodeDialog
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.register import Register
    from storage.vault import Vault

DRAFT = "register-concern"
"""The name of the draft of a concern; the file's name says no more."""
ONCE = (
    "This code opens the adults' register, and nothing else, when its key is lost. It is shown only now. Write it on "
    "paper, and lock it away from this machine and from those who open the children's record alone."
)
MAKE = (
    "There is no adults' register yet. It holds concerns about adults who work here, apart from every child's record, "
    "under a key of its own: you hold it, and say who else does. Your passphrase makes it; its recovery code is shown "
    "once after that."
)
OPEN = "It has an unlock of its own. What you read in it is recorded, and leaving this screen closes it."
RECOVER = (
    "Your keys were made anew since the register was last opened to you. Its own recovery code lets you in again, with "
    "your passphrase; so does another holder of its key."
)


@dataclass(frozen=True)
class Row:
    """A line of the list: a report that waits, or an entry."""

    kind: str
    id: str
    title: str
    state: str
    waits: bool
    below: str


def rows_of(register: Register, folders: tuple[Any, ...]) -> tuple[list[Row], list[str], bool]:
    """Take in what waits; return the lines, the reports first, what else is to be said, and whether rotation is due."""
    from practice.dates import day_words
    from storage.desk import adult_reports
    from storage.views import register as views

    left = adult_reports.take_in(register, *folders).left if register.alarm is None else []
    rows = [
        Row("report", each.id, f"A report about «{each.adult_as_written}»", "To triage", True, each.text)
        for each in views.reports(register, ("waiting",))
    ]
    for each in views.entries(register):
        state = each.state
        day = day_words(each.recorded_at.astimezone().date())
        place = f" · {each.place}" if each.place else ""
        below = f"{label_of(AdultEntryKind, each.entry_kind)} · {day}{place} · {each.text}"
        waits = state in (EntryState.STOP, EntryState.UNDECIDED)
        rows.append(Row("entry", each.id, each.adult.named, label_of(EntryState, state), waits, below))
    said = [f"{each.path.name} could not be taken in: {each.why}." for each in left]
    if register.drafts.get(DRAFT) is not None:
        said.append("A concern that was begun is kept: n continues it.")
    return rows, said, register.rotation_due()


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line: about whom and where it stands, then its beginning."""
    state = row.state
    title = cut(visible(" ".join(row.title.split())), max(width - 4 - cell_len(state), 10))
    space = " " * max(width - 3 - cell_len(title) - cell_len(state), 1)
    below = cut(visible(" ".join(row.below.split())), max(width - 5, 10))
    style = "bold $text-warning" if row.waits else "$text-muted"
    return [
        Content.assemble("  ", (title, "bold"), space, (state, style)),
        Content.assemble(("    " + below, "$text-muted")),
    ]


def made(vault: Vault, passphrase: str, dsl_reads: bool) -> tuple[Register, str, list[str]]:
    """Make the register, and let the DSL in where the headteacher says so."""
    from storage.register import create_register, let_dsl_read

    register, code = create_register(vault, passphrase)
    return register, code, let_dsl_read(register) if dsl_reads else []


def opened(vault: Vault, passphrase: str) -> Register:
    """Open the register; the storage is imported on the way. Blocks."""
    from storage.register import open_register

    return open_register(vault, passphrase)


def recovered(vault: Vault, code: str, passphrase: str) -> tuple[Register, str]:
    """Open the register by its own recovery code; return it with the next one."""
    from storage.register import recover_register

    return recover_register(vault, code, passphrase)


class AdultsScreen(RegisterScreen):
    """Closed, a field for the passphrase; open, the list."""

    NAME = "adults"
    HEADING = "Adults' register"
    HELP = (
        "Concerns about adults who work here, apart from every child's record and under a key of its own. n records a "
        "concern or a self-referral, Enter opens the line, p shows patterns, w the adults and how long records stay, t "
        "who read what. h says who reads it, c makes a new recovery code, a makes its keys anew, m says where it "
        "travels. Escape closes the register."
    )
    CSS_PATH = "adults.tcss"
    BINDINGS = bindings("adults")
    awaits_read = True  # which way in there is moves the focus

    def __init__(self) -> None:
        super().__init__()
        self.way = ""
        self.working = False
        self._left = False

    def content(self) -> ComposeResult:
        with Vertical(id="card"):
            yield PlainText("", id="card-words")
            yield Field(
                "Recovery code", Input(id="code", max_length=100, placeholder="of the register"), id="code-field"
            )
            yield Field(
                "May the DSL read it?", ChoiceField(YesNo.choices(), prompt="Yes or no", id="dsl"), id="dsl-field"
            )
            yield Field("Passphrase", Input(password=True, id="passphrase", max_length=1000))
            yield StateLine("", id="state")
            yield MessageBar(id="fault")
        with Vertical(id="open"):
            yield StateLine("", id="said")
            yield MessageBar(id="done")
            yield RecordList[Row](draw, id="entries", empty="Nothing is recorded yet. n records a concern.")
            yield PlainText(NEUTRAL, id="neutral")

    def on_mount(self) -> None:
        self.query_one("#open").display = False
        self.query_one("#card").display = self.console.register is None

    def on_unmount(self) -> None:
        self._left = True
        self.console.close_register()

    # -- closed --------------------------------------------------------------------------------------------------------

    def refresh_record(self) -> None:
        """Read the list, or which way in there is."""
        if self.console.vault is None or (self.working and self.console.register is None):
            return  # while the register is made or opened, the way in is that one
        if self.console.register is not None:
            self._list()
            return
        from storage.register import way_in

        self.fetch(way_in, self.vault, then=self._offer)

    def _offer(self, way: str) -> None:
        self.now_read()
        if way == self.way or self.working or self.console.register is not None:
            return
        self.way = way
        words = {"make": MAKE, "open": OPEN, "recover": RECOVER}.get(way, "")
        self.query_one("#card-words", PlainText).show(words)
        self.query_one("#code-field").display = way == "recover"
        self.query_one("#dsl-field").display = way == "make"
        field = self.query_one("#passphrase", Input)
        field.disabled = not words
        said = {"make": "Enter makes it.", "open": "Enter opens it.", "recover": "Enter opens it."}.get(way, "")
        self.query_one("#state", StateLine).say(said)
        if not words:
            from storage.register import not_held

            self._fault(not_held())
        else:
            {"recover": self.query_one("#code"), "make": self.query_one("#dsl")}.get(way, field).focus()
        self.refresh_bindings()

    @on(Input.Submitted, "#passphrase")
    def _submitted(self, event: Input.Submitted) -> None:
        passphrase = event.value
        if not passphrase or self.working:
            return
        dsl = self.query_one("#dsl", ChoiceField)
        if self.way == "make" and not dsl.code:
            self._fault(ConsoleError("May the DSL read it? Choose yes or no; it can be changed later."))
            dsl.focus()
            return
        event.input.clear()
        self.working = True
        self.query_one("#fault", MessageBar).say("")
        self.query_one("#state", StateLine).say("One moment…")
        self.await_read()  # keys are meant for the list
        if self.way == "make":
            reads = dsl.code == YesNo.YES
            self.run(
                made, self.vault, passphrase, reads, then=lambda done: self._entered(*done[:2]), failed=self._refused
            )
        elif self.way == "recover":
            code = self.query_one("#code", Input).value
            self.run(
                recovered, self.vault, code, passphrase, then=lambda done: self._entered(*done), failed=self._refused
            )
        else:
            self.run(opened, self.vault, passphrase, then=self._entered, failed=self._refused)

    def _fault(self, error: ConsoleError) -> None:
        self.working = False
        if self.way:
            self.query_one("#state", StateLine).say("Enter tries again.")
        self.query_one("#fault", MessageBar).say(f"{error.message} {error.hint}".strip(), "bad")

    def _refused(self, error: ConsoleError) -> None:
        self._fault(error)
        self.refresh_record()  # another way in may stand open now

    def _entered(self, register: Register, code: str = "") -> None:
        self.working = False
        if self._left or self.console.vault is None:  # the screen was left, or the console locked, while it was opened
            self.console.register = register
            self.console.close_register()
            return
        self.console.register = register
        self.query_one("#card").display = False
        self.query_one("#open").display = True
        self.query_one("#entries").focus()
        self.refresh_bindings()
        if code:
            self.app.push_screen(CodeDialog(code, "The register's recovery code", ONCE))
        self.read("list")
        self._list()

    # -- open ----------------------------------------------------------------------------------------------------------

    def _list(self) -> None:
        folders = tuple(self.console.report_folders)
        self.fetch(rows_of, self.register, folders, then=self._show)

    def _show(self, found: tuple[list[Row], list[str], bool]) -> None:
        rows, left, due = found
        self.query_one("#entries", RecordList).show(rows, keep=lambda row: row.id)
        self.now_read()
        if self.working:
            return
        register = self.console.register
        if register is not None and register.alarm is not None:
            self.query_one("#said", StateLine).say(f"{register.alarm.message} {register.alarm.hint}", "bad")
        elif due:
            words = "Somebody who may not read it any more still knows its key. a makes it anew."
            self.query_one("#said", StateLine).say(words, "warn")
        else:
            waiting = sum(row.waits for row in rows)
            words = f"{waiting} to deal with." if waiting else "Nothing waits."
            self.query_one("#said", StateLine).say(" ".join([words, *left]), "warn" if left else "")
        self.refresh_bindings()

    @property
    def current(self) -> Row | None:
        """The line under the cursor."""
        row: Row | None = self.query_one("#entries", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if not action_id.startswith("adults."):
            return ""
        if self.console.register is None:
            return "Open the register first."
        if self.working:
            return "The keys are being made anew; wait until that is done."
        if action_id == "adults.open" and self.current is None:
            return "Nothing is listed."
        role = self.vault.person.role
        if action_id in {"adults.trail", "adults.code", "adults.rotate"} and role not in {"head", "dsl"}:
            return "Only the headteacher or the DSL does this."
        return "Only the headteacher says it." if action_id == "adults.travel" and role != "head" else ""

    def act_new(self) -> None:
        """Record a concern."""
        self.console.open("adult_log")

    def act_open(self) -> None:
        """Open the line."""
        if row := self.current:
            self._open(row)

    @on(RecordList.Opened, "#entries")
    def _clicked(self) -> None:
        self.act_open()

    def _open(self, row: Row) -> None:
        if row.kind == "report":
            self.console.open("adult_report", report_id=row.id)
        else:
            self.console.open("adult_entry", entry_id=row.id)

    def act_patterns(self) -> None:
        """Show what entries have in common."""
        self.console.open("adult_patterns")

    def act_people(self) -> None:
        """Show the adults, when they left, and how long records stay."""
        self.console.open("adult_people")

    def act_trail(self) -> None:
        """Show who read what."""
        self.console.open("adult_trail")

    # -- its key -------------------------------------------------------------------------------------------------------

    def act_holders(self) -> None:
        """Say who reads it, and let somebody in or take the key back."""
        self.app.push_screen(HoldersDialog(self.register), lambda words: self._said(words) if words else None)

    def _said(self, words: str, tone: str = "good") -> None:
        self.query_one("#done", MessageBar).say(words, tone)
        self.refresh_record()

    def act_travel(self) -> None:
        """Say to which machine the register travels."""
        self.app.push_screen(TravelDialog(self.register), lambda words: self._said(words) if words else None)

    def act_code(self) -> None:
        """Make a new recovery code and show it once, after a question."""
        title = "Make a new recovery code for the register?"
        self.app.push_screen(ConfirmDialog(title, NEW_CODE, verb="Make it"), self._new_code)

    def _new_code(self, sure: bool | None) -> None:
        if sure:
            from storage.people import replace_recovery_code

            self.await_read()  # what is typed meanwhile does not close the code
            self.run(replace_recovery_code, self.register, then=self._code)

    def _code(self, code: str) -> None:
        self.now_read()
        self.app.push_screen(
            CodeDialog(code, "The register's new recovery code", ONCE),
            lambda _: self._said("The code before opens nothing any more."),
        )

    def act_rotate(self) -> None:
        """Make the register's keys anew, with the reason."""
        sentence = (
            "The register is encrypted again under a new key for those who hold it now. Nobody need do anything, and "
            "its recovery code stays as it is."
        )
        dialog = ReasonDialog("Make the register's keys anew?", sentence, verb="Make them anew")
        self.app.push_screen(dialog, self._rotate)

    def _rotate(self, reason: str | None) -> None:
        if reason is not None:
            from storage.rotation import rotate

            self.working = True
            self.query_one("#said", StateLine).say("Making the keys anew…")
            self.run(rotate, self.register, reason, then=lambda _: self._rotated(), failed=self._not_rotated)

    def _rotated(self) -> None:
        self.working = False
        self._said("The register's keys were made anew.")

    def _not_rotated(self, error: ConsoleError) -> None:
        self.working = False
        self._said(f"{error.message} {error.hint}".strip(), "bad")

    @on(RecordList.Moved, "#entries")
    def _moved(self) -> None:
        self.refresh_bindings()
