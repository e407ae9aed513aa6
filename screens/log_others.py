"""Other children in one event: each with their own part, category, and text that is theirs alone (R-11)."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, TextArea

from practice.vocabulary import CHILD_ROLES, ConcernCategory
from screens.widgets.area import NoteArea
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import ChoiceField, Field

MOST = 12
"""The most other children in one event; a class is written about one by one."""


class OtherChild(Vertical):
    """One of the other children."""

    DEFAULT_CSS = "OtherChild { height: auto; }"

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number or ""

    def compose(self) -> ComposeResult:
        yield Field("Another child", ChildPicker(provisional=False, id=f"also{self.number}"))
        roles = [(words, code) for code, words in CHILD_ROLES.items()]
        yield Field("Their part in it", ChoiceField(roles, id=f"also_role{self.number}"))
        categories = ChoiceField(ConcernCategory.choices(), id=f"also_category{self.number}")
        yield Field("Category for them", categories)
        hint = "What belongs to their record alone; nothing above goes into it"
        text = NoteArea(
            id=f"also_text{self.number}", compact=True, tab_behavior="focus", placeholder=hint, classes="note"
        )
        yield Field("Only for them", text)

    @property
    def picker(self) -> ChildPicker:
        """The field for the child."""
        return self.query_one(ChildPicker)

    def values(self) -> dict[str, str]:
        """Return what is written, by field; what is blank is left out."""
        found = {
            "child": self.picker.child.id if self.picker.child else "",
            "role": self.query_one(f"#also_role{self.number}", ChoiceField).code,
            "category": self.query_one(f"#also_category{self.number}", ChoiceField).code,
            "text": self.query_one(TextArea).text,
        }
        return {name: value for name, value in found.items() if value.strip()}

    def put_back(self, values: dict[str, Any]) -> None:
        """Fill the fields from a draft; the child is chosen by the screen."""
        role, category = str(values.get("role", "")), str(values.get("category", ""))
        if role in CHILD_ROLES:
            self.query_one(f"#also_role{self.number}", ChoiceField).code = role
        if category in set(ConcernCategory):
            self.query_one(f"#also_category{self.number}", ChoiceField).code = category
        self.query_one(TextArea).load_text(str(values.get("text", "")))


class OtherChildren(Vertical):
    """The other children of an event, one block for each, and a button for one more."""

    DEFAULT_CSS = """
    OtherChildren { height: auto; }
    OtherChildren > Button { margin: 0 0 1 20; }
    """

    def compose(self) -> ComposeResult:
        yield OtherChild(0)
        yield Button("And one more child", id="also-more", compact=True)

    @property
    def blocks(self) -> list[OtherChild]:
        """The blocks, in their order."""
        return list(self.query(OtherChild))

    @on(Button.Pressed, "#also-more")
    async def _one_more(self, event: Button.Pressed) -> None:
        event.stop()
        await self.reach(len(self.blocks) + 1)
        self.blocks[-1].query_one("Input").focus()

    async def reach(self, count: int) -> None:
        """Show at least so many blocks."""
        for number in range(len(self.blocks), min(count, MOST)):
            await self.mount(OtherChild(number + 1), before="#also-more")
        self.query_one("#also-more").display = len(self.blocks) < MOST

    def values(self) -> list[dict[str, str]]:
        """Return what is written of each child; blocks that are blank are left out."""
        return [values for block in self.blocks if set(values := block.values()) - {"role"}]
