"""What the screens of sharing have in common: colours, whom to ring, and that sync is no referral (protocol: §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from practice.organisations import whom_to_ring
from practice.text import visible
from screens.widgets.text import plain

if TYPE_CHECKING:
    from practice.acts import SchoolSet
    from screens.console import Console
    from storage.views.sharing import ContractRow, ShareRow
    from storage.views.unanswered import Unanswered

TONES = {
    "proposed": "$text-warning",
    "held": "$text-warning",
    "agreed": "$text-warning",
    "refused": "$text-error",
    "expired": "$text-error",
    "acknowledged": "$text-success",
}
REFERRAL = "Sync is not a referral. If a child is in danger, ring"


def open_share(console: Console, share: ShareRow) -> None:
    """Open a share; what a partner gave back after a restore opens where it is looked at, since it may be lost here."""
    if share.recovered == "open":
        console.open("recovered", share=share.id)
    else:
        console.open("share_entry", share_id=share.id)


def ring_words(late: Sequence[Unanswered]) -> str:
    """Say which partners must be rung, each once with its number; blank where nobody is late."""
    if not late:
        return ""
    told = dict.fromkeys(visible(row.where) for row in late if row.number)
    count = f"{len(late)} {'entry was' if len(late) == 1 else 'entries were'} not answered in time"
    whom = f"ring {'; '.join(told)}" if told else "ring them now"
    return f"{count}: {whom}. Sync is not a referral."


def headed(name: str, state: str, tone: str, width: int, style: str = "") -> list[Content]:
    """Return a name with its state at the end of the line, or under it where both do not fit: a name is never cut."""
    line, said = plain(" ".join(name.split()), style), Content.styled(state, tone)
    room = width - 1 - line.cell_length - cell_len(state)
    if room >= 2:
        return [line + Content(" " * room) + said]
    return [*line.wrap(max(width - 1, 10)), *(Content("  ") + each for each in said.wrap(max(width - 3, 10)))]


def way_words(contract: ContractRow | None, *, urgent: bool = False) -> str:
    """Say whether a share is a single or an emergency one, or stands under an agreement."""
    from practice.dates import day_words

    if contract is None:
        return "An emergency share, without an agreement" if urgent else "A single share, without an agreement"
    return f"Under the agreement «{visible(contract.purpose)}», review {day_words(contract.review)}"


def danger_words(school: SchoolSet | None) -> list[str]:
    """Return the sentence of rule 15 and the numbers to telephone, each a part that is not folded."""
    if school is None:
        return [REFERRAL, "999"]
    numbers = whom_to_ring(school.organisation, school.phones.front_door, school.phones.out_of_hours)
    return [REFERRAL, *(visible(each) for each in numbers)]


class ReferralLine(Widget):
    """The sentence of rule 15; folds between its numbers, never inside one."""

    DEFAULT_CSS = """
    ReferralLine { height: auto; color: $text-warning; text-style: bold; margin: 0 0 1 0; }
    .-narrow ReferralLine { margin: 0; }
    """

    def lines(self, width: int) -> list[str]:
        """Return the sentence and the numbers in lines of this width."""
        lines = [""]
        for part in danger_words(cast("Console", self.app).school):
            gap = "" if not lines[-1] else " " if lines[-1] == REFERRAL else " · "
            joined = f"{lines[-1]}{gap}{part}"
            if cell_len(joined) <= width or not lines[-1]:
                lines[-1] = joined
            else:
                lines.append(part)
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render(self) -> Content:
        return Content("\n".join(self.lines(self.size.width)))
