"""Passphrases, recovery codes and the slots that they open (storage: §9)."""

from __future__ import annotations

import dataclasses
import time

import pytest

from practice.errors import IntegrityAlarm, WrongPassphrase
from storage.keys import (
    FLOOR,
    Kdf,
    Slot,
    calibrate,
    new_recovery_code,
    new_slot,
    passphrase_faults,
    recovery_secret,
)

VAULT = "0190-example"
WORDS = "seven made up pebbles on a sill"


@pytest.fixture(scope="module")
def slot() -> Slot:
    return new_slot("robin", "Robin Vale", "dsl", WORDS, FLOOR, VAULT)[0]


OUTSIDE = [
    Kdf(memory_kib=64 * 1024 - 1),
    Kdf(memory_kib=1024 * 1024 + 1),
    Kdf(memory_kib=2**40),
    Kdf(iterations=2),
    Kdf(iterations=11),
    Kdf(lanes=0),
    Kdf(lanes=9),
    Kdf(memory_kib="65536"),
    Kdf(iterations=3.5),
    Kdf(lanes=True),
]


@pytest.mark.parametrize("cost", OUTSIDE, ids=str)
def test_a_cost_outside_the_bounds_is_refused_before_anything_is_derived(cost, slot, monkeypatch):
    monkeypatch.setattr("storage.keys.Argon2id", None)
    started = time.perf_counter()
    with pytest.raises(IntegrityAlarm):
        dataclasses.replace(slot, kdf=cost).open(WORDS, VAULT)
    print(f"refused in {(time.perf_counter() - started) * 1e3:.2f} ms")


def test_the_right_passphrase_opens_however_its_characters_were_composed():
    slot, keys = new_slot("robin", "Robin Vale", "dsl", "a caf\u00e9 by the mill pond", FLOOR, VAULT)
    assert slot.open("a cafe\u0301 by the mill pond", VAULT).to_bytes() == keys.to_bytes()


@pytest.mark.parametrize("wrong", [WORDS + " ", WORDS.upper(), "", "\udcff\ud800"])
def test_any_other_passphrase_is_refused_as_one(slot, wrong):
    with pytest.raises(WrongPassphrase):
        slot.open(wrong, VAULT)


CHANGES = {
    "name": "Robin Gale",
    "role": "head",
    "signing_key": bytes(32),
    "sealed": b"",
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_slot_alarms_although_the_passphrase_is_right(slot, field):
    with pytest.raises(IntegrityAlarm):
        dataclasses.replace(slot, **{field: CHANGES[field]}).open(WORDS, VAULT)


def test_a_flipped_byte_of_the_sealed_keys_alarms(slot):
    key, _ = slot._keys(slot._secret(WORDS, b""), VAULT)
    for at in range(len(slot.sealed)):
        changed = bytearray(slot.sealed)
        changed[at] ^= 1
        broken = dataclasses.replace(slot, sealed=bytes(changed))
        object.__setattr__(broken, "_keys", lambda *_: (key, slot.commitment))
        object.__setattr__(broken, "_secret", lambda *_: b"")
        with pytest.raises(IntegrityAlarm):
            broken.open(WORDS, VAULT)


def test_a_slot_does_not_open_in_another_vault(slot):
    with pytest.raises(WrongPassphrase):
        slot.open(WORDS, VAULT + "-other")


def test_a_recovery_code_opens_its_slot_however_it_is_typed():
    code = new_recovery_code()
    slot, keys = new_slot("recovery", "recovery", "recovery", code, None, VAULT)
    for typed in (code, code.lower(), code.replace("-", " "), "  " + code.replace("-", "")):
        assert slot.open(typed, VAULT).to_bytes() == keys.to_bytes()
    with pytest.raises(WrongPassphrase):
        slot.open(new_recovery_code(), VAULT)


@pytest.mark.parametrize("text", ["", "ABCD", "A" * 31, "A" * 33, "I" * 32, "0" * 32, "é" * 32, "٣" * 32])
def test_what_is_no_recovery_code_is_said_to_be_none(text):
    with pytest.raises(WrongPassphrase):
        recovery_secret(text)


def test_a_recovery_code_holds_160_bits():
    assert recovery_secret("-".join(["9999"] * 8)) == b"\xff" * 20
    assert recovery_secret("A" * 32) == bytes(20)
    assert len({new_recovery_code() for _ in range(50)}) == 50


@pytest.mark.parametrize("good", [WORDS, "horse kettle tin gate", "Tr4vers!ng-moss", "ﬁve ﬂat stones lie"])
def test_a_passphrase_of_twelve_characters_or_four_words_will_do(good):
    assert passphrase_faults(good) == []


def test_a_machine_that_is_busy_at_setup_gets_no_weaker_setting():
    slow = calibrate(2.0, wall=lambda: time.perf_counter() * 1000)
    assert slow.memory_kib > FLOOR.memory_kib


@pytest.mark.parametrize("text", ["Thornfield2024", "ThornfieldAcademy1", "sam okafor 123456"])
def test_a_passphrase_that_is_little_more_than_a_known_name_is_refused(text):
    assert not passphrase_faults(text)
    assert passphrase_faults(text, "Thornfield Academy", "Sam Okafor") == [
        "This passphrase is little more than a name that everybody here knows."
    ]
    assert not passphrase_faults("Thornfield lanterns drift", "Thornfield Academy", "Sam Okafor")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "short",
        "three tin x",
        "aaaaaaaaaaaaaaaa",
        "Password1234",
        "1111 1111 1111 1111",
        "castle castle castle castle",
        "abcdefabcdef",
    ],
)
def test_a_passphrase_that_anyone_would_try_is_named_as_such(bad):
    assert passphrase_faults(bad)
