"""The names in a child's record, stepped through one by one: each with its mask, or still to be marked (R-64, R-75)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from practice.dates import in_words
from practice.glossary import TermKind
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.names_again import NameAgainDialog
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine, around
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from practice.glossary import Glossary, Term
    from screens.console import Console
    from storage.desk.glossary import Place
    from storage.vault import Vault

AROUND = 60
SHOWN = 12
"""How many of the glossary's names stand above the list."""
YES_NO = (("Masked in every copy and share that leaves", "yes"), ("Masked in the anonymised view alone", "no"))


@dataclass(frozen=True)
class Found:
    """The child's name, the glossary, and every place, the unmarked first."""

    child: str
    glossary: Glossary
    places: list[Place]
    elsewhere: dict[str, list[str]]
    """By name, what it was masked by on a machine apart, where that mask is another's now."""


def read_places(vault: Vault, child_id: str) -> Found:
    """Read where names stand in a child's record; blocks."""
    from storage.desk.glossary import places
    from storage.views import children
    from storage.views.glossary import before, glossary, labels

    found = places(vault, child_id)
    found.sort(key=lambda place: bool(place.found.mask))
    elsewhere = before(labels(vault, child_id))
    return Found(children.get(vault, child_id).name, glossary(vault, child_id), found, elsewhere)


def key_of(place: Place) -> tuple[str, str, int]:
    """Return what tells a place from every other."""
    return place.entry.id, place.field, place.found.start


def draw(place: Place, width: int) -> list[Content]:
    """Draw a place: its mask, the words around it with the name standing out, and whose entry it is in."""
    found = place.found
    before, after = around(place.text[: found.start], place.text[found.end :], AROUND)
    before, after = (" ".join(visible(part).split()) for part in (before, after))
    mask = (found.mask, "bold $text-success") if found.mask else ("may be a name", "bold $text-warning")
    when = (f"  {in_words(place.entry.occurred)}", "$text-muted")
    spaced = " " if place.text[found.end : found.end + 1].isspace() else ""
    # The line under the cursor has one colour: the marks say there which word it is.
    name = (f"«{visible(found.written)}»", "bold")
    gap = " " if place.text[: found.start][-1:].isspace() else ""
    words = Content.assemble(before + gap if before else "", name, spaced + after)
    lines = [Content.assemble(mask, when), *words.wrap(max(width - 4, 20))]
    return [Content("  ") + line for line in lines] + [Content("")]


class MarkDialog(FormDialog[str]):
    """Who or what a name is."""

    VERB = "Mark"

    def __init__(self, child_id: str, name: str, terms: tuple[Term, ...]) -> None:
        super().__init__("Mark a name", "It is masked in the anonymised view, and can be named again without loss.")
        self.child_id, self.written, self.terms = child_id, name, terms

    def fields(self) -> ComposeResult:
        """Yield the form's fields."""
        yield Field("Name", Input(self.written, id="mark-name", max_length=200))
        yield Field("Who or what", ChoiceField(TermKind.choices(), id="mark-kind"))
        same = [(f"{term.mask}, {visible(term.name)}", term.mask) for term in self.terms]
        yield Field("Same as", ChoiceField(same, prompt="Nobody in the list yet", id="mark-same"))
        yield Field("When it leaves", ChoiceField(YES_NO, prompt="As usual for its kind", id="mark-always"))

    def on_mount(self) -> None:
        self.query_one("#mark-kind").focus()

    def confirm(self) -> None:
        """Mark it."""
        from storage.desk.glossary import mark

        name = self.query_one("#mark-name", Input).value
        same = self.query_one("#mark-same", ChoiceField).code
        kind = same.partition(" ")[0] or self.query_one("#mark-kind", ChoiceField).code
        if not name.strip() or not kind:
            self.ask("Who or what is it? Choose one, or the same person's mask.", self.query_one("#mark-kind"))
            return
        answer = self.query_one("#mark-always", ChoiceField).code
        always = {"yes": True, "no": False}.get(answer)
        vault = cast("Console", self.app).vault
        if vault is not None:
            self.busy("Marking …")
            self.run(
                mark,
                vault,
                self.child_id,
                name,
                kind,
                same_as=same,
                always=always,
                then=self.finish,
                failed=self.failed,
            )


class NamesScreen(ConsoleScreen):
    """Every place where a name stands in one child's record."""

    NAME = "names"
    HEADING = "Names"
    HELP = (
        "Every place where a name stands in this child's record, what may be one first. n marks the name under the "
        "cursor, x takes its mark away, u names an anonymised text again. The anonymised copy masks what is marked; a "
        "reporter, an address and a third party are masked in everything that leaves."
    )
    BINDINGS = bindings("names")

    def __init__(self, child_id: str) -> None:
        super().__init__()
        self.child_id = child_id
        self.found: Found | None = None
        self._marking: tuple[str, str, int] | None = None
        """The place that is being marked: the cursor does not go along with it, but to the next one."""

    @property
    def heading(self) -> str:
        """Say whose record it is."""
        return f"{self.HEADING}: {self.found.child}" if self.found else self.HEADING

    def body(self) -> ComposeResult:
        yield StateLine("", id="said", classes="muted")
        yield RecordList(draw, id="places")

    def on_mount(self) -> None:
        self.query_one("#places").focus()

    def refresh_record(self) -> None:
        """Read the places again."""
        if self.console.vault is not None:
            self.fetch(read_places, self.vault, self.child_id, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        listed = self.query_one("#places", RecordList)
        listed.empty = "No names were found in this record."
        marked = any(place.found.mask and key_of(place) == self._marking for place in found.places)
        listed.show(found.places, keep=None if marked else key_of)
        self._marking = None if marked else self._marking
        unmarked = sum(not place.found.mask for place in found.places)
        terms = found.glossary.terms
        masks = " · ".join(f"{visible(term.name)} → {term.mask}" for term in terms[:SHOWN])
        masks += f" · and {len(terms) - SHOWN} more" if len(terms) > SHOWN else ""
        still = {0: "Nothing else looks like a name.", 1: "1 word may be a name still."}
        said = still.get(unmarked, f"{unmarked} words may be names still.")
        changed = "".join(
            f" {visible(name)} was {', '.join(was)} on a machine apart: so in copies that left there until they met."
            for name, was in found.elsewhere.items()
        )
        self.query_one("#said", StateLine).say(f"{said} Masked: {masks}{'.' if changed else ''}{changed}")
        self.refresh_chrome()
        self.refresh_bindings()

    def _current(self) -> Place | None:
        place: Place | None = self.query_one("#places", RecordList).current
        return place

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        if not may_write(self.vault) and action_id != "names.open":
            return READ_ONLY
        place = self._current()
        if place is None and action_id not in ("names.mark", "names.again"):
            return "There is no name here."
        if place and action_id == "names.unmark" and not place.found.mask:
            return "It is not marked."
        return ""

    def act_mark(self) -> None:
        """Mark the name under the cursor, or one that is typed."""
        place = self._current()
        name = place.found.written if place and not place.found.mask else ""
        terms = self.found.glossary.terms if self.found else ()
        self._marking = key_of(place) if place and name else None
        self.app.push_screen(MarkDialog(self.child_id, name, terms), self._marked)

    def _marked(self, mask: str | None) -> None:
        if mask:
            self.console.say(f"Marked as {mask}.")

    def act_again(self) -> None:
        """Name an anonymised text again, with the reason."""
        self.app.push_screen(NameAgainDialog(self.child_id))

    def act_unmark(self) -> None:
        """Take the mark of the name under the cursor away."""
        from storage.desk.glossary import unmark

        place = self._current()
        if place is not None and self.found is not None:
            name = next(term.name for term in self.found.glossary.terms if term.mask == place.found.mask)
            self.run(unmark, self.vault, self.child_id, name)

    @on(RecordList.Opened)
    def act_open(self) -> None:
        """Open the record at the entry."""
        if place := self._current():
            self.console.open("child", child_id=self.child_id, entry_id=place.entry.id)
