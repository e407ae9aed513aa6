"""One share: the record beside the exact bytes that leave, and the decision about it (R-60 to R-66)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.errors import Refused
from practice.share_words import share_words
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.share import decide_with_reason, why_not_now
from screens.share_approve import ApproveDialog, SecondDialog
from screens.share_record import decided_content, page_title, record_content
from screens.sharing_words import ReferralLine, way_words
from screens.widgets.heed import HeedLines
from screens.widgets.text import MessageBar, PlainText, StateLine
from screens.widgets.verbatim import Verbatim

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.record_rows import EntryDetail
    from storage.views.sharing import ContractRow, Decided, PartnerRow, ShareRow

OPEN = ("proposed", "held", "agreed")


@dataclass(frozen=True)
class Opened:
    """One share with what it rests on; `payload` is the frozen bytes as text, `fault` why there are none."""

    share: ShareRow
    detail: EntryDetail
    partner: PartnerRow | None
    contract: ContractRow | None
    payload: str
    page: str
    caution: str
    fault: str = ""
    anew: bool = False
    read_first: tuple[str, ...] = ()
    nation: str = "england"
    others: tuple[str, ...] = ()
    """Who else approves and is here, for a share that waits for a second yes."""
    ring: str = ""
    """Whom to ring, and why, where the partner has not answered in time."""
    decided: tuple[Decided, ...] = ()


_FREEZING = threading.Lock()
"""Two reads of one share at once would each freeze bytes, and the screen might show those that no longer count."""


def opened(vault: Vault, share_id: str, *, anew: bool = False) -> Opened:
    """Return a share with its frozen bytes; where it is still open and the record has changed, they are frozen anew."""
    with _FREEZING:
        return _opened(vault, share_id, anew=anew)


def _opened(vault: Vault, share_id: str, *, anew: bool) -> Opened:
    from storage.views import front_sheet, organisation, record, sharing, unanswered
    from sync import partners
    from sync.preview import page as page_of
    from sync.shares import preview, still_so

    share = sharing.share(vault, share_id)
    detail = record.detail(vault, share.entry_id)
    partner = next((row for row in sharing.partners(vault, removed=True) if row.org == share.org), None)
    contract = next((row for row in sharing.contracts(vault) if row.id == share.contract), None)
    caution = partners.caution(partner) if partner else ""
    fault, changed = "", False
    try:
        if anew or (share.state in OPEN and not (share.payload and still_so(vault, share))):
            preview(vault, share_id)
            changed, share = bool(share.payload), sharing.share(vault, share_id)
    except Refused as error:
        fault = f"{error.message} {error.hint}".strip()
    known = share.payload and partner and not fault
    page = page_of(share.payload, partner, contract, "", basis=share.basis) if known and partner else ""
    said = tuple(front_sheet.read_out(vault, share.child_id))
    payload, nation = "" if fault else share.payload, organisation.calendar(vault).nation
    others = tuple(organisation.others_who_approve(vault, vault.clock().astimezone().date()))
    late = unanswered.unanswered(vault, vault.clock(), [share])
    ring = late[0].words if late else ""
    told = tuple(sharing.decisions(vault, share))
    return Opened(
        share, detail, partner, contract, payload, page, caution, fault, changed, said, nation, others, ring, told
    )


class ShareEntryScreen(ConsoleScreen):
    """The record, the page and the exact bytes of one share."""

    NAME = "share_entry"
    HEADING = "Share"
    HELP = (
        "On one side the record; on the other what leaves: as a person reads it, and the exact bytes that are signed. "
        "a approves them after asking for the lawful basis and who was told; h holds, x decides not to share, c "
        "withholds one that has not left; e corrects what was sent and w takes it back. Nothing leaves before you sync."
    )
    CSS_PATH = "share.tcss"
    BINDINGS = bindings("share_entry")
    awaits_read = True

    def __init__(self, share_id: str) -> None:
        super().__init__()
        self.share_id = share_id
        self.found: Opened | None = None

    def body(self) -> ComposeResult:
        yield ReferralLine(id="referral")
        yield PlainText("", id="about")
        yield StateLine("", id="state")
        yield StateLine("", id="ring")
        yield StateLine("", id="caution")
        yield HeedLines(id="heed")
        yield MessageBar(id="fault")
        with VerticalScroll(id="sides", can_focus=False):
            with VerticalScroll(id="record"):
                yield PlainText("The record", classes="side-title")
                yield Static("", id="record-text")
            with Vertical(id="leaves"):
                with VerticalScroll(id="page"):
                    yield PlainText(page_title(None), id="page-title", classes="side-title")
                    yield PlainText("", id="page-text")
                with VerticalScroll(id="bytes"):
                    yield PlainText("The exact bytes", id="bytes-title", classes="side-title")
                    yield Verbatim("", id="bytes-text")

    def on_mount(self) -> None:
        self.query_one("#bytes").focus()

    def refresh_record(self) -> None:
        """Read the share; while it is open, its bytes follow the record."""
        self.fetch(opened, self.vault, self.share_id, then=self._show)

    def _show(self, found: Opened) -> None:
        if self.found is None and found.share.state not in (*OPEN, "agreed"):
            self.query_one("#record").focus()  # nothing is to be decided over its bytes any more
        before = self.found.share.digest if self.found else ""  # a later read may have taken the place of this one's
        self.found = found
        share, entry = found.share, found.detail.entry
        self.query_one("#referral").refresh(layout=True)
        self.query_one("#about", PlainText).show(f"{entry.child or 'A child'} → {share.partner}")
        tone = {
            "proposed": "warn",
            "held": "warn",
            "agreed": "warn",
            "refused": "bad",
            "expired": "bad",
            "acknowledged": "good",
        }
        approved = f" · Approved by {share.approved_by}" if share.approved_by else ""
        because = f" · Because: {visible(share.reason)}" if share.state == "withdrawn" and share.reason else ""
        way = way_words(found.contract, urgent=share.urgent)
        words = f"{'URGENT · ' if share.urgent else ''}{share_words(share)}{because}{approved} · {way}"
        self.query_one("#state", StateLine).say(words, tone.get(share.state, ""))
        caution = "Caution: their key words were never compared by telephone." if found.caution else ""
        if found.partner is not None and found.partner.changed:
            caution = "Caution: they have another key now. Compare its words by telephone; until then nothing leaves."
        for name, said, colour in (("#ring", found.ring, "bad"), ("#caution", caution, "warn")):
            self.query_one(name, StateLine).say(said, colour)
            self.query_one(name).display = bool(said)
        self.query_one("#heed", HeedLines).say(list(found.read_first))
        parts = [record_content(found.detail), *decided_content(share, found.decided)]
        self.query_one("#record-text", Static).update(Content("\n").join(parts))
        self.query_one("#page-title", PlainText).show(page_title(share))
        self.query_one("#page-text", PlainText).show(found.page or found.fault)
        self.query_one("#bytes-text", Verbatim).show(found.payload)
        size = len(found.payload.encode())
        none = "No bytes were made" if share.state == "not_shared" else "No bytes yet"
        title = f"The exact bytes: {size:,}, SHA-256 {share.digest[:16]}…" if found.payload else none
        self.query_one("#bytes-title", PlainText).show(title)
        if found.anew or (before and share.digest != before and share.state in OPEN):
            self._say("The record has changed, so the bytes were made anew. Read them again.", "warn")
        self.refresh_bindings()
        self.now_read()

    def _say(self, sentence: str, tone: str = "") -> None:
        self.query_one("#fault", MessageBar).say(sentence, tone)

    # -- deciding ------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None or action_id == "back":
            return "" if action_id == "back" else "The share is still being read."
        if action_id == "share_entry.approve" and not self.found.payload:
            return self.found.fault or "There are no bytes to approve yet."
        if action_id in ("share_entry.sync", "share_entry.child"):
            return ""
        if action_id == "share_entry.approve" and self.found.partner is not None and self.found.partner.changed:
            return "The partner's key has changed: compare the words by telephone first (Partners)."
        share = self.found.share
        mine = share.state == "agreed" and share.agreed_by_id == self.vault.person.id
        if action_id == "share_entry.approve" and mine and self.found.others:
            return f"You approved it: another person says the second yes ({', '.join(self.found.others)})."
        return why_not_now(self.found.share, action_id)

    def act_approve(self) -> None:
        """Ask for basis, who was told and why, and approve these bytes."""
        found = self.found
        if found is not None:
            dialog = SecondDialog(found) if found.share.state == "agreed" else ApproveDialog(found)
            self.app.push_screen(dialog, self._approved)

    def _approved(self, answer: str | None) -> None:
        if answer == "stale":
            self.fetch(opened, self.vault, self.share_id, anew=True, then=self._show)
        elif answer:
            partner = self.found.share.partner if self.found else ""
            waits = (
                "It leaves once a second approver says yes." if answer == "agreed" else "It waits here until you sync."
            )
            rung = " Ring them now: sync is not a referral." if answer == "urgent" else ""
            self.console.say(f"Approved for {partner}. {waits}{rung}", "Share")
            self._say("")
            self.refresh_record()

    def act_hold(self) -> None:
        """Let the share wait, with the reason."""
        decide_with_reason(self, self.found.share if self.found else None, "hold")

    def act_refuse(self) -> None:
        """Decide not to share, with the reason."""
        decide_with_reason(self, self.found.share if self.found else None, "refuse")

    def act_cancel(self) -> None:
        """Withhold a share that has not left."""
        decide_with_reason(self, self.found.share if self.found else None, "cancel")

    def act_correct(self) -> None:
        """Propose the amended entry in the place of what was sent, with the reason."""
        decide_with_reason(self, self.found.share if self.found else None, "correct")

    def act_withdraw(self) -> None:
        """Take back what was sent, with the reason."""
        decide_with_reason(self, self.found.share if self.found else None, "withdraw")

    def act_sync(self) -> None:
        """Open Sync."""
        self.console.open("sync")

    def act_child(self) -> None:
        """Open the child's record at this entry."""
        if self.found is not None:
            self.console.open("child", child_id=self.found.detail.entry.child_id, entry_id=self.found.share.entry_id)
