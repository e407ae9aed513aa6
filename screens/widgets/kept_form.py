"""A form in a dialog whose words are sealed when the record locks, and put back the next time it is opened."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.widgets import Input, TextArea
from textual.widgets.select import InvalidSelectValueError

from screens.widgets.dialogs import put_back_words, taken
from screens.widgets.fields import ChoiceField
from screens.widgets.form_dialog import FormDialog

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.drafts import Draft

Answer = TypeVar("Answer")


class KeptForm(FormDialog[Answer]):
    """A subclass names its fields in `KEPT`, the compartment to which they are sealed, and the draft."""

    KEPT: ClassVar[tuple[str, ...]] = ()
    awaits_read = True
    _first: dict[str, str] | None = None
    """What stood in the fields before anybody wrote; None until it is known whether a draft was kept."""

    @property
    @abstractmethod
    def kept_in(self) -> OpenCompartment:
        """The compartment to which the words are sealed."""

    @property
    @abstractmethod
    def kept_as(self) -> str:
        """The draft's name, which says nothing of whom it is about."""

    def on_mount(self) -> None:
        self.fetch(taken, self.kept_in, self.kept_as, then=self._put_back, group="draft")

    def _put_back(self, draft: Draft | None) -> None:
        self._first = self._written()
        self.now_read()
        if draft is None:
            return
        for name in self.KEPT:
            widget, text = self.query_one(f"#{name}"), str(draft.fields.get(name, ""))
            if isinstance(widget, ChoiceField):
                with suppress(InvalidSelectValueError):  # whoever holds the public key may have sealed it
                    widget.code = text or widget.code
            elif isinstance(widget, TextArea):
                widget.load_text(text)
            elif isinstance(widget, Input):
                widget.value = text
        self.say(put_back_words(draft), "good")

    def _written(self) -> dict[str, str]:
        found = {}
        for name in self.KEPT:
            widget = self.query_one(f"#{name}")
            if isinstance(widget, ChoiceField):
                found[name] = widget.code
            elif isinstance(widget, TextArea):
                found[name] = widget.text
            elif isinstance(widget, Input):
                found[name] = widget.value
        return found

    def before_lock(self) -> Callable[[], None] | None:
        """Read the form and return the call that seals it."""
        written = self._written()
        if self._first is None or written == self._first:
            return None
        store, name = self.kept_in, self.kept_as
        return lambda: store.drafts.seal(name, written)
