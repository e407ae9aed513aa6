"""A child's record: who they are, when the next review is, and the chronology with its words whole (R-70, R-78)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.dates import day_words
from practice.errors import ConsoleError
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.child_dialogs import DayDialog, PromoteDialog, Promotion, ReviewStatusDialog, StatusChoice
from screens.child_read import ChildView, Wanted, child_view, leave, open_by_hub, open_elsewhere, open_log
from screens.entry_lines import Line, draw_line
from screens.removal import RestoreDialog, history_parts
from screens.widgets.heed import HeedLines
from screens.widgets.long_list import LongList
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar
from screens.wording import (
    NO_SHARE_SCREEN,
    READ_ONLY,
    birth_words,
    group_words,
    has_share_screen,
    may_write,
    moment_words,
    roll_words,
    status_words,
)

if TYPE_CHECKING:
    from storage.views.removals import RemovalRow

ON_ENTRY = {"child.open", "child.amend", "child.decide", "child.move", "child.promote", "child.share"}
WRITES = {"child.amend", "child.decide", "child.move", "child.promote", "child.share", "child.review", "child.restore"}
STILL_HERE = 120
"""How often, in seconds, an open record is said to be open: others count it as left after half an hour."""
EMPTY = "Nothing is in this record yet. F2 logs a concern about this child."
CLOSED = "This record was closed: the same child has another one, in which all that was under way here goes on."
NONE_CHOSEN = "No entry is chosen for the chronology yet. a shows all entries; p chooses the one you stand on."


class Sheet(NamedTuple):
    """The lines above the chronology."""

    who: Content
    review: Content
    record: Content


def sheet_of(view: ChildView, today: date, wanted: Wanted, brief: bool, writes: bool) -> Sheet:
    """Say who the child is, when the next review is and why, and what the record holds.

    `brief` leaves out what stands in the header and in the history: for a small screen.
    """
    child = view.child
    details = [
        birth_words(child.date_of_birth),
        group_words(child),
        roll_words(child),
        child.upn and f"UPN {child.upn}",
    ]
    if child.legal_name != child.name:
        details.insert(0, f"legally {child.legal_name}")
    if child.look_alikes:
        details.append("similar name: check")
    words = Content.styled(visible(" · ".join(each for each in details if each)), "$text-muted")
    who = words if brief else Content.assemble((visible(child.name), "bold"), "  ", words)
    plan = view.plan
    review = Content.styled(f"No review status yet{': r sets one' if writes else ''}.", "$text-muted")
    if plan is not None:
        late = plan.due < today
        when = f"review {'was due' if late else 'due'} {day_words(plan.due)}"
        review = Content.assemble(
            (status_words(plan.status), "$text-primary"),
            " · ",
            (when, "bold $text-warning" if late else ""),
            ("" if brief else "  " + visible(plan.reason), "$text-muted"),
        )
    shown = counted(view.total, "entry", "entries")
    if wanted.promoted:
        shown = f"{len(view.keys):,} of {shown}: those chosen for the chronology"
    parts: list[Any] = [(shown, "$text-muted")]
    if view.undecided:
        parts += [("  ·  ", "$text-muted"), (f"{view.undecided:,} without a decision", "bold $text-warning")]
    if view.traces:
        parts += [("  ·  " + moves_words(view), "$text-muted")]
    if gone := sum(row.state == "removed" for row in view.removals):
        parts += [(f"  ·  {gone} removed", "$text-muted")]
    if view.closed:
        count = len(view.closed)
        parts += [(f"  ·  {count} other record{'s' if count > 1 else ''} closed as this child's: h", "$text-warning")]
    if view.siblings:
        names = ", ".join(visible(child.name) for child in view.siblings)
        parts += [(f"  ·  brothers and sisters: {names}", "$text-muted")]
    return Sheet(who, review, Content.assemble(*parts, *ahead_parts(view, today)))


def ahead_parts(view: ChildView, today: date) -> list[Any]:
    """Say which meeting is next or must follow, and where the file of a child who left stands; on a line of its own."""
    said: list[tuple[str, str]] = []
    for row in view.meetings[:2]:
        words = f"{row.words}, nobody planned it yet, by" if row.state == "wanted" else row.words
        said.append((f"{words} {day_words(row.day)}", "bold $text-warning" if row.day < today else ""))
    for file in view.transfers[:1]:
        due = f", due {day_words(file.due)}" if file.due else ""
        said.append((f"file: {file.words}{due}", "bold $text-warning" if file.due and file.due < today else ""))
    parts: list[Any] = []
    for place, each in enumerate(said):
        parts += ["  ·  " if place else "\n", each]
    return parts


def moves_words(view: ChildView) -> str:
    """Say without a word of their text that entries were moved from or to this child (R-14)."""
    away = sum(trace.away for trace in view.traces)
    parts = [
        f"{away} moved away" if away else "",
        f"{len(view.traces) - away} moved here" if len(view.traces) > away else "",
    ]
    return ", ".join(part for part in parts if part)


def history_of(view: ChildView) -> Content:
    """Return the reviews that were held and the traces of moves, newest first."""
    parts: list[Any] = []
    if view.plan is not None:
        parts += [
            ("Next review", "bold $text-primary"),
            f"\n{day_words(view.plan.due)}. {visible(view.plan.reason)}\n\n",
        ]
    parts += [("Reviews held", "bold $text-primary"), "\n"]
    if not view.held:
        parts.append(("None yet. F4 reviews who is due.\n", "$text-muted"))
    for held in view.held:
        parts += [(day_words(held.held_on), "bold"), f"  {visible(held.decision)}"]
        parts += [f": {visible(held.reason)}\n"]
        following = f", next {day_words(held.next)}" if held.next else ""
        parts += [(f"by {visible(held.by)}{following}\n", "$text-muted")]
        parts += [f"  {visible(name).replace('_', ' ')}: {visible(text)}\n" for name, text in held.answers.items()]
    if view.traces:
        parts += ["\n", ("Entries moved", "bold $text-primary"), "\n"]
        for trace in reversed(view.traces):
            to = "An entry was moved away" if trace.away else "An entry was moved here"
            parts.append((f"{to}, {moment_words(trace.moved_at)}, by {visible(trace.by)}\n", ""))
    for each in view.closed:
        day = day_words(each.at.astimezone().date())
        parts += ["\n", (f"From the record that was closed on {day}", "bold $text-primary")]
        parts += [(f"\n{visible(each.name)} · {visible(each.by)}: {visible(each.reason)}\n", "$text-muted")]
        parts += [f"{visible(line)}\n" for line in each.lines] or [("Nothing is told there alone.\n", "$text-muted")]
    parts += history_parts(view.removals)
    return Content.assemble(*parts)


class ChildScreen(ConsoleScreen):
    """The front sheet and the chronology."""

    NAME = "child"
    HEADING = "Child"
    HELP = (
        "Everything recorded about one child, in the order in which it happened. The arrows choose an entry, Enter "
        "shows it whole with its versions and decisions; the letters act on it. F2 logs about this child."
    )
    CSS_PATH = "child.tcss"
    BINDINGS = bindings("child")

    def __init__(self, child_id: str, entry_id: str = "") -> None:
        super().__init__()
        self.wanted = Wanted(child_id)
        self.view: ChildView | None = None
        self._seek = entry_id
        self._noted = False
        self._unrecorded = self._elsewhere = ""

    @property
    def heading(self) -> str:
        """Say whose record it is."""
        return self.view.child.name if self.view else self.HEADING

    def body(self) -> ComposeResult:
        yield Static(id="who")
        yield Static(id="review")
        yield HeedLines(id="heed")
        yield Static(id="record")
        yield MessageBar(id="banner")
        yield LongList[Line](draw_line, id="chronology")
        with VerticalScroll(id="history"):
            yield Static(id="history-text")

    def on_mount(self) -> None:
        self.query_one("#history").display = False
        self.rows.focus()
        self.set_interval(STILL_HERE, self._say_here)

    @property
    def rows(self) -> LongList[Line]:
        """The chronology."""
        return self.query_one("#chronology", LongList)

    @property
    def current(self) -> Line | None:
        """The entry under the cursor."""
        return self.rows.current

    # -- reading -------------------------------------------------------------------------------------------------------

    def refresh_record(self) -> None:
        """Read the record again; the cursor stays on its entry."""
        if self.console.vault is None:
            return
        listed = self.rows
        near = self._seek or (listed.keys[listed.cursor] if listed.cursor < len(listed.keys) else "")
        if not self._noted:
            self._noted = True
            self.run(open_log, self.vault, self.wanted.child_id, then=self._opened)
            self._say_here()
        self.fetch(child_view, self.vault, self.wanted, near, then=self._show, failed=self._gone)

    def _opened(self, unrecorded: str) -> None:
        self._unrecorded = unrecorded
        self._show_banner()

    def _say_here(self) -> None:
        """Say that the record is open here, and hear whether it is elsewhere: now, and while it stays open."""
        if self.console.vault is not None:
            self.fetch(open_elsewhere, self.vault, self.wanted.child_id, then=self._met_in_folder)

    def _met_in_folder(self, who: str) -> None:
        self._met(who)
        self.fetch(open_by_hub, self.vault, self.wanted.child_id, then=self._met)

    def on_unmount(self) -> None:
        """Say that the record is closed; in the app's own worker, since this screen is gone."""
        if self._noted and self.console.vault is not None:
            call = partial(leave, self.console.vault, self.wanted.child_id)
            self.app.run_worker(call, thread=True, exit_on_error=False)

    def _met(self, who: str) -> None:
        self._elsewhere = who
        self._show_banner()

    def _show_banner(self) -> None:
        known = self.wanted.known_on
        words = f"As known on {day_words(known)}. Escape returns to today." if known else ""
        closed = CLOSED if self.view is not None and self.view.closed_into else ""
        banner = " ".join(each for each in (words, closed, self._unrecorded, self._elsewhere) if each)
        self.query_one("#banner", MessageBar).say(banner, "warn")

    def _gone(self, error: ConsoleError) -> None:
        self.console.report(error)
        if self.view is None:
            self.leave()

    def _show(self, view: ChildView) -> None:
        first, self.view = self.view is None, view
        self._show_sheet()
        self.query_one("#heed", HeedLines).say(view.read_first)
        self.query_one("#history-text", Static).update(history_of(view))
        listed = self.rows
        listed.empty = NONE_CHOSEN if self.wanted.promoted else EMPTY
        if self.wanted.known_on is not None:
            listed.empty = "Nothing was recorded by that day."
        # A record is opened at its end: what happened last is what is asked for first.
        cursor = self._seek or (view.keys[-1] if first and view.keys else "")
        self._seek = ""
        listed.show_keys(view.keys, view.fetch, view.pages, cursor=cursor)
        self._show_banner()
        self.refresh_chrome()
        self.refresh_bindings()

    def _show_sheet(self) -> None:
        if self.view is None:
            return
        today = self.console.now().date()
        sheet = sheet_of(self.view, today, self.wanted, self.size.width < 100, may_write(self.vault))
        for name, content in zip(("who", "review", "record"), sheet, strict=True):
            self.query_one(f"#{name}", Static).update(content)

    def on_resize(self) -> None:
        self._show_sheet()

    # -- what can be done ----------------------------------------------------------------------------------------------

    def opening(self, screen: str) -> dict[str, Any]:
        """F2 logs about this child; who opened it is asked about this child alone."""
        return {"child_id": self.wanted.child_id} if screen in {"log", "access"} else {}

    def why_not(self, action_id: str) -> str:
        if self.view is None:
            return "The record is still being read."
        if action_id in WRITES:
            if not may_write(self.vault):
                return READ_ONLY
            if self.wanted.known_on is not None:
                return "This is the record as it was known then. Escape returns to today."
        if action_id in ON_ENTRY and (self.current is None or self.history_shown):
            return "There is no entry to act on here."
        if action_id == "child.restore" and not self.removed:
            return "No entry of this child was removed."
        return NO_SHARE_SCREEN if action_id == "child.share" and not has_share_screen() else ""

    @property
    def history_shown(self) -> bool:
        """Whether reviews and moves stand where the chronology was."""
        return bool(self.query_one("#history").display)

    def act_back(self) -> None:
        """Leave the history, then the past, then the screen."""
        if self.history_shown:
            self.act_history()
        elif self.wanted.known_on is not None:
            self._want(Wanted(self.wanted.child_id, self.wanted.promoted))
        else:
            self.console.back()

    def _want(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.refresh_record()

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("child.open")

    def act_open(self) -> None:
        """Show the entry whole."""
        if line := self.current:
            self.console.open("entry", entry_id=line.entry.id)

    def act_links(self) -> None:
        """Show which entries tell of the same event, and merge other agencies' chronologies."""
        self.console.open("links", child_id=self.wanted.child_id)

    def act_names(self) -> None:
        """Show the names in the record and their masks."""
        self.console.open("names", child_id=self.wanted.child_id)

    def act_amend(self) -> None:
        """Write a new version of the entry."""
        if line := self.current:
            self.console.open("amend", entry_id=line.entry.id)

    def act_decide(self) -> None:
        """Decide what is to be done about it."""
        if line := self.current:
            self.console.open("decide", entry_id=line.entry.id)

    def act_move(self) -> None:
        """Move it to the right child."""
        if line := self.current:
            self.console.open("move", entry_id=line.entry.id)

    def act_share(self) -> None:
        """Propose it to a partner."""
        if line := self.current:
            self.console.open("share", entry_id=line.entry.id)

    def act_promote(self) -> None:
        """Choose it for the chronology."""
        if line := self.current:
            self.app.push_screen(PromoteDialog(line.entry), self._promote)

    def _promote(self, promotion: Promotion | None) -> None:
        if promotion is not None:
            self.run(promotion.record, self.vault, then=lambda _: self.console.say("Chosen for the chronology."))

    def act_review(self) -> None:
        """Set the status under which the child is reviewed."""
        if self.view is not None:
            plan = self.view.plan
            dialog = ReviewStatusDialog(self.view.child.id, plan.status if plan else "", plan.every if plan else "")
            self.app.push_screen(dialog, self._set_status)

    def _set_status(self, choice: StatusChoice | None) -> None:
        if choice is not None:
            self.run(choice.record, self.vault, then=lambda _: self.console.say("The review status is set."))

    @property
    def removed(self) -> list[RemovalRow]:
        """The entries that were removed."""
        return [row for row in self.view.removals if row.state == "removed"] if self.view else []

    def act_restore(self) -> None:
        """Bring a removed entry back, with the reason."""
        self.app.push_screen(RestoreDialog(self.vault, self.removed), self._restored)

    def _restored(self, entry: str | None) -> None:
        if entry:
            self.console.say("It stands in the record again.")

    def act_timeline(self) -> None:
        """Open the chronology workbench."""
        self.console.open("timeline", child_id=self.wanted.child_id)

    def act_front(self) -> None:
        """Open the front sheet."""
        self.console.open("front_sheet", child_id=self.wanted.child_id)

    def act_meetings(self) -> None:
        """Show the meetings about this child."""
        self.console.open("meetings", child_id=self.wanted.child_id)

    def act_transfers(self) -> None:
        """Show the transfers of this child's file."""
        self.console.open("transfers", child_id=self.wanted.child_id)

    def act_copy(self) -> None:
        """Open the form of a copy that leaves the program."""
        self.console.open("export", child_id=self.wanted.child_id)

    def act_chosen(self) -> None:
        """Show all entries, or those chosen for the chronology."""
        self._want(Wanted(self.wanted.child_id, not self.wanted.promoted, self.wanted.known_on))

    def act_history(self) -> None:
        """Show the reviews held and the moves, or the chronology again."""
        shown = not self.history_shown
        self.query_one("#history").display = shown
        self.rows.display = not shown
        (self.query_one("#history") if shown else self.rows).focus()
        self.refresh_bindings()

    def act_known(self) -> None:
        """Ask for a day, and show the record as it was known at its end."""
        self.app.push_screen(DayDialog(), self._known)

    def _known(self, day: date | None) -> None:
        if day is not None:
            if self.history_shown:
                self.act_history()
            self._want(Wanted(self.wanted.child_id, self.wanted.promoted, day))
