"""Restoring a backup into an empty folder (design: §4).

A restored vault has a new key for its compartment, a new device with a chain and an anchor of its own, and holds its
exchange with partners until a person confirms that the old machine is gone. It is made in a folder beside the target
and renamed at the end: cut short, no half vault is left.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from practice.acts import OldMachineGone, Restored
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, NotAllowed, NotFound, Refused
from practice.roles import check_may_record
from storage import backup_check, backup_copy, container, device_secret, ledger, outbox, secrets_table
from storage.anchor import Anchor, Head
from storage.atomic import private_folder, sync_folder
from storage.backup import Progress, quiet, reached
from storage.backup_check import Held
from storage.container import Container
from storage.engine import make_engine, plain_errors
from storage.header import FILE_NAME, Compartment, Header
from storage.ids import new_id
from storage.keys import Kdf, PersonKeys, Slot, hkdf, new_key, passphrase_faults
from storage.opening import compartment_key, recovery_slot_id, wrap
from storage.places import check_place
from storage.unlocking import Unlocked, choose_slot

if TYPE_CHECKING:
    from storage.vault import Vault

INVENTORY = "inventory"
"""Where the exchange keeps that partners are still to be asked what they hold of ours, after a restore (rule 8)."""
HOLD = "restored_hold"
"""Where the exchange keeps that it is held: the moment of the restore, blank once somebody let it go."""


@dataclass(frozen=True)
class RestoreReport:
    """What was restored; `recovery_code` is the next one, where the vault was opened with the one before."""

    folder: Path
    vault: str
    person: str
    acts: int
    made_at: str
    sha256: str
    device: str
    recovery_code: str = ""
    to_repeat: tuple[str, ...] = ()
    """The children whose records were erased after the backup was made, and are here again."""


@dataclass(frozen=True)
class Opened:
    """A backup that somebody's keys opened."""

    found: Container
    header: Header
    key: bytes
    backup_key: bytes
    slot: Slot
    keys: PersonKeys


# -- restoring ---------------------------------------------------------------------------------------------------------


def restore(
    file: Path,
    to: Path,
    *,
    passphrase: str,
    user: str = "",
    code: str = "",
    kdf: Kdf | None = None,
    clock: Callable[[], datetime] | None = None,
    erasures: Path | None = None,
    progress: Progress = quiet,
) -> RestoreReport:
    """Make a vault from a backup in an empty folder, with a passphrase of its time, or with the recovery code.

    With `code`, `passphrase` becomes the new one of `user`. `erasures` is the list of what was erased since, where it
    does not lie beside the backup; the report names whose records must be erased again. Raises Refused for a folder
    that holds something, WrongPassphrase, and IntegrityAlarm for a backup that is not as it was written; then nothing
    is left behind.
    """
    from storage.people import recover
    from storage.vault import open_vault, utc_now

    clock = clock or utc_now
    to = to.expanduser().absolute()
    _check_empty(to)
    if code and (faults := passphrase_faults(passphrase)):
        raise Refused(" ".join(faults))
    with _staging(to) as (staging, work):
        progress("Opening the backup")
        opened = _open(file, work, passphrase, user, code)
        held = materialise(opened, staging, work, clock(), progress)
        next_code = ""
        if code:
            vault, next_code = recover(staging, code=code, user=user, passphrase=passphrase, kdf=kdf)
        else:
            vault = open_vault(staging, unlocked=Unlocked(opened.header, opened.slot, opened.keys), clock=clock)
        with vault:
            _record(vault, opened, held, progress)
            again = _erased_since(vault, file, erasures)
            report = RestoreReport(
                to,
                vault.id,
                vault.person.name,
                held.acts,
                str(opened.found.manifest["made_at"]),
                container.digest_of(file).sha256,
                vault.device,
                next_code,
                again,
            )
        reached("restored")
        _move(staging, to)
    return report


def _check_empty(to: Path) -> None:
    check_place(to)
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise Refused(
            "The folder to restore into is not empty. Nothing was restored, and nothing in it was touched.",
            hint="Name an empty folder, or one that is not there yet.",
        )


@contextlib.contextmanager
def _staging(to: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder beside the target, and one within it for what goes again; both are gone if the work fails."""
    mark = f".{to.name}.restoring-"
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        for left in to.parent.glob(mark + "*"):
            shutil.rmtree(left, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=mark, dir=to.parent))
    except OSError:
        raise _not_written() from None
    try:
        yield staging, private_folder(staging / "work")
    except OSError:
        raise _not_written() from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _not_written() -> Refused:
    return Refused(
        "The folder to restore into cannot be written, or its drive is full. Nothing was restored.",
        hint="Free some room or choose another folder. The backup is as it was.",
    )


def _move(staging: Path, to: Path) -> None:
    shutil.rmtree(staging / "work")
    if to.exists():
        to.rmdir()
    staging.rename(to)
    sync_folder(to.parent)


def _open(file: Path, work: Path, passphrase: str, user: str, code: str) -> Opened:
    """Read a backup and open it with a person's passphrase or the recovery code."""
    found = container.read(file)
    header = header_in(found, work)
    if code:
        wanted = recovery_slot_id(CHILDREN)
        slot = next((each for each in header.recovery if each.id == wanted), None)
        if slot is None:
            raise NotFound("This backup has no recovery code for the children's records.")
        choose_slot(header, user)
    else:
        slot = choose_slot(header, user)
        if header.role_of(slot) == "read_only":
            raise NotAllowed("Your role here is to read, so the backup was not restored.", hint="Ask the DSL to do it.")
    device = b"" if code else device_secret.fetch(header.vault, slot)
    return opened_with(found, header, slot, slot.open(code or passphrase, header.vault, device))


def header_in(found: Container, work: Path) -> Header:
    try:
        return backup_check.header_of(found, work)
    except IntegrityAlarm as alarm:
        if "newer" in alarm.message:
            raise
        raise container.damaged() from None


def opened_with(found: Container, header: Header, slot: Slot, keys: PersonKeys) -> Opened:
    try:
        key = compartment_key(header, CHILDREN, slot, keys)
        backup_check.check_manifest(found, header, key)
    except IntegrityAlarm:
        raise container.damaged() from None
    return Opened(found, header, key, backup_check.unwrap(found, slot, keys), slot, keys)


def materialise(opened: Opened, staging: Path, work: Path, now: datetime, progress: Progress) -> Held:
    """Lay a whole vault into the staging folder; return what the backup holds, checked."""
    found, header = opened.found, opened.header
    for name in found.members:
        target = staging / name
        private_folder(target.parent)
        if name == f"{CHILDREN}.db":
            progress("Taking the record out of the backup")
            container.extract(found, name, work / "backup.db")
        elif name != FILE_NAME:
            container.extract(found, name, target)
    for name in ("spool", *backup_copy.CARRIED):
        private_folder(staging / name)
    progress("Checking every page and act")
    held = backup_check.check_database(work / "backup.db", hkdf(opened.backup_key, "database"))
    if held != _promised(found):
        raise container.damaged()
    reached("checked")
    progress("Encrypting the record under a new key")
    key, device = new_key(), new_id()
    database = staging / f"{CHILDREN}.db"
    backup_copy.copy_database(work / "backup.db", hkdf(opened.backup_key, "database"), database, hkdf(key, "database"))
    genesis = _renew(database, key, device, now)
    _rewrap(header, key)
    Anchor(staging / f"{CHILDREN}.anchor", key).create(Head(device, 0, genesis, header.generation, header.digest()))
    header.write(staging, {CHILDREN: key})
    reached("materialised")
    return held


def _promised(found: Container) -> Held:
    try:
        head = found.manifest["head"]
        return Held(found.manifest["acts"], head["device"], head["seq"], head["mac"])
    except (KeyError, TypeError):
        raise container.damaged() from None


def _renew(database: Path, key: bytes, device: str, now: datetime) -> bytes:
    """Make the database that of a new device whose exchange is held; return the beginning of its chain."""
    engine = make_engine(database, hkdf(key, "database"))
    try:
        with plain_errors(), engine.begin() as connection:
            secrets_table.put(connection, secrets_table.DEVICE, device.encode())
            secrets_table.note_revision(connection, 0)  # the header in the backup may be some changes older
            outbox.set_exchange(connection, HOLD, now.isoformat())
            return ledger.head(connection, device).mac
    finally:
        engine.dispose()


def _rewrap(header: Header, key: bytes) -> None:
    """Give the new key to every slot that held the old one; the inbox stays, since cards at other machines name it."""
    before = header.compartments[CHILDREN]
    header.compartments[CHILDREN] = Compartment(before.generation + 1, {}, before.inbox)
    for slot in (*header.slots, *header.recovery):
        if slot.id in before.wrapped:
            wrap(header, CHILDREN, key, slot)
    header.generation += 1


def _record(vault: Vault, opened: Opened, held: Held, progress: Progress) -> None:
    """Say in the ledger what was restored, then check the whole vault as it will be used."""
    check_may_record(vault.person.role, Restored.act_kind)
    made_at = str(opened.found.manifest["made_at"])
    sha256 = container.digest_of(opened.found.path).sha256
    vault.record(Restored(sha256=sha256, device=held.device, seq=held.seq, mac=held.mac, made_at=made_at))
    report = vault.verify(progress=progress)
    if not report.ok:
        raise IntegrityAlarm(
            f"What came back is not whole, so it was not kept. {report.problems[0].text}", hint="Use another backup."
        )


def _erased_since(vault: Vault, file: Path, erasures: Path | None) -> tuple[str, ...]:
    """Return whose records were erased after the backup was made, by the list that lies beside it, or is given."""
    from storage import erasure_log
    from storage.desk.erasure import note_repeats, to_repeat

    listed = erasures or file.parent / erasure_log.name_beside(vault.id)
    if erasures is not None and not listed.is_file():
        raise NotFound("The list of erasures is not there. Nothing was restored.")
    if listed.is_file():
        try:
            erasure_log.take(vault, listed)
        except Refused:
            if erasures is not None:  # a stranger's file beside the backup stops no restore
                raise
    again = to_repeat(vault)
    note_repeats(vault, len(again))
    return tuple(each.child for each in again)


# -- letting partners be reached again ---------------------------------------------------------------------------------


def held_since(vault: Vault) -> str:
    """Return since when the exchange is held after a restore, blank where it is not."""
    with vault.read() as connection:
        return outbox.exchange(connection, HOLD)


def check_exchange(vault: Vault) -> None:
    """Raise Refused while nobody has confirmed, after a restore, that the old machine is gone."""
    if held_since(vault):
        raise Refused(
            "This vault was restored from a backup, so nothing leaves it and nothing is fetched until somebody"
            " confirms that the old machine is gone. Nothing was lost.",
            title="Held after a restore",
            hint="Make sure of it, then run dsl-console restore --confirm-old-machine-gone, or confirm on Backups.",
        )


def confirm_old_machine_gone(vault: Vault) -> bool:
    """Let the exchange go on; returns False where it was not held."""
    if not held_since(vault):
        return False
    with vault.write() as unit:
        unit.record(OldMachineGone())
        outbox.set_exchange(unit.connection, HOLD, "")
        outbox.set_exchange(unit.connection, INVENTORY, "due")
    return True
