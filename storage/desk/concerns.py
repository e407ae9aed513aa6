"""Log, amend, move, decide, promote: the acts on an entry of a child's record (R-01 to R-17, R-71)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from practice.acts import Amended, ConcernLogged, Decided, EntryMoved, Promoted, build
from practice.dates import Occurred, day_words, notice_when, parse_when
from practice.errors import Refused
from practice.vocabulary import ConcernCategory, Decision, EntryKind, HowKnown
from storage import outbox
from storage.desk.children import provisional_child
from storage.ids import new_id
from storage.ledger import Draft
from storage.types import utc_text
from storage.views import children, record
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from storage.vault import Unit, Vault
    from storage.views import sharing

OTHER_TEXT = "Part of an event with other children. What concerns this child is still to be written here."
ROLES: tuple[str, ...] = get_args(ConcernLogged.model_fields["role_of_child"].annotation)


@dataclass(frozen=True)
class Moved:
    """What moving an entry did to its shares: how many were withheld, and which partners have it already."""

    withheld: int
    already_with: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    """Another child in the same event: their part in it, what it is about for them, and text that is theirs alone."""

    child_id: str
    role: str
    category: str = ""
    text: str = ""


def read_when(vault: Vault, words: str) -> Occurred:
    """Return a date as a person writes it, read by the vault's clock in local time (R-78)."""
    return parse_when(words, vault.clock().astimezone().replace(tzinfo=None))


def read_times(fields: dict[str, Any], read: Callable[[str], Occurred]) -> dict[str, Any]:
    """Return a concern's fields with its times read; `when` left blank is now, but not in a police notice (R-68)."""
    fields = dict(fields)
    for name in ("police_at", "school_at"):
        if isinstance(fields.get(name), str):
            fields[name] = read(fields[name]) if fields[name].strip() else None
    when = str(fields.pop("when", ""))
    if fields.get("occurred") is None:
        notice = fields.get("entry_kind") == EntryKind.OPERATION_ENCOMPASS and not when.strip()
        fields["occurred"] = notice_when(fields.get("police_at")) if notice else read(when)
    return fields


def log_concern(
    vault: Vault,
    fields: dict[str, Any],
    *,
    child_id: str = "",
    new_child: str = "",
    also: Sequence[tuple[str, str] | Other] = (),
    captured_at: datetime | None = None,
) -> list[str]:
    """Record a concern about a child and return the new entries' ids, the child's own first.

    `fields` are those of ConcernLogged; `when` may stand in the place of `occurred`, as written. With `new_child` the
    child is not on the roll and is recorded at once as a provisional one (R-15). Each child in `also` gets an entry of
    their own, with their role, category and text, that holds no word about the others (R-11). The times of an
    Operation Encompass notice, `police_at` and `school_at`, may be given as written; without `when` it is dated as the
    police attended, else not known. Raises Refused; then nothing was
    recorded.
    """
    fields = read_times(fields, partial(read_when, vault))
    concern = build(ConcernLogged, fields)
    if not concern.text.strip() and not concern.childs_words.strip():
        raise Refused("There is nothing written yet, so nothing was recorded.", hint="Write what happened first.")
    check_codes(category=concern.category, entry_kind=concern.entry_kind, how_known=concern.how_known)
    if child_id:
        child_id = children.known(vault, child_id)
    elif not new_child.strip():
        raise Refused("Which child is this about? Nothing was recorded yet.", hint="Choose a child, or type the name.")
    others = _others(vault, child_id, also)
    event = new_id() if others else None
    entries = [new_id() for _ in range(1 + len(others))]
    with vault.write() as unit:
        if not child_id:
            child_id = provisional_child(unit, new_child)
        drafts = [Draft(concern, child_id, entries[0], event, captured_at)]
        for entry, other in zip(entries[1:], others, strict=True):
            drafts.append(Draft(_for_other_child(concern, other), other.child_id, entry, event, captured_at))
        unit.record_many(drafts)
    return entries


def check_codes(*, category: str = "", entry_kind: str = "", how_known: str = "") -> None:
    """Raise Refused for a code that this program does not know; a blank one is none."""
    known = {
        "category": (category, ConcernCategory),
        "kind": (entry_kind, EntryKind),
        "way it is known": (how_known, HowKnown),
    }
    for name, (code, vocabulary) in known.items():
        if code and code not in set(vocabulary):
            raise Refused(
                f"«{code}» is no {name} that this program knows. Nothing was recorded.",
                hint="Choose one of: " + ", ".join(vocabulary) + ".",
            )


def _others(vault: Vault, child_id: str, also: Sequence[tuple[str, str] | Other]) -> list[Other]:
    """Return the other children of an event, each once; raises Refused for a role or category that there is not."""
    others = [each if isinstance(each, Other) else Other(*each) for each in also]
    for other in others:
        children.known(vault, other.child_id)
        if other.role not in ROLES:
            raise Refused(
                f"«{other.role}» is no role of a child in an event. Nothing was recorded.", hint=", ".join(ROLES)
            )
    ids = [child_id, *(other.child_id for other in others)]
    if len(set(ids)) < len(ids):
        raise Refused("The same child was named twice. Nothing was recorded.", hint="Name each child once.")
    return others


def _for_other_child(concern: ConcernLogged, other: Other) -> ConcernLogged:
    """Return the entry of another child in the same event: its own role, category and text, no word about the first."""
    fields = {
        "entry_kind": concern.entry_kind,
        "text": other.text.strip() or OTHER_TEXT,
        "occurred": concern.occurred,
        "place": concern.place,
        "role_of_child": other.role,
        "category": other.category,
    }
    made: ConcernLogged = build(ConcernLogged, fields)
    check_codes(category=made.category)
    return made


def amend(
    vault: Vault,
    entry_id: str,
    text: str,
    reason: str,
    *,
    childs_words: str | None = None,
    when: str | Occurred | None = None,
    sees: str = "",
) -> str:
    """Add a version to an entry and return its act's id; `sees` is the version the person had before them (R-05).

    `when` in words is read by today's date; a moment that was read before is given as it is.
    """
    entry = record.get(vault, entry_id)
    if not text.strip():
        raise Refused("An entry cannot be amended to nothing. It stands as it was.", hint="Write the new text.")
    fields = {
        "sees": sees or entry.version,
        "text": text,
        "childs_words": childs_words,
        "occurred": read_when(vault, when) if when and isinstance(when, str) else when or None,
        "reason": reason,
    }
    return vault.record(build(Amended, fields), child=entry.child_id, entry=entry.id).id


def move(vault: Vault, entry_id: str, to_child: str, reason: str) -> Moved:
    """Move an entry that was logged under the wrong child, at once and by one person (R-14).

    Shares of it that have not left are withheld in the same transaction; partners that have it already are named, so
    that they can be told.
    """
    from storage.views import sharing

    entry = record.get(vault, entry_id)
    child = children.get(vault, to_child)
    if child.id == entry.child_id:
        raise Refused("The entry is under that child already. Nothing was changed.")
    moved = build(EntryMoved, {"from_child": entry.child_id, "reason": reason})
    withheld, already = 0, []
    with vault.write() as unit:
        unit.record(moved, child=child.id, entry=entry.id)
        for share in sharing.shares(vault, entry_id=entry.id):
            if share.state in ("proposed", "held", "agreed", "queued"):
                withhold(vault, unit, share, "The entry was moved to another child.")
                withheld += 1
            elif share.state in ("offered", "delivered", "acknowledged"):
                already.append(share.partner)
    return Moved(withheld, tuple(already))


def withhold(vault: Vault, unit: Unit, share: sharing.ShareRow, reason: str) -> None:
    """Keep a share that has not left from leaving: its sealed copy goes first, then the table says so."""
    from practice.acts import ShareCancelled

    for message in outbox.of_share(unit.connection, share.id):
        if message.state == "queued":
            with suppress(FileNotFoundError):
                (vault.folder / "spool" / "outbox" / message.mid).unlink()
            outbox.mark(unit.connection, message.mid, "withheld", utc_text(vault.clock()), reason)
    cancelled = build(ShareCancelled, {"share": share.id, "reason": reason})
    unit.record(cancelled, child=share.child_id, entry=share.entry_id)


def decide(
    vault: Vault,
    entry_id: str,
    decision: str,
    reason: str,
    *,
    due: date | None = None,
    advice: dict[str, str] | None = None,
    outcome: str = "",
) -> str:
    """Record a decision beside an entry and return its act's id; it supersedes the one before (R-02)."""
    from storage.views import apart

    entry = record.get(vault, entry_id)
    if decision not in set(Decision):
        raise Refused(
            f"«{decision}» is no decision that this program knows. Nothing was recorded.",
            hint="Choose one of: " + ", ".join(Decision) + ".",
        )
    if not reason.strip():
        raise Refused("A decision needs its reason. Nothing was recorded yet.", hint="Write why in one sentence.")
    fields = {
        "decision": decision,
        "reason": reason,
        "due": due.isoformat() if due else None,
        "advice": advice,
        "outcome": outcome,
    }
    with vault.write() as unit:
        seen = apart.standing_decisions(unit.connection, entry.id)
        return unit.record(build(Decided, fields | {"sees": seen}), child=entry.child_id, entry=entry.id).id


def promote(
    vault: Vault,
    entry_id: str,
    reason: str,
    significance: str = "concern",
    impact: str = "unknown",
    *,
    action: str = "",
    outcome: str = "",
) -> str:
    """Choose an entry for the chronology, with the reason, and return the act's id (R-71)."""
    entry = record.get(vault, entry_id)
    fields = {
        "reason": reason,
        "significance": significance,
        "impact": impact,
        "action": action,
        "outcome": outcome,
    }
    return vault.record(build(Promoted, fields), child=entry.child_id, entry=entry.id).id


def recorded_words(entry: EntryRow) -> str:
    """Return when an entry was recorded, and how late where it was (R-06)."""
    words = f"Recorded {day_words(entry.recorded_at.astimezone().date())}"
    return words + (f", {entry.days_late} days after" if entry.days_late > 1 else "")
