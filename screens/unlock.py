"""The lock screen: who, passphrase. The store is imported in a thread behind it, so that it paints at once."""

from __future__ import annotations

import importlib
import os
import threading
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option

from practice.errors import ConsoleError, WrongPassphrase
from practice.text import visible
from screens.actions import bindings
from screens.unlocking import UnlockingScreen
from screens.widgets.chrome import role_word
from screens.widgets.fields import Field
from screens.widgets.text import MessageBar, PlainText, StateLine

if TYPE_CHECKING:
    from screens.console import Console
    from screens.people_dialogs import Recovery
    from storage.vault import SlotPerson, Vault


ENTER = "Enter unlocks. Ctrl+R: I have a recovery code."
CHOOSE = "Up and Down choose who you are."
AHEAD = ("storage.views.today", "storage.flags", "storage.looking", "storage.keyring_head", "screens.today")
"""What the first picture of an open record needs."""
LIMIT, FEW = 10, 3
"""How many tries there are at most, and how few are told with a warning."""
DEMO_HINT_VARIABLE = "DSL_CONSOLE_DEMO_HINT"
"""Set by the demo alone: what it says of its made-up school, the passphrase included."""


def people_in(folder: Path, now: datetime) -> tuple[list[SlotPerson], int, dict[str, str]]:
    """Import the store, and read who may open the vault: both before the passphrase is typed.

    Returns them with the place of whoever opened it last on this machine, and with what the vault says to anybody of
    its school. Raises Refused for a visit that has ended, and for a folder whose drive was pulled out.
    """
    from storage.header import FILE_NAME, gone, read_header
    from storage.last_person import last_person
    from storage.vault import people_of
    from storage.visits.terms import check_open

    if not any((folder / name).exists() for name in (FILE_NAME, "visit.json")):
        raise gone()  # without a vault the first run is shown: there was one here before the lock
    check_open(folder, now)
    people, last = people_of(folder), last_person(folder)
    place = next((place for place, each in enumerate(people) if each.id == last), 0)
    return people, place, read_header(folder).public


def _load_ahead() -> None:
    """Import what is shown first once the record is open, while the passphrase is typed."""
    for name in AHEAD:
        importlib.import_module(name)


def tries_in(folder: Path) -> tuple[int, float]:
    """Return how many tries of a passphrase are left, and the seconds until the next where none is. Blocks."""
    from storage.tries import Tries

    return Tries(folder).standing()


def visit_words(folder: Path) -> str:
    """Say until when a visit set opens; blank for any other vault. Blocks."""
    from storage.header import read_header
    from storage.visits.terms import terms_of

    terms = terms_of(read_header(folder))
    return f"A visit set, locked. It opens until {terms.ends.astimezone():%a %d %b %H:%M}." if terms else ""


def tries_words(left: int, again: datetime) -> str:
    """Say how many tries are left, or from when the next one counts."""
    if not left:
        return f"No try is left. The next one is possible at {again:%H:%M:%S}; nothing was lost."
    return f"{left} {'tries are' if left != 1 else 'try is'} left before a wait of five minutes."


def where_continued(name: str) -> str:
    """Say where a draft is continued, by the name under which it was kept."""
    if name == "log":
        return "F2 continues it."
    return "F4 continues it." if name.startswith("review-") else "It is put back where you were writing it."


def say_kept(console: Console, drafts: list[tuple[datetime, str]]) -> None:
    """Say that a draft was kept, the newest of those that are not on the screen already, with what they were left."""
    from screens.drafting import DraftScreen

    screen = console.screen
    here = screen.draft_name() if isinstance(screen, DraftScreen) else ""
    for saved, name in drafts:
        if name != here:
            when = saved.astimezone().strftime("%H:%M")
            day = saved.astimezone().date()
            words = when if day == console.now().date() else f"{when} on {day.day} {day:%b}"
            console.say(f"A draft from {words} was kept. {where_continued(name)}", title="Draft kept")
            return


def opened(folder: Path, user: str, passphrase: str, clock: Any) -> tuple[Vault, list[tuple[datetime, str]]]:
    """Open the vault; return it with the times and names of the drafts that were kept, the newest first."""
    from storage.last_person import keep_last_person
    from storage.vault import open_vault

    vault = open_vault(folder, passphrase=passphrase, user=user, clock=clock)
    keep_last_person(folder, vault.person.id)
    return vault, [(draft.saved_at, draft.name) for draft in vault.drafts.all()]


def recovered(folder: Path, given: Recovery) -> tuple[Vault, str, list[tuple[datetime, str]]]:
    """Open the vault by its recovery code; return it with the next code, and the drafts as `opened` does."""
    from storage.last_person import keep_last_person
    from storage.people import recover

    vault, code = recover(folder, code=given.code, user=given.user, passphrase=given.passphrase)
    keep_last_person(folder, vault.person.id)
    return vault, code, [(draft.saved_at, draft.name) for draft in vault.drafts.all()]


class UnlockScreen(UnlockingScreen):
    """Asks who it is and for the passphrase."""

    NAME = "unlock"
    HEADING = "Unlock"
    HELP = (
        "The record is locked and encrypted. Choose who you are, type your passphrase and press Enter. "
        "A wrong try changes nothing; each one makes the next wait a little longer. Ctrl+R takes a recovery code. "
        "Anybody may leave a note for the safeguarding team without a passphrase."
    )
    SHOWS_BACK = False
    CSS_PATH = "unlock.tcss"
    BINDINGS = bindings("unlock")
    PAUSES: ClassVar[tuple[float, ...]] = (0.5, 1, 2, 4, 8)
    """Seconds to wait after the first wrong try, the second, and so on."""

    def __init__(self, folder: Path, *, after_lock: str = "") -> None:
        super().__init__()
        self.folder = folder
        self.after_lock = after_lock
        self.people: list[SlotPerson] | None = None
        self.wrong = 0
        self._waiting = ""
        self._busy = False
        self._tries = ""

    def body(self) -> ComposeResult:
        with Vertical(id="card"):
            yield PlainText(self.after_lock or "The record is locked.", id="said")
            if hint := os.environ.get(DEMO_HINT_VARIABLE):
                yield PlainText(hint, id="demo-hint")
            yield Field("Who", PlainText("", id="who"), OptionList(id="people"))
            yield Field("Passphrase", Input(password=True, id="passphrase", max_length=1000))
            yield StateLine(ENTER, id="state")
            yield MessageBar(id="fault")
        yield Button("Leave a note for the safeguarding team  Ctrl+N", id="note", compact=True)

    def on_mount(self) -> None:
        listed = self.query_one("#people", OptionList)
        listed.display, listed.can_focus = False, False
        self.query_one("#passphrase").focus()
        # After the first frame: what it imports would hold the frame up by a tenth.
        self.call_after_refresh(
            self.run, people_in, self.folder, self.console.clock(), then=self._know, failed=self._cannot
        )

    def act_back(self) -> None:
        """Empty the field; there is nothing under this screen."""
        self.query_one("#passphrase", Input).value = ""

    def why_not(self, action_id: str) -> str:
        if action_id == "unlock.report" and self._busy:
            return "The record is being opened."
        if action_id == "unlock.recover" and (self._busy or not self.people):
            return "Wait a moment: the record is being looked at."
        return ""

    @on(Button.Pressed, "#note")
    def _note(self) -> None:
        self.action_do("unlock.report")

    def act_report(self) -> None:
        """Leave a sealed note: nothing of the record is opened for it."""
        self.query_one("#passphrase", Input).value = ""
        self.console.open("report", folder=self.folder)

    # -- who -----------------------------------------------------------------------------------------------------------

    def _know(self, found: tuple[list[SlotPerson], int, dict[str, str]]) -> None:
        people, last, self.console.outside = found
        self.people, kind = people, self.console.outside.get("organisation", "")
        self.refresh_chrome()
        self.fetch(visit_words, self.folder, then=self._say_visit, failed=lambda _: None)
        if len(people) == 1:
            only = people[0]
            self.query_one("#who", PlainText).show(f"{only.name}, {role_word(only.role, kind)}")
        else:
            self.query_one("#who").display = False
            listed = self.query_one("#people", OptionList)
            lines = [f"{each.name}, {role_word(each.role, kind)}" for each in people]
            listed.add_options([Option(Content(visible(line))) for line in lines])
            listed.display = True
            listed.highlighted = last
            self._say_state()
        self.fetch(tries_in, self.folder, then=self._first_standing, failed=lambda _: None)
        threading.Thread(target=_load_ahead, name="loading ahead", daemon=True).start()
        if self._waiting:
            passphrase, self._waiting = self._waiting, ""
            self._open(passphrase)

    def _say_visit(self, words: str) -> None:
        if words:
            self.query_one("#said", PlainText).show(words)

    def _cannot(self, error: ConsoleError) -> None:
        self._waiting = ""
        self.refused_words()
        self.query_one("#passphrase").disabled = True
        self.query_one("#state", StateLine).say("")
        self.query_one("#fault", MessageBar).say(f"{error.message} {error.hint}".strip(), "bad")

    def on_key(self, event: events.Key) -> None:
        """Choose a name with Up and Down from the passphrase; take what is typed elsewhere: it is the passphrase.

        The field keeps the focus: letters that are typed while it moves would arrive in another order.
        """
        field, listed = self.query_one("#passphrase", Input), self.query_one("#people", OptionList)
        if event.key in ("up", "down") and self.focused is field and listed.display:
            (listed.action_cursor_up if event.key == "up" else listed.action_cursor_down)()
            event.stop()
        elif event.is_printable and event.character and self.focused is not field and not field.disabled:
            self.set_focus(field)
            field.insert_text_at_cursor(event.character)
            event.stop()

    @on(OptionList.OptionSelected, "#people")
    def _chosen(self) -> None:
        self.query_one("#passphrase").focus()

    # -- passphrase ----------------------------------------------------------------------------------------------------

    @on(Input.Submitted, "#passphrase")
    def _submitted(self, event: Input.Submitted) -> None:
        passphrase = event.value
        if not passphrase or self._busy:
            return
        event.input.clear()
        self.query_one("#fault", MessageBar).say("")
        if self.people is None:
            self._waiting = passphrase
            self._show_busy()
            self.begin_trying()
        else:
            self._open(passphrase)

    def _show_busy(self) -> None:
        self._busy = True
        self.query_one("#passphrase").disabled = True
        self.query_one("#state", StateLine).say("Opening…")

    def _open(self, passphrase: str) -> None:
        self._show_busy()
        self.begin_trying()
        people = self.people or []
        chosen = self.query_one("#people", OptionList).highlighted or 0
        user = people[chosen].id if chosen < len(people) else ""
        self.run(opened, self.folder, user, passphrase, self.console.clock, then=self._entered, failed=self._refused)

    def _entered(self, result: tuple[Vault, list[tuple[datetime, str]]]) -> None:
        vault, drafts = result
        self.console.entered(vault, partial(say_kept, self.console, drafts))

    # -- the recovery code ---------------------------------------------------------------------------------------------

    def act_recover(self) -> None:
        """Take a recovery code and a new passphrase."""
        from screens.people_dialogs import RecoverDialog

        people = self.people or []
        chosen = people[self.query_one("#people", OptionList).highlighted or 0].id
        asked = RecoverDialog(people, chosen).doing(partial(recovered, self.folder), self._recovered)
        self.app.push_screen(asked, self._recovery_left)

    def _recovery_left(self, given: Recovery | None) -> None:
        """Say how many tries are left, where a code was tried and the question then left."""
        if given is None:
            self.fetch(tries_in, self.folder, then=self._first_standing)

    def _recovered(self, result: tuple[Vault, str, list[tuple[datetime, str]]]) -> None:
        from screens.people_dialogs import CodeDialog

        vault, code, drafts = result
        self.app.push_screen(CodeDialog(code), lambda _: self._entered((vault, drafts)))

    def _refused(self, error: ConsoleError) -> None:
        said = f"{error.message} {error.hint}".strip() + self.refused_words()
        if error.status == 3 and (people := self.people or []) and len(people) > 1:
            said += f" It was tried as {people[self.query_one('#people', OptionList).highlighted or 0].name}."
        fault = self.query_one("#fault", MessageBar)
        fault.say(said, "bad")
        # On a short screen it is the last thing in the card, and what to do is its last sentence.
        self.call_after_refresh(self.query_one("#card").scroll_end, animate=False, force=True)
        if error.status == 3:
            self.wrong += isinstance(error, WrongPassphrase)
            then = self._slow_down if isinstance(error, WrongPassphrase) else self._not_tried
            self.query_one("#state", StateLine).say("Wait a moment.")
            self.fetch(tries_in, self.folder, then=then, failed=lambda _: self._again())
        else:
            self._again()

    def _not_tried(self, standing: tuple[int, float]) -> None:
        """Let it be tried again at once where none counted, such as without the second factor."""
        if standing[0] == LIMIT:
            self._again()
        else:
            self._slow_down(standing)

    def _slow_down(self, standing: tuple[int, float]) -> None:
        """Say how many tries are left, and wait: a little after each, and until the next counts where none is."""
        left, seconds = standing
        again = (self.console.clock() + timedelta(seconds=seconds)).astimezone()
        self._tries = tries_words(left, again)
        self.query_one("#state", StateLine).say(
            f"Wait a moment. {self._tries}" if left else self._tries, "" if left > FEW else "warn"
        )
        self.set_timer(seconds or self.PAUSES[min(self.wrong, len(self.PAUSES)) - 1], self._again)

    def _first_standing(self, standing: tuple[int, float]) -> None:
        """Tell at the beginning too where wrong tries were made before."""
        left, _seconds = standing
        if not left:
            self._show_busy()
            self._slow_down(standing)
        elif left < LIMIT:
            self._tries = tries_words(left, self.console.now())
            if not self._busy:
                self._say_state()

    def _say_state(self) -> None:
        choose = CHOOSE if len(self.people or ()) > 1 else ""
        self.query_one("#state", StateLine).say(" ".join(each for each in (ENTER, choose, self._tries) if each))

    def _again(self) -> None:
        self._busy = False
        if self._tries.startswith("No "):
            self._tries = ""
            self.query_one("#fault", MessageBar).say("")
        self._say_state()
        field = self.query_one("#passphrase", Input)
        field.disabled = False
        field.focus()
