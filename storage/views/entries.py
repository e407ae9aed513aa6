"""How acts make the entries of a child's record: their versions, decisions and traces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from practice.acts import (
    Act,
    Amended,
    ApartSettled,
    Completed,
    ConcernLogged,
    Decided,
    DecisionClosed,
    EntryMoved,
    Imported,
    ItemAccepted,
    ItemArrived,
    ItemCorrected,
    ItemReturned,
    ItemWithdrawn,
    Promoted,
)
from practice.apart import Choice, Made, Standing, more_protective_decision, standing
from practice.dates import Occurred, sort_key
from practice.quality import completed, unfinished
from practice.received import read_payload, received_entry
from practice.removal import is_removed, removals
from storage.types import utc_text
from storage.views.base import Rows, View, view
from storage.views.entry_tables import (
    AnswerTable,
    ApartTable,
    DecisionTable,
    EntryTable,
    ImportTable,
    TraceTable,
    VersionTable,
)
from storage.views.removals import RemovalTable, rows_of
from storage.views.searched import WordsTable, reindex, unindex, words_rows

NOTICE = "operation_encompass"
"""A police notice also asks for whom it was told to, where a partner sent it (R-68)."""


def _birth(acts: Sequence[Act]) -> tuple[Act, ConcernLogged, str, str] | None:
    """Return the act with which an entry began, its fields, its source and its agency; None for what is no entry."""
    for act in acts:
        if isinstance(act.body, ConcernLogged):
            caller = act.body.caller
            agency = caller.agency if caller else ""
            agency = act.body.imported.source if act.body.imported else agency
            reporter = act.body.reported_by
            source = agency or (f"report by {reporter}" if reporter else "this organisation")
            return act, act.body, source, agency
    arrived = next((act for act in acts if isinstance(act.body, ItemArrived)), None)
    accepted = None
    for act in acts:
        if isinstance(act.body, ItemAccepted | ItemReturned):
            accepted = act if isinstance(act.body, ItemAccepted) else None
    if arrived is None or accepted is None:
        return None
    assert isinstance(arrived.body, ItemArrived)
    return accepted, received_entry(arrived.body.payload), arrived.body.name, arrived.body.name


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    born = _birth(acts)
    if born is None:
        return {}
    act, logged, source, agency = born
    logged, left = completed(logged, [each.body for each in acts if isinstance(each.body, Completed)])
    agency = agency or (logged.caller.agency if logged.caller else "")
    versions, stand = _versions(key, act, logged, acts)
    decisions, decided, in_force = _decisions(key, acts)
    traces = _traces(key, acts)
    newest = next(each for each in reversed(versions) if each["act_id"] in stand.ids)
    child = traces[-1]["to_child"] if traces else act.child or ""
    # Only another date than the first has to be read again.
    as_born = newest["occurred"] is versions[0]["occurred"]
    occurred = logged.occurred if as_born else Occurred.model_validate(newest["occurred"])
    promoted = [each.body for each in acts if isinstance(each.body, Promoted)]
    chosen = promoted[-1] if promoted else None
    imported = logged.imported
    received = act.kind == "item_accepted" or imported is not None
    row = {
        "id": key,
        "child_id": child,
        "kind": logged.entry_kind,
        "text": newest["text"],
        "childs_words": newest["childs_words"],
        "occurred": newest["occurred"],
        "occurred_sort": sort_key(occurred, act.recorded_at),
        "captured_at": act.captured_at,
        "recorded_at": act.recorded_at,
        "author": act.author,
        "source": source,
        "agency": agency,
        "category": logged.category,
        "further_categories": list(logged.further_categories),
        "significance": chosen.significance if chosen else "",
        "impact": chosen.impact if chosen else "",
        "action": (chosen.action if chosen else "") or logged.immediate_action,
        "outcome": (chosen.outcome if chosen else "")
        or (in_force["outcome"] if in_force else "")
        or (imported.outcome if imported else ""),
        "promoted": chosen is not None,
        "decision": in_force["decision"] if in_force else "",
        "unfinished": [] if received and logged.entry_kind != NOTICE else _unfinished(logged, newest, left),
        "versions": len(versions),
        "conflict": stand.apart,
        "version": newest["act_id"],
        "event_id": act.event,
    }
    removed = removals(acts)
    gone = is_removed(removed)
    apart = [
        {
            "id": f"{key}/{about}",
            "entry_id": key,
            "child_id": child,
            "about": about,
            "ids": list(found.ids),
            "in_force": shown,
        }
        for about, found, shown in (
            ("text", stand, newest["act_id"]),
            ("decision", decided, in_force["act_id"] if in_force else ""),
        )
        if found.apart and not gone
    ]
    return {
        "entries": [] if gone else [row],
        "entry_versions": versions,
        "decisions": decisions,
        "traces": traces,
        "apart_entries": apart,
        "removals": rows_of(key, child, removed),
        "entry_imports": [_imported(key, act.child or "", imported)] if imported else [],
        "entry_answers": [{"entry_id": key, "answers": logged.answers}] if logged.answers and not gone else [],
        "entry_words": [] if gone else words_rows(key, row["text"], row["childs_words"]),
    }


def _imported(key: str, child_id: str, imported: Imported) -> dict[str, Any]:
    return {
        "entry_id": key,
        "imported_for": child_id,
        "batch": imported.batch,
        "line": imported.line,
        "source": imported.source,
        "on_share": imported.on_share,
        "duplicate_of": imported.duplicate_of,
    }


def _unfinished(logged: ConcernLogged, newest: dict[str, Any], left: tuple[str, ...]) -> list[str]:
    """Return what is still to be written of the entry as its newest version stands."""
    words = {"childs_words": newest["childs_words"], "occurred": newest["occurred"], "left_blank": left}
    return unfinished(vars(logged) | words)


def choices(acts: Sequence[Act], about: str) -> list[Choice]:
    """Return what people chose among what was made in two places, in the order of their choices."""
    return [
        Choice(act.id, frozenset(act.body.kept), frozenset(act.body.set_aside), frozenset(act.body.sees))
        for act in acts
        if isinstance(act.body, ApartSettled) and act.body.about == about
    ]


def _set_aside(acts: Sequence[Act], about: str, stand: Standing) -> dict[str, dict[str, str]]:
    """Return who set each version or decision aside, when and why; one that stands again is not among them."""
    return {
        each: {"by": act.author, "at": utc_text(act.recorded_at), "reason": act.body.reason}
        for act in acts
        if isinstance(act.body, ApartSettled) and act.body.about == about
        for each in act.body.set_aside
        if each not in stand.ids
    }


def _versions(key: str, born: Act, logged: ConcernLogged, acts: Sequence[Act]) -> tuple[list[dict[str, Any]], Standing]:
    """Return an entry's versions in their order, and which of them stand."""
    occurred = logged.occurred.model_dump(mode="json")
    versions = [_version(key, 1, born, logged.text, logged.childs_words, occurred, "", "")]
    for act in acts:
        body = act.body
        if isinstance(body, Amended):
            before = next((each for each in versions if each["act_id"] == body.sees), versions[-1])
            words = before["childs_words"] if body.childs_words is None else body.childs_words
            when = before["occurred"] if body.occurred is None else body.occurred.model_dump(mode="json")
            versions.append(_version(key, len(versions) + 1, act, body.text, words, when, body.reason, body.sees))
        elif isinstance(body, ItemCorrected | ItemWithdrawn):
            versions.append(_partners_version(key, act, body, versions[-1]))
    if len(versions) == 1:  # as nearly every entry: there is nothing to choose from
        return [versions[0] | {"set_aside": None}], Standing((born.id,), False)
    made = [
        Made(
            each["act_id"],
            frozenset({each["sees"]} if each["sees"] else ()),
            (each["text"], each["childs_words"], json.dumps(each["occurred"], sort_keys=True)),
        )
        for each in versions
    ]
    stand = standing(made, choices(acts, "text"))
    aside = _set_aside(acts, "text", stand)
    return [each | {"set_aside": aside.get(each["act_id"])} for each in versions], stand


def _partners_version(
    key: str, act: Act, body: ItemCorrected | ItemWithdrawn, before: dict[str, Any]
) -> dict[str, Any]:
    """Return what a partner's correction or withdrawal makes of their entry; what they wrote first stays beside it."""
    number, sees = before["number"] + 1, before["act_id"]
    why = str(read_payload(body.payload)["body"].get("reason") or "no reason was given")
    if isinstance(body, ItemWithdrawn):
        words = f"Taken back by {body.name}: {why}"
        return _version(key, number, act, words, "", before["occurred"], "taken back by its sender", sees)
    newer = received_entry(body.payload)
    occurred = newer.occurred.model_dump(mode="json")
    reason = f"corrected by its sender: {why}"
    return _version(key, number, act, newer.text, newer.childs_words, occurred, reason, sees)


def _version(
    key: str, number: int, act: Act, words: str, childs_words: str, occurred: Any, reason: str, sees: str
) -> dict[str, Any]:
    return {
        "act_id": act.id,
        "entry_id": key,
        "number": number,
        "text": words,
        "childs_words": childs_words,
        "occurred": occurred,
        "recorded_at": act.recorded_at,
        "author": act.author,
        "reason": reason,
        "sees": sees,
    }


def _decisions(key: str, acts: Sequence[Act]) -> tuple[list[dict[str, Any]], Standing, dict[str, Any] | None]:
    """Return an entry's decisions in their order, which of them stand, and the one in force.

    Where two were made apart it is the more protective one until a person chooses.
    """
    made = [(act, act.body) for act in acts if isinstance(act.body, Decided)]
    if not made:
        return [], Standing((), False), None
    closed = {act.body.decision: act.body.outcome for act in acts if isinstance(act.body, DecisionClosed)}
    stand = standing(
        [
            Made(act.id, None if body.sees is None else frozenset(body.sees), (body.decision, body.due))
            for act, body in made
        ],
        choices(acts, "decision"),
    )
    aside = _set_aside(acts, "decision", stand)
    rows: list[dict[str, Any]] = [
        {
            "act_id": act.id,
            "entry_id": key,
            "decision": body.decision,
            "reason": body.reason,
            "due": body.due,
            "advice": body.advice.model_dump(mode="json") if body.advice else None,
            "outcome": closed.get(act.id, body.outcome),
            "recorded_at": act.recorded_at,
            "author": act.author,
            "superseded": act.id not in stand.ids,
            "set_aside": aside.get(act.id),
        }
        for act, body in made
    ]
    shown = more_protective_decision((row["act_id"], row["decision"]) for row in rows if not row["superseded"])
    return rows, stand, next(row for row in rows if row["act_id"] == shown)


def _traces(key: str, acts: Sequence[Act]) -> list[dict[str, Any]]:
    return [
        {
            "act_id": act.id,
            "entry_id": key,
            "from_child": act.body.from_child,
            "to_child": act.child or "",
            "reason": act.body.reason,
            "recorded_at": act.recorded_at,
            "author": act.author,
        }
        for act in acts
        if isinstance(act.body, EntryMoved)
    ]


ENTRIES = view(
    View(
        name="entries",
        column="entry",
        tables=(
            (EntryTable, "id"),
            (VersionTable, "entry_id"),
            (DecisionTable, "entry_id"),
            (TraceTable, "entry_id"),
            (RemovalTable, "entry_id"),
            (ApartTable, "entry_id"),
            (ImportTable, "entry_id"),
            (AnswerTable, "entry_id"),
            (WordsTable, "entry_id"),
        ),
        fold=_fold,
        before=unindex,
        after=reindex,
    )
)
