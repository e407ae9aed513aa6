"""The commands' root: finds a command when it is called, and turns every end into an exit status (design: §6, §7)."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import Any

import click

from dsl_console import crash
from dsl_console.cli.options import Group
from dsl_console.cli.output import print_json_error, say, use_utf8
from dsl_console.cli.session import CAUTION, Session
from practice.errors import ConsoleError

PROGRAM = "dsl-console"
COMMANDS = {
    "demo": "dsl_console.demo.command:demo",
    "init": "dsl_console.cli.init:init",
    "people": "dsl_console.cli.people:people",
    "recover": "dsl_console.cli.people:recover",
    "rekey": "dsl_console.cli.people:rekey",
    "adults": "dsl_console.cli.adults:adults",
    "audit": "dsl_console.cli.audit:audit",
    "children": "dsl_console.cli.children:children",
    "sheet": "dsl_console.cli.sheet:sheet",
    "body": "dsl_console.cli.body:body",
    "log": "dsl_console.cli.log:log",
    "unfinished": "dsl_console.cli.unfinished:unfinished",
    "complete": "dsl_console.cli.unfinished:complete",
    "decide": "dsl_console.cli.entries:decide",
    "amend": "dsl_console.cli.entries:amend",
    "entry": "dsl_console.cli.entries:entry",
    "promote": "dsl_console.cli.entries:promote",
    "chronology": "dsl_console.cli.merging:chronology",
    "export": "dsl_console.cli.export:export",
    "glossary": "dsl_console.cli.glossary:glossary",
    "quality": "dsl_console.cli.quality:quality",
    "search": "dsl_console.cli.reading:search",
    "wording": "dsl_console.cli.wording:wording",
    "today": "dsl_console.cli.today:today",
    "review": "dsl_console.cli.review:review",
    "holiday": "dsl_console.cli.papers:holiday",
    "supervision": "dsl_console.cli.papers:supervision",
    "governors": "dsl_console.cli.papers:governors",
    "inspection": "dsl_console.cli.papers:inspection",
    "calendar": "dsl_console.cli.calendar:calendar",
    "actions": "dsl_console.cli.actions:actions",
    "meeting": "dsl_console.cli.meetings:meeting",
    "transfer": "dsl_console.cli.transfers:transfer",
    "flags": "dsl_console.cli.flags:flags",
    "partner": "dsl_console.cli.partners:partner",
    "contract": "dsl_console.cli.partners:contract",
    "bundle": "dsl_console.cli.ways:bundle",
    "case": "dsl_console.cli.cases:case",
    "share": "dsl_console.cli.share:share",
    "sync": "dsl_console.cli.exchange:sync",
    "inbox": "dsl_console.cli.exchange:inbox",
    "report": "dsl_console.cli.report:report",
    "conflict": "dsl_console.cli.conflict:conflict",
    "machine": "dsl_console.cli.machine:machine",
    "visit": "dsl_console.cli.visit:visit",
    "settings": "dsl_console.cli.settings:settings",
    "backup": "dsl_console.cli.backups:backup",
    "restore": "dsl_console.cli.backups:restore",
    "verify": "dsl_console.cli.verify:verify",
    "hub": "dsl_console.cli.hub:hub",
}
"""Each command's module and object; imported when it is called, so that one command does not wait for the others."""
_ENTRIES = ("storage.desk.concerns",)
NEEDS = {
    "log": ("storage.desk.concerns", "storage.desk.finishing", "storage.views.organisation"),
    "decide": _ENTRIES,
    "amend": _ENTRIES,
    "entry": _ENTRIES,
    "promote": _ENTRIES,
    "chronology": ("storage.views.record",),
    "search": ("storage.views.record",),
    "today": ("storage.views.today",),
    "review": ("storage.desk.reviews",),
    "actions": ("storage.desk.actions",),
    "flags": ("storage.flags",),
    "children": ("storage.views.children",),
    "sync": ("sync.run",),
}
"""What a command works with once the vault is open: imported while the passphrase is typed and its key is derived."""


class Root(Group):
    """All commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands that this program holds; one that is not built yet is absent."""
        return [name for name, place in COMMANDS.items() if importlib.util.find_spec(place.partition(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for a word that is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> Any:
        """Run one command and end the process with its exit status, whatever else click's own `main` would take."""
        use_utf8()
        arguments = list(sys.argv[1:] if args is None else args)
        sys.exit(self._status(arguments))

    def _status(self, arguments: list[str]) -> int:
        as_json = "--json" in arguments
        session = Session(json=as_json, dash="-" in arguments)
        try:
            answer = super().main(arguments, PROGRAM, standalone_mode=False, obj=session)
        except ConsoleError as error:
            _tell(error.message, error.hint, error.status, as_json)
            return error.status
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return error.exit_code
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else PROGRAM
            hint = f"{path} --help shows how it is written."
            if path == PROGRAM and error.message == "Missing command.":
                hint = "To open the console, name nothing but --vault DIR: who you are is chosen on its lock screen."
            _tell(error.format_message(), hint, error.exit_code, as_json)
            return error.exit_code
        except (click.Abort, KeyboardInterrupt, EOFError):
            say("")
            _tell("Stopped: nothing more was done.", "What was recorded before is kept.", 1, as_json)
            return 1
        except Exception as error:  # noqa: BLE001 - a crash shows its class and place, never a value
            _tell(crash.sentence(error), "", 1, as_json)
            return 1
        if as_json and session.cautioned:
            say(CAUTION)
        return answer if isinstance(answer, int) else 0


def _tell(message: str, hint: str, status: int, as_json: bool) -> None:
    if as_json:
        print_json_error(message, hint, status)
        return
    say(message)
    if hint:
        say(hint)


@click.group(cls=Root, no_args_is_help=True)
@click.option("--vault", metavar="DIR", envvar="DSL_CONSOLE_VAULT", show_envvar=True, help="The vault's folder.")
@click.option(
    "--passphrase-file",
    metavar="FILE",
    envvar="DSL_CONSOLE_PASSPHRASE_FILE",
    show_envvar=True,
    help="A file whose text is the passphrase; without it you are asked.",
)
@click.option(
    "--as",
    "user",
    metavar="NAME",
    envvar="DSL_CONSOLE_USER",
    show_envvar=True,
    help="Who you are, where several people use the vault.",
)
@click.pass_obj
def root(session: Session, vault: str | None, passphrase_file: str | None, user: str | None) -> None:
    """Log, review and share early concerns about children, on an encrypted local store.

    Without a command the console opens. Whatever a command leaves out is asked for.
    """
    session.vault, session.passphrase_file, session.user = vault, passphrase_file, user or ""
    session.needs = NEEDS.get(click.get_current_context().invoked_subcommand or "", ())
