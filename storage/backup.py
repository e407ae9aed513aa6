"""Backups: one file under a fresh key, opened again and checked whole before anyone is told that it is done.

The database is encrypted anew (a copy that kept the key and the salt could be spliced into the live file: storage,
trap 18); the fresh key is wrapped to every slot that holds the compartment and to its recovery slot. Drafts, the spool
and other compartments go along as the ciphertext that they are, unopened.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from practice.acts import BackupMade
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, Refused
from storage import chain, container, erasure_log
from storage.atomic import FULL, private_folder, replace, sync_folder
from storage.backup_check import (
    FORMAT,
    VERSION,
    Held,
    check_database,
    check_manifest,
    header_of,
    key_info,
    look,
    manifest_mac,
    unwrap,
)
from storage.backup_copy import Stop, Stopped, carry_along, carry_compartments, copy_database, never
from storage.engine import make_engine, plain_errors
from storage.header import FILE_NAME, Header, read_header
from storage.ids import new_id
from storage.keys import PersonKeys, b64, hkdf, new_key
from storage.places import keeps_work
from storage.types import utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

SUFFIX = ".dslb"
KEEP = 14
BEFORE_UPDATE = "before-update"
KEPT_BEFORE_UPDATE = 3
_SCHEDULED = re.compile(r"dsl-console-backup-\d{4}-\d\d-\d\d-\d{6}-(?P<vault>[0-9a-f]{8})\.dslb")
_TEMPORARY = ".dsl-console-"
_WAIT_SECONDS = 3.0

Progress = Callable[[str], None]


def quiet(_text: str) -> None:
    """Say nothing."""


def reached(_step: str) -> None:
    """Do nothing: a place where a test may end the work."""


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds; `seq` and `mac` are its chain's head, `carried` the compartments taken along unopened."""

    path: Path
    acts: int
    size: int
    sha256: str
    device: str
    seq: int
    mac: str
    made_at: str
    carried: tuple[str, ...] = ()


# -- names -------------------------------------------------------------------------------------------------------------


def short_id(vault_id: str) -> str:
    """Return the few figures by which backups of one vault are told from another's; they say nothing of it."""
    return "".join(sign for sign in vault_id.lower() if sign in "0123456789abcdef")[-8:].rjust(8, "0")


def scheduled_name(vault_id: str, now: datetime) -> str:
    """Return the name of a scheduled backup: no personal data, and in the order of time when sorted."""
    return f"dsl-console-backup-{now.astimezone():%Y-%m-%d-%H%M%S}-{short_id(vault_id)}{SUFFIX}"


def in_folder(folder: Path, vault_id: str) -> list[Path]:
    """Return this vault's scheduled backups in a folder, oldest first; raises OSError."""
    own = short_id(vault_id)
    found = [path for path in folder.iterdir() if (fits := _SCHEDULED.fullmatch(path.name)) and fits["vault"] == own]
    return sorted(found, key=lambda path: path.name)


def prune(folder: Path, vault_id: str, keep: int) -> int:
    """Remove this vault's oldest scheduled backups beyond `keep`; return how many went."""
    gone = 0
    with contextlib.suppress(OSError):
        for path in in_folder(folder, vault_id)[: -max(keep, 1)]:
            with contextlib.suppress(OSError):
                path.unlink()
                gone += 1
    return gone


# -- making one --------------------------------------------------------------------------------------------------------


def backup(
    vault: Vault, file: Path, progress: Progress = quiet, *, stop: Stop = never, scheduled: bool = False
) -> BackupReport:
    """Write a backup, open it again, check it whole, compare its head with the live one, and record that it was made.

    Raises Refused for a place that will not do or cannot be written, Stopped, and IntegrityAlarm where the record or
    its copy is not whole; then no file is left behind and one that was there before stays.
    """
    file = file.expanduser().absolute()
    if file.is_relative_to(vault.folder.absolute()):
        raise Refused(
            "That is the vault's own folder: a backup in it would be lost with it. None was made.",
            hint="Choose a stick, another drive or a network share.",
        )
    if vault.alarm is not None:
        raise vault.alarm
    report = write_backup(vault.folder, vault.compartment_key, file, vault.clock(), progress, stop, _slot_of(vault))
    made = BackupMade(
        sha256=report.sha256,
        size=report.size,
        acts=report.acts,
        device=report.device,
        seq=report.seq,
        mac=report.mac,
        place=str(file),
        scheduled=scheduled,
    )
    vault.record(made)
    erasure_log.lay_beside(vault, file.parent)
    return report


def scheduled_backup(
    vault: Vault, folder: Path, keep: int = KEEP, *, progress: Progress = quiet, stop: Stop = never
) -> BackupReport:
    """Write today's backup into the folder of the settings and remove the oldest beyond `keep`; raises as `backup`."""
    name = scheduled_name(vault.id, vault.clock())
    report = backup(vault, folder / name, progress, stop=stop, scheduled=True)
    prune(folder, vault.id, keep)
    return report


def before_update(folder: Path, key: bytes, now: datetime) -> Path:
    """Back a vault up, within its own folder, before an update changes its shape; the newest few stay."""
    place = private_folder(folder / BEFORE_UPDATE)
    try:
        made = write_backup(folder, key, place / scheduled_name(read_header(folder).vault, now), now)
    except Refused as error:
        raise Refused(
            f"This vault must be brought up to date, and the backup before that could not be made. {error.message}",
            title="The vault was not opened",
            hint="Nothing was changed. Free some room on its disk and open it again.",
        ) from None
    prune(place, read_header(folder).vault, KEPT_BEFORE_UPDATE)
    return made.path


def _slot_of(vault: Vault) -> tuple[str, PersonKeys]:
    return vault.person.id, vault.person_keys


def write_backup(
    folder: Path,
    key: bytes,
    file: Path,
    now: datetime,
    progress: Progress = quiet,
    stop: Stop = never,
    own: tuple[str, PersonKeys] | None = None,
) -> BackupReport:
    """Do the work of `backup` for a vault's folder and its compartment's key, recording nothing."""

    def step() -> None:
        if stop():
            raise Stopped("The backup was stopped; nothing of it was kept, and the record is as it was.")

    from storage.people import editing

    header = read_header(folder)
    _check_target(file, header.vault)
    with _plain_disk(), one_at_a_time(folder), _work(file.parent, folder, header.vault) as (work, part):
        # A holder may be let in at this moment: header and what it says of other compartments belong together.
        with editing(folder) as header:
            shutil.copyfile(folder / FILE_NAME, work / FILE_NAME)
            beside = carry_compartments(folder, work, header)
        header = read_header(work)
        header.check(CHILDREN, key)
        backup_key = new_key()
        progress("Copying the record under a fresh key")
        live, own_key = folder / f"{CHILDREN}.db", hkdf(backup_key, "database")
        copy_database(live, hkdf(key, "database"), work / "copy.db", own_key, stop)
        reached("exported")
        sources = {
            FILE_NAME: work / FILE_NAME,
            f"{CHILDREN}.db": work / "copy.db",
            **beside,
            **carry_along(folder, work),
        }
        with plain_errors():
            held = look(work / "copy.db", own_key)
        manifest = _manifest(header, key, backup_key, sources, held, now)
        step()
        progress("Writing the backup")
        sha256 = container.write(part, manifest, sources, step)
        (work / "copy.db").unlink()
        reached("written")
        progress("Opening the backup again and checking every page and act")
        _check_written(part, key, backup_key, own, work, held, step)
        _compare_live(folder, key, held)
        reached("checked")
        replace(part, file)
        sync_folder(file.parent)
        reached("in place")
        if (there := container.digest_of(file)).sha256 != sha256:
            raise IntegrityAlarm(
                "The drive gave back other bytes than were written to it, so this backup is not good.",
                hint="Use another drive or share. The record itself was not touched.",
            )
    carried = tuple(name for name in header.compartments if name != CHILDREN and f"{name}.db" in sources)
    made_at = str(manifest["made_at"])
    return BackupReport(file, held.acts, there.size, sha256, held.device, held.seq, held.mac, made_at, carried)


def _check_target(file: Path, vault: str) -> None:
    """Raise Refused where the file cannot be put: no folder, or a file there that is no backup of this vault."""
    if not file.parent.is_dir():
        raise Refused(
            "The folder for the backup is not there. No backup was made.",
            hint="Check that the stick or share is plugged in, or name another folder.",
        )
    if file.is_dir():
        raise Refused("That is a folder; name a file in it for the backup. None was made.")
    if file.exists():
        try:
            same = container.read(file).manifest.get("vault") == vault
        except (Refused, IntegrityAlarm):
            same = False
        if not same:
            raise Refused(
                "There is another file of that name already, which is no backup of this vault. None was made.",
                hint="Choose another name.",
            )


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the backups of this vault alone; raises Refused while another is being made."""
    try:
        with FileLock(str(folder / "backup.lock"), timeout=_WAIT_SECONDS, mode=0o600):
            yield
    except Timeout:
        raise Refused("Another backup or drill of this vault is under way. Nothing was lost.") from None


@contextlib.contextmanager
def _plain_disk() -> Iterator[None]:
    """Turn what the drive refuses into a plain sentence."""
    try:
        with plain_errors():
            yield
    except OSError as error:
        full = error.errno in FULL
        raise Refused(
            f"The backup's drive {'is full' if full else 'cannot be written or went away'}. No backup was made, and the"
            " record is as it was.",
            hint="Plug it in again or free some room there, or choose another drive or share.",
        ) from None


@contextlib.contextmanager
def _work(target: Path, folder: Path, vault: str) -> Iterator[tuple[Path, Path]]:
    """Yield a private folder for the copy and a temporary name beside the target; both are gone afterwards.

    The copy is a database at work: on a share or in a cloud's folder it is made in the vault's own folder instead.
    What an earlier backup left when it was killed goes first.
    """
    place = target if keeps_work(target) else folder
    mark = f"{_TEMPORARY}{short_id(vault)}-"
    for left in {*target.glob(mark + "*"), *folder.glob(mark + "*")}:
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    work = Path(tempfile.mkdtemp(prefix=mark, dir=place))
    part = target / f"{mark}{os.urandom(8).hex()}.part"
    try:
        yield work, part
    finally:
        shutil.rmtree(work, ignore_errors=True)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _manifest(
    header: Header, key: bytes, backup_key: bytes, sources: dict[str, Path], held: Held, now: datetime
) -> dict[str, Any]:
    ident = new_id()
    holders = header.compartments[CHILDREN].wrapped
    digests = {name: container.digest_of(path) for name, path in sources.items()}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "v": VERSION,
        "id": ident,
        "vault": header.vault,
        "made_at": utc_text(now),
        "acts": held.acts,
        "head": {"device": held.device, "seq": held.seq, "mac": held.mac},
        "keys": {
            slot.id: b64(slot.xwing.encrypt(backup_key, key_info(header.vault, ident)))
            for slot in (*header.slots, *header.recovery)
            if slot.id in holders
        },
        "members": [
            {"name": name, "size": found.size, "sha256": found.sha256} for name, found in sorted(digests.items())
        ],
    }
    manifest["mac"] = manifest_mac(manifest, key)
    return manifest


def _check_written(
    part: Path,
    key: bytes,
    backup_key: bytes,
    own: tuple[str, PersonKeys] | None,
    work: Path,
    held: Held,
    step: Callable[[], None],
) -> None:
    """Read the written file as a restore would and check all that it holds."""
    written = container.read(part)
    header = header_of(written, work)
    check_manifest(written, header, key)
    if own is not None:
        slot = next(slot for slot in header.slots if slot.id == own[0])
        if unwrap(written, slot, own[1]) != backup_key:
            raise container.damaged()
    for member in written.members.values():
        if member.name == f"{CHILDREN}.db":
            container.extract(written, member.name, work / "check.db", step, durable=False)
        else:
            container.check(written, member.name, step)
    if check_database(work / "check.db", hkdf(backup_key, "database")) != held:
        raise container.damaged()


def _compare_live(folder: Path, key: bytes, held: Held) -> None:
    """Raise unless the live record holds the very act at which the backup ends."""
    engine = make_engine(folder / f"{CHILDREN}.db", hkdf(key, "database"), query_only=True)
    try:
        with plain_errors(), engine.connect() as connection:
            chain.check_head(connection, held.device, held.seq, bytes.fromhex(held.mac))
    finally:
        engine.dispose()
