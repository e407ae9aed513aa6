"""The questions of the adults' register: who reads it, the LADO's call, an amendment, who a report is about."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input, Select, TextArea

from practice.adults import Harm, LadoWay, WorksAs
from practice.text import LINE_LIMIT, visible
from practice.vocabulary import Role, YesNo, label_of
from screens.adults_frame import stop_words
from screens.widgets.answer import AnswerField
from screens.widgets.area import NoteArea
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.kept_form import KeptForm
from screens.widgets.mark_list import MarkList
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.people import Holder
    from storage.register import Register
    from storage.views.machines import MachineRow
    from storage.views.register import AdultReportRow, AdultRow, EntryRow


class StopDialog(Dialog[bool]):
    """The LADO stop: says whom to ring, and leads to recording the call."""

    DEFAULT_CSS = """
    StopDialog .dialog { border: thick $error; }
    StopDialog .dialog--title { color: $text-error; }
    """
    BINDINGS = [
        Binding("escape", "dismiss(False)", "Later", tooltip="Leave; the stop stays on the entry"),
        Binding("ctrl+s", "dismiss(True)", "Record the call", tooltip="Record the call to the LADO"),
    ]

    def __init__(self, register: Register) -> None:
        super().__init__()
        self._words = stop_words(register)

    def compose(self) -> ComposeResult:
        said = PlainText(self._words, classes="dialog--sentence")
        buttons = back_button("Still to ring"), confirm_button("I have rung: record it")
        yield from self.framed("STOP: the LADO first", "", [said], *buttons)

    def on_mount(self) -> None:
        self.query_one("#back").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")


class RegisterForm(KeptForm[Any]):
    """A form about one entry; what was written when the record locked lies sealed to the register."""

    register: Register
    entry_id: str
    KIND: ClassVar[str] = ""

    @property
    def kept_in(self) -> OpenCompartment:
        return self.register

    @property
    def kept_as(self) -> str:
        return f"register-{self.KIND}-{hashlib.sha256(self.entry_id.encode()).hexdigest()[:16]}"


class LadoDialog(RegisterForm):
    """The call to the LADO: with whom, when, what they advised."""

    VERB = "Record the call"
    KIND = "lado"
    KEPT = ("spoke_to", "at", "way", "reference", "advice")

    def __init__(self, register: Register, entry_id: str) -> None:
        number = register.phones.get("lado") or "no number is set"
        super().__init__("The call to the LADO", f"LADO: {number}. Record it as it was said; then decide as advised.")
        self.register, self.entry_id = register, entry_id

    def fields(self) -> ComposeResult:
        """Yield with whom, when, what it was, the reference and the advice."""
        yield Field("Spoke to", Input(max_length=LINE_LIMIT, id="spoke_to"))
        yield Field("When", Input(placeholder="As you would write it: today 10:40", max_length=200, id="at"))
        yield Field("It was", ChoiceField(LadoWay.choices(), value=LadoWay.CONSULTED, blank=False, id="way"))
        yield Field("Their reference", Input(placeholder="May stay empty", max_length=LINE_LIMIT, id="reference"))
        yield Field("Their advice", AnswerField(placeholder="What they said is to be done", id="advice"))

    def on_mount(self) -> None:
        self.query_one("#spoke_to").focus()

    def confirm(self) -> None:
        """Record it, once all is there."""
        from storage.desk.register import lado_called

        asked = {"spoke_to": "To whom did you speak?", "at": "When was the call?"}
        for name, question in asked.items():
            if not self.query_one(f"#{name}", Input).value.strip():
                self.ask(question, f"#{name}")
                return
        advice = self.query_one("#advice", AnswerField).text
        if not advice.strip():
            self.ask("What did they advise?", "#advice")
            return
        self.busy("Recording…")
        spoke_to, at, reference = (self.query_one(f"#{name}", Input).value for name in ("spoke_to", "at", "reference"))
        self.run(
            lado_called,
            self.register,
            self.entry_id,
            spoke_to,
            at,
            advice,
            way=self.query_one("#way", ChoiceField).code,
            reference=reference,
            then=self.finish,
            failed=self.failed,
        )


class AmendDialog(RegisterForm):
    """New words for an entry, and why."""

    VERB = "Amend"
    KIND = "amend"
    KEPT = ("text", "reason")

    def __init__(self, register: Register, entry: EntryRow) -> None:
        super().__init__("Amend the words", "What stood before stays readable, with who amended it, when and why.")
        self.register, self.entry, self.entry_id = register, entry, entry.id

    def fields(self) -> ComposeResult:
        """Yield the words and the reason."""
        yield Field("What happened", NoteArea(self.entry.text, compact=True, tab_behavior="focus", id="text"))
        yield Field("Why", AnswerField(placeholder="The reason, as it should be read later", id="reason"))

    def on_mount(self) -> None:
        self.query_one("#text").focus()

    def confirm(self) -> None:
        """Amend, once there is a reason."""
        from storage.desk.register import amend

        text, reason = self.query_one("#text", TextArea).text, self.query_one("#reason", AnswerField).text
        if not reason.strip():
            self.ask("Why is it amended?", "#reason")
            return
        self.busy("Recording…")
        done = self.finish
        self.run(amend, self.register, self.entry.id, text, reason, then=lambda _: done(True), failed=self.failed)


NEW = "new"


class AcceptDialog(FormDialog[Any]):
    """About whom a report is, as a person decides, and whether the harm threshold may be met."""

    VERB = "Take it in"

    def __init__(self, register: Register, report: AdultReportRow, adults: list[AdultRow]) -> None:
        sentence = (
            f"Its writer wrote «{report.adult_as_written}». Their words go into the register as they are; you say "
            "about whom they are."
        )
        super().__init__("Take the report in", sentence)
        self.register, self.report, self.adults = register, report, adults

    def fields(self) -> ComposeResult:
        """Yield the adults of the register, a new one, and the questions of the harm threshold."""
        choices = [("Somebody new to the register", NEW), *((visible(each.named), each.id) for each in self.adults)]
        yield Field("About", ChoiceField(choices, prompt="Choose: nobody is chosen for you", id="adult"))
        yield Field(
            "Name", Input(visible(self.report.adult_as_written), max_length=LINE_LIMIT, id="name"), id="new-name"
        )
        yield Field(
            "Their role", Input(visible(self.report.adult_role), max_length=LINE_LIMIT, id="role"), id="new-role"
        )
        yield Field("Works as", ChoiceField(WorksAs.choices(), id="works_as"), id="new-works")
        yield PlainText("May any of these be so? Space marks it.", classes="section")
        yield MarkList(Harm.choices(), id="harms")

    def on_mount(self) -> None:
        self._chosen()
        self.query_one("#adult").focus()

    @on(Select.Changed, "#adult")
    def _chosen(self) -> None:
        new = self.query_one("#adult", ChoiceField).code == NEW
        for name in ("name", "role", "works"):
            self.query_one(f"#new-{name}").display = new

    def confirm(self) -> None:
        """Take it in, once somebody is chosen."""
        from storage.desk.adult_reports import accept

        adult = self.query_one("#adult", ChoiceField).code
        if not adult:
            self.ask("About whom is it? Nobody is chosen for you.", "#adult")
            return
        new = None
        if adult == NEW:
            new = {name: self.query_one(f"#{name}", Input).value for name in ("name", "role")}
            new["works_as"] = self.query_one("#works_as", ChoiceField).code
        self.busy("Recording…")
        self.run(
            accept,
            self.register,
            self.report.id,
            adult_id="" if new else adult,
            new_adult=new,
            met=self.query_one("#harms", MarkList).codes,
            then=self.finish,
            failed=self.failed,
        )


class AnswerReporterDialog(RegisterForm):
    """Who told the reporter what was done."""

    VERB = "Record"
    KIND = "answer"
    KEPT = ("by", "what", "at")

    def __init__(self, register: Register, report_id: str) -> None:
        super().__init__("Who told the reporter?", "What were they told, and by whom? Only what they need to know.")
        self.register = register
        self.report_id = self.entry_id = report_id

    def fields(self) -> ComposeResult:
        """Yield by whom, what and when."""
        yield Field("Told by", Input(visible(self.register.person.name), max_length=LINE_LIMIT, id="by"))
        yield Field("What", AnswerField(id="what"))
        yield Field("When", Input(placeholder="May stay empty", max_length=200, id="at"))

    def on_mount(self) -> None:
        self.query_one("#what").focus()

    def confirm(self) -> None:
        """Record it, once both are there."""
        from storage.desk.adult_reports import answered

        by, what = self.query_one("#by", Input).value, self.query_one("#what", AnswerField).text
        if not by.strip() or not what.strip():
            self.ask("Who told them, and what?", "#by" if not by.strip() else "#what")
            return
        self.busy("Recording…")
        at, done = self.query_one("#at", Input).value, self.finish
        said = (self.register, self.report_id, by, what, at)
        self.run(answered, *said, then=lambda _act: done(True), failed=self.failed)


class HoldersDialog(FormDialog[str]):
    """Who reads the register: lets somebody in, or takes the key back with the reason."""

    VERB = "Let in, or take back"
    awaits_read = True

    def __init__(self, register: Register) -> None:
        super().__init__(
            "Who reads the register",
            "Whoever holds its key reads all of it. Choose somebody: who holds no key is let in; from who holds it the "
            "key is taken back, and a new one is made that they never had.",
        )
        self.register = register
        self.people: list[Holder] = []

    def fields(self) -> ComposeResult:
        """Yield the people and the reason."""
        yield Field("Who", ChoiceField([], prompt="Choose", id="who"))
        yield Field("Why", AnswerField(placeholder="Needed to take a key back", id="reason"))

    def on_mount(self) -> None:
        from storage.people import people

        self.query_one("#who").focus()
        self.fetch(people, self.register.vault, then=self._know)

    def _know(self, people: list[Holder]) -> None:
        self.people = people
        choice = self.query_one("#who", ChoiceField)
        choice.set_options([(visible(self._words(each)), each.id) for each in people])
        self.now_read()

    def _words(self, person: Holder) -> str:
        held = "holds its key" if self.register.name in person.compartments else "does not"
        return f"{person.name}, {label_of(Role, person.role)}: {held}"

    def confirm(self) -> None:
        """Let in or take back."""
        from storage.register import grant, revoke

        wanted = self.query_one("#who", ChoiceField).code
        person = next((each for each in self.people if each.id == wanted), None)
        reason = self.query_one("#reason", AnswerField).text.strip()
        if person is None:
            self.ask("Who is it?", "#who")
        elif self.register.name not in person.compartments:
            self.busy("One moment…")
            done = f"{person.name} can open the register now, with their own passphrase."
            self.run(grant, self.register, person.id, then=lambda _: self.finish(done), failed=self.failed)
        elif not reason:
            self.ask("A reason is needed to take the key back.", "#reason")
        else:
            self.busy("Making a new key…")
            self.run(revoke, self.register, person.id, reason, then=self._revoked, failed=self.failed)

    def _revoked(self, done: tuple[str, str]) -> None:
        name, waits = done
        words = f"{name} cannot open the register any more."
        self.finish(f"{words} The new key waits: {waits} Then press a." if waits else f"{words} Its key was made anew.")


class TravelDialog(FormDialog[str]):
    """To which of the school's machines the register travels; unsaid, to none."""

    VERB = "Say so"
    awaits_read = True

    def __init__(self, register: Register) -> None:
        super().__init__(
            "Does the register travel?",
            "It stays on this machine unless you say otherwise, for each machine by itself. Where it travels it is "
            "sealed to that machine, and opens there for those who hold its key. What a machine has stays there "
            "when it travels no more, until the register's keys are made anew (a).",
        )
        self.register = register

    def fields(self) -> ComposeResult:
        """Yield the machines and the answer."""
        yield Field("Machine", ChoiceField([], prompt="Choose", id="machine"))
        yield Field("Travels there", ChoiceField(YesNo.choices(), prompt="Yes or no", id="travels"))

    def on_mount(self) -> None:
        from storage.register_travel import travels

        self.query_one("#machine").focus()
        self.fetch(travels, self.register, then=self._know, failed=self.failed)

    def _know(self, rows: list[tuple[MachineRow, bool]]) -> None:
        if not rows:
            self.say("The school has no other machine.")
        self.query_one("#machine", ChoiceField).set_options(
            [(f"{visible(row.name)}: {'travels there' if yes else 'does not'}", row.id) for row, yes in rows]
        )
        self.now_read()

    def confirm(self) -> None:
        """Record what the headteacher says."""
        from storage.register_travel import set_travels

        machine, answer = (self.query_one(f"#{each}", ChoiceField).code for each in ("machine", "travels"))
        if not machine or not answer:
            self.ask("Which machine, and yes or no?", "#travels" if machine else "#machine")
            return
        self.busy("One moment…")
        yes = answer == YesNo.YES
        self.run(set_travels, self.register, machine, yes, then=lambda row: self._said(row, yes), failed=self.failed)

    def _said(self, row: MachineRow, yes: bool) -> None:
        there = f"«{visible(row.name)}»"
        self.finish(f"It travels to {there} with the next sync of the machines." if yes else f"To {there} no more.")
