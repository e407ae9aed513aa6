"""Record quality: a sample's records, what each shows, how people rate it, and the trend by month (R-82)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from practice.dates import day_words
from practice.record_audit import QUESTIONS, SIZE, Criterion, Rating, evidence, trend_rows
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.answer import AnswerField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText, StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from practice.record_audit import Month
    from storage.vault import Vault
    from storage.views.quality import AuditRow, RatedRow

EMPTY = "No record is looked at yet. n draws a sample of children by chance; a seed draws the same one again."
INDENT = 4
TONES = {"red": "$text-error", "amber": "$text-warning", "green": "$text-success", "not_seen": "$text-muted"}


@dataclass(frozen=True)
class Found:
    """The newest audit, and the trend."""

    audit: AuditRow | None
    months: list[Month]


def quality_view(vault: Vault) -> Found:
    """Read the newest audit and the trend; blocks."""
    from storage.views import quality

    rows = quality.audits(vault)
    return Found(rows[0] if rows else None, quality.by_month(vault))


def evidence_of(vault: Vault, child_id: str) -> dict[Criterion, str]:
    """Return what a record shows beside each question; that it was opened is recorded (R-114). Blocks."""
    from storage.desk.access import opened
    from storage.desk.quality import facts_of

    opened(vault, child_id)
    return evidence(facts_of(vault, child_id))


def begin(vault: Vault, size: int, seed: str) -> str:
    """Draw a sample; blocks."""
    from storage.desk import quality

    audit: str = quality.begin(vault, size=size, seed=seed)
    return audit


def rate(vault: Vault, audit: str, child: str, ratings: dict[str, str], words: dict[str, str], action: str) -> str:
    """Record the ratings; blocks."""
    from storage.desk import quality

    done: str = quality.rate(vault, audit, child, ratings, words=words, action=action)
    return done


def draw(row: RatedRow, width: int) -> list[Content]:
    """Draw a child of the sample: the name, and each criterion with its word, in as many lines as `width` cells ask."""
    state = "" if row.ratings else "not rated yet"
    head = Content.assemble(
        "  ",
        (visible(row.child) or "Name not known", "bold"),
        ("  added by hand" if row.targeted else "", "$text-muted"),
        f"  {state}",
    )
    lines = [Content(" " * INDENT)]
    for criterion in Criterion:
        rating = row.ratings.get(criterion.value)
        if rating:
            word = "grey" if rating == "not_seen" else rating
            said = Content.assemble((f"{criterion.label}: ", "$text-muted"), (word, TONES.get(rating, "")), "  ")
            if len(lines[-1].plain) > INDENT and lines[-1].cell_length + said.cell_length - 2 > width:
                lines.append(Content(" " * INDENT))
            lines[-1] += said
    return [head, *(line.rstrip() for line in lines)]


def trend_text(rows: Sequence[tuple[str, list[str]]], width: int) -> Content:
    """Draw the trend in lines of at most `width` cells: a month's counts are never parted."""
    lines = [Content.styled("By month", "bold $text-primary")]
    for label, months in rows:
        line = Content.styled(f"{label}: ", "$text-muted")
        for place, month in enumerate(months):
            joint = " · " if place else ""
            if place and line.cell_length + len(joint) + len(month) > width:
                lines.append(line)
                line, joint = Content(" " * INDENT), ""
            line += Content(joint + month)
        lines.append(line)
    return Content("\n").join(lines)


class SampleDialog(FormDialog[str]):
    """How many records, and by which seed."""

    VERB = "Draw"
    DEFAULT_CSS = "SampleDialog Field Input { width: 1fr; }"

    def __init__(self, vault: Vault) -> None:
        super().__init__("Draw a sample of records", "By chance, from the children who have entries.")
        self.vault = vault

    def fields(self) -> ComposeResult:
        """Yield the size and the seed."""
        yield Field("How many", Input(str(SIZE), id="size"))
        yield Field("Seed", Input(placeholder="May stay empty; a word draws the same sample again", id="seed"))

    def on_mount(self) -> None:
        self.query_one("#size").focus()

    def confirm(self) -> None:
        """Draw it, once the size is a number."""
        size = self.query_one("#size", Input).value.strip()
        if not size.isdecimal():
            self.ask("How many records? Write a number.", self.query_one("#size"))
            return
        self.busy("Drawing…")
        seed = self.query_one("#seed", Input).value.strip()
        self.run(begin, self.vault, int(size), seed, then=self.finish, failed=self.failed)


class RateDialog(FormDialog[str]):
    """Each criterion with its question, what the record shows, and the rating; dismissed once it is recorded."""

    VERB = "Record"
    DEFAULT_CSS = """
    RateDialog > .form-dialog { width: 110; padding: 0 2; margin: 0; max-height: 100%; }
    RateDialog .form-dialog--sentence { margin: 0; color: $text-muted; }
    RateDialog .shows { color: $text-muted; padding: 0 1 0 2; }
    RateDialog .label { text-style: bold; padding: 0 1 0 0; }
    """

    def __init__(self, vault: Vault, audit: str, row: RatedRow, shows: dict[Criterion, str]) -> None:
        super().__init__(f"The record of {row.child}", "What is not rated may stay open.")
        self.vault, self.audit, self.row, self.shows = vault, audit, row, shows

    def fields(self) -> ComposeResult:
        """Yield question, evidence, rating and words for each criterion."""
        for criterion in Criterion:
            yield PlainText(f"{criterion.label}. {QUESTIONS[criterion]}", classes="label")
            yield PlainText(self.shows[criterion], classes="shows")
            value = self.row.ratings.get(criterion.value, "")
            yield Field("Rating", ChoiceField(Rating.choices(), id=f"r-{criterion}", prompt="Not yet", value=value))
            words = self.row.words.get(criterion.value, "")
            yield Field("What was seen", AnswerField(words, id=f"w-{criterion}"))
        yield Field("To be done", AnswerField(self.row.action, placeholder="By whom, and by when", id="action"))

    def on_mount(self) -> None:
        self.query_one(ChoiceField).focus()

    def confirm(self) -> None:
        """Record what was rated."""
        ratings = {each.value: self.query_one(f"#r-{each}", ChoiceField).code for each in Criterion}
        ratings = {name: rating for name, rating in ratings.items() if rating}
        words = {each.value: self.query_one(f"#w-{each}", AnswerField).text for each in Criterion}
        if not ratings:
            self.ask("Rate at least one criterion.", self.query_one(ChoiceField))
            return
        self.busy("Recording…")
        action = self.query_one("#action", AnswerField).text
        said = (self.audit, self.row.child_id, ratings, words, action)
        self.run(rate, self.vault, *said, then=self.finish, failed=self.failed)


class QualityScreen(ConsoleScreen):
    """The sample, and under it the trend by month."""

    NAME = "quality"
    HEADING = "Record quality"
    HELP = (
        "A sample of records, drawn by chance, that you rate against seven questions; the program lays out what it can "
        "count and rates nothing. Enter rates the record under the cursor, o opens it, n draws a new sample. The trend "
        "by month stands below."
    )
    CSS_PATH = "quality.tcss"
    BINDINGS = bindings("quality")

    def __init__(self) -> None:
        super().__init__()
        self.found: Found | None = None

    def body(self) -> ComposeResult:
        yield StateLine("", id="about")
        yield RecordList["RatedRow"](draw, empty=EMPTY, id="records")
        with VerticalScroll(id="trend"):
            yield Static("", id="trend-text")

    def on_mount(self) -> None:
        self.rows.focus()

    @property
    def rows(self) -> RecordList[RatedRow]:
        """The records of the sample."""
        return self.query_one("#records", RecordList)

    def refresh_record(self) -> None:
        """Read the newest audit and the trend."""
        if self.console.vault is not None:
            self.fetch(quality_view, self.vault, then=self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        audit = found.audit
        about = "No sample was drawn yet."
        if audit is not None:
            day = day_words(audit.begun_at.astimezone().date())
            about = f"Sample of {day}, by {audit.by}: {audit.rated} of {len(audit.children)} rated · seed {audit.seed}"
        self.query_one("#about", StateLine).say(about)
        self.rows.show(audit.children if audit else [], keep=lambda row: row.child_id)
        self.query_one("#trend").display = bool(found.months)
        self._draw_trend()
        self.refresh_bindings()

    def _draw_trend(self) -> None:
        months = self.found.months if self.found else []
        # Less what the scroll bar and the column before it take.
        text = trend_text(trend_rows(months), max(self.query_one("#trend").size.width - 2, 40))
        self.query_one("#trend-text", Static).update(text)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_trend)

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "" if action_id == "back" else "The sample is still being read."
        if action_id in ("quality.begin", "quality.rate") and not may_write(self.vault):
            return READ_ONLY
        if action_id in ("quality.rate", "quality.child") and self.rows.current is None:
            return "No record is chosen. n draws a sample."
        return ""

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("quality.rate")

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def act_begin(self) -> None:
        """Draw a new sample; the ones before stay in the trend."""
        self.app.push_screen(SampleDialog(self.vault))

    def act_rate(self) -> None:
        """Rate the record under the cursor."""
        if row := self.rows.current:
            self.fetch_to_ask(evidence_of, self.vault, row.child_id, ask=lambda shows: self._rate(row, shows))

    def _rate(self, row: RatedRow, shows: dict[Criterion, str]) -> None:
        if self.found and self.found.audit:
            self.app.push_screen(RateDialog(self.vault, self.found.audit.id, row, shows))

    def act_child(self) -> None:
        """Open the child's record."""
        if row := self.rows.current:
            self.console.open("child", child_id=row.child_id)
