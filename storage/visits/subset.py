"""What of the record a visit set carries: the acts about its children, and of nobody else.

The acts keep their ids, authors and times, so that what is written on the visit finds what it is about. They stand in
one chain that is made for the set, since a chain of the school's with gaps would prove nothing. Kinds that are not
named here stay at school: who reads an act that somebody invents tomorrow has to be decided then, not by default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from practice.acts import Body, EntriesLinked, EntryMoved, FrontSheetLine, read_body
from practice.errors import Refused
from storage.views.base import chunks, marks
from storage.visits.naming import MASK, Names, texts_in, words_of

SCHOOL = (
    "school_set",
    "calendar_set",
    "wording_row_set",
    "person_added",
    "person_removed",
    "person_role_changed",
)
"""What a set carries of the school itself: its numbers, its days, its wording list, and who its people are."""
ABOUT_CHILD = (
    "child_added",
    "child_changed",
    "child_left",
    "front_sheet_line",
    "review_set",
    "review_held",
    "holiday_planned",
    "apart_settled",
)
ABOUT_ENTRY = (
    "concern_logged",
    "completed",
    "amended",
    "entry_moved",
    "decided",
    "decision_closed",
    "promoted",
    "body_map_drawn",
    "entries_linked",
    "item_arrived",
    "item_accepted",
    "item_corrected",
    "item_withdrawn",
    "item_returned",
    "apart_settled",
)
ABOUT_ACTION = ("entry_moved", "action_added", "action_changed", "action_done")
ABOUT_MEETING = ("entry_moved", "meeting_planned", "meeting_changed", "meeting_held", "meeting_cancelled")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SELECT = (
    "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry, a.event, a.clock,"
    " b.body, coalesce(a.ordered_at, a.recorded_at) FROM acts a JOIN bodies b ON b.act = a.id"
)
_SHORT_MASK = "…"
_CODES = frozenset(
    {
        "entry_kind",
        "category",
        "further_categories",
        "categories",
        "decision",
        "how_known",
        "status",
        "every",
        "section",
    }
    | {
        "meeting_type",
        "follows",
        "precision",
        "significance",
        "impact",
        "role_of_child",
        "identity",
        "state",
        "child_told",
        "parent_told",
        "kind",
    }
)
"""Fields that hold a code of ours and never a name."""
_CODE_LEAST = 6
"""A number of a child's that is shorter is left: it may be a house number."""
_SINGLE_LEAST = 3
"""A single name of fewer letters is left: it would mask half the text."""


@dataclass(frozen=True)
class Carried:
    """An act as a set carries it: who did what when, about which of the chosen children, and the masked body."""

    id: str
    captured_at: str
    recorded_at: str
    author: str
    kind: str
    child: str | None
    entry: str | None
    event: str | None
    clock: str
    body: bytes


@dataclass
class Subset:
    """What a set carries: the acts in their order, and the entries in which somebody's name is masked."""

    acts: list[Carried] = field(default_factory=list)
    masked: set[str] = field(default_factory=set)


def gather(connection: Connection, children: Sequence[str]) -> Subset:
    """Return what a set for these children carries."""
    chosen = frozenset(children)
    rows, owner, work = _rows(connection, children)
    owned = owner | work
    bodies = {row[0]: read_body(row[6], row[11]) for row in rows}
    names = _names(connection, chosen, bodies, [row[9] for row in rows if row[9]])
    shared = _shared_events(rows, chosen)
    made = Subset()
    for row in sorted(rows, key=lambda each: (each[12], each[1], each[2])):
        child = row[7] if row[7] is None or row[7] in chosen else owned.get(row[8] or "", "")
        if child == "":
            continue
        body = _kept(bodies[row[0]], chosen, owner)
        if body is None:
            continue
        masked = _masked(body, names)
        if masked is not body and row[8]:
            made.masked.add(row[8])
        event = row[9] if row[9] in shared else None
        made.acts.append(
            Carried(row[0], row[3], row[4], row[5], row[6], child, row[8], event, row[10], masked.to_bytes())
        )
    return made


def _rows(connection: Connection, children: Sequence[str]) -> tuple[list[Any], dict[str, str], dict[str, str]]:
    """Return the rows of the acts that travel, and under which chosen child each entry, then all else, stands now."""
    owner: dict[str, str] = {}
    actions: dict[str, str] = {}
    meetings: dict[str, str] = {}
    for chunk in chunks(list(children)):
        among = f"child_id IN ({marks(chunk)})"
        owner |= dict(connection.exec_driver_sql(f"SELECT id, child_id FROM entries WHERE {among}", chunk).all())  # noqa: S608
        meetings |= dict(connection.exec_driver_sql(f"SELECT id, child_id FROM meetings WHERE {among}", chunk).all())  # noqa: S608
        actions |= dict(connection.exec_driver_sql(f"SELECT id, child_id FROM actions WHERE {among}", chunk).all())  # noqa: S608
    found: dict[str, Any] = {}
    for column, kinds, keys in (
        ("kind", SCHOOL, [""]),
        ("child", ABOUT_CHILD, children),
        ("entry", ABOUT_ENTRY, list(owner)),
        ("entry", ABOUT_ACTION, list(actions)),
        ("entry", ABOUT_MEETING, list(meetings)),
    ):
        for chunk in chunks(list(keys)):
            clause = f"a.kind IN ({marks(kinds)})"
            values: tuple[str, ...] = tuple(kinds)
            if column != "kind":
                clause += f" AND a.{column} IN ({marks(chunk)})"
                values += chunk
            found |= {row[0]: row for row in connection.exec_driver_sql(f"{_SELECT} WHERE {clause}", values)}
    removed = {row[8] for row in found.values() if row[8] and row[6] == "apart_settled" and row[8] not in owner}
    return [row for row in found.values() if row[8] not in removed], owner, actions | meetings


def _shared_events(rows: Iterable[Any], chosen: frozenset[str]) -> set[str]:
    """Return the events in which several of the chosen children stand: the others' say nothing on the visit."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        if row[9] and row[7] in chosen:
            seen.setdefault(row[9], set()).add(row[7])
    return {event for event, children in seen.items() if len(children) > 1}


def _kept(body: Body, chosen: frozenset[str], owner: dict[str, str]) -> Body | None:
    """Return a body without what binds it to another child; None where nothing of it is left."""
    if isinstance(body, EntryMoved) and body.from_child not in chosen:
        return None  # as if it had been under its own child from the first
    if isinstance(body, EntriesLinked) and body.other not in owner:
        return None
    if isinstance(body, FrontSheetLine) and (body.child or body.section in ("connected_child", "sibling")):
        if body.child in chosen:
            return body
        return body.model_copy(update={"child": "", "name": MASK, "contact": ""})
    imported = getattr(body, "imported", None)
    if imported is not None and imported.duplicate_of and imported.duplicate_of not in owner:
        return body.model_copy(update={"imported": imported.model_copy(update={"duplicate_of": ""})})
    return body


# -- masking -----------------------------------------------------------------------------------------------------------


def _names(connection: Connection, chosen: frozenset[str], bodies: dict[str, Body], events: list[str]) -> Names:
    """Return the names to mask: every other child's whole names, and the single ones of those who are tied to these."""
    rows = {row[0]: row for row in connection.exec_driver_sql("SELECT id, names, fields FROM children")}
    known = {ident: (json.loads(row[1]), json.loads(row[2])) for ident, row in rows.items()}
    names = Names()
    for ident, (whole, fields) in known.items():
        if ident not in chosen:
            for name in whole:
                if len(words_of(name)) > 1:
                    names.add(ident, name)
                    names.add(ident, " ".join(reversed(words_of(name))))
            for code in ("upn", "former_upn", "mis_id", "admission_number"):
                if len(fields.get(code) or "") >= _CODE_LEAST:
                    names.add(ident, fields[code])
    own = {word for ident in chosen & known.keys() for name in known[ident][0] for word in words_of(name)}
    for ident in chosen & known.keys():
        for name in known[ident][0]:
            names.drop(name)
    tied = _tied(connection, chosen, bodies, events, known, names)
    for ident in tied & known.keys():
        for name in known[ident][0]:
            for word in words_of(name):
                if word not in own and len(word) >= _SINGLE_LEAST:
                    names.add(ident, word)
    return names


def _tied(
    connection: Connection,
    chosen: frozenset[str],
    bodies: dict[str, Body],
    events: list[str],
    known: dict[str, tuple[list[str], dict[str, Any]]],
    names: Names,
) -> set[str]:
    """Return the other children to whom something ties the chosen ones."""
    tied = {body.child for body in bodies.values() if isinstance(body, FrontSheetLine) and body.child}
    for chunk in chunks(sorted(chosen)):  # a sibling may be named on either sheet
        statement = f"SELECT child_id FROM front_sheet_lines WHERE other_child IN ({marks(chunk)})"  # noqa: S608
        tied |= set(connection.exec_driver_sql(statement, chunk).scalars())
    for chunk in chunks(sorted(set(events))):
        statement = f"SELECT DISTINCT child FROM acts WHERE event IN ({marks(chunk)}) AND child IS NOT NULL"  # noqa: S608
        tied |= set(connection.exec_driver_sql(statement, chunk).scalars())
    for body in bodies.values():
        for text in texts_in(body.model_dump(mode="json")):
            tied |= names.named(text)

    def surnames(fields: dict[str, Any]) -> set[tuple[str, ...]]:
        return {words_of(fields[name]) for name in ("legal_surname", "preferred_surname") if fields.get(name)}

    families = {each for ident in chosen & known.keys() for each in surnames(known[ident][1])}
    tied |= {ident for ident, (_whole, fields) in known.items() if surnames(fields) & families}
    return tied - chosen


def _masked(body: Body, names: Names) -> Body:
    """Return a body with the names masked; the same one where none stood in it."""
    before = body.model_dump(mode="json")
    if body.act_kind in SCHOOL or _mask(before, names, MASK) == before:
        return body
    for mask in (MASK, _SHORT_MASK):
        try:
            return type(body).model_validate(_mask(before, names, mask))
        except ValidationError:  # a line that the longer mask made too long
            continue
    raise Refused(
        "A name in one of these records cannot be masked, so nothing was packed.",
        hint="Pack the set without that child, or take the record on paper.",
    )


def _mask(value: Any, names: Names, mask: str) -> Any:
    if isinstance(value, dict):
        return {key: _mask_field(key, each, names, mask) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mask(each, names, mask) for each in value]
    if isinstance(value, str) and not _ID.fullmatch(value):
        return names.mask(value, mask)
    return value


def _mask_field(key: str, value: Any, names: Names, mask: str) -> Any:
    if key in _CODES:
        return value
    if key == "jws":  # a partner's signature covers their words with the names in them, and is of no use on a visit
        return ""
    if key == "payload" and isinstance(value, str):  # JSON within JSON
        return json.dumps(_mask(json.loads(value), names, mask), ensure_ascii=False)
    return _mask(value, names, mask)
