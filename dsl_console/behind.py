"""What goes on behind the screens while the record is open, each in a thread of its own, until the console stops."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from practice.errors import ConsoleError
from screens.base import RecordChanged

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault

POLL_SECONDS = 0.5
SETTLE_SECONDS = 2.0
"""How long after the last commit the write-ahead log is emptied into the database."""
CHECK_AFTER_SECONDS = 1.0
"""How long after Today is shown the check of the whole record begins."""
KEYRING_SECONDS = 120.0
"""How long the keyring may take to answer after an unlock: nobody waits for it, and a busy machine is slow."""
SHARED_SECONDS = 30.0
"""How often a shared folder is looked at for sealed reports."""


class Behind:
    """Watches the record, checks it, and takes in what others left; the console hears of it by messages."""

    def __init__(self, console: Console, stop: threading.Event, taken_away: Callable[[], None]) -> None:
        self.console, self.stop = console, stop
        self.taken_away = taken_away
        """Called in the console's own thread once somebody has removed the person who has the record open."""

    def begin(self, vault: Vault) -> None:
        """Begin all of it, once Today is shown."""
        for watch in (self._watch_record, self._check_record):
            threading.Thread(target=watch, args=(vault,), name=watch.__name__, daemon=True).start()
        self._watch_reports(vault)

    def ask_keyring(self, vault: Vault) -> None:
        """Compare the record with the head in the keyring; an alarm stops writing and stands on Today."""
        from storage import keyring_head

        try:
            alarm = keyring_head.check(vault, KEYRING_SECONDS)
        except ConsoleError:  # the record was locked meanwhile; the next unlock asks again
            return
        if alarm is not None and vault.alarm is None:
            vault.alarm = alarm
            if self.console.is_running:
                self.console.post_message(RecordChanged())

    def _watch_record(self, vault: Vault) -> None:
        """Tell the app within a poll's time that something was committed: runs in a thread of its own."""
        told, settled = False, True
        quiet = 0
        while not self.stop.wait(POLL_SECONDS):
            try:
                changed = vault.changed()
                told = False
                quiet = 0 if changed else quiet + 1
                settled = settled and not changed
                if not settled and quiet * POLL_SECONDS >= SETTLE_SECONDS:
                    settled = True
                    vault.checkpoint()  # damage to a write-ahead log drops commits silently: it is kept empty
                    vault.rest()
                if changed and not vault.way_in.stands():
                    self.console.call_later(self.taken_away)
                    return
            except ConsoleError as error:
                # A busy disk may answer the next time; the person hears of it once.
                changed = False
                if not told:
                    told = True
                    self.console.call_later(self.console.report, error)
            if changed and self.console.is_running:
                self.console.post_message(RecordChanged())

    def _check_record(self, vault: Vault) -> None:
        """Check every page and act once after unlocking; what is found stands on Today. Runs in a thread of its own."""
        from storage import verifying

        found = not self.stop.wait(CHECK_AFTER_SECONDS) and verifying.check_behind(vault, self.stop.is_set)
        if not self.stop.is_set():
            with contextlib.suppress(ConsoleError):  # a record that cannot be read is told of where it is read
                vault.rest()
        if found and self.console.is_running and vault.found is not None:
            self.console.post_message(RecordChanged())
            self.console.call_later(self._say_found, vault.found)

    def _say_found(self, alarm: ConsoleError) -> None:
        """Say what the check found, unless Today is on top, where it stands for as long as it holds."""
        if self.console.screen_stack and getattr(self.console.screen, "NAME", "") != "today":
            self.console.report(alarm)

    def _watch_reports(self, vault: Vault) -> None:
        """Take sealed reports in as they come: the vault's own spool at each poll, a shared folder now and then."""
        for shared, seconds in ((False, POLL_SECONDS), (True, SHARED_SECONDS)):
            arguments = (vault, shared, seconds)
            threading.Thread(target=self._take_reports, args=arguments, name="report watch", daemon=True).start()
        spool = vault.folder / "spool"
        if any(any((spool / name).glob("*")) for name in ("receipts", "inbox", "files")):
            threading.Thread(target=self._take_exchange, args=(vault,), name="exchange", daemon=True).start()

    def _take_exchange(self, vault: Vault) -> None:
        """Take in what this machine delivered and fetched while it was locked; what fails waits for the next sync."""
        from sync.run import take_in

        try:
            sentences = take_in(vault).errors
        except ConsoleError as error:
            self.console.call_later(self.console.report, error)
            return
        if self.console.is_running:
            self.console.post_message(RecordChanged())
            for sentence in sentences:
                self.console.call_later(self.console.say, sentence, "Sync")

    def _take_reports(self, vault: Vault, shared: bool, seconds: float) -> None:
        """Take in until the console closes: runs in a thread of its own; what cannot be written is told once."""
        from storage.desk import triage

        left: list[triage.Left] = []
        told = ""
        while not self.stop.is_set():
            folders = self.console.report_folders if shared else ()
            if shared and not folders:
                self.stop.wait(POLL_SECONDS)
                continue
            try:
                taken = triage.take_in(vault, *folders)
                told = ""
            except ConsoleError as error:
                if error.message != told:
                    told = error.message
                    self.console.call_later(self.console.report, error)
            else:
                if taken.left != left and self.console.is_running:
                    left = taken.left
                    self.console.post_message(RecordChanged())
            self.stop.wait(seconds)
