"""The vault's header: every change of it is found, and nothing but an alarm comes of one (storage: §9)."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from practice.errors import ConsoleError, IntegrityAlarm, NotFound, Refused
from storage.header import FILE_NAME, _canonical, read_header
from storage.keys import FLOOR
from storage.people import add_person, change_role
from storage.tries import LIMIT, Tries
from storage.vault import open_vault, people_of
from tests.conftest import PERSON


def doctored(folder, change):
    """Change the header's fields and make its digest right again, as somebody who knows the format would."""
    path = folder / FILE_NAME
    content = json.loads(path.read_bytes())
    content.pop("sha256")
    change(content)
    content["sha256"] = hashlib.sha256(_canonical(content)).hexdigest()
    path.write_text(json.dumps(content))


def test_every_flipped_byte_is_found_before_anything_is_derived(vault_folder):
    path = vault_folder / FILE_NAME
    stored = path.read_bytes()
    for at in range(len(stored)):
        changed = bytearray(stored)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(IntegrityAlarm):
            read_header(vault_folder)
    print(f"{len(stored)} bytes flipped, every one found")


def test_a_cut_header_is_found(vault_folder):
    path = vault_folder / FILE_NAME
    stored = path.read_bytes()
    for length in range(0, len(stored) - 1, 97):
        path.write_bytes(stored[:length])
        with pytest.raises(IntegrityAlarm):
            people_of(vault_folder)


def set_slot(**fields):
    return lambda content: content["slots"][0].update(fields)


DOCTORED = {
    "role": set_slot(role="head"),
    "no compartment": lambda content: content["compartments"].pop("children"),
    "cost in words": set_slot(kdf={"memory_kib": "65536", "iterations": 3, "lanes": 4}),
    "cost without bound": set_slot(kdf={"memory_kib": 2**50, "iterations": 3, "lanes": 4}),
    "cost below the floor": set_slot(kdf={"memory_kib": 8, "iterations": 1, "lanes": 1}),
    "cost unknown": set_slot(kdf={"parallel": 1}),
    "cost none": set_slot(kdf=None),
    "short salt": set_slot(salt="AAAA"),
    "nothing sealed": set_slot(sealed=""),
    "a little sealed": set_slot(sealed="AAAAAAAAAAAAAAAAAAAA"),
    "short key": set_slot(xwing="AAAA"),
    "lone surrogate": set_slot(name="\ud800"),
    "lone surrogate in the vault": lambda content: content.update(vault="\ud800"),
    "vault": lambda content: content.update(vault=[1]),
    "vault of another": lambda content: content.update(vault="0190"),
    "generation": lambda content: content.update(generation=2),
    "generation in words": lambda content: content.update(generation="1"),
    "no slots": lambda content: content.update(slots=[]),
    "slots that are none": lambda content: content.update(slots=7),
    "no compartments": lambda content: content.update(compartments={}),
    "no keys": lambda content: content["compartments"]["children"].update(wrapped={}),
    "keys of nobody": lambda content: content["compartments"]["children"].update(
        wrapped=dict.fromkeys(content["compartments"]["children"]["wrapped"], "AAAA")
    ),
    "another inbox": lambda content: content["compartments"]["children"].update(inbox=content["slots"][0]["xwing"]),
    "no macs": lambda content: content.update(macs={}),
    "newer": lambda content: content.update(v=3),
    "another version": lambda content: content.update(v=2),
}


@pytest.mark.parametrize("change", DOCTORED)
def test_a_doctored_header_whose_digest_is_right_still_alarms(vault_folder, passphrase, change):
    doctored(vault_folder, DOCTORED[change])
    with pytest.raises(ConsoleError) as raised:
        open_vault(vault_folder, passphrase=passphrase)
    assert raised.value.status in (3, 4)
    assert (raised.value.status == 3) == (change in ("cost none", "vault of another")), raised.value.message
    counted = Tries(vault_folder).standing()[0] < LIMIT
    assert counted == (raised.value.status == 3), "a refused cost waits for no disk and uses up no try"


@pytest.mark.parametrize("stored", [b"[" * 500_000, b"null", b"[]", b"7", b"\xff\xfe", b"{}", b" " * (1 << 20) + b"{}"])
def test_what_is_no_header_is_refused(tmp_path, stored):
    (tmp_path / FILE_NAME).write_bytes(stored)
    with pytest.raises(IntegrityAlarm):
        read_header(tmp_path)


def test_no_vault_is_not_an_alarm(tmp_path):
    with pytest.raises(NotFound):
        people_of(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused):
        people_of(tmp_path / "file")


def test_the_header_before_is_kept(vault):
    header = read_header(vault.folder)
    before = (vault.folder / FILE_NAME).read_bytes()
    header.generation += 1
    header.write(vault.folder, {"children": vault.compartment_key})
    assert (vault.folder / (FILE_NAME + ".prev")).read_bytes() == before
    assert read_header(vault.folder).generation == 2


def test_a_header_put_back_with_its_anchor_is_noticed(vault_folder, passphrase, tmp_path):
    """Somebody whose role was taken puts back the two files that agree with each other."""
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        add_person(vault, "Ben Ode", "deputy", "seven tall paper boats", FLOOR)
        kept = [shutil.copy(vault_folder / name, tmp_path / name) for name in (FILE_NAME, "children.anchor")]
        change_role(vault, "Ben Ode", "read_only")
    with open_vault(vault_folder, passphrase=passphrase, user=PERSON) as vault:
        assert vault.alarm is None
    for path in kept:
        shutil.copy(path, vault_folder)
    with open_vault(vault_folder, passphrase=passphrase, user=PERSON) as vault:
        assert vault.alarm is not None
        assert "an older one was put back" in vault.alarm.message


def test_a_header_put_back_is_noticed(vault_folder, passphrase, tmp_path):
    from tests.conftest import add_child

    older = shutil.copy(vault_folder / FILE_NAME, tmp_path / "older")
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        header = read_header(vault.folder)
        header.generation += 1
        header.write(vault.folder, {"children": vault.compartment_key})
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        assert vault.alarm is None
        add_child(vault)
    shutil.copy(older, vault_folder / FILE_NAME)
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        assert vault.alarm is not None
        assert "header" in vault.alarm.message
        assert not vault.verify().ok
