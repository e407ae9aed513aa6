"""Ask for something to be done, give it to somebody else, and close it with what came of it (R-02, R-03)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.acts import ActionAdded, ActionChanged, ActionDone, DecisionClosed, build
from practice.errors import NotFound, Refused
from practice.names import fold
from storage.ids import new_id
from storage.views import children, record
from storage.views.actions import ActionRow, actions
from storage.views.base import table_of
from storage.views.organisation import PersonTable

if TYPE_CHECKING:
    from storage.vault import Vault


def _today(vault: Vault) -> date:
    return vault.clock().astimezone().date()


def owner_of(vault: Vault, name: str) -> tuple[str, str]:
    """Return whom a name means: its full form and the person's id, blank for who has no slot in this vault."""
    if not name.strip() or name.strip().casefold() in {"me", "i"}:
        return vault.person.name, vault.person.id
    people = table_of(PersonTable)
    with vault.read() as connection:
        rows = list(connection.execute(select(people.c.id, people.c.name).where(people.c.removed.is_(False))))
    matching = [row for row in rows if row.id == name.strip() or fold(row.name) == fold(name)]
    return (matching[0].name, matching[0].id) if len(matching) == 1 else (" ".join(name.split()), "")


def add(
    vault: Vault, child_id: str, what: str, *, owner: str = "", due: date | None = None, about: str = ""
) -> ActionRow:
    """Ask for something to be done about a child; without an owner it is one's own. Raises Refused."""
    child = children.get(vault, child_id)
    if not what.strip():
        raise Refused("What is to be done? Nothing was recorded yet.")
    if about and record.get(vault, about).child_id != child.id:
        raise Refused("That entry stands in another child's record. Nothing was recorded.")
    name, person = owner_of(vault, owner)
    fields = {
        "what": what,
        "owner": name,
        "owner_person": person,
        "due": due.isoformat() if due else None,
        "about": about,
    }
    ident = new_id()
    vault.record(build(ActionAdded, fields), child=child.id, entry=ident)
    return get(vault, ident)


def get(vault: Vault, action_id: str) -> ActionRow:
    """Return an action, or what a decision asked for, by its id; raises NotFound."""
    found = next((row for row in actions(vault, _today(vault), done=True) if row.id == action_id), None)
    if found is None:
        raise NotFound("There is no open action with that id.", hint="dsl-console actions lists them.")
    return found


def _open(vault: Vault, action_id: str) -> ActionRow:
    found = get(vault, action_id)
    if found.state != "open":
        raise Refused("This action is closed already. Nothing was changed.")
    return found


def change(vault: Vault, action_id: str, reason: str, *, owner: str = "", due: date | None = None) -> ActionRow:
    """Give an action to somebody else, or another day, with the reason."""
    found = _open(vault, action_id)
    if found.kind != "action":
        raise Refused(
            "This is what a decision asked for: a new decision changes it. Nothing was changed.",
            hint="dsl-console decide ENTRY",
        )
    if not owner.strip() and due is None:
        raise Refused("Another owner, or another day? Nothing was changed yet.")
    name, person = owner_of(vault, owner) if owner.strip() else (None, None)
    fields = {"owner": name, "owner_person": person, "due": due.isoformat() if due else None, "reason": reason}
    vault.record(build(ActionChanged, fields), child=found.child_id, entry=found.id)
    return get(vault, action_id)


def done(vault: Vault, action_id: str, follow_up: str, outcome: str, reason: str) -> ActionRow:
    """Close an action or what a decision asked for; none of the three may be blank (R-03)."""
    found = _open(vault, action_id)
    missing = [
        words
        for words, text in (("what follows", follow_up), ("what came of it", outcome), ("why it is closed", reason))
        if not text.strip()
    ]
    if missing:
        raise Refused(
            f"It cannot be closed without {' and '.join(missing)}. Nothing was recorded yet.",
            hint="Where nothing follows, write that and why.",
        )
    fields = {"follow_up": follow_up, "outcome": outcome, "reason": reason}
    if found.kind == "decision":
        closed = build(DecisionClosed, fields | {"decision": found.id})
        vault.record(closed, child=found.child_id, entry=found.about)
    else:
        vault.record(build(ActionDone, fields), child=found.child_id, entry=found.id)
    return found
