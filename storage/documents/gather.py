"""What goes into a copy: a child's entries whole, the front sheet, what was left out, and a hash over it all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import ConcernLogged, ItemArrived
from practice.body_words import map_words
from practice.dates import Occurred, day_words
from practice.errors import Refused
from practice.received import received_entry
from practice.text import counted
from storage import ledger
from storage.documents.masking import mask_copy
from storage.types import utc_text
from storage.views import body_maps, children, front_sheet, glossary, links, record, removals, sharing
from storage.views.arrivals import ItemTable
from storage.views.base import chunks, table_of
from storage.views.body_maps import BodyMap
from storage.views.entry_tables import DecisionTable, VersionTable
from storage.views.organisation import PersonTable
from storage.views.record_rows import ChoiceRow, DecisionRow, EntryRow, VersionRow

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from practice.glossary import Term
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.front_sheet import FrontSheet

Progress = Callable[[int, int], None]
KINDS = {
    "chronology": "Chronology",
    "record": "Record",
    "front_sheet": "Front sheet",
    "supervision": "Supervision sheet",
}
"""What may leave as a copy, in words."""


@dataclass(frozen=True)
class Wanted:
    """Which copy of whose record: the chosen chronology, everything, the front sheet, or a sheet for supervision."""

    child_id: str
    what: str = "chronology"
    start: date | None = None
    end: date | None = None
    as_known_on: date | None = None
    own_only: bool = False
    everything: bool = False
    """Whether a chronology holds every entry, chosen or not."""
    anonymous: bool = False
    """Whether every name of the child's glossary is masked (R-75)."""


@dataclass(frozen=True)
class EntryCopy:
    """An entry with what stands beside it; only a copy of the record holds versions and the concern's fields."""

    row: EntryRow
    shares: tuple[tuple[str, str], ...] = ()
    received: bool = False
    concern: ConcernLogged | None = None
    versions: tuple[VersionRow, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    maps: tuple[BodyMap, ...] = ()
    choices: tuple[ChoiceRow, ...] = ()


@dataclass
class Copy:
    """Everything that a copy holds, in the order in which it is read; `digest` is the hash of its content."""

    wanted: Wanted
    school: str
    child: ChildRow
    made_at: datetime
    made_by: str
    entries: list[EntryCopy]
    front: FrontSheet
    left_out: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)
    digest: str = ""
    masks: tuple[Term, ...] = ()
    """The names that may be masked in it, and by what."""

    @property
    def title(self) -> str:
        """What the copy is called."""
        return f"{KINDS[self.wanted.what]}: {self.child.name}"


def part_of(progress: Progress | None, first: int, last: int) -> Progress | None:
    """Return how a part of the work tells of itself: from `first` to `last` hundredths of the whole."""
    if progress is None:
        return None
    whole = progress
    return lambda done, of: whole(first * max(of, 1) + done * (last - first), 100 * max(of, 1))


def gather(vault: Vault, wanted: Wanted, progress: Progress | None = None) -> Copy:
    """Read what a copy holds; raises NotFound, and Refused for a copy that the program does not make.

    `progress` hears how much of how much is read and masked, and may raise to stop it.
    """
    if wanted.what not in KINDS:
        raise Refused("There is no such copy. Nothing went out.", hint="Choose one of: " + ", ".join(KINDS) + ".")
    child = children.get(vault, wanted.child_id)
    front = front_sheet.sheet(vault, child.id)
    made = Copy(wanted, vault.school.name, child, vault.clock(), vault.person.name, [], front)
    if wanted.what != "front_sheet":
        _take_entries(vault, made, part_of(progress, 0, 50))
    names = glossary.glossary(vault, child.id) if wanted.anonymous else glossary.outward(vault, child.id)
    if names.terms or wanted.anonymous:
        mask_copy(made, names, anonymous=wanted.anonymous, progress=part_of(progress, 50, 100))
        made.masks = names.terms
    made.digest = digest_of(made)
    return made


def _take_entries(vault: Vault, made: Copy, progress: Progress | None) -> None:
    wanted = made.wanted
    chosen = wanted.what in ("chronology", "supervision") and not wanted.everything
    rows = record.chronology(
        vault,
        wanted.child_id,
        promoted=chosen,
        start=wanted.start,
        end=wanted.end,
        as_known_on=wanted.as_known_on,
    )
    theirs, rules = _received(vault), links.imports(vault, wanted.child_id)
    theirs |= {entry: source for entry, (source, rule, _) in rules.items() if rule != "yes"}
    never = {entry for entry, (_, rule, _) in rules.items() if rule == "never"}
    kept_back = sorted({theirs[row.id] for row in rows if row.id in never})
    if kept_back:
        count = sum(row.id in never for row in rows)
        entries = f"{count} entr{'ies' if count > 1 else 'y'}"
        made.left_out.append(f"{entries} from {', '.join(kept_back)} left out: the owner lets nobody pass it on.")
    rows = [row for row in rows if row.id not in never]
    held = [row for row in rows if row.id in theirs]
    if wanted.own_only:
        rows = [row for row in rows if row.id not in theirs]
    shares: dict[str, list[tuple[str, str]]] = {}
    for share in sharing.shares(vault, child_id=wanted.child_id):
        shares.setdefault(share.entry_id, []).append((share.partner, share.state))
    maps: dict[str, list[BodyMap]] = {}
    for each in body_maps.of_child(vault, wanted.child_id):
        maps.setdefault(each.entry_id, []).append(each)
    with_all = wanted.what == "record" and not wanted.as_known_on
    whole = _whole(vault, [row.id for row in rows], progress) if with_all else {}
    for row in rows:
        concern, versions, decisions, choices = whole.get(row.id, (None, (), (), ()))
        told = tuple(shares.get(row.id, ()))
        drawn = tuple(maps.get(row.id, ()))
        made.entries.append(EntryCopy(row, told, row.id in theirs, concern, versions, decisions, drawn, choices))
    _say_what_is_missing(vault, made, chosen, sorted({theirs[row.id] for row in held}), len(held))


def _received(vault: Vault) -> dict[str, str]:
    """Return who sent each entry that came from a partner and stands in a record here."""
    table = table_of(ItemTable)
    with vault.read() as connection:
        rows = connection.execute(select(table.c.id, table.c.name).where(table.c.state == "accepted"))
        return {row.id: row.name for row in rows}


def _say_what_is_missing(vault: Vault, made: Copy, chosen: bool, owners: list[str], theirs: int) -> None:
    wanted, said = made.wanted, made.left_out
    total = record.count(vault, wanted.child_id)
    if chosen:
        said.append(f"Only what was chosen for the chronology stands here: {len(made.entries)} of {total} entries.")
    if wanted.start or wanted.end:
        start = f"from {day_words(wanted.start)} " if wanted.start else ""
        end = f"to {day_words(wanted.end)}" if wanted.end else ""
        said.append(f"Only what happened {start}{end}".rstrip() + " stands here.")
    if wanted.as_known_on:
        said.append(f"This is what was known at the end of {day_words(wanted.as_known_on)}: later acts are left out.")
    if wanted.what != "record":
        said.append("Earlier versions of entries, decisions and their reasons, and opinions are left out.")
    if wanted.own_only and theirs:
        said.append(
            f"{counted(theirs, 'entry', 'entries')} that came from {', '.join(owners)}: left out, theirs to share."
        )
    elif theirs:
        made.cautions.append(
            f"{theirs} of these entries came from {', '.join(owners)}: ask them before they are passed on."
        )
    for row in removals.of_child(vault, wanted.child_id):
        if row.state == "removed":
            # Why it was removed may name somebody: that stays in the record.
            day = day_words(row.agreed_at.astimezone().date()) if row.agreed_at else ""
            said.append(f"An entry was removed on {day} and is left out.")
    moved = sum(trace.away for trace in record.traces(vault, wanted.child_id))
    if moved:
        said.append(f"{counted(moved, 'entry was', 'entries were')} moved to the child they belong to, and left out.")


Whole = tuple[ConcernLogged | None, tuple[VersionRow, ...], tuple[DecisionRow, ...], tuple[ChoiceRow, ...]]


def _whole(vault: Vault, ids: list[str], progress: Progress | None) -> dict[str, Whole]:
    """Return what an entry's own page shows, for many entries in a few queries."""
    versions: dict[str, list[VersionRow]] = {}
    decisions: dict[str, list[DecisionRow]] = {}
    concerns: dict[str, ConcernLogged] = {}
    chosen: dict[str, list[ChoiceRow]] = {}
    with vault.read() as connection:
        for chunk in chunks(ids):
            for row in _named(connection, VersionTable, "number", chunk):
                occurred = Occurred.model_construct(**row.occurred)
                fields = (row.number, row.act_id, row.text, row.childs_words, occurred, row.recorded_at, row.by or "")
                versions.setdefault(row.entry_id, []).append(VersionRow(*fields, row.reason, row.sees))
            for row in _named(connection, DecisionTable, "recorded_at", chunk):
                due = date.fromisoformat(row.due) if row.due else None
                made = (row.decision, row.reason, due, row.by or "", row.recorded_at, row.advice)
                decisions.setdefault(row.entry_id, []).append(DecisionRow(*made, row.outcome, row.superseded))
            chosen |= record.choices(connection, chunk)
            for act in ledger.acts_where(connection, "entry", list(chunk), ["concern_logged", "item_arrived"]):
                if isinstance(act.body, ConcernLogged):
                    concerns[act.entry or ""] = act.body
                elif isinstance(act.body, ItemArrived):
                    concerns[act.entry or ""] = received_entry(act.body.payload)
            if progress:
                progress(ids.index(chunk[-1]) + 1, len(ids))
    return {
        each: (
            concerns.get(each),
            tuple(versions.get(each, ())),
            tuple(decisions.get(each, ())),
            tuple(chosen.get(each, ())),
        )
        for each in ids
    }


def _named(connection: Connection, model: Any, order: str, ids: tuple[str, ...]) -> Any:
    table, people = table_of(model), table_of(PersonTable)
    statement = (
        select(table, people.c.name.label("by"))
        .outerjoin(people, people.c.id == table.c.author)
        .where(table.c.entry_id.in_(ids))
        .order_by(table.c[order], table.c.act_id)
    )
    return connection.execute(statement)


# -- the content as plain values: what is hashed, and the JSON copy ----------------------------------------------------


def digest_of(made: Copy) -> str:
    """Return the SHA-256 of the content as canonical JSON: the same for every form of one copy."""
    content = json.dumps(content_json(made), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def content_json(made: Copy) -> dict[str, Any]:
    """Return what the copy holds, each word verbatim."""
    child = made.child
    return {
        "what": made.wanted.what,
        "school": made.school,
        "child": {
            "id": child.id,
            "name": child.name,
            "legal_name": child.legal_name,
            "date_of_birth": child.date_of_birth.isoformat() if child.date_of_birth else None,
            "upn": child.upn,
            "year_group": child.year_group,
            "reg_group": child.reg_group,
        },
        "front_sheet": [_line_json(line) for line in made.front.lines] if made.wanted.what != "chronology" else [],
        "entries": [_entry_json(entry) for entry in made.entries],
        "left_out": made.left_out,
        "cautions": made.cautions,
    }


def _line_json(line: front_sheet.FrontLine) -> dict[str, Any]:
    return {
        "section": line.section,
        "name": line.name,
        "role": line.role,
        "agency": line.agency,
        "contact": line.contact,
        "words": line.words,
        "since": line.since.isoformat() if line.since else None,
        "until": line.until.isoformat() if line.until else None,
        "recorded_at": utc_text(line.recorded_at),
        "recorded_by": line.by,
    }


def _occurred_json(occurred: Occurred) -> dict[str, Any]:
    return {
        "text": occurred.text,
        "start": occurred.start,
        "end": occurred.end,
        "precision": str(occurred.precision),
    }


def _entry_json(entry: EntryCopy) -> dict[str, Any]:
    row = entry.row
    found: dict[str, Any] = {
        "id": row.id,
        "occurred": _occurred_json(row.occurred),
        "recorded_at": utc_text(row.recorded_at),
        "recorded_by": row.recorded_by,
        "days_late": row.days_late,
        "source": row.source,
        "agency": row.agency,
        "kind": row.kind,
        "text": row.text,
        "childs_words": row.childs_words,
        "category": row.category,
        "further_categories": list(row.further_categories),
        "significance": row.significance,
        "impact": row.impact,
        "action": row.action,
        "outcome": row.outcome,
        "shared": [{"partner": partner, "state": state} for partner, state in entry.shares],
        "received": entry.received,
    }
    if entry.maps:
        found["body_maps"] = [
            {"drawn_by": each.by, "role": each.role, "recorded_at": utc_text(each.recorded_at), "seen_at": each.seen_at}
            | {"marks": [mark.model_dump(mode="json") for mark in each.marks], "words": map_words(each.marks)}
            for each in entry.maps
        ]
    if entry.concern is not None:
        found["concern"] = entry.concern.model_dump(mode="json", exclude_defaults=True)
        found["versions"] = [_version_json(each) for each in entry.versions]
        found["decisions"] = [_decision_json(each) for each in entry.decisions]
        found["chosen"] = [{"reason": each.reason, "by": each.by, "at": utc_text(each.at)} for each in entry.choices]
    return found


def _version_json(each: VersionRow) -> dict[str, Any]:
    return {
        "version": each.version,
        "text": each.text,
        "childs_words": each.childs_words,
        "occurred": _occurred_json(each.occurred),
        "recorded_at": utc_text(each.recorded_at),
        "recorded_by": each.recorded_by,
        "reason": each.reason,
    }


def _decision_json(each: DecisionRow) -> dict[str, Any]:
    return {
        "decision": each.decision,
        "reason": each.reason,
        "due": each.due.isoformat() if each.due else None,
        "by": each.by,
        "at": utc_text(each.at),
        "advice": each.advice,
        "outcome": each.outcome,
        "superseded": each.superseded,
    }
