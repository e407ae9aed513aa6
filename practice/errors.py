"""The errors a person may meet, each with the exit status of the command line (design: §6, §7)."""

from __future__ import annotations


class ConsoleError(Exception):
    """One plain sentence for the person: what happened, that nothing was lost; the hint says what to do next."""

    status = 1

    def __init__(self, message: str, title: str = "That was not done", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.title = title
        self.hint = hint


class Refused(ConsoleError):
    """The input, or the state of the record, does not allow it."""


class NotFound(ConsoleError):
    """Nothing, or more than one thing, fits what was named."""


class NotAllowed(ConsoleError):
    """This person's role, or the key they hold, does not allow it."""

    status = 3


class WrongPassphrase(NotAllowed):
    """The passphrase or recovery code does not open any slot of this vault."""


class IntegrityAlarm(ConsoleError):
    """Something stored is not what was recorded: changed, rolled back or cut short."""

    status = 4


class HubUnreachable(ConsoleError):
    """The hub could not be reached; what was to be sent stays queued."""

    status = 5
