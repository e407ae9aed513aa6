"""How a partner and an agreement are drawn in their lists (R-66, R-120)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from practice.text import counted, visible
from screens.sharing_words import headed
from screens.widgets.chrome import cut
from screens.widgets.text import plain

if TYPE_CHECKING:
    from storage.views.sharing import ContractRow, PartnerRow, WayRow


@dataclass(frozen=True)
class Row:
    """A partner with its agreements as of a day."""

    partner: PartnerRow
    agreements: list[Agreement]
    way: WayRow | None = None

    @property
    def counts(self) -> str:
        """Say how many agreements stand, and how many are to be answered by one side: "1 agreement · 1 to answer"."""
        turns = [each.turn for each in self.agreements]
        said = [counted(turns.count("stands"), "agreement")]
        said += [f"{turns.count(turn)} {words}" for turn, words in UNANSWERED.items() if turn in turns]
        return " · ".join(said)


@dataclass(frozen=True)
class Agreement:
    """An agreement as of a day."""

    contract: ContractRow
    today: date

    @property
    def turn(self) -> str:
        """Return where it stands, one of TURNS."""
        contract = self.contract
        if contract.ended:
            return "ended"
        if contract.standing in ("received", "offered", "declined"):
            return contract.standing
        return "overdue" if contract.review < self.today else "stands"

    @property
    def place(self) -> tuple[int, str]:
        """Return what it is listed by: first what waits for an answer of ours, last what has ended."""
        return TURNS.index(self.turn), self.contract.purpose.casefold()


TURNS = ("received", "overdue", "stands", "offered", "declined", "ended")
UNANSWERED = {"received": "to answer", "offered": "offered"}
STANDING = {
    "stands": ("in force", "$text-success"),
    "overdue": ("review overdue: nothing leaves", "$text-error"),
    "ended": ("ended", "$text-muted"),
    "offered": ("offered: they have not answered", "$text-warning"),
    "received": ("they offer it: answer them", "$text-warning"),
    "declined": ("declined: nothing leaves", "$text-error"),
}


def compared_words(partner: PartnerRow) -> tuple[str, str]:
    """Say whether the key words were compared, and the tone."""
    if partner.changed:
        return "key changed: compare again", "$text-error"
    if partner.verified:
        return "words compared", "$text-success"
    return "words not compared", "$text-warning"


def folded(text: str, width: int) -> list[Content]:
    """Return a muted, indented line, folded where it is too long."""
    return [Content("  ") + line for line in plain(text, "$text-muted").wrap(max(width - 3, 10))]


def draw(row: Row, width: int) -> list[Content]:
    """Draw a partner: name and whether the words were compared, kind and agreements, code."""
    from practice.vocabulary import PartnerKind, label_of
    from sync.ways import words as way_words

    state, tone = compared_words(row.partner)
    kind = label_of(PartnerKind, row.partner.kind)
    rung = row.partner.telephone
    ring = f"Ring {f'{row.partner.contact}, {rung}' if row.partner.contact else rung}"
    return [
        *headed(row.partner.name, state, tone, width),
        *folded(f"{kind} · {row.counts}", width),
        *folded(f"{row.partner.org} · {way_words(row.way)}", width),
        *(folded(ring, width) if rung else []),
    ]


def draw_agreement(row: Agreement, width: int) -> list[Content]:
    """Draw an agreement: its purpose, then basis and review date, and what it covers."""
    from practice.dates import day_words
    from practice.vocabulary import ConcernCategory, LawfulBasis, label_of

    contract = row.contract
    state, tone = STANDING[row.turn]
    state += ", signed by both" if row.turn == "stands" and contract.standing else ""
    purpose = " ".join(visible(contract.purpose).split())
    first = Content(purpose).wrap(max(width - 3 - cell_len(state), 10))[0]
    space = " " * max(width - 1 - first.cell_length - cell_len(state), 1)
    more = purpose[len(first.plain) :].strip()
    terms = f"  {label_of(LawfulBasis, contract.basis)} · review {day_words(contract.review)}"
    categories = ", ".join(label_of(ConcernCategory, code) for code in contract.categories) or "Any category"
    kept = f" · kept {' '.join(visible(contract.retention).split())}" if contract.retention else ""
    extra = f"ended: {visible(contract.ended_reason)}" if contract.ended else f"{categories}{kept}"
    extra = (
        f"because: {visible(contract.declined_reason)}" if contract.declined_reason and not contract.ended else extra
    )
    return [
        Content.assemble(first, space, (state, tone)),
        *(Content(more).wrap(max(width - 1, 10)) if more else []),
        Content.styled(cut(terms, width - 1), "$text-muted"),
        *folded(" ".join(extra.split()), width),
    ]


def terms_words(contract: ContractRow) -> str:
    """Return what an agreement says, whole, for whoever is about to sign it."""
    from practice.dates import day_words
    from practice.vocabulary import ConcernCategory, LawfulBasis, label_of

    categories = ", ".join(label_of(ConcernCategory, code) for code in contract.categories) or "any category"
    lines = [
        f"Purpose: {contract.purpose}",
        f"Lawful basis: {label_of(LawfulBasis, contract.basis)}",
        f"Covers: {categories}",
        f"Kept for: {contract.retention or 'not said'}",
        f"Nothing leaves under it after {day_words(contract.review)}.",
    ]
    return "\n".join(lines)
