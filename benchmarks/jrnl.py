"""The reference for a line added from the shell: jrnl with an encrypted journal, in an environment of its own.

jrnl asks for its password with getpass. In a session without a controlling terminal getpass reads standard input, so
the password is handed over as a person's is, through a pipe, and no keyring takes part.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks import frame
from benchmarks.notes import Note

VERSION = "4.6"
PASSWORD = "seven made up pebbles"
CONFIG = """\
version: '{version}'
journals:
  default:
    journal: {journal}
colors: {{body: none, date: none, tags: none, title: none}}
default_hour: 9
default_minute: 0
editor: ''
encrypt: false
highlight: false
indent_character: '|'
linewrap: 79
tagsymbols: '#@'
template: false
timeformat: '%Y-%m-%d %H:%M'
"""


def program() -> Path:
    """jrnl, installed once into the user's cache folder; it is no dependency of the project."""
    home = user_cache_path("dsl-console-bench") / f"jrnl-{VERSION}"
    found = home / "bin" / "jrnl"
    if not found.exists():
        print(f"installing jrnl {VERSION} into {home}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"jrnl=={VERSION}"], check=True)
    return found


@dataclass(frozen=True)
class Journal:
    """An encrypted journal in a folder of its own."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "journal.txt"

    def run(self, arguments: Sequence[str], answers: Sequence[str]) -> tuple[float, str]:
        """Run jrnl with these answers to its questions; seconds and what it printed. RuntimeError when it fails."""
        home = str(self.folder)
        env = {
            **os.environ,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "XDG_CACHE_HOME": home,
        }
        command = [str(program()), "--config-file", str(self.folder / "jrnl.yaml"), *arguments]
        start = frame.outer_clock()
        done = subprocess.run(
            command,
            input="".join(f"{answer}\n" for answer in answers),
            env=env,
            start_new_session=True,
            capture_output=True,
            text=True,
            check=False,
        )
        taken = frame.outer_clock() - start
        if done.returncode != 0:
            raise RuntimeError(f"jrnl ended with {done.returncode}: {done.stderr[-500:]}")
        return taken, done.stdout

    def add(self, text: str) -> float:
        """Seconds to add one entry, from exec to exit."""
        return self.run([f"today at 09:00: {text}"], [PASSWORD])[0]

    def count(self) -> int:
        """How many entries the journal holds, as jrnl itself counts them."""
        return self.run(["--short"], [PASSWORD])[1].strip().count("\n") + 1


def encrypted_journal(folder: Path, notes: Sequence[Note]) -> Journal:
    """A journal of these notes, encrypted by jrnl itself."""
    journal = Journal(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jrnl.yaml").write_text(CONFIG.format(version=VERSION, journal=journal.file), encoding="utf-8")
    entries = [f"[{note.at:%Y-%m-%d %H:%M}] {note.text}\n" for note in notes]
    journal.file.write_text("\n".join(entries), encoding="utf-8")
    journal.run(["--encrypt"], [PASSWORD, PASSWORD, "n"])
    if b"JRNL" not in journal.file.read_bytes()[:6]:
        raise RuntimeError("jrnl left its journal unencrypted")
    return journal
