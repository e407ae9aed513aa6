"""Two versions of an entry side by side, what changed marked in words and not in colour alone (R-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.compare import Piece, changes
from practice.dates import in_words
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.entry import Whole, whole
from screens.widgets.text import PlainText
from screens.wording import moment_words

if TYPE_CHECKING:
    from storage.views.record_rows import VersionRow

MARKS = {"removed": ("⟨−", "−⟩", "strike $text-error"), "added": ("⟨+", "+⟩", "bold $text-success")}
LEGEND = "⟨− stood before only −⟩   ⟨+ new here +⟩"


def side_of(pieces: list[Piece], wanted: str) -> list[Any]:
    """Return one side: what is the same, and what stands on this side only, between its marks."""
    parts: list[Any] = []
    for piece in pieces:
        if piece.kind == "same":
            parts.append(visible(piece.text))
        elif piece.kind == wanted:
            before, after, style = MARKS[wanted]
            parts += [(f"{before}{visible(piece.text)}{after}", style)]
    return parts


def marked(pieces: list[Piece]) -> list[Any]:
    """Return one text whole, with what only it says and what only the other says between their marks."""
    parts: list[Any] = []
    for piece in pieces:
        before, after, style = MARKS.get(piece.kind, ("", "", ""))
        parts.append((f"{before}{visible(piece.text)}{after}", style))
    return parts


def drawn(version: VersionRow, other: VersionRow, wanted: str) -> Content:
    """Draw a version with what it has and the other has not; `wanted` is removed for the older, added for the newer."""
    old, new = (version, other) if wanted == "removed" else (other, version)
    parts: list[Any] = [
        (f"Version {version.version}", "bold $text-primary"),
        (f"\n{moment_words(version.recorded_at)}, by {visible(version.recorded_by)}", "$text-muted"),
    ]
    if version.reason:
        parts.append((f"\nBecause: {visible(version.reason)}", "$text-muted"))
    parts += ["\n\n", *side_of(changes(old.text, new.text), wanted)]
    if old.childs_words or new.childs_words:
        parts += ["\n\n", ("In the child's words:", "$text-accent"), "\n"]
        parts += side_of(changes(old.childs_words, new.childs_words), wanted)
    parts += ["\n\n", ("When: ", "$text-muted")]
    parts += side_of(changes(in_words(old.occurred), in_words(new.occurred)), wanted)
    return Content.assemble(*parts)


class CompareScreen(ConsoleScreen):
    """A version and the one that its writer had before them; the arrows choose another pair."""

    NAME = "compare"
    HEADING = "Versions side by side"
    HELP = (
        "On the left a version, on the right the one that amended it: what stood before only is marked ⟨− −⟩, what is "
        "new ⟨+ +⟩. n and b show the next pair and the one before; Tab goes from side to side."
    )
    CSS_PATH = "compare.tcss"
    BINDINGS = bindings("compare")

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self.entry_id = entry_id
        self.found: Whole | None = None
        self.at = -1

    @property
    def pairs(self) -> list[tuple[VersionRow, VersionRow]]:
        """Each amended version with the one that it amended."""
        from storage.desk.versions import pairs

        return pairs(self.found.detail.versions) if self.found else []

    def body(self) -> ComposeResult:
        yield PlainText("", id="which")
        with Horizontal(id="sides"):
            with VerticalScroll(id="before"):
                yield Static("", id="before-text")
            with VerticalScroll(id="after"):
                yield Static("", id="after-text")

    def on_mount(self) -> None:
        self.query_one("#before").focus()

    def refresh_record(self) -> None:
        """Read the entry's versions."""
        if self.console.vault is not None:
            self.fetch(whole, self.vault, self.entry_id, then=self._show)

    def _show(self, found: Whole) -> None:
        self.found = found
        if not 0 <= self.at < len(self.pairs):
            self.at = len(self.pairs) - 1
        self._draw()

    def _draw(self) -> None:
        pairs = self.pairs
        which = f"Change {self.at + 1} of {len(pairs)} · {LEGEND}" if pairs else "This entry was never amended."
        self.query_one("#which", PlainText).show(which)
        if pairs:
            old, new = pairs[self.at]
            self.query_one("#before-text", Static).update(drawn(old, new, "removed"))
            self.query_one("#after-text", Static).update(drawn(new, old, "added"))
        self.refresh_bindings()

    def why_not(self, action_id: str) -> str:
        if action_id == "compare.next" and self.at >= len(self.pairs) - 1:
            return "This is the newest change."
        if action_id == "compare.previous" and self.at <= 0:
            return "This is the first change."
        return ""

    def act_next(self) -> None:
        """Show the next change."""
        self.at += 1
        self._draw()

    def act_previous(self) -> None:
        """Show the change before."""
        self.at -= 1
        self._draw()
