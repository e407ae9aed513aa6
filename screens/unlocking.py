"""What a screen that asks for a passphrase does with what is typed behind it: it is for what the passphrase brings."""

from __future__ import annotations

from screens.base import ConsoleScreen


class UnlockingScreen(ConsoleScreen):
    """A screen whose Enter gives a passphrase; keys wait while it is tried, and are forgotten where it is refused."""

    trying = False
    """Whether a passphrase is being tried."""

    def begin_trying(self) -> None:
        """Let what is typed wait for what the passphrase brings."""
        self.trying, self.stands = True, False

    def refused_words(self) -> str:
        """Forget what was typed for it, and return the sentence that says so, or an empty text."""
        self.trying, self.stands = False, True
        return " What you typed behind it was not used." if self.console.drop_typed() else ""

    def _now_stands(self) -> None:
        if not self.trying:
            super()._now_stands()
