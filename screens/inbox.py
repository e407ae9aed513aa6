"""One entry that a partner sent: read it, and match it to a child by hand, or refuse it (R-67, protocol: §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.compare import changes
from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.compare import marked
from screens.matching import draw_candidate, identity_said
from screens.replying import ask_back
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from practice.acts import Identity
    from storage.vault import Vault
    from storage.views.arrivals import ItemRow
    from storage.views.cases import Candidate
    from storage.views.children import ChildRow


@dataclass(frozen=True)
class Received:
    """One item with the children whom it may be about; none of them is chosen."""

    item: ItemRow
    body: dict[str, object]
    told: Identity
    candidates: list[Candidate]
    matched: str
    children: int
    rivals: list[ItemRow]
    answers: str = ""
    """How our entry begins that it asks about or answers; blank where it stands alone."""
    receipt: str = ""
    """Where our receipt stands for what they took back."""


def taken_back_words(found: Received) -> str:
    """Say that its sender took it back, why, what was told them, and whether anybody here has read that."""
    item = found.item
    read = {"unseen": "r says that you have read it.", "seen": "It was read."}.get(item.landed, "")
    where = f"It stood in the record of {found.matched}; no decision is asked for." if found.matched else ""
    said = f"{item.sender} took it back: {item.reason or 'no reason was given'}"
    said += "" if said.endswith((".", "?", "!")) else "."
    return " ".join(each for each in (said, where, found.receipt, read) if each)


def received(vault: Vault, item_id: str) -> Received:
    """Return an item and the children whom it may be about, by every name, date of birth and UPN that it gives."""
    from practice.received import read_payload
    from storage.views import arrivals, cases, children, record
    from sync.inbox import receipt_words

    item = arrivals.item(vault, item_id)
    everyone = children.all_children(vault, include_left=True)
    told = identity_said(item.hint_name, item.hint_date_of_birth)
    matched = next((row.name for row in everyone if row.id == item.child_id), "")
    body = dict(read_payload(item.payload)["body"])
    found, begins = cases.candidates(vault, told), ""
    if ours := arrivals.answered(vault, item):
        entry = record.get(vault, ours[0])
        begins = f"{entry.child}: {' '.join(entry.text.split())}"
        about = cases.answering(cases.compared(children.get(vault, ours[1]), told))
        found = [about, *(each for each in found if each.child.id != ours[1])]
    receipt = receipt_words(vault, item) if item.state == "withdrawn" else ""
    return Received(item, body, told, found, matched, len(everyone), arrivals.rivals(vault, item), begins, receipt)


def item_content(found: Received) -> Content:
    """Return the item as the partner wrote it, under plain headings."""
    from practice.dates import day_words, in_words, time_words
    from practice.received import received_occurred
    from practice.vocabulary import ConcernCategory, EntryKind, label_of

    item, body = found.item, found.body
    arrived = item.arrived_at.astimezone()
    kind = label_of(EntryKind, str(body.get("kind") or ""))
    categories = body.get("categories")
    named = (
        ", ".join(label_of(ConcernCategory, str(code)) for code in categories) if isinstance(categories, list) else ""
    )
    lines = [Content(visible(" · ".join(part for part in (kind, in_words(item.occurred), named) if part)))]
    if item.kind == "operation_encompass" and isinstance(stated := body.get("police_at"), dict):
        lines.append(Content(visible(f"Police attended: {in_words(received_occurred({'occurred': stated}))}")))
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
            lines += [Content.styled(label, "$text-muted"), Content(visible(text)), Content("")]
    if found.answers:
        asked = Content.styled("It asks about, or answers, your entry", "$text-primary")
        lines += [asked, Content(visible(found.answers)), Content("")]
    role = str(body.get("author_role") or "")
    rule = {"never": "never to be shared on", "ask": "shared on only when they agree", "yes": "may be shared on"}
    after = (
        f"Written by: {role}" if role else "",
        f"Arrived {day_words(arrived.date())}, {time_words(arrived)}",
        f"Their rule: {rule['never' if item.state == 'withdrawn' else item.on_share]}",
    )
    lines += [Content.styled(visible(words), "$text-muted") for words in after if words]
    return Content("\n").join(lines)


def rival_content(item: ItemRow, other: ItemRow) -> Content:
    """Return what they sent as the same version in other words, what only it says between marks."""
    parts: list[str | Content | tuple[str, str]] = [
        ("They sent this too, as the same version", "bold $text-error"),
        ("\n⟨+ only here +⟩   ⟨− only there −⟩", "$text-muted"),
        ("\nWhat happened\n", "$text-muted"),
        *marked(changes(item.text, other.text)),
    ]
    if item.childs_words or other.childs_words:
        parts += [("\n\nThe child's own words\n", "$text-muted")]
        parts += marked(changes(item.childs_words, other.childs_words))
    return Content.assemble(*parts)


class InboxScreen(ConsoleScreen):
    """What a partner sent beside the children whom it may be about."""

    NAME = "inbox"
    HEADING = "What came in"
    HELP = (
        "What a partner sent, as they wrote it. The name and date of birth they gave are a hint, never a match: you "
        "choose the child. The arrows and Enter choose one who looks alike; f finds any other; x refuses the entry, "
        "with a reason. Until you choose, it stands in no chronology. One that landed under a confirmed case, or was "
        "taken back by its sender, is marked as read with r."
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
            with VerticalScroll(id="text"), Horizontal(id="texts"):
                yield Static("", id="item-text")
                yield Static("", id="rival-text")
            with Vertical(id="match"):
                yield PlainText("Who is it about? Children who look alike:", classes="side-title")
                yield RecordList["Candidate"](draw_candidate, id="candidates")
                yield PlainText("Another child", classes="side-title")
                yield ChildPicker(provisional=False, id="other")

    def on_mount(self) -> None:
        self.query_one("#candidates").focus()

    def refresh_record(self) -> None:
        """Read the item and its candidates."""
        self.fetch(received, self.vault, self.item_id, then=self._show)

    def _show(self, found: Received) -> None:
        from practice.dates import stated_day

        self.found = found
        item = found.item
        self.query_one("#sender", PlainText).show(f"From {item.sender}")
        stated = stated_day(item.hint_date_of_birth) if item.hint_date_of_birth else ""
        hint = f"They say: {item.hint_name or 'no name'}" + (f", born {stated}" if stated else ", no date of birth")
        self.query_one("#hint", StateLine).say(f"{hint}.{' This is a hint, not a match.' if not item.child_id else ''}")
        states = {
            "waiting": ("To be matched. It stands in no chronology yet.", "warn"),
            "accepted": (f"Matched to {found.matched}.", "good"),
            "refused": (f"You refused it: {item.reason}", ""),
            "withdrawn": (taken_back_words(found), "warn"),
        }
        if item.landed:
            read = "r says that you have read it." if item.landed == "unseen" else "It was read."
            states["accepted"] = (f"In the record of {found.matched}, whose case was confirmed before. {read}", "good")
        elif item.case and item.state == "waiting":
            states["waiting"] = ("To be matched. Its case is not confirmed, so it stands in no chronology.", "warn")
        if found.rivals and item.state in ("waiting", "accepted"):
            here = f" This one stands in the record of {found.matched}." if item.state == "accepted" else ""
            said = f"Two texts under one version: ring them and ask which one holds. Both are kept.{here}"
            states[item.state] = (said, "bad")
        self.query_one("#state", StateLine).say(*states.get(item.state, (item.state, "")))
        self.query_one("#item-text", Static).update(item_content(found))
        others = [rival_content(item, other) for other in found.rivals]
        self.query_one("#rival-text", Static).update(Content("\n\n").join(others))
        self.set_class(bool(others), "-rivals")
        listed = self.query_one("#candidates", RecordList)
        listed.empty = "Nobody here has that name or date of birth." if found.children else "No children are known yet."
        listed.show(found.candidates if item.state == "waiting" else [], keep=lambda each: each.child.id)
        self.query_one("#match").display = item.state == "waiting"
        self.refresh_bindings()

    # -- matching ------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None or action_id == "back":
            return "" if action_id == "back" else "The entry is still being read."
        if action_id == "inbox.reply":
            return "" if self.found.item.state == "accepted" else "Match it to a child first, or ring them."
        if action_id == "inbox.seen":
            return "" if self.found.item.landed == "unseen" else "It does not wait to be read."
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
            self._ask(candidate.child)

    def act_find(self) -> None:
        """Find another child by name."""
        self.query_one("#other Input").focus()

    @on(ChildPicker.Picked, "#other")
    def _picked(self, event: ChildPicker.Picked) -> None:
        if event.child is not None and self.found is not None:
            self._ask(event.child)

    def _ask(self, child: ChildRow) -> None:
        from storage.views.cases import compared

        found = self.found
        if found is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._accept(child)

        said = found.item.hint_name or "a child without a name"
        consequence = (
            f"{found.item.sender} wrote about {said}. It goes into the record of {child.told_apart} "
            f"({compared(child, found.told).words}), and "
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
        self.leave()

    def act_reply(self) -> None:
        """Ask about it, or answer it."""
        found = self.found
        if found is not None:
            ask_back(self, found.item.id, found.item.sender)

    def act_seen(self) -> None:
        """Say that it was read."""
        from sync.inbox import seen

        self.run(seen, self.vault, self.item_id, then=lambda _none: self._seen())

    def _seen(self) -> None:
        told = " The partner is told at the next sync." if self.found and self.found.item.state == "accepted" else ""
        self.console.say(f"Read.{told}", "What came in")
        self.leave()

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
        self.leave()
