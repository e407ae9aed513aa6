"""The demo's hub: the real program, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from practice.errors import ConsoleError

_START_SECONDS = 60


class HubProcess:
    """A hub on this machine's loopback; it can be stopped and started again with everything it had accepted."""

    def __init__(self, database: Path | str, workers: int = 1) -> None:
        self._database, self._workers = database, workers
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> str:
        """Start the hub, on the same port as before, and return its address once it answers."""
        command = [sys.executable, "-m", "dsl_console", "hub", "serve"]
        command += ["--database", str(self._database), "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--workers", str(self._workers)]
        self._process = subprocess.Popen(  # noqa: S603  (our own program)
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            env=child_environment(),
        )
        watchdog = threading.Timer(_START_SECONDS, self._process.kill)
        watchdog.start()
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise ConsoleError("The demo's hub did not start.", hint="Another program may hold its port; try again.")
        self.url = str(json.loads(line)["url"])
        self._port = int(self.url.rsplit(":", 1)[1])
        return self.url

    @property
    def pid(self) -> int:
        """The process that serves; 0 where none does."""
        return self._process.pid if self._process is not None else 0

    def stop(self) -> None:
        """Stop the hub."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None


def child_environment() -> dict[str, str]:
    """Return this process's environment, in which the child finds the same packages."""
    paths = [path for path in sys.path if path]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
