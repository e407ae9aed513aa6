"""Which children a person finds: the one place where the read-only role's list is kept to (R-114).

Their reading connection sees every view through a temporary one of the same name, which holds only what is about the
children they were given; so no query anywhere can forget it. Policy, not cryptography: the key reads everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from practice.roles import finds_only_given
from storage.types import utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

OPEN = frozenset(
    {"people", "settings", "partners", "partner_ways", "contracts", "grants", "covers", "backups", "machines"}
)
"""Views that are about no child."""
_GIVEN = "(SELECT child FROM temp.given_children)"
_WITH_ENTRY = f"entry_id IN (SELECT id FROM main.entries WHERE child_id IN {_GIVEN})"  # noqa: S608
_CLAUSES = {
    "supervision_notes": "1 = 0",  # as does supervision
    "review_sessions": "1 = 0",  # a minute tells of many children
    "quality_audits": "1 = 0",  # a sample names many children
    "quality_ratings": "1 = 0",
    "visits": "1 = 0",  # a set holds several children
    "children": f"id IN {_GIVEN}",
    "holds": f"child IN {_GIVEN}",
    "traces": f"from_child IN {_GIVEN} OR to_child IN {_GIVEN}",
}


def clause_of(table: Any) -> str:
    """Return what a row of a view must hold to be found; a view that nobody thought of shows nothing."""
    if table.name in OPEN:
        return "1"
    if table.name in _CLAUSES:
        return _CLAUSES[table.name]
    if "child_id" in table.columns:
        return f"child_id IN {_GIVEN}"
    return _WITH_ENTRY if "entry_id" in table.columns else "0"


def scoped(vault: Vault) -> Callable[[Any], None] | None:
    """Return what makes a reading connection ready for the person who opened the vault; None where they see all."""
    if not finds_only_given(vault.person.role):
        return None
    from storage.views.base import children_tables

    def prepare(connection: Any) -> None:
        connection.create_function("console_person", 0, lambda: vault.person.id)
        connection.create_function("console_now", 0, lambda: utc_text(vault.clock()))
        connection.execute(
            "CREATE TEMP VIEW given_children AS SELECT child FROM main.grants"
            " WHERE person = console_person() AND (until IS NULL OR until > console_now())"
        )
        for table in children_tables().sorted_tables:
            if table.name not in OPEN:
                connection.execute(
                    f"CREATE TEMP VIEW {table.name} AS SELECT * FROM main.{table.name} WHERE {clause_of(table)}"  # noqa: S608
                )

    return prepare
