"""The dialogs that name a child to a partner: what leaves is shown word for word, and the front sheet is read first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import Select

from practice.front_sheet import heed_code
from screens.share_approve import HEEDED
from screens.share_propose import plain_options
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.heed import HeedLines
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.cases import CaseRow
    from storage.views.sharing import ContractRow


@dataclass(frozen=True)
class Leaves:
    """What a partner would be told of a child, and what must be read first."""

    words: str
    read_first: list[str]


def leaves(vault: Vault, child_id: str, org: str) -> Leaves:
    """Return what leaves where this child is named to this partner; blocks."""
    from practice.cases import told_words
    from storage.views import front_sheet, sharing
    from sync.cases import identity_of

    told = told_words(identity_of(vault, child_id, sharing.partner(vault, org)))
    return Leaves(told, front_sheet.read_out(vault, child_id))


def agreements(vault: Vault) -> list[tuple[ContractRow, str]]:
    """Return the agreements in force, each with its partner's name; blocks."""
    from storage.views import sharing
    from sync.contracts import fault, today

    names = {row.org: row.name for row in sharing.partners(vault)}
    on_day = today(vault)
    rows = [row for row in sharing.contracts(vault) if row.org in names and not fault(row, on_day)]
    return [(row, names[row.org]) for row in rows]


class HeedingDialog(FormDialog[str]):
    """Shows word for word what leaves, and asks that the front sheet was read where it says something."""

    said: list[str]

    def told_fields(self) -> ComposeResult:
        """Yield what leaves, and the front sheet's lines with their question."""
        yield StateLine("", id="leaves")
        yield HeedLines(id="heed")
        yield Field("Reaches none?", ChoiceField([(HEEDED, "yes")], prompt="Read the lines above", id="heeded"), id="h")

    def show(self, found: Leaves) -> None:
        """Show what leaves."""
        self.said = found.read_first
        self.say("")
        self.query_one("#leaves", StateLine).say(f"This leaves, and no more: {found.words}")
        self.query_one("#heed", HeedLines).say(found.read_first)
        self.query_one("#h").display = bool(found.read_first)

    def heeded(self) -> str | None:
        """Return the code of what was read; None, having asked, where nobody said that it was."""
        if self.said and not self.query_one("#heeded", ChoiceField).code:
            self.ask("Read what the front sheet says, and say so.", self.query_one("#heeded"))
            return None
        return heed_code(self.said)


class OfferDialog(HeedingDialog):
    """Asks which child is named, to whom and under which agreement."""

    VERB = "Name this child"
    awaits_read = True

    def __init__(self) -> None:
        super().__init__(
            "Name a child to a partner",
            "They confirm who it is; from then on what you share of this child stands in their record by itself.",
        )
        self.said = []
        self._rows: list[tuple[ContractRow, str]] = []

    def fields(self) -> ComposeResult:
        yield Field("Agreement", ChoiceField([], prompt="Choose partner and agreement", id="contract"))
        yield Field("Child", ChildPicker(provisional=False, id="child"))
        yield from self.told_fields()

    def on_mount(self) -> None:
        self.query_one("#h").display = False
        vault = cast("Console", self.app).vault
        assert vault is not None
        self.fetch(agreements, vault, then=self._show, failed=self.failed)

    def _show(self, rows: list[tuple[ContractRow, str]]) -> None:
        self._rows = rows
        pairs = [(f"{name}: {row.purpose}", row.id) for row, name in rows]
        field = self.query_one("#contract", ChoiceField)
        field.set_options(plain_options(pairs))
        if len(pairs) == 1:
            field.code = pairs[0][1]
        if not pairs:
            self.say("No agreement is in force: Partners adds one. A single share needs no case.", "warn")
        self.query_one("#child Input" if len(pairs) == 1 else "#contract").focus()
        self.now_read()

    def _org(self) -> str:
        code = self.query_one("#contract", ChoiceField).code
        return next((row.org for row, _ in self._rows if row.id == code), "")

    @on(Select.Changed, "#contract")
    @on(ChildPicker.Picked, "#child")
    def _chosen(self) -> None:
        child, org = self.query_one("#child", ChildPicker).child, self._org()
        vault = cast("Console", self.app).vault
        if child is not None and org and vault is not None:
            self.fetch(leaves, vault, child.id, org, then=self.show, failed=self.failed)

    def confirm(self) -> None:
        from sync.cases import offer

        child, vault = self.query_one("#child", ChildPicker).child, cast("Console", self.app).vault
        if not self._org():
            self.ask("To whom, and under which agreement?", self.query_one("#contract"))
        elif child is None:
            self.ask("Which child?", self.query_one("#child Input"))
        elif vault is not None and (read := self.heeded()) is not None:
            contract = self.query_one("#contract", ChoiceField).code
            said = f"{child.name} is named to them with the next sync."
            self.run(
                offer,
                vault,
                child.id,
                self._org(),
                contract,
                heeded=read,
                then=lambda _number: self.finish(said),
                failed=self.failed,
            )


class TellDialog(HeedingDialog):
    """Tells a partner what has changed of a child's name, date of birth or UPN."""

    VERB = "Tell them"

    def __init__(self, case: CaseRow, changed: tuple[str, ...]) -> None:
        super().__init__(f"Tell {case.partner}", f"Of {case.child} this has changed: {', '.join(changed)}.")
        self._case = case
        self.said = []

    def fields(self) -> ComposeResult:
        yield from self.told_fields()

    def on_mount(self) -> None:
        self.query_one("#h").display = False
        vault = cast("Console", self.app).vault
        assert vault is not None
        self.fetch(leaves, vault, self._case.child_id or "", self._case.org, then=self.show, failed=self.failed)
        self.query_one("#back").focus()

    def confirm(self) -> None:
        from sync.cases import tell_changed

        vault = cast("Console", self.app).vault
        if vault is not None and (read := self.heeded()) is not None:
            said = "They are told with the next sync."
            self.run(
                tell_changed,
                vault,
                self._case.id,
                heeded=read,
                then=lambda _said: self.finish(said),
                failed=self.failed,
            )
