"""The second factor: a secret in the machine's keyring beside the passphrase, and what goes wrong with keyrings."""

from __future__ import annotations

import shutil
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordDeleteError

from practice.errors import NotAllowed, Refused, WrongPassphrase
from storage import backup, device_secret, people, restore
from storage.header import FILE_NAME, read_header
from storage.keys import FLOOR
from storage.vault import create, open_vault
from tests.conftest import PASSPHRASE, PERSON, SCHOOL
from tests.storage.test_keyring_head import Memory, Waiting

NEW = "under the old stone bridge"


class Keyring(Memory):
    """A keyring that also lets go of what it holds."""

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError

    @property
    def secrets(self) -> list[str]:
        return [value for (_service, user), value in self.entries.items() if user == "second factor"]


@pytest.fixture
def backend():
    before, made = keyring.get_keyring(), Keyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def bound(vault_folder: Path, backend: Keyring) -> Path:
    """A closed vault whose person needs the second factor."""
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        people.set_second_factor(vault, PASSPHRASE, on=True)
    return vault_folder


def opens(folder: Path, passphrase: str = PASSPHRASE) -> None:
    open_vault(folder, passphrase=passphrase).close()


def test_the_passphrase_opens_it_with_the_keyring_and_not_without(bound, backend, tmp_path):
    with open_vault(bound, passphrase=PASSPHRASE) as vault:
        assert [row.second_factor for row in people.people(vault)] == [True]
        assert vault.check_passphrase(PASSPHRASE)
        assert not vault.check_passphrase(NEW)
        assert vault.verify().ok
    with pytest.raises(WrongPassphrase):
        opens(bound, NEW)
    assert backend.secrets[0] not in (bound / FILE_NAME).read_text()
    stolen = Path(shutil.copytree(bound, tmp_path / "stolen"))
    kept = dict(backend.entries)
    backend.entries.clear()
    for _ in range(12):
        with pytest.raises(NotAllowed, match="does not hold the second factor") as caught:
            opens(stolen)
    assert "recovery code" in caught.value.hint
    shutil.copy(stolen / "header.json.prev", stolen / "header.json")
    with pytest.raises(NotAllowed):
        opens(stolen)
    backend.entries.update(dict.fromkeys(kept, "ab" * 32))
    with pytest.raises(NotAllowed, match="does not hold"):
        opens(stolen)
    backend.entries.update(kept)
    opens(bound)


def test_switched_off_the_passphrase_opens_it_alone_and_nothing_is_left(bound, backend):
    with open_vault(bound, passphrase=PASSPHRASE) as vault:
        first = backend.secrets
        people.set_second_factor(vault, PASSPHRASE, on=True)
        assert len(backend.secrets) == 1
        assert backend.secrets != first, "switched on again it is another secret"
        with pytest.raises(WrongPassphrase):
            people.set_second_factor(vault, NEW, on=False)
        people.change_passphrase(vault, PASSPHRASE, NEW, FLOOR)
    opens(bound, NEW)
    with open_vault(bound, passphrase=NEW) as vault:
        people.set_second_factor(vault, NEW, on=False)
    assert backend.secrets == []
    keyring.set_keyring(null.Keyring())
    opens(bound, NEW)
    assert '"device"' not in (bound / FILE_NAME).read_text()


class Locked(Keyring):
    def set_password(self, service, username, password):
        raise KeyringLocked("no")


class Forgetful(Keyring):
    def set_password(self, service, username, password):
        self.entries[service, username] = password[:20]


class Roaming(Keyring):
    """As the keyring of Windows is: it would carry its entries to every machine of the domain."""

    persist = "enterprise"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (fail.Keyring, "has no keyring"),
        (null.Keyring, "does not keep what it is given"),
        (Forgetful, "does not keep what it is given"),
        (Locked, "locked"),
        (Waiting, "did not answer"),
    ],
)
def test_without_a_keyring_that_keeps_it_nothing_is_switched_on(vault, backend, monkeypatch, made, said):
    monkeypatch.setattr(device_secret.keep, "__defaults__", (0.3,))
    keyring.set_keyring(made())
    before = (vault.folder / FILE_NAME).read_bytes()
    with pytest.raises(Refused, match=said) as caught:
        people.set_second_factor(vault, PASSPHRASE, on=True)
    assert "nothing was changed" in caught.value.message
    assert (vault.folder / FILE_NAME).read_bytes() == before
    keyring.set_keyring(null.Keyring())
    with pytest.raises(Refused):
        device_secret.keep(vault.id, 5.0)


def test_a_keyring_that_asks_somebody_is_not_waited_for_for_ever(bound, backend, monkeypatch):
    monkeypatch.setattr(device_secret.fetch, "__defaults__", (0.2,))
    asking = Waiting()
    keyring.set_keyring(asking)
    with pytest.raises(NotAllowed, match="may be asking for its own password"):
        opens(bound)
    asking.answered.set()


def test_the_secret_stays_on_this_machine_where_a_keyring_roams(vault, backend):
    roaming = Roaming()
    keyring.set_keyring(roaming)
    people.set_second_factor(vault, PASSPHRASE, on=True)
    assert roaming.persist == "local machine"
    ((service, _user),) = roaming.entries
    assert vault.id in service
    assert len(roaming.secrets[0]) == 64


def test_a_header_that_cannot_be_written_leaves_no_secret_behind(vault, backend, monkeypatch):
    def full(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("storage.header.write_atomic", full)
        with pytest.raises(Refused, match="nothing was changed"):
            people.set_second_factor(vault, PASSPHRASE, on=True)
    assert backend.secrets == []
    vault.close()
    opens(vault.folder)


def test_a_lost_secret_is_answered_by_the_recovery_code_and_a_backup_opens_here(tmp_path, backend):
    vault, code = create(tmp_path / "vault", school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)
    with vault:
        people.set_second_factor(vault, PASSPHRASE, on=True)
        backup.backup(vault, tmp_path / "a.dslb")
    restore.restore(tmp_path / "a.dslb", tmp_path / "here", passphrase=PASSPHRASE)
    backend.entries.clear()
    with pytest.raises(NotAllowed, match="second factor"):
        restore.restore(tmp_path / "a.dslb", tmp_path / "there", passphrase=PASSPHRASE)
    assert not (tmp_path / "there").exists()
    restore.restore(tmp_path / "a.dslb", tmp_path / "there", passphrase=NEW, code=code, kdf=FLOOR)
    opens(tmp_path / "there", NEW)
    again, _next = people.recover(tmp_path / "vault", code=code, user="", passphrase=NEW, kdf=FLOOR)
    again.close()
    opens(tmp_path / "vault", NEW)
    assert read_header(tmp_path / "vault").slots[0].device == ""


def test_neither_a_replaced_passphrase_nor_a_replaced_code_opens_the_header_that_is_kept_beside(vault_folder, backend):
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        people.change_passphrase(vault, PASSPHRASE, NEW, FLOOR)
    shutil.copy(vault_folder / "header.json.prev", vault_folder / "header.json")
    with pytest.raises(WrongPassphrase):
        opens(vault_folder)
    opens(vault_folder, NEW)
