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
from datetime import datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_OVER = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")
F2, F4 = "\x1bOQ", "\x1bOS"
CALM = 6
"""How often in turn a console must be found waiting before the next key is pressed."""
HOME, CTRL_S = "\x1b[H", "\x13"
ON_A_DAY = (
    "import sys, time_machine; from datetime import datetime;"
    " time_machine.travel(datetime.fromisoformat(sys.argv.pop(1))).start();"
    " from dsl_console.__main__ import main; raise SystemExit(main())"
)


class Console:
    """The console in a terminal: its own process alone, or with `supervised` the whole program; `at` another time."""

    def __init__(self, folder: Path, home: Path, *, supervised: bool = False, at: datetime | None = None) -> None:
        reason = "Windows has no pseudo-terminal of this sort"
        fcntl, pty, termios = (pytest.importorskip(name, reason=reason) for name in ("fcntl", "pty", "termios"))
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(home)}
        program = ["-c", ON_A_DAY, at.isoformat()] if at else ["-m", "dsl_console"]
        command = [sys.executable, *program, "--vault", str(folder)]
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

    def press(self, keys: str) -> None:
        """Press keys that move the cursor, and wait until the console has done with them and waits for more."""
        self.type(keys)
        calm = 0
        while calm < CALM:
            if select.select([self.master], [], [], 0.04)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                calm = 0
            else:
                calm = calm + 1 if self._waits() else 0

    def _waits(self) -> bool:
        """Say whether the process waits; where the machine does not tell, what it paints must do."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "S"

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
        self.wait_for(f"Not on the roll: «{child}»")  # Enter takes nothing from the list of fewer letters
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
