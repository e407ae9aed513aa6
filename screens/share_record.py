"""An entry as its record holds it, drawn beside what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from practice.text import visible

if TYPE_CHECKING:
    from storage.views.record_rows import EntryDetail


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
