"""What a crash may show: the exception's class, file and line; never a value (design: §7)."""

from __future__ import annotations

import sys
import threading
from types import TracebackType


def place(error: BaseException) -> str:
    """Return the class of an exception, with the file and line of each frame of ours and of where it was raised."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        parts = trace.tb_frame.f_code.co_filename.replace("\\", "/").split("/")
        lines.append(f"  {'/'.join(parts[-2:])}, line {trace.tb_lineno}, in {trace.tb_frame.f_code.co_name}")
        trace = trace.tb_next
    return "\n".join([type(error).__name__, *lines[-12:]])


def sentence(error: BaseException) -> str:
    """Return what is printed when the program cannot go on."""
    return (
        "dsl-console stopped because of a fault in the program. What was recorded is kept, and a draft is sealed at "
        f"every pause.\nStart it again; if it happens again, report these lines (they hold no names):\n{place(error)}"
    )


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\n")
        return
    sys.stderr.write(sentence(error.with_traceback(trace)) + "\n")


def _thread_hook(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        sys.stderr.write(f"{place(args.exc_value)}\n")


def install() -> None:
    """Let no unhandled exception print a value."""
    sys.excepthook = _hook
    threading.excepthook = _thread_hook
