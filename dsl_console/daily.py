"""The daily backup of a console: at the first lock or exit of a day, or at an idle hour where that was too short."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from practice.errors import ConsoleError

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault

LOCK_SECONDS = 10.0
"""How long a lock may wait for the backup; what takes longer is made at the next idle hour."""
LATER = "Today's backup takes longer than a lock may wait: it is made the next time the console rests unlocked."


async def before_leaving(console: Console, vault: Vault) -> str:
    """Make today's backup behind a screen that shows nothing of the record; return why not, or an empty text."""
    if not console.backup_folder or vault.alarm is not None or vault.visit is not None:
        return ""
    from screens.closing import ClosingScreen
    from storage.backup import scheduled_backup
    from storage.backup_copy import Stopped
    from storage.views.backups import due

    try:
        if not await asyncio.to_thread(due, vault, console.clock()):
            return ""
        closing = ClosingScreen()
        await console.push_screen(closing)
        deadline = time.monotonic() + LOCK_SECONDS
        await asyncio.to_thread(
            scheduled_backup,
            vault,
            Path(console.backup_folder),
            console.backup_keep,
            progress=partial(console.call_from_thread, closing.say),
            stop=lambda: time.monotonic() > deadline,
        )
    except Stopped:
        return LATER
    except ConsoleError as error:
        return f"Today's backup was not made. {error.message} {error.hint}".strip()
    return ""


def wanting(vault: Vault, today: date) -> bool:
    """Say whether the backups at lock have failed: yesterday's is wanting too."""
    from storage.views.backups import state

    good = state(vault, vault.clock()).last_good
    return good is None or good.at.astimezone().date() < today - timedelta(days=1)


def while_idle(console: Console, vault: Vault, stop: Event) -> None:
    """Begin a backup in a thread while nobody is there, where those at lock have failed; a lock stops it at once."""
    if not console.backup_folder or vault.alarm is not None or vault.visit is not None:
        return
    folder, keep, today = Path(console.backup_folder), console.backup_keep, console.now().date()

    def make() -> None:
        from storage.backup import scheduled_backup
        from storage.backup_copy import Stopped

        try:
            if wanting(vault, today):
                scheduled_backup(vault, folder, keep, stop=stop.is_set)
        except Stopped:
            return
        except ConsoleError as error:
            if not stop.is_set():
                console.call_from_thread(console.report, error)

    console.run_worker(make, thread=True, exclusive=True, group="daily backup", exit_on_error=False)
