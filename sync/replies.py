"""A question or an answer to a partner's entry: recorded, then read as bytes and approved as any share is (R-65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.errors import Refused
from practice.text import visible
from storage.desk.concerns import log_concern
from storage.views import arrivals, sharing
from sync import contracts, shares

if TYPE_CHECKING:
    from storage.vault import Vault


def reply(vault: Vault, item_id: str, text: str) -> tuple[str, str]:
    """Record what we ask or answer under the child of a partner's entry, and propose it to that partner.

    Returns (entry, share). Nothing leaves before the bytes were previewed and approved. It goes under the agreement
    under which their entry came, where that is in force here. Raises Refused for an entry that stands in no record.
    """
    item = arrivals.item(vault, item_id)
    if item.state != "accepted" or not item.child_id:
        raise Refused(
            f"The entry of {visible(item.sender)} stands in no record here, so nothing was written.",
            hint="Match it to a child first, or ring them.",
        )
    if not text.strip():
        raise Refused("There is nothing written yet, so nothing was recorded.", hint="Write what you ask or answer.")
    sharing.partner(vault, item.org)
    fields = {"text": text, "when": "", "entry_kind": "agency_contact", "how_known": "document", "answers": item.id}
    (entry,) = log_concern(vault, fields, child_id=item.child_id)
    return entry, shares.propose(vault, entry, item.org, _agreement(vault, item))


def _agreement(vault: Vault, item: arrivals.ItemRow) -> str:
    """Return the agreement under which the partner's entry came; blank where it is none of ours, or not in force."""
    ctr, today = arrivals.contract_of(item), contracts.today(vault)
    for row in sharing.contracts(vault):
        if row.id == ctr and row.org == item.org and not row.categories and not contracts.fault(row, today):
            return row.id
    return ""
