"""Children: who they are, and how they are found by any name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, column, select, table

from practice.acts import Act, ChildAdded, ChildChanged, ChildFields, Erased, ErasureRepeated
from practice.errors import NotFound
from practice.names import fold, matches
from practice.nicknames import also_called
from practice.roles import finds_only_given
from practice.text import year_words
from practice.upn import normalise
from storage import ledger
from storage.sounds import sounds_like
from storage.types import Flag, Json
from storage.views.base import Rows, View, ViewTable, chunks, marks, optional_string, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


_NOT_GIVEN = (
    "You find the children who were given to you. For another, with a reason: Children (F7), Ctrl+O; or "
    "dsl-console children break-glass."
)
_LISTED = "dsl-console children list shows them."

NAMELESS = "Name not known"


class ChildTable(ViewTable, table=True):
    """A child as the newest acts tell."""

    __tablename__ = "children"
    id: str = string(primary_key=True)
    name: str = string()
    sort_name: str = string(index=True)
    legal_name: str = string()
    names: Any = typed(Json)
    date_of_birth: str | None = optional_string()
    upn: str = string(index=True)
    year_group: str = string()
    reg_group: str = string()
    provisional: bool = typed(Flag)
    on_roll: bool = typed(Flag)
    fields: Any = typed(Json)
    version: str = string()


_NAMES = frozenset({"legal_surname", "legal_forename", "preferred_surname", "preferred_forename"})


def _names_in(fields: dict[str, Any]) -> list[str]:
    """Return the whole names that a child's fields hold: the one in use and the legal one."""
    legal = f"{fields['legal_forename']} {fields['legal_surname']}".strip()
    forename = fields["preferred_forename"] or fields["legal_forename"]
    surname = fields["preferred_surname"] or fields["legal_surname"]
    return [name for name in (f"{forename} {surname}".strip(), legal) if name]


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    births = [act for act in acts if isinstance(act.body, ChildAdded)]
    if not births:
        erased = [act for act in acts if isinstance(act.body, Erased | ErasureRepeated)]
        return {"children": [_placeholder(key, erased[-1])]} if erased else {}
    first = births[0].body
    assert isinstance(first, ChildAdded)
    born: dict[str, Any] = first.model_dump(mode="json")
    fields = {**born, "other": dict(born["other"])}
    provisional, on_roll, changed = fields.pop("provisional"), True, False
    before: dict[str, None] = {}
    for act in acts:
        if isinstance(act.body, ChildChanged):
            changed, changes = True, dict(act.body.changes)
            if _NAMES & changes.keys():
                before |= dict.fromkeys(_names_in(fields))
            provisional = changes.pop("provisional", provisional)
            on_roll = changes.pop("on_roll", on_roll)
            fields["other"] |= changes.pop("other", {})
            fields |= changes
        elif isinstance(act.body, ChildAdded) and act is not births[0]:  # the same roll, on a machine apart
            changed, again = True, act.body.model_dump(mode="json", exclude={"provisional"}, exclude_defaults=True)
            fields["other"] |= again.pop("other", {})
            fields |= {name: value for name, value in again.items() if value != born[name]}
        elif act.kind == "child_left":
            on_roll = False
    known = ChildFields.model_validate(fields) if changed else first
    forename = known.preferred_forename or known.legal_forename
    surname = known.preferred_surname or known.legal_surname
    name = f"{forename} {surname}".strip() or NAMELESS
    legal = f"{known.legal_forename} {known.legal_surname}".strip()
    names = dict.fromkeys([name, legal, *known.former_names, known.middle_names, *before])
    return {
        "children": [
            {
                "id": key,
                "name": name,
                "sort_name": fold(f"{surname} {forename}"),
                "legal_name": legal,
                "names": [each for each in names if each],
                "date_of_birth": known.date_of_birth,
                "upn": known.upn,
                "year_group": known.year_group,
                "reg_group": known.reg_group,
                "provisional": provisional,
                "on_roll": on_roll,
                "fields": known.model_dump(mode="json", exclude={"provisional"}),
                "version": acts[-1].id,
            }
        ]
    }


def _placeholder(key: str, erased: Act) -> dict[str, Any]:
    """Return what stands in the place of a child whose record was erased, so that what comes later is not lost."""
    day = erased.recorded_at.date()
    name = f"Record erased {day.day} {day:%b %Y} ({key[-6:]})"
    return {
        "id": key,
        "name": name,
        "sort_name": fold(name),
        "legal_name": "",
        "names": [name],
        "date_of_birth": None,
        "upn": "",
        "year_group": "",
        "reg_group": "",
        "provisional": False,
        "on_roll": False,
        "fields": ChildFields().model_dump(mode="json"),
        "version": erased.id,
    }


CHILDREN = view(
    View(
        name="children",
        column="child",
        tables=((ChildTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class ChildRow:
    """A child as lists show them; `status` is the status under which they are reviewed, blank without one."""

    id: str
    name: str
    sort_name: str
    legal_name: str
    names: tuple[str, ...]
    date_of_birth: date | None
    upn: str
    year_group: str
    reg_group: str
    provisional: bool
    on_roll: bool
    status: str
    look_alikes: bool = False

    @property
    def told_apart(self) -> str:
        """Name, date of birth and class: what tells look-alikes apart before recording (R-14)."""
        from practice.dates import day_words

        parts = [self.name]
        parts.append(f"born {day_words(self.date_of_birth)}" if self.date_of_birth else "date of birth not known")
        if self.reg_group or self.year_group:
            parts.append(f"class {self.reg_group}" if self.reg_group else year_words(self.year_group))
        return ", ".join(parts)


def _select() -> Any:
    children = table_of(ChildTable)
    plans = table("review_plans", column("child_id"), column("status"))  # a list needs no more of the view of reviews
    return (
        select(
            children.c.id,
            children.c.name,
            children.c.sort_name,
            children.c.legal_name,
            children.c.names,
            children.c.date_of_birth,
            children.c.upn,
            children.c.year_group,
            children.c.reg_group,
            children.c.provisional,
            children.c.on_roll,
            plans.c.status,
        )
        .select_from(children.outerjoin(plans, plans.c.child_id == children.c.id))
        .order_by(children.c.sort_name, children.c.date_of_birth, children.c.id)
    )


def _row(row: Sequence[Any], look_alikes: bool = False) -> ChildRow:
    born = date.fromisoformat(row[5]) if row[5] else None
    return ChildRow(
        id=row[0],
        name=row[1],
        sort_name=row[2],
        legal_name=row[3],
        names=tuple(row[4]),
        date_of_birth=born,
        upn=row[6],
        year_group=row[7],
        reg_group=row[8],
        provisional=row[9],
        on_roll=row[10],
        status=row[11] or "",
        look_alikes=look_alikes,
    )


def names(connection: Connection, child_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these children by their ids."""
    found: dict[str, str] = {}
    for chunk in chunks(list(child_ids)):
        statement = f"SELECT id, name FROM children WHERE id IN ({marks(chunk)})"  # noqa: S608
        found |= dict(ledger.plain_rows(connection, statement, chunk))
    return found


def all_children(vault: Vault, *, include_left: bool = False) -> list[ChildRow]:
    """Return the children of the vault by surname; those who left only when asked for."""
    children = table_of(ChildTable)
    statement = _select()
    if not include_left:
        statement = statement.where(children.c.on_roll.is_(True))
    with vault.read() as connection:
        rows = list(connection.execute(statement))
    likeness = Counter(key for row in rows for key in _alike(row))
    return [_row(row, any(likeness[key] > 1 for key in _alike(row))) for row in rows]


def _alike(row: Sequence[Any]) -> set[tuple[str, str]]:
    """Children of one surname with the same initial, or born on one day, are easily taken for each other: twins."""
    first, *others = str(row[2]).split(" ")
    return {(first, others[-1][:1] if others else "")} | ({(first, row[5])} if row[5] else set())


def known(vault: Vault, child_id: str) -> str:
    """Return the id of a child who is in the vault, without reading more of them; raises NotFound."""
    with vault.read() as connection:
        if connection.exec_driver_sql("SELECT 1 FROM children WHERE id = ?", (child_id,)).first() is None:
            raise NotFound("There is no child with that id in this vault.", hint=_LISTED)
    return child_id


def get(vault: Vault, child_id: str) -> ChildRow:
    """Return one child; raises NotFound."""
    children = table_of(ChildTable)
    with vault.read() as connection:
        row = connection.execute(_select().where(children.c.id == child_id)).first()
    if row is None:
        raise NotFound("There is no child with that id in this vault.", hint=_LISTED)
    return _row(row)


def fields_of(vault: Vault, child_id: str) -> dict[str, Any]:
    """Return every field of a child's roll record."""
    children = table_of(ChildTable)
    with vault.read() as connection:
        row = connection.execute(select(children.c.fields).where(children.c.id == child_id)).first()
    if row is None:
        raise NotFound("There is no child with that id in this vault.", hint=_LISTED)
    return dict(row[0])


def everything(vault: Vault) -> list[tuple[str, dict[str, Any], bool, bool, str]]:
    """Return, for every child, id, fields, whether on the roll, whether provisional, and the newest act's id."""
    table = table_of(ChildTable)
    statement = select(table.c.id, table.c.fields, table.c.on_roll, table.c.provisional, table.c.version)
    with vault.read() as connection:
        return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(statement)]


def day_or_none(text: str | None) -> date | None:
    """Return the date that stored text stands for."""
    return date.fromisoformat(text) if text else None


_LOOSELY = 5
"""The rank from which on a name is not the child's own spelling: a nickname, or one that sounds alike."""


def _rank(query: str, upn: str, row: ChildRow) -> int | None:
    """Return how well a query fits a child's own names and UPN, 0 the best; None where it does not."""
    if upn and row.upn == upn:
        return 0
    rank = matches(query, row.names)
    if rank is None and len(upn) >= 5 and row.upn.startswith(upn):
        return _LOOSELY - 1
    return rank


def _loose_rank(query: str, begins: str, row: ChildRow) -> int | None:
    """Return how a query fits a child by a nickname or by its sound; None where it does not."""
    other = [name for name in also_called(row.names) if name.startswith(begins)] if len(begins) > 1 else []
    if other and (rank := matches(query, other)) is not None and rank < _LOOSELY - 1:
        return _LOOSELY
    return _LOOSELY + 1 if sounds_like(query, row.names) else None


def find(vault: Vault, query: str, limit: int = 20, *, loosely: bool = True) -> list[ChildRow]:
    """Return children whom a few letters of any of their names fit, or of a UPN; the best fits first.

    Loosely, also those whose nickname it is or whose name sounds like it, behind all others.
    """
    return find_among(all_children(vault, include_left=True), query, limit, loosely=loosely)


def find_among(rows: list[ChildRow], query: str, limit: int = 20, *, loosely: bool = True) -> list[ChildRow]:
    """Return those of these children whom `find` would find in a vault that holds no others."""
    if not query.strip():
        return rows[:limit]
    upn = normalise(query)
    own, others = [], []
    for row in rows:
        rank = _rank(query, upn, row)
        if rank is None:
            others.append(row)
        else:
            own.append((not row.on_roll, rank, row.sort_name, row.id, row))
    found = [each[-1] for each in sorted(own, key=lambda each: each[:-1])[:limit]]
    if not loosely or len(found) >= limit:
        return found
    begins = fold(query).split(" ")[0]
    loose = [
        (rank, not row.on_roll, row.sort_name, row.id, row)
        for row in others
        if (rank := _loose_rank(query, begins, row)) is not None
    ]
    return (found + [each[-1] for each in sorted(loose, key=lambda each: each[:-1])])[:limit]


def resolve(vault: Vault, wanted: str) -> ChildRow:
    """Return the one child whom an id, a UPN or any name fits; raises NotFound, listing them where several fit.

    A nickname, or a name that only sounds alike, is never taken for the child's: they are named, to be chosen from.
    """
    rows = all_children(vault, include_left=True)
    text_wanted, upn = wanted.strip(), normalise(wanted)
    for row in rows:
        if row.id == text_wanted or (upn and row.upn == upn):
            return row
    folded = fold(text_wanted)
    exact = [row for row in rows if folded and any(fold(name) == folded for name in row.names)]
    fits = exact or (find(vault, text_wanted, limit=12, loosely=False) if folded else [])
    if len(fits) == 1:
        return fits[0]
    near = find(vault, text_wanted, limit=6) if folded and not fits else []
    if near:
        listed = "; ".join(f"{row.told_apart} ({row.id})" for row in near)
        raise NotFound(f"No child here is called «{text_wanted}». Nothing was recorded.", hint=f"Meant: {listed}?")
    if not fits:
        raise NotFound(
            f"No child here fits «{text_wanted}». Nothing was recorded.",
            hint=_NOT_GIVEN
            if finds_only_given(vault.person.role)
            else "Add them with dsl-console children add, or check the spelling.",
        )
    listed = "; ".join(f"{row.told_apart} ({row.id})" for row in fits)
    raise NotFound(f"Several children fit «{text_wanted}»: {listed}.", hint="Name one by id or UPN.")
