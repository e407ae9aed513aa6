"""How a partner and an agreement are drawn in their lists (R-66, R-120)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from practice.text import visible
from screens.widgets.chrome import cut
from screens.widgets.text import plain

if TYPE_CHECKING:
    from storage.views.sharing import ContractRow, PartnerRow, WayRow


@dataclass(frozen=True)
class Row:
    """A partner with the number of agreements in force."""

    partner: PartnerRow
    contracts: int
    way: WayRow | None = None


def counts(contract: ContractRow, today: date) -> bool:
    """Say whether an agreement is among those that stand: neither ended, nor declined, nor past its review."""
    return not contract.ended and contract.standing != "declined" and contract.review >= today


@dataclass(frozen=True)
class Agreement:
    """An agreement as of a day."""

    contract: ContractRow
    today: date


STANDING = {
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


def draw(row: Row, width: int) -> list[Content]:
    """Draw a partner: name and whether the words were compared, kind and agreements, code."""
    from practice.vocabulary import PartnerKind, label_of
    from sync.ways import words as way_words

    state, tone = compared_words(row.partner)
    name = cut(visible(row.partner.name), max(width - 3 - cell_len(state), 10))
    space = " " * max(width - 1 - cell_len(name) - cell_len(state), 1)
    count = f"{row.contracts} agreement{'s' if row.contracts != 1 else ''}"
    kind = label_of(PartnerKind, row.partner.kind)
    rung = row.partner.telephone
    ring = f"  Ring {f'{row.partner.contact}, {rung}' if row.partner.contact else rung}"
    return [
        Content.assemble(name, space, (state, tone)),
        Content.styled(cut(f"  {kind} · {count}", width - 1), "$text-muted"),
        Content.styled(cut(f"  {visible(row.partner.org)} · {way_words(row.way)}", width - 1), "$text-muted"),
        *([Content.styled(cut(visible(ring), width - 1), "$text-muted")] if rung else []),
    ]


def draw_agreement(row: Agreement, width: int) -> list[Content]:
    """Draw an agreement: its purpose, then basis and review date, and what it covers."""
    from practice.dates import day_words
    from practice.vocabulary import ConcernCategory, LawfulBasis, label_of

    contract = row.contract
    if contract.ended:
        state, tone = "ended", "$text-muted"
    elif contract.standing in STANDING:
        state, tone = STANDING[contract.standing]
    elif contract.review < row.today:
        state, tone = "review overdue: nothing leaves", "$text-error"
    else:
        state, tone = "in force, signed by both" if contract.standing else "in force", "$text-success"
    purpose = plain(" ".join(contract.purpose.split())).wrap(max(width - 3 - cell_len(state), 10))
    space = " " * max(width - 1 - purpose[0].cell_length - cell_len(state), 1)
    terms = f"  {label_of(LawfulBasis, contract.basis)} · review {day_words(contract.review)}"
    categories = ", ".join(label_of(ConcernCategory, code) for code in contract.categories) or "any category"
    kept = f" · kept {' '.join(visible(contract.retention).split())}" if contract.retention else ""
    extra = f"ended: {visible(contract.ended_reason)}" if contract.ended else f"{categories}{kept}"
    extra = (
        f"because: {visible(contract.declined_reason)}" if contract.declined_reason and not contract.ended else extra
    )
    folded = plain(" ".join(extra.split()), "$text-muted").wrap(max(width - 4, 10))
    return [
        Content.assemble(purpose[0], space, (state, tone)),
        *purpose[1:],
        Content.styled(cut(terms, width - 1), "$text-muted"),
        *(Content("  ") + line for line in folded),
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
