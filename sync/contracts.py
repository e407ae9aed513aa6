"""Regular sharing agreements: a partner, a purpose, a lawful basis and a review date (R-66)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.acts import ContractAdded, ContractEnded, build
from practice.dates import day_words
from practice.errors import NotFound, Refused
from practice.sharing import basis_fault
from practice.vocabulary import ConcernCategory
from storage import outbox
from storage.ledger import Draft
from storage.views import organisation, sharing
from storage.views.sharing import ContractRow
from sync import outgoing, partners, spool

if TYPE_CHECKING:
    from storage.vault import Unit, Vault


STANDING = {
    "offered": "The partner has not accepted the agreement yet.",
    "received": "You have not accepted the agreement yet.",
    "declined": "The agreement was declined.",
}
"""Why nothing leaves under a document that both are to sign, before both have."""
ENDED = "ended_contracts"
"""Where the agreements wait that the hub is still to be told of."""


def add_contract(
    vault: Vault,
    partner: str,
    purpose: str,
    basis: str,
    review: date,
    categories: Sequence[str] = (),
    retention: str = "",
) -> str:
    """Record an agreement and return its id, which is also the random number that its messages carry.

    Raises Refused for a blank purpose, a basis that is not open to this organisation, or a review date that is past.
    """
    row = sharing.partner(vault, partner)
    partners.check_may_share(row)
    if not purpose.strip():
        raise Refused("An agreement needs its purpose. Nothing was recorded.", hint="Write what the sharing is for.")
    if fault := basis_fault(basis, vault.school.organisation, organisation.calendar(vault).nation):
        raise Refused(f"{fault} Nothing was recorded.")
    if review < today(vault):
        raise Refused("The review date is past already. Nothing was recorded.", hint="Give a date that is to come.")
    if unknown := [each for each in categories if each not in set(ConcernCategory)]:
        raise Refused(
            f"«{unknown[0]}» is no category that this program knows. Nothing was recorded.",
            hint="Choose from: " + ", ".join(ConcernCategory) + ".",
        )
    fields = {
        "contract": secrets.token_hex(16),
        "org": row.org,
        "purpose": purpose,
        "basis": basis,
        "review": review.isoformat(),
        "categories": tuple(categories),
        "retention": retention.strip(),
    }
    added: ContractAdded = build(ContractAdded, fields)
    vault.record(added)
    return added.contract


def end(vault: Vault, contract: str, reason: str) -> int:
    """End an agreement and return how many entries were withheld: what has not left stays here (rule 10)."""
    row = get(vault, contract)
    if row.ended:
        raise Refused("That agreement has ended already. Nothing was changed.")
    if not reason.strip():
        raise Refused("Ending an agreement needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    with vault.write() as unit:
        withheld = record_end(vault, unit, row.id, reason)
        told = json.loads(outbox.exchange(unit.connection, ENDED) or "[]")
        outbox.set_exchange(unit.connection, ENDED, json.dumps([*told, row.id]))
        if row.standing:
            from sync.agreements import tell_end

            tell_end(vault, unit, row)
    return withheld


def record_end(vault: Vault, unit: Unit, contract: str, reason: str) -> int:
    """End an agreement in the open transaction and withhold what has not left under it; how many entries."""
    queued = [each for each in outbox.messages(unit.connection, "queued") if each.ctr == contract and each.share]
    queued = [each for each in queued if each.class_ == "data"]
    for message in queued:
        with suppress(OSError):
            spool.drop(vault, message.mid)
    drafts: list[Draft] = [Draft(build(ContractEnded, {"contract": contract, "reason": reason}))]
    for message in queued:
        drafts += outgoing.moved(unit.connection, message, "withheld", "The agreement has ended.", outgoing.now(vault))
    unit.record_many(drafts)
    return len(queued)


def get(vault: Vault, contract: str) -> ContractRow:
    """Return one agreement; raises NotFound."""
    found = next((row for row in sharing.contracts(vault) if row.id == contract), None)
    if found is None:
        raise NotFound("There is no agreement with that id.", hint="dsl-console contract list shows them.")
    return found


def fault(row: ContractRow, on: date) -> str:
    """Return why nothing may leave under an agreement on a day, in one sentence; blank where it may."""
    if row.ended:
        return "The agreement has ended."
    if row.standing in STANDING:
        return STANDING[row.standing]
    if on > row.review:
        return f"The agreement was due for review on {day_words(row.review)}."
    return ""


def ends(row: ContractRow) -> datetime:
    """Return the local end of an agreement's review day, which itself still counts (R-66)."""
    return datetime.combine(row.review + timedelta(days=1), time()).astimezone()


def today(vault: Vault) -> date:
    """Return the local day by the vault's clock."""
    moment: datetime = vault.clock()
    return moment.astimezone().date()
