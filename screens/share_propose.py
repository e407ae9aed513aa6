"""The dialog that proposes an entry to a partner: to whom, and under which agreement (R-65, R-66)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Select

from practice.errors import ConsoleError
from practice.share_words import share_words
from practice.text import visible
from screens.review_evidence import excerpt
from screens.sharing_words import way_words
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.record_rows import EntryRow
    from storage.views.sharing import ContractRow, PartnerRow, ShareRow


@dataclass(frozen=True)
class Choice:
    """What may be chosen for one entry."""

    entry: EntryRow
    partners: list[PartnerRow]
    contracts: list[ContractRow]
    before: list[ShareRow]
    owner: str = ""
    """Whose material it is, where it is shared on only if they agree (R-67, R-68)."""
    theirs: bool = False
    """Whether another agency owns it, so that its rule goes with it."""
    closed: bool = False
    """Whether its owner's rule, or that they took it back, lets it go nowhere."""


def choices(vault: Vault, entry_id: str) -> Choice:
    """Return the entry, the partners, the agreements under which something may leave, and earlier shares."""
    from storage.views import arrivals, record, sharing
    from sync.contracts import fault, today
    from sync.shares import owner_of

    on_day = today(vault)
    entry = record.get(vault, entry_id)
    source, rule = owner_of(vault, entry)
    owner = source if rule in ("ask", "never") else ""
    return Choice(
        entry,
        sharing.partners(vault),
        [row for row in sharing.contracts(vault) if not fault(row, on_day)],
        sharing.shares(vault, entry_id=entry_id),
        owner,
        bool(source),
        rule == "never" and bool(arrivals.items(vault, item_id=entry.id)),
    )


class ProposeDialog(FormDialog[str]):
    """Asks to whom, and under which agreement; dismissed with the new share's id."""

    VERB = "Propose"
    awaits_read = True

    def __init__(self, entry_id: str) -> None:
        super().__init__("Propose to a partner", "Nothing leaves yet: you see the exact bytes first, and approve them.")
        self._entry = entry_id
        self._found: Choice | None = None

    def fields(self) -> ComposeResult:
        yield PlainText("", id="about")
        yield StateLine("", id="before", classes="muted")
        yield Field("Partner", ChoiceField([], prompt="Choose a partner", id="partner"))
        yield Field("Agreement", ChoiceField([], prompt="None: a single share", id="contract"))
        yield StateLine("", id="caution")
        agree = [("Yes, they agree that it goes to this partner", "yes")]
        on = [("Never", "never"), ("Only when they have asked us", "ask"), ("Yes, with whoever needs it", "yes")]
        yield Field("May share on?", ChoiceField(on, value="ask", blank=False, id="on-share"), id="rule")
        yield Field("Owner agrees?", ChoiceField(agree, prompt="Not asked yet", id="owner-agrees"), id="owner")

    def on_mount(self) -> None:
        self.query_one("#owner").display = False
        vault = cast("Console", self.app).vault
        assert vault is not None
        self.fetch(choices, vault, self._entry, then=self._show, failed=self.failed)

    def _show(self, found: Choice) -> None:
        from practice.dates import in_words

        self._found = found
        entry = found.entry
        self.query_one("#owner").display = bool(found.owner) and not found.closed
        self.query_one("#rule").display = not found.theirs
        self.query_one("#about", PlainText).show(
            f"{entry.child}, {in_words(entry.occurred)}: {excerpt(entry.text, 200)}"
        )
        before = "; ".join(f"{share.partner}: {share_words(share)}" for share in found.before)
        self.query_one("#before", StateLine).say(f"Until now: {before}" if before else "Not shared with anybody yet.")
        listed = [(visible(row.name), row.org) for row in found.partners]
        self.query_one("#partner", ChoiceField).set_options(plain_options(listed))
        if found.closed:
            self.say(f"This is {visible(found.owner)}'s and may not be shared on. Esc goes back.", "warn")
        elif not found.partners:
            self.say("There is no partner yet: Partners adds one. Nothing was changed.", "warn")
        elif len(listed) == 1:
            self.query_one("#partner", ChoiceField).code = listed[0][1]
        self.query_one("#partner").focus()
        self.now_read()

    @on(Select.Changed, "#partner")
    def _partner_chosen(self) -> None:
        found, org = self._found, self.query_one("#partner", ChoiceField).code
        if found is None:
            return
        mine = [row for row in found.contracts if row.org == org]
        self.query_one("#contract", ChoiceField).set_options(plain_options([(way_words(row), row.id) for row in mine]))
        if len(mine) == 1:
            self.query_one("#contract", ChoiceField).code = mine[0].id
        self.query_one("#caution", StateLine).say(" ".join(cautions(found, org)), "warn")

    def confirm(self) -> None:
        from sync.shares import propose

        org = self.query_one("#partner", ChoiceField).code
        vault = cast("Console", self.app).vault
        if not org:
            self.ask("Which partner?", self.query_one("#partner"))
        elif vault is not None:
            contract = self.query_one("#contract", ChoiceField).code
            agree = bool(self.query_one("#owner-agrees", ChoiceField).code)
            self.run(
                propose,
                vault,
                self._entry,
                org,
                contract,
                owner_agrees=agree,
                on_share=self.query_one("#on-share", ChoiceField).code,
                then=self._proposed,
                failed=self.failed,
            )

    def _proposed(self, share_id: str) -> None:
        self.dismiss(share_id)

    def failed(self, error: ConsoleError) -> None:
        super().failed(error)
        self.query_one("#partner").focus()


def plain_options(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return (label, code) pairs whose labels a Select does not read as markup."""
    from rich.text import Text

    return [(cast("str", Text(label)), code) for label, code in pairs]


def cautions(found: Choice, org: str) -> list[str]:
    """Return what should be thought of before this entry goes to this partner."""
    said = []
    partner = next((row for row in found.partners if row.org == org), None)
    if partner is not None and partner.changed:
        said.append(f"The key of {partner.name} has changed: compare the words by telephone first.")
    elif partner is not None and not partner.verified:
        said.append(f"The key words of {partner.name} were never compared by telephone.")
    if found.owner and not found.closed:
        said.append(f"This came from {visible(found.owner)}: it is shared on only if they agree.")
    return said
