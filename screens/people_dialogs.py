"""The questions of People & keys: a new person, a role, a passphrase, a list of children, and a code shown once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from practice.roles import POLICY, READS_GIVEN
from practice.vocabulary import Role
from screens.base import Calls
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.text import PlainText, code_rows

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import SlotPerson

Answer = TypeVar("Answer")
LISTED = 12
"""How many of the children on a list are named in its question."""
RULE = "At least 12 characters, or four words."
NEW_CODE = (
    "The present code opens nothing any more once the new one is shown, and the new one is shown once. Have paper at "
    "hand, and somewhere to lock it away. Every passphrase stays as it is."
)
ONCE = (
    "This code opens the record when a passphrase is lost. It is shown only now, and the one before opens nothing any "
    "more. Write it on paper, and lock it away from this machine."
)


@dataclass(frozen=True)
class NewPerson:
    """Somebody who is to be let in."""

    name: str
    role: str
    passphrase: str


@dataclass(frozen=True)
class NewPassphrase:
    """A change of one's own passphrase."""

    old: str
    new: str


@dataclass(frozen=True)
class Recovery:
    """Who takes the recovery code, and their new passphrase."""

    user: str
    code: str
    passphrase: str


class AskDialog(Calls, Dialog[Answer | None], Generic[Answer]):
    """A small form: dismissed with its answer, or with None on Escape; see `doing` for one that does it itself."""

    DEFAULT_CSS = """
    AskDialog #role-words { color: $text-muted; }
    """
    BINDINGS = [
        Binding("escape", "leave", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Confirm", tooltip="Go on with this"),
    ]
    work: Callable[[Answer], Any] | None = None
    busy = False
    HEADING: ClassVar[str] = ""
    SENTENCE: ClassVar[str] = ""
    VERB: ClassVar[str] = "Go on"

    @property
    def heading(self) -> str:
        """What is asked."""
        return self.HEADING

    @property
    def verb(self) -> str:
        """What the button does."""
        return self.VERB

    @property
    def sentence(self) -> str:
        """What follows, said before it is done."""
        return self.SENTENCE

    def fields(self) -> Iterable[Widget]:
        """Yield the form's own widgets."""
        yield from ()

    def compose(self) -> ComposeResult:
        buttons = back_button(), confirm_button(self.verb)
        yield from self.framed(self.heading, self.sentence, self.fields(), *buttons)

    @abstractmethod
    def answer(self) -> Answer | None:
        """Return the answer once it is whole; say what is missing otherwise."""

    def doing(self, work: Callable[[Answer], Any], then: Callable[[Any], None]) -> Self:
        """Do it in a thread while the form stands: what is refused is said in it, and nothing typed is lost.

        `then` is called with the result once the form has left.
        """
        self.work, self._then = work, then
        return self

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        """Leave the form, unless what it asked for is being done."""
        if not self.busy:
            self.dismiss(None)

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Take the answer, once it is whole."""
        answer = None if self.busy else self.answer()
        if answer is None:
            return
        if self.work is None:
            self.dismiss(answer)
            return
        self.busy = True
        self.say("One moment…")
        self.run(self.work, answer, then=lambda result: self._done(answer, result), failed=self._failed)

    def _done(self, answer: Answer, result: Any) -> None:
        self.dismiss(answer)
        self.app.call_later(self._then, result)  # from the app: what it asks next must not await a form that is gone

    def _failed(self, error: ConsoleError) -> None:
        self.busy = False
        self.say(f"{error.message} {error.hint}".strip(), "bad")

    def typed(self, selector: str) -> str:
        """Return what stands in a field."""
        return self.query_one(selector, Input).value

    def passphrase(self, person: str) -> str | None:
        """Return the person's new passphrase once it will do and stands there twice."""
        from storage.keys import passphrase_faults

        new, school = self.typed("#new"), cast("Console", self.app).school
        if faults := passphrase_faults(new, person, school.name if school else ""):
            self.ask(" ".join(faults), "#new")
            return None
        if self.typed("#again") != new:
            self.ask("The two are not the same.", "#again")
            return None
        return new


def secret(label: str, name: str) -> Field:
    """Return a field whose letters are not shown."""
    return Field(label, Input(password=True, id=name, max_length=1000, compact=True))


class AddDialog(AskDialog[NewPerson]):
    """Who is let in, as what, with which passphrase."""

    HEADING = "Let somebody open this record"
    SENTENCE = f"{POLICY} They type their own passphrase here. {RULE}"
    VERB = "Add"

    def fields(self) -> Iterable[Widget]:
        """Yield name, role and passphrase."""
        yield Field("Name", Input(id="name", max_length=200, compact=True))
        yield Field("Role", ChoiceField(Role.choices(), prompt="Choose", id="role"))
        yield PlainText("", id="role-words")
        yield secret("Their passphrase", "new")
        yield secret("The same again", "again")

    @on(ChoiceField.Changed, "#role")
    def _role(self) -> None:
        role = self.query_one("#role", ChoiceField).code
        self.query_one("#role-words", PlainText).show(READS_GIVEN if role == Role.READ_ONLY else "")

    def answer(self) -> NewPerson | None:
        name, role = self.typed("#name").strip(), self.query_one("#role", ChoiceField).code
        if not name:
            self.ask("Their name is missing.", "#name")
        elif not role:
            self.ask("Which role?", "#role")
        elif (new := self.passphrase(name)) is not None:
            return NewPerson(name, role, new)
        return None


class RoleDialog(AskDialog[str]):
    """Which role somebody is to have."""

    SENTENCE = f"{POLICY} {READS_GIVEN.replace('This role', 'The read-only role')}"
    VERB = "Change"

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name, self._role = name, role

    @property
    def heading(self) -> str:
        """Whose role it is."""
        return f"Another role for {self._name}"

    def fields(self) -> Iterable[Widget]:
        """Yield the roles."""
        yield Field("Role", ChoiceField(Role.choices(), value=self._role, blank=False, id="role"))

    def answer(self) -> str | None:
        return self.query_one("#role", ChoiceField).code or None


class PassphraseDialog(AskDialog[NewPassphrase]):
    """The present passphrase, and the new one twice."""

    HEADING = "Change my passphrase"
    SENTENCE = f"Nobody else's is touched. {RULE}"
    VERB = "Change"

    def fields(self) -> Iterable[Widget]:
        """Yield the three fields."""
        yield secret("Present passphrase", "old")
        yield secret("New passphrase", "new")
        yield secret("The same again", "again")

    def answer(self) -> NewPassphrase | None:
        vault = cast("Console", self.app).vault
        new = self.passphrase(vault.person.name if vault else "")
        return NewPassphrase(self.typed("#old"), new) if new is not None else None


class SecondFactorDialog(AskDialog[str]):
    """The present passphrase, after saying what follows from the second factor."""

    HEADING = "Second factor"

    def __init__(self, on: bool) -> None:
        super().__init__()
        self.on_now = on

    def fields(self) -> Iterable[Widget]:
        """Yield the one field."""
        yield secret("Present passphrase", "present")

    @property
    def sentence(self) -> str:
        """What follows from it."""
        if self.on_now:
            return "Your passphrase needs this machine's keyring now. Switched off, it opens this record alone."
        return (
            "Your passphrase will need this machine's keyring too: a copied folder and your passphrase open nothing. "
            "Where the keyring is lost, and on any other machine, only the recovery code lets you in: have it at hand "
            "first. Backups made before still open with the passphrase alone."
        )

    @property
    def verb(self) -> str:
        """What the button does."""
        return "Switch off" if self.on_now else "Switch on"

    def answer(self) -> str | None:
        if not self.typed("#present"):
            self.ask("Your present passphrase is missing.", "#present")
            return None
        return self.typed("#present")


class GrantDialog(AskDialog[str]):
    """Which child is put on a read-only person's list, or taken from it."""

    HEADING = "Their list"
    VERB = "Add or take away"

    def __init__(self, name: str, given: tuple[str, ...]) -> None:
        super().__init__()
        listed = ", ".join(given[:LISTED]) + (f" and {len(given) - LISTED} more" if len(given) > LISTED else "")
        self._words = (
            f"{name} reads the whole record of a child on the list, and of no other: for another they must give a "
            f"reason, which you see on Today. On it now: {listed or 'nobody'}. A child who is not on the list is "
            "added; one who is, is taken away."
        )

    def fields(self) -> Iterable[Widget]:
        """Yield the child's field."""
        yield PlainText(self._words, classes="dialog--sentence")
        yield Field("Child", ChildPicker(provisional=False, id="child"))

    def on_mount(self) -> None:
        self.query_one("#child Input").focus()

    def answer(self) -> str | None:
        child = self.query_one(ChildPicker).child
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
            return None
        return child.id


class RecoverDialog(AskDialog[Recovery]):
    """The recovery code, and a new passphrase for whoever lost theirs."""

    HEADING = "I have a recovery code"
    SENTENCE = f"It opens the record once; the next code is shown after it. Choose a new passphrase. {RULE}"
    VERB = "Open"

    def __init__(self, people: list[SlotPerson], chosen: str) -> None:
        super().__init__()
        self._people, self._chosen = people, chosen

    def fields(self) -> Iterable[Widget]:
        """Yield who, the code and the passphrase."""
        names = [(person.name, person.id) for person in self._people]
        yield Field("Who", ChoiceField(names, prompt="Choose", value=self._chosen, id="user"))
        yield Field("Recovery code", Input(id="code", max_length=100, compact=True, placeholder="eight groups of four"))
        yield secret("New passphrase", "new")
        yield secret("The same again", "again")

    def on_mount(self) -> None:
        self.query_one("#code").focus()

    def answer(self) -> Recovery | None:
        user = self.query_one("#user", ChoiceField).code
        if not user:
            self.ask("Who are you?", "#user")
        elif not self.typed("#code").strip():
            self.ask("The recovery code is missing.", "#code")
        elif (new := self.passphrase(next(each.name for each in self._people if each.id == user))) is not None:
            return Recovery(user, self.typed("#code"), new)
        return None


class CodeDialog(Dialog[None]):
    """A recovery code, shown once."""

    DEFAULT_CSS = """
    CodeDialog { background: $background; }
    CodeDialog #code-shown { width: 1fr; text-align: center; text-style: bold; color: $text-accent; margin: 1 0; }
    """
    BINDINGS = [Binding("ctrl+s", "dismiss(None)", "Written down", tooltip="Clear it from the screen")]
    AUTO_FOCUS = ""
    """Nothing: an Enter too many, behind the passphrase, must not clear a code that is shown once."""

    def __init__(self, code: str, title: str = "The new recovery code", sentence: str = ONCE) -> None:
        super().__init__()
        self._code, self._heading, self._sentence = code, title, sentence

    def compose(self) -> ComposeResult:
        code = PlainText(code_rows(self._code.split("-")), id="code-shown")
        yield from self.framed(self._heading, self._sentence, [code], confirm_button("I wrote it down"))

    @on(Button.Pressed)
    def _done(self) -> None:
        self.dismiss(None)
