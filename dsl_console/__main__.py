"""The program's way in: hardens the process, then opens the console or runs one command."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys

CONSOLE_PROCESS = "--console-process"


def harden() -> None:
    """Close the ways by which plaintext leaves a process unasked.

    Textual's own variables would write keystrokes to a log or a developer's tool; a core dump and faulthandler would
    write memory to disk. Runs before anything imports Textual.
    """
    for name in list(os.environ):
        if name.upper().startswith("TEXTUAL") or name in {"PYTHONFAULTHANDLER", "SSLKEYLOGFILE"}:
            del os.environ[name]
    if hasattr(os, "umask"):
        os.umask(0o077)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if faulthandler.is_enabled():
        faulthandler.disable()
    from dsl_console import crash

    crash.install()


def vault_option(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Take a leading `--vault DIR` off the arguments: the folder, if named, and what is left."""
    if arguments and arguments[0] == "--vault" and len(arguments) > 1:
        return arguments[1], arguments[2:]
    if arguments and arguments[0].startswith("--vault="):
        return arguments[0].partition("=")[2], arguments[1:]
    return None, arguments


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    harden()
    given = sys.argv[1:] if arguments is None else arguments
    named, rest = vault_option(given)
    if rest[:1] == [CONSOLE_PROCESS]:
        from dsl_console import folders
        from dsl_console.app import run_console

        return run_console(folders.vault_folder(named), rest[1:])
    if not rest or rest == ["console"]:
        from dsl_console import folders, supervisor

        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            sys.stderr.write(
                "The console needs a terminal. Nothing was opened. Every function has a command too: "
                "dsl-console --help\n"
            )
            return 2
        return supervisor.run(folders.vault_folder(named))
    from dsl_console.cli.main import root

    try:
        status = root.main(args=given, prog_name="dsl-console", standalone_mode=True)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    raise SystemExit(main())
