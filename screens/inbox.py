"""One entry that a partner sent: read it, and match it to a child by hand, or refuse it (R-67, protocol: §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.widgets.child_picker import ChildPicker, born
from screens.widgets.chrome import cut
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.arrivals import ItemRow
    from storage.views.children import ChildRow

CANDIDATES = 12


@dataclass(frozen=True)
class Candidate:
    """A child whom the sender may mean, and how the date of birth compares."""

    child: ChildRow
    birth: str


@dataclass(frozen=True)
class Received:
    """One item with the children whom it may be about; none of them is chosen."""

    item: ItemRow
    body: dict[str, object]
    candidates: list[Candidate]
    matched: str
    children: int


def received(vault: Vault, item_id: str) -> Received:
    """Return an item and its candidates: by the name it gives, then by the date of birth alone."""
    from practice.received import read_payload
    from storage.views import arrivals, children

    item = arrivals.item(vault, item_id)
    everyone = children.all_children(vault, include_left=True)
    named = children.find(vault, item.hint_name, CANDIDATES) if item.hint_name.strip() else []
    parts = item.hint_name.split()
    if len(parts) > 1:
        for part in (parts[-1], parts[0]):
            named += [
                row for row in children.find(vault, part, CANDIDATES) if row.id not in {each.id for each in named}
            ]
    same = [row for row in everyone if row.date_of_birth and row.date_of_birth.isoformat() == item.hint_date_of_birth]
    found = named + [row for row in same if row.id not in {each.id for each in named}]
    found.sort(key=lambda row: row not in same)
    matched = next((row.name for row in everyone if row.id == item.child_id), "")
    return Received(
        item,
        dict(read_payload(item.payload)["body"]),
        [Candidate(row, _birth_words(row, item.hint_date_of_birth)) for row in found[:CANDIDATES]],
        matched,
        len(everyone),
    )


def _birth_words(child: ChildRow, hint: str) -> str:
    if not hint:
        return "no date of birth was sent"
    if child.date_of_birth is None:
        return "date of birth not known here"
    return "same date of birth" if child.date_of_birth.isoformat() == hint else "another date of birth"


def draw(candidate: Candidate, width: int) -> list[Content]:
    """Draw a candidate in two lines: who, and how the date of birth compares."""
    child = candidate.child
    birth = f" · {born(child.date_of_birth)}"
    name = cut(visible(child.name), max(width - 1 - cell_len(birth), 8))
    group = child.reg_group or (f"Year {child.year_group}" if child.year_group else "")
    marks = [group, "similar name here" if child.look_alikes else "", "" if child.on_roll else "left the roll"]
    tone = "$text-success" if candidate.birth.startswith("same") else "$text-warning"
    rest = "".join(f" · {visible(mark)}" for mark in marks if mark)
    return [Content(f"{name}{birth}"), Content.assemble("  ", (candidate.birth, tone), (rest, "$text-muted"))]


def item_content(found: Received) -> Content:
    """Return the item as the partner wrote it, under plain headings."""
    from practice.dates import day_words, in_words, time_words
    from practice.vocabulary import ConcernCategory, EntryKind, label_of

    item, body = found.item, found.body
    arrived = item.arrived_at.astimezone()
    kind = label_of(EntryKind, str(body.get("kind") or ""))
    categories = body.get("categories")
    named = (
        ", ".join(label_of(ConcernCategory, str(code)) for code in categories) if isinstance(categories, list) else ""
    )
    lines = [
        Content(visible(" · ".join(part for part in (kind, in_words(item.occurred), named) if part))),
        Content.styled(f"Arrived {day_words(arrived.date())}, {time_words(arrived)}", "$text-muted"),
    ]
    role = str(body.get("author_role") or "")
    if role:
        lines.append(Content.styled(visible(f"Written by: {role}"), "$text-muted"))
    if item.corrected:
        lines.append(Content.styled(visible(f"Corrected by them: {item.corrected}"), "$text-warning"))
    for name, label in (
        ("event", "What happened"),
        ("childs_voice", "The child's own words"),
        ("impact", "Impact"),
        ("action", "Action"),
        ("outcome", "Outcome"),
    ):
        text = str(body.get(name) or "")
        if text.strip():
            lines += [Content(""), Content.styled(label, "$text-muted"), Content(visible(text))]
    return Content("\n").join(lines)


class InboxScreen(ConsoleScreen):
    """What a partner sent beside the children whom it may be about."""

    NAME = "inbox"
    HEADING = "What came in"
    HELP = (
        "What a partner sent, as they wrote it. The name and date of birth they gave are a hint, never a match: you "
        "choose the child. The arrows and Enter choose one who looks alike; f finds any other; x refuses the entry, "
        "with a reason. Until you choose, it stands in no chronology."
    )
    CSS_PATH = "inbox.tcss"
    BINDINGS = bindings("inbox")

    def __init__(self, item: str) -> None:
        super().__init__()
        self.item_id = item
        self.found: Received | None = None

    def body(self) -> ComposeResult:
        yield PlainText("", id="sender")
        yield StateLine("", id="hint")
        yield StateLine("", id="state")
        with Horizontal(id="sides"):
            with VerticalScroll(id="text"):
                yield Static("", id="item-text")
            with Vertical(id="match"):
                yield PlainText("Who is it about? Children who look alike:", classes="side-title")
                yield RecordList[Candidate](draw, id="candidates")
                yield PlainText("Another child", classes="side-title")
                yield ChildPicker(provisional=False, id="other")

    def on_mount(self) -> None:
        self.query_one("#candidates").focus()

    def refresh_record(self) -> None:
        """Read the item and its candidates."""
        self.fetch(received, self.vault, self.item_id, then=self._show)

    def _show(self, found: Received) -> None:
        from practice.dates import day_words

        self.found = found
        item = found.item
        self.query_one("#sender", PlainText).show(f"From {item.sender}")
        stated = item.hint_date_of_birth
        try:
            stated = day_words(date.fromisoformat(stated)) if stated else ""
        except ValueError:
            stated = f"«{stated}»"
        hint = f"They say: {item.hint_name or 'no name'}" + (f", born {stated}" if stated else ", no date of birth")
        self.query_one("#hint", StateLine).say(f"{hint}. This is a hint, not a match.")
        states = {
            "waiting": ("To be matched. It stands in no chronology yet.", "warn"),
            "accepted": (f"Matched to {found.matched}.", "good"),
            "refused": (f"You refused it: {item.reason}", ""),
            "withdrawn": (f"{item.sender} took it back: {item.reason or 'no reason was given'}", "warn"),
        }
        self.query_one("#state", StateLine).say(*states.get(item.state, (item.state, "")))
        self.query_one("#item-text", Static).update(item_content(found))
        listed = self.query_one("#candidates", RecordList)
        listed.empty = "Nobody here has that name or date of birth." if found.children else "No children are known yet."
        listed.show(found.candidates if item.state == "waiting" else [], keep=lambda each: each.child.id)
        self.query_one("#match").display = item.state == "waiting"
        self.refresh_bindings()

    # -- matching ------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None:
            return "The entry is still being read."
        if self.found.item.state != "waiting":
            return "It was answered already."
        if action_id == "inbox.match" and self.query_one("#candidates", RecordList).current is None:
            return "Nobody looks alike: f finds a child by name."
        return ""

    @on(RecordList.Opened)
    def act_match(self) -> None:
        """Match the entry to the child under the cursor, after asking once more."""
        candidate: Candidate | None = self.query_one("#candidates", RecordList).current
        if candidate is not None:
            self._ask(candidate.child, candidate.birth)

    def act_find(self) -> None:
        """Find another child by name."""
        self.query_one("#other Input").focus()

    @on(ChildPicker.Picked, "#other")
    def _picked(self, event: ChildPicker.Picked) -> None:
        if event.child is not None and self.found is not None:
            self._ask(event.child, _birth_words(event.child, self.found.item.hint_date_of_birth))

    def _ask(self, child: ChildRow, birth: str) -> None:
        found = self.found
        if found is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._accept(child)

        said = found.item.hint_name or "a child without a name"
        consequence = (
            f"{found.item.sender} wrote about {said}. It goes into the record of {child.told_apart} ({birth}), and "
            "they are told that it was matched."
        )
        self.app.push_screen(
            ConfirmDialog(f"Put this in {child.name}'s record?", consequence, verb="Put it in the record"), answered
        )

    def _accept(self, child: ChildRow) -> None:
        from sync.inbox import accept

        self.run(accept, self.vault, self.item_id, child.id, then=lambda _entry: self._accepted(child))

    def _accepted(self, child: ChildRow) -> None:
        self.console.say(f"It stands in {child.name}'s record. The partner is told at the next sync.", "Matched")
        self.console.back()

    def act_refuse(self) -> None:
        """Refuse the entry, with the reason."""
        found = self.found
        if found is None:
            return

        def answered(reason: str | None) -> None:
            from sync.inbox import refuse

            if reason:
                self.run(refuse, self.vault, self.item_id, reason, then=lambda _none: self._refused())

        sentence = f"{found.item.sender} is told that it was not matched, never the reason. The entry is kept here."
        self.app.push_screen(ReasonDialog("Refuse this entry", sentence, verb="Refuse"), answered)

    def _refused(self) -> None:
        self.console.say("Refused. The partner is told at the next sync.", "What came in")
        self.console.back()
