"""The first run: from an empty folder to an open record; nothing is made before the passphrase stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from practice.errors import ConsoleError
from practice.organisations import front_door_words, is_school, role_words
from practice.vocabulary import PartnerKind, Role
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.first_run_more import BackupStep, LaterStep, TermsStep
from screens.first_run_roll import RollStep
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.text import MessageBar, PlainText, StateLine, code_rows

if TYPE_CHECKING:
    from storage.vault import Vault

STEPS = ("School", "Telephone", "You", "Recovery code", "Roll", "Term dates", "Backup")
LAST = len(STEPS) - 1


@dataclass
class Answers:
    """What was answered so far; no passphrase is ever among it."""

    school: str = ""
    code: str = ""
    organisation: str = "school"
    front_door: str = ""
    out_of_hours: str = ""
    lado: str = ""
    chair_of_governors: str = ""
    name: str = ""
    role: str = "dsl"
    groups: list[str] = field(default_factory=list)
    asked: tuple[int, int] = (0, 0)


def faults_of(passphrase: str, *known: str) -> list[str]:
    """Return what stands against a passphrase; imports the store's keys on first use."""
    from storage.keys import passphrase_faults

    return passphrase_faults(passphrase, *known)


def made(folder: Path, answers: Answers, passphrase: str, clock: Any) -> tuple[Vault, str]:
    """Make the vault; blocks for a few seconds."""
    from practice.acts import Phones, SchoolSet
    from storage.vault import create

    phones = Phones(**{name: getattr(answers, name) for name in Phones.model_fields})
    school = SchoolSet(name=answers.school, code=answers.code, organisation=answers.organisation, phones=phones)
    return create(folder, school=school, user=answers.name, role=answers.role, passphrase=passphrase, clock=clock)


def group_label(place: int) -> str:
    """Say which group of the code is asked for, as it stands on the paper in rows of four."""
    return f"Group {place + 1}, row {place // 4 + 1}"


class FirstRunScreen(ConsoleScreen):
    """Asks what a new record needs, one step at a time."""

    NAME = "first_run"
    HEADING = "First run"
    HELP = (
        "There is no record here yet. These steps make one: encrypted on this machine, opened by your passphrase. "
        "Nothing is made before step 4, and Escape goes one step back. Where your organisation has a record "
        "on another machine, Ctrl+O joins that one instead; from a backup, Ctrl+B restores it."
    )
    SHOWS_BACK = False
    CSS_PATH = "first_run.tcss"
    BINDINGS = bindings("first_run")

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.answers = Answers()
        self.step = 0
        self.vault_made: Vault | None = None
        self._making = False

    @property
    def heading(self) -> str:
        """Say which step this is."""
        steps = self._steps()
        return f"First run: step {steps.index(self.step) + 1} of {len(steps)}"

    def _steps(self) -> list[int]:
        """Return the steps for this sort of organisation: only a school has a roll."""
        school = is_school(self.answers.organisation)
        return [step for step in range(len(STEPS)) if school or STEPS[step] != "Roll"]

    def body(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield VerticalScroll(id="step", can_focus=False)
            with Vertical(id="foot"):
                yield MessageBar(id="fault")
                with Horizontal(id="buttons"):
                    yield Button("Back  Esc", id="previous", compact=True)
                    yield Button("Continue", id="continue", variant="primary", compact=True)

    async def on_mount(self) -> None:
        self.run(faults_of, "")  # the store's keys are imported while the first step is read
        await self._show(0)

    def _rename(self, button: str, label: str) -> None:
        """Put other words on a button, which becomes as wide as they are."""
        named = self.query_one(f"#{button}", Button)
        named.label = label
        named.refresh(layout=True)

    # -- the steps -----------------------------------------------------------------------------------------------------

    async def _show(self, step: int) -> None:
        self.step = step
        holder = self.query_one("#step", VerticalScroll)
        await holder.remove_children()
        widgets = list(getattr(self, f"_step_{step}")())
        await holder.mount(*widgets)
        self._say("")
        button = self.query_one("#continue", Button)
        self._rename("continue", "Continue")
        button.disabled = False
        back = self.query_one("#previous", Button)
        back.display = step in {1, 2}
        first = next(iter(holder.query("Input, Select, Button").results(Widget)), button)
        first.focus()
        self.refresh_chrome()

    def _step_0(self) -> Iterator[Widget]:
        answers = self.answers
        yield PlainText("Which school or organisation is this record for?", classes="question")
        yield Field("Name", Input(answers.school, id="school", max_length=400, placeholder="As partners know it"))
        yield Field("Kind", ChoiceField(PartnerKind.choices(), value=answers.organisation, id="kind"))
        hint = "URN, or a council's number; may stay empty"
        yield Field("Code", Input(answers.code, id="code", max_length=40, placeholder=hint))
        yield PlainText(f"The record will lie in {self.folder}", classes="note")
        yield Button("A vault of ours is on another machine: join it  Ctrl+O", id="join", compact=True)
        yield Button("The record is in a backup: restore it  Ctrl+B", id="restore", compact=True)

    def _step_1(self) -> Iterator[Widget]:
        answers = self.answers
        yield PlainText("Which numbers does a worried person ring?", classes="question")
        label = front_door_words(answers.organisation)
        yield Field(label, Input(answers.front_door, id="front_door", max_length=60))
        yield Field("Out of hours", Input(answers.out_of_hours, id="out_of_hours", max_length=60))
        whose = (
            "your own front door and your emergency duty team"
            if answers.organisation == PartnerKind.SOCIAL_CARE.value
            else "your local children's social care"
        )
        yield PlainText(
            f"They stand at the top of every screen beside 999: {whose}, by day and by night. If you do not have them "
            "at hand, leave them empty; the line will say that they are not set.",
            classes="note",
        )
        if not is_school(answers.organisation):
            return
        yield Field("LADO", Input(answers.lado, id="lado", max_length=60))
        yield Field("Chair of governors", Input(answers.chair_of_governors, id="chair_of_governors", max_length=60))
        yield PlainText("Shown to whoever is worried about the headteacher, before any passphrase.", classes="note")

    def _step_2(self) -> Iterator[Widget]:
        answers = self.answers
        kind = answers.organisation
        roles = [(role_words(role.value, kind), role.value) for role in (Role.DSL, Role.DEPUTY, Role.HEAD)]
        yield PlainText("Who opens this record?", classes="question")
        yield Field("Your name", Input(answers.name, id="name", max_length=200))
        yield Field("Your role", ChoiceField(roles, value=answers.role, id="role"))
        yield Field("Passphrase", Input(password=True, id="passphrase", max_length=1000))
        yield Field("Once more", Input(password=True, id="again", max_length=1000))
        yield StateLine("At least 12 characters, or four words.", id="hint")
        yield PlainText(
            "Nobody can reset it for you: the recovery code of the next step is the only other way in.", classes="note"
        )

    def _step_3(self) -> Iterator[Widget]:
        yield PlainText("Your recovery code", classes="question")
        yield PlainText(
            "It opens the record if the passphrase is lost. Write it on paper and keep it where sealed documents "
            "are kept. It is shown this once, and never again.",
            classes="note",
        )
        yield PlainText(code_rows(self.answers.groups), id="recovery")

    def _ask_back(self) -> Iterator[Widget]:
        first, second = self.answers.asked
        yield PlainText("Now from your paper", classes="question")
        yield PlainText(
            "The code is off the screen. Type two of its groups, to be sure that it can be read.", classes="note"
        )
        yield Field(group_label(first), Input(id="group_a", max_length=10))
        yield Field(group_label(second), Input(id="group_b", max_length=10))

    def _step_4(self) -> Iterator[Widget]:
        assert self.vault_made is not None
        yield RollStep(self.vault_made)

    def _step_5(self) -> Iterator[Widget]:
        assert self.vault_made is not None
        yield TermsStep(self.vault_made, school=is_school(self.answers.organisation))

    def _step_6(self) -> Iterator[Widget]:
        assert self.vault_made is not None
        yield BackupStep(self.vault_made)

    # -- forward -------------------------------------------------------------------------------------------------------

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _say(self, text: str, tone: str = "bad") -> None:
        self.query_one("#fault", MessageBar).say(text, tone)

    @on(Input.Submitted)
    async def _enter(self, event: Input.Submitted) -> None:
        if self.step >= 4:
            return
        fields = list(self.query("#step Input").results(Input))
        if event.input is fields[-1]:
            await self._continue()
        else:
            self.focus_next()

    @on(Button.Pressed, "#continue")
    async def _continue(self) -> None:
        if self._making:
            return
        if self.step == 3:
            await self._leave_code()
        elif self.step == LAST:
            self._finish()
        elif self.step >= 4:
            await self._show_later(self.step + 1)
        else:
            fault, field_name = getattr(self, f"_take_{self.step}")()
            if fault:
                self._say(fault)
                self.query_one(f"#{field_name}").focus()
            elif self.step < 2:
                await self._show(self.step + 1)

    def _take_0(self) -> tuple[str, str]:
        self.answers.school, self.answers.code = self._value("school"), self._value("code")
        self.answers.organisation = self.query_one("#kind", ChoiceField).code or "school"
        return ("" if self.answers.school else "The name is needed: it stands on everything that leaves.", "school")

    def _take_1(self) -> tuple[str, str]:
        for name in ("front_door", "out_of_hours", "lado", "chair_of_governors"):
            text = self._value(name) if self.query(f"#{name}") else ""
            if text and sum(letter.isdigit() for letter in text) < 3:
                return "That does not read as a telephone number. Leave it empty if you do not have it.", name
            setattr(self.answers, name, text)
        return "", ""

    def _take_2(self) -> tuple[str, str]:
        self.answers.name = self._value("name")
        self.answers.role = self.query_one("#role", ChoiceField).code or "dsl"
        if not self.answers.name:
            return "Your name is needed: it stands beside what you record.", "name"
        first, again = self.query_one("#passphrase", Input), self.query_one("#again", Input)
        if faults := faults_of(first.value, self.answers.school, self.answers.name):
            return " ".join(faults), "passphrase"
        if first.value != again.value:
            return "The two are not the same.", "again"
        passphrase = first.value
        first.clear()
        again.clear()
        self._making = True
        self.query_one("#continue", Button).disabled = True
        self._say("Making the keys and the record. This takes a few seconds…", "")
        self.run(
            made, self.folder, self.answers, passphrase, self.console.clock, then=self._made, failed=self._not_made
        )
        return "", ""

    @on(Input.Changed, "#passphrase")
    @on(Input.Changed, "#again")
    def _hint(self) -> None:
        first, again = self.query_one("#passphrase", Input).value, self.query_one("#again", Input).value
        hint = self.query_one("#hint", StateLine)
        if not first:
            hint.say("At least 12 characters, or four words.")
        elif faults := faults_of(first, self.answers.school, self._value("name")):
            hint.say(" ".join(faults), "warn")
        elif again != first:
            hint.say("That will do. Type it once more." if not again else "The two are not the same yet.", "")
        else:
            hint.say("That will do, and both are the same.", "good")

    def _not_made(self, error: ConsoleError) -> None:
        self._making = False
        self.query_one("#continue", Button).disabled = False
        self._say(f"{error.message} {error.hint}".strip())

    async def _show_code(self) -> None:
        await self._show(3)
        self._rename("continue", "I have written it down")

    def _made(self, result: tuple[Vault, str]) -> None:
        self._making = False
        self.vault_made, code = result
        self.console.school, self.answers.groups = self.vault_made.school, code.split("-")
        self.call_later(self._show_code)

    # -- the recovery code ---------------------------------------------------------------------------------------------

    async def _leave_code(self) -> None:
        holder = self.query_one("#step", VerticalScroll)
        if self.query("#recovery"):
            count = len(self.answers.groups)
            first, second = sorted(secrets.SystemRandom().sample(range(count), 2))
            self.answers.asked = (first, second)
            await holder.remove_children()
            await holder.mount(*self._ask_back())
            self._rename("continue", "Continue")
            back = self.query_one("#previous", Button)
            back.display = True
            self._rename("previous", "Show it again  Esc")
            self.query_one("#group_a").focus()
            return
        typed = [self._value("group_a").upper(), self._value("group_b").upper()]
        if typed != [self.answers.groups[place] for place in self.answers.asked]:
            self._say("That is not what was shown. Look at your paper again, or let it be shown once more.")
            self.query_one("#group_a").focus()
            return
        self.answers.groups = []
        self._rename("previous", "Back  Esc")
        await self._show_later(next(step for step in self._steps() if step >= 4))

    async def _show_later(self, step: int) -> None:
        """Show a step that may wait."""
        await self._show(step)
        self._rename("continue", "Later: go to Today" if step == LAST else "Later")

    @on(RollStep.Taken)
    @on(LaterStep.Taken)
    def _taken(self) -> None:
        self._rename("continue", "Go to Today" if self.step == LAST else "Continue")
        self.query_one("#continue", Button).focus()

    def _finish(self) -> None:
        if self.vault_made is not None:
            vault, self.vault_made = self.vault_made, None
            self.console.entered(vault)

    @on(Button.Pressed, "#join, #restore")
    def _instead(self, event: Button.Pressed) -> None:
        self.action_do(f"first_run.{event.button.id}")

    def act_join(self) -> None:
        """Join the vault that another machine of the school holds, in the place of making one."""
        self.console.open("join", folder=self.folder)

    def act_restore(self) -> None:
        """Restore a vault from a backup, in the place of making one."""
        self.console.open("from_backup", folder=self.folder)

    # -- back ----------------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#previous")
    def act_back(self) -> None:
        """Go one step back; what was typed stays, except the passphrase."""
        if self._making:
            return
        if self.step in {1, 2}:
            if self.step == 2:
                self.answers.name = self._value("name")
            self.call_later(self._show, self.step - 1)
        elif self.step == 3 and self.query("#group_a"):
            self._rename("previous", "Back  Esc")
            self.call_later(self._show_code)

    def why_not(self, action_id: str) -> str:
        if action_id in {"first_run.join", "first_run.restore"} and (self.step > 2 or self._making):
            return "A record was made here."
        if action_id == "back":
            if self.step == 0:
                return "This is the first step. Exit leaves; nothing was made."
            if self.step == 3 and not self.query("#group_a"):
                return "The record is made. Write the code down, then continue."
            if self.step >= 4:
                return "The record is made and open. Continue to Today."
        return ""

    def may_exit(self) -> str:
        """Return what leaving now would lose: the recovery code, until it was read back."""
        if self.step == 3 and self.answers.groups:
            return (
                "The recovery code was not read back yet, and it is never shown again. The record is made, and your "
                "passphrase opens it; without the code, a forgotten passphrase loses it."
            )
        return ""

    def before_lock(self) -> Any:
        """Close a record that was made but not yet entered."""
        return self.vault_made.close if self.vault_made is not None else None
