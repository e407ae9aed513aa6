"""An entry as its record holds it, drawn beside what leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from practice.share_words import lower_first
from practice.text import visible

if TYPE_CHECKING:
    from storage.views.record_rows import EntryDetail
    from storage.views.sharing import Decided, ShareRow


def _part(label: str, text: str) -> list[Content]:
    if not text.strip():
        return []
    return [Content(""), Content.styled(label, "$text-muted"), Content(visible(text))]


def record_content(detail: EntryDetail) -> Content:
    """Return the entry whole: when, what, the child's words, what was done and decided, and who was told."""
    from practice.dates import day_words, in_words, time_words
    from practice.vocabulary import ConcernCategory, Decision, EntryKind, HowKnown, Told, label_of

    entry, concern = detail.entry, detail.concern
    recorded = entry.recorded_at.astimezone()
    by = f" by {entry.recorded_by}" if entry.recorded_by else ""
    categories = ", ".join(
        label_of(ConcernCategory, code) for code in (entry.category, *entry.further_categories) if code
    )
    head = [
        f"{label_of(EntryKind, entry.kind)}, {in_words(entry.occurred)}",
        f"Recorded {day_words(recorded.date())}, {time_words(recorded)}{by}",
        *([categories] if categories else []),
        *([f"Version {entry.versions}"] if entry.versions > 1 else []),
    ]
    lines = [Content(visible(line)) for line in head]
    lines += _part("What happened", entry.text)
    lines += _part("The child's own words", entry.childs_words)
    lines += _part("Place", concern.place)
    lines += _part("How known", label_of(HowKnown, concern.how_known))
    actions = dict.fromkeys(part for part in (concern.immediate_action, entry.action) if part)
    lines += _part("Action", "\n".join(actions))
    told = [("The child", concern.child_told), ("A parent", concern.parent_told)]
    lines += _part("Told", "\n".join(f"{who}: {label_of(Told, code)}" for who, code in told if code))
    lines += _part("Why not told", concern.not_told_reason)
    lines += _part("Opinion, not sent", concern.opinion)
    for decision in detail.decisions:
        if not decision.superseded:
            due = f", due {day_words(decision.due)}" if decision.due else ""
            lines += _part("Decision, not sent", f"{label_of(Decision, decision.decision)}{due}: {decision.reason}")
    return Content("\n").join(lines)


def page_title(share: ShareRow | None) -> str:
    """Say of the page a person reads whether it leaves, has left, or did not."""
    if share is None or share.state in ("proposed", "held", "agreed", "queued"):
        return "What leaves, as a person reads it"
    if share.state in ("not_shared", "withheld"):
        return "Nothing left. This would have" if share.payload else "Nothing left"
    return "What left, as a person reads it"


def decided_content(share: ShareRow, decided: Sequence[Decided]) -> list[Content]:
    """Return who decided what about a share, when and why, and what was answered of basis and told (R-60)."""
    from practice.vocabulary import LawfulBasis, Told, label_of
    from screens.wording import moment_words

    if not decided:
        return []
    lines = [Content(""), Content.styled("What was decided", "bold $text-primary")]
    lines += [
        Content(visible(f"{moment_words(each.at)}, {each.by}: {lower_first(each.what)}: {each.reason}"))
        for each in decided
    ]
    if share.basis:
        lines.append(Content(f"Lawful basis: {label_of(LawfulBasis, share.basis)}"))
        told = (("The child", share.child_told), ("A parent", share.parent_told))
        lines += [Content(f"{who}: {label_of(Told, code)}") for who, code in told]
    if share.urgent:
        lines.append(Content("It could not wait: they are rung as well."))
    return lines
