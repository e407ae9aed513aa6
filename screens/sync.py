"""Sync: the batch for each partner, a run of it that can be left, and what came in (R-69, protocol: §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ProgressBar

from practice.share_words import GIVEN_BACK, PLACED, state_words
from practice.text import counted, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.sharing_words import TONES, ReferralLine, headed, open_share, ring_words
from screens.sync_job import STEPS, job_of
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine, plain
from screens.wording import moment_words

if TYPE_CHECKING:
    from practice.acts import HubEnrolled
    from storage.outbox import Message
    from storage.vault import Vault
    from storage.views.arrivals import ItemRow
    from storage.views.sharing import ShareRow
    from storage.views.unanswered import Unanswered

OPEN = ("queued", "offered", "delivered", "refused", "expired")
DONE = 30
TICK = 0.1
LINES = 3
"""How many lines of what came in the list shows; the whole of it stands where it is opened."""


@dataclass(frozen=True)
class Line:
    """A line of the batch: a partner with the counts, or one entry on its way."""

    heading: str = ""
    share: ShareRow | None = None
    state: str = ""
    reason: str = ""
    days: int = 0
    late: bool = False
    """Whether somebody must be rung about it (rule 15)."""

    @property
    def key(self) -> object:
        """What the line is about."""
        return self.share.id if self.share else self.heading


@dataclass(frozen=True)
class Batch:
    """What the screen shows."""

    hub: HubEnrolled | None
    last_sync: str
    lines: list[Line]
    items: list[ItemRow]
    waiting: int
    late: list[Unanswered]
    ways: tuple[str, ...] = ()
    """The ways in use that are not the hub: `folder`, `sftp`, `hand`."""
    machines: str = ""
    """How the school's own machines use a hub; blank where they use none."""


def batch(vault: Vault, now: datetime) -> Batch:
    """Return every partner's entries that are on their way or came back, the newest that arrived, and the inbox."""
    from storage import outbox
    from storage.views import arrivals, organisation, sharing, unanswered
    from sync.ways import words as way_words

    shares = sharing.shares(vault, states=["queued", "delivered", "refused", "expired", "acknowledged"])
    found = sharing.ways(vault)
    with vault.read() as connection:
        messages = {each.mid: each for each in outbox.messages(connection) if each.share}
        last = outbox.exchange(connection, "last_sync")
    late = unanswered.unanswered(vault, now, shares)
    rung = {each.share.id for each in late}
    done = [share.id for share in shares if share.state == "acknowledged"][:DONE]
    shown = [
        replace(_line(share, messages.get(share.mid), now), late=share.id in rung)
        for share in shares
        if share.state in OPEN or share.id in done
    ]
    lines: list[Line] = []
    for partner in sorted({line.share.partner for line in shown if line.share}):
        mine = [line for line in shown if line.share and line.share.partner == partner]
        mine.sort(key=lambda line: list(TURN).index(line.state) if line.state in TURN else len(TURN))
        org = next(line.share.org for line in mine if line.share)
        lines += [Line(partner, reason=f"{counts_of(mine)} · {way_words(found.get(org))}"), *mine]
    waiting = sum(line.state in ("queued", "offered") for line in shown)
    items = arrivals.items(vault)
    items = [each for each in items if each.state == "waiting"] + [each for each in items if each.state != "waiting"]
    used = tuple(sorted({row.way for row in found.values()}))
    return Batch(organisation.hub(vault), last, lines, items[:200], waiting, late, used, machines_words(vault))


def machines_words(vault: Vault) -> str:
    """Say how the school's own machines use a hub; blank where they use none."""
    from sync.mailbox import standing

    found = standing(vault)
    if found is None:
        return ""
    last = moment_words(datetime.fromisoformat(found.last)) if found.last else "not used from here yet"
    return f"Own machines by {found.url}: {last}."


WAYS = {"folder": "folders", "sftp": "SFTP", "hand": "bundles by hand"}
TURN = {
    "refused": "refused",
    "expired": "not collected",
    "queued": "waiting",
    "offered": "waiting",
    "delivered": "with the hub",
    "acknowledged": "with the partner",
}
"""The states in their order on the screen, with the words of their counts."""


def _line(share: ShareRow, message: Message | None, now: datetime) -> Line:
    from storage.types import from_utc_text

    state = message.state if message and share.state == "queued" and message.state == "offered" else share.state
    reason = message.detail if message and message.detail else ""
    if share.state in ("refused", "expired"):
        reason = share.reason
    days = (now - from_utc_text(message.changed_at)).days if message and share.state == "delivered" else 0
    return Line(share=share, state=state, reason=reason, days=days)


def counts_of(lines: list[Line]) -> str:
    """Return the counts of one partner: "2 waiting, 1 with the hub"."""
    counts: dict[str, int] = {}
    for line in lines:
        words = TURN.get(line.state, line.state)
        if line.state == "delivered" and line.reason in PLACED:
            words = "on the way"
        counts[words] = counts.get(words, 0) + 1
    ordered = [words for words in dict.fromkeys([*TURN.values(), "on the way"]) if words in counts]
    return ", ".join(f"{counts[words]} {words}" for words in ordered)


def line_words(line: Line) -> str:
    """Say where an entry stands, and why it has not left or came back."""
    if line.share and line.share.recovered == "open":
        return GIVEN_BACK
    if line.state == "delivered" and line.reason == "collected":
        return "Collected by the partner, no receipt yet"
    words = state_words(line.state, line.reason)
    if line.state == "delivered" and line.days:
        done = "not confirmed" if line.reason in PLACED else "not collected"
        return f"{words.removesuffix(', not confirmed by the partner yet')}, {done} for {counted(line.days, 'day')}"
    if line.state == "offered" and line.reason:
        return f"{words}. {visible(line.reason)}"
    return f"{words}: {visible(line.reason)}" if line.state == "queued" and line.reason else words


def draw(line: Line, width: int) -> list[Content]:
    """Draw a partner's heading or one entry."""
    from practice.dates import in_words

    if line.share is None:
        counts = plain(line.reason, "$text-muted").wrap(max(width - 3, 10))
        heading = plain(line.heading, "bold $text-primary").wrap(max(width - 1, 10))
        return [*heading, *(Content("  ") + each for each in counts)]
    state, tone = line_words(line), TONES.get(line.state, "$text-muted")
    if line.late:
        state, tone = f"{state} · ring them", "$text-error"
    if line.share.urgent and line.state != "acknowledged":
        state = f"URGENT · {state}"
    tone = "$text-warning" if line.share.recovered == "open" or (line.share.kept and not line.late) else tone
    name_width = 18 if width < 70 else 26
    name = cut(visible(line.share.child), name_width)
    when = in_words(line.share.occurred) if line.share.occurred else ""
    left = f"{name}{' ' * (name_width - cell_len(name))}  {when}"
    if 2 + cell_len(left) + 2 + cell_len(state) < width:
        space = " " * (width - 3 - cell_len(left) - cell_len(state))
        return [Content.assemble("  ", left, space, (state, tone))]
    folded = Content.styled(state, tone).wrap(max(width - 5, 10))
    return [Content("  " + cut(left, width - 3)), *(Content("    ") + each for each in folded)]


def draw_item(item: ItemRow, width: int) -> list[Content]:
    """Draw what came in: from whom, whom it may mean (a hint), when, and how it begins."""
    from practice.dates import in_words, stated_day

    born = f", born {stated_day(item.hint_date_of_birth)}" if item.hint_date_of_birth else ""
    hint = f"{item.hint_name}{born}" if item.hint_name else "no name given"
    states = {"waiting": ("to be matched", "$text-warning"), "accepted": ("matched", "$text-muted")}
    states |= {"accepted": ("in the record, to be read", "$text-warning")} if item.landed == "unseen" else {}
    states |= {
        "withdrawn": ("taken back by them" + (", to be read" if item.landed == "unseen" else ""), "$text-warning")
    }
    state, tone = states.get(item.state, ("refused by you", "$text-muted"))
    about = plain(f"says: {hint}").wrap(max(width - 3, 10))
    begins = f"{in_words(item.occurred)}: {' '.join(item.text.split())}"
    folded = plain(begins, "$text-muted").wrap(max(width - 3, 10))
    shown = folded[:LINES]
    if len(folded) > LINES:
        last = cut(f"{shown[-1].plain.rstrip()} {folded[LINES].plain}", max(width - 3, 10))
        shown[-1] = Content.styled(last, "$text-muted")
    return [
        *headed(f"From {item.sender}", state, tone, width, "bold"),
        *(Content("  ") + line for line in about),
        *(Content("  ") + line for line in shown),
    ]


class SyncScreen(ConsoleScreen):
    """The batch on one side, what came in on the other, and the run underneath."""

    NAME = "sync"
    HEADING = "Sync"
    HELP = (
        "What is on its way to each partner and what came in. y runs the sync; you may leave while it runs. Nothing "
        "is called sent before the hub has confirmed it. What came in is matched by you: Enter opens it. Tab goes "
        "from one list to the other. Sync is not a referral: if a child is in danger, telephone."
    )
    CSS_PATH = "sync.tcss"
    BINDINGS = bindings("sync")
    awaits_read = True  # an item that was asked for opens

    def __init__(self, item: str = "") -> None:
        super().__init__()
        self.wanted_item = item
        self.found: Batch | None = None
        self.heard = 0
        """How many sentences of the sync under way the lists have followed."""

    def body(self) -> ComposeResult:
        yield ReferralLine(id="referral")
        yield MessageBar(id="ring")
        yield StateLine("", id="said")
        with Horizontal(id="lists"):
            with Vertical(id="out"):
                yield PlainText("On its way", classes="side-title")
                yield RecordList[Line](draw, skip=lambda line: line.share is None, id="batch")
            with Vertical(id="in"):
                yield PlainText("What came in", id="in-title", classes="side-title")
                yield RecordList["ItemRow"](draw_item, id="items")
        with Vertical(id="run"):
            yield ProgressBar(total=STEPS, show_eta=False, show_percentage=False, id="bar")
            yield StateLine("", id="progress")
            yield MessageBar(id="result")
            yield PlainText("", id="errors")

    def on_mount(self) -> None:
        self.query_one("#bar").display = False
        self.query_one("#errors").display = False
        self.query_one("#batch").focus()
        self.set_interval(TICK, self._follow)
        job_of(self.console).watched = True

    def on_screen_suspend(self) -> None:
        job_of(self.console).watched = False

    @on(events.ScreenResume)
    def _watch(self) -> None:
        job_of(self.console).watched = True

    def on_unmount(self) -> None:
        job_of(self.console).watched = False

    def refresh_record(self) -> None:
        """Read the batch and the inbox."""
        self.fetch(batch, self.vault, self.console.clock(), then=self._show)

    def _show(self, found: Batch) -> None:
        first, self.found = self.found is None, found
        self.query_one("#referral").refresh(layout=True)
        self.query_one("#said", StateLine).say(self._words())
        self.query_one("#ring", MessageBar).say(ring_words(found.late), "bad")
        outgoing, items = self.query_one("#batch", RecordList), self.query_one("#items", RecordList)
        outgoing.empty = "Nothing is on its way. An entry is proposed from a child's record and approved on Share."
        items.empty = "Nothing came in yet."
        outgoing.show(found.lines, keep=lambda line: line.key)
        items.show(found.items, keep=lambda item: item.id)
        waiting = sum(item.state == "waiting" for item in found.items)
        self.query_one("#in-title", PlainText).show(
            f"What came in ({waiting} to be matched)" if waiting else "What came in"
        )
        if first and not found.lines and found.items:
            items.focus()
        self.refresh_bindings()
        if self.wanted_item:
            item, self.wanted_item = self.wanted_item, ""
            items.focus()
            self.console.open("inbox", item=item)
        self.now_read()

    def _words(self) -> str:
        found = self.found
        return f"{self._partner_words(found)}\n{found.machines}".strip() if found else ""

    def _partner_words(self, found: Batch) -> str:
        from practice.dates import day_words, time_words
        from storage.types import from_utc_text

        if found.hub is None and not found.ways:
            return "No hub has been joined yet. Press p for Partners: it joins one, or sets another way."
        by = [f"Hub {found.hub.url}" if found.hub else "No hub", *(WAYS[way] for way in found.ways)]
        if not found.last_sync:
            return f"{', '.join(by)}. Not synced yet."
        last = from_utc_text(found.last_sync).astimezone()
        return f"{', '.join(by)}. Last sync {day_words(last.date())}, {time_words(last)}."

    # -- the run -------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Show how the sync that is under way stands."""
        job = job_of(self.console)
        bar, said = self.query_one("#bar", ProgressBar), self.query_one("#progress", StateLine)
        if bar.display != job.running:
            bar.display = job.running
            self.refresh_bindings()
        if job.running and len(job.said) != self.heard:
            self.heard = len(job.said)
            self.refresh_record()  # each partner's counts move while it goes on
        if job.running:
            bar.update(progress=min(len(job.said), STEPS - 1))
            said.say(f"{job.said[-1]}. You may leave; it goes on." if job.said else "Beginning.")
        elif said.text:
            said.say("")
        result, ended = self.query_one("#result", MessageBar), job.ended_words(self.console.clock())
        if result.text != ended:
            result.say(ended, job.tone)
            errors = self.query_one("#errors", PlainText)
            errors.show("\n".join(job.errors))
            errors.display = bool(job.errors)

    def act_run(self) -> None:
        """Run the sync."""
        from sync.machines import sync_all

        if job_of(self.console).start(self.vault, sync_all):
            self._follow()

    # -- what can be done ----------------------------------------------------------------------------------------------

    def _item(self) -> ItemRow | None:
        item: ItemRow | None = self.query_one("#items", RecordList).current
        return item

    def _share(self) -> ShareRow | None:
        line: Line | None = self.query_one("#batch", RecordList).current
        return line.share if line else None

    @property
    def _in_inbox(self) -> bool:
        return self.focused is self.query_one("#items")

    def why_not(self, action_id: str) -> str:
        if action_id == "sync.run":
            if job_of(self.console).running:
                return "A sync is under way."
            if self.found is not None and self.found.hub is None and not (self.found.machines or self.found.ways):
                return "No hub has been joined and no other way is set: Partners does both."
        if action_id == "sync.open" and (self._item() if self._in_inbox else self._share()) is None:
            return "Nothing is in this list."
        return ""

    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open what came in, to match it; or the share that is on its way."""
        if self._in_inbox:
            item = self._item()
            if item is not None:
                self.console.open("inbox", item=item.id)
        else:
            share = self._share()
            if share is not None:
                open_share(self.console, share)

    def act_partners(self) -> None:
        """Open Partners."""
        self.console.open("partners")
