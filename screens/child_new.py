"""Add a child by hand: a name is enough (R-15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from practice.text import LINE_LIMIT
from screens.base import Calls
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.text import MessageBar

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
ROLL = (("Yes", "yes"), ("Not yet: provisional, matched later", "no"))


@dataclass(frozen=True)
class NewChild:
    """A child who was added, and what is to be asked about them."""

    child_id: str
    question: str


def added(vault: Vault, fields: dict[str, Any], provisional: bool) -> NewChild:
    """Add the child; blocks."""
    from storage.desk.children import add_child

    child_id, question = add_child(vault, provisional=provisional, **fields)
    return NewChild(child_id, question or "")


class NewChildDialog(Calls, Dialog[NewChild | None]):
    """Name, date of birth, year, class, UPN; dismissed with the child, or with None on Escape."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is added"),
        Binding("ctrl+s", "add", "Add", tooltip="Add the child"),
    ]

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self._first = name

    def compose(self) -> ComposeResult:
        yield from self.framed("Add a child", "", self.fields(), back_button(), confirm_button("Add"))

    def fields(self) -> Iterator[Widget]:
        """Yield what is asked about the child."""
        name = Input(self._first, id="name", placeholder="Forename and surname", max_length=LINE_LIMIT)
        yield Field("Name", name)
        yield Field("Date of birth", WhenField(id="born", empty="not known"))
        yield Field("Year", Input(id="year_group", placeholder="R, 1 to 13", max_length=40))
        yield Field("Class", Input(id="reg_group", max_length=40))
        yield Field("UPN", Input(id="upn", placeholder="If known", max_length=40))
        yield Field("On the roll?", ChoiceField(ROLL, id="provisional", value="yes", prompt="Yes"))

    def on_mount(self) -> None:
        self.query_one("#born Input", Input).placeholder = "3 May 2016 or 3/5/2016"
        self.query_one("#name").focus()

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    def _born(self) -> date | None:
        occurred = self.query_one("#born", WhenField).occurred
        exact = occurred.start is not None and occurred.start[:10] == (occurred.end or occurred.start)[:10]
        return date.fromisoformat(occurred.start[:10]) if exact and occurred.start else None

    @on(Button.Pressed, "#confirm")
    def action_add(self) -> None:
        """Add the child, unless something has to be asked first."""
        bar = self.query_one(MessageBar)
        name = self.query_one("#name", Input).value.strip()
        born = None
        if self.query_one("#born", WhenField).text.strip():
            born = self._born()
            if born is None:
                bar.say("Which day is that? Write it as 3 May 2016, or leave it blank.", "warn")
                return
            if born > cast("Console", self.app).now().date():
                bar.say("A date of birth lies in the past. Is the year right?", "warn")
                return
        if not name:
            bar.say("A child needs a name.", "warn")
            self.query_one("#name").focus()
            return
        fields: dict[str, Any] = {"name": name, "date_of_birth": born.isoformat() if born else None}
        fields |= {key: self.query_one(f"#{key}", Input).value.strip() for key in ("year_group", "reg_group", "upn")}
        vault = cast("Console", self.app).vault
        if vault is not None:
            provisional = self.query_one("#provisional", ChoiceField).code == "no"
            self.run(added, vault, fields, provisional, then=self._added, failed=self._refused)

    def _added(self, child: NewChild) -> None:
        self.dismiss(child)

    def _refused(self, error: ConsoleError) -> None:
        self.query_one(MessageBar).say(f"{error.message} {error.hint}".strip(), "bad")
