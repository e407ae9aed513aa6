"""The real program in a real terminal, typed to and read from as a person would."""

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

ROOT = Path(__file__).parent.parent
LEFT_OVER = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")
F2 = "\x1bOQ"


class Console:
    """The console in a terminal: its own process alone, or with `supervised` the whole program."""

    def __init__(self, folder: Path, home: Path, *, supervised: bool = False) -> None:
        reason = "Windows has no pseudo-terminal of this sort"
        fcntl, pty, termios = (pytest.importorskip(name, reason=reason) for name in ("fcntl", "pty", "termios"))
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(home)}
        command = [sys.executable, "-m", "dsl_console", "--vault", str(folder)]
        if not supervised:
            command.append("--console-process")
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

    def unlock(self, passphrase: str) -> None:
        """Give the passphrase, as far as Today."""
        self.wait_for("Enter unlocks.")
        self.type(passphrase + "\r")
        self.wait_for("Today,")

    def write_of(self, child: str, words: str) -> None:
        """Log a concern about a child who is not on the roll, as far as its words stand on the screen."""
        self.type(F2)
        self.wait_for("What happened")
        self.type(child)
        self.wait_for("Not on the roll:")
        self.type("\r")
        self.wait_for("recorded as a provisional child")
        self.type(words)
        self.wait_for(words)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)
        os.close(self.master)
