"""Share: what waits for approval, what is held, what is on its way, and what was decided, by partner (R-60, R-69)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.errors import ConsoleError
from practice.share_words import share_words, state_words
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.share_propose import ProposeDialog
from screens.sharing_words import TONES, ReferralLine, open_share, ring_words
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from practice.acts import SchoolSet
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow, ShareRow
    from storage.views.unanswered import Unanswered

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Came back", ("refused", "expired")),
    ("To approve", ("proposed", "agreed")),
    ("Held", ("held",)),
    ("Approved, on the way", ("queued", "offered", "delivered")),
    ("Done", ("acknowledged", "withheld", "not_shared", "superseded", "corrected", "withdrawn")),
)
MAY_HAVE_ARRIVED = ("offered", "delivered", "acknowledged", "refused", "expired")
UNANSWERED = ("agreed", "queued", "offered", "delivered", "refused", "expired")
DONE = 100
"""How many of the finished shares are listed, newest first."""


@dataclass(frozen=True)
class Row:
    """A line of the list: a heading, or one share."""

    heading: str = ""
    share: ShareRow | None = None
    why: str = ""
    """Why its partner must be rung now; blank where nothing is late."""

    @property
    def key(self) -> object:
        """What the row is about, so that the cursor stays on it."""
        return self.share.id if self.share else self.heading


@dataclass(frozen=True)
class Listing:
    """What the screen shows."""

    shares: list[ShareRow]
    partners: list[PartnerRow]
    school: SchoolSet
    enrolled: bool
    late: list[Unanswered]


def listing(vault: Vault) -> Listing:
    """Return the shares, the partners, and whether a hub was joined."""
    from storage.views import organisation, sharing, unanswered

    shares = sharing.shares(vault)
    late = unanswered.unanswered(vault, vault.clock(), shares)
    return Listing(shares, sharing.partners(vault), vault.school, organisation.hub(vault) is not None, late)


def rows_of(shares: list[ShareRow], late: Sequence[Unanswered] = ()) -> list[Row]:
    """Return the rows: sections in the order in which they ask for something, in each the partners by name."""
    why = {each.share.id: each.why for each in late}
    rows: list[Row] = []
    for title, states in SECTIONS:
        found = [share for share in shares if _section_state(share) in states]
        found = found[:DONE] if title == "Done" else found
        for partner in sorted({share.partner for share in found}):
            mine = [share for share in found if share.partner == partner]
            rows += [
                Row(f"{title} · {partner} ({len(mine)})"),
                *(Row(share=each, why=why.get(each.id, "")) for each in mine),
            ]
    return rows


def _section_state(share: ShareRow) -> str:
    """Return under which state a share is listed: what a partner gave back waits for a person, wherever it stood."""
    return "refused" if share.recovered == "open" else share.state


def draw(row: Row, width: int) -> list[Content]:
    """Draw a heading, or a share: whose, when, where it stands, on lines of its own where long, and how it begins."""
    from practice.dates import in_words

    share = row.share
    if share is None:
        return [Content(""), Content.styled(cut(visible(row.heading), width - 1), "bold $text-primary")]
    state = state_words(share.state) if share.kept else share_words(share)
    state = f"URGENT · {state}" if share.urgent and share.state in UNANSWERED else state
    state += f" · {row.why.removeprefix('urgent, and ')} · ring them" if row.why else ""
    when = in_words(share.occurred) if share.occurred else ""
    name_width = 22 if width < 90 else 28 if width < 150 else 44
    name = cut(visible(share.child), name_width)
    left = f"{name}{' ' * (name_width - cell_len(name))}  {cut(when, 26)}"
    tone = "$text-warning" if share.recovered == "open" or share.kept else TONES.get(share.state, "$text-muted")
    tone = "$text-error" if row.why else tone
    begins = Content.styled(f"    {cut(' '.join(visible(share.entry_text).split()), max(width - 6, 4))}", "$text-muted")
    kept = plain(share.kept, "$text-warning").wrap(max(width - 6, 4)) if share.kept else []
    after = [begins, *(Content("    ") + line for line in kept)]
    space = width - 3 - cell_len(left) - cell_len(state)
    if space > 0:
        return [Content.assemble("  ", left, " " * space, (state, tone)), *after]
    folded = Content.styled(state, tone).wrap(max(width - 6, 10))
    return [Content(f"  {left}"), *(Content("    ") + each for each in folded), *after]


class ShareScreen(ConsoleScreen):
    """Every share, by what it asks for."""

    NAME = "share"
    HEADING = "Share"
    HELP = (
        "Entries proposed to partners, and where each stands. Enter opens one: the record beside the exact bytes that "
        "will leave. h holds it and x decides not to share, each with a reason; c withholds one that has not left; e "
        "corrects what was sent and w takes it back. An entry is proposed from the child's record. Sync is not a "
        "referral: if a child is in danger, telephone."
    )
    CSS_PATH = "share.tcss"
    BINDINGS = bindings("share")
    awaits_read = True  # a share that was asked for opens, an entry is proposed

    def __init__(self, share_id: str = "", entry_id: str = "") -> None:
        super().__init__()
        self.wanted_share = share_id
        self.wanted_entry = entry_id
        self.found: Listing | None = None

    def body(self) -> ComposeResult:
        yield ReferralLine(id="referral")
        yield MessageBar(id="ring")
        yield StateLine("", id="said")
        yield RecordList[Row](draw, skip=lambda row: row.share is None, id="shares")

    def on_mount(self) -> None:
        self.query_one("#shares").focus()

    def refresh_record(self) -> None:
        """Read the shares."""
        self.fetch(listing, self.vault, then=self._show)

    def _show(self, found: Listing) -> None:
        self.found = found
        self.query_one("#referral").refresh(layout=True)
        listed = self.query_one("#shares", RecordList)
        listed.empty = self._empty_words()
        listed.show(rows_of(found.shares, found.late), keep=lambda row: row.key)
        self.query_one("#said", StateLine).say(self._words())
        self.query_one("#ring", MessageBar).say(ring_words(found.late), "bad")
        self.refresh_bindings()
        if self.wanted_share:
            share, self.wanted_share = self.wanted_share, ""
            self._stand_on(share)
            self.console.open("share_entry", share_id=share)
        elif self.wanted_entry:
            entry, self.wanted_entry = self.wanted_entry, ""
            self._propose(entry)
        self.now_read()

    def _words(self) -> str:
        shares = self.found.shares if self.found else []
        mine = [share for share in shares if share.state == "agreed" and share.agreed_by_id == self.vault.person.id]
        to_approve = sum(share.state in ("proposed", "agreed") for share in shares) - len(mine)
        counts = (
            (to_approve, "to approve"),
            (len(mine), "to be approved by another"),
            (sum(share.state == "held" for share in shares), "held"),
            (sum(share.state in ("queued", "offered") for share in shares), "waiting to leave"),
            (sum(share.state == "delivered" for share in shares), "on the way"),
            (sum(_section_state(share) in ("refused", "expired") for share in shares), "came back"),
        )
        return " · ".join(f"{count} {words}" for count, words in counts if count)

    def _empty_words(self) -> str:
        if self.found is None or not self.found.enrolled:
            return (
                "Nothing is shared yet, and no hub has been joined.\n\n"
                "Press p for Partners: join the hub with the invite code, add a partner, and compare its key words by "
                "telephone. Then open an entry in a child's record and propose it."
            )
        if not self.found.partners:
            return "Nothing is shared yet, and there is no partner. Press p for Partners and add one."
        return "Nothing is shared yet. Open an entry in a child's record (F3 finds one) and propose it to a partner."

    def _stand_on(self, share_id: str) -> None:
        listed = self.query_one("#shares", RecordList)
        for place in range(listed.count):
            row: Row | None = listed.row(place)
            if row is not None and row.key == share_id:
                listed.action_move_to(place)

    # -- proposing -----------------------------------------------------------------------------------------------------

    def _propose(self, entry_id: str) -> None:
        self.app.push_screen(ProposeDialog(entry_id), self._proposed)

    def _proposed(self, share_id: str | None) -> None:
        if share_id:
            self.wanted_share = share_id
            self.await_read()
            self.refresh_record()

    # -- what can be done ----------------------------------------------------------------------------------------------

    def _current(self) -> ShareRow | None:
        row: Row | None = self.query_one("#shares", RecordList).current
        return row.share if row else None

    def why_not(self, action_id: str) -> str:
        if action_id in ("back", "share.sync", "share.partners"):
            return ""
        share = self._current()
        return "There is no share in the list." if share is None else why_not_now(share, action_id)

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the share: the record beside the exact bytes."""
        share = self._current()
        if share is not None:
            open_share(self.console, share)

    def act_hold(self) -> None:
        """Let the share wait, with the reason."""
        decide_with_reason(self, self._current(), "hold")

    def act_refuse(self) -> None:
        """Decide not to share, with the reason."""
        decide_with_reason(self, self._current(), "refuse")

    def act_cancel(self) -> None:
        """Withhold a share that has not left."""
        decide_with_reason(self, self._current(), "cancel")

    def act_correct(self) -> None:
        """Propose the amended entry in the place of what was sent, with the reason."""
        decide_with_reason(self, self._current(), "correct")

    def act_withdraw(self) -> None:
        """Take back what was sent, with the reason."""
        decide_with_reason(self, self._current(), "withdraw")

    def act_sync(self) -> None:
        """Open Sync."""
        self.console.open("sync")

    def act_partners(self) -> None:
        """Open Partners."""
        self.console.open("partners")


# -- decisions that the list and the single share both offer ---------------------------------------------------------

ASKS = {
    "hold": ("Hold this share", "It waits here until you approve it or decide not to share.", "Hold"),
    "refuse": ("Decide not to share", "Nothing leaves. The decision is recorded with its reason.", "Do not share"),
    "cancel": ("Withhold this share", "It was approved and has not left. Its sealed copy is removed.", "Withhold"),
    "correct": (
        "Correct what was sent",
        "The entry as it stands now is proposed in its place; you read and approve its bytes. The partner reads your "
        "reason.",
        "Propose",
    ),
    "withdraw": (
        "Take back what was sent",
        "The partner is told with the next sync and reads your reason. What was read cannot be unread: telephone them "
        "as well.",
        "Take back",
    ),
}
DONE_WORDS = {
    "hold": "Held.",
    "refuse": "Recorded: not shared.",
    "cancel": "Withheld. Nothing left.",
    "correct": "Proposed. Read the new bytes and approve them.",
    "withdraw": "Taken back. They are told with the next sync; telephone them as well.",
}


def why_not_now(share: ShareRow, action_id: str) -> str:
    """Return why something cannot be done with a share as it stands, or an empty text."""
    verb = action_id.rpartition(".")[2]
    if verb in ("hold", "refuse", "approve") and share.state not in ("proposed", "held", "agreed"):
        return f"{share_words(share)}. Only a share that waits for approval can be decided."
    if verb == "cancel" and share.state != "queued":
        return f"{share_words(share)}. Only an approved share that has not left can be withheld."
    if verb in ("correct", "withdraw") and share.state not in MAY_HAVE_ARRIVED:
        return f"{share_words(share)}. Only what has left can be corrected or taken back."
    if verb == "correct" and share.version_now == share.version_seen:
        return "The entry stands as it was sent: amend it in the child's record first, then correct the share."
    return ""


def decide_with_reason(screen: ConsoleScreen, share: ShareRow | None, verb: str) -> None:
    """Ask for the reason, naming partner and child, and do it."""
    if share is None:
        return
    from sync import corrections, not_sharing

    title, sentence, label = ASKS[verb]
    calls: dict[str, Callable[[Vault, str, str], object]] = {
        "hold": not_sharing.hold,
        "refuse": not_sharing.refuse,
        "cancel": not_sharing.cancel,
        "correct": corrections.correct,
        "withdraw": corrections.withdraw,
    }

    def done(_result: object) -> None:
        screen.console.say(f"{share.partner}: {DONE_WORDS[verb]}", "Share")
        screen.refresh_record()

    def failed(error: ConsoleError) -> None:
        screen.console.report(error)
        screen.refresh_record()

    def answered(reason: str | None) -> None:
        if reason:
            screen.run(calls[verb], screen.vault, share.id, reason, then=done, failed=failed)

    about = f"An entry about {share.child} for {share.partner}. {sentence}"
    screen.app.push_screen(ReasonDialog(title, about, verb=label, about=share.id), answered)
