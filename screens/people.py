"""People & keys: who opens this record, as what, and with which keys; each action says what it does first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.compartments import ADULTS, CHILDREN
from practice.roles import MANAGES_PEOPLE, POLICY, finds_only_given
from practice.text import visible
from practice.vocabulary import Role, label_of
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.people_cover import CoverDialog
from screens.people_dialogs import (
    NEW_CODE,
    AddDialog,
    CodeDialog,
    GrantDialog,
    NewPassphrase,
    NewPerson,
    PassphraseDialog,
    RoleDialog,
    SecondFactorDialog,
)
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, PlainText, StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.people import Holder, Removed
    from storage.vault import Vault

MANAGING = {"people.add", "people.role", "people.remove", "people.code", "people.rotate", "people.given"}
ON_SOMEBODY = {"people.role", "people.remove", "people.given", "people.cover"}


@dataclass(frozen=True)
class Row:
    """Somebody who may open the record; `given` names the children whom a read-only person finds.

    `cover` says who stands in for them while they are away.
    """

    person: Holder
    you: bool
    given: tuple[str, ...] | None = None
    cover: str = ""


def people_in(vault: Vault) -> tuple[list[Row], list[str]]:
    """Return who may open the record, and which keys are to be made anew."""
    from practice.dates import day_words
    from storage.people import people, rotation_due
    from storage.views.children import all_children
    from storage.views.organisation import covers, granted

    names = {child.id: child.name for child in all_children(vault, include_left=True)}
    away = {
        each.person: f"covered by {each.by} until {day_words(each.until)}"
        for each in covers(vault, vault.clock().astimezone().date())
    }
    rows = []
    for each in people(vault):
        given = None
        if finds_only_given(each.role):
            given = tuple(sorted(names.get(child, "a child") for child in granted(vault, each.id)))
        rows.append(Row(each, each.id == vault.person.id, given, away.get(each.name, "")))
    return rows, rotation_due(vault)


def toggle_given(vault: Vault, person: str, child: str) -> str:
    """Put a child on somebody's list, or take them from it; return what was done in words."""
    from storage.desk.granting import grant, withdraw
    from storage.views.organisation import granted

    if child in granted(vault, person):
        withdraw(vault, person, [child])
        return "Taken from their list."
    grant(vault, person, [child])
    return "Added to their list."


def draw(row: Row, width: int) -> list[Content]:
    """Draw a person: name and role, then what they hold."""
    role = label_of(Role, row.person.role)
    name = cut(visible(row.person.name) + (" (you)" if row.you else ""), max(width - 4 - cell_len(role), 10))
    space = " " * max(width - 3 - cell_len(name) - cell_len(role), 1)
    held = f"holds the key of: {', '.join(row.person.compartments) or 'nothing'}"
    if row.given is not None:
        held += f" · finds {len(row.given)} given {'child' if len(row.given) == 1 else 'children'}"
    parts: list[tuple[str, str]] = [(f"    {held}", "$text-muted")]
    if row.cover:
        parts.append((f" · {visible(row.cover)}", "$text-primary"))
    if row.person.second_factor:
        parts.append((" · passphrase and keyring", "$text-muted"))
    if row.person.rotation_due:
        parts.append((" · rotation due", "$text-warning"))
    return [Content.assemble("  ", (name, "bold"), space, (role, "")), Content.assemble(*parts)]


class PeopleScreen(ConsoleScreen):
    """The people, and what can be done about them and their keys."""

    NAME = "people"
    HEADING = "People & keys"
    HELP = (
        "Everybody who opens this record has a passphrase and keys of their own. n adds somebody, r changes a role, d "
        "removes somebody and makes the keys anew, g gives a read-only person a child, v says who covers somebody who "
        "is away. p changes your passphrase, s lets it need this machine's keyring too, c makes a new recovery code, a "
        "makes the keys anew. o opens the adults' register for those who hold its key, m the machines."
    )
    CSS_PATH = "people.tcss"
    BINDINGS = bindings("people")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.working = False

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, id="people-list")
        yield PlainText(POLICY, id="policy")

    def on_mount(self) -> None:
        self.query_one("#people-list").focus()

    def refresh_record(self) -> None:
        """Read who may open the record."""
        if self.console.vault is not None:
            self.fetch(people_in, self.vault, then=self._show)

    def _show(self, found: tuple[list[Row], list[str]]) -> None:
        self.rows, due = found
        self.query_one("#people-list", RecordList).show(self.rows, keep=lambda row: row.person.id)
        if not self.working:
            count = len(self.rows)
            said = f"{count} {'person' if count == 1 else 'people'} can open this record."
            if CHILDREN in due:
                said += " Rotation is due: somebody who was removed knew its keys. a makes them anew."
            if ADULTS in due:
                said += " The adults' register's key is due as well: a holder of it makes it anew there."
            self.query_one("#said", StateLine).say(said, "warn" if due else "")
        self.refresh_bindings()

    # -- what can be done ----------------------------------------------------------------------------------------------

    @property
    def current(self) -> Row | None:
        """Who stands under the cursor."""
        row: Row | None = self.query_one("#people-list", RecordList).current
        return row

    def why_not(self, action_id: str) -> str:
        if self.working and action_id.startswith("people."):
            return "The keys are being made anew; wait until that is done."
        if action_id in MANAGING and self.vault.person.role not in MANAGES_PEOPLE:
            return "Only the DSL or the headteacher does this."
        if action_id == "people.register":
            return self.console.why_not("adults")
        if action_id not in ON_SOMEBODY:
            return ""
        return self._why_not_them(action_id, self.current)

    def _why_not_them(self, action_id: str, row: Row | None) -> str:
        """Return why something cannot be done about the person under the cursor."""
        if row is None:
            return "Nobody is chosen."
        if action_id == "people.remove" and row.you:
            return "You cannot remove yourself: another DSL or the head does."
        if action_id == "people.given" and row.given is None:
            return "That person's role finds every child already."
        if action_id == "people.cover" and not may_write(self.vault):
            return READ_ONLY
        if action_id == "people.cover" and not self.covering(row):
            return "Nobody else here could cover them: a read-only person cannot."
        return ""

    def covering(self, row: Row) -> list[Holder]:
        """Return who could cover somebody: everybody else whose role writes."""
        others = [each.person for each in self.rows if each.person.id != row.person.id]
        return [each for each in others if not finds_only_given(each.role)]

    def act_cover(self) -> None:
        """Say who covers somebody who is away."""
        if row := self.current:
            others = [(each.name, each.id) for each in self.covering(row)]
            dialog = CoverDialog(self.vault, row.person.id, row.person.name, others)
            self.app.push_screen(dialog, lambda done: self._said(done) if done else None)

    def _said(self, words: str, tone: str = "good") -> None:
        self.query_one("#done", MessageBar).say(words, tone)
        self.refresh_record()

    def act_register(self) -> None:
        """Open the adults' register, which has an unlock of its own."""
        self.console.do("adults")

    def act_machines(self) -> None:
        """Open the list of the machines."""
        self.console.do("machines")

    def act_add(self) -> None:
        """Let somebody open the record."""

        def add(new: NewPerson) -> str:
            from storage.people import add_person

            add_person(self.vault, new.name, new.role, new.passphrase)
            return f"{new.name} can open this record with their own passphrase."

        self.app.push_screen(AddDialog().doing(add, self._said))

    def act_role(self) -> None:
        """Give somebody another role."""
        if row := self.current:
            self.app.push_screen(
                RoleDialog(row.person.name, row.person.role), lambda role: self._role(row.person, role)
            )

    def _role(self, person: Holder, role: str | None) -> None:
        if role is not None and role != person.role:
            from storage.people import change_role

            done = f"{person.name} is {label_of(Role, role)} from their next unlock."
            self.run(change_role, self.vault, person.id, role, then=lambda _: self._said(done))

    def act_remove(self) -> None:
        """Remove somebody, with the reason, after saying what follows."""
        if row := self.current:
            name = row.person.name
            sentence = (
                f"{name} will not be able to open this record again. Its keys are made anew, so that a copy they kept "
                f"opens nothing that follows. Nobody else need do anything. What {name} recorded stays theirs."
            )
            if [each.person for each in self.rows if ADULTS in each.person.compartments] == [row.person]:
                sentence += " Nobody else holds the adults' register: only its own recovery code will open it then."
            dialog = ReasonDialog(f"Remove {name}?", sentence, verb="Remove", about=row.person.id)
            self.app.push_screen(dialog, lambda reason: self._remove(row.person, reason))

    def _remove(self, person: Holder, reason: str | None) -> None:
        if reason is not None:
            from storage.people import remove_person

            self._begin()
            self.run(
                remove_person, self.vault, person.id, reason, self._progress, then=self._removed, failed=self._failed
            )

    def _removed(self, gone: Removed) -> None:
        self.working = False
        follows = gone.follows("press a")
        done = "" if CHILDREN in gone.rotation_due else f"{gone.name} was removed, and the keys were made anew."
        self._said(f"{done} {follows}".strip(), "warn" if follows else "good")

    def act_given(self) -> None:
        """Give a read-only person a child, or take one away."""
        if (row := self.current) and row.given is not None:
            dialog = GrantDialog(row.person.name, row.given)
            self.app.push_screen(dialog, lambda child: self._given(row.person.id, child))

    def _given(self, person: str, child: str | None) -> None:
        if child is not None:
            self.run(toggle_given, self.vault, person, child, then=self._said)

    def act_passphrase(self) -> None:
        """Change one's own passphrase."""

        def change(typed: NewPassphrase) -> None:
            from storage.people import change_passphrase

            change_passphrase(self.vault, typed.old, typed.new)

        done = "Your new passphrase opens the record; the one before opens nothing any more."
        self.app.push_screen(PassphraseDialog().doing(change, lambda _: self._said(done)))

    def act_second(self) -> None:
        """Let one's own passphrase need this machine's keyring too, or not any more."""
        on = any(row.you and row.person.second_factor for row in self.rows)

        def switch(present: str) -> None:
            from storage.people import set_second_factor

            set_second_factor(self.vault, present, on=not on)

        done = "Your passphrase opens it alone." if on else "Your passphrase needs this machine's keyring too now."
        self.app.push_screen(SecondFactorDialog(on).doing(switch, lambda _: self._said(done)))

    def act_code(self) -> None:
        """Make a new recovery code and show it once, after a question."""
        self.app.push_screen(ConfirmDialog("Make a new recovery code?", NEW_CODE, verb="Make it"), self._new_code)

    def _new_code(self, sure: bool | None) -> None:
        if sure:
            from storage.people import replace_recovery_code

            self.await_read()  # what is typed meanwhile does not close the code
            self.run(replace_recovery_code, self.vault, then=self._code)

    def _code(self, code: str) -> None:
        self.now_read()
        self.app.push_screen(CodeDialog(code), lambda _: self._said("The code before opens nothing any more."))

    # -- rotating ------------------------------------------------------------------------------------------------------

    def act_rotate(self) -> None:
        """Make the keys anew, with the reason."""
        sentence = (
            "The record is encrypted again under new keys. Every passphrase and the recovery code stay as they are; "
            "nobody need do anything. It can be interrupted: one whole record stays."
        )
        self.app.push_screen(ReasonDialog("Make the keys anew?", sentence, verb="Make them anew"), self._rotate)

    def _rotate(self, reason: str | None) -> None:
        if reason is not None:
            from storage.rotation import rotate

            self._begin()
            self.run(rotate, self.vault, reason, self._progress, then=self._rotated, failed=self._failed)

    def _begin(self) -> None:
        self.working = True
        self.query_one("#done", MessageBar).say("")
        self.query_one("#said", StateLine).say("Making the keys anew…")
        self.refresh_bindings()

    def _progress(self, text: str) -> None:
        """Show how far it is: called in the thread that does it."""
        self.app.call_from_thread(self.query_one("#said", StateLine).say, f"{text}…")

    def _rotated(self, _generation: int) -> None:
        self.working = False
        self._said("The keys were made anew; every passphrase stays as it was.")

    def _failed(self, error: object) -> None:
        from practice.errors import ConsoleError

        self.working = False
        assert isinstance(error, ConsoleError)
        self._said(f"{error.message} {error.hint}".strip(), "bad")

    @on(RecordList.Moved, "#people-list")
    def _moved(self) -> None:
        self.refresh_bindings()
