"""Questions that stand over a screen: each names what will happen, and Escape leaves it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, TextArea

from screens.base import Calls, ConsoleScreen, Stands
from screens.widgets.area import NoteArea
from screens.widgets.text import MessageBar, PlainText

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.drafts import Draft

Answer = TypeVar("Answer")


def taken(store: OpenCompartment, name: str) -> Draft | None:
    """Return a draft that was kept, once. Blocks."""
    draft = store.drafts.get(name)
    if draft is not None:
        store.drafts.drop(name)
    return draft


def put_back_words(draft: Draft) -> str:
    """Say that a dialog holds again what was written in it when the record locked."""
    return f"Draft from {draft.saved_at.astimezone():%H:%M} put back."


class Between(VerticalScroll):
    """What scrolls between head and foot: where what is said below takes its room, the field in hand stays in sight."""

    def on_resize(self) -> None:
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.call_after_refresh(focused.scroll_visible, animate=False)


class Dialog(Stands, ModalScreen[Answer], Generic[Answer]):
    """A frame over the screen: title and sentence stay at its top, the buttons at its foot; what is between scrolls."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 30%; }
    Dialog .dialog {
        width: 72; max-width: 96%; height: auto; max-height: 92%; margin: 2 0 0 0; background: $surface;
        border: round $border; padding: 1 2;
    }
    Dialog .dialog--head { dock: top; height: auto; }
    Dialog .dialog--title { text-style: bold; color: $text-primary; height: auto; margin: 0 0 1 0; }
    Dialog .dialog--sentence { height: auto; margin: 0 0 1 0; }
    Dialog .dialog--fields { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    Dialog .dialog--foot { dock: bottom; height: auto; }
    Dialog .dialog--foot MessageBar { margin: 1 0 0 0; }
    Dialog .dialog--buttons { height: auto; margin: 1 0 0 0; align-horizontal: right; }
    Dialog .dialog--buttons Button { margin: 0 0 0 2; }
    Dialog TextArea { height: 5; }
    Dialog AnswerField { height: auto; }
    Dialog.-narrow .dialog { padding: 0 1; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-usual"), (160, "-wide")]
    _answered: tuple[Answer | None, ...] = ()
    """The answer with which it leaves once it is uppermost again; empty where there is none yet."""

    def framed(self, title: str, sentence: str, fields: Iterable[Widget], *buttons: Button) -> ComposeResult:
        """Yield the frame round a form's widgets; `say` speaks under them."""
        with Vertical(classes="dialog"):
            with Vertical(classes="dialog--head"):
                yield PlainText(title, classes="dialog--title")
                if sentence:
                    yield PlainText(sentence, classes="dialog--sentence")
            with Between(classes="dialog--fields", can_focus=False):
                yield from fields
            with Vertical(classes="dialog--foot"):
                yield MessageBar()
                with Horizontal(classes="dialog--buttons"):
                    yield from buttons

    def on_mount(self) -> None:
        self.call_after_refresh(self._now_stands)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Leave with an answer; under another screen it waits for that, since Textual takes the uppermost away."""
        if self.app.screen is not self:
            self._answered = (result,)
            return AwaitComplete()
        return super().dismiss(result)

    def on_screen_resume(self) -> None:
        if self._answered:
            (result,), self._answered = self._answered, ()
            self.dismiss(result)

    def _now_stands(self) -> None:
        # A field that took the focus before the frame had its size is brought into sight once it has.
        self._focus_into_sight()
        super()._now_stands()

    def _focus_into_sight(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def say(self, sentence: str, tone: str = "") -> None:
        """Say something under the form."""
        self.query_one(MessageBar).say(sentence, tone)
        self.call_after_refresh(self._focus_into_sight)

    def ask(self, sentence: str, widget: Widget | str | None = None) -> None:
        """Say what is missing, and put the cursor there."""
        self.say(sentence, "warn")
        if widget is not None:
            (self.query_one(widget) if isinstance(widget, str) else widget).focus()


def back_button(label: str = "Back") -> Button:
    """Return the button that leaves a dialog."""
    return Button(f"{label}  Esc", id="back", compact=True)


def confirm_button(verb: str, key: str = "Ctrl+S") -> Button:
    """Return the button that does what a dialog says."""
    return Button(f"{verb}  {key}".strip(), id="confirm", variant="primary", compact=True)


class ReasonDialog(Calls, Dialog[str | None]):
    """Asks why: dismissed with the reason, never blank, or with None on Escape.

    What is written when the record locks is sealed, and put back where the same is asked again: the same question over
    the same screen, about the same `about` (an id, where the screen is a list).
    """

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Leave; nothing is changed"),
        Binding("ctrl+s", "confirm", "Confirm", tooltip="Go on with this reason"),
    ]
    ASKS: ClassVar[str] = "The reason, as it should be read later"
    awaits_read = True

    def __init__(
        self, title: str, sentence: str = "", *, verb: str = "Go on", reason: str = "", asks: str = "", about: str = ""
    ) -> None:
        super().__init__()
        self._about = [about] if about else []
        self._heading, self._sentence, self._verb, self._first = title, sentence, verb, reason
        self._asks = asks or self.ASKS
        self._kept_in: OpenCompartment | None = None
        self._kept_as = ""

    def compose(self) -> ComposeResult:
        area = NoteArea(self._first, compact=True, tab_behavior="focus", placeholder=self._asks)
        yield from self.framed(self._heading, self._sentence, [area], back_button(), confirm_button(self._verb))

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        below = next((each for each in reversed(self.app.screen_stack) if isinstance(each, ConsoleScreen)), None)
        if below is None or below.console.vault is None:
            self.now_read()
            return
        self._about += [each for each in below.params.values() if isinstance(each, str) and each]
        asked = "\n".join([below.NAME, self._heading, *self._about])
        self._kept_in, self._kept_as = below.words_kept_in, f"reason-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"
        self.fetch(taken, self._kept_in, self._kept_as, then=self._put_back)

    def _put_back(self, draft: Draft | None) -> None:
        if draft is not None:
            self.query_one(TextArea).load_text(str(draft.fields.get("reason", "")))
            self.say(put_back_words(draft), "good")
        self.now_read()

    def before_lock(self) -> Callable[[], None] | None:
        """Read what is written and return the call that seals it, with the ids of what it is about."""
        reason = self.query_one(TextArea).text
        if self._kept_in is None or not self._was_read or not reason.strip() or reason == self._first:
            return None
        store, name, fields = self._kept_in, self._kept_as, {"reason": reason, "about": self._about}
        return lambda: store.drafts.seal(name, fields)

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    def action_confirm(self) -> None:
        """Take the reason, unless it is blank."""
        reason = self.query_one(TextArea).text.strip()
        if reason:
            self.dismiss(reason)
        else:
            wanted = "A reason" if self._asks == self.ASKS else self._asks
            self.ask(f"{wanted} is needed: it is read with the record.", self.query_one(TextArea))


class ConfirmDialog(Dialog[bool]):
    """Asks once more, naming the consequence: dismissed with True, or with False on Escape."""

    BINDINGS = [Binding("escape", "dismiss(False)", "Back", tooltip="Leave; nothing is changed")]

    def __init__(self, title: str, consequence: str, *, verb: str, back: str = "Back") -> None:
        super().__init__()
        self._heading, self._consequence, self._verb, self._leave = title, consequence, verb, back

    def compose(self) -> ComposeResult:
        said = PlainText(self._consequence, classes="dialog--sentence")
        yield from self.framed(self._heading, "", [said], back_button(self._leave), confirm_button(self._verb, ""))

    def on_mount(self) -> None:
        self.query_one("#back").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")
