"""A process that ends at a chosen boundary of what it does: before or after a commit, or a file that takes its name."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage import compartment

Around = Callable[[Callable[..., Any]], Callable[..., Any]]


def run_to(at: int, place: Path, operation: Callable[[], None], more: Callable[[Around], None]) -> int:
    """Do an operation in a process that ends at its boundary number `at`; return its exit status.

    At 0 it comes to its end, and how many boundaries there were lies in `place / "boundaries"`. `more` lays boundaries
    around what else is durable there.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 3
    try:
        count = 0

        def boundary(*_: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                os._exit(9)

        def around(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def both(*arguments: Any, **named: Any) -> Any:
                boundary()
                result = function(*arguments, **named)
                boundary()
                return result

            return both

        event.listen(Engine, "commit", boundary)
        compartment.OpenCompartment.after_commit = around(compartment.OpenCompartment.after_commit)
        compartment.OpenCompartment._move_anchor = around(compartment.OpenCompartment._move_anchor)
        os.replace, os.unlink = around(os.replace), around(os.unlink)
        more(around)
        operation()
        (place / "boundaries").write_text(str(count))
        status = 0
    finally:
        os._exit(status)
