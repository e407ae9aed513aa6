"""A console is killed in the middle of a sentence: the sentence is there when it is started again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from storage.views import record
from tests.terminal import F2, Console

SENTENCE = "She said she would not go home"


def test_a_typed_draft_survives_a_kill(vault, vault_folder: Path, passphrase: str, tmp_path: Path):
    first = Console(vault_folder, tmp_path)
    try:
        first.unlock(passphrase)
        first.write_of("Milo Tester", SENTENCE)
        # What the screen says of it may have been painted before the last word was; only the sealed draft counts.
        deadline = time.monotonic() + 40
        while not any(draft.fields.get("text") == SENTENCE for draft in vault.drafts.all()):
            assert time.monotonic() < deadline, "the sentence was never sealed"
    finally:
        first.kill()
    assert first.process.returncode == -signal.SIGKILL
    (draft,) = vault.drafts.all()
    assert draft.fields["text"] == SENTENCE
    assert record.undecided(vault) == [], "a draft is not a record"
    found = [path for path in tmp_path.rglob("*") if path.is_file() and SENTENCE.encode() in path.read_bytes()]
    assert found == [], "nothing of it lies in the clear"

    second = Console(vault_folder, tmp_path)
    try:
        second.unlock(passphrase)
        second.type(F2)
        second.wait_for("put back.")
        second.type("\x13")
        second.wait_for("No one else has been told.")
    finally:
        second.kill()
    (entry,) = record.undecided(vault)
    assert (entry.text, entry.child) == (SENTENCE, "Milo Tester")
    assert entry.captured_at < entry.recorded_at
    assert vault.drafts.all() == []
