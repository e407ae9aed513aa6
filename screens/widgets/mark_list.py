"""Several of a list: each line says by a mark whether it is chosen, never by colour alone."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class MarkList(OptionList):
    """Lines that Space marks and unmarks."""

    BINDINGS = [Binding("space", "select", "Mark", tooltip="Mark or unmark this line")]

    def __init__(self, choices: Iterable[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        self._labels = {code: label for label, code in choices}
        self._marked: set[str] = set()
        super().__init__(*(Option(self._line(code), id=code) for code in self._labels), id=id, compact=True)

    def _line(self, code: str) -> Content:
        return Content(f"[{'x' if code in self._marked else ' '}] {self._labels[code]}")

    @property
    def codes(self) -> tuple[str, ...]:
        """The marked codes, in the order of the list."""
        return tuple(code for code in self._labels if code in self._marked)

    def mark(self, codes: Iterable[str]) -> None:
        """Mark exactly these of the list."""
        self._marked = {code for code in codes if code in self._labels}
        for code in self._labels:
            self.replace_option_prompt(code, self._line(code))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Turn the mark of the line."""
        event.stop()
        code = event.option.id or ""
        self._marked ^= {code}
        self.replace_option_prompt(code, self._line(code))
