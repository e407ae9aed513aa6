"""The supervisor with the real console on a real terminal: locking ends the process that held the record."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dsl_console import supervisor
from practice.acts import SchoolSet
from storage.keys import FLOOR
from storage.vault import create

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "copper lantern over wet slate"


class FakeStart:
    """Stands for consoles that end with these statuses, one after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.after: list[int] = []

    def __call__(self, folder: Path, *, after: int) -> int:
        self.after.append(after)
        return self.statuses.pop(0)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signal")
def test_where_the_terminal_goes_while_a_console_locks_no_other_is_started(tmp_path: Path, monkeypatch):
    locks = "import os, signal, sys; signal.signal(1, signal.SIG_IGN); os.kill(os.getppid(), 1); sys.exit(75)"
    started = []
    monkeypatch.setattr(supervisor, "command", lambda *_, **each: started.append(each) or [sys.executable, "-c", locks])
    assert supervisor.run(tmp_path) == 128 + signal.SIGHUP
    assert len(started) == 1


def test_a_lock_starts_a_fresh_console_and_an_exit_ends(tmp_path: Path):
    start = FakeStart(75, 78, 0)
    assert supervisor.run(tmp_path, start) == 0
    assert start.after == [0, 75, 78]


def test_a_fresh_console_is_told_how_the_one_before_it_ended(tmp_path: Path):
    for status in (0, *supervisor.LOCKS):
        assert supervisor.locked_with(supervisor.command(tmp_path, after=status)) == status
    assert supervisor.locked_words(0) == ""
    assert supervisor.locked_words(75) == "Locked. Nothing was lost."
    assert "could not be kept" in supervisor.locked_words(76)
    assert "Nothing was lost" not in supervisor.locked_words(76)
    assert supervisor.locked_words(77).startswith("Locked. Nothing was lost. Today's backup was not made")
    assert "could not be kept" in supervisor.locked_words(78)
    assert "backup was not made" in supervisor.locked_words(78)
    assert supervisor.locked_with(["--locked=99"]) == supervisor.locked_with(["--locked=x"]) == 0


def test_another_status_is_passed_on(tmp_path: Path):
    assert supervisor.run(tmp_path, FakeStart(4)) == 4
    assert supervisor.run(tmp_path, FakeStart(-9)) == 137


def test_a_console_that_only_locks_is_given_up(tmp_path: Path):
    start = FakeStart(*[75] * 50)
    assert supervisor.run(tmp_path, start) == 1
    assert len(start.after) == supervisor.MOST_QUICK_LOCKS


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("supervised") / "vault"
    made, _ = create(
        folder, school=SchoolSet(name="Oakfield Academy"), user="Sam Okafor", passphrase=PASSPHRASE, kdf=FLOOR
    )
    made.close()
    return folder


class Terminal:
    """A real terminal with the program on it."""

    def __init__(self, folder: Path, home: Path) -> None:
        reason = "Windows has no pseudo-terminal of this sort"
        fcntl, pty, termios = (pytest.importorskip(name, reason=reason) for name in ("fcntl", "pty", "termios"))
        self.termios = termios
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.seen = ""
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "XDG_DATA_HOME": str(home),
            "TEXTUAL_LOG": str(home / "log"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dsl_console", "--vault", str(folder)],
            cwd=ROOT,
            env=environment,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
        )

    def wait_for(self, words: str, seconds: float = 20) -> None:
        """Read until the words came, and forget what came before them."""
        deadline = time.monotonic() + seconds
        while words not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"never saw {words!r} in {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], left)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        self.seen = self.seen.partition(words)[2]

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def console(self) -> int:
        """Return the id of the console's process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not children.exists():
            pytest.skip("this system does not tell a process's children")
        return int(children.read_text().split()[0])

    def end(self) -> int:
        """Read until the program has ended; return its status."""
        deadline = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program did not end"
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        return self.process.returncode

    def is_restored(self) -> bool:
        return self.termios.tcgetattr(self.slave) == self.before and self.seen.rstrip().find("\x1b[?25h") >= 0

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def terminal(vault: Path, tmp_path: Path):
    opened = Terminal(vault, tmp_path)
    yield opened
    opened.close()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_lock_ends_the_process_and_a_fresh_one_asks_again(terminal: Terminal, tmp_path: Path):
    terminal.wait_for("Sam Okafor")
    first = terminal.console()
    terminal.type(PASSPHRASE + "\r")
    terminal.wait_for("No children are known yet.")
    terminal.type("\x0c")
    terminal.wait_for("Locked. Nothing was lost.")
    assert not alive(first), "the process that held plaintext lives on"
    assert terminal.console() != first
    terminal.wait_for("Sam Okafor")
    terminal.type("\x11")
    assert terminal.end() == 0
    assert terminal.is_restored()
    assert PASSPHRASE not in terminal.seen
    assert not (tmp_path / "log").exists(), "Textual's own log was written"


def test_a_killed_console_leaves_a_usable_terminal(terminal: Terminal):
    terminal.wait_for("Sam Okafor")
    os.kill(terminal.console(), signal.SIGKILL)
    assert terminal.end() == 137
    assert terminal.is_restored()
    assert "What was recorded is kept" in terminal.seen
    assert "\x1b[?1047l" in terminal.seen
    assert "\x1b[?1003l" in terminal.seen


def test_the_end_of_the_session_reaches_the_console(terminal: Terminal):
    terminal.wait_for("Sam Okafor")
    console = terminal.console()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 0
    assert not alive(console)
    assert terminal.is_restored()


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "dsl_console", "--vault", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert list(tmp_path.iterdir()) == []
