"""The questions of the Visits screen: whom to take along and for how long, and what came back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input

from practice.text import visible
from practice.visits import KIND_WORDS
from screens.backups_folder import folder_fault
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText
from screens.wording import moment_words

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.visits.packing import Packed  # noqa: F401 - named in a base class
    from storage.visits.returned import Returned  # noqa: F401 - named in a base class
    from storage.visits.returning import Held

NOBODY = "Nobody chosen yet."


class PackDialog(FormDialog["Packed"]):
    """Whose records go along, for how many hours, and where to; the passphrase opens the set too."""

    VERB = "Pack"
    BINDINGS = [
        Binding("ctrl+t", "todays", "Today's", tooltip="Today's meetings, reviews and actions", priority=True),
        Binding("ctrl+z", "undo", "Take out", tooltip="Take the last child out again", priority=True),
    ]

    def __init__(self, vault: Vault) -> None:
        super().__init__(
            "Pack a visit set",
            "The chosen children's records and nobody else's go along, under your own passphrase, until the hours are "
            "over.",
        )
        self.vault = vault
        self.chosen: list[ChildRow] = []

    def fields(self) -> ComposeResult:
        yield Field("Add a child", ChildPicker(provisional=False, id="child"))
        yield Field("Going along", PlainText(NOBODY, id="chosen"))
        yield Field("", Button("Today's meetings, reviews and actions  Ctrl+T", id="todays", compact=True))
        yield Field("Hours", Input("4", id="hours", max_length=6))
        yield Field("Folder", Input(id="folder", placeholder="the stick, such as E:\\", max_length=4096))
        yield Field("What for", Input(id="purpose", placeholder="such as home visit", max_length=200))
        yield Field("Your passphrase", Input(password=True, id="passphrase", max_length=1000))

    @on(ChildPicker.Picked)
    def _picked(self, event: ChildPicker.Picked) -> None:
        if event.child is not None:
            self._add([event.child])
            event.picker.query_one(Input).value = ""
            event.picker.query_one(Input).focus()

    def _add(self, rows: list[ChildRow]) -> None:
        self.say("")
        known = {row.id for row in self.chosen}
        self.chosen += [row for row in rows if row.id not in known]
        self._show()

    def _show(self) -> None:
        lines = "\n".join(visible(row.told_apart) for row in self.chosen)
        self.query_one("#chosen", PlainText).show(lines or NOBODY)

    @on(Button.Pressed, "#todays")
    def action_todays(self) -> None:
        """Add the children of today's meetings, reviews and actions."""
        from storage.desk.visits import todays_children

        self.fetch(todays_children, self.vault, then=self._todays)

    def _todays(self, rows: list[ChildRow]) -> None:
        self._add(rows)
        self.say("" if rows else "No child's meeting, review or action is due today.")

    def action_undo(self) -> None:
        """Take the last child out again."""
        self.chosen = self.chosen[:-1]
        self._show()

    def confirm(self) -> None:
        hours, folder = (self.query_one(f"#{each}", Input).value.strip() for each in ("hours", "folder"))
        if not self.chosen:
            self.ask("Whose record goes along?", self.query_one(ChildPicker).query_one(Input))
            return
        try:
            span = float(hours.replace(",", "."))
        except ValueError:
            self.ask("For how many hours? Write a number.", "#hours")
            return
        if not self.query_one("#passphrase", Input).value:
            self.ask("Your passphrase opens the set too, so it is asked for.", "#passphrase")
            return
        self.fetch(
            folder_fault, folder or "-", self.vault.folder, then=lambda fault: self._checked(span, folder, fault)
        )

    def _checked(self, span: float, folder: str, fault: str) -> None:
        if fault:
            self.ask(fault.replace("a backup there", "a set there"), "#folder")
            return
        from storage.visits.packing import pack

        self.busy("Packing. One moment.")
        self.run(
            pack,
            self.vault,
            [row.id for row in self.chosen],
            span,
            Path(folder).expanduser(),
            self.query_one("#passphrase", Input).value,
            purpose=self.query_one("#purpose", Input).value.strip(),
            then=self.finish,
            failed=self.failed,
        )


class ReturnDialog(FormDialog["Returned"]):
    """The folder of a set that came back."""

    VERB = "Return"

    def __init__(self, vault: Vault) -> None:
        super().__init__(
            "Bring a visit home",
            "What was recorded is taken in, and the set is destroyed. It need not open: also after its end.",
        )
        self.vault = vault

    def fields(self) -> ComposeResult:
        yield Field("Folder", Input(placeholder="the set's folder, such as E:\\visit-1a2b3c", max_length=4096))

    def confirm(self) -> None:
        text = self.query_one(Input).value.strip()
        if not text or not Path(text).expanduser().is_absolute():
            self.ask("Write the whole path of the set's folder.", self.query_one(Input))
            return
        from storage.visits.returning import take

        self.busy("Taking in. One moment.")
        self.run(take, self.vault, Path(text), then=self.finish, failed=self.failed)


class HeldDialog(FormDialog[str]):
    """What waits of a set, to be read before it is let in or refused; dismissed with the reason to let it in."""

    VERB = "Let it in"

    def __init__(self, why: str, waits: list[Held], *, accept: bool) -> None:
        verb = "Let in" if accept else "Refuse"
        after = "It stands in the record then." if accept else "It is removed then, and nothing of it stands here."
        super().__init__(f"{verb} what waits?", f"{why} {after}")
        self.waits = waits

    def fields(self) -> ComposeResult:
        for each in self.waits:
            when = moment_words(datetime.fromisoformat(each.recorded_at))
            head = " · ".join(part for part in (when, KIND_WORDS.get(each.kind, each.kind), each.child) if part)
            yield PlainText(visible(head), classes="muted")
            if each.text:
                yield PlainText(visible(each.text))
        yield Field("Why", Input(id="why", max_length=2000))

    def on_mount(self) -> None:
        self.query_one("#why").focus()

    def confirm(self) -> None:
        reason = self.query_one("#why", Input).value.strip()
        if reason:
            self.finish(reason)
        else:
            self.ask("A reason is needed: it is read with the record.", "#why")
