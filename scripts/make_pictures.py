"""Write docs/pictures/*.svg: the real console on the made-up school, on one fixed afternoon (make pictures).

The clock and the random numbers that show on a screen are fixed, so that a picture changes only when the screen does.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from dsl_console.app import DslConsole
    from storage.vault import Vault

FOLDER = ROOT / "docs" / "pictures"
MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AFTERNOON = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
SIZE = (112, 32)
FONTS = '"DejaVu Sans Mono", "Cascadia Mono", Menlo, Consolas, monospace'
NOTE = "Came in without a coat for the third day. She said her coat is at her dad's house."


@dataclass(frozen=True)
class Picture:
    """One picture: its file's name, what it shows (the words for who cannot see it), and the keys that lead there."""

    name: str
    shows: str
    keys: tuple[str, ...]
    until: str
    size: tuple[int, int] = SIZE


PICTURES = (
    Picture("today", "Today: what must be dealt with, and the concerns of twelve weeks", (), "Act today"),
    Picture("child", "A child's record: the chronology", ("f6", "f7", *"kabir u", "enter"), "In the child's words"),
    Picture("review", "A review: the questions beside the evidence", ("f6", "f4", "enter"), "Is life better"),
    Picture("share", "A share: the record beside the exact bytes that leave", ("f6", "f5", "enter"), "exact bytes: "),
    Picture("log", "A concern while it is written", ("f6", "f2", *"maev", "enter", *NOTE, "tab"), "Draft kept 16:40"),
)


def without_far_fonts(svg: str) -> str:
    """Return the picture with fonts of the reader's own machine: it fetches nothing from anywhere."""
    svg = re.sub(r"\s*@font-face \{.*?\n\s*\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"^\s*<!-- Generated .*?-->\n", "", svg, flags=re.MULTILINE)
    return svg.replace("Fira Code, monospace", FONTS.replace('"', "'"))


DRAWN = random.Random()
"""What ids and salts are drawn from; seeded anew before each step, because the threads of one may draw in any order."""


@contextmanager
def fixed() -> Iterator[None]:
    """Draw ids and salts from `DRAWN`: they stand in the exact bytes that a picture shows."""
    was = os.urandom, random._urandom  # type: ignore[attr-defined]
    os.urandom = random._urandom = DRAWN.randbytes  # type: ignore[attr-defined]
    try:
        yield
    finally:
        os.urandom, random._urandom = was  # type: ignore[attr-defined]


@contextmanager
def hub(database: Path) -> Iterator[str]:
    """Serve a hub on this machine from this process, which shares the fixed clock; yield its address."""
    from sync.hub.server import make_server

    server, ready = make_server(str(database), port=0), threading.Event()
    server.ready = lambda _url: ready.set()
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server.url
    finally:
        server.should_exit = True
        thread.join(10)


def made_school(folder: Path) -> Vault:
    """Make the demo's school with its roll, its past, its two partners and what waits for approval."""
    from dsl_console.demo import setting as scene
    from dsl_console.demo.run import invite_code
    from storage.atomic import private_folder

    database = private_folder(folder / "hub") / "hub.sqlite"
    with hub(database) as url:

        class Here:
            """The address, as the scene asks for it."""

        here: Any = Here()
        here.url = url
        DRAWN.seed("past")
        made = scene.Setting(folder, here, scene.make_school(folder / "school"), *scene.make_partners(folder))
        scene.import_roll(made.school)
        scene.record_past(made.school, made.school.clock())
        scene.enrol(made, lambda org: invite_code(database, org))
        made.social_care.close()
        made.police.close()
    DRAWN.seed("shares")
    scene.propose_some(made.school)
    return made.school


async def settle(pilot: Any) -> None:
    """Wait until nothing is on its way."""
    from textual.worker import WorkerCancelled

    for _ in range(4):
        with suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def words_on(app: DslConsole) -> str:
    """Return what stands on the screen as one run of words."""
    strips = app.screen._compositor.render_strips()
    return " ".join(" ".join(segment.text for segment in strip) for strip in strips)


async def take(pilot: Any, picture: Picture) -> str:
    """Press the picture's keys and return the screen as SVG."""
    DRAWN.seed(picture.name)
    await pilot.press(*picture.keys)
    for _ in range(100):
        await settle(pilot)
        if picture.until in words_on(pilot.app):
            break
        await asyncio.sleep(0.05)
    else:
        raise SystemExit(f"{picture.name}: never saw {picture.until!r}")
    pilot.app.screen.set_focus(pilot.app.screen.focused)
    return without_far_fonts(pilot.app.export_screenshot(title="dsl-console"))


async def take_all(vault: Vault) -> dict[str, str]:
    """Return every picture's SVG by its name."""
    from textual.widgets import Input, TextArea

    from dsl_console.app import DslConsole

    Input.cursor_blink = False  # type: ignore[assignment]
    TextArea.cursor_blink = False  # type: ignore[assignment]
    app = DslConsole(vault.folder, vault=vault)
    taken = {}
    async with app.run_test(size=SIZE) as pilot:
        for picture in PICTURES:
            taken[picture.name] = await take(pilot, picture)
    return taken


def main() -> int:
    """Write the pictures."""
    import time_machine

    os.environ["TZ"] = "Europe/London"
    time.tzset()
    with tempfile.TemporaryDirectory(prefix="dsl-console-pictures-") as name, fixed():
        with time_machine.travel(MORNING, tick=False):
            vault = made_school(Path(name))
        with time_machine.travel(AFTERNOON, tick=False):
            taken = asyncio.run(take_all(vault))
            vault.close()
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.glob("*.svg"):
        if stale.stem not in taken:
            stale.unlink()
    for stem, svg in taken.items():
        (FOLDER / f"{stem}.svg").write_text(svg, encoding="utf-8", newline="\n")
        print(f"docs/pictures/{stem}.svg")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
