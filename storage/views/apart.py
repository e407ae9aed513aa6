"""What was made in two places and waits for a person: side by side, with who and when (design: §1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from practice.acts import Act, ReviewHeld, ReviewSet
from practice.dates import Occurred, day_words
from practice.errors import NotFound
from practice.vocabulary import Decision, ReviewEvery, ReviewStatus, label_of
from storage import ledger
from storage.views import children, reading
from storage.views.base import table_of
from storage.views.entry_tables import ApartTable, DecisionTable, VersionTable
from storage.views.machines import MachineTable
from storage.views.organisation import names
from storage.views.reading import columns
from storage.views.reviews import ApartReviewTable, HeldTable

if TYPE_CHECKING:
    from storage.vault import Vault

TITLES = {
    "text": "The words of an entry",
    "decision": "A decision",
    "status": "A review status",
    "review": "A review and its next date",
}


@dataclass(frozen=True)
class Option:
    """One of what was made apart: what it says, why, by whom, when, where, and whether it is in force meanwhile."""

    act_id: str
    says: str
    childs_words: str
    reason: str
    by: str
    at: datetime
    in_force: bool
    text: str = ""
    """The words alone, where it is an entry's text."""
    machine: str = ""
    """The machine on which it was made; blank where it has no name."""


@dataclass(frozen=True)
class ApartRow:
    """What was made in two places and waits for a person; `about` is text, decision, status or review."""

    id: str
    about: str
    child_id: str
    child: str
    entry_id: str
    options: tuple[Option, ...]


def words_of(option: Option) -> str:
    """Return the words alone of a version."""
    return option.text or option.says


def count(vault: Vault) -> int:
    """Return how many wait."""
    with vault.read() as connection:
        return sum(
            len(list(connection.execute(select(table_of(model).c.id)))) for model in (ApartTable, ApartReviewTable)
        )


def rows(vault: Vault, *, child_id: str = "", entry_id: str = "") -> list[ApartRow]:
    """Return what waits for a person, child by child."""
    with vault.read() as connection:
        found = _stand(connection, ApartTable)
        if not entry_id:
            found += [row | {"entry_id": ""} for row in _stand(connection, ApartReviewTable)]
        wanted = [row for row in found if child_id in ("", row["child_id"]) and entry_id in ("", row["entry_id"])]
        if not wanted:
            return []
        people = names(connection)
        made = [_row(connection, row, people) for row in wanted]
        called = children.names(connection, [row["child_id"] for row in wanted])
    whole = [
        ApartRow(row["id"], row["about"], row["child_id"], called.get(row["child_id"], ""), row["entry_id"], options)
        for row, options in zip(wanted, made, strict=True)
    ]
    return sorted(whole, key=lambda each: (each.child, each.id))


def _stand(connection: Connection, model: type[ApartTable | ApartReviewTable]) -> list[dict[str, Any]]:
    statement = f"SELECT {columns(model)} FROM {model.__tablename__}"  # noqa: S608
    return [vars(row) for row in reading.rows(connection, model, statement)]


def get(vault: Vault, ident: str) -> ApartRow:
    """Return one that waits; raises NotFound."""
    found = next((row for row in rows(vault) if row.id == ident), None)
    if found is None:
        raise NotFound(
            "Nothing of that id was made in two places, or somebody has chosen already.",
            hint="dsl-console conflict list shows what waits.",
        )
    return found


def _row(connection: Connection, row: dict[str, Any], people: dict[str, str]) -> tuple[Option, ...]:
    machines = _machines(connection, row["ids"])
    read = {"text": _texts, "decision": _decisions, "status": _statuses, "review": _reviews}[row["about"]]
    options = [
        Option(
            each["act_id"],
            says,
            childs_words,
            why,
            people.get(author, ""),
            at,
            each["act_id"] == row["in_force"],
            each.get("text", ""),
            machines.get(each["act_id"], ""),
        )
        for each, says, childs_words, why, author, at in read(connection, row)
    ]
    return tuple(sorted(options, key=lambda option: row["ids"].index(option.act_id)))


def _machines(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return by act the name of the machine that wrote it."""
    machines = table_of(MachineTable)
    names = {
        device: row.name
        for row in connection.execute(select(machines.c.devices, machines.c.name))
        for device in row.devices
    }
    marks = ", ".join("?" * len(ids))
    written = connection.exec_driver_sql(f"SELECT id, device FROM acts WHERE id IN ({marks})", tuple(ids))  # noqa: S608
    return {row.id: names.get(row.device, "") for row in written}


_Said = Iterable[tuple[dict[str, Any], str, str, str, str, datetime]]


def _of(connection: Connection, model: Any, ids: Sequence[str]) -> list[dict[str, Any]]:
    table = table_of(model)
    return [dict(row._mapping) for row in connection.execute(select(table).where(table.c.act_id.in_(list(ids))))]


def _texts(connection: Connection, row: dict[str, Any]) -> _Said:
    for each in _of(connection, VersionTable, row["ids"]):
        when = Occurred.model_construct(**each["occurred"]).text
        says = f"{each['text']}\n\nHappened: {when}" if when else each["text"]
        yield each, says, each["childs_words"], each["reason"], each["author"], each["recorded_at"]


def _decisions(connection: Connection, row: dict[str, Any]) -> _Said:
    for each in _of(connection, DecisionTable, row["ids"]):
        due = f", by {day_words(date.fromisoformat(each['due']))}" if each["due"] else ""
        says = label_of(Decision, each["decision"]) + due
        yield each, says, "", each["reason"], each["author"], each["recorded_at"]


def _reviews(connection: Connection, row: dict[str, Any]) -> _Said:
    for each in _of(connection, HeldTable, row["ids"]):
        due = f". Next review {day_words(date.fromisoformat(each['next']))}" if each["next"] else ""
        yield each, each["decision"] + due, "", each["reason"], each["author"], each["recorded_at"]


def _statuses(connection: Connection, row: dict[str, Any]) -> _Said:
    for act in _of_child(connection, row["child_id"], ReviewSet):
        if act.id in row["ids"]:
            body: Any = act.body
            every = f", {label_of(ReviewEvery, body.every).lower()}" if body.every else ""
            due = f", first on {day_words(date.fromisoformat(body.first_due))}" if body.first_due else ""
            yield (
                {"act_id": act.id},
                label_of(ReviewStatus, body.status) + every + due,
                "",
                "",
                act.author,
                act.recorded_at,
            )


def _of_child(connection: Connection, child_id: str, kind: type[ReviewSet] | type[ReviewHeld]) -> list[Act]:
    found = ledger.acts_where(connection, "child", [child_id], [kind.act_kind])
    return sorted(found, key=lambda act: act.order)


# -- what a person has before them -------------------------------------------------------------------------------------


def standing_decisions(connection: Connection, entry_id: str) -> list[str]:
    """Return the decisions of an entry that stand, as the open transaction sees them."""
    table = table_of(DecisionTable)
    statement = select(table.c.act_id).where(table.c.entry_id == entry_id, table.c.superseded.is_(False))
    return sorted(connection.execute(statement).scalars())


def standing_reviews(connection: Connection, child_id: str, kind: type[ReviewSet] | type[ReviewHeld]) -> list[str]:
    """Return what of a child's statuses, or reviews, no later one had seen, as the open transaction sees them."""
    found = _of_child(connection, child_id, kind)
    seen: set[str] = set()
    for place, act in enumerate(found):
        body: Any = act.body
        seen |= {each.id for each in found[:place]} if body.sees is None else set(body.sees)
    return [act.id for act in found if act.id not in seen]
