"""The whole list of what the wording coach asks of a text, by keyboard: each place, and its question (practice: §9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Button, Input, TextArea

from practice.text import visible
from screens.base import Calls
from screens.widgets.dialogs import Dialog, back_button, confirm_button
from screens.widgets.long_list import LongList
from screens.widgets.text import PlainText, around

if TYPE_CHECKING:
    from practice.wording import Finding
    from screens.console import Console
    from storage.vault import Vault

AROUND = 24
"""Characters shown on each side of the words that were found."""
LOOKING = "Looking at the whole text…"
NONE = "Nothing to ask of this text."


@dataclass(frozen=True)
class Place:
    """One finding, and where it stands: line and column count from 0; a question about the whole text has no place."""

    number: int
    row: int
    column: int
    before: str
    after: str
    found: Finding


def places_of(text: str, findings: Sequence[Finding]) -> list[Place]:
    """Return where each finding stands, in the order of the text, the questions about the whole text last."""
    places: list[Place] = []
    row, begun = 0, 0
    for found in sorted(findings, key=lambda each: (each.whole, each.start)):
        if found.whole:
            places.append(Place(len(places), 0, 0, "", "", found))
            continue
        while (end := text.find("\n", begun)) >= 0 and end < found.start:
            row, begun = row + 1, end + 1
        stop = end if end >= found.end else len(text)
        before, after = around(text[begun : found.start], text[found.end : stop], AROUND)
        places.append(Place(len(places), row, found.end - begun, before, after, found))
    return places


def all_places(vault: Vault, text: str, childs_words: str) -> list[Place]:
    """Return every finding of a text with its place, by the school's own list. Blocks."""
    from storage.desk.wording import coach

    return places_of(text, coach(vault).check(text, childs_words=childs_words))


def draw(place: Place, width: int) -> list[Content]:
    """Draw one finding: where it stands in its words, and under it the question."""
    found = place.found
    if found.whole:
        head = Content.styled("The whole text", "bold")
    else:
        head = Content.assemble(
            (f"Line {place.row + 1}  ", "$text-muted"),
            visible(place.before),
            (f"«{visible(' '.join(found.text.split()))}»", "bold"),
            visible(place.after),
        )
    asked = Content(visible(found.question)).wrap(max(width - 4, 10))
    return [*head.wrap(width), *(Content("    ") + line for line in asked), Content("")]


class WordingFound(Calls, Dialog["Place | None"]):
    """Every question to a text: Enter goes to its words; Escape, or simply writing on, goes back to the text."""

    DEFAULT_CSS = """
    WordingFound .dialog { width: 96; height: 92%; }
    WordingFound .dialog--fields { height: 1fr; }
    WordingFound LongList { height: 1fr; background: $surface; }
    """
    BINDINGS = [
        Binding("escape", "leave", "Back", tooltip="Back to the text"),
        Binding("enter", "go", "Go there", tooltip="Go to these words in the text"),
    ]

    def __init__(self, area: TextArea, childs_words: str) -> None:
        super().__init__()
        self.area, self.childs_words = area, childs_words
        self.text = area.text
        self._left = False

    def compose(self) -> ComposeResult:
        rows: LongList[Place] = LongList(draw, empty="", id="findings")
        sentence = "Questions, not faults. Escape, or writing on, goes back to the text."
        go = confirm_button("Go there", "Enter")
        yield from self.framed("What the wording coach asks", sentence, [rows], back_button("Back to the text"), go)

    def on_mount(self) -> None:
        self.rows.focus()
        self.say(LOOKING)
        vault = cast("Console", self.app).vault
        if vault is not None:
            self.fetch(all_places, vault, self.text, self.childs_words, then=self._show)

    @property
    def rows(self) -> LongList[Place]:
        """The list."""
        return self.query_one("#findings", LongList)

    def _show(self, places: list[Place]) -> None:
        self.say("" if places else NONE)
        count = f"{len(places)} question{'s' if len(places) != 1 else ''}"
        self.query_one(".dialog--title", PlainText).show(f"What the wording coach asks: {count}" if places else NONE)
        keys = [str(place.number) for place in places]
        self.rows.show_keys(keys, lambda start, limit: places[start : start + limit], {0: places[:100]})

    def on_key(self, event: events.Key) -> None:
        """Take what is typed here to where it was being written: no letter is lost on the way back."""
        if event.is_printable and event.character:
            event.stop()
            self._leave()
            self._write(event.character)
        elif event.key == "backspace":
            event.stop()
            self._leave()
            self._write("")

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted words to the text too."""
        event.stop()
        self._leave()
        self._write(event.text)

    def _write(self, text: str) -> None:
        under = self.app.screen_stack[-2].focused if self.app.screen is self else self.app.screen.focused
        field = under if isinstance(under, Input | TextArea) else self.area
        if isinstance(field, Input):
            field.insert_text_at_cursor(text) if text else field.action_delete_left()
        elif text:
            field.replace(text, *field.selection, maintain_selection_offset=False)
        else:
            field.action_delete_left()

    def _leave(self, place: Place | None = None) -> None:
        if not self._left:
            self._left = True
            self.dismiss(place)

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        """Go back to the text."""
        self._leave()

    @on(Button.Pressed, "#confirm")
    @on(LongList.Opened)
    def action_go(self) -> None:
        """Go to the words under the cursor; a question about the whole text has none."""
        self._leave(self.rows.current)


def show_all(area: TextArea, childs_words: str) -> None:
    """Open the whole list over the form that `area` stands in; the cursor goes to the words that were chosen."""

    def taken(place: Place | None) -> None:
        if place is None:
            return
        area.focus()
        if not place.found.whole and area.text == text:
            area.move_cursor((place.row, place.column))

    text = area.text
    area.app.push_screen(WordingFound(area, childs_words), taken)
