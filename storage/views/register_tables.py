"""The tables of the adults' register and how acts make their rows: adults, entries, sealed reports, reviews (R-40).

These tables stand in the register's own database and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from practice.acts import (
    Act,
    AdultAdded,
    AdultAmended,
    AdultChanged,
    AdultConcernLogged,
    AdultDecided,
    AdultLeft,
    AdultPatternsReviewed,
    AdultReportAccepted,
    AdultReportAnswered,
    AdultReportArrived,
    AdultReportClosed,
    LadoCalled,
)
from storage.types import Flag, Json, UtcText
from storage.views.base import AdultsTable, Rows, View, string, typed, view


class AdultTable(AdultsTable, table=True):
    """An adult about whom something is kept."""

    __tablename__ = "register_adults"
    id: str = string(primary_key=True)
    name: str = string()
    role: str = string()
    works_as: str = string()
    leaving_date: str = string()


class AdultEntryTable(AdultsTable, table=True):
    """A concern, a self-referral or an allegation, with every version of its words and every step taken on it."""

    __tablename__ = "register_entries"
    id: str = string(primary_key=True)
    adult_id: str = string(index=True)
    entry_kind: str = string()
    text: str = string()
    context: str = string()
    occurred: Any = typed(Json)
    place: str = string()
    activity: str = string()
    action: str = string()
    shared_by: str = string()
    shared_role: str = string()
    asks_anonymous: bool = typed(Flag)
    threshold: str = string()
    met: Any = typed(Json)
    opened_from: str = string(index=True)
    rationale: str = string()
    report: str = string()
    recorded_at: datetime = typed(UtcText)
    recorded_by: str = string()
    versions: Any = typed(Json)
    steps: Any = typed(Json)


class AdultReportTable(AdultsTable, table=True):
    """A sealed report about an adult, in its writer's words, and what became of it."""

    __tablename__ = "register_reports"
    id: str = string(primary_key=True)
    state: str = string()
    adult_as_written: str = string()
    adult_role: str = string()
    self_referral: bool = typed(Flag)
    text: str = string()
    context: str = string()
    place: str = string()
    happened: str = string()
    reporter: str = string()
    reporter_role: str = string()
    asks_anonymous: bool = typed(Flag)
    digest: str = string(index=True)
    written_at: datetime = typed(UtcText)
    arrived_at: datetime = typed(UtcText)
    reason: str = string()
    answers: Any = typed(Json)


class PatternReviewTable(AdultsTable, table=True):
    """A look through the register for patterns, and what was found."""

    __tablename__ = "register_reviews"
    id: str = string(primary_key=True)
    at: datetime = typed(UtcText)
    by: str = string()
    adult_id: str = string()
    rules: Any = typed(Json)
    entries: Any = typed(Json)
    finding: str = string()


class RegisterSettingTable(AdultsTable, table=True):
    """The school's rule of retention."""

    __tablename__ = "register_settings"
    name: str = string(primary_key=True)
    value: Any = typed(Json)


# -- folds -------------------------------------------------------------------------------------------------------------


def _fold_adult(key: str, acts: Sequence[Act]) -> Rows:
    row: dict[str, Any] | None = None
    for act in acts:
        body = act.body
        if isinstance(body, AdultAdded) and row is None:
            row = {"id": key, "name": body.name, "role": body.role, "works_as": body.works_as, "leaving_date": ""}
        elif isinstance(body, AdultChanged) and row is not None:
            row |= {"name": body.name, "role": body.role, "works_as": body.works_as}
        elif isinstance(body, AdultLeft) and row is not None:
            row["leaving_date"] = body.leaving_date
    return {"register_adults": [row]} if row else {}


def _stamp(act: Act) -> dict[str, Any]:
    return {"act": act.id, "at": act.recorded_at.isoformat(), "by": act.author}


def _fold_entry(key: str, acts: Sequence[Act]) -> Rows:
    first = next((act for act in acts if isinstance(act.body, AdultConcernLogged)), None)
    if first is None:
        return {}
    body = first.body
    assert isinstance(body, AdultConcernLogged)
    row = body.model_dump(mode="json", exclude={"adult"})
    versions = [_stamp(first) | {"text": body.text, "reason": "", "sees": ""}]
    steps: list[dict[str, Any]] = []
    for act in acts:
        made = act.body
        if isinstance(made, AdultAmended):
            versions.append(_stamp(act) | made.model_dump(mode="json"))
        elif isinstance(made, AdultDecided):
            steps.append({"what": "decided"} | _stamp(act) | made.model_dump(mode="json"))
            row["threshold"] = made.threshold or row["threshold"]
        elif isinstance(made, LadoCalled):
            steps.append({"what": "lado_called"} | _stamp(act) | {"when": made.at} | _without_at(made))
    row |= {
        "id": key,
        "adult_id": body.adult,
        "text": versions[-1]["text"],
        "recorded_at": first.recorded_at,
        "recorded_by": first.author,
        "versions": versions,
        "steps": steps,
    }
    return {"register_entries": [row]}


def _without_at(called: LadoCalled) -> dict[str, Any]:
    return called.model_dump(mode="json", exclude={"at"})


def _fold_report(key: str, acts: Sequence[Act]) -> Rows:
    arrived = next((act for act in acts if isinstance(act.body, AdultReportArrived)), None)
    if arrived is None:
        return {}
    accepted = any(isinstance(act.body, AdultReportAccepted) for act in acts)
    closed = [act.body for act in acts if isinstance(act.body, AdultReportClosed)]
    answers = [
        {"by": act.body.by, "what": act.body.what, "at": act.body.at, "recorded_at": act.recorded_at.isoformat()}
        for act in acts
        if isinstance(act.body, AdultReportAnswered)
    ]
    row = arrived.body.model_dump(mode="json", exclude={"report"})
    row |= {
        "id": key,
        "state": "accepted" if accepted else "closed" if closed else "waiting",
        "written_at": arrived.captured_at,
        "arrived_at": arrived.recorded_at,
        "reason": closed[-1].reason if closed else "",
        "answers": answers,
    }
    return {"register_reports": [row]}


def _fold_review(key: str, acts: Sequence[Act]) -> Rows:
    rows = [
        {"id": key, "at": act.recorded_at, "by": act.author, "adult_id": act.body.adult}
        | act.body.model_dump(mode="json", exclude={"adult"})
        for act in acts
        if isinstance(act.body, AdultPatternsReviewed)
    ]
    return {"register_reviews": rows[:1]}


def _fold_settings(_key: str, acts: Sequence[Act]) -> Rows:
    newest = {act.kind: {"name": act.kind, "value": act.body.model_dump(mode="json")} for act in acts}
    return {"register_settings": list(newest.values())}


def _by_entry(name: str, model: type[SQLModel], fold: Callable[[str, Sequence[Act]], Rows]) -> View:
    return view(View(name=f"register {name}", column="entry", tables=((model, "id"),), fold=fold))


ADULTS_VIEW = _by_entry("adults", AdultTable, _fold_adult)
ENTRIES_VIEW = _by_entry("entries", AdultEntryTable, _fold_entry)
REPORTS_VIEW = _by_entry("reports", AdultReportTable, _fold_report)
REVIEWS_VIEW = _by_entry("reviews", PatternReviewTable, _fold_review)
SETTINGS_VIEW = view(
    View(
        name="register settings",
        column="kind",
        tables=((RegisterSettingTable, "name"),),
        fold=_fold_settings,
    )
)
