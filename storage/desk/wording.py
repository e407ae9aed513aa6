"""What a school changes in the wording coach's list: rows of its own, and rows that it silences (practice: §9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from practice.acts import WordingRowSet, build
from practice.errors import NotFound, Refused
from practice.wording import Coach, Row, SchoolRows, rule_ids
from storage.views import organisation

if TYPE_CHECKING:
    from storage.vault import Vault

OWN_ROWS = 200
"""The most rows of its own that a school may have."""


def school_rows(vault: Vault) -> SchoolRows:
    """Return what the school changed in the list."""
    rows = organisation.wording_rows(vault)
    own = [Row(id=row.row, find=row.find, question=row.question, source="this school") for row in rows if row.find]
    return SchoolRows(added=tuple(own), silenced=frozenset(row.row for row in rows if row.silenced))


def coach(vault: Vault) -> Coach:
    """Return the coach with the school's own list; blocks."""
    return Coach(school_rows(vault))


def add_row(vault: Vault, name: str, phrases: Sequence[str], question: str) -> str:
    """Add a row of the school's own and return its act's id; a row of that name is replaced. Raises Refused."""
    found = tuple(phrase.strip() for phrase in phrases if any(map(str.isalnum, phrase)))
    if not found or not question.strip() or not name.strip():
        raise Refused("A row needs a name, words to find and the question to ask. Nothing was added.")
    if name in rule_ids():
        raise Refused(
            f"«{name}» is a row that comes with the program. Nothing was added.", hint="Give it another name."
        )
    if len(organisation.wording_rows(vault)) >= OWN_ROWS:
        raise Refused(f"A school may set {OWN_ROWS} rows. Nothing was added.", hint="Change one that is there.")
    fields = {"row": name.strip(), "find": found, "question": question}
    return vault.record(build(WordingRowSet, fields)).id


def silence(vault: Vault, name: str, silenced: bool = True) -> str:
    """Silence a row, or let it be asked again, and return the act's id; raises NotFound for a row that is none."""
    own = {row.row: row for row in organisation.wording_rows(vault)}
    if name not in own and name not in rule_ids():
        raise NotFound(f"There is no row «{name}». Nothing was changed.", hint="dsl-console wording rows lists them.")
    before = own.get(name) or WordingRowSet(row=name)
    return vault.record(before.model_copy(update={"silenced": silenced})).id
