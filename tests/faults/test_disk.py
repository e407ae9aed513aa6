"""A disk that is full, and a folder that cannot be written: refused plainly, nothing half-written (storage: §6.3)."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from practice.errors import Refused
from storage.anchor import Anchor
from storage.keys import FLOOR
from storage.vault import create, open_vault
from storage.views import record
from tests.conftest import PASSPHRASE, PERSON, SCHOOL, add_child, add_concern
from tests.faults.processes import start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and permissions")


@pytest.mark.parametrize("room", [0, 1000, 4096, 9000, 30_000, 200_000])
def test_a_full_disk_refuses_in_a_sentence_and_loses_nothing(vault_folder, room):
    process = start("starve", vault_folder, room)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b"")
    refused, kept, read, after = out.decode().splitlines()
    assert refused.startswith("Refused The disk is full or cannot be written."), refused
    assert read.split() == kept.split(), "reading goes on, and holds what was acknowledged and no more"
    with open_vault(vault_folder, passphrase=PASSPHRASE) as vault:
        assert vault.alarm is None
        report = vault.verify(rebuild=True, signatures=True)
        assert report.problems == []
        assert record.get(vault, after).text == "with room again"
        assert report.acts == 2 + len(kept.split()) + 1


def test_an_anchor_that_cannot_be_written_does_not_undo_what_was_recorded(vault, monkeypatch):
    def refuse(_self, _head):
        raise OSError(28, "No space left on device")

    child = add_child(vault)
    with monkeypatch.context() as starved:
        starved.setattr(Anchor, "move", refuse)
        entry = add_concern(vault, child, "while the disk was full")
        assert record.get(vault, entry).text == "while the disk was full"
        assert [problem.kind for problem in vault.verify().problems] == ["anchor"]
    add_concern(vault, child, "with room again")
    assert vault.verify().ok
    assert vault.anchored().seq == vault.verify().acts


def without_privilege() -> list[str]:
    """What to put before a command so that permissions hold for it, also for root; skips where that cannot be had."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("nothing is read-only to root here")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(vault_folder):
    before = without_privilege()
    vault_folder.chmod(0o500)
    for path in vault_folder.rglob("*"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    stored = (vault_folder / "children.db").read_bytes()
    try:
        process = start("some", vault_folder, 1, before=before)
        out, err = process.communicate(timeout=60)
    finally:
        vault_folder.chmod(0o700)
    assert err == b""
    assert out.decode().startswith("refused Refused"), out
    assert (vault_folder / "children.db").read_bytes() == stored


def test_where_no_folder_can_be_made_no_vault_is_and_it_is_said_plainly(tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(Refused, match="No vault was made"):
        create(tmp_path / "a file" / "vault", school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR)


def test_a_drive_that_was_unplugged_while_the_vault_was_open_is_said_plainly(vault, tmp_path):
    child = add_child(vault)
    entry = add_concern(vault, child, "before")
    vault.drafts.seal("concern", {})
    shutil.move(vault.folder, tmp_path / "gone")
    try:
        with pytest.raises(Refused):
            vault.drafts.seal("concern", {"text": "still on screen"})
        assert record.get(vault, entry).text == "before"
    finally:
        shutil.move(tmp_path / "gone", vault.folder)
    add_concern(vault, child, "after")
    assert vault.verify(rebuild=True).ok
