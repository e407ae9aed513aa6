"""The dialog that asks for the folder of the daily backups."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from screens.base import Calls
from screens.widgets.dialogs import DIALOG_CSS
from screens.widgets.text import MessageBar, PlainText


def folder_fault(text: str, vault: Path) -> str:
    """Return why backups cannot go there, in a sentence, or an empty text; a blank folder means none."""
    if not text:
        return ""
    folder = Path(text).expanduser()
    if not folder.is_absolute():
        return "Write the whole path, from its beginning."
    try:
        if not folder.is_dir():
            return "That folder is not there. Plug the drive in, or make the folder first."
        if folder.resolve().is_relative_to(vault.resolve()):
            return "That is inside the vault: a backup there would be lost with it."
    except OSError:
        return "That folder cannot be read. Check that the drive or share is there."
    return ""


class FolderDialog(Calls, ModalScreen[str | None]):
    """Asks for a folder: dismissed with its whole path, blank for none, or None on Escape."""

    CSS = DIALOG_CSS.replace("ReasonDialog, ConfirmDialog", "FolderDialog")
    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Keep", tooltip="Keep this folder"),
    ]

    def __init__(self, folder: str, vault: Path) -> None:
        super().__init__()
        self._first, self._vault = folder, vault

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield PlainText("Where backups go", classes="dialog--title")
            yield PlainText(
                "A stick, another drive or a network share; what lies there is encrypted. One backup is made at the"
                " first lock of each day. Leave it blank for none.",
                classes="dialog--sentence",
            )
            yield Input(self._first, placeholder="a USB stick, or S:\\Safeguarding", max_length=4096)
            yield MessageBar()
            with Horizontal(classes="dialog--buttons"):
                yield Button("Back  Esc", id="back", compact=True)
                yield Button("Keep  Ctrl+S", id="confirm", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    @on(Input.Submitted)
    def action_confirm(self) -> None:
        """Take the folder, where backups can go there; a share that hangs does not hold the screen."""
        text = self.query_one(Input).value.strip()
        text = str(Path(text).expanduser()) if text else ""
        self.fetch(folder_fault, text, self._vault, then=lambda fault: self._checked(text, fault))

    def _checked(self, text: str, fault: str) -> None:
        if fault:
            self.query_one(MessageBar).say(fault, "warn")
            self.query_one(Input).focus()
        else:
            self.dismiss(text)
