"""Forms whose unfinished text is sealed at every pause, so that neither Escape nor a power cut loses a word."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual import on
from textual.widgets import Input, Select, TextArea

from practice.errors import ConsoleError
from screens.base import ConsoleScreen, Result
from screens.pausing import Pause
from screens.widgets.child_picker import ChildPicker
from screens.widgets.text import StateLine

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.drafts import Draft

PAUSE = 0.6
"""Seconds after the last key before the draft is sealed."""
LONGEST = 5.0
"""Seconds after which it is sealed although the keys go on: who types without a pause loses no more than these."""


def clock_words(moment: datetime) -> str:
    """Return a moment as the local time of day, `16:42`."""
    return f"{moment.astimezone():%H:%M}"


class DraftKeeper:
    """One draft: seals in any thread, never an older state over a newer one, and nothing once closed."""

    def __init__(self, vault: OpenCompartment, name: str) -> None:
        self.vault = vault
        self.name = name
        self._lock = threading.Lock()
        self._newest = 0
        self._closed = False

    def seal(self, number: int, fields: dict[str, Any]) -> bool:
        """Keep the fields, or forget the draft where there are none; say whether a draft is kept now."""
        with self._lock:
            if self._closed or number < self._newest:
                return False
            self._newest = number
            if fields:
                self.vault.drafts.seal(self.name, fields)
            else:
                self.vault.drafts.drop(self.name)
            return bool(fields)

    def drop(self) -> None:
        """Forget the draft for good: what it held was recorded, or let go."""
        with self._lock:
            self._closed = True
            self.vault.drafts.drop(self.name)

    def found(self) -> Draft | None:
        """Return the draft that was kept."""
        return self.vault.drafts.get(self.name)


class DraftScreen(ConsoleScreen):
    """A form with a draft; its own class says what is in it and how it is put back.

    It yields a `StateLine(id="said")`, which says where the draft stands.
    """

    keeper: DraftKeeper
    begun: datetime | None = None
    """When the draft was begun: the moment that a record of it was captured."""
    awaits_read = True
    _number = 0
    _sealed: dict[str, Any] | None = None
    ready = False
    """Whether the form is as it was left: until then nothing is sealed over the draft."""
    _finished = False
    _asked_of: dict[str, Any] | None = None
    """What was written when the form's line asked for something: it asks until that changes, not only for a moment."""

    @abstractmethod
    def draft_name(self) -> str:
        """Return the name under which the draft is kept."""

    @abstractmethod
    def draft_fields(self) -> dict[str, Any]:
        """Return what is written so far; an empty dict where nothing is."""

    @abstractmethod
    def put_back(self, fields: dict[str, Any]) -> None:
        """Fill the form from a draft."""

    @property
    def draft_store(self) -> OpenCompartment:
        """The compartment to which the draft is sealed."""
        return self.vault

    def begin(self) -> None:
        """Fill the form where no draft was kept."""

    def on_mount(self) -> None:
        self.keeper = DraftKeeper(self.draft_store, self.draft_name())
        self.fetch(self.keeper.found, then=self._found, group="draft")

    def _found(self, draft: Draft | None) -> None:
        self.ready = True
        if draft is None:
            self.begin()
            self.draft_read()
            return
        fields = dict(draft.fields)
        begun = str(fields.pop("begun", ""))
        self.begun = datetime.fromisoformat(begun) if begun else draft.saved_at
        self.put_back(fields)
        self.as_sealed()
        self.say(f"Draft from {clock_words(draft.saved_at)} put back.", "good")
        self.refresh_bindings()
        self.draft_read()

    def draft_read(self) -> None:
        """Let keys come: the draft, or that there is none, is known; a form that needs more waits for that."""
        self.now_read()

    def as_sealed(self) -> None:
        """Take what stands in the form as what is sealed already."""
        self._sealed = self._state()[1]

    def say(self, text: str, tone: str = "") -> None:
        """Say on the form's own line where things stand."""
        self._asked_of = self.draft_fields() if tone in {"warn", "bad"} else None
        self.query_one("#said", StateLine).say(text, tone)

    # -- keeping -------------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(ChildPicker.Picked)
    def touched(self) -> None:
        """Note a key: the draft is sealed once the keys pause."""
        if self._asked_of is not None and self.draft_fields() != self._asked_of:
            self._asked_of = None
        if not self._finished:
            self._pause.touch()

    def _state(self) -> tuple[int, dict[str, Any]]:
        fields = self.draft_fields()
        if fields:
            self.begun = self.begun or self.console.clock()
            fields["begun"] = self.begun.isoformat()
        else:
            self.begun = None
        self._number += 1
        return self._number, fields

    @cached_property
    def _pause(self) -> Pause:
        return Pause(self, PAUSE, self._keep, longest=LONGEST)

    def _keep(self) -> None:
        if self.ready and not self._finished and self.console.vault is not None:
            number, fields = self._state()
            if fields != self._sealed:
                self._sealed = fields
                self.fetch(self.keeper.seal, number, fields, then=self._kept, failed=self._not_kept, group="seal")
        self.refresh_bindings()

    def _kept(self, kept: bool) -> None:
        if kept and not self._finished and self._asked_of is None:
            self.say(f"Draft kept {clock_words(self.console.clock())}.")

    def _not_kept(self, error: ConsoleError) -> None:
        self._sealed = None
        self.say(f"{error.message} {error.hint}".strip(), "bad")

    def before_lock(self) -> Callable[[], None] | None:
        """Read the form and return the call that seals it."""
        if self._finished or not self.ready:
            return None
        number, fields = self._state()
        keeper = self.keeper

        def seal() -> None:
            keeper.seal(number, fields)

        return seal

    # -- leaving -------------------------------------------------------------------------------------------------------

    def record(
        self,
        fn: Callable[..., Result],
        *args: Any,
        then: Callable[[Result], None],
        failed: Callable[[ConsoleError], None],
    ) -> None:
        """Record what is written and leave; keys wait until that is done: they are meant for what comes after it."""
        if self.run(fn, *args, then=then, failed=failed):
            self.await_read()

    def finish(self) -> None:
        """Leave the form for good: its draft was dropped with what it held."""
        self._finished = True
        self.leave()

    def act_back(self) -> None:
        """Leave; what is written stays as a draft, and the person is told so."""
        if not self.ready:
            self.console.back()
            return
        number, fields = self._state()
        if not fields:
            self.console.back()
            return
        self.run(self.keeper.seal, number, fields, then=self._left, failed=self._not_kept)

    def _left(self, _kept: bool) -> None:
        self._finished = True
        self.leave()
        self.console.say(f"Draft kept at {clock_words(self.console.clock())}. {self.again}")

    @property
    def again(self) -> str:
        """How to come back to the draft."""
        return "F2 continues it."
