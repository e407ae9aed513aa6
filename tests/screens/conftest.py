"""The real console on a real vault: made once with Argon2id at its floor, copied for each test."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from practice.acts import Phones, SchoolSet
from storage.keys import FLOOR
from storage.vault import Vault, create, open_vault
from tests.quiet import quiet
from tests.quiet import use as use_quiet

use_quiet()

PASSPHRASE = "copper lantern over wet slate"
USER = "Sam Okafor"
HOSTILE = "She said [he hit me] [Yr 9] [red]x[/red]"
NOW = datetime(2026, 11, 21, 16, 40, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="session")
def made_vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "vault"
    phones = Phones(front_door="01234 567890", out_of_hours="01234 567891")
    school = SchoolSet(name="Oakfield Academy", code="123456", phones=phones)
    vault, _ = create(folder, school=school, user=USER, passphrase=PASSPHRASE, kdf=FLOOR, clock=Clock())
    vault.close()
    return folder


@pytest.fixture
def folder(made_vault: Path, tmp_path: Path) -> Path:
    """A vault's folder of this test's own, locked."""
    return Path(shutil.copytree(made_vault, tmp_path / "vault"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(folder: Path, clock: Clock):
    """The same vault, open, as a command beside the console has it."""
    opened = open_vault(folder, passphrase=PASSPHRASE, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def console(folder: Path, clock: Clock) -> Callable:
    """Run the real app on the vault: `async with console() as pilot`; `unlocked=False` begins at the lock screen.

    The vault that the console opened is `pilot.app.vault`; `settled(pilot)` waits until nothing is on its way.
    """

    @asynccontextmanager
    async def run(*, size: tuple[int, int] = (120, 36), unlocked: bool = True, **settings):
        held: Vault | None = open_vault(folder, passphrase=PASSPHRASE, user=USER, clock=clock) if unlocked else None
        app = DslConsole(folder, settings=Settings(**settings), clock=clock, vault=held)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield pilot
        if held is not None:
            held.close()

    return run


async def settled(pilot) -> None:
    """Wait until no worker runs, every message was handled and the screen is drawn."""
    assert await quiet(pilot.app, workers=True, longest=60), f"it never settled; on the screen:\n{picture(pilot.app)}"


async def press(pilot, *keys: str) -> None:
    """Press keys as a person does: what a named key opens or loads is there before the next one is pressed."""
    for key in keys:
        await pilot.press(key)
        if len(key) > 1:
            await settled(pilot)
    await settled(pilot)


async def wait_for(pilot, words: str, seconds: float = 15) -> None:
    """Wait until the words stand on the screen, and what came with them: a list is read again after a sentence."""
    deadline = time.monotonic() + seconds
    while words not in words_on(pilot.app):
        assert time.monotonic() < deadline, f"never saw {words!r} on:\n{picture(pilot.app)}"
        await pilot.pause(0.02)
    await quiet(pilot.app, workers=True, longest=1)


async def wait_until(pilot, holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds, such as what a thread records."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it never held; on the screen:\n{picture(pilot.app)}"
        await pilot.pause(0.02)


def picture(app: DslConsole) -> str:
    """Return what stands on the screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)


def words_on(app: DslConsole) -> str:
    """Return what stands on the screen as one run of words, whatever was folded."""
    return " ".join(picture(app).split())
