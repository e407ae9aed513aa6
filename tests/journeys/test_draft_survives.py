"""A console is killed in the middle of a sentence: the sentence is there when it is started again."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.views import record

ROOT = Path(__file__).parent.parent.parent
SENTENCE = "She said she would not go home"
LEFT_OVER = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Console:
    """The program's own console process in a real terminal."""

    def __init__(self, folder: Path, home: Path) -> None:
        fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(home)}
        command = [sys.executable, "-m", "dsl_console", "--vault", str(folder), "--console-process"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, words: str, seconds: float = 40) -> None:
        """Read what is painted until the words came, and forget what came before them."""
        deadline = time.monotonic() + seconds
        while words not in (shown := LEFT_OVER.sub("", self.seen)):
            left = deadline - time.monotonic()
            assert left > 0, f"never saw {words!r} in {shown[-2000:]!r}"
            if select.select([self.master], [], [], left)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        self.seen = ""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)
        os.close(self.master)


F2 = "\x1bOQ"


def test_a_typed_draft_survives_a_kill(vault, vault_folder: Path, passphrase: str, tmp_path: Path):
    first = Console(vault_folder, tmp_path)
    try:
        first.wait_for("Enter unlocks.")
        first.type(passphrase + "\r")
        first.wait_for("Today,")
        first.type(F2)
        first.wait_for("What happened")
        first.type("Milo Tester")
        first.wait_for("Not on the roll:")
        first.type("\r")
        first.wait_for("recorded as a provisional child")
        first.type(SENTENCE)
        first.wait_for("Draft kept")
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
        second.wait_for("Enter unlocks.")
        second.type(passphrase + "\r")
        second.wait_for("Today,")
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
