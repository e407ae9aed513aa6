"""What the lists of meetings and of file transfers share: parts by day, of one child or of all, kept fresh."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from screens.base import ConsoleScreen
from screens.widgets.chrome import cut
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine, plain
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault


class Dated(Protocol):
    """Something of one child that stands at a day."""

    @property
    def id(self) -> str: ...
    @property
    def child_id(self) -> str: ...


Item = TypeVar("Item", bound=Dated)


@dataclass(frozen=True)
class Row(Generic[Item]):
    """A heading, or one item as of a day."""

    heading: str = ""
    item: Item | None = None
    today: date = date.min


def rows_of(parts: list[tuple[str, list[Item]]], today: date) -> list[Row[Item]]:
    """Return the lines of the parts that hold anything, each under its heading with its count."""
    rows: list[Row[Item]] = []
    for heading, some in parts:
        if some:
            rows.append(Row(f"{heading} ({len(some)})"))
            rows += [Row(item=each, today=today) for each in some]
    return rows


def drawn(title: str, when: tuple[str, str], facts: list[tuple[str, str]], width: int) -> list[Content]:
    """Draw an item: what it is and when, each with its tone, and in whole what stands about it."""
    words, tone = when
    left = cut(f"  {title}", max(width - cell_len(words) - 3, 12))
    space = " " * max(width - 1 - cell_len(left) - cell_len(words), 1)
    lines = [Content.assemble((left, "bold"), space, (words, tone))]
    for text, style in facts:
        lines += [Content("    ") + line for line in plain(text, style).wrap(max(width - 6, 10))]
    return lines


class DatedListScreen(ConsoleScreen, Generic[Item]):
    """Items in parts by day; with `child_id` those of one child, what is over among them."""

    WRITES: ClassVar[frozenset[str]]
    EMPTY: ClassVar[str]

    def __init__(self, child_id: str, item_id: str) -> None:
        super().__init__()
        self.child_id, self.wanted = child_id, item_id
        self.whose = ""
        self.everything = bool(child_id)

    @abstractmethod
    def reading(self) -> Callable[[Vault, str, bool], tuple[list[Item], str]]:
        """Return what reads the items, of one child or of all, and whose they are; it blocks."""

    @abstractmethod
    def parts(self, found: list[Item], today: date) -> list[tuple[str, list[Item]]]:
        """Return the items under their headings, in the order in which they are shown."""

    @abstractmethod
    def says(self, found: list[Item]) -> str:
        """Say in a sentence what is still to be done."""

    @abstractmethod
    def draw_item(self, item: Item, today: date, width: int) -> list[Content]:
        """Draw one item."""

    @abstractmethod
    def fault(self, verb: str, item: Item) -> str:
        """Return why something cannot be done with an item now; blank where it can."""

    def key_of(self, item: Item) -> object:
        """Return what an item is, so that the cursor stays on it."""
        return item.id

    def body(self) -> ComposeResult:
        yield StateLine("", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row[Item]](self._draw, skip=lambda row: row.item is None, id="dated", empty=self.EMPTY)

    def on_mount(self) -> None:
        self.query_one("#dated").focus()

    def _draw(self, row: Row[Item], width: int) -> list[Content]:
        if row.item is None:
            return [Content(""), Content.styled(row.heading, "bold $text-primary")]
        return self.draw_item(row.item, row.today, width)

    def refresh_record(self) -> None:
        """Read the list."""
        if self.console.vault is not None:
            self.fetch(self.reading(), self.vault, self.child_id, self.everything, then=self._show)

    def _show(self, result: tuple[list[Item], str]) -> None:
        found, self.whose = result
        today = self.console.now().date()
        rows = rows_of(self.parts(found, today), today)
        self.query_one("#said", StateLine).say(self.says(found))
        listed: RecordList[Row[Item]] = self.query_one("#dated", RecordList)
        listed.show(rows, keep=lambda row: self.key_of(row.item) if row.item else row.heading)
        places = [at for at, row in enumerate(rows) if row.item is not None and row.item.id == self.wanted]
        self.wanted = ""
        if places:
            listed.cursor = places[0]
        self.refresh_chrome()
        self.refresh_bindings()

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        row: Row[Item] | None = self.query_one("#dated", RecordList).current
        return row.item if row else None

    def why_not(self, action_id: str) -> str:
        verb, item = action_id.rpartition(".")[2], self.current
        if verb in self.WRITES and not may_write(self.vault):
            return READ_ONLY
        if verb in {"new", "everything", "back"}:
            return ""
        if item is None:
            return "Nothing is chosen."
        return self.fault(verb, item)

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do(f"{self.NAME}.open")

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_everything(self) -> None:
        """Show what is over too, or hide it again."""
        self.everything = not self.everything
        self.refresh_record()

    def _changed(self, words: str) -> Callable[[Item | None], None]:
        def told(item: Item | None) -> None:
            if item is not None:
                self.query_one("#done", MessageBar).say(words, "good")
                self.refresh_record()

        return told
