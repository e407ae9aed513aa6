"""What many tests need: a vault with Argon2id at its floor, made once and copied for each test."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.postgres import Server, missing, with_tables
from practice.acts import ChildAdded, ConcernLogged, SchoolSet
from practice.dates import Occurred
from storage.ids import new_id
from storage.keys import FLOOR, Kdf
from storage.vault import Vault, create, open_vault

PASSPHRASE = "seven made up pebbles on a sill"
PERSON = "Robin Vale"
# No test touches the keyring of whoever runs it; the tests of the keyring bring their own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
# The hundred processes that tests start read this program compiled, instead of each compiling it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A killed process loses nothing that it wrote, on a disk or in memory; in memory nobody waits for the disk's own speed.
MEMORY, ENOUGH = Path("/dev/shm"), 2**30
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

SCHOOL = SchoolSet(name="Example School", code="100000", phones={"front_door": "01632 960001"})


@pytest.fixture(scope="session", autouse=True)
def _derived_once() -> Iterator[None]:
    """Derive a key from the same passphrase, salt and cost once in a process: every copy of a template shares them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kdf, "derive", functools.cache(Kdf.derive))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for the whole session, with a database `made` in which the hub's tables are already."""
    if why := missing():
        pytest.skip(why)
    server = Server(MEMORY if os.environ.get("PYTEST_DEBUG_TEMPROOT") == str(MEMORY) else None)
    try:
        server.sql("template1", "CREATE DATABASE made")
        with_tables(server.url("made"))
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def vault_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed vault: nobody writes to it, every test copies it."""
    folder = tmp_path_factory.mktemp("template") / "vault"
    vault, _code = create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
    vault.close()
    return folder


def cheaply(cost: Kdf, passphrase: str, salt: bytes) -> bytes:
    """Derive a key at no cost, for harnesses that make vaults of their own: what they try is the disk, not guessing."""
    cost.check()
    return hashlib.blake2b(passphrase.encode(), key=salt, digest_size=32).digest()


@pytest.fixture(scope="module")
def cheap_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a closed vault whose keys are derived `cheaply`, as they are in this process for so long."""
    folder = tmp_path_factory.mktemp("cheap") / "vault"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kdf, "derive", cheaply)
        vault, _code = create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
        vault.close()
        yield folder


@pytest.fixture
def vault_folder(vault_template: Path, tmp_path: Path) -> Path:
    """The folder of a closed vault of one's own; its passphrase is `PASSPHRASE`."""
    return Path(shutil.copytree(vault_template, tmp_path / "vault"))


@pytest.fixture
def vault(vault_folder: Path) -> Iterator[Vault]:
    """An open vault of one's own, empty but for the school and its person."""
    with open_vault(vault_folder, passphrase=PASSPHRASE) as opened:
        yield opened


@pytest.fixture
def passphrase() -> str:
    """The passphrase of every vault that the fixtures make."""
    return PASSPHRASE


def add_child(vault: Vault, forename: str = "Ada", surname: str = "Thistlewood", **fields: object) -> str:
    """Record a child; its id."""
    child = new_id()
    vault.record(ChildAdded(legal_forename=forename, legal_surname=surname, **fields), child=child)
    return child


def on_day(day: str) -> Occurred:
    """A whole day, as the parser gives it."""
    return Occurred(text=day, start=day, end=day, precision="day")


def add_concern(vault: Vault, child: str, text: str, day: str = "2026-11-20", **fields: object) -> str:
    """Record a concern; its entry's id."""
    entry = new_id()
    vault.record(ConcernLogged(text=text, occurred=on_day(day), **fields), child=child, entry=entry)
    return entry


@pytest.fixture
def logged(vault: Vault) -> Callable[..., str]:
    """Record concerns about one child of the open vault; returns each entry's id."""
    child = add_child(vault)
    return lambda text, **fields: add_concern(vault, child, text, **fields)
