"""The demo's two ways: the day as a script, and the console on the same school."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dsl_console.demo import setting as scene
from dsl_console.demo.day import Day
from dsl_console.demo.hub import HubProcess, child_environment
from practice.errors import ConsoleError
from storage.atomic import private_folder
from sync.hub.server import invite


def invite_code(database: Path, org: str) -> str:
    """Return a one-time code with which an organisation may join the demo's hub."""
    return invite(str(database), org)


def headless(as_json: bool = False) -> int:
    """Run the whole day, print each step with its outcome, and return 0 only if every step held."""
    with tempfile.TemporaryDirectory(prefix="dsl-console-demo-") as folder:
        held = True
        for number, step in enumerate(Day(private_folder(Path(folder)), invite_code).run(), start=1):
            held = held and step.ok
            if as_json:
                line = json.dumps(step.__dict__, ensure_ascii=False)
            else:
                line = f"{number:2}  {'held' if step.ok else 'DID NOT HOLD'}  {step.step}\n       {step.detail}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    if not as_json:
        sys.stdout.write("Every step held.\n" if held else "The day stopped at the step above.\n")
    return 0 if held else 1


def console() -> int:
    """Open the console on the made-up school, with its hub and two partners at work beside it."""
    from dsl_console import supervisor
    from screens.unlock import DEMO_HINT_VARIABLE

    with tempfile.TemporaryDirectory(prefix="dsl-console-demo-") as name:
        folder = private_folder(Path(name))
        sys.stdout.write("Setting up the made-up school. This takes a few seconds.\n")
        sys.stdout.flush()
        database = private_folder(folder / "hub") / "hub.sqlite"
        hub = HubProcess(database)
        hub.start()
        made = scene.Setting(folder, hub, scene.make_school(folder / "school"), *scene.make_partners(folder))
        try:
            scene.import_roll(made.school)
            scene.record_past(made.school, made.school.clock())
            scene.enrol(made, lambda org: invite_code(database, org))
            scene.propose_some(made.school)
        finally:
            for vault in made.vaults():
                vault.close()
        workers = _partners_at_work(folder)
        os.environ[DEMO_HINT_VARIABLE] = f"This school is made up. Its passphrase is:\n{scene.PASSPHRASE}"
        try:
            return supervisor.run(folder / "school")
        finally:
            os.environ.pop(DEMO_HINT_VARIABLE, None)
            workers.terminate()
            workers.wait()
            hub.stop()


def _partners_at_work(folder: Path) -> subprocess.Popen[bytes]:
    """Start the process in which the two partners sync, match and answer by themselves."""
    return subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, "-m", "dsl_console.demo.partners", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )


def main(*, headless_day: bool, as_json: bool) -> int:
    """Run the demo in one of its ways; a fault is one plain sentence."""
    try:
        return headless(as_json) if headless_day else console()
    except ConsoleError as fault:
        sys.stderr.write(f"{fault.message}\n{fault.hint}\n")
        return fault.status
