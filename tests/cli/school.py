"""The program run in this process on a vault of invented children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dsl_console.cli.main import root

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "seven made up pebbles"
HOSTILE = "She said [he hit me] [Yr 9] [red]x[/red]"


@dataclass
class Answer:
    """What one command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """Standard error as a program reads it."""
        return json.loads(self.err)


@dataclass
class School:
    """A copied vault with four children, and the program run on it."""

    folder: Path
    passphrase_file: Path
    children: dict[str, str]

    def before(self) -> list[str]:
        return ["--vault", str(self.folder), "--passphrase-file", str(self.passphrase_file)]

    def run(self, *arguments: str, typed: str | bytes = "", status: int = 0) -> Answer:
        """Run a command in this process and hold it to its exit status."""
        done = CliRunner().invoke(root, [*self.before(), *arguments], input=typed or None)
        answer = Answer(done.exit_code, done.stdout, done.stderr)
        assert answer.status == status, answer
        return answer

    def log(self, text: str = HOSTILE, *more: str, child: str = "Ada Lowe") -> str:
        """Record a concern and return its id."""
        arguments = ["log", self.children[child], "--text", "-", *more, "--json"]
        return self.run(*arguments, typed=text).json["id"]


@contextmanager
def serving(database: Path, port: str = "0") -> Iterator[str]:
    """Serve a hub as a process and give its address."""
    command = [sys.executable, "-m", "dsl_console", "hub", "serve", "--database", str(database), "--port", port]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0
