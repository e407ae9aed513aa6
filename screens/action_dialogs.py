"""The questions of actions: what is to be done and by whom, another owner or day, and closing one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.widgets import Input

from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.due_field import DueField
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.actions import ActionRow
    from storage.views.children import ChildRow


class _ActionDialog(FormDialog["ActionRow"]):
    """A form about an action."""

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = cast("Console", self.app).vault
        assert vault is not None
        return vault

    def due(self) -> tuple[date | None, str]:
        """Return the day that was meant, and what is to be asked about it."""
        return self.query_one(DueField).read()


class AddActionDialog(_ActionDialog):
    """Asks what is to be done about a child, by whom and by when."""

    VERB = "Record"

    def __init__(self, child: ChildRow | None = None, about: str = "") -> None:
        super().__init__("Something to be done", "It stands on the list of whoever is to do it until it is closed.")
        self._child, self._about = child, about

    def fields(self) -> ComposeResult:
        yield Field("Child", ChildPicker(provisional=False, id="child"))
        yield Field("What", AnswerField(id="what"))
        yield Field("Who does it", Input(placeholder="left blank: me", max_length=200, id="owner"))
        yield Field("By when", DueField(id="due"))

    def on_mount(self) -> None:
        if self._child is not None:
            self.query_one(ChildPicker).choose(self._child)
            self.query_one("#what").focus()
        else:
            self.query_one("#child Input").focus()

    def confirm(self) -> None:
        from storage.desk.actions import add

        child = self.query_one(ChildPicker).child
        what = self.query_one("#what", AnswerField).text.strip()
        due, question = self.due()
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", self.query_one("#child Input"))
        elif not what:
            self.ask("What is to be done?", self.query_one("#what"))
        elif question:
            self.ask(question, self.query_one("#due Input"))
        else:
            owner = self.query_one("#owner", Input).value
            self.busy("One moment.")
            self.run(
                add,
                self.vault,
                child.id,
                what,
                owner=owner,
                due=due,
                about=self._about,
                then=self.finish,
                failed=self.failed,
            )


class ChangeActionDialog(_ActionDialog):
    """Asks for another owner or day, and why."""

    VERB = "Change"

    def __init__(self, action: ActionRow) -> None:
        super().__init__("Another owner, or another day", f"{action.child}: {action.what}")
        self._action = action

    def fields(self) -> ComposeResult:
        yield Field("Who does it", Input(placeholder=f"stays {self._action.owner}", max_length=200, id="owner"))
        yield Field("By when", DueField(empty="stays as it is", id="due"))
        yield Field("Why", AnswerField(id="why"))

    def confirm(self) -> None:
        from storage.desk.actions import change

        owner, why = self.query_one("#owner", Input).value.strip(), self.query_one("#why", AnswerField).text.strip()
        due, question = self.due()
        if question:
            self.ask(question, self.query_one("#due Input"))
        elif not owner and due is None:
            self.ask("Another owner, or another day?", self.query_one("#owner"))
        elif not why:
            self.ask("Why? It is read with the record.", self.query_one("#why"))
        else:
            self.busy("One moment.")
            self.run(
                change, self.vault, self._action.id, why, owner=owner, due=due, then=self.finish, failed=self.failed
            )


class CloseActionDialog(_ActionDialog):
    """Asks what came of it, what follows, and why it is closed: none may be blank."""

    VERB = "Close it"

    def __init__(self, action: ActionRow) -> None:
        super().__init__("Close it, with what came of it", f"{action.child}: {action.what}")
        self._action = action

    def fields(self) -> ComposeResult:
        yield Field("What came of it", AnswerField(id="outcome"))
        yield Field("What follows", AnswerField(placeholder="where nothing follows: that, and why", id="follow"))
        yield Field("Why it is closed", AnswerField(id="why"))

    def confirm(self) -> None:
        from storage.desk.actions import done

        texts = {name: self.query_one(f"#{name}", AnswerField).text.strip() for name in ("outcome", "follow", "why")}
        questions = {
            "outcome": "What came of it?",
            "follow": "What follows? Where nothing does, write that and why.",
            "why": "Why is it closed?",
        }
        missing = next((name for name, text in texts.items() if not text), None)
        if missing:
            self.ask(questions[missing], self.query_one(f"#{missing}"))
            return
        self.busy("One moment.")
        self.run(
            done,
            self.vault,
            self._action.id,
            texts["follow"],
            texts["outcome"],
            texts["why"],
            then=self.finish,
            failed=self.failed,
        )
