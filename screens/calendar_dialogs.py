"""The questions of the calendar's screen: a file to take in, a run of days, a nation."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.widgets import Input

from practice.errors import Refused
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from screens.console import Console
    from storage.desk.calendars import CalendarReport
    from storage.vault import Vault

NATIONS = (
    ("England", "england"),
    ("Wales", "wales"),
    ("Scotland", "scotland"),
    ("Northern Ireland", "northern_ireland"),
)
SIZE_LIMIT = 1024 * 1024


def take(vault: Vault, path: str, dry_run: bool) -> CalendarReport:
    """Read a file and take it in, or say what it would give."""
    from storage.desk.calendars import import_calendar

    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError:
        raise Refused("That file cannot be read. Nothing was changed.", hint="Write its whole path.") from None
    return import_calendar(vault, data, dry_run=dry_run)


class _VaultDialog(FormDialog["CalendarReport"]):
    """A form that changes the calendar."""

    @property
    def vault(self) -> Vault:
        """The open vault."""
        vault = cast("Console", self.app).vault
        assert vault is not None
        return vault


class ImportDialog(_VaultDialog):
    """Asks for a file, says what it would give, and takes it in when confirmed again."""

    VERB = "Take in"

    def __init__(self) -> None:
        super().__init__(
            "Take in term dates",
            "An .ics file from the school or the local authority, or a CSV file with the columns name, start and end "
            "(and kind: term or closure). What overlaps is replaced; other years stay.",
        )
        self._looked_at = ""

    def fields(self) -> ComposeResult:
        yield Field("File", Input(placeholder="the whole path of the file", max_length=4096, id="path"))

    def confirm(self) -> None:
        path = self.query_one("#path", Input).value.strip()
        if not path:
            self.ask("Which file?", self.query_one("#path"))
        elif path != self._looked_at:
            self.busy("The file is being read.")
            self.fetch(take, self.vault, path, True, then=lambda found: self._preview(path, found), failed=self.failed)
        else:
            self.busy("The dates are being set.")
            self.run(take, self.vault, path, False, then=self.finish, failed=self.failed)

    def _preview(self, path: str, found: CalendarReport) -> None:
        self._looked_at = path
        self.free()
        skipped = "".join(f" Skipped, line or event {line}: {reason}." for line, reason in found.skipped[:5])
        more = f" And {len(found.skipped) - 5} more." if len(found.skipped) > 5 else ""
        words = f"It holds {found.taken}; {found.replaced} of yours give way."
        self.say(f"{words}{skipped}{more} Ctrl+S again takes them in.")


class PeriodDialog(_VaultDialog):
    """Asks for a name, a first and a last day."""

    VERB = "Set"

    def __init__(self, *, term: bool) -> None:
        sentence = (
            "It stands in the place of terms that it overlaps."
            if term
            else "A training day, snow, a half-term: reviews that fall on these days move earlier."
        )
        super().__init__("Set a term" if term else "Days on which the school is closed", sentence)
        self._term = term

    def fields(self) -> ComposeResult:
        yield Field("Name", Input(max_length=200, id="name"))
        yield Field("First day", WhenField(empty="not given", hint="1 Sep 2026 · 01/09/2026", id="first"))
        yield Field("Last day", WhenField(empty="the first day", hint="18 Dec 2026", id="last"))

    def _day(self, name: str) -> date | None:
        field = self.query_one(f"#{name}", WhenField)
        read = field.occurred
        if not field.text.strip() or not read.start or read.start[:10] != (read.end or read.start)[:10]:
            return None
        return date.fromisoformat(read.start[:10])

    def confirm(self) -> None:
        from storage.desk import calendars

        name = self.query_one("#name", Input).value.strip()
        first, last = self._day("first"), self._day("last")
        if not name:
            self.ask("What is it called?", self.query_one("#name"))
        elif first is None:
            self.ask("Which day is the first? Write it as 1 Sep 2026.", self.query_one("#first Input"))
        elif last is None and (self._term or self.query_one("#last", WhenField).text.strip()):
            self.ask("Which day is the last? Write it as 18 Dec 2026.", self.query_one("#last Input"))
        else:
            self.busy("The days are being set.")
            change = calendars.add_term if self._term else calendars.add_closure
            self.run(change, self.vault, name, first, last or first, then=self.finish, failed=self.failed)


class NationDialog(_VaultDialog):
    """Asks whose bank holidays are kept."""

    VERB = "Keep"

    def __init__(self, nation: str) -> None:
        super().__init__(
            "Whose bank holidays are kept", "Each nation has its bank holidays and assumed terms: import your own."
        )
        self._first = nation

    def fields(self) -> ComposeResult:
        choices = [(label, code) for label, code in NATIONS]
        yield Field("Nation", ChoiceField(choices, value=self._first, id="nation"))

    def confirm(self) -> None:
        from storage.desk.calendars import set_nation

        code = self.query_one("#nation", ChoiceField).code
        if not code:
            self.ask("Which nation?", self.query_one("#nation"))
        else:
            self.run(set_nation, self.vault, code, then=self.finish, failed=self.failed)
