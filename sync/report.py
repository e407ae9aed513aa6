"""What one sync did, for whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

ERRORS_SHOWN = 100


@dataclass
class SyncReport:
    """What one sync did. `sent` counts entries that the hub acknowledged or that lie in a partner's folder,
    `acknowledged` those that partners receipted, `received` entries taken in, `queued` what still waits, `refused`
    entries that the hub or a partner would not take, `held` shares that a person holds back."""

    sent: int = 0
    acknowledged: int = 0
    received: int = 0
    queued: int = 0
    refused: int = 0
    held: int = 0
    errors: list[str] = field(default_factory=list)
    machines: str = ""
    """What was carried between the school's own machines by the hub, in a sentence; blank where nothing is."""

    def note(self, sentences: Sequence[str]) -> None:
        """Keep sentences, each once."""
        self.errors += [each for each in sentences if each and each not in self.errors]

    def shorten(self) -> None:
        """Keep the sentences to a number that can be read."""
        if len(self.errors) > ERRORS_SHOWN:
            self.errors[ERRORS_SHOWN:] = [f"And {len(self.errors) - ERRORS_SHOWN} more."]


def entries(count: int) -> str:
    """Return `1 entry`, `2 entries`."""
    return f"{count} {'entry' if count == 1 else 'entries'}"
