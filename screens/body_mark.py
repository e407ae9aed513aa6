"""What a mark on the body looks like: the form over the figure (R-09)."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from practice.acts.body import Mark
from practice.body import Cell, site
from practice.text import LINE_LIMIT, visible
from screens.widgets.answer import AnswerField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog

YES_NO = (("Yes", "yes"), ("No", "no"))
LOOKED = (
    ("skin_broken", "Skin broken?"),
    ("swelling", "Swelling?"),
    ("scab", "Scab?"),
    ("blister", "Blister?"),
    ("bleeding", "Bleeding?"),
    ("clean", "Clean?"),
    ("heat", "Hot to touch?"),
    ("pain", "Painful?"),
)


class MarkDialog(FormDialog[dict[str, Any]]):
    """What a mark looks like: dismissed with its fields."""

    VERB = "Put it there"
    DEFAULT_CSS = """
    MarkDialog > .form-dialog { padding: 0 2; margin: 0; max-height: 100%; }
    MarkDialog .form-dialog--sentence { margin: 0; color: $text-muted; }
    MarkDialog Field Input, MarkDialog Field Select { width: 1fr; }
    MarkDialog .pair { height: auto; }
    MarkDialog .pair Field { width: 1fr; }
    MarkDialog .pair .field--label { width: 17; }
    """

    def __init__(self, cell: Cell, mark: Mark | None) -> None:
        super().__init__(f"A mark: {cell.view}, {site(cell)}", "What is not looked for may stay empty.")
        self.cell, self.mark = cell, mark

    def _first(self, name: str) -> str:
        value = getattr(self.mark, name) if self.mark else ""
        if isinstance(value, tuple):
            return ", ".join(value)
        return f"{value:g}" if isinstance(value, float) and value else str(value or "")

    def fields(self) -> ComposeResult:
        """Yield size, shape, colours, what was looked for, and words."""
        with Horizontal(classes="pair"):
            yield Field("Length, cm", Input(self._first("length_cm"), placeholder="such as 2.5", id="length_cm"))
            yield Field("Width, cm", Input(self._first("width_cm"), placeholder="such as 1", id="width_cm"))
        yield Field("Shape", Input(visible(self._first("shape")), max_length=LINE_LIMIT, id="shape"))
        hint = "With commas: blue, yellow at the edge"
        yield Field("Colours", Input(visible(self._first("colours")), placeholder=hint, id="colours"))
        for first, second in zip(LOOKED[::2], LOOKED[1::2], strict=True):
            with Horizontal(classes="pair"):
                for name, label in (first, second):
                    yield Field(label, ChoiceField(YES_NO, id=name, value=self._first(name)))
        moves = "Moves it freely, or holds it"
        yield Field("Movement", Input(visible(self._first("movement")), placeholder=moves, id="movement"))
        words = "What else you saw; no words of the child"
        yield Field("Words", AnswerField(self._first("words"), placeholder=words, id="words"))

    def on_mount(self) -> None:
        self.query_one("#length_cm").focus()

    def _centimetres(self, name: str) -> float | None:
        text = self.query_one(f"#{name}", Input).value.strip().removesuffix("cm").strip().replace(",", ".")
        try:
            value = float(text or 0)
        except ValueError:
            return None
        return value if 0 <= value <= 200 else None

    def confirm(self) -> None:
        """Take the mark, once its size can be read."""
        made: dict[str, Any] = {"view": self.cell.view, "x": self.cell.x, "y": self.cell.y}
        for name in ("length_cm", "width_cm"):
            value = self._centimetres(name)
            if value is None:
                self.ask("How large, in centimetres? Write 2.5.", self.query_one(f"#{name}"))
                return
            made[name] = value
        for name in ("shape", "movement"):
            made[name] = self.query_one(f"#{name}", Input).value
        colours = self.query_one("#colours", Input).value.split(",")
        made["colours"] = [each.strip() for each in colours if each.strip()]
        for name, _ in LOOKED:
            made[name] = self.query_one(f"#{name}", ChoiceField).code
        made["words"] = self.query_one("#words", AnswerField).text
        self.finish(made)
