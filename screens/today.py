"""Today: what must be dealt with, in the order in which it must be; Enter opens the line where that is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from practice.organisations import is_school
from practice.text import visible
from practice.today_words import NAMELESS, kind_word
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText
from screens.widgets.weeks import category_lines, weeks_chart, weeks_line
from screens.wording import may_write, moment_words

if TYPE_CHECKING:
    from storage.looking import News
    from storage.vault import Vault
    from storage.views.today import Line, TodayView

SECTIONS = (
    ("act_today", "Act today", "$text-error"),
    ("this_week", "This week", "$text-warning"),
    ("later", "Also waiting", "$text-muted"),
)
PLACES = {
    "unfinished": "unfinished",
    "backup": "backups",
    "restored": "backups",
    "machine": "machines",
    "visit": "visits",
    "erasure": "retention",
    "keys": "partners",
}
"""The screen of a line that is about no child."""
SUBJECTS = {
    "report": ("triage", "report_id"),
    "answer": ("triage", "report_id"),
    "review": ("review", "child_id"),
    "action": ("actions", "action_id"),
    "asked": ("actions", "action_id"),
    "follow_up": ("actions", "action_id"),
    "meeting": ("meetings", "meeting_id"),
    "meeting_report": ("meetings", "meeting_id"),
    "transfer": ("transfers", "transfer_id"),
    "apart": ("apart", "wanted"),
    "item": ("sync", "item"),
    "reply": ("sync", "item"),
    "rivals": ("sync", "item"),
    "agreement": ("partners", "agreement"),
    "agreement_offered": ("partners", "agreement"),
    "notice": ("sync", "item"),
    "landed": ("inbox", "item"),
    "taken_back": ("inbox", "item"),
    "case": ("cases", "case"),
    "recovered": ("recovered", "share"),
}
"""The screen of a line that opens at its subject, and what that screen calls it; a share otherwise."""
SHARES = {"proposed", "held", "queued", "delivered", "refused", "expired"}


@dataclass(frozen=True)
class Row:
    """One line of the list: a section's heading, or something to deal with."""

    heading: str = ""
    style: str = ""
    line: Line | None = None
    initials: bool = False
    due: str = ""
    writes: bool = True

    @property
    def key(self) -> object:
        """What the row is about, so that the cursor stays on it."""
        return (self.line.kind, self.line.subject) if self.line else self.heading


def initials_of(name: str) -> str:
    """Return a name's initials, for a room with other people in it."""
    return "".join(f"{part[0]}." for part in name.split() if part)


def due_words(line: Line, today: date) -> str:
    """Say when it is or was due."""
    if line.late_school_days:
        days = line.late_school_days
        return f"{days} school day{'s' if days != 1 else ''} late"
    if line.due is None:
        return ""
    return f"{'was due' if line.due < today else 'due'} {line.due:%a} {line.due.day} {line.due:%b}"


def what_words(line: Line) -> str:
    """Say what the line is about, in one line of plain words."""
    from practice.vocabulary import ReviewStatus, label_of

    words = " ".join(visible(line.words).split())
    if line.kind == "review":
        return label_of(ReviewStatus, line.words)
    if line.kind in {"item", "report", "landed", "notice"}:
        return f"from {words}"
    if line.kind == "rivals":
        return f"as one version, from {words}: ring them"
    if line.kind == "reply":
        return f"from {words}, to an entry of yours"
    if line.kind == "answer":
        return f"tell {words} what was done"
    return f"to {words}" if line.kind in SHARES else words


def draw(row: Row, width: int) -> list[Content]:
    """Draw one row: its kind, the child, what it is about, and when it is due."""
    if row.line is None:
        return [Content(""), Content.styled(row.heading, f"bold {row.style}")] if row.heading else [Content("")]
    name_width = 20 if width < 100 else 28 if width < 140 else 36
    due = row.due
    name = visible(row.line.child) or NAMELESS.get(row.line.kind, "not matched yet")
    name = cut(initials_of(name) if row.initials and row.line.child else name, name_width)
    room = max(width - 2 - 11 - name_width - 2 - (cell_len(due) + 2 if due else 0) - 1, 8)
    what = cut(what_words(row.line), room)
    return [
        Content.assemble(
            "  ",
            (f"{kind_word(row.line.kind, writes=row.writes):<11}", "$text-muted"),
            name + " " * (name_width - cell_len(name) + 2),
            what + " " * (room - cell_len(what)),
            (f"  {due}" if due else "", "$text-warning" if row.line.late_school_days else "$text-muted"),
        )
    ]


def height(row: Row, width: int) -> int:
    """Return how many lines a row takes, at any width: a section's heading has a blank line above it."""
    del width
    return 1 + bool(row.heading)


def rows_of(view: TodayView, initials: bool, today: date, writes: bool) -> list[Row]:
    """Return the rows of the list, as who may write or only read is asked; a section without a line is left out."""
    rows = []
    for name, title, style in SECTIONS:
        lines: list[Line] = getattr(view, name)
        if lines:
            rows.append(Row(f"{title} ({len(lines)})", style))
            rows += [Row(line=line, initials=initials, due=due_words(line, today), writes=writes) for line in lines]
    return rows


def covers_words(view: TodayView) -> str:
    """Say who covers whom: everything on Today shows for everybody, so nothing waits for who is away."""
    from practice.dates import day_words

    return " ".join(f"{each.by} covers {each.person} until {day_words(each.until)}." for each in view.covers)


def news_words(news: News) -> str:
    """Say what came since the person last looked; nothing at the first look, or where nothing came."""
    from practice.dates import day_words, time_words

    if news.since is None or not news.words:
        return ""
    since = news.since.astimezone()
    return f"New since you last looked ({day_words(since.date())}, {time_words(since)}): {', '.join(news.words)}."


def empty_words(view: TodayView, organisation: str = "") -> str:
    """Say what to do first where nothing waits."""
    if not view.children and not is_school(organisation):
        return (
            "No children are known yet.\n\nF7 and Ctrl+N add one; F2 logs a concern about a child by name. To exchange "
            "with partners, join the hub and compare their words: Ctrl+P, Agencies and agreements."
        )
    if not view.children:
        return (
            "No children are known yet.\n\nBring in the school's roll first: dsl-console children import FILE. "
            "Or press F2 and log a concern about a child by name; the child is matched to the roll later."
        )
    return "Nothing waits for you.\n\nF2 logs a concern, F3 finds a child, F4 shows the reviews to come."


def machines_words(vault: Vault) -> str:
    """Say of the school's other machines when each was last heard, what waits for it, and who works there; blocks."""
    from storage.whereabouts import at_work, states

    said = []
    for row in states(vault):
        if not row.here:
            heard = f"last heard {moment_words(row.last_heard)}" if row.last_heard else "not heard of yet"
            said.append(f"{row.name}: {heard}{f', {row.held}' if row.lacks else ''}.")
    said += [f"{words} («{row.name}»)." for row, words in at_work(vault)]
    return " ".join(said)


class TodayScreen(ConsoleScreen):
    """What waits, and the concerns of twelve weeks."""

    NAME = "today"
    HEADING = "Today"
    HELP = (
        "What must be dealt with, in the order in which it must be. Every concern stays here until it has a decision. "
        "The arrows choose a line, and Enter opens it where it is dealt with."
    )
    SHOWS_BACK = False
    CSS_PATH = "today.tcss"
    BINDINGS = bindings("today")

    def __init__(self) -> None:
        super().__init__()
        self.view: TodayView | None = None
        self.concerns = 0
        """How many concerns have a line: more, once more were asked for; 0 for as many as there always are."""

    @property
    def heading(self) -> str:
        """Say which day it is."""
        now = self.console.now()
        return f"Today, {now:%a} {now.day} {now:%b %Y}"

    def body(self) -> ComposeResult:
        yield MessageBar(id="alarm")
        yield MessageBar(id="covers")
        yield MessageBar(id="news")
        yield MessageBar(id="machines")
        with Horizontal(id="today"):
            yield RecordList[Row](draw, skip=lambda row: row.line is None, height=height, id="lines")
            with Vertical(id="side"):
                yield PlainText("Concerns, last twelve weeks", classes="section")
                yield Static(id="weeks")
                yield Static(id="categories")
                yield Static(id="counts")
        yield Static(id="weeks-line")

    def on_mount(self) -> None:
        from storage.looking import look

        self.query_one("#lines").focus()
        self._show_alarm()
        self.run(look, self.vault, then=self._show_news)

    def _show_news(self, news: News) -> None:
        self.query_one("#news", MessageBar).say(news_words(news))

    def _show_alarm(self) -> None:
        """Say what stands against the record, or where it lies; the keyring and the check speak late."""
        alarm = self.vault.alarm or self.vault.found
        if alarm is not None:
            self.query_one("#alarm", MessageBar).say(f"{alarm.message} {alarm.hint}".strip(), "bad")
        elif self.vault.caution:
            self.query_one("#alarm", MessageBar).say(self.vault.caution, "warn")

    def refresh_record(self) -> None:
        """Read what waits."""
        from storage.views.today import today

        if self.console.vault is not None:
            self._show_alarm()
            self.fetch(today, self.vault, self.console.clock(), concerns=self.concerns, then=self._show)
            self.fetch(machines_words, self.vault, then=self.query_one("#machines", MessageBar).say)

    def _show(self, view: TodayView) -> None:
        from storage.flags import refresh

        if self.console.vault is None:  # it was locked while this was read
            return
        self.view = view
        self.run(refresh, self.vault, then=self._patterns)
        listed: RecordList[Row] = self.query_one("#lines", RecordList)
        school = self.console.school
        listed.empty = empty_words(view, school.organisation if school else "") if view.empty else ""
        today = self.console.now().date()
        rows = rows_of(view, self.console.initials, today, may_write(self.vault))
        listed.show(rows, keep=lambda row: row.key)
        self.query_one("#covers", MessageBar).say(covers_words(view))
        self.query_one("#weeks", Static).update(weeks_chart(view.twelve_weeks, today))
        self.query_one("#categories", Static).update(category_lines(view.by_category))
        self.query_one("#weeks-line", Static).update(weeks_line(view.twelve_weeks))
        self.query_one("#counts", Static).update(counts_of(view, school.organisation if school else "school"))

    def _patterns(self, looked_at: int) -> None:
        """Show again once patterns were looked for; where nobody was looked at nothing has changed."""
        if looked_at and self.console.vault is not None:
            self.refresh_record()

    def why_not(self, action_id: str) -> str:
        if action_id == "today.open" and self.query_one("#lines", RecordList).current is None:
            return "Nothing waits, so there is nothing to open."
        return ""

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the line where it is dealt with."""
        row = self.query_one("#lines", RecordList).current
        if row is None or row.line is None:
            return
        line: Line = row.line
        params: dict[str, Any]
        if line.kind in {"glass", "concern"}:
            screen, params = "child", {"child_id": line.child_id}
            params |= {} if line.kind == "glass" else {"entry_id": line.subject}
        elif line.kind == "removal":  # agreed to on the entry, which Escape leaves for the child's record
            self.console.open("child", child_id=line.child_id, entry_id=line.subject)
            screen, params = "entry", {"entry_id": line.subject}
        elif line.kind == "more":
            self._show_more()
            return
        elif line.kind == "damaged":
            self.console.say(
                f"{line.words}. It stays where it is; ask who left a note, and write it down again.",
                title="A sealed report could not be opened",
                severity="warning",
            )
            return
        elif line.kind == "flag":
            screen, params = "flags", {"child_id": line.child_id}
        elif line.kind in PLACES:
            screen, params = PLACES[line.kind], {}
        else:
            screen, param = SUBJECTS.get(line.kind, ("share", "share_id"))
            params = {param: line.subject}
        self.console.open(screen, **params)

    def _show_more(self) -> None:
        """Give as many further concerns a line as have one at first."""
        from storage.views.record import WAITING

        self.concerns = (self.concerns or WAITING) + WAITING
        self.refresh_record()

    def act_back(self) -> None:
        """Return the cursor to the first line: nothing lies under Today."""
        self.query_one("#lines", RecordList).action_move_to(0)


def counts_of(view: TodayView, organisation: str) -> Content:
    """Return the counts beside the chart, right-aligned; only a school has a roll."""
    counts = (
        ("Children on the roll" if is_school(organisation) else "Children known here", view.children),
        ("Concerns to decide", view.undecided),
        ("Shares to approve", view.to_approve),
        ("Queued for partners", view.queued),
        ("Came in, not matched", view.inbox),
    )
    return Content("\n").join(
        Content.assemble((f"{label:<29}", "$text-muted"), (f"{count:>6,}", "bold" if count else ""))
        for label, count in counts
    )
