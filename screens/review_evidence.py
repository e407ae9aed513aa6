"""The evidence beside a review's questions, drawn as plain text under its headings (R-81)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from practice.text import counted, visible

if TYPE_CHECKING:
    from storage.views.actions import ActionRow
    from storage.views.evidence import Evidence, OpenDecision
    from storage.views.record_rows import EntryRow

ENTRIES = 20
"""How many of the entries since the last review are drawn; the record holds the others."""
EXCERPT = 400


def _head(text: str) -> Content:
    return Content.styled(text, "bold $text-primary")


def _plain(text: str, style: str = "") -> Content:
    return Content.styled(visible(text), style) if style else Content(visible(text))


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """Return the beginning of a text on one line; a mark says that there is more."""
    words = " ".join(text.split())
    if len(words) <= limit:
        return words
    return (words[:limit].rpartition(" ")[0] or words[:limit]) + " … (more in the record)"


def evidence_content(found: Evidence, today: date) -> Content:
    """Return everything that the review rests on."""
    parts = [*_last(found), Content(""), *_decisions(found, today), Content(""), *_voice(found, today), Content("")]
    parts += [*_parents(found, today), Content("")]
    parts += [
        *_flags(found),
        *_meetings(found, today),
        *_shares(found),
        *_transfers(found, today),
        Content(""),
        *_chronology(found),
        Content(""),
        *_since(found),
    ]
    return Content("\n").join(parts)


def _last(found: Evidence) -> list[Content]:
    from practice.dates import day_words
    from practice.vocabulary import Decision, label_of

    if found.last is None:
        return [_head("Last review"), _plain("None yet.", "$text-muted")]
    last = found.last
    by = f", {last.by}" if last.by else ""
    return [
        _head("Last review"),
        _plain(f"{day_words(last.held_on)}{by}: {label_of(Decision, last.decision)}"),
        _plain(excerpt(last.reason), "$text-muted"),
    ]


def _since(found: Evidence) -> list[Content]:
    since = "since the last review" if found.last else "so far"
    heading = _head(f"{counted(len(found.since), 'entry', 'entries')} {since}")
    lines = [heading]
    for place, entry in enumerate(found.since[:ENTRIES]):
        lines += [*([Content("")] if place else []), *_entry(entry)]
    if len(found.since) > ENTRIES:
        lines.append(_plain(f"and {len(found.since) - ENTRIES} more in the record", "$text-muted"))
    return lines


def _entry(entry: EntryRow) -> list[Content]:
    from practice.dates import in_words
    from practice.vocabulary import ConcernCategory, EntryKind, label_of

    kind = label_of(EntryKind, entry.kind)
    category = label_of(ConcernCategory, entry.category)
    head = " · ".join(part for part in (in_words(entry.occurred), kind, category) if part)
    lines = [_plain(head, "$text-muted"), _plain(excerpt(entry.text))]
    if entry.childs_words.strip():
        lines.append(_plain(f"Child's words: “{excerpt(entry.childs_words)}”"))
    return lines


def _voice(found: Evidence, today: date) -> list[Content]:
    from practice.dates import day_words

    heading = _head("The child's own words")
    if found.voice is None:
        return [heading, _plain("Not recorded in any entry.", "$text-warning")]
    day = found.voice.recorded_at.astimezone().date()
    ago = (today - day).days
    words = "today" if ago <= 0 else counted(ago, "day") + " ago"
    return [
        heading,
        _plain(f"Last recorded {day_words(day)}, {words}:", "$text-muted"),
        _plain(f"“{excerpt(found.voice.childs_words)}”"),
    ]


def _decisions(found: Evidence, today: date) -> list[Content]:
    lines = [_head("Open decisions and actions")]
    if found.undecided:
        concerns = counted(found.undecided, "concern has", "concerns have")
        lines.append(_plain(f"{concerns} no decision yet.", "$text-warning"))
    lines += [_decision(each, today) for each in found.decisions]
    lines += [_action(each, today) for each in found.actions]
    if not found.decisions and not found.undecided and not found.actions:
        lines.append(_plain("None.", "$text-muted"))
    return lines


def _decision(decision: OpenDecision, today: date) -> Content:
    from practice.dates import day_words
    from practice.vocabulary import Decision, label_of

    label = label_of(Decision, decision.decision)
    if decision.due is None:
        return _plain(f"{label}, no due date: {excerpt(decision.reason, 160)}")
    if decision.due < today:
        due, style = f"was due {day_words(decision.due)}", "$text-error"
    else:
        due, style = f"due {day_words(decision.due)}", ""
    return Content.assemble(f"{label}, ", (due, style), f": {visible(excerpt(decision.reason, 160))}")


def _action(action: ActionRow, today: date) -> Content:
    from practice.dates import day_words

    late = action.due is not None and action.due < today
    due = "no day set" if action.due is None else f"{'was ' if late else ''}due {day_words(action.due)}"
    words = visible(excerpt(action.what, 160))
    return Content.assemble(f"To do, {visible(action.owner)}, ", (due, "$text-error" if late else ""), f": {words}")


def _parents(found: Evidence, today: date) -> list[Content]:
    from practice.dates import in_words

    heading = _head("The parents' view")
    if found.parents is None:
        return [heading, _plain("No contact with a parent or carer is recorded.", "$text-warning")]
    ago = (today - found.parents.recorded_at.astimezone().date()).days
    when = f"{in_words(found.parents.occurred)}, recorded {counted(ago, 'day')} ago:" if ago > 0 else "Today:"
    return [heading, _plain(f"Last contact: {when}", "$text-muted"), _plain(excerpt(found.parents.text))]


def _flags(found: Evidence) -> list[Content]:
    if not found.flags:
        return []
    lines = [_head("Patterns to consider")]
    for flag in found.flags:
        lines += [_plain(flag.label, "$text-warning"), _plain(flag.sentence)]
    return [*lines, Content("")]


def _shares(found: Evidence) -> list[Content]:
    from practice.share_words import share_words

    lines = [_plain(f"{share.partner}: {excerpt(share_words(share), 160)}") for share in found.shares]
    return [_head("Shares waiting"), *(lines or [_plain("None.", "$text-muted")])]


def _meetings(found: Evidence, today: date) -> list[Content]:
    from practice.dates import day_words

    if not found.meetings and not found.disagreements:
        return []
    lines = [_head("Meetings")]
    for row in found.meetings:
        late = row.day < today
        if row.state == "wanted":
            said = f"{row.words}: nobody planned it yet, at the latest {day_words(row.day)}"
        else:
            said = f"{row.words}, {'was ' if late else ''}{day_words(row.day)}{', to be recorded' if late else ''}"
        report = f". Report due {day_words(row.report_due)}" if row.report_open and row.report_due else ""
        lines.append(_plain(said + report, "$text-error" if late else ""))
    for row in found.disagreements:
        said = f"{row.words}, {day_words(row.day)}, the school disagreed: {excerpt(row.disagreement, 200)}"
        lines += [_plain(said, "$text-warning"), _plain("Ctrl+R and 5 make it a challenge.", "$text-muted")]
    return [*lines, Content("")]


def _transfers(found: Evidence, today: date) -> list[Content]:
    from practice.dates import day_words

    lines = []
    for row in found.transfers:
        due = f", {'was ' if row.due < today else ''}due {day_words(row.due)}" if row.due else ""
        lines.append(_plain(f"{row.words}{due}", "$text-error" if row.due and row.due < today else ""))
    return [Content(""), _head("File transfer"), *lines] if lines else []


def _chronology(found: Evidence) -> list[Content]:
    total = counted(found.entries, "entry", "entries")
    return [_head("Chronology"), _plain(f"{found.promoted} of {total} chosen for it.")]
