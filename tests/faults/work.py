"""What child processes do to a vault while they are killed, starved or raced; run as `python -m tests.faults.work`."""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from practice.acts import ChildAdded, ConcernLogged
from practice.dates import Occurred
from practice.errors import ConsoleError
from storage.ids import new_id
from storage.keys import Kdf
from storage.vault import Vault, open_vault
from tests.conftest import PASSPHRASE

OCCURRED = Occurred(text="today", start="2026-11-20", end="2026-11-20", precision="day")


def concern(vault: Vault, child: str, text: str, entry: str = "") -> str:
    entry = entry or new_id()
    vault.record(ConcernLogged(text=text, occurred=OCCURRED), child=child, entry=entry)
    return entry


def say(*words: object) -> None:
    """Write one line to the pipe at once: what stands there was acknowledged."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def log_for_ever(vault: Vault) -> None:
    """Say what is there and whether it is whole, then record until killed, naming each entry that was acknowledged."""
    report = vault.verify()
    with vault.read() as connection:
        entries = [row[0] for row in connection.exec_driver_sql("SELECT id FROM entries")]
    say("holds", *entries, "end")
    say("ready", os.getpid(), "alarm" if vault.alarm or not report.ok else "whole")
    child = new_id()
    while True:
        say(concern(vault, child, "She said [he hit me] after lunch in the corridor by the hall"))


def log_some(vault: Vault, count: str) -> None:
    """Record so many."""
    child = new_id()
    for number in range(int(count)):
        say(concern(vault, child, f"Note {number}"))


def hold(vault: Vault, *names: str) -> None:
    """Record a day's work with these names in it, keep a draft, and stay open until the pipe closes."""
    for name in names:
        child = new_id()
        vault.record(ChildAdded(legal_forename=name, legal_surname="Thistlewood"), child=child)
        concern(vault, child, f"{name} came late")
        vault.drafts.seal(f"draft-{len(name)}", {"text": f"{name} was"})
    say("held")
    sys.stdin.read()


def starve(vault: Vault, room: str) -> None:
    """Record under a limit on how large any file may grow, then say what stood and whether reading still works."""
    import resource
    import signal

    from storage.views import record

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    child = new_id()
    kept = [concern(vault, child, "before")]
    size = max((vault.folder / name).stat().st_size for name in ("children.db", "children.db-wal"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(room), resource.RLIM_INFINITY))
    refused = ""
    for _ in range(400):
        try:
            kept.append(concern(vault, child, "x" * 5000))
        except ConsoleError as error:
            refused = f"{type(error).__name__} {error.message}"
            break
    read = [row.id for row in record.chronology(vault, child)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    after = concern(vault, child, "with room again")
    say(refused)
    say(*kept)
    say(*read)
    say(after)


def nursery(warm: str) -> None:
    """Fork a worker for each line of standard input, so that hundreds can be killed without importing anew.

    A line is a folder in which to record until killed, or a command of the program as a JSON list: what the command
    reads on its standard input, then its arguments.
    Every copy of the template has one salt, so the costly derivation is made once, here, on the copy in `warm`, and
    what is imported on the way stays imported; all else is done by each.
    """
    Kdf.derive = functools.cache(Kdf.derive)  # type: ignore[method-assign]
    with open_vault(Path(warm), passphrase=PASSPHRASE) as vault:
        vault.verify()
        concern(vault, new_id(), "warm")
    import dsl_console.__main__
    import dsl_console.cli.log
    import dsl_console.cli.main  # noqa: F401

    gc.collect()
    gc.freeze()  # else each fork copies what the collector touches
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run_command(*json.loads(line)) if line[0] == "[" else main("log", line.strip())
            finally:
                os._exit(1)
        say("born", child)
        os.waitpid(child, 0)
        say("dead", child)


def run_command(given: str, *arguments: str) -> None:
    """Run a command of the program as its own process would, and end with its status."""
    from dsl_console.__main__ import main as program

    readable, writable = os.pipe()
    os.write(writable, given.encode())
    os.close(writable)
    os.dup2(readable, 0)
    sys.stdin = open(0)  # noqa: SIM115 - it is open as long as the process
    status = program(list(arguments))
    sys.stdout.flush()
    os._exit(status)


WORK: dict[str, Callable[..., None]] = {"log": log_for_ever, "some": log_some, "hold": hold, "starve": starve}


def leave_reports(folder: str, count: str) -> None:
    """Leave so many sealed reports beside an open vault, without any passphrase."""
    from storage import reports

    for number in range(int(count)):
        fields = {"child_as_written": "Ada", "text": f"Report {number} of {os.getpid()}", "reporter": "Jo Penhallow"}
        say(reports.leave(Path(folder), fields).id)


def main(kind: str, folder: str, *rest: str) -> None:
    """Open the vault and work; a report needs no opening."""
    if kind == "report":
        leave_reports(folder, *rest)
        return
    try:
        vault = open_vault(Path(folder), passphrase=PASSPHRASE)
    except ConsoleError as error:
        say("refused", type(error).__name__, error.message)
        return
    WORK[kind](vault, *rest)
    vault.close()


if __name__ == "__main__":
    nursery(sys.argv[2]) if sys.argv[1] == "nursery" else main(*sys.argv[1:])
