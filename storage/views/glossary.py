"""The names that stand in a child's record, and their masks (R-64, R-75)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, GlossaryTermSet
from practice.glossary import Glossary, Term, TermKind, next_form
from storage.types import Flag
from storage.views import children
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view

if TYPE_CHECKING:
    from storage.vault import Vault


class TermTable(ViewTable, table=True):
    """A name and its mask, as the newest act about it has them."""

    __tablename__ = "glossary"
    id: str = string(primary_key=True)
    child_id: str = string(index=True)
    name: str = string()
    mask: str = string()
    always: bool = typed(Flag)


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    terms: dict[str, dict[str, Any]] = {}
    for act in acts:
        body = act.body
        if isinstance(body, GlossaryTermSet):
            terms.pop(body.name, None)
            if not body.removed:
                terms[body.name] = {
                    "id": f"{key}/{body.name}",
                    "child_id": key,
                    "name": body.name,
                    "mask": body.mask,
                    "always": body.always,
                }
    return {"glossary": list(terms.values())}


GLOSSARY = view(
    View(
        name="glossary",
        column="child",
        tables=((TermTable, "child_id"),),
        fold=_fold,
    )
)


def marked(vault: Vault, child_id: str) -> list[Term]:
    """Return the names that somebody marked in a child's record, by mask."""
    table = table_of(TermTable)
    statement = select(table.c.name, table.c.mask, table.c.always).where(table.c.child_id == child_id)
    with vault.read() as connection:
        found = [Term(row[0], row[1], row[2]) for row in connection.execute(statement)]
    return sorted(found, key=lambda term: (term.kind, len(term.mask), term.mask))


def glossary(vault: Vault, child_id: str) -> Glossary:
    """Return a child's glossary: the child's own names first, as Child 1, then whatever was marked."""
    terms = marked(vault, child_id)
    known = {term.name.casefold() for term in terms}
    masks = [term.mask for term in terms]
    own: list[Term] = []
    for name in _own_names(children.get(vault, child_id)):
        if name.casefold() not in known:
            mask = next_form("Child 1", [*masks, "Child 1"]) if own or "Child 1" in masks else "Child 1"
            own.append(Term(name, mask))
            masks.append(mask)
            known.add(name.casefold())
    return Glossary([*own, *terms])


def outward(vault: Vault, child_id: str) -> Glossary:
    """Return what is masked in every outward copy about a child (R-64)."""
    return Glossary(term for term in marked(vault, child_id) if term.always)


def _own_names(row: children.ChildRow) -> list[str]:
    """Return a child's names as a text has them: the one in use, each whole name, each forename and surname."""
    whole = [" ".join(name.split()) for name in row.names]
    parts = [part for name in whole for part in (name, *name.split(" "))]
    forename = row.name.split(" ")[0]
    listed = dict.fromkeys(part.strip(".,-'\u2019") for part in [forename, *parts])
    masks = {kind.value.casefold() for kind in TermKind}
    kept = [part for part in listed if sum(map(str.isalnum, part)) > 1 and part.casefold() not in masks]
    return kept[:20]
