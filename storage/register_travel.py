"""The adults' register on another machine: never, unless the headteacher says so for that machine (R-40).

Where they do, whoever has the register open lays it beside the vault, sealed to that machine **and** under the
register's own key; the next sync, by whatever carrier, takes it there. What arrives waits beside that machine's vault,
closed to all, until one of the register's holders opens it: then the copy is made or brought up to date. What they
write and read there is recorded in a chain of the copy's own, and comes home the same way.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from practice.acts import RegisterTravels, build
from practice.compartments import ADULTS
from practice.errors import ConsoleError, IntegrityAlarm, NotFound, Refused
from practice.roles import check_may_make_register
from storage import ledger, rotation, secrets_table, shape
from storage.anchor import Anchor, Head
from storage.atomic import private_file, private_folder, replace, write_atomic
from storage.engine import make_engine, plain_errors
from storage.ids import new_id
from storage.keys import hkdf
from storage.replication import bundle, exchange, identity, incoming, outgoing, waiting
from storage.replication.bundle import Back, Front
from storage.replication.exchange import Written
from storage.types import utc_text
from storage.views import machines

if TYPE_CHECKING:
    from storage.header import Header
    from storage.register import Register
    from storage.vault import Vault
    from storage.views.machines import MachineRow

COPY_OF = "copy-of"
"""In the database of a copy: the machine from which the register came."""
PAST = "past/"
"""In the register's database: its former keys, so that a copy can follow a rotation."""
STEP = 256 * 1024
"""What travels grows in such steps, since its length would tell how much is in it."""
MOST = 64
_SENT = "register-sent/"
_MARK = "copy"
"""The empty file that says, to who holds no key of it, that this machine's register is a copy."""
_NAME = re.compile(r"([0-9a-f-]{36})\.\d{1,3}")


def _folder(vault_folder: Path, way: str) -> Path:
    return private_folder(private_folder(vault_folder / "spool" / "register") / way)


def _carry(key: bytes) -> tuple[str, bytes]:
    made = hkdf(key, "register", "carry")
    return hashlib.sha256(b"dsl-console/register/carry\0" + made).hexdigest()[:16], made


# -- what the headteacher says -----------------------------------------------------------------------------------------


def travels(register: Register) -> list[tuple[MachineRow, bool]]:
    """Return the school's other machines, each with whether the register travels to it."""
    said: dict[str, bool] = {}
    with register.read() as connection:
        acts = list(ledger.acts_where(connection, "kind", [], [RegisterTravels.act_kind]))
    for act in sorted(acts, key=lambda each: each.order):
        if isinstance(act.body, RegisterTravels):
            said[act.body.machine] = act.body.travels
    with register.vault.read() as connection:
        own = identity.kept(connection)
        rows = [row for row in machines.in_ledger(connection) if row.removed_at is None]
    return [(row, said.get(row.id, False)) for row in rows if own is None or row.id != own.machine]


def set_travels(register: Register, wanted: str, travels_there: bool) -> MachineRow:
    """Let the register travel to a machine, or no more, as the headteacher says; raises NotAllowed, NotFound.

    What a machine holds already it holds; made anew, the register's keys leave it nothing that opens.
    """
    check_may_make_register(register.person.role)
    check_home(register)
    row = machines.find(register.vault, wanted)
    if row.id not in {each.id for each, _ in travels(register)}:
        raise NotFound("That is this machine, or one that was removed. Nothing was changed.")
    register.record(build(RegisterTravels, {"machine": row.id, "travels": travels_there}))
    lay_out(register)
    return row


def home_of(register: Register) -> str:
    """Return the machine from which a copy came; blank where the register stands here."""
    with register.read() as connection:
        return (secrets_table.get(connection, COPY_OF) or b"").decode()


def check_home(register: Register) -> None:
    """Raise Refused on a copy: its keys and who holds them are changed where the register stands."""
    if home := home_of(register):
        with register.vault.read() as connection:
            name = next((row.name for row in machines.in_ledger(connection) if row.id == home), "another machine")
        raise Refused(
            f"The register stands on «{name}»; this is a copy. Its keys, its readers and where it travels are changed"
            " there. Nothing was changed."
        )


# -- out ---------------------------------------------------------------------------------------------------------------


def lay_out(register: Register) -> None:
    """Lay what travels beside the vault, sealed for each machine to which it goes; what no longer travels goes away."""
    with register.vault.read() as connection:
        own = identity.kept(connection)
    out = _folder(register.folder, "out")
    home = home_of(register)
    wanted = [row for row, yes in travels(register) if (row.id == home if home else yes)] if own else []
    for path in list(out.iterdir()):
        if path.name.partition(".")[0] not in {row.id for row in wanted}:
            path.unlink(missing_ok=True)
    for row in wanted:
        _lay_for(register, own, row, out) if own else None


def _lay_for(register: Register, own: identity.Identity, row: MachineRow, out: Path) -> None:
    ident, carry = _carry(register.compartment_key)
    with register.read() as connection:
        heads = {device: seq for device, (seq, _mac) in machines.heads(connection).items()}
        before = waiting.note(connection, f"laid/{row.id}")
        keys = {
            name: key
            for prefix in (secrets_table.INBOX_PREFIX, PAST)
            for name, key in ((prefix + each, key) for each, key in secrets_table.under(connection, prefix).items())
        }
        mark = f"{ident} {sorted(heads.items())}"
        if before == mark and any(path.name.startswith(row.id) for path in out.iterdir()):
            return
        keys[secrets_table.AUDIT] = register.author.audit_key
        parts = [(device, 1, seq) for device, seq in heads.items() if seq]
        made = 0
        for ranges, lines in outgoing.batches(connection, parts):
            front = Front(utc_text(register.clock()), b"", [], ident, ranges, heads)
            pad = {"pad": bytes(-(sum(map(len, lines)) * 3 // 4) % (STEP * 3 // 4))}
            readers = [exchange.reader_of(row)]
            _id, content = bundle.write(register.id, own, readers, front, carry, keys | pad, lines)
            write_atomic(out / f"{row.id}.{made}", content)
            made += 1
    for path in out.iterdir():
        if path.name.startswith(row.id) and int(path.name.rpartition(".")[2]) >= made:
            path.unlink(missing_ok=True)
    with register.write() as unit:
        waiting.set_note(unit.connection, f"laid/{row.id}", mark)


def going_out(vault: Vault, place: str, rows: list[MachineRow]) -> Iterator[tuple[str, str, Written]]:
    """Yield what lies ready and was not laid into a place yet: a note's name and value for when it was, and the file.

    It is sealed once more, to that machine alone, with the vault's header as every bundle.
    """
    out = _folder(vault.folder, "out")
    readers = {row.id: exchange.reader_of(row) for row in rows}
    for path in sorted(out.iterdir()):
        found = _NAME.fullmatch(path.name)
        if found is None or found[1] not in readers:
            continue
        blob = path.read_bytes()
        name, digest = f"{_SENT}{place}/{path.name}", hashlib.sha256(blob).hexdigest()
        with vault.read() as connection:
            if waiting.note(connection, name).partition(" ")[0] == digest:
                continue
        yield name, digest, exchange.write_register(vault, readers[found[1]], blob)


def laid_before(vault: Vault, place: str) -> dict[str, str]:
    """Return the files that were laid into a place, by the note of each: those that no longer travel among them."""
    with vault.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, value FROM machine_notes WHERE name GLOB ?", (f"{_SENT}{place}/*",)
        )
        return {row[0]: row[1].partition(" ")[2] for row in rows if row[1]}


def still_lies(vault: Vault, note: str) -> bool:
    """Say whether what a note names still travels."""
    return (_folder(vault.folder, "out") / note.rpartition("/")[2]).exists()


# -- in ----------------------------------------------------------------------------------------------------------------


def keep_aside(vault_folder: Path, ident: str, blob: bytes) -> None:
    """Keep what came until a holder opens the register; the oldest goes where it is much, since the newest is whole."""
    there = _folder(vault_folder, "in")
    write_atomic(there / ident, blob)
    for path in sorted(path for path in there.iterdir() if path.name != _MARK)[:-MOST]:
        path.unlink(missing_ok=True)


def _arrived(vault: Vault, key: bytes) -> Iterator[tuple[Path, str, Back]]:
    """Yield what came and opens under the register's present key, the newest first, with the machine that sent it."""
    ident, carry = _carry(key)
    with vault.read() as connection:
        own = identity.kept(connection)
    for path in sorted(_folder(vault.folder, "in").iterdir(), reverse=True):
        if path.name == _MARK:
            continue
        try:
            if own is None:
                return
            cover = bundle.read(exchange.from_file(path)())
            with vault.read() as connection:
                sender = exchange.sender_of(connection, cover.machine)
            if sender is None or cover.vault != vault.id:
                continue
            front, secret = bundle.open_front(cover, own, sender)
            if front.carry == ident:
                yield path, cover.machine, bundle.open_back(cover, secret, carry)
        except (Refused, IntegrityAlarm):
            path.unlink(missing_ok=True)  # strange, damaged, or of a machine that was removed: it never opens


def make_ready(vault: Vault, header: Header, key: bytes) -> None:
    """Make this machine's copy where the register has come and none is here, or let it follow keys made elsewhere.

    Called by whoever opens the register, with its key. Where nothing came, nothing is done.
    """
    database = vault.folder / f"{ADULTS}.db"
    if database.exists() and rotation.is_record(database, key):
        return
    newest = next(_arrived(vault, key), None)
    if newest is None:
        _check_follows(vault, database)
        return
    _path, sender, back = newest
    with vault._lock.alone():
        if not database.exists():
            _make_copy(vault, header, key, sender, back)
            return
        for name, past in back.keys.items():
            if name.startswith(PAST) and rotation.is_record(database, past):
                rotation.follow_file(vault.folder, ADULTS, header, past, key)
                return
    _check_follows(vault, database)


def _check_follows(vault: Vault, database: Path) -> None:
    """Raise NotFound for a copy whose keys were made anew elsewhere, and to which nothing came since."""
    if database.exists() and (_folder(vault.folder, "in") / _MARK).exists():
        raise NotFound(
            "The register's keys were made anew on another machine, and it has not travelled here since. Nothing was"
            " opened, and nothing is lost.",
            hint="Sync the machines, or open it where it stands.",
        )


def _make_copy(vault: Vault, header: Header, key: bytes, sender: str, back: Back) -> None:
    """Make an empty register with the keys that came; its database takes its name last."""
    made = vault.folder / f"{ADULTS}.db{rotation.FOLLOWED}"
    for left in (made, vault.folder / f"{ADULTS}.anchor"):
        left.unlink(missing_ok=True)
    private_file(made)
    engine = make_engine(made, hkdf(key, "database"))
    device = new_id()
    try:
        with plain_errors():
            shape.migrate(engine, ADULTS, fresh=True)
            with engine.begin() as connection:
                secrets_table.put(connection, secrets_table.AUDIT, back.keys[secrets_table.AUDIT])
                secrets_table.put(connection, secrets_table.DEVICE, device.encode())
                secrets_table.put(connection, "beside", vault.device.encode())
                secrets_table.put(connection, COPY_OF, sender.encode())
                _keep_keys(connection, back)
                genesis = ledger.head(connection, device).mac
            with engine.connect() as connection:
                plain = connection.execution_options(isolation_level="AUTOCOMMIT")
                plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()
    head = Head(device, 0, genesis, header.revision(ADULTS), header.digest(ADULTS))
    Anchor(vault.folder / f"{ADULTS}.anchor", key).create(head)
    write_atomic(_folder(vault.folder, "in") / _MARK, b"")
    replace(made, vault.folder / f"{ADULTS}.db")


def _keep_keys(connection: object, back: Back) -> None:
    for name, key in back.keys.items():
        inbox = name.startswith(secrets_table.INBOX_PREFIX) and len(key) == 96
        if (inbox or (name.startswith(PAST) and len(key) == 32)) and len(name) <= 80:
            secrets_table.put(connection, name, key)  # type: ignore[arg-type]


def take_in(register: Register) -> int:
    """Take in what came from other machines; return how many acts were new. What does not follow on waits."""
    taken = 0
    for path, _sender, back in _arrived(register.vault, register.compartment_key):
        with register.write() as unit:
            _keep_keys(unit.connection, back)
        taken += incoming.take_in(register, back.lines).applied
        path.unlink(missing_ok=True)
    return taken


def closing(register: Register) -> None:
    """Lay out what was written while it was open; where that cannot be done, the next closing does it."""
    if register.alarm is None:
        with contextlib.suppress(ConsoleError, OSError):
            lay_out(register)
