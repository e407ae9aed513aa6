"""Which report cards were compared on this machine: their fingerprints, by vault, in one small file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dsl_console import folders
from practice.errors import Refused

if TYPE_CHECKING:
    from storage.reports import Card

FILE_NAME = "report-cards.json"
LIMIT = 64 * 1024
TELL = "If it cannot wait, tell the DSL in person now."


def _file() -> Path:
    return folders.data_dir() / FILE_NAME


def _known() -> dict[str, str]:
    """Return what was compared; a file that cannot be read is as if nothing was, so the words are asked for again."""
    try:
        stored = _file().read_bytes()
        known = json.loads(stored) if len(stored) <= LIMIT else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return {vault: mark for vault, mark in known.items() if isinstance(mark, str)} if isinstance(known, dict) else {}


def is_known(card: Card) -> bool:
    """Say whether this card's words were compared here; raises Refused where another card of this vault was."""
    mark = _known().get(card.vault)
    if mark is not None and mark != card.fingerprint:
        raise Refused(
            "This report card is not the one that was compared on this machine. Nothing was stored.",
            title="Another card",
            hint=f"{TELL} If the DSL has made a new card, give the words that the DSL reads to you with --words.",
        )
    return mark is not None


def remember(card: Card) -> None:
    """Keep that this card's words were compared; raises Refused where that cannot be written."""
    from storage.atomic import private_folder, write_atomic

    known = _known() | {card.vault: card.fingerprint}
    try:
        private_folder(folders.data_dir())
        write_atomic(_file(), json.dumps(known, indent=1).encode())
    except OSError as error:
        raise Refused(
            f"That the card was compared could not be kept ({type(error).__name__}). Nothing was stored.", hint=TELL
        ) from None


def compare(card: Card, words: str) -> None:
    """Compare a card with the words that the DSL read out, and remember it; raises Refused where they differ."""
    if words.casefold().split() != card.words.split():
        raise Refused(
            "The words do not agree: this card is not the school's. Nothing was stored.",
            title="Not the school's card",
            hint=TELL,
        )
    remember(card)
