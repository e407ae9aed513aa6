"""What the console says: notices that are never markup, and faults that never show a value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

from dsl_console import crash
from practice.errors import ConsoleError
from screens.console import Console


class Telling(Console):
    """The app as far as it speaks."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._held_notices: list[Callable[[], None]] = []

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Literal["information", "warning", "error"] = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notice, never as markup; while the screen is hidden it waits until the passphrase was given."""
        del markup
        show = partial(super().notify, message, title=title, severity=severity, timeout=timeout, markup=False)
        if self.hidden:
            self._held_notices.append(show)
        else:
            show()

    def say(self, message: str, title: str = "", severity: str = "information") -> None:
        from practice.text import visible

        known = cast("Literal['information', 'warning', 'error']", severity)
        self.notify(visible(message), title=visible(title), severity=known)

    def report(self, error: ConsoleError) -> None:
        from practice.text import visible

        text = visible(f"{error.message} {error.hint}".strip())
        if any(each.message == text and not each.has_expired for each in self._notifications):
            return  # several watchers meet the same fault, such as a drive that was pulled out
        self.notify(text, title=visible(error.title), severity="error", timeout=60 if error.status == 4 else 12)

    def tried(self, call: Callable[[], None]) -> None:
        """Make a call in a thread whose refusal is told, wherever the person is by then."""
        try:
            call()
        except ConsoleError as error:
            self.call_from_thread(self.report, error)

    def copy_to_clipboard(self, text: str) -> None:
        """Keep copied text inside this process: the terminal's clipboard is another program's."""
        self._clipboard = text

    def _fatal_error(self) -> None:
        """Say class, file and line of a fault; never a value."""
        error = sys.exc_info()[1] or self._exception
        self.panic(crash.sentence(error) if error is not None else "dsl-console stopped because of a fault.")

    def _handle_exception(self, error: Exception) -> None:
        if hasattr(error, "__rich__"):
            # Such an exception draws itself, and may draw values: it is told like any other.
            self._return_code = 1
            if self._exception is None:
                self._exception = error
                self._exception_event.set()
            self._fatal_error()
        else:
            super()._handle_exception(error)

    def show_held(self) -> None:
        """Show the notices that waited while the screen was hidden."""
        held, self._held_notices = self._held_notices, []
        for show in held:
            show()
