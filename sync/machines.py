"""The hub as a carrier between a school's own machines: a mailbox to which they write and from which all of them read.

The mailbox is an organisation of the hub's like any other, with keys that every machine of the school holds. What the
folder would hold as a file goes there in parts, each an envelope from the mailbox to itself, padded to one of a few
sizes: the hub learns sizes and times, neither which machine wrote nor for how many. Nothing is acknowledged, because
each machine reads on its own; what lies there expires, and what somebody may still lack is then laid there again.
A bundle that comes twice, or beside the folder and a stick, changes nothing (docs/hub.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import ConsoleError, HubUnreachable, NotFound, Refused
from practice.text import counted
from storage import carrying, machines, whereabouts
from storage.atomic import private_folder, write_atomic
from storage.carrying import Carried, KnownFile
from storage.ids import new_id
from storage.replication import exchange, presence, waiting
from storage.replication.exchange import Written
from sync.hub.jose import JoseFault
from sync.mailbox import (
    BUNDLE,
    CURSOR,
    EPOCH,
    KIB,
    LAST,
    PART,
    PLACE,
    Mailbox,
    forget,
    here_part,
    in_parts,
    mailbox,
    opened,
    seal,
)

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.hub import HubClient
    from sync.run import SyncReport

KEPT = 21 * 86_400
"""For how many seconds a bundle lies at the hub."""
MARGIN = 3 * 86_400
"""How long before its end a bundle counts as gone, so that whoever lacks it gets it again."""
HERE_KEPT = 86_400
"""For how many seconds a sign of presence lies there."""
ROOM = 512 * KIB * KIB
"""How many bytes of parts may lie beside the vault; the hub keeps the rest."""
MAX_PAGES = 2000
_NAME = re.compile(rf"({BUNDLE.pattern})\.(\d{{1,4}})\.(\d{{1,4}})\.(\d{{1,12}})")
Progress = Callable[[str], None]


# -- a sync ------------------------------------------------------------------------------------------------------------


def sync(
    vault: Vault, transport: httpx.BaseTransport | None = None, progress: Progress = lambda _text: None
) -> Carried:
    """Take in what the other machines laid into the mailbox, then lay there what they lack.

    Cut short at any place it is simply done again. Raises NotFound without a mailbox, HubUnreachable.
    """
    from sync.carriers.hub import HubClient

    box = mailbox(vault)
    if box is None:
        raise NotFound("The machines have no mailbox at a hub yet.", hint="dsl-console machine hub URL CODE")
    machines.others(vault)  # raises where this machine never met another
    with HubClient(box.url, box.keys, transport) as client:
        try:
            return _Run(vault, client, box, progress).whole()
        except HubUnreachable as fault:
            said = f"{fault.message} What the other machines lack is kept, and goes with the next sync."
            raise HubUnreachable(
                said, title=fault.title, hint="Sync again later, or by a folder or a stick."
            ) from fault


def beat(vault: Vault, transport: httpx.BaseTransport | None = None) -> None:
    """Say by the hub that this machine is here, with the child whose record is open, and hear of the others.

    Nothing where the machines have no mailbox, and never an error: it is no more than a courtesy.
    """
    from sync.carriers.hub import HubClient

    try:
        box = mailbox(vault)
        if box is not None:
            with HubClient(box.url, box.keys, transport) as client:
                _Run(vault, client, box, lambda _text: None).beat()
    except ConsoleError:
        return


class _Run:
    def __init__(self, vault: Vault, client: HubClient, box: Mailbox, progress: Progress) -> None:
        self.vault, self.client, self.box, self.progress = vault, client, box, progress
        self.spool = private_folder(vault.folder / "spool" / "machines")
        self.now = int(vault.clock().timestamp())
        self.done = Carried()

    def whole(self) -> Carried:
        self.progress("Reaching the hub for the other machines")
        self.epoch = self.client.well_known().epoch
        self.now += int(self.client.clock_offset)  # how long a bundle lies there goes by the hub's clock
        with self.vault.read() as connection:
            before = waiting.note(connection, EPOCH)
        if before != self.epoch:
            with self.vault.write() as unit:
                forget(unit.connection, self.epoch)
        self.fetch()
        self.take_in()
        carrying.hand_on(self.vault, self.done, lambda file: file.size > self.now + MARGIN, self.lay, PLACE)
        with self.vault.write() as unit:
            waiting.set_note(unit.connection, LAST, self.vault.clock().isoformat())
        self.say_here()
        return self.done

    def beat(self) -> None:
        """Say that this machine is here and hear of the others; what else came waits in the spool for a sync."""
        self.epoch = self.client.well_known().epoch
        self.now += int(self.client.clock_offset)
        with self.vault.read() as connection:
            same = waiting.note(connection, EPOCH) == self.epoch
        if same:
            self.say_here()
            self.fetch()

    def say_here(self) -> None:
        """Lay a sign of presence into the mailbox, for a day; one that does not arrive matters to nobody."""
        own = machines.known(self.vault)
        readers = [exchange.reader_of(row) for row in machines.others(self.vault)]
        if own is None or not readers:
            return
        mid = new_id()
        said = presence.content(self.vault, own, readers, whereabouts.open_here(self.vault))
        if len(said) <= PART:
            self.client.send_batch([(mid, seal(here_part(said), mid, self.now + HERE_KEPT, self.box))])

    def strange(self) -> HubUnreachable:
        return HubUnreachable("The hub was restored during this sync.", title="The hub could not be reached")

    # -- in ----------------------------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Lay the parts that came into the spool, page by page, each durable before the place moves past it."""
        from sync.carriers.hub import EpochChanged

        known = carrying.known_files(self.vault, PLACE)
        room = ROOM - sum(path.stat().st_size for path in self.spool.iterdir())
        for _ in range(MAX_PAGES):
            with self.vault.read() as connection:
                cursor = waiting.note(connection, CURSOR)
            try:
                page = self.client.inbox(cursor)
            except EpochChanged:
                raise self.strange() from None
            if page.epoch != self.epoch:
                raise self.strange()
            for item in page.items:
                room -= self._lay_aside(item.jose, known)
            with self.vault.write() as unit:
                waiting.set_note(unit.connection, CURSOR, page.next)
            if not page.items or page.next == cursor or room <= 0:
                return

    def _lay_aside(self, token: str, known: dict[str, KnownFile]) -> int:
        """Keep one part for its bundle; return its length, 0 for what is known, strange or not ours."""
        try:
            bundle, number, of, part, until = opened(token, self.box)
        except JoseFault:
            return 0
        if not bundle:
            own = machines.known(self.vault)
            if own is not None and until > self.now:
                presence.keep(self.vault, own, [exchange.reader_of(row) for row in machines.others(self.vault)], part)
            return 0
        if bundle in known or until <= self.now:
            return 0
        write_atomic(self.spool / f"{bundle}.{number}.{of}.{until}", part)
        return len(part)

    def take_in(self) -> None:
        """Take in every bundle of which all parts are here; the others wait for theirs until they have expired."""
        parts: dict[str, dict[int, Path]] = {}
        ends: dict[str, tuple[int, int]] = {}
        for path in self.spool.iterdir():
            found = _NAME.fullmatch(path.name)
            if found is None or int(found[5]) <= self.now:
                path.unlink(missing_ok=True)
                continue
            parts.setdefault(found[1], {})[int(found[3])] = path
            ends[found[1]] = (int(found[4]), int(found[5]))
        whole = {name: own for name, own in parts.items() if len(own) == ends[name][0]}
        result = exchange.take_bundles(
            self.vault, [(name, _from_parts(own)) for name, own in whole.items()], self.progress
        )
        result.sizes = {name: ends[name][1] for name in whole}
        carrying.note_taken(self.vault, self.done, result, PLACE)
        carrying.tell_once(self.vault, self.done)
        for name in (*result.read, *result.for_others):
            for path in whole[name].values():
                path.unlink(missing_ok=True)

    # -- out ---------------------------------------------------------------------------------------------------------

    def lay(self, written: Written) -> KnownFile:
        """Deliver a bundle in its parts; the hub's signed receipt names every one, or the bundle is not noted."""
        from sync.carriers.hub import batches

        until = self.now + KEPT
        envelopes = [(new_id(), part) for part in in_parts(written.id, written.content)]
        sealed = ((mid, seal(part, mid, until, self.box)) for mid, part in envelopes)
        self.progress(f"Handing on, in sealed parts: {len(envelopes):,}")
        for group in _in_fours(sealed):
            for batch in batches(group):
                self._deliver(batch)
        return KnownFile(written.id, until, frozenset(written.readers), written.ranges)

    def _deliver(self, batch: list[tuple[str, str]]) -> None:
        result = self.client.send_batch(batch)
        if result.epoch != self.epoch:
            raise self.strange()
        for mid, _ in batch:
            outcome = result.outcomes.get(mid)
            if outcome is None or not outcome.stored:
                said = outcome.sentence if outcome else "The hub did not say what became of a part."
                raise Refused(f"{said} What the other machines lack is kept.", hint="Sync again later.")


def _in_fours(items: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Group sealed parts so that few of them are in memory at once."""
    group: list[tuple[str, str]] = []
    for item in items:
        group.append(item)
        if len(group) == 4:
            yield group
            group = []
    if group:
        yield group


def _from_parts(parts: dict[int, Path]) -> Callable[[], bytes]:
    def load() -> bytes:
        try:
            return b"".join(parts[number].read_bytes() for number in sorted(parts))
        except OSError:
            raise Refused("A part that came by the hub cannot be read. Nothing was taken from it.") from None

    return load


# -- by every way at once ----------------------------------------------------------------------------------------------


def carry(
    vault: Vault,
    folder: Path | None = None,
    progress: Progress = lambda _text: None,
    transport: httpx.BaseTransport | None = None,
) -> Carried:
    """Carry by the shared folder and by the hub, whichever there are; a way that fails stops the other one not.

    Raises as `carrying.sync` and `sync` where nothing could be carried at all.
    """
    by_hub = mailbox(vault) is not None
    if not by_hub:
        return carrying.sync(vault, folder, progress)
    done, failed = Carried(), []
    ways: list[Callable[[], Carried]] = [lambda: sync(vault, transport, progress)]
    if folder is not None or whereabouts.folder_of(vault) is not None:
        ways.insert(0, lambda: carrying.sync(vault, folder, progress))
    for way in ways:
        try:
            done = added(done, way())
        except (NotFound, Refused, HubUnreachable) as error:
            failed.append(error)
    if len(failed) == len(ways):
        raise failed[-1]
    return replace(done, failed=[f"{error.message} {error.hint}".strip() for error in failed])


def added(first: Carried, second: Carried) -> Carried:
    """Return what two ways did together; what waits and is missing is as the second one left it."""
    return replace(
        second,
        taken=first.taken + second.taken,
        handed_on=first.handed_on + second.handed_on,
        files=[*first.files, *second.files],
        forks=[*first.forks, *(fork for fork in second.forks if fork not in first.forks)],
        refused=first.refused | second.refused,
        unread=first.unread + second.unread,
        people_changed=first.people_changed or second.people_changed,
    )


def sync_all(vault: Vault, *, progress: Progress = lambda _text: None) -> SyncReport:
    """Exchange with partners, where a hub was joined here, and carry between the school's own machines by theirs.

    Raises as `run.sync`; what stands between the machines is told in the report, and never keeps partners waiting.
    """
    from sync import run
    from sync.membership import holds_keys

    if mailbox(vault) is None or machines.known(vault) is None:
        return run.sync(vault, progress=progress)
    report = run.sync(vault, progress=progress) if holds_keys(vault) else run.SyncReport()
    try:
        done = sync(vault, progress=progress)
    except ConsoleError as error:
        report.errors.append(f"The school's own machines: {error.message}")
    else:
        report.machines = f"Own machines: {counted(done.taken, 'act')} taken in, {done.handed_on:,} handed on."
        report.errors += carrying.carried_words(done)
    return report
