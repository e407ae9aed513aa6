"""Sealing to a public key (storage: §7a)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.errors import IntegrityAlarm
from storage.sealed import SEALED_LIMIT, XWingPrivate, XWingPublic, canonical, seal, unseal

PRIVATE = XWingPrivate.generate()
PUBLIC = PRIVATE.public()
KEYS = {PUBLIC.key_id: PRIVATE}
INFO = canonical("example", 1)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=5000))
def test_what_was_sealed_comes_back_whole(data):
    assert unseal(seal(data, PUBLIC, INFO), KEYS, INFO) == data


def test_every_flipped_byte_is_refused():
    sealed = seal(b"a note", PUBLIC, INFO)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 0x01
        with pytest.raises(IntegrityAlarm):
            unseal(bytes(changed), KEYS, INFO)


def test_a_cut_a_longer_and_an_oversized_file_are_refused():
    sealed = seal(b"a note", PUBLIC, INFO)
    for broken in (b"", sealed[:10], sealed[:-1], sealed + b"\0", b"\0" * (SEALED_LIMIT + 1)):
        with pytest.raises(IntegrityAlarm):
            unseal(broken, KEYS, INFO)


def test_another_key_and_another_purpose_do_not_open_it():
    sealed = seal(b"a note", PUBLIC, INFO)
    other = XWingPrivate.generate()
    for keys, info in (({}, INFO), ({PUBLIC.key_id: other}, INFO), (KEYS, canonical("example", 2))):
        with pytest.raises(IntegrityAlarm):
            unseal(sealed, keys, info)


def test_the_size_tells_only_a_step():
    sizes = {len(seal(b"x" * length, PUBLIC, INFO)) for length in (0, 1, 500, 1020)}
    assert len(sizes) == 1
    steps = [len(seal(b"x" * length, PUBLIC, INFO)) for length in (1020, 1021, 4092, 4093, 65532)]
    overhead = steps[0] - 1024
    assert [step - overhead for step in steps] == [1024, 4096, 4096, 16384, 65536]


def test_a_public_key_of_another_length_is_refused():
    with pytest.raises(IntegrityAlarm):
        XWingPublic(PUBLIC.raw[:-1])
