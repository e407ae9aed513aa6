"""Leave a note for the safeguarding team, from the lock screen and without a passphrase (R-39).

Nothing of the record is opened for it: no name is suggested, and what was sealed cannot be read back here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Select, TextArea

from practice.adults import NEUTRAL
from practice.errors import ConsoleError
from practice.text import LINE_LIMIT
from practice.vocabulary import ReportAbout, YesNo
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.area import NoteArea
from screens.widgets.dialogs import ConfirmDialog
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from storage.reports import Sealed

NOT_WRITTEN = "not written"
OF_CHILD = ("child", "childs_words", "told")
OF_ADULT = ("adult", "adult_role", "myself", "context", "place", "anonymous")
READERS = (
    f"{NEUTRAL} Only the headteacher, and whom the headteacher lets in, can read it. If it is about one of them, ring "
    "the chair of governors or the LADO instead."
)


def refused_about(folder: Path, about: str) -> str:
    """Return what to do instead of leaving a note about this person; blank where a note may be left. Blocks."""
    from storage.reports import card_of, check_about

    try:
        check_about(about, card_of(folder))
    except ConsoleError as error:
        return f"{error.message} {error.hint}".strip()
    return ""


def leave(folder: Path, fields: dict[str, Any], clock: Callable[[], datetime], about: str) -> Sealed:
    """Seal the note into the vault's spool. Blocks."""
    from storage import reports

    return reports.leave(folder, fields, about=about, clock=clock)


class ReportScreen(ConsoleScreen):
    """Whom it is about, then a small form, then that nobody has read it yet."""

    NAME = "report"
    HEADING = "A note for the safeguarding team"
    HELP = (
        "Anybody may leave a note here without a passphrase. Say first whom it is about, then write what happened in "
        "your own words; Ctrl+S seals it. Nobody can read it back here, not even you. A note is no alarm: if a child "
        "is in danger, ring 999 and tell the DSL in person now."
    )
    CSS_PATH = "report.tcss"
    BINDINGS = bindings("report")
    IDLE_SECONDS: ClassVar[int] = 120
    """After so long without a key, what stands here is sealed as it is, so that nobody else reads it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.stage = "ask"
        self._heard = datetime.min.replace(tzinfo=UTC)
        self._asked = ""
        self.about = str(ReportAbout.CHILD)
        self._asks: tuple[str, str] | None = None
        """The field that is still needed, and what was asked there."""
        self._early = ""
        """What was typed before it was said whom the note is about: it goes into the form's first field."""

    @property
    def heading(self) -> str:
        """Say for whom it is."""
        about_adult = self.stage != "ask" and self.about == ReportAbout.ADULT
        return "A note for the headteacher" if about_adult else self.HEADING

    def body(self) -> ComposeResult:
        with VerticalScroll(id="ask"):
            yield PlainText(
                "What you write is sealed: only the safeguarding team can read it, when they next unlock. It is no "
                "alarm: if a child is in danger, ring 999 and tell the DSL in person now.",
                id="what-it-is",
            )
            yield PlainText("Whom is it about?", classes="section")
            for number, about in enumerate(ReportAbout, start=1):
                yield Button(f"{number}  {about.label}", id=f"about-{about.value}", compact=True)
            yield MessageBar(id="instead")
        with VerticalScroll(id="form", can_focus=False):
            yield PlainText(READERS, id="readers")
            yield self._field("Child", self._line("child", "The name as you know it"))
            yield self._field("Adult", self._line("adult", "The name as you know it"))
            yield self._field("What they do here", self._line("adult_role", "May stay empty"))
            yield self._field("Is it yourself?", ChoiceField(YesNo.choices(), prompt="No", id="myself"))
            yield self._field("What happened", NoteArea(compact=True, tab_behavior="focus", id="text"))
            yield self._field("Child's own words", NoteArea(compact=True, tab_behavior="focus", id="childs_words"))
            yield self._field("Context", NoteArea(compact=True, tab_behavior="focus", id="context"))
            yield self._field("Where", self._line("place", "May stay empty"))
            yield self._field("When", WhenField(id="happened"))
            yield self._field("Stay anonymous?", ChoiceField(YesNo.choices(), prompt="No", id="anonymous"))
            yield self._field("Your name", self._line("reporter", ""))
            yield self._field("Your role", self._line("reporter_role", "May stay empty"))
            yield self._field("Told the DSL?", ChoiceField(YesNo.choices(), prompt="In person: yes or no", id="told"))
        with Vertical(id="done"):
            yield PlainText("", id="sealed")
            yield PlainText("The safeguarding team sees it when they next unlock, and will come to you.", id="next")
            yield Button("Done  Esc", id="leave", variant="primary", compact=True)
        yield StateLine("", id="said")

    @staticmethod
    def _line(name: str, hint: str) -> Input:
        return Input(placeholder=hint, max_length=LINE_LIMIT, select_on_focus=False, id=name)

    @staticmethod
    def _field(label: str, widget: Widget) -> Field:
        """Return a field whose own id says what is in it, so that it can be taken away whole."""
        return Field(label, widget, id=f"{widget.id}-field")

    def on_mount(self) -> None:
        self._go("ask")
        self.hear()
        self.set_interval(1, self._watch)

    def _go(self, stage: str) -> None:
        self.stage = stage
        for each in ("ask", "form", "done"):
            self.query_one(f"#{each}").display = each == stage
        adult = self.about == ReportAbout.ADULT
        self.query_one("#readers").display = adult
        for name in (*OF_CHILD, *OF_ADULT):
            self.query_one(f"#{name}-field").display = (name in OF_ADULT) == adult
        first = {"ask": "#about-child", "form": "#adult" if adult else "#child", "done": "#leave"}[stage]
        self.query_one(first).focus()
        self.hold_keys()
        self._say_hint()
        self.refresh_bindings()
        self.refresh_chrome()

    def _say_hint(self) -> None:
        self._asks = None
        whom = "head" if self.about == ReportAbout.ADULT else "DSL"
        words = f"Ctrl+S seals it. If a child is in danger, ring 999 and tell the {whom} in person."
        self.query_one("#said", StateLine).say(words if self.stage == "form" else "")

    # -- whom it is about ----------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        self.hear()
        abouts = list(ReportAbout)
        early = event.character if event.is_printable and event.character else ""
        if self.stage == "form" and early and not self.stands:
            event.stop()  # it was typed while the question still stood
            self._early += early
        if self.stage != "ask":
            return
        if event.key in ("1", "2", "3"):
            event.stop()
            self._ask(abouts[int(event.key) - 1])
        elif event.key in ("up", "down"):
            event.stop()
            (self.focus_previous if event.key == "up" else self.focus_next)("#ask Button")
        elif early or (event.key == "backspace" and self._early):
            event.stop()
            self._early = self._early + early if early else self._early[:-1]
            self._say_early()

    def _say_early(self) -> None:
        words = f"Kept for the note: «{self._early}». Choose first whom it is about: 1, 2 or 3."
        self.query_one("#said", StateLine).say(words if self._early else "", "warn")

    def _now_stands(self) -> None:
        """Put what was typed too early where it was meant to go, before the keys that came after it."""
        if self.stage == "form" and self._early:
            field = self.query_one("#adult" if self.about == ReportAbout.ADULT else "#child", Input)
            field.insert_text_at_cursor(self._early)
            self._early = ""
        super()._now_stands()

    @on(Button.Pressed, "#ask Button")
    def _pressed(self, event: Button.Pressed) -> None:
        self._ask((event.button.id or "").removeprefix("about-"))

    def _ask(self, about: str) -> None:
        self._asked = about
        self.query_one(f"#about-{about}").focus()
        if about == ReportAbout.CHILD:  # at once, so that what is typed next stands in the form
            self.about = str(about)
            self._go("form")
            return
        self.fetch(refused_about, self.folder, str(about), then=partial(self._answer, about), failed=self._failed)

    def _answer(self, about: str, instead: str) -> None:
        if self.stage == "ask" and about == self._asked:
            self.query_one("#instead", MessageBar).say(instead, "warn")
            if not instead:
                self.about = str(about)
                self._go("form")

    # -- the form ------------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return what is written."""
        said: dict[str, Any] = {name: self.query_one(f"#{name}", Input).value for name in ("reporter", "reporter_role")}
        said["happened"] = self.query_one("#happened", WhenField).text
        if self.about == ReportAbout.ADULT:
            said |= {name: self.query_one(f"#{name}", Input).value for name in ("adult_role", "place")}
            said |= {name: self.query_one(f"#{name}", TextArea).text for name in ("text", "context")}
            said["adult_as_written"] = self.query_one("#adult", Input).value
            for name, place in (("self_referral", "#myself"), ("asks_anonymous", "#anonymous")):
                said[name] = self.query_one(place, ChoiceField).code == YesNo.YES
            return said
        said |= {name: self.query_one(f"#{name}", TextArea).text for name in ("text", "childs_words")}
        said["child_as_written"] = self.query_one("#child", Input).value
        said["told_dsl"] = self.query_one("#told", ChoiceField).code == YesNo.YES
        return said

    def begun(self) -> bool:
        """Say whether there are words that would be lost."""
        values = self.values()
        words = ("child_as_written", "adult_as_written", "text", "childs_words", "context")
        return self.stage == "form" and any(str(values.get(name, "")).strip() for name in words)

    def why_not(self, action_id: str) -> str:
        if action_id == "report.seal" and self.stage != "form":
            return "Say first whom it is about." if self.stage == "ask" else "It is sealed."
        return ""

    def act_seal(self) -> None:
        """Seal the note, once the one question that may not stay open is answered."""
        self._asks = self._missing()
        if self._asks is None:
            self._seal(self.values())
            return
        place, words = self._asks
        self.query_one("#said", StateLine).say(f"{words} The note is not sealed yet.", "warn")
        self.query_one(place).focus()

    def _missing(self) -> tuple[str, str] | None:
        """Return the first field that is still needed and what is asked there, None once all is there."""
        values = self.values()
        adult = self.about == ReportAbout.ADULT
        whom, asked = ("adult", "Which adult?") if adult else ("child", "Which child?")
        missing = {
            f"{whom}_as_written": (f"#{whom}", asked),
            "text": ("#text", "What happened?"),
            "reporter": ("#reporter", "Who are you?"),
        }
        unasked = {"text"} if str(values.get("childs_words", "")).strip() else set()
        unasked |= {"reporter"} if values.get("asks_anonymous") else set()
        for name, (place, words) in missing.items():
            if name not in unasked and not values[name].strip():
                return place, words
        if not adult and not self.query_one("#told", ChoiceField).code:
            return "#told", "Have you told the DSL in person? Choose yes or no."
        return None

    def _seal(self, values: dict[str, Any], why: str = "") -> None:
        given = (self.folder, values, self.console.clock, self.about)
        self.run(leave, *given, then=partial(self._sealed, why), failed=self._failed)

    def _sealed(self, why: str, left: Sealed) -> None:
        self.query_one("#sealed", PlainText).show(f"{left.words}{why}")
        self.query_one("#next").display = self.about == ReportAbout.CHILD
        self._empty()
        self._go("done")

    def _empty(self) -> None:
        self._early = ""
        for field in self.query("#form Input").results(Input):
            field.value = ""
        for area in self.query("#form TextArea").results(TextArea):
            area.text = ""
            area.history.clear()
        for name in ("told", "myself", "anonymous"):
            self.query_one(f"#{name}", ChoiceField).code = ""

    def _failed(self, error: ConsoleError) -> None:
        self.query_one("#said", StateLine).say(f"{error.message} {error.hint}".strip(), "bad")

    # -- leaving -------------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#leave")
    def act_back(self) -> None:
        """Leave; where something is written and not sealed, ask first."""
        if not self.begun():
            self._leave(True)
            return
        consequence = "What you wrote is not kept anywhere. Ctrl+S seals it instead, for those who may read it."
        dialog = ConfirmDialog(
            "Leave without sealing?", consequence, verb="Leave, keep nothing", back="Back to the note"
        )
        self.app.push_screen(dialog, self._leave)

    def _leave(self, sure: bool | None) -> None:
        if sure:
            self._empty()
            self.console.back()

    def before_lock(self) -> Callable[[], None] | None:
        """Seal what stands here as it is: a note that was begun is not lost with the console."""
        if not self.begun():
            return None
        values, clock, about = self._as_it_is(), self.console.clock, self.about

        def seal() -> None:
            leave(self.folder, values, clock, about)

        return seal

    def _as_it_is(self) -> dict[str, Any]:
        values = self.values()
        if not values["text"].strip() and not str(values.get("childs_words", "")).strip():
            values["text"] = NOT_WRITTEN
        whom = "adult_as_written" if self.about == ReportAbout.ADULT else "child_as_written"
        return values | {name: values[name].strip() or NOT_WRITTEN for name in (whom, "reporter")}

    # -- nobody there --------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    def _written(self) -> None:
        self.hear()
        if self._asks is not None and self.stage == "form" and self._missing() != self._asks:
            self._say_hint()  # what was asked for is there

    def hear(self) -> None:
        """Note that somebody is writing."""
        self._heard = self.console.now()

    def on_mouse_down(self) -> None:
        self.hear()

    def _watch(self) -> None:
        if (self.console.now() - self._heard).total_seconds() < self.IDLE_SECONDS:
            return
        self.hear()
        if self.begun():
            self._seal(self._as_it_is(), " It was sealed as it stood, because nobody had typed for two minutes.")
        elif self.stage != "ask":
            self._leave(True)
