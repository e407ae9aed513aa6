"""What one sync did, for whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.outbox import Message

ERRORS_SHOWN = 100


@dataclass
class SyncReport:
    """What one sync did. `sent` counts entries that the hub acknowledged or that lie in a partner's folder,
    `acknowledged` those that partners receipted, `received` entries taken in, `queued` what still waits, `refused`
    entries that the hub or a partner would not take, `held` shares that a person holds back, `answers` the receipts
    and notices (such as of an agreement) that left, which are no entries."""

    sent: int = 0
    acknowledged: int = 0
    received: int = 0
    queued: int = 0
    refused: int = 0
    held: int = 0
    answers: int = 0
    errors: list[str] = field(default_factory=list)
    machines: str = ""
    """What was carried between the school's own machines by the hub, in a sentence; blank where nothing is."""

    def left(self, message: Message) -> None:
        """Count a message that left: an entry, or a receipt or notice."""
        if message.class_ == "data":
            self.sent += 1
        else:
            self.answers += 1

    def note(self, sentences: Sequence[str]) -> None:
        """Keep sentences, each once."""
        self.errors += [each for each in sentences if each and each not in self.errors]

    def shorten(self) -> None:
        """Keep the sentences to a number that can be read."""
        if len(self.errors) > ERRORS_SHOWN:
            self.errors[ERRORS_SHOWN:] = [f"And {len(self.errors) - ERRORS_SHOWN} more."]


def answer_words(count: int) -> str:
    """Return `1 receipt or notice`, `2 receipts and notices`."""
    return f"{count} {'receipt or notice' if count == 1 else 'receipts and notices'}"


def entries(count: int) -> str:
    """Return `1 entry`, `2 entries`."""
    return f"{count} {'entry' if count == 1 else 'entries'}"
