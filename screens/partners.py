"""Partners: the agencies, whether their key words were compared, and the agreements with each (R-66, R-120)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.partners_dialogs import AddDialog, CompareDialog, ContractDialog, EnrolDialog, RenewDialog, TelephoneDialog
from screens.partners_lines import Agreement, Row, draw, draw_agreement, terms_words
from screens.partners_ways import BundleDialog, WayDialog
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from practice.acts import HubEnrolled
    from storage.vault import Vault
    from storage.views.sharing import ContractRow, PartnerRow, WayRow


@dataclass(frozen=True)
class Agencies:
    """What the screen shows."""

    hub: HubEnrolled | None
    partners: list[PartnerRow]
    contracts: list[ContractRow]
    today: date
    ways: dict[str, WayRow]
    holds: bool
    """Whether this machine holds the organisation's keys, with or without a hub."""


def agencies(vault: Vault) -> Agencies:
    """Return the hub, the partners and the agreements."""
    from storage.views import organisation, sharing
    from sync.membership import holds_keys

    today = vault.clock().astimezone().date()
    found = sharing.ways(vault)
    return Agencies(
        organisation.hub(vault), sharing.partners(vault), sharing.contracts(vault), today, found, holds_keys(vault)
    )


class PartnersScreen(ConsoleScreen):
    """The agencies, and the agreements with the one under the cursor."""

    NAME = "partners"
    HEADING = "Partners"
    HELP = (
        "The agencies with whom you share. n adds one, w compares its key words with you over the telephone, "
        "g adds an agreement for regular sharing; on an agreement o offers it to be signed by both, a accepts and d "
        "declines theirs, x ends it. c shows which children each side means; t keeps the number to ring there; k makes "
        "our own keys anew; v sets which way messages go: the hub, a folder, SFTP or by hand, and b writes or takes in "
        "what is carried by hand. r removes a partner, h joins the hub. Tab goes to the agreements."
    )
    CSS_PATH = "partners.tcss"
    BINDINGS = bindings("partners")
    awaits_read = True  # an agreement that was asked for takes the focus

    def __init__(self, agreement: str = "") -> None:
        super().__init__()
        self.found: Agencies | None = None
        self.wanted = agreement
        self.known: set[str] | None = None
        """The partners before one was added here; None where none was."""

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        with Horizontal(id="sides"):
            with Vertical(id="who"):
                yield PlainText("Partners", classes="side-title")
                yield RecordList[Row](draw, id="partners")
            with Vertical(id="what"):
                yield PlainText("Agreements", id="what-title", classes="side-title")
                yield RecordList[Agreement](draw_agreement, id="contracts")

    def on_mount(self) -> None:
        self.query_one("#partners").focus()

    def refresh_record(self) -> None:
        """Read partners and agreements."""
        self.fetch(agencies, self.vault, then=self._show)

    def _show(self, found: Agencies) -> None:
        self.found = found
        listed = self.query_one("#partners", RecordList)
        listed.empty = self._empty_words()
        rows = [
            Row(
                partner,
                [Agreement(each, found.today) for each in found.contracts if each.org == partner.org],
                found.ways.get(partner.org),
            )
            for partner in found.partners
        ]
        listed.show(rows, keep=lambda row: row.partner.org)
        self._to_added(found)
        hub = found.hub
        none = (
            "No hub. Messages go by folder, SFTP or hand: v." if found.holds else "No hub has been joined yet: press h."
        )
        said = f"Hub {hub.url}. Our code: {hub.org}" if hub else none
        self.query_one("#said", StateLine).say(said, "" if hub or found.holds else "warn")
        self._to_wanted(found)
        self._show_contracts()
        self.refresh_bindings()
        self.now_read()

    def _to_added(self, found: Agencies) -> None:
        """Stand on the partner that was just added, whose words are compared next, once."""
        known, self.known = self.known, None
        added = [place for place, row in enumerate(found.partners) if known is not None and row.org not in known]
        if added:
            self.query_one("#partners", RecordList).action_move_to(added[0])

    def _to_wanted(self, found: Agencies) -> None:
        """Stand on the agreement that was asked for, once."""
        wanted, self.wanted = next((each for each in found.contracts if each.id == self.wanted), None), ""
        orgs = [partner.org for partner in found.partners]
        if wanted is None or wanted.org not in orgs:
            return
        self.query_one("#partners", RecordList).action_move_to(orgs.index(wanted.org))
        self._show_contracts()
        contracts: RecordList[Agreement] = self.query_one("#contracts", RecordList)
        rows = [contracts.row(place) for place in range(contracts.count)]
        contracts.action_move_to(next(place for place, row in enumerate(rows) if row and row.contract is wanted))
        contracts.focus()

    def _empty_words(self) -> str:
        if self.found is None or self.found.hub is None:
            return (
                "First join the hub: ask its operator for the address and an invite code, then press h.\n\n"
                "After that, n adds a partner by its code.\n\nWithout a hub: b writes your public keys to a file for a "
                "partner, and adds them from theirs."
            )
        return (
            "No partner yet. Press n and type the partner's code, such as a council's three-digit number or a school's "
            "six-digit URN."
        )

    def _show_contracts(self) -> None:
        partner, found = self._partner(), self.found
        contracts = self.query_one("#contracts", RecordList)
        title = f"Agreements with {partner.name}" if partner else "Agreements"
        self.query_one("#what-title", PlainText).show(title)
        contracts.empty = (
            "No agreement. A single or emergency share needs none; g adds one for regular sharing." if partner else ""
        )
        mine = (
            [Agreement(row, found.today) for row in found.contracts if partner and row.org == partner.org]
            if found
            else []
        )
        mine.sort(key=lambda row: row.place)
        contracts.show(mine, keep=lambda row: row.contract.id)

    @on(RecordList.Moved, "#partners")
    def _moved(self) -> None:
        self._show_contracts()
        self.refresh_bindings()

    @on(RecordList.Moved, "#contracts")
    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    # -- what can be done ----------------------------------------------------------------------------------------------

    def _partner(self) -> PartnerRow | None:
        row: Row | None = self.query_one("#partners", RecordList).current
        return row.partner if row else None

    def _contract(self) -> ContractRow | None:
        row: Agreement | None = self.query_one("#contracts", RecordList).current
        return row.contract if row else None

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        verb = action_id.rpartition(".")[2]
        found = self.found
        enrolled = found is not None and found.hub is not None
        holds = enrolled or (found is not None and found.holds)
        partner, contract = self._partner(), self._contract()
        no_contract = contract is None or contract.ended
        reasons = (
            (verb == "join" and enrolled, "A hub has been joined already."),
            (
                verb not in ("join", "bundle") and not holds,
                "Join the hub first (h), or write your keys for a partner (b).",
            ),
            (verb == "add" and not enrolled, "There is no hub to fetch keys from: b adds a partner from their file."),
            (verb not in ("join", "add", "cases", "renew", "bundle") and partner is None, "Add a partner first: n."),
            (
                verb == "contract" and partner is not None and partner.changed,
                "The partner's key has changed: compare the words first (w).",
            ),
            (
                verb in ("end", "offer", "accept", "decline") and no_contract,
                "No agreement in force is under the cursor: Tab goes to the agreements.",
            ),
            (
                verb == "offer" and contract is not None and bool(contract.standing),
                "It was offered already: both sides know it.",
            ),
            (
                verb == "offer" and contract is not None and found is not None and contract.review < found.today,
                "Its review day has passed: end it (x) and add a new one (g).",
            ),
            (
                verb in ("accept", "decline") and contract is not None and contract.standing != "received",
                "It does not wait for your answer.",
            ),
        )
        return next((reason for stands, reason in reasons if stands), "")

    def act_join(self) -> None:
        """Join a hub."""
        self.app.push_screen(EnrolDialog(), self._said)

    def act_add(self) -> None:
        """Add a partner."""
        self.app.push_screen(AddDialog(), self._added)

    def act_compare(self) -> None:
        """Compare the key words with the partner by telephone."""
        partner = self._partner()
        if partner is not None:
            self.app.push_screen(CompareDialog(partner), self._said)

    def act_contract(self) -> None:
        """Add an agreement with this partner."""
        partner = self._partner()
        if partner is not None:
            self.app.push_screen(ContractDialog(partner), self._said)

    def act_offer(self) -> None:
        """Offer the agreement under the cursor, to be signed by both."""
        from sync.agreements import offer

        contract = self._contract()
        if contract is not None:
            said = "Offered. It leaves with the next sync; nothing is sent under it before they accept."
            self.run(offer, self.vault, contract.id, then=lambda _digest: self._said(said))

    def act_accept(self) -> None:
        """Accept the agreement under the cursor, after asking once more."""
        contract, partner = self._contract(), self._partner()
        if contract is None or partner is None:
            return

        def answered(yes: bool | None) -> None:
            from sync.agreements import accept

            if yes:
                said = "Accepted. They are told with the next sync."
                self.run(accept, self.vault, contract.id, then=lambda _none: self._said(said))

        sentence = f"{partner.name} offers it. Your signature goes back with the next sync.\n\n{terms_words(contract)}"
        self.app.push_screen(ConfirmDialog("Accept this agreement?", sentence, verb="Accept"), answered)

    def act_decline(self) -> None:
        """Decline the agreement under the cursor, with the reason, which they read."""
        contract, partner = self._contract(), self._partner()
        if contract is None or partner is None:
            return

        def answered(reason: str | None) -> None:
            from sync.agreements import decline

            if reason:
                said = "Declined. They are told with the next sync."
                self.run(decline, self.vault, contract.id, reason, then=lambda _none: self._said(said))

        sentence = f"{partner.name} reads your reason. Nothing moves under «{contract.purpose}»."
        self.app.push_screen(
            ReasonDialog("Decline this agreement", sentence, verb="Decline", about=contract.id), answered
        )

    def act_end(self) -> None:
        """End the agreement under the cursor, with the reason."""
        contract, partner = self._contract(), self._partner()
        if contract is None or partner is None:
            return

        def answered(reason: str | None) -> None:
            from sync.contracts import end

            if reason:
                self.run(end, self.vault, contract.id, reason, then=self._ended)

        sentence = f"Nothing more leaves under «{contract.purpose}» for {partner.name}; what is queued is withheld."
        self.app.push_screen(ReasonDialog("End this agreement", sentence, verb="End it", about=contract.id), answered)

    def _ended(self, withheld: int) -> None:
        kept = f" {withheld} queued share{'s were' if withheld != 1 else ' was'} withheld." if withheld else ""
        self._said(f"The agreement has ended.{kept}")

    def act_cases(self) -> None:
        """Open the children whom partners and this organisation know to be the same."""
        self.console.open("cases")

    def act_renew(self) -> None:
        """Make our own keys anew, with the reason."""

        def answered(words: str | None) -> None:
            if words:
                self._said(words)

        self.app.push_screen(RenewDialog(), answered)

    def act_telephone(self) -> None:
        """Keep the number to ring there."""
        partner = self._partner()
        if partner is not None:
            self.app.push_screen(TelephoneDialog(partner), self._said)

    def act_way(self) -> None:
        """Set which way messages to and from the partner go."""
        partner, found = self._partner(), self.found
        if partner is not None and found is not None:
            self.app.push_screen(WayDialog(partner, found.ways.get(partner.org)), self._said)

    def act_bundle(self) -> None:
        """Write or take in what is carried by hand."""
        holds = self.found is not None and self.found.holds
        own = None if holds else self.vault.school.code
        self.app.push_screen(BundleDialog(self._partner(), own), self._added)

    def act_remove(self) -> None:
        """Remove the partner, with the reason."""
        partner = self._partner()
        if partner is None:
            return

        def answered(reason: str | None) -> None:
            from sync.partners import remove

            if reason:
                self.run(remove, self.vault, partner.org, reason, then=lambda _none: self._said("Removed."))

        sentence = f"Nothing more is exchanged with {partner.name}. What was recorded stays."
        self.app.push_screen(ReasonDialog("Remove this partner", sentence, verb="Remove", about=partner.org), answered)

    def _added(self, words: str | None) -> None:
        self.known = {row.org for row in self.found.partners} if words and self.found is not None else None
        self._said(words)

    def _said(self, words: str | None) -> None:
        if words:
            self.console.say(words, "Partners")
            self.refresh_record()
