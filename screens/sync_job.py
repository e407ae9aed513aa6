"""The sync that is under way: it runs in a thread of the app's, so that the screen may be left (style: rule 3)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from practice.errors import ConsoleError, HubUnreachable
from practice.text import counted
from screens.base import RecordChanged, fault_place
from screens.wording import moment_words

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from sync.run import SyncReport

STEPS = 6
"""The sentences that a usual sync says; the bar stands still at the last one until it ends."""


def entries(count: int, words: str) -> str:
    """Return `1 entry sent`, `2 entries sent`."""
    return f"{counted(count, 'entry', 'entries')} {words}"


def report_words(report: SyncReport) -> str:
    """Say what a sync did, in one sentence or two."""
    from sync.report import answer_words

    parts = []
    if report.sent:
        parts.append(entries(report.sent, "on the way"))
    if report.acknowledged:
        parts.append(entries(report.acknowledged, "confirmed by a partner"))
    if report.received:
        parts.append(entries(report.received, "came in"))
    if report.refused:
        parts.append(entries(report.refused, "refused"))
    if report.queued:
        parts.append(entries(report.queued, "still waiting to leave"))
    if report.held:
        parts.append(entries(report.held, "held by you"))
    said = f"{', '.join(parts)}." if parts else "No entry waited to leave, and none came in."
    left = f"{answer_words(report.answers)} sent." if report.answers else ""
    return " ".join(each for each in (said, left, report.machines) if each)


class SyncJob:
    """One app's sync: whether it runs, what it said, and how it ended. Read from any thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self.running = False
        self.said: list[str] = []
        self.ended = ""
        self.ended_at: datetime | None = None
        self.tone = ""
        self.errors: list[str] = []
        self.watched = False

    def ended_words(self, now: datetime) -> str:
        """Say when the last sync ended and how, since its words stay when the screen is opened again later."""
        if not self.ended or self.ended_at is None:
            return ""
        ended, here = self.ended_at.astimezone(), now.astimezone()
        when = f"{ended:%H:%M}" if ended.date() == here.date() else moment_words(ended)
        return f"Sync at {when}: {self.ended}"

    def start(self, vault: Vault, run: Callable[..., SyncReport]) -> bool:
        """Begin a sync, unless one runs."""
        with self._lock:
            if self.running:
                return False
            self.running, self.said, self.ended, self.tone, self.errors = True, [], "", "", []
        self._console.run_worker(
            lambda: self._work(vault, run), thread=True, group="sync", exit_on_error=False, name="sync"
        )
        return True

    def _work(self, vault: Vault, run: Callable[..., SyncReport]) -> None:
        try:
            report = run(vault, progress=self._progress)
            words, errors = report_words(report), report.errors
            tone = "warn" if report.errors or report.refused else "good"
        except HubUnreachable as error:
            words, errors, tone = f"{error.message} {error.hint}".strip(), [], "bad"
        except ConsoleError as error:
            words, errors, tone = f"{error.message} {error.hint}".strip(), [], "bad"
        except Exception as error:  # noqa: BLE001 - the roof over the thread: the person is told, nothing is swallowed
            place = fault_place(error)
            words, errors, tone = f"The sync stopped because of a fault ({place}). What was queued is kept.", [], "bad"
        with self._lock:
            self.running, self.ended, self.tone, self.errors = False, words, tone, errors
            self.ended_at = self._console.clock()
        if not self.watched and self._console.is_running:
            severity = {"good": "information", "warn": "warning"}.get(tone, "error")
            self._console.call_later(self._console.say, words, "Sync", severity)
        if self._console.is_running:
            self._console.post_message(RecordChanged())

    def _progress(self, sentence: str) -> None:
        with self._lock:
            self.said.append(sentence)


_jobs: WeakKeyDictionary[Console, SyncJob] = WeakKeyDictionary()


def job_of(console: Console) -> SyncJob:
    """Return the one sync of this console."""
    job = _jobs.get(console)
    if job is None:
        job = _jobs[console] = SyncJob(console)
    return job
