"""A body map: marks put on the figure by keyboard or mouse, each told in words, earlier occasions under them (R-09)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.acts.body import Mark
from practice.body import Cell, site
from practice.body_words import LETTERS, mark_words
from practice.dates import day_words, in_words
from practice.text import visible
from screens.actions import bindings
from screens.body_mark import MarkDialog
from screens.drafting import DraftScreen
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.figure import Figure
from screens.widgets.text import MessageBar, StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.body_maps import BodyMap

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


class BodyMapScreen(DraftScreen):
    """The figure on the left, its marks in words on the right."""

    NAME = "body_map"
    HEADING = "Body map"
    HELP = (
        "The arrows or the mouse choose a place on the body, front or back; Enter puts a mark there or changes the one "
        "that is there, Delete takes it away. o lays the maps of other days under it: the newest brightest, ○ the one "
        "before, × older. Ctrl+S records; marks that are not recorded yet stay as a draft. The words on the right "
        "alone rebuild the map."
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
        if self.marks == list(found.marks):  # a draft of what was recorded since
            self.changed = False
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
                parts += [(f"{'○' if not age else '×'} {in_words(each.occurred)}, by {visible(each.by)}", "bold"), "\n"]
                parts += [f"  {mark_words(mark)}\n" for mark in each.marks]
        elif self.found and self.found.past:
            parts.append((f"\n{len(self.found.past)} on other days: o lays them under this one.", "$text-muted"))
        self.query_one("#words", Static).update(Content.assemble(*parts))

    def _past(self) -> list[list[tuple[Cell, str]]]:
        past = self.found.past if self.found else []
        return [[(mark.cell, "○" if each is past[-1] else "×") for mark in each.marks] for each in past]

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
        if self.taken is not None:  # at once: neither Escape nor a lock takes a mark away
            self.taken(self._dumped())
        self.touched()
        self.say(f"Ctrl+S {'goes back to Log, which keeps it' if self.taken else 'records it'}.", "warn")
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
        self._keep()  # nothing is left of the draft
        today = day_words(self.console.now().date())
        self.query_one("#said", MessageBar).say(f"Recorded {today}.", "good")
        self.refresh_record()

    # -- the draft -----------------------------------------------------------------------------------------------------

    def draft_name(self) -> str:
        """There is one draft to an entry's map."""
        return f"body-map-{self.entry_id}"

    def draft_fields(self) -> dict[str, Any]:
        """Return the marks where they are not recorded; on Log its own draft holds them."""
        kept = self.changed and self.taken is None
        return {"entry": self.entry_id, "marks": self._dumped()} if kept else {}

    def put_back(self, fields: dict[str, Any]) -> None:
        """Show the marks of a draft, to be recorded."""
        if self.taken is None and may_write(self.vault):
            with contextlib.suppress(ValueError, TypeError):  # whoever holds the public key may have sealed it
                self.marks = [Mark.model_validate(mark) for mark in fields.get("marks", ())]
            self.changed = not self.found or self.marks != list(self.found.marks)
            self._draw()

    @property
    def again(self) -> str:
        """How to come back to the draft."""
        return "The entry's body map puts it back."
