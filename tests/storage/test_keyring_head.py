"""The keyring's copy of the head finds an older copy of the whole folder; without a keyring nothing is claimed."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from practice.acts import ChildAdded
from storage import keyring_head
from storage.ids import new_id
from storage.vault import open_vault


class Memory(KeyringBackend):
    """A keyring as an operating system has one, in memory."""

    priority = -1.0  # type: ignore[assignment]  (never chosen by itself)

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


class Waiting(Memory):
    """A keyring that asks a person who is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(30)
        return None


@pytest.fixture
def backend():
    before = keyring.get_keyring()
    made = Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_an_older_copy_of_the_whole_folder_is_found_out(vault, vault_folder, passphrase, backend, tmp_path: Path):
    assert keyring_head.keep(vault)
    vault.close()
    older = tmp_path / "older"
    shutil.copytree(vault_folder, older)
    with open_vault(vault_folder, passphrase=passphrase) as opened:
        opened.record(ChildAdded(legal_forename="Later"), child=new_id())
        assert keyring_head.check(opened) is None
        assert keyring_head.keep(opened)
    with open_vault(older, passphrase=passphrase) as opened:
        assert opened.alarm is None, "the folder's own anchor was put back with it"
        alarm = keyring_head.check(opened)
        assert alarm is not None
        assert "older copy" in alarm.message


@pytest.mark.parametrize("made", [null.Keyring, fail.Keyring])
def test_without_a_keyring_nothing_is_claimed_and_nothing_breaks(vault, backend, made):
    keyring.set_keyring(made())
    assert keyring_head.keep(vault) is False
    assert keyring_head.check(vault) is None


def test_a_keyring_that_asks_somebody_does_not_hold_up_the_lock(vault, backend):
    waiting = Waiting()
    keyring.set_keyring(waiting)
    assert keyring_head.keep(vault, seconds=0.05) is False
    assert keyring_head.check(vault, seconds=0.05) is None
    waiting.answered.set()


@pytest.mark.parametrize("value", ["", "{}", "[1]", '{"device": "x", "seq": "a", "mac": "zz"}', "null"])
def test_something_else_in_the_keyring_says_nothing(vault, backend, value):
    backend.entries[f"dsl-console {vault.id}", "children"] = value
    assert keyring_head.check(vault) is None
