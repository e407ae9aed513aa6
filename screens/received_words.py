"""What a partner's entry is and what its sender did to it since, as its record says it (R-67; protocol: rules 3, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.views.arrivals import ItemRow

TWO_TEXTS = "they sent two texts as one version"
TAKEN_BACK = "taken back by them"
RULES = {"never": "May not be shared on", "ask": "Shared on only if they agree", "yes": "May be shared on"}
"""Whether what came from another agency may be shared on, by its owner's rule."""


def theirs_words(item: ItemRow, *, rivals: bool = False) -> str:
    """Say what the sender did since: corrected it, took it back, sent two texts; blank where it stands as it came."""
    done = TAKEN_BACK if item.state == "withdrawn" else "corrected by them" if item.corrected else ""
    return ", and ".join(part for part in (done, TWO_TEXTS if rivals else "") if part)


def rule_words(item: ItemRow) -> str:
    """Say whether a partner's entry may be shared on: never, once they took it back."""
    return RULES["never" if item.state == "withdrawn" else item.on_share]
