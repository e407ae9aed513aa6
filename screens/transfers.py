"""Files of children who leave or join: to be sent, sent and not receipted, come; each with its day (R-50 to R-56)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from practice.text import visible
from screens.actions import bindings
from screens.dated_list import DatedListScreen, drawn
from screens.transfers_dialogs import (
    ChangeTransferDialog,
    EffortDialog,
    OpenTransferDialog,
    PackDialog,
    ReadDialog,
    ReceiptDialog,
    SentDialog,
)
from screens.widgets.dialogs import ReasonDialog
from screens.widgets.text import MessageBar

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.transfers import TransferRow


def due_words(row: TransferRow, today: date) -> tuple[str, str]:
    """Say when the next step is or was due, and the tone."""
    from practice.dates import day_words

    if row.due is None:
        return row.words, "$text-muted"
    if row.due < today:
        return f"was due {day_words(row.due)}", "$text-error"
    return ("due today", "$text-warning") if row.due == today else (f"due {day_words(row.due)}", "")


def facts_of(row: TransferRow) -> list[str]:
    """Return the lines under a transfer."""
    from practice.dates import day_words

    said = [row.why]
    who = [f"To {row.dsl}" if row.dsl else "", row.contact]
    said.append(" · ".join(each for each in who if each))
    said.append(f"Told in advance: {row.in_advance}" if row.in_advance else "")
    said += [f"{day_words(date.fromisoformat(each['on']))}, {each['who']}: {each['what']}" for each in row.efforts]
    if row.sent:
        day = day_words(date.fromisoformat(row.sent["sent_on"]))
        said.append(f"Sent {day} by {row.sent['sent_by']}: {row.sent['method']}")
        said += [f"{each['name']}, {each['size']:,} bytes, {each['sha256'][:16]}…" for each in row.sent["contents"]]
    if row.receipt:
        day = day_words(date.fromisoformat(row.receipt["received_on"]))
        said.append(f"Receipt {day}: {row.receipt['name']}, {row.receipt['role']} ({row.receipt['how']})")
    said.append(f"Told: {row.told}" if row.told else "")
    said.append(row.reason)
    return [text for text in said if text]


def read(vault: Vault, child_id: str, everything: bool) -> tuple[list[TransferRow], str]:
    """Return the transfers, and whose they are where they are one child's."""
    from storage.views.children import get
    from storage.views.transfers import transfers

    return transfers(vault, child_id=child_id, everything=everything), get(vault, child_id).name if child_id else ""


class TransfersScreen(DatedListScreen["TransferRow"]):
    """The transfers."""

    NAME = "transfers"
    HEADING = "File transfers"
    HELP = (
        "The safeguarding files of children who leave or join. An import of the roll opens a transfer for each leaver "
        "with a record. p writes the copies that go, s says that they went, with each file's hash, r keeps the "
        "receipt: before it is in, nothing is done. f logs an effort where no next school is known."
    )
    CSS_PATH = "transfers.tcss"
    BINDINGS = bindings("transfers")

    WRITES = frozenset({"new", "change", "pack", "sent", "receipt", "effort", "read", "end"})
    EMPTY = "An import of the roll opens a transfer for each leaver with a record; n opens one by hand."

    def __init__(self, child_id: str = "", transfer_id: str = "") -> None:
        super().__init__(child_id, transfer_id)

    @property
    def heading(self) -> str:
        """Say whose files they are."""
        return f"File transfer: {self.whose}" if self.whose else self.HEADING

    def reading(self) -> Callable[[Vault, str, bool], tuple[list[TransferRow], str]]:
        return read

    def parts(self, found: list[TransferRow], today: date) -> list[tuple[str, list[TransferRow]]]:
        del today
        return [
            ("To be sent", [row for row in found if row.state == "open"]),
            ("Sent, and the receipt is not in", [row for row in found if row.state == "sent"]),
            ("Came here", [row for row in found if row.direction == "in" and row.open]),
            ("Over", [row for row in found if not row.open]),
        ]

    def says(self, found: list[TransferRow]) -> str:
        count = sum(row.open for row in found)
        words = f"{count} file{'s' if count != 1 else ''} of which something is still to be done."
        return words if count else "No file is to be sent, and none came."

    def draw_item(self, item: TransferRow, today: date, width: int) -> list[Content]:
        where = f" · {visible(item.school)}" if item.school else ""
        facts = [(text, "$text-muted") for text in facts_of(item)]
        return drawn(f"{visible(item.child)}{where} · {item.words}", due_words(item, today), facts, width)

    def fault(self, verb: str, item: TransferRow) -> str:
        return "" if verb == "open" else fault_of(verb, item)

    # -- what can be done ----------------------------------------------------------------------------------------------

    def act_open(self) -> None:
        """Open the child's record."""
        if (row := self.current) is not None:
            self.console.open("child", child_id=row.child_id)

    def act_new(self) -> None:
        """Open a transfer, or note that a file came."""
        self.console.push_screen(OpenTransferDialog(self.child_id), self._changed("It stands among the files."))

    def act_change(self) -> None:
        """Say which school, who there, what was told in advance, or that no next school is known."""
        if (row := self.current) is not None:
            self.console.push_screen(ChangeTransferDialog(row), self._changed("Changed."))

    def act_pack(self) -> None:
        """Write the copies that go."""
        if (row := self.current) is not None:
            self.console.push_screen(PackDialog(row), self._packed)

    def _packed(self, words: str | None) -> None:
        if words:
            self.query_one("#done", MessageBar).say(words, "good")

    def act_sent(self) -> None:
        """Say that the file went."""
        if (row := self.current) is not None:
            words = "Noted, with each file's hash. It is done once the receipt is in."
            self.console.push_screen(SentDialog(row), self._changed(words))

    def act_receipt(self) -> None:
        """Keep the receipt."""
        if (row := self.current) is not None:
            self.console.push_screen(ReceiptDialog(row), self._changed("The receipt is in the record."))

    def act_effort(self) -> None:
        """Log an effort to find where the child is."""
        if (row := self.current) is not None:
            self.console.push_screen(EffortDialog(row), self._changed("The effort is in the record."))

    def act_read(self) -> None:
        """Say that a file which came was read, and who was told."""
        if (row := self.current) is not None:
            self.console.push_screen(ReadDialog(row), self._changed("It was read, and they were told."))

    def act_end(self) -> None:
        """End a transfer of which nothing was sent."""
        if (row := self.current) is not None:
            sentence = f"{visible(row.child)}: no file goes. The record of this child stays here."
            dialog = ReasonDialog("End the transfer?", sentence, verb="End it", about=row.id)
            self.console.push_screen(dialog, lambda reason: self._end(row, reason))

    def _end(self, row: TransferRow, reason: str | None) -> None:
        from storage.desk.transfers import end

        if reason is not None:
            self.run(end, self.vault, row.id, reason, then=self._changed("Ended; the record keeps it."))


def fault_of(verb: str, row: TransferRow) -> str:
    """Return why a step cannot be taken of a transfer now; blank where it can."""
    if not row.open:
        return "This transfer is over."
    if verb in {"pack", "sent", "effort"} and row.direction == "in":
        return "This file came here."
    if verb == "receipt":
        if row.state == "open":
            return "The file was not sent yet."
        return "Its receipt was given already." if row.state == "receipted" else ""
    if verb == "read" and row.state != "receipted":
        return "Only of a file that came, after its receipt was given."
    return "It was sent: it is done once the receipt is in." if verb == "end" and row.state == "sent" else ""
