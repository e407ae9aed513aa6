"""Several machines for the tests: vaults in folders beside each other, joined as people join them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import joining, machines
from storage.replication import exchange
from storage.vault import Vault
from tests.conftest import PASSPHRASE


class Clock:
    """A machine's own clock, which may be wrong."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2026, 11, 16, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def joined(first: Vault, folder: Path, target: Path, name: str, clock=None, passphrase=PASSPHRASE, user="") -> Vault:
    """Another machine of the first one's school, open, with the whole record."""
    shared = folder / f"to-{name}"
    shared.mkdir(exist_ok=True)
    made = joining.invite(first, shared, name, own_name="Office")
    words = joining.ask(shared, made.code, target, (clock or first.clock)())
    asked = joining.request(first, shared)
    assert asked is not None
    assert asked.words == words
    joining.welcome(first, shared, asked)
    now = clock or first.clock
    vault, result = joining.join(shared, made.code, target, passphrase=passphrase, user=user, clock=now)
    assert not result.refused
    assert not result.waits
    shutil.rmtree(shared)
    return vault


def hand_over(source: Vault, *targets: Vault, everything: bool = False) -> list[exchange.Result]:
    """Carry what the others lack from one machine to the targets."""
    made = list(exchange.write_bundles(source, machines.others(source), everything=everything, always=True))
    return [take(target, *(written.content for written in made)) for target in targets]


def take(target: Vault, *contents: bytes) -> exchange.Result:
    """Take bundles in, by number."""

    def load(content: bytes):
        return lambda: content

    return exchange.take_bundles(target, [(str(number), load(content)) for number, content in enumerate(contents)])
