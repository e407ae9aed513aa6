"""The chronology workbench: the time line as a picture, filters, the family in one view, as it was known on a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from practice.dates import day_words
from practice.text import counted, visible
from practice.timeline import picture, said
from practice.vocabulary import ConcernCategory, EntryKind, Significance, label_of
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.child_dialogs import DayDialog, PromoteDialog, Promotion
from screens.child_read import open_log
from screens.entry_lines import Line, draw_line
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.form_dialog import FormDialog
from screens.widgets.long_list import LongList
from screens.widgets.record_list import PAGE, RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.timeline import Choices, Filter, Workbench

LEGEND = "bars: entries in a week · ~ no school · = gap · ^ cluster"


@dataclass(frozen=True)
class Named(Line):
    """An entry of the time line, with whose it is where several children stand in it."""

    whose: str = ""


@dataclass(frozen=True)
class Found:
    """What the screen shows: whose entries, their keys and pages, and what a filter may name."""

    children: list[ChildRow]
    bench: Workbench
    choices: Choices
    pages: dict[int, list[Named]]
    family: int


def named(rows: list[object], several: bool) -> list[Named]:
    """Return entries as lines, with the child's name where there are several children."""
    from storage.views.record_rows import EntryRow

    return [Named(row, (), row.child if several else "") for row in rows if isinstance(row, EntryRow)]


def bench_view(vault: Vault, child_id: str, wanted: Filter, family: bool, near: str) -> Found:
    """Read the entries, the time line and the family; blocks. Each record that is shown counts as opened (R-114)."""
    from storage.views import timeline

    relatives = timeline.family(vault, child_id)
    shown = relatives if family else relatives[:1]
    for child in shown:
        open_log(vault, child.id)
    ids = [child.id for child in shown]
    bench = timeline.workbench(vault, ids, wanted)
    place = bench.keys.index(near) if near in bench.keys else max(len(bench.keys) - 1, 0)
    numbers = {max(place // PAGE - 1, 0), place // PAGE} if bench.keys else set()
    pages = {number: named([*bench.fetch(number * PAGE, PAGE)], len(shown) > 1) for number in numbers}
    return Found(shown, bench, timeline.choices(vault, ids), pages, len(relatives))


def draw(line: Named, width: int) -> list[Content]:
    """Draw an entry; in the family's view its child's name stands above it."""
    drawn = draw_line(line, width)
    return [Content.styled(f" {visible(line.whose)}", "bold $text-accent"), *drawn] if line.whose else drawn


class FilterDialog(FormDialog[dict[str, object]]):
    """Which entries are shown: by agency, kind, category, significance and day."""

    VERB = "Show"
    DEFAULT_CSS = """
    FilterDialog > .form-dialog { padding: 0 2; margin: 0; max-height: 96%; }
    FilterDialog Field Select, FilterDialog Field Input { width: 1fr; }
    """

    def __init__(self, wanted: Filter, choices: Choices) -> None:
        super().__init__("Which entries?", "What is left open is any. Escape changes nothing.")
        self.wanted, self.choices = wanted, choices

    def fields(self) -> ComposeResult:
        """Yield a list for each thing that stands in the record, and the days."""
        wanted, choices = self.wanted, self.choices
        kinds = [(visible(label_of(EntryKind, code)), code) for code in choices.kinds]
        categories = [(visible(label_of(ConcernCategory, code)), code) for code in choices.categories]
        meant = [(visible(label_of(Significance, code)), code) for code in choices.significances]
        sources = [(visible(each), each) for each in choices.sources]
        yield Field("From whom", ChoiceField(sources, id="source", prompt="Anybody", value=wanted.source))
        yield Field("Kind", ChoiceField(kinds, id="kind", prompt="Any", value=wanted.kind))
        yield Field("Category", ChoiceField(categories, id="category", prompt="Any", value=wanted.category))
        yield Field("Significance", ChoiceField(meant, id="significance", prompt="Any", value=wanted.significance))
        chosen = "yes" if wanted.promoted else ""
        yield Field("Chosen", ChoiceField([("Only those chosen", "yes")], id="promoted", prompt="All", value=chosen))
        for name, label in (("start", "From"), ("end", "To")):
            day = getattr(wanted, name)
            yield Field(
                label, WhenField(day_words(day) if day else "", empty="any day", hint="such as 3 Mar 2026", id=name)
            )

    def on_mount(self) -> None:
        self.query_one("#source").focus()

    def confirm(self) -> None:
        """Take the filter, once its days can be read."""
        made: dict[str, object] = {}
        for name in ("source", "kind", "category", "significance"):
            made[name] = self.query_one(f"#{name}", ChoiceField).code
        made["promoted"] = bool(self.query_one("#promoted", ChoiceField).code)
        for name in ("start", "end"):
            field = self.query_one(f"#{name}", WhenField)
            occurred = field.occurred
            if field.text.strip() and occurred.start is None:
                self.ask("Which day? Write it as 3 Mar 2026.", field.query_one(Input))
                return
            last = (occurred.end or occurred.start) if name == "end" else occurred.start
            made[name] = date.fromisoformat(last[:10]) if field.text.strip() and last else None
        self.finish(made)


class TimelineScreen(ConsoleScreen):
    """The picture above, the entries under it; both follow the filter."""

    NAME = "timeline"
    HEADING = "Time line"
    HELP = (
        "Each bar is a week: ~ marks weeks without school, = a gap, ^ a cluster; each agency has a mark of its own. "
        "f chooses which entries are shown, y the family in one view, each entry about its own child, k the record "
        "as it was known on a day. p chooses an entry for the chronology, with the reason."
    )
    CSS_PATH = "timeline.tcss"
    BINDINGS = bindings("timeline")

    def __init__(self, child_id: str) -> None:
        super().__init__()
        from storage.views.timeline import Filter

        self.child_id = child_id
        self.wanted = Filter()
        self.family = False
        self.told = False
        self.found: Found | None = None

    @property
    def heading(self) -> str:
        """Say whose time line it is."""
        names = ", ".join(child.name for child in self.found.children) if self.found else ""
        return f"Time line: {names}" if names else self.HEADING

    def body(self) -> ComposeResult:
        yield Static("", id="picture")
        with VerticalScroll(id="told"):
            yield Static("", id="told-text")
        yield StateLine("", id="state")
        yield LongList[Named](draw, id="entries")

    def on_mount(self) -> None:
        self.query_one("#told").display = False
        self.rows.focus()

    @property
    def rows(self) -> LongList[Named]:
        """The entries."""
        return self.query_one("#entries", LongList)

    def refresh_record(self) -> None:
        """Read again; the cursor stays on its entry."""
        if self.console.vault is None:
            return
        near = self.rows.keys[self.rows.cursor] if self.rows.cursor < len(self.rows.keys) else ""
        self.fetch(bench_view, self.vault, self.child_id, self.wanted, self.family, near, then=self._show)

    def _show(self, found: Found) -> None:
        first, self.found = self.found is None, found
        several = len(found.children) > 1
        bench = found.bench
        self._draw()
        day = f"Nothing was recorded by the end of {day_words(self.wanted.known_on)}. " if self.wanted.known_on else ""
        self.rows.empty = (
            "No entry is like that. c shows all of them."
            if self.wanted.any
            else f"{day}c shows what stands today."
            if day
            else "Nothing is recorded yet."
        )
        self.rows.show_keys(
            bench.keys,
            lambda offset, limit: named([*bench.fetch(offset, limit)], several),
            found.pages,
            cursor=bench.keys[-1] if first and bench.keys else "",
        )
        self.refresh_chrome()
        self.refresh_bindings()

    def _draw(self) -> None:
        if self.found is None:
            return
        line = self.found.bench.line
        width = max(self.query_one("#picture").size.width, 40)
        drawn = [visible(row) for row in picture(line, width)]
        if line.weeks:
            drawn.append(LEGEND)
        self.query_one("#picture", Static).update(Content("\n".join(drawn)))
        self.query_one("#told-text", Static).update(
            Content("\n".join(visible(each) for each in said(line)) or "Nothing.")
        )
        wanted = self.wanted
        filters = [
            visible(wanted.source),
            label_of(EntryKind, wanted.kind),
            label_of(ConcernCategory, wanted.category),
            label_of(Significance, wanted.significance),
            "chosen" if wanted.promoted else "",
            f"from {day_words(wanted.start)}" if wanted.start else "",
            f"to {day_words(wanted.end)}" if wanted.end else "",
            f"as known on {day_words(wanted.known_on)}" if wanted.known_on else "",
        ]
        shown = " · ".join(each for each in filters if each)
        count = counted(len(self.found.bench.keys), "entry", "entries")
        gaps, clusters = counted(len(line.gaps), "gap", "gaps"), counted(len(line.clusters), "cluster", "clusters")
        spots = f"{gaps}, {clusters}: i tells them"
        state = self.query_one("#state", StateLine)
        state.say(f"{count} · {spots}{f' · only: {shown}' if shown else ''}", "warn" if shown else "")

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "" if action_id == "back" else "The record is still being read."
        if action_id == "timeline.family" and self.found.family < 2:
            return "No other child is connected on the front sheet."
        if action_id == "timeline.clear" and not (self.wanted.any or self.wanted.known_on):
            return "All entries are shown."
        if action_id in ("timeline.open", "timeline.promote") and self.rows.current is None:
            return "There is no entry here."
        if action_id == "timeline.promote" and (not may_write(self.vault) or self.wanted.known_on):
            return READ_ONLY if not may_write(self.vault) else "This is the record as it was known then."
        return ""

    def act_back(self) -> None:
        """Leave what was told, then the filter, then the screen."""
        if self.told:
            self.act_tell()
        elif self.wanted.any or self.wanted.known_on:
            self.act_clear()
        else:
            self.console.back()

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("timeline.open")

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_open(self) -> None:
        """Show the entry whole."""
        if line := self.rows.current:
            self.console.open("entry", entry_id=line.entry.id)

    def act_promote(self) -> None:
        """Choose the entry for the chronology, with the reason."""
        if line := self.rows.current:
            self.app.push_screen(PromoteDialog(line.entry), self._promote)

    def _promote(self, promotion: Promotion | None) -> None:
        if promotion is not None:
            self.run(promotion.record, self.vault, then=lambda _: self.console.say("Chosen for the chronology."))

    def _want(self, wanted: Filter) -> None:
        self.wanted = wanted
        self.refresh_record()

    def act_filter(self) -> None:
        """Ask which entries are to be shown."""
        if self.found is not None:
            self.app.push_screen(FilterDialog(self.wanted, self.found.choices), self._filtered)

    def _filtered(self, made: dict[str, object] | None) -> None:
        if made is not None:
            self._want(replace(self.wanted, **made))  # type: ignore[arg-type]

    def act_clear(self) -> None:
        """Show all entries as they stand today."""
        from storage.views.timeline import Filter

        self._want(Filter())

    def act_family(self) -> None:
        """Show the family in one view, or the child alone."""
        self.family = not self.family
        self.refresh_record()

    def act_known(self) -> None:
        """Ask for a day, and show what was known at its end."""
        self.app.push_screen(DayDialog(), self._known)

    def _known(self, day: date | None) -> None:
        if day is not None:
            self._want(replace(self.wanted, known_on=day))

    def act_tell(self) -> None:
        """Tell the picture in sentences: gaps, clusters, agencies."""
        self.told = not self.told
        self.query_one("#told").display = self.told
        (self.query_one("#told") if self.told else self.rows).focus()
