"""The dialog that asks for the folder of the daily backups."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input

from screens.base import Calls
from screens.widgets.dialogs import Dialog, back_button, confirm_button


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


class FolderDialog(Calls, Dialog[str | None]):
    """Asks for a folder: dismissed with its whole path, blank for none, or None on Escape."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Keep", tooltip="Keep this folder"),
    ]

    def __init__(self, folder: str, vault: Path) -> None:
        super().__init__()
        self._first, self._vault = folder, vault

    def compose(self) -> ComposeResult:
        said = (
            "A stick, another drive or a network share; what lies there is encrypted. One backup is made at the first "
            "lock of each day. Leave it blank for none."
        )
        field = Input(self._first, placeholder="a USB stick, or S:\\Safeguarding", max_length=4096)
        yield from self.framed("Where backups go", said, [field], back_button(), confirm_button("Keep"))

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
            self.ask(fault, self.query_one(Input))
        else:
            self.dismiss(text)
