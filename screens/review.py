"""Review: the children whose review is due, walked one at a time, and what was decided (R-80, R-81)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.text import visible, year_words
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.review_session import ScopeDialog
from screens.review_status import StatusDialog, StatusSet
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.reviews import DueRow
    from storage.views.sessions import SessionRow

COMING = 30
"""How many of the reviews still to come are listed."""


@dataclass(frozen=True)
class Decided:
    """One review of this session, as it was recorded."""

    child: str
    decision: str
    reason: str
    next: date


@dataclass
class Session:
    """One walk through the queue: whose turn it is, and what was decided."""

    queue: list[tuple[str, str]]
    place: int = 0
    decided: list[Decided] = field(default_factory=list)
    id: str = ""
    """The session in the record that the walk is part of; blank for a walk without a minute."""
    before: int = 0
    """How many of the session were reviewed before this walk."""

    @property
    def child_id(self) -> str:
        """The child whose turn it is."""
        return self.queue[self.place][0]

    @property
    def progress(self) -> str:
        """Where the walk stands: "3 of 12"."""
        return f"{self.before + self.place + 1} of {self.before + len(self.queue)}"


@dataclass(frozen=True)
class Row:
    """A line of the queue: a heading, a session, a child, or what was decided."""

    heading: str = ""
    session: SessionRow | None = None
    due: DueRow | None = None
    today: date | None = None
    decided: Decided | None = None

    @property
    def key(self) -> object:
        """What the row is about, so that the cursor stays on it."""
        if self.session:
            return self.session.id
        return self.due.child_id if self.due else (self.heading, self.decided)


def due_words(due: date, overdue: int, today: date) -> str:
    """Say when a review is due, school days counted in words."""
    from practice.dates import day_words

    if due == today:
        return "due today"
    if due > today:
        return f"due {day_words(due)}"
    if not overdue:
        return f"was due {day_words(due)}"
    return f"overdue by {overdue} school day{'s' if overdue != 1 else ''}"


def _draw_due(row: DueRow, today: date, width: int) -> list[Content]:
    from practice.vocabulary import ReviewStatus, label_of

    when = due_words(row.due, row.overdue_school_days, today)
    tone = "$text-error" if row.due < today else "$text-warning" if row.due == today else "$text-muted"
    group = cut(visible(row.reg_group or year_words(row.year_group)), 8)
    status = label_of(ReviewStatus, row.status)
    narrow = width < 90
    name_width = min(max(width - 3 - 10 - cell_len(when) - 2 - (0 if narrow else 24), 10), 40)
    name = cut(visible(row.child), name_width)
    left = f"{name}{' ' * (name_width - cell_len(name))}  {group}{' ' * (8 - cell_len(group))}"
    left += "" if narrow else f"  {status}"
    space = " " * max(width - 3 - cell_len(left) - cell_len(when), 1)
    first = Content.assemble("  ", left, space, (when, tone))
    return [first, *_folded(f"{status}. {row.reason}" if narrow else row.reason, width)]


def _folded(text: str, width: int) -> list[Content]:
    """Return a text under its line, folded, so that none of it is cut."""
    lines = plain(" ".join(text.split()), "$text-muted").wrap(max(width - 6, 10))
    return [Content("    ") + line for line in lines]


def _draw_decided(row: Decided, width: int) -> list[Content]:
    from practice.dates import day_words
    from practice.vocabulary import Decision, label_of

    head = f"  {cut(visible(row.child), 32)}: {label_of(Decision, row.decision)} · next {day_words(row.next)}"
    return [Content(cut(head, width - 1)), *_folded(row.reason, width)]


def _draw_session(row: SessionRow, width: int) -> list[Content]:
    from practice.dates import day_words
    from practice.minutes import scope_words

    done = f"{len(row.reviewed)} of {len(row.queue)} reviewed"
    left = cut(f"  {scope_words(row.scope, row.about)}", max(width - cell_len(done) - 3, 10))
    space = " " * max(width - 1 - cell_len(left) - cell_len(done), 1)
    begun = f"Begun {day_words(row.begun_at.astimezone().date())} by {row.begun_by}. Enter goes on with it."
    return [Content.assemble((left, "bold"), space, done), *_folded(begun, width)]


def draw(row: Row, width: int) -> list[Content]:
    """Draw a line of the queue."""
    if row.session is not None:
        return _draw_session(row.session, width)
    if row.due is not None and row.today is not None:
        return _draw_due(row.due, row.today, width)
    if row.decided is not None:
        return _draw_decided(row.decided, width)
    return [Content(""), Content.styled(row.heading, "bold $text-primary")]


def queue_of(vault: Vault, today: date) -> tuple[list[DueRow], list[DueRow], list[SessionRow]]:
    """Return who is due by today, the next of those to come, and the sessions that are open."""
    from storage.views.reviews import due
    from storage.views.sessions import sessions

    plans = due(vault, today, all_plans=True)
    coming = [row for row in plans if row.due > today][:COMING]
    return [row for row in plans if row.due <= today], coming, sessions(vault)


class ReviewScreen(ConsoleScreen):
    """The queue."""

    NAME = "review"
    HEADING = "Review"
    HELP = (
        "The children whose review is due, the longest overdue first. Enter opens the first or the chosen child with "
        "the evidence and the questions; Ctrl+S there records it and shows the next. s sets the status under which a "
        "child is reviewed; that gives the date. b begins a session over a scope: it may be paused and gone on with on "
        "another day by another person, and ends with a minute that is signed."
    )
    CSS_PATH = "review.tcss"
    BINDINGS = bindings("review")
    awaits_read = True  # Enter opens who stands first, and nobody is told that the list is empty before it was read

    def __init__(self, child_id: str = "") -> None:
        super().__init__()
        self.wanted_child = child_id
        self.due: list[DueRow] = []
        self.coming: list[DueRow] = []
        self.sessions: list[SessionRow] = []
        self.decided: list[Decided] = []
        self.walked = False

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, skip=lambda row: row.due is None and row.session is None, id="queue")

    def on_mount(self) -> None:
        self.query_one("#queue").focus()

    def refresh_record(self) -> None:
        """Read who is due."""
        self.fetch(queue_of, self.vault, self.console.now().date(), then=self._show)

    def _show(self, found: tuple[list[DueRow], list[DueRow], list[SessionRow]]) -> None:
        self.due, self.coming, self.sessions = found
        today = self.console.now().date()
        rows: list[Row] = []
        if self.sessions:
            rows += [Row("Sessions that are open"), *(Row(session=each) for each in self.sessions)]
        if self.due:
            rows += [Row(f"Due ({len(self.due)})"), *(Row(due=each, today=today) for each in self.due)]
        if self.decided:
            rows += [
                Row(f"Decided in this session ({len(self.decided)})"),
                *(Row(decided=each) for each in self.decided),
            ]
        if self.coming:
            rows += [Row("Coming"), *(Row(due=each, today=today) for each in self.coming)]
        listed = self.query_one("#queue", RecordList)
        listed.show(rows, keep=lambda row: row.key)
        if self.walked:  # the child under the cursor was reviewed meanwhile: what is to be gone on with stands first
            self.walked = False
            listed.action_move_to(0)
        self.query_one("#said", StateLine).say(self._words())
        self.refresh_bindings()
        self.now_read()
        if self.wanted_child:
            child, self.wanted_child = self.wanted_child, ""
            self._begin(child)

    def _words(self) -> str:
        from practice.dates import day_words

        if self.due:
            count = len(self.due)
            late = sum(1 for row in self.due if row.overdue_school_days)
            words = f"{count} review{'s are' if count != 1 else ' is'} due"
            return f"{words}, {late} of them overdue." if late else f"{words}."
        if self.coming:
            first = self.coming[0]
            return f"No review is due. Next: {first.child}, {day_words(first.due)}."
        return "No review is due, and no child has a review status yet. Press s and choose a child to set one."

    # -- what can be done ----------------------------------------------------------------------------------------------

    def _current(self) -> DueRow | None:
        row: Row | None = self.query_one("#queue", RecordList).current
        return row.due if row else None

    def _session(self) -> SessionRow | None:
        row: Row | None = self.query_one("#queue", RecordList).current
        return row.session if row else None

    def why_not(self, action_id: str) -> str:
        if action_id == "review.minute" and self._session() is None:
            return "Choose a session that is open."
        if action_id == "review.begin" and not self.due and not self.coming:
            return "No child has a review status yet: s sets one."
        if action_id == "review.open" and self._current() is None and self._session() is None:
            return "No child has a review status yet: s sets one."
        if action_id == "review.record" and self._current() is None:
            return "No child is chosen."
        return ""

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Review the child under the cursor, then those who are due after; or go on with a session."""
        row, session = self._current(), self._session()
        if session is not None:
            self.go_on(session)
        elif row is not None:
            self._begin(row.child_id)

    def act_begin(self) -> None:
        """Begin a session that ends with a minute."""
        self.app.push_screen(ScopeDialog(), self._begun)

    def _begun(self, session: SessionRow | None) -> None:
        if session is not None:
            self.go_on(session)

    def go_on(self, session: SessionRow) -> None:
        """Walk those of a session who are still to come; where nobody is, show its minute."""
        if not session.left:
            self.console.open("minute", session_id=session.id)
            return
        walk = Session(list(session.left), 0, self.decided, session.id, len(session.queue) - len(session.left))
        self._walk(walk)

    def act_minute(self) -> None:
        """Show the minute of the session under the cursor, to sign it."""
        if (session := self._session()) is not None:
            self.console.open("minute", session_id=session.id)

    def _begin(self, child_id: str) -> None:
        queue = [(row.child_id, row.child) for row in self.due]
        ids = [each for each, _ in queue]
        if child_id in ids:
            session = Session(queue, ids.index(child_id), self.decided)
        else:
            name = next((row.child for row in self.coming if row.child_id == child_id), "")
            session = Session([(child_id, name)], 0, self.decided)
        self._walk(session)

    def _walk(self, session: Session) -> None:
        self.walked = True
        self.query_one("#done", MessageBar).say("")
        self.console.open("review_child", session=session)

    def ended(self) -> None:
        """Show what was decided, when the walk is at its end."""
        count = len(self.decided)
        words = f"{count} review{'s' if count != 1 else ''} recorded in this session."
        self.query_one("#done", MessageBar).say(words, "good")

    def act_status(self) -> None:
        """Set the status under which a child is reviewed."""
        row = self._current()
        self._ask_status(row.child_id if row else "")

    def _ask_status(self, child_id: str) -> None:
        from storage.views import children

        if child_id:
            self.fetch_to_ask(children.get, self.vault, child_id, ask=self._status_of)
        else:
            self.app.push_screen(StatusDialog(None), self._set)

    def _status_of(self, child: ChildRow) -> None:
        self.app.push_screen(StatusDialog(child), self._set)

    def _set(self, chosen: StatusSet | None) -> None:
        if chosen is None:
            return
        from storage.desk.reviews import set_status

        self.run(set_status, self.vault, chosen.child_id, chosen.status, chosen.every, then=self._status_set)

    def _status_set(self, plan: object) -> None:
        from practice.dates import day_words

        due = getattr(plan, "due", None)
        if due is not None:
            self.console.say(f"The next review is due {day_words(due)}. {getattr(plan, 'reason', '')}", "Status set")
        self.refresh_record()
