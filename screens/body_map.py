"""A body map: marks put on the figure by keyboard or mouse, each told in words, earlier occasions under them (R-09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from practice.acts.body import Mark
from practice.body import Cell, site
from practice.body_words import LETTERS, mark_words
from practice.dates import day_words, in_words
from practice.text import LINE_LIMIT, visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.answer import AnswerField
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.figure import Figure
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import MessageBar, StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.body_maps import BodyMap

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
NO_PHOTOGRAPHS = (
    "Draw only what you can see without asking the child to undress. Staff take no photographs of injuries."
)
EMPTY = "No mark yet. The arrows or the mouse choose a place; Enter puts a mark there."


@dataclass(frozen=True)
class Found:
    """The map of an entry, and the earlier ones of the child's record."""

    entry: str
    marks: tuple[Mark, ...]
    drawn: bool
    past: list[BodyMap]
    about: str


def body_view(vault: Vault, entry_id: str, child_id: str) -> Found:
    """Read an entry's map and those of other occasions; blocks."""
    from storage.views import body_maps, children, record

    row = record.get(vault, entry_id) if entry_id else None
    child = row.child_id if row else child_id
    maps = body_maps.of_child(vault, child) if child else []
    mine = [each for each in maps if row and each.entry_id == row.id]
    about = f"{in_words(row.occurred)}" if row else ""
    name = children.get(vault, child).name if child else ""
    past = [each for each in maps if each not in mine]
    about = " · ".join(each for each in (name, about) if each)
    return Found(entry_id, mine[-1].marks if mine else (), bool(mine), past, about)


def record_map(vault: Vault, entry_id: str, marks: list[dict[str, Any]], reason: str) -> str:
    """Record the map; blocks."""
    from storage.desk import body_maps

    drawn: str = body_maps.draw(vault, entry_id, marks, reason=reason)
    return drawn


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
            yield Field("Length, cm", Input(self._first("length_cm"), placeholder="2.5", id="length_cm"))
            yield Field("Width, cm", Input(self._first("width_cm"), placeholder="1", id="width_cm"))
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


class BodyMapScreen(ConsoleScreen):
    """The figure on the left, its marks in words on the right."""

    NAME = "body_map"
    HEADING = "Body map"
    HELP = (
        "The arrows or the mouse choose a place on the body, front or back; Enter puts a mark there or changes the one "
        "that is there, Delete takes it away. o lays the maps of other days under it: the newest brightest, ○ the one "
        "before, · older. Ctrl+S records. The words on the right alone rebuild the map."
    )
    CSS_PATH = "body_map.tcss"
    BINDINGS = bindings("body_map")

    def __init__(
        self,
        entry_id: str = "",
        child_id: str = "",
        marks: Sequence[dict[str, Any]] = (),
        taken: Callable[[list[dict[str, Any]]], None] | None = None,
    ) -> None:
        super().__init__()
        self.entry_id, self.child_id, self.taken = entry_id, child_id, taken
        self.marks: list[Mark] = [Mark.model_validate(mark) for mark in marks]
        self.found: Found | None = None
        self.overlay = False
        self.changed = False

    def body(self) -> ComposeResult:
        yield StateLine("", id="about")
        yield MessageBar(id="said")
        with Horizontal(id="all"):
            with VerticalScroll(id="body-scroll", can_focus=False):
                yield Figure(id="figure")
            with VerticalScroll(id="words-scroll"):
                yield Static("", id="words")

    def on_mount(self) -> None:
        self.figure.focus()
        self._draw()

    @property
    def figure(self) -> Figure:
        """The figure."""
        return self.query_one(Figure)

    def refresh_record(self) -> None:
        """Read the map that stands, and the earlier ones."""
        if self.console.vault is not None:
            self.fetch(body_view, self.vault, self.entry_id, self.child_id, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        if not self.changed and self.taken is None:
            self.marks = list(found.marks)
        self._draw()
        self.refresh_bindings()

    def _draw(self) -> None:
        here = site(self.figure.cell)
        about = self.found.about if self.found else ""
        place = f"{self.figure.cell.view}, {here}"
        self.query_one("#about", StateLine).say(" · ".join(each for each in (about, f"cursor: {place}") if each))
        past = self._past()
        self.figure.show([(mark.cell, LETTERS[at]) for at, mark in enumerate(self.marks)], past if self.overlay else ())
        parts: list[Any] = []
        if not self.marks:
            parts += [EMPTY, "\n\n", (NO_PHOTOGRAPHS, "$text-muted"), "\n"]
        for at, mark in enumerate(self.marks):
            parts += [(f"{LETTERS[at]} ", "bold $text-error"), mark_words(mark), "\n\n"]
        if self.overlay and self.found:
            for age, each in enumerate(reversed(self.found.past)):
                parts += [(f"{'○' if not age else '·'} {in_words(each.occurred)}, by {visible(each.by)}", "bold"), "\n"]
                parts += [f"  {mark_words(mark)}\n" for mark in each.marks]
        elif self.found and self.found.past:
            parts.append((f"\n{len(self.found.past)} on other days: o lays them under this one.", "$text-muted"))
        self.query_one("#words", Static).update(Content.assemble(*parts))

    def _past(self) -> list[list[tuple[Cell, str]]]:
        past = self.found.past if self.found else []
        return [[(mark.cell, "○" if each is past[-1] else "·") for mark in each.marks] for each in past]

    def _at(self, cell: Cell) -> int | None:
        return next((at for at, mark in enumerate(self.marks) if mark.cell == cell), None)

    @on(Figure.Moved)
    def _moved(self) -> None:
        self._draw()
        self.refresh_bindings()

    @on(Figure.Chosen)
    def _clicked(self) -> None:
        self.action_do("body_map.mark")

    def why_not(self, action_id: str) -> str:
        if action_id in ("body_map.mark", "body_map.take", "body_map.record") and not may_write(self.vault):
            return READ_ONLY
        if action_id == "body_map.take" and self._at(self.figure.cell) is None:
            return "There is no mark here."
        if action_id == "body_map.overlay" and not (self.found and self.found.past):
            return "There is no body map of another day."
        if action_id == "body_map.mark" and len(self.marks) >= 60:
            return "A map holds at most 60 marks."
        return ""

    def act_mark(self) -> None:
        """Put a mark on the cell, or change the one that is there."""
        at = self._at(self.figure.cell)
        cell = self.figure.cell
        self.app.push_screen(MarkDialog(cell, None if at is None else self.marks[at]), self._marked)

    def _marked(self, made: dict[str, Any] | None) -> None:
        if made is None:
            return
        mark = Mark.model_validate(made)
        at = self._at(mark.cell)
        if at is None:
            self.marks.append(mark)
        else:
            self.marks[at] = mark
        self._changed()

    def act_take(self) -> None:
        """Take the mark under the cursor away."""
        at = self._at(self.figure.cell)
        if at is not None:
            del self.marks[at]
            self._changed()

    def _changed(self) -> None:
        self.changed = True
        self.query_one("#said", MessageBar).say("Ctrl+S keeps it." if self.taken else "Ctrl+S records it.", "warn")
        self._draw()
        self.refresh_bindings()

    def act_overlay(self) -> None:
        """Lay the maps of other days under this one, or take them away."""
        self.overlay = not self.overlay
        self._draw()

    def _dumped(self) -> list[dict[str, Any]]:
        return [mark.model_dump(mode="json") for mark in self.marks]

    def act_record(self) -> None:
        """Record the map; one that stands already is amended with a reason. On Log, hand it to the form."""
        if self.taken is not None:
            self.taken(self._dumped())
            self.console.back()
        elif not self.changed:
            self.query_one("#said", MessageBar).say("Nothing is changed.", "warn")
        elif self.found and self.found.drawn:
            sentence = "The map before stays readable as its earlier version."
            self.app.push_screen(ReasonDialog("Why is the map changed?", sentence, verb="Record"), self._record)
        else:
            self._record("")

    def _record(self, reason: str | None) -> None:
        if reason is not None:
            self.run(record_map, self.vault, self.entry_id, self._dumped(), reason, then=self._recorded)

    def _recorded(self, _act: str) -> None:
        self.changed = False
        today = day_words(self.console.now().date())
        self.query_one("#said", MessageBar).say(f"Recorded {today}.", "good")
        self.refresh_record()

    def may_exit(self) -> str:
        """Marks that were not recorded would be lost."""
        return "The marks on the body map are not recorded yet." if self.changed and self.taken is None else ""
