"""Work on a disk that refuses some of the writes; run as `python -m tests.faults.failing TEMPLATE FOLDER`, preloaded.

Each line on standard input is a job, `{"kind", "first", "every", "sticky", "from", "rounds"}`; each is done by a
process of its own and answered with a line: what was acknowledged, what was refused and in which words, and what was
found afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from practice.errors import ConsoleError
from storage import backup, people, reports
from storage.ids import new_id
from storage.keys import FLOOR, Kdf
from storage.vault import Vault, open_vault
from storage.views import record
from storage.views import register as views
from tests.conftest import PASSPHRASE, cheaply
from tests.faults import in_register
from tests.faults.operations import BEN, WORDS
from tests.faults.shim import Recorder
from tests.faults.work import concern

ROUNDS = 5
"""How often a concern, a draft and a report are kept in a day."""


class Work:
    """One job: a day's work that goes on whatever is refused."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self.folder, self.recorder = folder, recorder
        self.child = new_id()
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.sentences: list[str] = []
        self.unread = 0

    def attempt(self, call: Any, *arguments: Any, **named: Any) -> Any:
        """Return what a call gives, or None where it was refused in a sentence; anything else is a crash."""
        try:
            return call(*arguments, **named)
        except ConsoleError as error:
            self.sentences.append(f"{type(error).__name__}: {error.message}")
            return None

    def one(self, vault: Vault, number: int) -> None:
        """Record a concern, and read all that was acknowledged so far."""
        entry = new_id()
        made = self.attempt(concern, vault, self.child, WORDS * (1 + number % 3 * 60), entry=entry)
        (self.acknowledged if made else self.refused).append(entry)
        rows = self.attempt(record.chronology, vault, self.child)
        self.unread += rows is None or {row.id for row in rows} != set(self.acknowledged)

    def day(self, vault: Vault, rounds: int) -> None:
        """What people do in a day."""
        for number in range(rounds):
            self.one(vault, number)
            self.attempt(vault.drafts.seal, "log", {"text": str(number)})
            fields = {"child_as_written": "Ada", "text": "x", "reporter": "Jo"}
            if left := self.attempt(reports.leave, vault.folder, fields):
                assert (vault.folder / "spool" / "reports" / f"{left.id}.report").exists()
            if number == rounds - 2:
                self.attempt(vault.checkpoint)
        self.attempt(people.add_person, vault, "Ben Ode", "deputy", BEN, FLOOR)
        self.attempt(people.change_passphrase, vault, PASSPHRASE, PASSPHRASE, FLOOR)
        self.attempt(backup.backup, vault, self.folder.parent / "a.dslb")
        self.one(vault, rounds)


def run_in_register(template: Path, folder: Path, recorder: Recorder, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job in the adults' register and say what was found."""
    place = Path(shutil.copytree(template, folder / "vault"))
    kept: list[str] = []
    refused: list[str] = []
    work = Work(place, recorder)
    recorder.begin(folder)
    with in_register.opened(place) as (_vault, held):
        recorder.fail(job["kind"], job["first"], job["every"], sticky=job["sticky"])
        for number in range(2 * ROUNDS):
            entry = new_id()
            made = work.attempt(in_register.concern, held, WORDS * (1 + number % 3 * 60), entry=entry)
            (kept if made else refused).append(entry)
            rows = work.attempt(views.entries, held)
            work.unread += rows is None or {row.id for row in rows} != set(kept)
        failed = recorder.failed
        recorder.heal()
        kept.append(in_register.concern(held, "with a whole disk again"))
    recorder.end()
    found = {"failed": failed, "refused": work.sentences, "unread": work.unread, "alarm": "", "lost": 0}
    with in_register.opened(place) as (_vault, held):
        found["ghosts"] = len(set(refused) & {row.id for row in views.entries(held)})
    return found | {"problems": in_register.faults(place, set(kept))}


def run(template: Path, folder: Path, recorder: Recorder, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job and say what was found."""
    place = Path(shutil.copytree(template, folder / "vault"))
    work = Work(place, recorder)
    recorder.begin(folder)
    arm = (job["kind"], job["first"], job["every"])
    if job["from"] == "open":
        recorder.fail(*arm, sticky=job["sticky"])
    vault = work.attempt(open_vault, place, passphrase=PASSPHRASE)
    if vault is not None:
        if job["from"] == "work":
            recorder.fail(*arm, sticky=job["sticky"])
        work.day(vault, job["rounds"])
        failed = recorder.failed
        recorder.heal()
        entry = concern(vault, work.child, "with a whole disk again")
        work.acknowledged.append(entry)
        vault.close()
    failed = recorder.failed or (failed if vault else 0)
    seen = recorder.seen
    recorder.end()
    found: dict[str, Any] = {"failed": failed, "seen": seen, "refused": work.sentences, "unread": work.unread}
    with open_vault(place, passphrase=PASSPHRASE, user="Robin Vale") as again:
        report = again.verify(rebuild=True, signatures=True)
        there = {row.id for row in record.chronology(again, work.child)}
        found["problems"] = [problem.text for problem in report.problems]
        found["alarm"] = again.alarm.message if again.alarm else ""
        found["lost"] = len(set(work.acknowledged) - there)
        found["ghosts"] = len(set(work.refused) & there)
        found["acknowledged"] = len(work.acknowledged)
    return found


def main(template: Path, folder: Path) -> None:
    Kdf.derive = cheaply  # type: ignore[method-assign]
    recorder = Recorder()
    with open_vault(Path(shutil.copytree(template, folder / "warm")), passphrase=PASSPHRASE) as vault:
        Work(folder, recorder).day(vault, ROUNDS)  # what is imported on the way stays imported
        vault.verify(rebuild=True, signatures=True)
    adults = folder / "adults"
    in_register.make(adults)
    for number, line in enumerate(sys.stdin):
        place = folder / f"job-{number}"
        place.mkdir()
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                job = json.loads(line)
                given = (adults, run_in_register) if job["from"] == "register" else (template, run)
                os.write(writing, json.dumps(given[1](given[0], place, recorder, job)).encode())
                os._exit(0)
            except BaseException as error:  # noqa: BLE001  (reported to the test, which fails)
                recorder.end()
                import traceback

                where = "".join(traceback.format_exception(error))[-1500:]
                os.write(writing, json.dumps({"crash": where}).encode())
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            print(answer.read().decode(), flush=True)
        os.wait()
        shutil.rmtree(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
