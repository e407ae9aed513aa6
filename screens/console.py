"""What every screen may ask of the app that holds it: the type that `ConsoleScreen.console` returns.

The app itself is put together in `dsl_console.app`; screens, a floor below, know it by this class.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.app import App

from practice.errors import ConsoleError

if TYPE_CHECKING:
    from practice.acts import SchoolSet
    from storage.register import Register
    from storage.vault import Vault


class Console(App[int], inherit_bindings=False):
    """The app as screens know it."""

    vault: Vault | None = None
    """The open vault; none before unlock."""
    register: Register | None = None
    """The open adults' register; none before its own unlock, and none once its list was left."""
    register_way = ""
    """How the person comes into the register: `open`, `make`, `recover`; blank for who holds no key."""
    school: SchoolSet | None = None
    """The school and its telephone numbers, as last read from the open vault."""
    outside: Mapping[str, str] = MappingProxyType({})
    """What the locked vault says to anybody of its school: the telephone numbers, once they were read."""
    clock: Callable[[], datetime]
    """The time, aware UTC."""
    initials = False
    """Whether lists show initials instead of names."""
    hidden = False
    """Whether the screen is hidden behind the passphrase."""
    changes = 0
    """How often the record has changed since unlock; screens compare it to know whether they are stale."""

    backup_folder = ""
    """Where the daily backup goes; blank where nobody has chosen."""
    backup_keep = 14
    """How many of the daily backups stay."""

    @abstractmethod
    def setting(self, key: str) -> object:
        """Return what is set now: a setting of `screens.settings_schema` that is kept on this machine."""

    @abstractmethod
    def set_setting(self, key: str, value: object) -> None:
        """Keep a setting of this machine, and let it hold from now on.

        Raises Refused where it is no value of the setting, and where the settings cannot be written: it then holds
        until the end.
        """

    def now(self) -> datetime:
        """Return the time as an aware local one."""
        return self.clock().astimezone()

    @abstractmethod
    def open(self, screen: str, **params: Any) -> None:
        """Show a screen by its name ("log", "child", …); `params` go to its constructor."""

    @abstractmethod
    def back(self) -> None:
        """Leave the screen on top for the one under it."""

    @abstractmethod
    def do(self, action_id: str) -> None:
        """Do an action of the table; where it cannot be done now, say why."""

    @abstractmethod
    def why_not(self, action_id: str) -> str:
        """Return why an action of the table cannot be done now, or an empty text where it can."""

    @abstractmethod
    def entered(self, vault: Vault, then: Callable[[], None] | None = None) -> None:
        """Take the vault that was opened or made, show Today and where they were; then do what is asked."""

    @property
    @abstractmethod
    def report_folders(self) -> tuple[Path, ...]:
        """The shared folders from which sealed reports are collected."""

    @abstractmethod
    def close_register(self) -> None:
        """Close the adults' register, where it is open; it is asked for its passphrase again after that."""

    @abstractmethod
    def reveal(self) -> None:
        """Show again what was hidden."""

    @abstractmethod
    def when_shown(self, call: Callable[[], None]) -> None:
        """Do something once the screen is hidden no longer: what it opens or closes would show the record."""

    @abstractmethod
    def heard(self) -> None:
        """Note that the person is there: the idle clock begins again."""

    @abstractmethod
    def screen_stands(self) -> None:
        """Hand on the keys that were typed before the screen on top stood."""

    @abstractmethod
    def drop_typed(self) -> bool:
        """Forget the keys that wait, where what they were meant for does not come; say whether there were any."""

    @abstractmethod
    def say(self, message: str, title: str = "", severity: str = "information") -> None:
        """Show a passing notice; the text is shown as it is, never read as markup."""

    @abstractmethod
    def report(self, error: ConsoleError) -> None:
        """Show an error as its title, its sentence and what to do next."""

    @property
    def sync_words(self) -> str:
        """The sync state in words, such as "3 to approve · 5 queued"."""
        return ""

    @property
    def visit_words(self) -> str:
        """ "VISIT · 3 h 05 min left" on a visit set, otherwise nothing."""
        return ""

    @property
    def lock_words(self) -> str:
        """ "Locks in 0:42" below sixty seconds, otherwise nothing."""
        return ""
