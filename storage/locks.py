"""Who has a vault open: shared by every opener, alone for what rewrites it (design: §4)."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, ReadWriteLock, Timeout

from practice.errors import Refused
from storage.atomic import private_file

FILE_NAME = "lock"
_WAIT_SECONDS = 5.0
_BRIEFLY_SECONDS = 10.0


class OpenLock:
    """The vault's `lock` file; the operating system frees it if the process is killed."""

    def __init__(self, folder: Path) -> None:
        try:
            path = private_file(folder / FILE_NAME)
        except OSError:
            raise Refused(
                "The vault's folder cannot be written, so it was not opened. Nothing was changed.",
                hint="Check the folder's permissions and that the drive is plugged in.",
            ) from None
        self._lock = ReadWriteLock(str(path), is_singleton=False)

    def share(self) -> None:
        """Say that the vault is open here; raises Refused while another process rewrites it."""
        try:
            self._lock.acquire_read(timeout=_WAIT_SECONDS)
        except Timeout:
            raise Refused(
                "Another dsl-console is rewriting this vault, so it was not opened. Nothing was lost.",
                hint="Try again in a minute.",
            ) from None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the vault alone while it is rewritten, then share it again; raises Refused where others have it."""
        self._lock.release(force=True)
        try:
            try:
                self._lock.acquire_write(timeout=_WAIT_SECONDS)
            except Timeout:
                raise Refused(
                    "This vault is open in another dsl-console, so it cannot be rewritten now. Nothing was changed.",
                    hint="Close the other one and try again.",
                ) from None
            try:
                yield
            finally:
                self._lock.release(force=True)
        finally:
            self.share()

    def close(self) -> None:
        """Let go."""
        self._lock.release(force=True)
        self._lock.close()


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Hold a vault that nobody has open while its folder is moved or removed; raises Refused where somebody has.

    A folder that cannot be written is nobody's to have open, and is held by nobody.
    """
    try:
        lock = ReadWriteLock(str(private_file(folder / FILE_NAME)), is_singleton=False)
    except OSError:
        yield
        return
    try:
        lock.acquire_write(timeout=_WAIT_SECONDS)
    except Timeout:
        raise Refused(
            "This is open in a console, so nothing was taken from it or removed.",
            hint="Exit the console on it (Ctrl+Q), then do it again.",
        ) from None
    try:
        yield
    finally:
        lock.release(force=True)
        lock.close()


@contextlib.contextmanager
def briefly_alone(path: Path) -> Iterator[None]:
    """Hold a lock for the time that a few bytes take to be written; raises OSError after ten seconds in vain.

    Taken at every act, so it is the kernel's own lock where there is one: a tenth of what a FileLock costs.
    """
    if sys.platform == "win32":
        with FileLock(str(path), timeout=_BRIEFLY_SECONDS):
            yield
        return
    import fcntl

    until = time.monotonic() + _BRIEFLY_SECONDS
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.001)
        yield
    finally:
        os.close(descriptor)
