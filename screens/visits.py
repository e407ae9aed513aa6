"""Visits: which children's records are out on a laptop, until when, and bringing them home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from practice.errors import ConsoleError
from practice.roles import MANAGES_PEOPLE
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.visits_dialogs import HeldDialog, PackDialog, ReturnDialog
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import MessageBar, StateLine
from screens.wording import READ_ONLY, may_write, moment_words

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.visits import VisitRow
    from storage.visits.packing import Packed
    from storage.visits.returned import Returned
    from storage.visits.returning import Held

NONE = "No visit set was packed yet. n packs one: some children's records on a laptop, for some hours."
UNHEARD = (
    "Nothing was removed. If the machine that packed it still works, go back, sync, and return the set again. If it is "
    "gone, this machine can learn from the set itself whose it is, and take in what was recorded on it."
)
LOST = "What comes back from it waits for a person from now on. Until its end, the passphrase is what keeps it closed."


@dataclass(frozen=True)
class Row:
    """A visit set, what waits of it in words, and what time it is."""

    visit: VisitRow
    waits: str
    now: datetime


def visits_in(vault: Vault) -> list[Row]:
    """Read the visit sets; blocks."""
    from storage.views import visits

    waiting, now = dict(visits.waiting(vault)), vault.clock()
    return [Row(row, waiting.get(row.id, ""), now) for row in visits.visits(vault)]


def state_words(row: Row) -> tuple[str, str]:
    """Return how a set stands, and the tone of it."""
    visit = row.visit
    if visit.state == "lost":
        when = moment_words(visit.closed_at) if visit.closed_at else ""
        return f"reported lost {when}: {visible(visit.reason)}", "$text-error"
    if visit.state == "returned":
        return f"came back {moment_words(visit.closed_at) if visit.closed_at else ''}", "$text-muted"
    if visit.until <= row.now:
        return f"was due back {moment_words(visit.until)}", "$text-error"
    return f"out until {moment_words(visit.until)}", "$text-warning"


def draw(row: Row, width: int) -> list[Content]:
    """Draw a set: whose records, then how it stands, then what waits."""
    visit = row.visit
    words, tone = state_words(row)
    names = cut(", ".join(visible(name) for name in visit.children), max(width - 12, 10))
    said = " · ".join(visible(part) for part in (visit.person, visit.purpose) if part)
    lines = [
        Content.assemble("  ", (visit.id[-6:], "$text-muted"), "  ", (names, "bold")),
        Content.assemble("          ", (cut(words, max(width - 11, 10)), tone)),
        Content.assemble("          ", (cut(said, max(width - 11, 10)), "$text-muted")),
    ]
    if row.waits:
        lines.append(Content.assemble("          ", (cut(f"{row.waits}: a, or d", max(width - 11, 10)), "$text-error")))
    return lines


class VisitsScreen(ConsoleScreen):
    """The visit sets, and what can be done about them."""

    NAME = "visits"
    HEADING = "Visits"
    HELP = (
        "A visit set holds some children's records on a laptop or a stick, for some hours, under your own passphrase. "
        "n packs one, r takes in what was recorded on it and destroys it. l reports one lost: what comes back from it "
        "then waits, and a or d settles that once it was read."
    )
    CSS_PATH = "visits.tcss"
    BINDINGS = bindings("visits")

    def __init__(self) -> None:
        super().__init__()
        self.busy = ""

    def body(self) -> ComposeResult:
        yield StateLine("One moment…", id="said")
        yield MessageBar(id="done")
        yield RecordList[Row](draw, empty=NONE, id="visit-list")

    def on_mount(self) -> None:
        self.query_one("#visit-list").focus()

    def refresh_record(self) -> None:
        """Read the sets."""
        if self.console.vault is not None:
            self.fetch(visits_in, self.vault, then=self._show)

    def _show(self, rows: list[Row]) -> None:
        self.query_one("#visit-list", RecordList).show(rows, keep=lambda row: row.visit.id)
        out = [row for row in rows if row.visit.state == "out"]
        late = [row for row in out if row.visit.until <= row.now]
        line = self.query_one("#said", StateLine)
        if late:
            words = f"{len(late)} of {len(out)} sets that are out {'were' if len(late) > 1 else 'was'} due back."
            line.say(words if len(out) > 1 else "The set that is out was due back.", "bad")
        else:
            count = str(len(out)) if out else "No"
            line.say(f"{count} set{'s are' if len(out) > 1 else ' is'} out." if rows else "")
        self.refresh_bindings()
        self.refresh_chrome()

    @property
    def _current(self) -> Row | None:
        found: Row | None = self.query_one("#visit-list", RecordList).current
        return found

    def why_not(self, action_id: str) -> str:
        if action_id == "back":
            return ""
        if self.busy or not may_write(self.vault):
            return self.busy or READ_ONLY
        row = self._current
        if action_id == "visits.lost" and (row is None or row.visit.state == "lost"):
            return "Put the cursor on a set that was not reported lost."
        if action_id in ("visits.accept", "visits.refuse"):
            if self.vault.person.role not in MANAGES_PEOPLE:
                return "Only the DSL or the headteacher may do this."
            if row is None or not row.waits:
                return "Nothing of this set waits for a person."
        return ""

    @on(RecordList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    def _end(self, words: str, tone: str = "good") -> None:
        self.busy = ""
        self.query_one("#done", MessageBar).say(words, tone)
        self.refresh_record()

    def _failed(self, error: ConsoleError) -> None:
        self._end(f"{error.message} {error.hint}".strip(), "bad")

    def act_pack(self) -> None:
        """Pack a set."""
        self.app.push_screen(PackDialog(self.vault), self._packed)

    def _packed(self, made: Packed | None) -> None:
        if made is None:
            return
        masked = f" Other children's names are masked in {made.masked} of its entries." if made.masked else ""
        self._end(f"Packed, and open until {moment_words(made.until)}: {made.folder}.{masked}")

    def act_take(self) -> None:
        """Take in what was recorded on a set, and destroy it."""
        self.app.push_screen(ReturnDialog(self.vault), self._taken)

    def _taken(self, done: Returned | None) -> None:
        if done is not None and done.unknown and done.letter:
            place = done.place
            dialog = ConfirmDialog("This machine has not heard of that set", UNHEARD, verb="Learn of it from the set")
            self.app.push_screen(dialog, lambda yes: self._learn(place, bool(yes), done))
        else:
            self._said(done)

    def _learn(self, place: Path, yes: bool, done: Returned) -> None:
        if not yes:
            self._said(done)
            return
        from storage.visits.returning import take

        self.busy = "Taking in. One moment."
        self.run(take, self.vault, place, learn=True, then=self._said, failed=self._failed)

    def _said(self, done: Returned | None) -> None:
        if done is not None:
            from storage.visits.returned import returned_words

            trouble = done.refused or done.held or done.unknown
            self._end(" ".join(returned_words(done)), "warn" if trouble else "good")

    def act_lost(self) -> None:
        """Report a set lost, with the reason."""
        row = self._current
        if row is not None:
            ident = row.visit.id
            dialog = ReasonDialog(f"Report set {ident[-6:]} lost?", LOST, verb="Report it", about=ident)
            self.app.push_screen(dialog, lambda why: self._lose(ident, why))

    def _lose(self, ident: str, reason: str | None) -> None:
        if reason is not None:
            from storage.visits.returning import lose

            self.busy = "One moment."
            then = "What comes back from it waits for a person."
            self.run(lose, self.vault, ident, reason, then=lambda _: self._end(then, "warn"), failed=self._failed)

    def act_accept(self) -> None:
        """Read what waits, and let it in."""
        self._settle(accept=True)

    def act_refuse(self) -> None:
        """Read what waits, and refuse it."""
        self._settle(accept=False)

    def _settle(self, *, accept: bool) -> None:
        row = self._current
        if row is not None:
            from storage.visits.returning import held

            visit = row.visit
            self.fetch_to_ask(
                held, self.vault, visit, ask=lambda found: self._ask(visit, found, accept), failed=self._failed
            )

    def _ask(self, visit: VisitRow, found: tuple[str, list[Held]], accept: bool) -> None:
        why, waits = found
        if not waits:
            self._end("It waits for a part that has not come yet, so there is nothing to settle.", "warn")
            return
        dialog = HeldDialog(why, waits, accept=accept)
        self.app.push_screen(dialog, lambda reason: self._settled(visit.id, reason, accept))

    def _settled(self, ident: str, reason: str | None, accept: bool) -> None:
        if reason:
            from storage.visits.returning import settle

            self.busy = "One moment."
            self.run(
                settle, self.vault, ident, accept=accept, reason=reason, then=self._after_settling, failed=self._failed
            )

    def _after_settling(self, done: Returned) -> None:
        self._end(f"Taken in: {done.taken} acts." if done.taken else "Refused, and removed.")
