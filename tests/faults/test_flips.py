"""Bytes changed at random, older files put back: every one is reported, and what to do is said (storage: §6.4, §6.5).

One changed byte on each page of a database is checked at once, since each page is reported by itself: so thousands of
changes are tried in a second. What is tried by opening the whole vault is sampled.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher

from practice.errors import ConsoleError, IntegrityAlarm
from storage import backup, container, reports
from storage.anchor import Anchor
from storage.engine import connect
from storage.header import FILE_NAME, read_header
from storage.keys import hkdf
from storage.sealed import unseal
from storage.secrets_table import INBOX_PREFIX, under
from storage.vault import open_vault
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults import in_register
from tests.faults.processes import PAGE, commits, start
from tests.faults.sizes import say, size

FLIPS = size(2000, 20_000, 200_000)
SMALL_FLIPS = size(300, 2000, 20_000)
LOG_FLIPS = size(6, 200, 2000)
GENERATIONS = size(6, 50, 50)
DAYS = 50
REPLAYS = size(8, 300, 3000)
SAYS_WHAT_TO_DO = ("restore", "put back", "run dsl-console")


@pytest.fixture(scope="module")
def generations(vault_template, tmp_path_factory) -> Path:
    """A closed vault in `vault`, a backup and a sealed report of it, and its database after each of fifty concerns."""
    root = tmp_path_factory.mktemp("generations")
    folder = Path(shutil.copytree(vault_template, root / "vault"))
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        child = add_child(vault)
        vault.checkpoint()
        for number in range(DAYS):
            shutil.copy(folder / "children.db", root / f"{DAYS - number:02}.db")
            add_concern(vault, child, f"Note {number} of a made up day " * 15)
            vault.checkpoint()
        reports.leave(folder, {"child_as_written": "Ada", "text": "It was on Monday", "reporter": "Jo"})
    with open_vault(Path(shutil.copytree(folder, root / "other")), passphrase=PASSPHRASE) as vault:
        backup.backup(vault, root / "made.dslb")
    return root


@pytest.fixture
def folder(generations, tmp_path) -> Path:
    """A copy of that vault."""
    return Path(shutil.copytree(generations / "vault", tmp_path / "vault"))


def alarm(folder: Path) -> ConsoleError | None:
    """Return what is said at an unlock, or by the check that runs behind it; None for a vault that seems whole."""
    try:
        with open_vault(folder, passphrase=PASSPHRASE) as vault:
            if vault.alarm is not None:
                return vault.alarm
            problems = vault.verify(rebuild=True).problems
    except ConsoleError as error:
        return error
    return IntegrityAlarm(problems[0].text) if problems else None


def bad_pages(path: Path, key: bytes, *, macs: bool = True) -> int:
    """Return how many pages are found to be changed, from the file alone; without MACs by reading every act."""
    connection = sqlcipher.connect(str(path))
    try:
        connection.execute("PRAGMA cipher_log_level=NONE")
        connection.set_key(bytearray(b"x'" + key.hex().encode() + b"'"))
        if not macs:
            connection.execute("PRAGMA cipher_use_hmac=OFF")
            connection.execute("SELECT * FROM acts a JOIN bodies b ON b.act = a.id").fetchall()
            return 0
        return len(connection.execute("PRAGMA cipher_integrity_check").fetchall())
    except (sqlcipher.DatabaseError, UnicodeDecodeError):
        return 1
    finally:
        connection.close()


@pytest.fixture(scope="module")
def with_register(tmp_path_factory) -> tuple[Path, bytes]:
    """A closed vault with a register in which something stands, and the register's key."""
    folder = tmp_path_factory.mktemp("register") / "vault"
    in_register.make(folder)
    with in_register.opened(folder) as (_vault, held):
        for number in range(5):
            in_register.concern(held, f"Note {number} of a made up day " * 15)
        return folder, held.compartment_key


def test_a_changed_byte_on_any_page_is_reported(folder):
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        key = hkdf(vault.compartment_key, "database")
    flip_pages(folder / "children.db", key, "the database")


def test_a_changed_byte_of_the_register_or_its_anchor_is_reported(with_register, tmp_path):
    folder, key = with_register
    flip_pages(shutil.copy(folder / "adults.db", tmp_path / "adults.db"), hkdf(key, "database"), "the adults' register")
    path = Path(shutil.copy(folder / "adults.anchor", tmp_path / "adults.anchor"))
    heads = [head for _counter, head in Anchor(path, key)._slots()]
    stored, turns, believed = path.read_bytes(), random.Random(4), 0
    for _ in range(SMALL_FLIPS):
        changed = bytearray(stored)
        changed[turns.randrange(len(stored))] ^= turns.randrange(1, 256)
        path.write_bytes(changed)
        with contextlib.suppress(IntegrityAlarm):
            believed += Anchor(path, key).read() not in heads
    say("bytes changed in the adults' anchor", f"{SMALL_FLIPS}, {believed} believed")
    assert believed == 0


def flip_pages(path: Path, key: bytes, what: str) -> None:
    """Change bytes of every page; the first holds the salt, without which no page can be checked: it is done apart."""
    turns = random.Random(1)
    stored = path.read_bytes()
    assert bad_pages(path, key) == 0
    pages, tried, missed = len(stored) // PAGE, 0, 0
    while tried < FLIPS:
        changed = bytearray(stored)
        for page in range(1, pages):
            changed[page * PAGE + turns.randrange(PAGE)] ^= turns.randrange(1, 256)
        path.write_bytes(changed)
        tried, missed = tried + pages - 1, missed + pages - 1 - bad_pages(path, key)
    for at in [*range(16), *(turns.randrange(PAGE) for _ in range(size(30, 500, 4000)))]:
        changed = bytearray(stored)
        changed[at] ^= turns.randrange(1, 256)
        path.write_bytes(changed)
        tried, missed = tried + 1, missed + (bad_pages(path, key) == 0)
    say(f"bytes changed in {what}", f"{tried}, {missed} missed")
    assert (pages > 50, missed) == (True, 0)


def test_a_database_without_a_mac_on_each_page_would_miss_them(folder, tmp_path):
    """The control: the same record, encrypted and not authenticated."""
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        connection = connect(folder / "children.db", hkdf(vault.compartment_key, "database"))
    key, path = bytes(range(32)), tmp_path / "without.db"
    connection.execute("PRAGMA cipher_default_use_hmac=OFF")
    try:
        connection.execute("ATTACH DATABASE ? AS made KEY ?", (str(path), f"x'{key.hex()}'"))
        connection.execute("SELECT sqlcipher_export('made')").fetchone()
        connection.execute("DETACH DATABASE made")
    finally:
        connection.execute("PRAGMA cipher_default_use_hmac=ON")
        connection.close()
    stored, turns, missed = path.read_bytes(), random.Random(1), 0
    for _ in range(20):
        changed = bytearray(stored)
        changed[turns.randrange(PAGE, len(stored))] ^= turns.randrange(1, 256)
        path.write_bytes(changed)
        missed += bad_pages(path, key, macs=False) == 0
    say("control: bytes changed in a database without MACs", f"20, {missed} missed (must not be 0)")
    assert missed > 0


def test_a_changed_byte_of_the_header_the_anchor_a_backup_or_a_report_is_refused(generations, folder):
    turns, tried, missed = random.Random(2), 0, []
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        key = vault.compartment_key
        heads = [head for _counter, head in vault._anchor._slots()]
        with vault.read() as connection:
            stored_keys = under(connection, INBOX_PREFIX)
    from storage.drafts import inbox_info
    from storage.sealed import XWingPrivate

    keys = {bytes.fromhex(name): XWingPrivate(raw) for name, raw in stored_keys.items()}
    header = read_header(folder)
    (report,) = reports.spool(folder).iterdir()
    made = folder / "made.dslb"
    shutil.copy(generations / "made.dslb", made)

    def check_header() -> bool:
        return read_header(folder) == header

    def check_anchor() -> bool:
        return Anchor(folder / "children.anchor", key).read() in heads

    def check_backup() -> bool:
        found = container.read(made)
        for name in found.members:
            container.check(found, name)
        return False

    def check_report() -> bool:
        unseal(report.read_bytes(), keys, inbox_info(vault.id, "children"))
        return False

    for path, check in (
        (folder / FILE_NAME, check_header),
        (folder / "children.anchor", check_anchor),
        (made, check_backup),
        (report, check_report),
    ):
        stored = path.read_bytes()
        for _ in range(SMALL_FLIPS):
            at = turns.randrange(len(stored))
            changed = bytearray(stored)
            changed[at] ^= turns.randrange(1, 256)
            path.write_bytes(changed)
            tried += 1
            try:
                harmless = check()  # white space in JSON, and an anchor whose other slot is whole
            except IntegrityAlarm:
                continue
            except ConsoleError as error:
                harmless = "newer dsl-console" in error.message or "not a backup" in error.message
            if not harmless:
                missed.append((path.name, at))
        path.write_bytes(stored)
    say("bytes changed in header, anchor, backup and sealed report", f"{tried}, {len(missed)} believed")
    assert missed == []


def test_an_older_database_put_back_is_reported_whatever_its_age(generations, folder):
    anchor = (folder / "children.anchor").read_bytes()
    missed = []
    for back in sorted({1, DAYS, *range(1, DAYS + 1, DAYS // GENERATIONS)}):
        shutil.copy(generations / f"{back:02}.db", folder / "children.db")
        (folder / "children.anchor").write_bytes(anchor)
        found = alarm(folder)
        acts = f"{back} act{'s' if back > 1 else ''} before"
        if (
            found is None
            or acts not in found.message
            or not any(each in found.hint.lower() for each in SAYS_WHAT_TO_DO)
        ):
            missed.append((back, found))
    say("databases put back, 1 to 50 generations old", f"{GENERATIONS} tried, {len(missed)} missed")
    assert missed == []
    shutil.copy(generations / "vault" / "children.db", folder / "children.db")
    assert alarm(folder) is None, "the newest one put back again is whole"


def test_a_page_put_back_from_any_generation_is_reported_or_changes_nothing(generations, folder):
    """A page as it was some concerns ago, under the same key and in its own place: the cipher sees nothing."""
    path, turns, missed, reported = folder / "children.db", random.Random(3), [], 0
    newest = path.read_bytes()
    small = {name: (folder / name).read_bytes() for name in ("children.anchor",)}
    with open_vault(folder, passphrase=PASSPHRASE) as vault, vault.read() as connection:
        rows = everything(connection)
    for _ in range(REPLAYS):
        older = (generations / f"{turns.randrange(1, DAYS + 1):02}.db").read_bytes()
        pages = [at for at in range(0, len(older), PAGE) if older[at : at + PAGE] != newest[at : at + PAGE]]
        at = turns.choice(pages)
        path.write_bytes(newest[:at] + older[at : at + PAGE] + newest[at + PAGE :])
        (folder / "children.anchor").write_bytes(small["children.anchor"])
        if alarm(folder) is not None:
            reported += 1
            continue
        with open_vault(folder, passphrase=PASSPHRASE) as vault, vault.read() as connection:
            if everything(connection) != rows:
                missed.append(at // PAGE)
    say("pages put back from an older generation", f"{REPLAYS} tried, {reported} reported, {len(missed)} missed")
    assert missed == []
    assert reported > 0


def everything(connection) -> list[list[tuple]]:
    """Return every row of every table that is not an index's own."""
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL AND name NOT LIKE '%search%'"
        " AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).scalars()
    return [[tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')] for name in list(names)]


def test_a_changed_byte_of_the_log_its_cut_tail_and_its_removal_are_reported(folder, tmp_path):
    """Whatever of the log is not as it was written, SQLite leaves it out with all that follows, without a word."""
    process = start("hold", folder, "Ada", "Bea", "Cy")
    assert process.stdout.readline() == b"held\n", process.stderr.read().decode()
    whole = Path(shutil.copytree(folder, tmp_path / "whole", ignore=shutil.ignore_patterns("lock*", "*-shm")))
    process.communicate(timeout=60)
    log = (whole / "children.db-wal").read_bytes()
    end, turns, missed = commits(log)[-1], random.Random(4), []
    changes = [("removed", b""), ("cut", log[: turns.randrange(end)])]
    for _ in range(LOG_FLIPS):
        changed = bytearray(log)
        changed[turns.randrange(end)] ^= turns.randrange(1, 256)
        changes.append(("changed", bytes(changed)))
    for name, stored in changes:
        copy = Path(shutil.copytree(whole, tmp_path / "copy"))
        (copy / "children.db-wal").write_bytes(stored)
        found = alarm(copy)
        if found is None or (found.hint and not any(each in found.hint.lower() for each in SAYS_WHAT_TO_DO)):
            missed.append((name, found))
        shutil.rmtree(copy)
    say("bytes changed in the log, its tail cut, removed", f"{len(changes)} tried, {len(missed)} missed")
    assert missed == []
    assert alarm(whole) is None, "the log as it was written is taken in"
