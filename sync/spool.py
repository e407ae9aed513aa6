"""The sealed copies beside the vault, for a locked machine to deliver, and the lock between syncs (design: §4).

The outbox table is the truth; a copy that is missing or too many is put right at the next sync.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from practice.errors import Refused
from storage import outbox
from storage.atomic import private_folder, write_atomic

if TYPE_CHECKING:
    from storage.vault import Vault


def folder(vault: Vault) -> Path:
    """Return the folder of sealed copies; each file is named by its message's id."""
    return vault.folder / "spool" / "outbox"


def keep(vault: Vault, mid: str, envelope: str) -> None:
    """Lay a sealed copy beside the vault, after its commit; a full disk leaves it to the next sync."""
    with suppress(OSError):
        write_atomic(private_folder(folder(vault)) / mid, envelope.encode("ascii"))


def drop(vault: Vault, mid: str) -> None:
    """Remove a sealed copy, if it is there; raises OSError where it cannot be removed."""
    (folder(vault) / mid).unlink(missing_ok=True)


def discard(vault: Vault, mid: str) -> None:
    """Remove the sealed copy of what no longer waits; one that cannot be removed now goes at the next sync."""
    with suppress(OSError):
        drop(vault, mid)


def put_right(vault: Vault) -> None:
    """Make the copies those of the messages that wait, no more and no fewer."""
    with vault.read() as connection:
        waiting = outbox.mids(connection, *outbox.WAITING)
        there = {path.name for path in private_folder(folder(vault)).iterdir()}
        missing = [outbox.message(connection, mid) for mid in sorted(waiting - there)]
    for mid in there - waiting:
        discard(vault, mid)
    for message in missing:
        if message is not None:
            keep(vault, message.mid, message.envelope)


def locked(vault: Vault) -> AbstractContextManager[None]:
    """Hold the exchange of this vault for one sync; raises Refused while another one holds it."""
    return locked_folder(vault.folder)


@contextmanager
def locked_folder(vault_folder: Path) -> Iterator[None]:
    """Hold the exchange of the vault in this folder, which may be locked; raises Refused while another one does."""
    lock = FileLock(private_folder(vault_folder / "spool") / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refused(
            "Another sync of this vault is under way. Nothing was lost.", hint="Wait for it to end, then look again."
        ) from None
    try:
        yield
    finally:
        lock.release()
