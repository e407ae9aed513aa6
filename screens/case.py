"""Which child a partner means: what they told, the children who may be meant, and a person's answer (protocol: §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.text import visible
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.matching import draw_candidate
from screens.widgets.child_picker import ChildPicker
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import PlainText, StateLine

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.arrivals import ItemRow
    from storage.views.cases import Candidate, CaseRow
    from storage.views.children import ChildRow


@dataclass(frozen=True)
class Asked:
    """A case, under which agreement, what came under it, and the children who may be meant; none of them is chosen."""

    case: CaseRow
    purpose: str
    items: list[ItemRow]
    candidates: list[Candidate]


def asked(vault: Vault, number: str) -> Asked:
    """Read a case and whom it may mean; blocks."""
    from storage.views import arrivals, cases, sharing

    row = cases.get(vault, number)
    purpose = next((each.purpose for each in sharing.contracts(vault) if each.id == row.contract), "")
    waits = row.state == "received"
    found = cases.candidates(vault, row.identity) if waits else []
    return Asked(row, purpose, arrivals.items(vault, case=(row.org, row.id)), found)


def told_content(found: Asked) -> Content:
    """Return what the partner told of the child, and what came under the case."""
    from practice.dates import day_words, in_words

    row, told = found.case, found.case.identity
    since = row.since.astimezone()
    who = f", by their {visible(row.by_role)}" if row.by_role and not row.ours else ""
    lines = [
        Content.styled("What you told them" if row.ours else "What they told", "bold $text-primary"),
        Content(visible(told.name or "no name")),
    ]
    if told.other_names:
        lines.append(Content(visible(f"Also known as: {', '.join(told.other_names)}")))
    lines.append(Content(f"Born {_day(told.date_of_birth)}" if told.date_of_birth else "Date of birth not sent"))
    lines.append(Content(f"UPN {visible(told.upn)}" if told.upn else "UPN not sent"))
    lines += [Content.styled(f"{day_words(since.date())}{who}", "$text-muted"), Content("")]
    lines.append(Content(visible(f"Agreement: {found.purpose}" if found.purpose else "Under an agreement of theirs")))
    lines += [Content(""), Content.styled(f"Entries under it ({len(found.items)})", "bold $text-primary")]
    lines += [
        Content(visible(f"{in_words(item.occurred)}: {' '.join(item.text.split())}")) for item in found.items[:20]
    ]
    if not found.items:
        lines.append(Content.styled("Nothing came under it yet.", "$text-muted"))
    return Content("\n").join(lines)


def _day(text: str) -> str:
    from datetime import date

    from practice.dates import day_words

    return day_words(date.fromisoformat(text))


class CaseScreen(ConsoleScreen):
    """What a partner told of a child beside the children who may be meant."""

    NAME = "case"
    HEADING = "Which child?"
    HELP = (
        "A partner says whom they mean, with the least identity. The program shows who may be meant, what matches and "
        "what differs; you choose, also where everything is equal. From then on what they send of that child stands in "
        "the record by itself. x says that nobody here is meant; u takes a match back at both ends."
    )
    CSS_PATH = "case.tcss"
    BINDINGS = bindings("case")
    awaits_read = True

    def __init__(self, case: str) -> None:
        super().__init__()
        self.number = case
        self.found: Asked | None = None

    def body(self) -> ComposeResult:
        yield PlainText("", id="sender")
        yield StateLine("", id="state")
        with Horizontal(id="sides"):
            with VerticalScroll(id="text"):
                yield Static("", id="told")
            with Vertical(id="match"):
                yield PlainText("Who is it? Children who may be meant:", classes="side-title")
                yield RecordList["Candidate"](draw_candidate, id="candidates")
                yield PlainText("Another child", classes="side-title")
                yield ChildPicker(provisional=False, id="other")

    def on_mount(self) -> None:
        self.query_one("#candidates").focus()

    def refresh_record(self) -> None:
        """Read the case and the children who may be meant."""
        self.fetch(asked, self.vault, self.number, then=self._show)

    def _show(self, found: Asked) -> None:
        self.found = found
        row = found.case
        self.query_one("#sender", PlainText).show(
            f"You told {row.partner} whom you mean" if row.ours else f"{row.partner} asks which child they mean"
        )
        self.query_one("#state", StateLine).say(*state_words(row))
        self.query_one("#told", Static).update(told_content(found))
        listed = self.query_one("#candidates", RecordList)
        listed.empty = "Nobody here has such a name, date of birth or UPN."
        listed.show(found.candidates, keep=lambda each: each.child.id)
        self.query_one("#match").display = row.state == "received"
        if row.state != "received":
            self.query_one("#text").focus()
        self.refresh_bindings()
        self.now_read()

    # -- answering -----------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None or action_id == "back":
            return "" if action_id == "back" else "The case is still being read."
        row = self.found.case
        if action_id == "case.unlink":
            return "" if row.state in ("accepted", "offered") else "There is no match to take back."
        if action_id == "case.stands":
            return "" if row.changed else "Nothing of that child has changed."
        if row.state != "received":
            return "It does not wait for your answer."
        if action_id == "case.match" and self.query_one("#candidates", RecordList).current is None:
            return "Nobody may be meant: f finds a child by name."
        return ""

    @on(RecordList.Opened)
    def act_match(self) -> None:
        """Confirm the child under the cursor, after asking once more."""
        candidate: Candidate | None = self.query_one("#candidates", RecordList).current
        if candidate is not None:
            self._ask(candidate.child)

    def act_find(self) -> None:
        """Find another child by name."""
        self.query_one("#other Input").focus()

    @on(ChildPicker.Picked, "#other")
    def _picked(self, event: ChildPicker.Picked) -> None:
        if event.child is not None:
            self._ask(event.child)

    def _ask(self, child: ChildRow) -> None:
        from sync.cases import caution

        self.fetch_to_ask(caution, self.vault, self.number, child.id, ask=lambda words: self._confirm(child, words))

    def _confirm(self, child: ChildRow, caution: str) -> None:
        from storage.views.cases import compared

        found = self.found
        if found is None:
            return

        def answered(yes: bool | None) -> None:
            from sync.cases import match

            if yes:
                self.run(match, self.vault, self.number, child.id, then=lambda count: self._matched(child, count))

        row = found.case
        warned = f"{caution} " if caution else ""
        consequence = (
            f"{row.partner} says {row.identity.name or 'a child without a name'}. You say: {child.told_apart} "
            f"({compared(child, row.identity).words}). {warned}What they send of that child stands in this record from "
            "now on, under your name as the one who confirmed it."
        )
        self.app.push_screen(ConfirmDialog(f"Is it {child.name}?", consequence, verb="It is this child"), answered)

    def _matched(self, child: ChildRow, count: int) -> None:
        landed = f" {count} waiting {'entry stands' if count == 1 else 'entries stand'} in the record." if count else ""
        self.console.say(f"{child.name} is confirmed.{landed} They are told at the next sync.", "Which child?")
        self.leave()

    def act_decline(self) -> None:
        """Say that nobody here is meant, with the reason."""
        from sync.cases import decline

        self._with_reason(
            "Nobody here is meant", "They are told that, never the reason. What they sent stays in the tray.", decline
        )

    def act_unlink(self) -> None:
        """Take the match back at both ends, with the reason, which they read."""
        from sync.cases import unlink

        sentence = (
            "Their entries leave the record for the tray, here and there. What you sent under it is withdrawn with the "
            "next sync. They read your reason. What was read cannot be unread: telephone them as well."
        )
        self._with_reason("Take the match back", sentence, unlink, verb="Take it back")

    def _with_reason(self, title: str, sentence: str, call: object, verb: str = "Tell them") -> None:
        def answered(reason: str | None) -> None:
            if reason:
                self.run(call, self.vault, self.number, reason, then=lambda _done: self._told())  # type: ignore[arg-type]

        self.app.push_screen(ReasonDialog(title, sentence, verb=verb), answered)

    def _told(self) -> None:
        self.console.say("Recorded. They are told at the next sync.", "Which child?")
        self.leave()

    def act_stands(self) -> None:
        """Say that the match stands, having looked at what changed."""
        from sync.cases import look_at

        self.run(look_at, self.vault, self.number, then=lambda _none: self.console.say("The match stands."))


def state_words(row: CaseRow) -> tuple[str, str]:
    """Say where a case stands, and the tone."""
    by = row.confirmed_by or (f"their {row.by_role}" if row.by_role else "them")
    if row.changed:
        return f"{row.partner} says that this has changed: {', '.join(row.changed)}. k: the match stands.", "warn"
    words = {
        "received": ("To be answered. Until then what they send stands in no chronology.", "warn"),
        "offered": ("They have not answered yet. What you send waits in their tray.", "warn"),
        "accepted": (f"Confirmed by {by}{f': {row.child}' if row.child else ''}.", "good"),
        "declined": (f"Nobody is meant{f': {row.reason}' if row.reason else ''}.", ""),
        "unlinked": (f"Taken back by {'you' if row.unlinked_by == 'us' else row.partner}: {row.reason}", ""),
    }
    return words[row.state]
