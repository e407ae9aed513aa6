"""The console on a visit set: which screens fit, how long it is still open, and locking at its end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.errors import ConsoleError
from practice.visits import NOT_HERE, left_words

if TYPE_CHECKING:
    from screens.actions.action import Action
    from screens.console import Console
    from storage.vault import Vault

SCREENS = frozenset(
    {"unlock", "today", "hide", "help", "find", "log", "children", "child", "body_map", "timeline", "front_sheet"}
    | {"entry", "compare", "unfinished", "what_now", "decide", "amend", "actions", "meetings", "keys", "report"}
    | {"visit_here"}
)
"""The screens that open on a visit; the rest waits for the school."""
WAITS = frozenset(
    {"children.new", "children.glass", "timeline.family", "what_now.share", "unlock.recover"}
    | {"front_sheet.add", "front_sheet.change", "front_sheet.end"}
    | {f"child.{verb}" for verb in ("links", "names", "move", "share", "review", "copy", "transfers", "restore")}
    | {f"entry.{verb}" for verb in ("move", "share", "apart", "remove", "agree", "keep")}
)
"""Actions of those screens that wait for the school."""
WARNS = (timedelta(minutes=15), timedelta(minutes=5))
"""How long before its end a person is told."""
KEEP_SECONDS = 60.0
"""How often the time that the set has seen is kept."""


def place(vault: Vault | None, screen: str) -> str:
    """Return the screen that opens in the place of another one; blank for one that waits for the school."""
    if vault is None or vault.visit is None or screen in SCREENS:
        return screen
    return "visit_here" if screen == "visits" else ""


def why_not(vault: Vault | None, action: Action) -> str:
    """Return why an action waits for the school, blank where it can be done."""
    if vault is None or vault.visit is None:
        return ""
    if action.id in WAITS or (action.opens and not place(vault, action.opens)):
        return NOT_HERE
    return ""


class Visiting:
    """Watches the end of the visit that is open, if one is."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.words = ""
        self._warned: set[timedelta] = set()
        self._kept = 0.0

    def tick(self, vault: Vault, running: float) -> bool:
        """Look at the time: say when it draws to its end, keep what was seen; return whether the words changed."""
        visit = vault.visit
        if visit is None:
            return False
        left = visit.terms.ends - visit.now()
        if visit.over:
            self.console.do("lock")
            return False
        for before in WARNS:
            if left <= before and before not in self._warned:
                self._warned |= {each for each in WARNS if each >= before}
                words = f"This visit ends in {left_words(visit.terms.ends, visit.now())}. What you record is safe."
                self.console.say(words, "Visit", "warning")
        if running - self._kept >= KEEP_SECONDS:
            self._kept = running
            threading.Thread(target=_keep, args=(vault,), name="visit time", daemon=True).start()
        words = f"VISIT · {left_words(visit.terms.ends, visit.now())} left"
        changed, self.words = words != self.words, words
        return changed


def _keep(vault: Vault) -> None:
    try:
        vault.keep_time()
    except ConsoleError:  # a disk that is busy is asked again in a minute; the end is checked without it
        return
