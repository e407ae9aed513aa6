"""Checking that everything is as it was recorded: pages, header, anchor, chain, views, signatures (design: §1, §8)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import Act, BackupMade, Restored
from practice.compartments import CHILDREN
from practice.errors import ConsoleError, IntegrityAlarm
from storage import chain, comparing, erasing, ledger, secrets_table, shape
from storage.anchor import Head
from storage.engine import memory_engine
from storage.ledger import Problem
from storage.views import base, machines, searched
from storage.visits.opened import UNTIL

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment, VerifyReport

_BATCH = 5000
_GIVE_WAY_SECONDS = 0.002
"""How long a check behind people's backs sleeps after some hundred acts, so that keys are answered at once."""
_LOOKS = 2
_STOPS_WRITING = frozenset({"page", "anchor", "backup", "header"})
_ELSEWHERE = "What is here can still be read. Keep this folder as it is, and restore the latest backup elsewhere."
_HINTS = {
    "page": _ELSEWHERE,
    "anchor": _ELSEWHERE,
    "backup": _ELSEWHERE,
    "header": "Put back header.json.prev, or the header from a backup, before writing.",
    "chain": "Keep a copy of this folder as it is, and restore the latest backup elsewhere to see what stood there.",
    "view": "Restore the latest backup elsewhere and compare; the acts themselves are whole.",
    "machine": "Take in from the other machines again, whole: dsl-console machine sync FOLDER.",
    "signature": "Keep a copy of this folder as it is, and ask whoever can open this vault.",
}


def verify(vault: OpenCompartment, *, rebuild: bool, signatures: bool, progress: Callable[[str], None]) -> VerifyReport:
    """Return what is not as it was recorded, in plain sentences; reading only."""
    from storage.compartment import VerifyReport

    report = VerifyReport()
    if vault.alarm is not None:
        about = "header" if "header" in vault.alarm.message else "anchor"
        report.problems.append(Problem(about, vault.alarm.message))
    if vault.anchor_lags:
        text = "The anchor beside the record cannot be written, so a lost end of the record would not be noticed."
        report.problems.append(Problem("anchor", text))
    _attempt(report, "header", vault.check_header)
    _attempt(report, "page", vault.checkpoint)
    anchored = _anchored(vault, report)
    try:
        with vault.long_read() as connection:
            progress("Checking every page")
            report.problems += _pages(connection)
            progress("Checking every act")
            _chain(connection, anchored, report)
            if signatures:
                progress("Checking every signature")
                report.problems += chain.verify_signatures(connection, vault.signing_keys())
            if rebuild and report.ok:
                progress("Working every view out afresh from the acts")
                report.problems += _rebuild(connection, vault.name) or _search(vault)
    except ConsoleError as error:
        report.problems.append(Problem("page", error.message))
    return report


def hint_of(problem: Problem) -> str:
    """Return what to do about a problem."""
    return _HINTS.get(problem.kind, _HINTS["chain"])


def check_behind(vault: OpenCompartment, stop: Callable[[], bool]) -> bool:
    """Check every page and every act behind people's backs, giving way to them; say whether anything was found.

    What was found stands in `vault.found`, and stops writing where a further act would make it worse. Pages are looked
    at again before anything is said, since another process may have been writing to one of them. Raises nothing when
    told to stop: nothing is said then.
    """

    def give_way() -> None:
        if stop():
            raise _Told
        time.sleep(_GIVE_WAY_SECONDS)

    problems: list[Problem] = []
    for _ in range(_LOOKS):
        try:
            problems = _look(vault, give_way)
        except _Told:
            return False
        if not problems or vault.alarm is not None:
            return False
    first, more = problems[0], len(problems) - 1
    also = f" {more} more {'things are' if more > 1 else 'thing is'} not as recorded." if more else ""
    vault.found = IntegrityAlarm(first.text + also, title="The record is not as it was", hint=hint_of(first))
    if any(problem.kind in _STOPS_WRITING for problem in problems):
        vault.alarm = vault.found
    return True


def _look(vault: OpenCompartment, step: Callable[[], None]) -> list[Problem]:
    from storage.compartment import VerifyReport

    report = VerifyReport()
    step()
    anchored = _anchored(vault, report)
    try:
        _attempt(report, "header", vault.check_header, IntegrityAlarm)
        vault.checkpoint()
        with vault.long_read() as connection:
            report.problems += _pages(connection, structure=False)
            step()
            _chain(connection, anchored, report, step)
    except IntegrityAlarm as error:
        report.problems.append(Problem("page", error.message))
    except ConsoleError:  # a disk that is busy or away says nothing about the record
        return []
    return report.problems


class _Told(Exception):
    """Somebody told the check to stop."""


def _attempt(
    report: VerifyReport, kind: str, check: Callable[[], object], faults: type[ConsoleError] = ConsoleError
) -> None:
    try:
        check()
    except faults as error:
        report.problems.append(Problem(kind, error.message))


def _pages(connection: Connection, *, structure: bool = True) -> list[Problem]:
    """Check every page's MAC, and unless told otherwise the database's own structure."""
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA cipher_integrity_check")]
    if not found and structure:
        found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    if not found:
        return []
    pages = f"{len(found)} page{'s' if len(found) > 1 else ''}"
    return [Problem("page", f"The database is damaged or was changed in {pages}. Restore the latest backup.")]


def _anchored(vault: OpenCompartment, report: VerifyReport) -> Head | None:
    """Read the anchor before the record is looked at, since what is recorded meanwhile moves it past that look."""
    try:
        return vault.anchored()
    except IntegrityAlarm as alarm:
        if vault.alarm is None:
            report.problems.append(Problem("anchor", alarm.message))
        return None


def _chain(
    connection: Connection, anchored: Head | None, report: VerifyReport, step: Callable[[], None] = lambda: None
) -> None:
    audit = secrets_table.get(connection, secrets_table.AUDIT)
    if audit is None:
        raise IntegrityAlarm("The vault's own keys are missing from its database.")
    report.acts, problems = chain.verify_chain(connection, audit, step, erasing.erased(connection), order=True)
    report.problems += problems
    heads = [] if anchored is None else [("anchor", anchored.device, anchored.seq, anchored.mac)]
    moved = ledger.moved_acts(connection)
    own = (secrets_table.get(connection, secrets_table.DEVICE) or b"").decode()
    for act in ledger.acts_where(connection, "kind", [], ["restored", "backup_made"]):
        assert isinstance(act.body, Restored | BackupMade)
        # What another machine was restored from may still be on its way here.
        if act.id in moved:  # recorded by a machine that had been put back: its heads name another chain now
            continue
        if act.device == own or ledger.link_at(connection, act.body.device, act.body.seq) is not None:
            heads.append(("backup", act.body.device, act.body.seq, bytes.fromhex(act.body.mac)))
    on_visit = secrets_table.get(connection, UNTIL) is not None  # what its first act had heard of stayed at school
    if (heard := machines.heard(connection, own)) is not None and not on_visit:
        heads += [("machine", device, seq, bytes.fromhex(mac)) for device, (seq, mac) in heard.heads.items()]
    for kind, device, seq, mac in heads:
        try:
            chain.check_head(connection, device, seq, mac)
        except IntegrityAlarm as alarm:
            if all(problem.text != alarm.message for problem in report.problems):
                report.problems.append(Problem(kind, alarm.message))


def _rebuild(connection: Connection, compartment: str) -> list[Problem]:
    """Fold every act afresh and compare every view; where one differs, replay them all to say which and by how much."""
    if comparing.agree(connection, compartment):
        return []
    fresh = memory_engine()
    try:
        with fresh.begin() as other:
            for statement in ledger.SCHEMA:
                other.exec_driver_sql(statement)
            shape.make_views(other, compartment)
            replay(connection, other, compartment=compartment)
            rebuilt = base.contents(other, compartment)
    finally:
        fresh.dispose()
    problems = []
    for table, rows in base.contents(connection, compartment).items():
        if rows != rebuilt[table]:
            differ = len(set(map(repr, rows)) ^ set(map(repr, rebuilt[table])))
            problems.append(
                Problem("view", f"The view {table} does not agree with the record ({differ} lines differ).")
            )
    return problems


def _search(vault: OpenCompartment) -> list[Problem]:
    if vault.name != CHILDREN:  # the register is small, and searched without an index
        return []
    try:
        with vault.long_read(query_only=False) as connection, connection.begin():
            searched.check_search(connection)
    except IntegrityAlarm:
        return [Problem("view", "The search index does not agree with the record, so a search may miss words.")]
    return []


def replay(source: Connection, target: Connection, seed: int | None = None, *, compartment: str = CHILDREN) -> None:
    """Bring every act of one ledger into another's views, a batch at a time, the devices taken in random turns."""
    turns = random.Random(seed)  # noqa: S311  (an order to try, not a secret)
    streams: list[Iterator[Act]] = [ledger.all_acts(source, device) for device in ledger.devices(source)]
    while streams:
        stream = turns.choice(streams)
        batch = [
            act
            for _, act in zip(range(_BATCH if len(streams) == 1 else turns.randint(1, _BATCH)), stream, strict=False)
        ]
        if not batch:
            streams.remove(stream)
            continue
        copy(target, batch)
        base.apply(target, batch, compartment)


def copy(target: Connection, acts: list[Act]) -> None:
    """Put acts into a ledger that only a replay reads: what a fold asks for is there, what guards a chain is not."""
    from storage.types import utc_text

    target.exec_driver_sql(
        "INSERT INTO acts (id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, ordered_at,"
        " clock, digest, signature, mac) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', x'', x'', x'')",
        [_values(act, utc_text) for act in acts],
    )
    target.exec_driver_sql(
        "INSERT INTO bodies (act, salt, body) VALUES (?, x'', ?)", [(act.id, act.body.to_bytes()) for act in acts]
    )


def _values(act: Act, written: Callable[[Any], str]) -> tuple[Any, ...]:
    return (
        act.id,
        act.device,
        act.seq,
        written(act.captured_at),
        written(act.recorded_at),
        act.author,
        act.kind,
        act.child,
        act.entry,
        act.event,
        written(act.ordered_at) if act.ordered_at else None,
    )
