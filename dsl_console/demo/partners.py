"""The demo's partners at work: every few seconds each syncs, matches what came to a child, and answers.

In life a person matches; here the partners are made up, so that one person can see the whole exchange.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from pathlib import Path

from dsl_console.demo.setting import PASSPHRASE
from practice.errors import ConsoleError
from storage.desk.children import add_child
from storage.vault import Vault, open_vault
from storage.views import arrivals, children
from sync import inbox
from sync.run import sync

_EVERY_SECONDS = 4.0


def work(vault: Vault) -> None:
    """Sync once, and take in everything that waits."""
    sync(vault)
    for item in arrivals.items(vault, states=["waiting"]):
        found = [child for child in children.find(vault, item.hint_name) if child.name == item.hint_name]
        name, born = item.hint_name or "Name not given", item.hint_date_of_birth or None
        child = found[0].id if found else add_child(vault, name=name, date_of_birth=born)[0]
        inbox.accept(vault, item.id, child)
    sync(vault)


def main(folder: Path) -> None:
    """Work until the demo ends."""
    pause = threading.Event()
    vaults = [open_vault(folder / name, passphrase=PASSPHRASE) for name in ("social-care", "police")]
    while not pause.wait(_EVERY_SECONDS):
        for vault in vaults:
            with suppress(ConsoleError):  # the hub may be stopped at any moment; the next turn tries again
                work(vault)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
