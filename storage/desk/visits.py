"""Choosing whose records go along on a visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.views import actions, children, meetings, reviews

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow


def todays_children(vault: Vault) -> list[ChildRow]:
    """Return the children whose review is due by today, of today's meetings, and of my actions due by today."""
    on = vault.clock().astimezone().date()
    wanted = [row.child_id for row in reviews.due(vault, on)]
    wanted += [row.child_id for row in meetings.meetings(vault) if row.day == on and row.state == "planned"]
    mine = [row for row in actions.actions(vault, on) if row.owner_id == vault.person.id]
    wanted += [row.child_id for row in mine if row.due is not None and row.due <= on]
    return [children.get(vault, child) for child in dict.fromkeys(wanted)]
