"""The operations whose every write is recorded; run as `python -m tests.faults.operations ROOT LOGS`, preloaded.

Each works under ROOT/<operation>, where `vault` is a copy of the template and `start` a copy of all as it was before;
what is acknowledged goes into the file `acknowledged`, and so into the record, in its place among the writes.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from practice.acts import ChildAdded
from storage import backup, migrations, people, reports, restore, rotation
from storage.desk import erasure
from storage.engine import _PRAGMAS
from storage.ids import new_id
from storage.keys import FLOOR, Kdf
from storage.vault import Vault, open_vault
from storage.views import erasures
from tests.conftest import PASSPHRASE, cheaply
from tests.faults import in_register
from tests.faults.shim import Recorder
from tests.faults.work import concern

NEW = "under the old stone bridge"
BEN = "seven tall paper boats"
ERASED = "Quillanova"
"""The word that stands in a record which is erased, and nowhere else."""
WORDS = "She said [he hit me] after lunch in the corridor by the hall. "


def _more(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE made_up (a TEXT) STRICT")
    connection.exec_driver_sql("INSERT INTO made_up SELECT id || id || id FROM acts")


def _most(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE INDEX made_up_by_a ON made_up (a)")


LATER = [*migrations.STEPS, ("more", _more), ("most", _most)]
"""The steps of the program of a later year."""


class Acknowledged:
    """Where an operation says what stands from now on."""

    def __init__(self, root: Path) -> None:
        self._descriptor = os.open(root / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, *words: str) -> None:
        os.write(self._descriptor, (" ".join(words) + "\n").encode())


def opened(root: Path) -> Vault:
    return open_vault(root / "vault", passphrase=PASSPHRASE)


def commit(root: Path, say: Acknowledged) -> None:
    """Record concerns short and long, keep drafts, leave reports; close in the end."""
    with opened(root) as vault:
        child = new_id()
        for number in range(14):
            say("entry", concern(vault, child, WORDS * (1 + number % 5 * 40)))
            if number % 5 == 0:
                vault.drafts.seal("log", {"text": f"{number}"})
                say("draft", str(number))
                left = reports.leave(vault.folder, {"child_as_written": "Ada", "text": "x", "reporter": "Jo"})
                say("report", left.id)


def lazy_commit(root: Path, say: Acknowledged) -> None:
    """The control: recording with synchronous=NORMAL, which does not wait for the disk."""
    _PRAGMAS["synchronous"] = 1
    commit(root, say)


def checkpoint(root: Path, say: Acknowledged) -> None:
    """Bring the log into the database again and again."""
    with opened(root) as vault:
        child = new_id()
        for number in range(12):
            say("entry", concern(vault, child, WORDS * (1 + number % 3 * 60)))
            if number % 3 == 2:
                vault.checkpoint()


def migration(root: Path, say: Acknowledged) -> None:
    """Open a vault with the program of a later year, which backs it up and changes its shape."""
    with opened(root) as vault:
        say("entry", concern(vault, new_id(), WORDS))
    migrations.STEPS[:] = LATER
    with opened(root) as vault:
        say("shape", str(len(LATER)))
        say("entry", concern(vault, new_id(), WORDS))


def rotate(root: Path, say: Acknowledged) -> None:
    """Make the keys anew."""
    with opened(root) as vault:
        say("entry", concern(vault, new_id(), WORDS))
        left = reports.leave(vault.folder, {"child_as_written": "Ada", "text": "x", "reporter": "Jo"})
        say("report", left.id)
        say("generation", str(rotation.rotate(vault, "Yearly.")))
        say("entry", concern(vault, new_id(), WORDS))


def header(root: Path, say: Acknowledged) -> None:
    """Change who opens the vault, and how."""
    with opened(root) as vault:
        people.add_person(vault, "Ben Ode", "deputy", BEN, FLOOR)
        say("person", "Ben Ode")
        people.change_passphrase(vault, PASSPHRASE, NEW, FLOOR)
        say("passphrase", "new")
        people.replace_recovery_code(vault)
        say("entry", concern(vault, new_id(), WORDS))


def back_up(root: Path, say: Acknowledged) -> None:
    """Write a backup twice under one name."""
    with opened(root) as vault:
        for _ in range(2):
            say("entry", concern(vault, new_id(), WORDS * 50))
            report = backup.backup(vault, root / "backups" / "a.dslb")
            say("backup", str(report.seq))


def put_back(root: Path, say: Acknowledged) -> None:
    """Restore a backup into a folder that is not there yet."""
    restore.restore(root / "made.dslb", root / "restored", passphrase=PASSPHRASE)
    say("restored", "")
    with open_vault(root / "restored", passphrase=PASSPHRASE) as vault:
        say("restored-entry", concern(vault, new_id(), WORDS))


def in_the_register(root: Path, say: Acknowledged) -> None:
    """Record concerns about adults, short and long."""
    with in_register.opened(root / "vault") as (_vault, held):
        for number in range(6):
            say("adult", in_register.concern(held, WORDS * (1 + number % 3 * 60)))


def erase(root: Path, say: Acknowledged) -> None:
    """Agree, as a second person, that a record be erased."""
    with open_vault(root / "vault", passphrase=BEN, user="Ben Ode") as vault:
        row = erasures.rows(vault, states=["proposed"])[0]
        erasure.agree(vault, row.child_id, row.child)
        say("erased")


OPERATIONS: dict[str, Callable[[Path, Acknowledged], None]] = {
    "commit": commit,
    "checkpoint": checkpoint,
    "migration": migration,
    "rotation": rotate,
    "header": header,
    "backup": back_up,
    "restore": put_back,
    "register": in_the_register,
    "erasure": erase,
    "lazy_commit": lazy_commit,
}


def derive_once() -> None:
    """Make each costly derivation once; all else is done as ever."""
    Kdf.derive = functools.cache(Kdf.derive)  # type: ignore[method-assign]


def prepare(root: Path, template: Path) -> None:
    """Lay out what an operation begins with."""
    if root.name == "register":
        in_register.make(root / "vault")
    else:
        shutil.copytree(template, root / "vault")
    (root / "backups").mkdir()
    if root.name == "erasure":
        with opened(root) as vault:
            child = new_id()
            vault.record(
                ChildAdded(legal_forename="Ada", legal_surname=ERASED, date_of_birth="1980-01-01"), child=child
            )
            for number in range(6):
                concern(vault, child, f"{ERASED} " * (1 + number % 3 * 400))
            erasure.propose(vault, child, "order", "A made-up order")
            people.add_person(vault, "Ben Ode", "deputy", BEN, FLOOR)
    if root.name == "restore":
        with opened(root) as vault:
            concern(vault, new_id(), WORDS)
            backup.backup(vault, root / "made.dslb")
    shutil.copytree(root, root.with_name(root.name + "-start"))


def main(root: Path, template: Path, names: list[str]) -> None:
    """Record each named operation in a process of its own."""
    Kdf.derive = cheaply  # type: ignore[method-assign]
    recorder = Recorder()
    for name in names:
        place = root / name
        place.mkdir()
        prepare(place, template)
        if os.fork() == 0:
            status = 1
            try:
                recorder.begin(place, root / f"{name}.log")
                OPERATIONS[name](place, Acknowledged(place))
                recorder.end()
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status) if status == 0 else None
        if os.wait()[1]:
            raise SystemExit(f"{name} did not come to its end")


def nursery() -> None:
    """Fork a process for each operation named on standard input with its prepared folder, so that it can be killed."""
    Kdf.derive = cheaply  # type: ignore[method-assign]
    for line in sys.stdin:
        name, place = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                OPERATIONS[name](Path(place), Acknowledged(Path(place)))
                status = 0
            finally:
                os._exit(status)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    nursery() if sys.argv[1] == "nursery" else main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
