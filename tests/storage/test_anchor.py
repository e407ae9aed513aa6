"""The head beside the record: two slots, never backwards (storage: §5)."""

from __future__ import annotations

import hmac
import secrets
import struct
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from practice.errors import IntegrityAlarm
from storage.anchor import SLOT_SIZE, Anchor, Head
from storage.keys import hkdf

KEY = secrets.token_bytes(32)
DEVICE = str(uuid.uuid4())


def head(seq: int, generation: int = 1, device: str = DEVICE) -> Head:
    return Head(device, seq, seq.to_bytes(32, "big"), generation, bytes(32))


@pytest.fixture
def anchor(tmp_path):
    made = Anchor(tmp_path / "children.anchor", KEY)
    made.create(head(1))
    return made


def test_it_moves_on_and_never_backwards(anchor):
    for seq in (2, 3, 2, 1, 4, 4, 3):
        anchor.move(head(seq))
    assert anchor.read() == head(4)
    anchor.move(head(3, generation=9))
    assert anchor.read() == head(4)
    anchor.move(head(4, generation=2))
    assert anchor.read() == head(4, generation=2)


def test_another_device_begins_a_series_of_its_own(anchor):
    anchor.move(head(50))
    restored = head(1, device=str(uuid.uuid4()))
    anchor.move(restored)
    assert anchor.read() == restored


def test_each_flipped_byte_of_the_newest_slot_leaves_the_other(anchor):
    for seq in (2, 3):
        anchor.move(head(seq))
    stored = anchor._path.read_bytes()
    newest = SLOT_SIZE if moved_last(anchor, stored) else 0
    other = slice(SLOT_SIZE - newest, 2 * SLOT_SIZE - newest)
    for at in range(SLOT_SIZE):
        torn = bytearray(stored)
        torn[newest + at] ^= 1
        anchor._path.write_bytes(torn)
        assert anchor.read() == head(2)
    torn = bytearray(stored)
    torn[newest : newest + 100] = bytes(100)
    anchor._path.write_bytes(torn)
    anchor.move(head(4))
    assert anchor.read() == head(4)
    assert anchor._path.read_bytes()[other] == stored[other], "the torn slot is the one that is written over"


def moved_last(anchor: Anchor, stored: bytes) -> bool:
    """Say whether the second slot is the newest."""
    anchor._path.write_bytes(stored[:SLOT_SIZE])
    return anchor.read() == head(2)


def test_without_the_key_nobody_sees_how_many_acts_there_are(anchor):
    first = anchor._path.read_bytes()
    anchor.create(head(1))
    again = anchor._path.read_bytes()
    same = sum(a == b for a, b in zip(first, again, strict=True))
    assert same < 2 * SLOT_SIZE // 8, "the same head, and hardly a byte of it the same"
    for number in range(1, 300):
        anchor.move(head(number))
        assert number.to_bytes(8, "big") not in anchor._path.read_bytes()


def test_an_anchor_of_an_earlier_program_is_read_and_moved_on(anchor):
    fields = struct.pack(">8sQ16sQ32sQ32s", b"DSLANCH\x01", 5, uuid.UUID(DEVICE).bytes, 7, bytes(32), 1, bytes(32))
    slot = (fields + hmac.digest(hkdf(KEY, "anchor"), fields, "sha256")).ljust(SLOT_SIZE, b"\0")
    anchor._path.write_bytes(slot + slot)
    assert anchor.read() == Head(DEVICE, 7, bytes(32), 1, bytes(32))
    anchor.move(head(8))
    assert anchor.read() == head(8)
    anchor._path.write_bytes((slot[:40] + b"\1" + slot[41:]) * 2)
    with pytest.raises(IntegrityAlarm):
        anchor.read()


@pytest.mark.parametrize("stored", [None, b"", bytes(512), b"x" * 511, b"x" * 5000])
def test_without_a_whole_slot_it_alarms(anchor, stored):
    anchor._path.unlink()
    if stored is not None:
        anchor._path.write_bytes(stored)
    with pytest.raises(IntegrityAlarm):
        anchor.read()


def test_an_anchor_of_another_key_is_none(anchor, tmp_path):
    with pytest.raises(IntegrityAlarm):
        Anchor(tmp_path / "children.anchor", secrets.token_bytes(32)).read()


def test_two_whole_slots_of_different_age_do_not_hide_the_newer(anchor):
    anchor.move(replace(head(2), mac=b"\xff" * 32))
    assert anchor.read().mac == b"\xff" * 32


RACE = """
import sys
from pathlib import Path
from storage.anchor import Anchor, Head
anchor = Anchor(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
for seq in range(int(sys.argv[4]), 400, 2):
    anchor.move(Head(sys.argv[3], seq, seq.to_bytes(32, "big"), 1, bytes(32)))
    assert anchor.read().seq >= seq
"""


def test_two_processes_racing_end_at_the_furthest_head(anchor, tmp_path):
    command = [sys.executable, "-c", RACE, str(tmp_path / "children.anchor"), KEY.hex(), DEVICE]
    racing = [subprocess.Popen([*command, start], stderr=subprocess.PIPE) for start in ("2", "3")]
    for process in racing:
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 0
    assert anchor.read() == head(399)
