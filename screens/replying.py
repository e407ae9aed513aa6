"""A question or an answer to a partner's entry, written in a dialog and then read as bytes before it is approved."""

from __future__ import annotations

from typing import ClassVar

from screens.base import ConsoleScreen
from screens.widgets.dialogs import ReasonDialog


class ReplyDialog(ReasonDialog):
    """Asks for the words; dismissed with them, or with None."""

    ASKS: ClassVar[str] = "What you ask, or what you answer"


def ask_back(screen: ConsoleScreen, item_id: str, sender: str) -> None:
    """Ask for the words, record them under the child, and open the share whose bytes are read and approved."""

    def answered(words: str | None) -> None:
        from sync.replies import reply

        if words:
            screen.run(reply, screen.vault, item_id, words, then=proposed)

    def proposed(made: tuple[str, str]) -> None:
        screen.console.open("share_entry", share_id=made[1])

    sentence = (
        "It is recorded under the child, and proposed to them: you read the exact bytes and approve them. Sync is not "
        "a referral: what cannot wait is asked by telephone."
    )
    screen.app.push_screen(ReplyDialog(f"Ask or answer {sender}", sentence, verb="Write it", about=item_id), answered)
