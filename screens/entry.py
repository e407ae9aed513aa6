"""One entry whole: every field, every version with who, when and why, every decision, every share (R-01 to R-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from practice.acts import ConcernLogged
from practice.body_words import LETTERS, mark_words
from practice.dates import day_words, in_words
from practice.errors import ConsoleError
from practice.share_words import record_words
from practice.text import visible
from practice.vocabulary import CHILD_ROLES, Decision, HowKnown, IdentityCheck, Impact, Told, label_of
from screens.actions import bindings
from screens.base import ConsoleScreen
from screens.child_dialogs import PromoteDialog, Promotion
from screens.child_read import open_log
from screens.complete import CompleteDialog
from screens.entry_lines import HERE, quoted
from screens.received_words import RULES, rule_words, theirs_words
from screens.removal import AGREE, PROPOSE, agree, open_of, propose, restore
from screens.replying import ask_back
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.wording import (
    NO_SHARE_SCREEN,
    READ_ONLY,
    chosen_words,
    has_share_screen,
    may_write,
    moment_words,
    recorded_words,
    state_words,
    what_words,
)

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.arrivals import ItemRow
    from storage.views.body_maps import BodyMap
    from storage.views.record_rows import DecisionRow, EntryDetail, EntryRow, VersionRow
    from storage.views.removals import RemovalRow
    from storage.views.sharing import ShareRow

LABEL = 20


@dataclass(frozen=True)
class Whole:
    """An entry with everything that belongs to it."""

    detail: EntryDetail
    shares: list[ShareRow]
    removals: list[RemovalRow] = field(default_factory=list)
    maps: list[BodyMap] = field(default_factory=list)
    received: ItemRow | None = None
    """What the partner sent, where the entry is theirs."""
    above: EntryRow | None = None
    below: tuple[EntryRow, ...] = ()
    """The entry that it asks about or answers, and those that ask about or answer it."""
    apart: int = 0
    """How much of it was made in two places and waits for a choice."""
    rivals: bool = False
    """Whether its sender sent another text as the same version."""


def whole(vault: Vault, entry_id: str) -> Whole:
    """Read an entry whole; blocks."""
    from storage.views import apart, arrivals, body_maps, record, removals, sharing

    shares = sharing.shares(vault, entry_id=entry_id)
    above, below = record.thread(vault, entry_id)
    thread = (above, tuple(below))
    return Whole(
        record.detail(vault, entry_id),
        shares,
        removals.of_entry(vault, entry_id),
        body_maps.of_entry(vault, entry_id),
        next(iter(arrivals.items(vault, item_id=entry_id, states=["accepted", "withdrawn"])), None),
        *thread,
        len(apart.rows(vault, entry_id=entry_id)),
        entry_id in arrivals.with_rivals(vault),
    )


Part = tuple[str, Content]
"""A label and what stands beside it; a part without a label is a heading."""


def plain_part(label: str, text: str) -> Iterator[Part]:
    """Yield a labelled text, where there is one."""
    if text.strip():
        yield label, Content(visible(text))


def facts_of(entry: EntryRow, concern: ConcernLogged) -> Iterator[Part]:
    """Yield the entry's fields in the order of the form; what is blank is left out."""
    state, waiting = state_words(entry)
    if state:
        yield "State", Content.styled(state, "bold $text-warning" if waiting else "")
    yield from plain_part("What happened", entry.text)
    if entry.childs_words:
        yield "Child's own words", Content(quoted(entry.childs_words))
    yield from plain_part("Where", concern.place)
    yield from plain_part("How known", label_of(HowKnown, concern.how_known))
    yield from plain_part("Who saw it", concern.seen_by)
    yield from plain_part("Who was present", concern.present)
    yield from plain_part("How the child was", concern.demeanour)
    yield from plain_part("Questions asked", concern.questions_asked)
    yield from plain_part("Done at once", entry.action or concern.immediate_action)
    yield from plain_part("Who was told", "\n".join(f"{each.name}, {each.at}".rstrip(", ") for each in concern.told))
    yield from plain_part("Child told?", label_of(Told, concern.child_told))
    yield from plain_part("Parent told?", label_of(Told, concern.parent_told))
    yield from plain_part("If not, why", concern.not_told_reason)
    yield from plain_part("Opinion", concern.opinion)
    yield from plain_part("Its grounds, whose", concern.opinion_grounds)
    if caller := concern.caller:
        who = ", ".join(part for part in (caller.name, caller.role, caller.agency) if part)
        yield from plain_part("Caller", f"{who}\n{label_of(IdentityCheck, caller.identity)}")
    if concern.role_of_child != "subject":
        yield from plain_part("The child's part", CHILD_ROLES[concern.role_of_child])
    yield from plain_part("Police attended", in_words(concern.police_at) if concern.police_at else "")
    yield from plain_part("School had notice", in_words(concern.school_at) if concern.school_at else "")
    yield from plain_part("Original note", concern.original_kept)
    yield from plain_part("As first written", concern.child_as_written)
    if imported := concern.imported:
        cells = "\n".join(f"{header}: {value}" for header, value in imported.cells if value.strip())
        yield from plain_part(f"Line {imported.line} of theirs", cells)
        yield from plain_part("Their rule", RULES[imported.on_share])
        yield from plain_part("Repeats", "Another entry, word for word" if imported.duplicate_of else "")
    if entry.promoted:
        words = f"{chosen_words(entry)} · impact on the child: {label_of(Impact, entry.impact).lower()}"
        yield from plain_part("Chronology", words)
    yield from plain_part("Outcome", entry.outcome)
    yield from plain_part("Source", "" if entry.source == HERE else entry.source)
    yield "Recorded", Content(recorded_words(entry).removeprefix("Recorded "))
    if entry.days_late > 1:
        yield " ", Content.styled(moment_words(entry.recorded_at), "$text-muted")
    yield from plain_part("Still to be written", ", ".join(entry.unfinished))


def decision_part(row: DecisionRow) -> Part:
    """Return a decision; one that was superseded says so and stays readable (R-02)."""
    parts: list[Any] = []
    if row.superseded:
        parts.append(("Superseded: ", "$text-warning"))
    parts += [(visible(label_of(Decision, row.decision)), "" if row.superseded else "bold"), "\n", visible(row.reason)]
    if row.due:
        parts.append(f"\nTo be done by {day_words(row.due)}")
    if row.advice:
        who = ", ".join(row.advice[key] for key in ("name", "role") if row.advice.get(key))
        said = row.advice.get("advice", "")
        parts.append(f"\nAdvice{' from ' + visible(who) if who else ''}{': ' + visible(said) if said else ''}")
    if row.outcome:
        parts.append(f"\nOutcome: {visible(row.outcome)}")
    if row.set_aside:
        parts.append((f"\nSet aside: {visible(row.set_aside)}", "$text-warning"))
    parts.append((f"\n{moment_words(row.at)}, by {visible(row.by)}", "$text-muted"))
    return "Earlier decision" if row.superseded else "Decision", Content.assemble(*parts)


def version_part(row: VersionRow, newest: int, taken: str) -> Part:
    """Return a version with who wrote it or took it in, when and why (R-05)."""
    now = " (as it stands)" if row.version == newest else ""
    by = "taken in by" if taken == "Taken in" else "by"
    parts: list[Any] = [(f"{moment_words(row.recorded_at)}, {by} {visible(row.recorded_by)}{now}", "$text-muted")]
    if row.reason:
        parts.append(f"\nBecause: {visible(row.reason)}")
    if row.set_aside:
        parts.append((f"\nSet aside: {visible(row.set_aside)}", "$text-warning"))
    parts.append(f"\n{visible(row.text)}")
    if row.childs_words:
        parts += ["\n", ("In the child's words: ", "$text-accent"), quoted(row.childs_words)]
    parts.append((f"\nWhen: {in_words(row.occurred)}", "$text-muted"))
    return f"Version {row.version}", Content.assemble(*parts)


def parts_of(found: Whole) -> Iterator[Part]:
    """Yield everything that is known of an entry, its headings without a label."""
    detail = found.detail
    taken = "Taken in" if found.received else "Recorded"
    closed = found.received is not None and found.received.state == "withdrawn" and not detail.entry.decision
    facts = ((taken if label == "Recorded" else label, said) for label, said in facts_of(detail.entry, detail.concern))
    yield from (fact for fact in facts if not (closed and fact[0] == "State"))
    for choice in detail.choices:
        yield from plain_part("Why chosen", f"{choice.reason}\n{moment_words(choice.at)}, {choice.by}")
    if found.received is not None:
        yield from plain_part("Their rule", rule_words(found.received))
        done = theirs_words(found.received, rivals=found.rivals)
        yield from plain_part("Since", f"{done[:1].upper()}{done[1:]}{': t shows both' if found.rivals else ''}")
    for label, row in [("Answers", found.above), *(("Answered by", each) for each in found.below)]:
        if row is not None:
            whose = "" if row.source == HERE else f" from {row.source}"
            yield from plain_part(label, f"{in_words(row.occurred)}{whose}: {row.text}")
    for each in found.maps:
        yield "", Content.styled("Body map (b)", "bold $text-primary")
        yield from plain_part("Drawn by", ", ".join(part for part in (each.by, each.role, each.seen_at) if part))
        for at, mark in enumerate(each.marks):
            yield from plain_part(f"Mark {LETTERS[at]}", mark_words(mark))
    if detail.decisions:
        yield "", Content.styled("Decisions", "bold $text-primary")
        yield from (decision_part(row) for row in reversed(detail.decisions))
    if len(detail.versions) > 1:
        yield "", Content.styled("Versions", "bold $text-primary")
        newest = next(row.version for row in detail.versions if row.act_id == detail.entry.version)
        yield from (version_part(row, newest, taken) for row in reversed(detail.versions))
    if found.shares:
        yield "", Content.styled("Shared", "bold $text-primary")
        for share in found.shares:
            yield from plain_part("Share", record_words(share))
    for trace in detail.moves:
        yield from plain_part("Moved", f"Moved between children {moment_words(trace.moved_at)}, by {trace.by}")


def lay_out(parts: Iterator[Part], width: int) -> Content:
    """Lay the parts out as two columns, or under each other where it is narrow."""
    lines: list[Content] = []
    beside = width >= 60
    for label, content in parts:
        if not label:
            lines += [Content(""), content]
            continue
        if not beside:
            lines += [Content.styled(label, "$text-muted"), *content.wrap(max(width, 20))]
            continue
        for number, line in enumerate(content.wrap(max(width - LABEL, 20))):
            lines.append(Content.assemble((f"{label if not number else '':<{LABEL}}", "$text-muted"), line))
    return Content("\n").join(lines)


class EntryScreen(ConsoleScreen):
    """An entry, to be read from top to bottom."""

    NAME = "entry"
    HEADING = "Entry"
    HELP = (
        "One entry with every field that was written, its decisions, and every version with who, when and why. "
        "The arrows scroll; the letters act on it."
    )
    CSS_PATH = "entry.tcss"
    BINDINGS = bindings("entry")

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self.entry_id = entry_id
        self.found: Whole | None = None

    @property
    def heading(self) -> str:
        """Say whose entry it is."""
        return f"Entry: {self.found.detail.entry.child}" if self.found else self.HEADING

    def body(self) -> ComposeResult:
        yield Static(id="head")
        with VerticalScroll(id="whole"):
            yield Static(id="text")

    def on_mount(self) -> None:
        self.query_one("#whole").focus()

    def refresh_record(self) -> None:
        """Read it again."""
        if self.console.vault is not None:
            self.fetch(whole, self.vault, self.entry_id, then=self._show, failed=self._gone)

    def _gone(self, error: ConsoleError) -> None:
        self.console.report(error)
        self.leave()

    def _opened(self, unrecorded: str) -> None:
        if unrecorded:
            self.console.say(unrecorded, title="Not recorded yet", severity="warning")

    def _show(self, found: Whole) -> None:
        if self.found is None:
            self.run(open_log, self.vault, found.detail.entry.child_id, then=self._opened)
        self.found = found
        self.refresh_chrome()
        self.refresh_bindings()
        self._draw()

    def _draw(self) -> None:
        if self.found is None:
            return
        entry = self.found.detail.entry
        head = Content.assemble((in_words(entry.occurred), "bold"), "  ", (what_words(entry), "$text-primary"))
        if entry.occurred.text and entry.occurred.note:
            head += Content.styled(
                f"\nWritten as «{visible(entry.occurred.text)}». {visible(entry.occurred.note)}", "$text-muted"
            )
        if self.found.apart:
            head += Content.styled("\nMade in two places: both are kept. t chooses between them.", "bold $text-warning")
        if proposed := open_of(self.found.removals):
            from storage.views.removals import words

            waits = "g agrees, u keeps the entry." if self._may_agree(proposed) else "Another person must agree."
            head += Content.styled(f"\n{visible(words(proposed))}. {waits}", "bold $text-warning")
        self.query_one("#head", Static).update(head)
        width = min(self.query_one("#whole").scrollable_content_region.width, 118)
        self.query_one("#text", Static).update(lay_out(parts_of(self.found), max(width, 20)))

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    # -- actions -------------------------------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        if self.found is None or action_id == "back":
            return "" if action_id == "back" else "The entry is still being read."
        looks = {
            "entry.body_map": (self.found.maps or may_write(self.vault), "This entry has no body map."),
            "entry.apart": (self.found.apart or self.found.rivals, "Nothing of it was made in two places."),
            "entry.versions": (len(self.found.detail.versions) > 1, "It was never amended."),
        }
        if action_id in looks:
            there, why = looks[action_id]
            return "" if there else why
        if not may_write(self.vault):
            return READ_ONLY
        if action_id == "entry.reply" and self.found.received is None:
            return "This entry is not a partner's."
        if action_id == "entry.fill" and not self.found.detail.missing:
            return "Nothing of this entry is left to be written."
        return self._why_not_removed(action_id, open_of(self.found.removals))

    def _why_not_removed(self, action_id: str, proposed: RemovalRow | None) -> str:
        """Say why its removal cannot be proposed, agreed to or taken back now, or the entry not be shared."""
        if action_id == "entry.share" and not has_share_screen():
            return NO_SHARE_SCREEN
        if action_id in ("entry.agree", "entry.keep") and proposed is None:
            return "No removal is proposed."
        if action_id == "entry.agree" and proposed is not None and not self._may_agree(proposed):
            return "You proposed it: another person must agree."
        return "Its removal is proposed already." if action_id == "entry.remove" and proposed is not None else ""

    def _may_agree(self, proposed: RemovalRow) -> bool:
        return proposed.proposed_by_id != self.vault.person.id

    def act_body_map(self) -> None:
        """Show the body map, or draw one."""
        self.console.open("body_map", entry_id=self.entry_id)

    def act_apart(self) -> None:
        """Choose among what was made in two places, or read what its sender sent as one version."""
        if self.found is not None and self.found.rivals and not self.found.apart:
            self.console.open("inbox", item=self.entry_id)
        else:
            self.console.open("apart", entry_id=self.entry_id)

    def act_versions(self) -> None:
        """Show the versions side by side."""
        self.console.open("compare", entry_id=self.entry_id)

    def act_remove(self) -> None:
        """Propose its removal, with the reason."""
        self.app.push_screen(ReasonDialog("Propose to remove this entry?", PROPOSE, verb="Propose"), self._remove)

    def _remove(self, reason: str | None) -> None:
        if reason is not None:
            done = "Proposed. The entry stands until another person agrees."
            self.run(propose, self.vault, self.entry_id, reason, then=lambda _: self.console.say(done))

    def act_agree(self) -> None:
        """Agree to its removal, after a question."""
        self.app.push_screen(ConfirmDialog("Remove this entry?", AGREE, verb="Remove it"), self._agree)

    def _agree(self, sure: bool | None) -> None:
        if sure:
            self.run(agree, self.vault, self.entry_id, then=self._agreed)

    def _agreed(self, said: str) -> None:
        self.console.say(said)
        self.leave()

    def act_keep(self) -> None:
        """Take the proposal back, with the reason."""
        sentence = "The proposal to remove it is taken back; the entry stands as it is."
        self.app.push_screen(ReasonDialog("Keep this entry?", sentence, verb="Keep it"), self._keep)

    def _keep(self, reason: str | None) -> None:
        if reason is not None:
            self.run(restore, self.vault, self.entry_id, reason, then=lambda _: self.console.say("It is kept."))

    def act_amend(self) -> None:
        """Write a new version."""
        self.console.open("amend", entry_id=self.entry_id)

    def act_decide(self) -> None:
        """Decide what is to be done about it."""
        self.console.open("decide", entry_id=self.entry_id)

    def act_move(self) -> None:
        """Move it to the right child."""
        self.console.open("move", entry_id=self.entry_id)

    def act_share(self) -> None:
        """Propose it to a partner."""
        self.console.open("share", entry_id=self.entry_id)

    def act_reply(self) -> None:
        """Ask its sender about it, or answer it."""
        if self.found is not None and self.found.received is not None:
            ask_back(self, self.entry_id, self.found.received.sender)

    def act_fill(self) -> None:
        """Fill in what is still to be written."""
        if self.found is not None:
            self.app.push_screen(CompleteDialog(self.found.detail))

    def act_promote(self) -> None:
        """Choose it for the chronology."""
        if self.found is not None:
            self.app.push_screen(PromoteDialog(self.found.detail.entry), self._promote)

    def _promote(self, promotion: Promotion | None) -> None:
        if promotion is not None:
            self.run(promotion.record, self.vault, then=lambda _: self.console.say("Chosen for the chronology."))
