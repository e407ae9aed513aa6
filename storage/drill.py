"""The drill that proves a backup: it is restored into a private folder, checked whole, and removed (storage: §6.12)."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice.acts import BackupProved
from practice.compartments import ADULTS
from practice.errors import ConsoleError, IntegrityAlarm, NotFound, Refused
from storage import backup, chain, container
from storage.atomic import private_folder
from storage.backup import Progress, quiet
from storage.keys import PersonKeys
from storage.restore import header_in, materialise, opened_with
from storage.unlocking import Unlocked

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class DrillReport:
    """What a drill found: whether the backup came back whole, and the problem in plain words where it did not."""

    file: Path
    ok: bool
    acts: int
    sha256: str
    problem: str = ""
    register: bool = False
    """Whether the adults' register in it was opened and checked too: it is by those who hold its key, by no other."""


def drill(vault: Vault, file: Path, progress: Progress = quiet) -> DrillReport:
    """Restore a backup of this vault into a private folder, verify it whole, record the result, and remove it.

    Raises NotFound without such a file and Refused where it is no backup of this vault's; a backup that is not whole
    is no error but a result.
    """
    file = file.expanduser().absolute()
    if not file.is_file():
        raise NotFound(
            "The backup to prove is not there.",
            hint="Plug its drive in, or name another: dsl-console backup drill FILE",
        )
    sha256 = container.digest_of(file).sha256
    acts, problem, register = 0, "", False
    with backup.one_at_a_time(vault.folder), _drill_folder(vault.folder) as folder:
        try:
            acts, register = _prove(vault, file, folder, progress)
        except IntegrityAlarm as alarm:
            problem = alarm.message
    vault.record(BackupProved(sha256=sha256, ok=not problem, acts=acts, problem=problem, place=str(file)))
    return DrillReport(file, not problem, acts, sha256, problem, register)


@contextlib.contextmanager
def _drill_folder(folder: Path) -> Iterator[Path]:
    mark = ".drill-"
    for left in folder.glob(mark + "*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(prefix=mark, dir=folder))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError:
        raise Refused(
            "There is no room to restore the backup for the drill, or its drive went away. Nothing was changed.",
            hint="Free some room on the vault's own disk and try again.",
        ) from None


def _prove(vault: Vault, file: Path, folder: Path, progress: Progress) -> tuple[int, bool]:
    from storage.vault import open_vault

    staging, work = private_folder(folder / "vault"), private_folder(folder / "work")
    found = container.read(file)
    header = header_in(found, work)
    if header.vault != vault.id:
        raise Refused("That is a backup of another vault, so it proves nothing about this one. Nothing was changed.")
    slot = next((each for each in header.slots if each.id == vault.person.id), None)
    if slot is None or slot.xwing != vault.person_keys.xwing.public():
        raise Refused(
            "That backup was made before you had your present keys, so only an older passphrase opens it.",
            hint="Prove a newer backup, or ask somebody who was there to prove this one.",
        )
    opened = opened_with(found, header, slot, vault.person_keys)
    held = materialise(opened, staging, work, vault.clock(), progress)
    with vault.read() as connection:
        chain.check_head(connection, held.device, held.seq, bytes.fromhex(held.mac))
    with open_vault(staging, unlocked=Unlocked(header, slot, vault.person_keys), clock=vault.clock) as restored:
        if restored.alarm is not None:
            raise restored.alarm
        report = restored.verify(rebuild=True, progress=progress)
        if not report.ok:
            raise IntegrityAlarm(report.problems[0].text)
        return held.acts, _prove_register(restored, vault.person_keys, progress)


def _prove_register(restored: Vault, keys: PersonKeys, progress: Progress) -> bool:
    """Open and check the adults' register that came back, where the person holds its key; False where it stays shut.

    The sentence for one that is not whole says nothing of what it holds, since it goes into the children's record.
    """
    from storage.register import holds_register, open_with

    if not (restored.folder / f"{ADULTS}.db").exists() or not holds_register(restored):
        return False
    progress("Checking the adults' register")
    try:
        with open_with(restored, keys) as register:
            whole = register.alarm is None and register.verify(rebuild=True, signatures=True).ok
    except ConsoleError:
        whole = False
    if not whole:
        raise IntegrityAlarm("The adults' register in this backup did not come back whole.")
    return True
