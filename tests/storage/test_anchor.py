"""The head beside the record: two slots, never backwards (storage: §5)."""

from __future__ import annotations

import secrets
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from practice.errors import IntegrityAlarm
from storage.anchor import SLOT_SIZE, Anchor, Head

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
    newest = next(at for at in (0, SLOT_SIZE) if head(3).mac in stored[at : at + SLOT_SIZE])
    used = len(stored[newest : newest + SLOT_SIZE].rstrip(b"\0"))
    for at in range(used):
        torn = bytearray(stored)
        torn[newest + at] ^= 1
        anchor._path.write_bytes(torn)
        assert anchor.read() == head(2)
    torn = bytearray(stored)
    torn[newest : newest + 100] = bytes(100)
    anchor._path.write_bytes(torn)
    anchor.move(head(4))
    assert anchor.read() == head(4)
    assert head(2).mac in anchor._path.read_bytes(), "the torn slot is the one that is written over"


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
