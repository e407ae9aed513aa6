"""One run of the program: which vault, who asks, and how what was left out is asked for."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console import folders
from dsl_console.cli.output import out, print_json, print_json_error, say
from practice.errors import ConsoleError, NotFound, Refused
from practice.text import unreadable

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow

PASSPHRASE_LIMIT = 4096
ON_VISIT = frozenset(
    {"log", "amend", "decide", "complete", "unfinished", "promote", "entry", "body", "sheet", "children", "chronology"}
    | {"search", "today", "actions", "verify", "visit", "wording", "meeting"}
)
"""The commands that work on a visit set; the rest, such as copies, shares and keys, waits for the school."""
INPUT_LIMIT = 1024 * 1024
CAUTION = (
    "Caution: text typed as an argument stays in the shell's history. Leave it out to be asked for it, or give - to "
    "read it from standard input."
)


@dataclass
class Session:
    """What was asked before the command, and what the command needs to know of its surroundings."""

    vault: str | None = None
    passphrase_file: str | None = None
    user: str = ""
    json: bool = False
    dash: bool = False
    """Whether `-` stands among the arguments, so that standard input is a text and no answers."""
    input_taken: bool = False
    cautioned: bool = False
    needs: tuple[str, ...] = ()
    """The modules that the command works with once the vault is open."""
    known_passphrase: str | None = field(default=None, repr=False)
    """The passphrase, where a command needed it before the vault was opened."""

    # -- opening -----------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The vault's folder."""
        return folders.vault_folder(self.vault)

    @contextlib.contextmanager
    def opened(self, *, writes: bool = False, tell_alarm: bool = True) -> Iterator[Vault]:
        """Open the vault; an alarm is said and reading goes on, and raised before anything is asked for writing.

        The database's libraries load in a thread while the passphrase is asked for and its key is derived.
        """
        from storage.unlocking import named, unlock
        from storage.visits.terms import check_open

        check_open(self.folder, datetime.now(UTC))
        named(self.folder, self.user)
        loading = threading.Thread(target=_load, args=("storage.vault", *self.needs), daemon=True)
        gc.disable()  # what an import makes stays, so looking through it for garbage is a tenth of its time wasted
        loading.start()
        try:
            unlocked = unlock(self.folder, self.known_passphrase or self.passphrase(), self.user)
            loading.join()
            from storage.vault import open_vault
        finally:
            gc.enable()

        with open_vault(self.folder, unlocked=unlocked) as vault:
            self.note(vault.caution)
            if vault.visit is not None:
                self._check_on_visit()
            if vault.alarm is not None:
                if writes:
                    raise vault.alarm
                if tell_alarm:
                    self.tell_error(vault.alarm)
            yield vault

    def _check_on_visit(self) -> None:
        """Raise Refused for a command that has no place on a visit set, before it writes a file or asks anything."""
        from practice.visits import NOT_HERE

        path = click.get_current_context().command_path.split()[1:]
        if path and path[0] not in ON_VISIT:
            raise Refused(NOT_HERE, title="Not on a visit", hint="Do it at school, once the set has come back.")

    def passphrase(self, label: str = "Passphrase") -> str:
        """Return the passphrase from its file, or ask for it without showing it."""
        return read_passphrase(self.passphrase_file) if self.passphrase_file else self.hidden(label)

    def hidden(self, label: str, option: str = "--passphrase-file") -> str:
        """Ask for a secret without showing it; `option` names the file that could have held it."""
        piped = not sys.stdin.isatty() and not _has_terminal()
        if piped and (self.json or self.dash):
            raise click.UsageError(f"{label}: this cannot be asked for here. Name its file with {option}.")
        try:
            return _piped() if piped else str(click.prompt(label, hide_input=True, err=True))
        except click.Abort:
            raise click.UsageError(f"{label}: none was given. Name its file with {option}.") from None

    # -- asking ------------------------------------------------------------------------------------------------------

    @property
    def at_terminal(self) -> bool:
        """Whether a person sits before standard input, to be asked also for what is not needed."""
        return sys.stdin.isatty() and not self.json

    def _may_ask(self, name: str) -> None:
        if not sys.stdin.isatty() and (self.json or self.dash):
            raise click.UsageError(f"Missing {name}.")

    def need(self, value: str | None, name: str, label: str) -> str:
        """Return a value of one line, asked for where it was left out, read from standard input where it is `-`."""
        if value == "-":
            return self.standard_input().strip()
        if value is not None and value.strip():
            return value
        return str(self._prompt(name, label))

    def need_code(self, value: str | None, name: str, label: str, kind: click.ParamType[str]) -> str:
        """Return a code, asked for until it is one."""
        return value if value else str(self._prompt(name, label, kind))

    def need_day(self, value: date | None, name: str, label: str) -> date:
        """Return a day, asked for until it is one."""
        if value is not None:
            return value
        from dsl_console.cli.options import Day

        answer = self._prompt(name, label, Day())
        assert isinstance(answer, date)
        return answer

    def _prompt(self, name: str, label: str, kind: click.ParamType[Any] | None = None) -> object:
        self._may_ask(name)
        try:
            return click.prompt(label, type=kind, err=True)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise click.UsageError(f"Missing {name}.") from None
        except UnicodeDecodeError:
            raise _not_utf8() from None

    def offer(self, value: str | None, label: str, kind: click.ParamType[str] | None = None) -> str:
        """Return a value that may stay blank: asked for only at a terminal, where Enter leaves it out."""
        if value is not None or not self.at_terminal:
            return value or ""

        def checked(answer: str) -> str:
            return kind.convert(answer, None, None) if kind and answer.strip() else answer.strip()

        return str(click.prompt(label, default="", show_default=False, value_proc=checked, err=True))

    def need_text(self, value: str | None, name: str, label: str) -> str:
        """Return a note; where it was left out it is asked for, line by line, to an empty line or ctrl+d."""
        if value is not None:
            return value
        self._may_ask(name)
        text = self._lines(f"{label} (end with an empty line or ctrl+d)")
        if not text.strip():
            raise click.UsageError(f"Missing {name}.")
        return text

    def offer_text(self, value: str | None, label: str) -> str:
        """Return a note that may stay blank, asked for only at a terminal."""
        if value is not None or not self.at_terminal:
            return value or ""
        return self._lines(f"{label} (an empty line leaves it out or ends it)")

    def _lines(self, label: str) -> str:
        say(f"{label}:")
        lines: list[str] = []
        size = 0
        while (line := _line()) is not None and line:
            size += len(line) + 1
            if size > INPUT_LIMIT:
                raise Refused("The text is longer than a note can be. Nothing was recorded.")
            lines.append(line)
        return "\n".join(lines)

    def sure(self, question: str) -> bool:
        """Ask yes or no at a terminal; elsewhere it is no."""
        return self.at_terminal and click.confirm(question, err=True)

    def standard_input(self) -> str:
        """Return the text on standard input, UTF-8, without the line end that a shell adds; raises Refused."""
        if self.input_taken:
            raise click.UsageError("Only one - can be read from standard input.")
        self.input_taken = True
        stored = sys.stdin.buffer.read(INPUT_LIMIT + 1)
        if len(stored) > INPUT_LIMIT:
            raise Refused("The text on standard input is longer than a note can be. Nothing was recorded.")
        try:
            text = stored.decode("utf-16" if stored[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except UnicodeDecodeError:
            raise _not_utf8() from None
        return text.removesuffix("\n").removesuffix("\r")

    def caution(self) -> None:
        """Say once that what was typed stays in the shell's history; with `--json` an error stands alone, so later."""
        if not self.cautioned and not self.json:
            say(CAUTION)
        self.cautioned = True

    # -- children ----------------------------------------------------------------------------------------------------

    def child(self, vault: Vault, wanted: str | None, name: str = "CHILD") -> ChildRow:
        """Return the one child whom an id, a UPN or a name fits; a name typed at a terminal may be tried again."""
        from storage.views import children

        if wanted is not None and wanted.strip():
            return children.resolve(vault, self.need(wanted, name, "Child"))
        while True:
            try:
                return children.resolve(vault, self.need(None, name, "Child"))
            except NotFound as error:
                if not self.at_terminal:
                    raise
                self.tell_error(error)

    def opening(self, vault: Vault, child_id: str) -> None:
        """Record that this child's record is opened; where it cannot be, say so and let reading go on."""
        from storage.desk.access import opened

        self.note(opened(vault, child_id))

    def heeding(self, vault: Vault, child_ids: list[str], heeded: str) -> str:
        """Read out who must not be told before a copy goes out, and ask; return the code of what was read (R-08).

        Where nobody can be asked, what was given is returned, and the copy itself is refused without the right code.
        """
        from practice.front_sheet import heed_code
        from storage.views.front_sheet import read_out

        said = [line for child_id in dict.fromkeys(child_ids) for line in read_out(vault, child_id)]
        if not said or heeded or not self.at_terminal:
            return heeded
        say("Read this first, from the front sheet:")
        for line in said:
            say(f"  {line}")
        return heed_code(said) if self.sure("Does the copy reach none of them?") else ""

    # -- answering ---------------------------------------------------------------------------------------------------

    def done(self, ident: str, state: str, sentence: str = "", **more: object) -> None:
        """Answer a writing command: `{id, state}` for a program; the id for a script and the sentence for a person."""
        if self.json:
            print_json({"id": ident, "state": state, **more})
            return
        if sentence:
            say(sentence)
        if ident:
            print_id(ident)

    def note(self, text: str) -> None:
        """Say something beside the answer, to a person only."""
        if text and not self.json:
            say(text)

    def tell_error(self, error: ConsoleError) -> None:
        """Print an error, in the shape that was asked for."""
        if self.json:
            print_json_error(error.message, error.hint, error.status)
        else:
            say(error.message)
            if error.hint:
                say(error.hint)


def _load(*names: str) -> None:
    for name in names:
        importlib.import_module(name)


def print_id(ident: str) -> None:
    """Print an id alone on its line, so that a script can take it."""
    out(ident)


def read_passphrase(path: str) -> str:
    """Return the passphrase in a file, without its line end; raises UsageError where it cannot be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            stored = file.read(PASSPHRASE_LIMIT + 1)
        text = stored.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The passphrase file cannot be read: {unreadable(error)}.") from None
    if len(stored) > PASSPHRASE_LIMIT:
        raise click.UsageError("The passphrase file is too long to hold a passphrase.")
    return text.removesuffix("\n").removesuffix("\r")


def _piped() -> str:
    """Return a secret from standard input where there is no terminal that could echo it; Abort where none comes."""
    given = sys.stdin.readline(PASSPHRASE_LIMIT).rstrip("\r\n")
    if not given:
        raise click.Abort
    return given


def _has_terminal() -> bool:
    """Say whether a person can be asked although standard input is a text."""
    if os.name == "nt":
        return sys.stderr.isatty()
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _line() -> str | None:
    """Return one line of a note, or None at its end. At a terminal it may be longer than the terminal's own limit."""
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401 - lets `input` edit, and take lines over 4096 characters
            return input()
        line = sys.stdin.readline()
    except EOFError:
        return None
    except UnicodeDecodeError:
        raise _not_utf8() from None
    return line.rstrip("\r\n") if line else None


def _not_utf8() -> Refused:
    return Refused(
        "The text on standard input is not UTF-8, so it would not be kept as it was written. Nothing was recorded.",
        hint="Save it as UTF-8 and try again.",
    )
