"""Which children a read-only person was given, the glass they may break, and who covers whom while away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.acts import ChildGranted, ChildWithdrawn, CoverSet, GlassBroken, build
from practice.errors import NotFound, Refused
from practice.names import fold
from practice.roles import GLASS_HOURS, check_may_record, finds_only_given
from practice.upn import normalise
from storage import people
from storage.ledger import Draft
from storage.types import utc_text
from storage.views import organisation
from storage.views.base import table_of
from storage.views.children import ChildTable

if TYPE_CHECKING:
    from storage.people import Holder
    from storage.vault import Vault


def holder(vault: Vault, wanted: str) -> Holder:
    """Return somebody who may open this vault, by name or id; raises NotFound."""
    found = people.people(vault)
    folded = wanted.strip().casefold()
    for each in found:
        if folded in (each.id, each.name.casefold()):
            return each
    raise NotFound(f"Nobody of that name can open this vault. Those who can: {', '.join(each.name for each in found)}.")


def grant(vault: Vault, wanted: str, child_ids: Sequence[str]) -> tuple[str, int]:
    """Give a read-only person these children; return the person's id and how many were not theirs before."""
    check_may_record(vault.person.role, "child_granted")
    person = holder(vault, wanted)
    if not finds_only_given(person.role):
        raise Refused("That person's role finds every child already. Nothing was changed.")
    new = [child for child in dict.fromkeys(child_ids) if child not in organisation.granted(vault, person.id)]
    with vault.write() as unit:
        unit.record_many([Draft(ChildGranted(person=person.id), child) for child in new])
    return person.id, len(new)


def withdraw(vault: Vault, wanted: str, child_ids: Sequence[str]) -> tuple[str, int]:
    """Take these children from a read-only person's list; return the person's id and how many were on it."""
    check_may_record(vault.person.role, "child_withdrawn")
    person = holder(vault, wanted)
    theirs = [child for child in dict.fromkeys(child_ids) if child in organisation.granted(vault, person.id)]
    with vault.write() as unit:
        unit.record_many([Draft(ChildWithdrawn(person=person.id), child) for child in theirs])
    return person.id, len(theirs)


def break_glass(vault: Vault, wanted: str, reason: str) -> str:
    """Open a child outside the person's list for some hours, with the reason, which the DSL sees on Today.

    The child is named whole, by any full name, UPN or id: nothing is suggested. Raises NotFound.
    """
    if not finds_only_given(vault.person.role):
        raise Refused("Your role finds every child, so no reason is needed. Nothing was recorded.")
    child = _named(vault, wanted)
    until = utc_text(vault.clock() + timedelta(hours=GLASS_HOURS))
    vault.record(build(GlassBroken, {"reason": reason, "until": until}), child=child)
    return child


def _named(vault: Vault, wanted: str) -> str:
    table = table_of(ChildTable)
    with vault.long_read() as connection:  # the person's own connection finds only the children they were given
        rows = list(connection.execute(select(table.c.id, table.c.upn, table.c.names)))
    text, upn, folded = wanted.strip(), normalise(wanted), fold(wanted)
    fits = [row.id for row in rows if row.id == text or (upn and row.upn == upn)]
    fits = fits or [row.id for row in rows if folded and any(fold(name) == folded for name in row.names)]
    if len(fits) == 1:
        return str(fits[0])
    if fits:
        raise NotFound("Several children have that name. Nothing was opened.", hint="Name the child by UPN.")
    raise NotFound("No child has exactly that name or UPN. Nothing was opened.", hint="Write the whole name.")


def set_cover(vault: Vault, wanted: str, by: str, until: date) -> str:
    """Record that somebody covers a colleague who is away, up to and including a day; return the colleague's id."""
    person, cover = holder(vault, wanted), holder(vault, by)
    if person.id == cover.id:
        raise Refused("Nobody covers themselves. Nothing was recorded.")
    if finds_only_given(cover.role):
        raise Refused("That person's role is to read, so they cannot cover. Nothing was recorded.")
    if until < vault.clock().astimezone().date():
        raise Refused("That day has passed. Nothing was recorded.")
    vault.record(CoverSet(person=person.id, by=cover.id, until=until.isoformat()))
    return person.id
