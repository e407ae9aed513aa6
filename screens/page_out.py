"""The dialog that writes a page to a file: minutes, holiday lists, reports (R-116)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.widgets import Input

from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from screens.console import Console
    from storage.documents.pages import PageMade
    from storage.vault import Vault


class PageDialog(FormDialog["PageMade"]):
    """Asks where a page goes, and writes it; its ending, .pdf or .html, says the form."""

    VERB = "Write"

    def __init__(
        self, heading: str, write: Callable[[Vault, Path], PageMade], name: str = "page", ending: str = ".pdf"
    ) -> None:
        super().__init__(
            heading,
            "The file is not encrypted: keep it where only those may read it who may know it. Name it without a "
            "child's name. That it went out is recorded.",
        )
        self._write, self._file = write, (name, ending)

    def fields(self) -> ComposeResult:
        yield Field("Where to", Input(max_length=4096, id="where"))

    def on_mount(self) -> None:
        field = self.query_one("#where", Input)
        day = cast("Console", self.app).now().date().isoformat()
        field.value = str(Path("~") / f"{self._file[0]}-{day}{self._file[1]}")
        field.focus()

    def confirm(self) -> None:
        where = self.query_one("#where", Input).value.strip()
        vault = cast("Console", self.app).vault
        if not where:
            self.ask("Where to? A folder and a name.", "#where")
        elif vault is not None:
            self.busy("The page is being written.")
            self.run(self._write, vault, Path(where).expanduser(), then=self.finish, failed=self.failed)
