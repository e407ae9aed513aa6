"""A share that waits, is decided against, or is taken back before it left; and in which states which is open (R-60)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from practice.acts import ShareCancelled, ShareHeld, ShareRefused, build
from practice.errors import Refused
from storage import outbox
from storage.views import sharing
from storage.views.sharing import ShareRow
from sync import outgoing, spool

if TYPE_CHECKING:
    from storage.vault import Vault

OPEN = ("proposed", "held", "agreed")
"""The states in which a person may still decide."""


def hold(vault: Vault, share_id: str, reason: str) -> None:
    """Let a share wait, with the reason."""
    _decide(vault, share_id, reason, lambda fields: build(ShareHeld, fields))


def refuse(vault: Vault, share_id: str, reason: str) -> None:
    """Decide not to share: recorded with its reason as a share would be (R-60)."""
    _decide(vault, share_id, reason, lambda fields: build(ShareRefused, fields))


def _decide(vault: Vault, share_id: str, reason: str, act: Callable[[dict[str, str]], Any]) -> None:
    with vault.write() as unit:
        share = sharing.share(vault, share_id)
        check_state(share, *OPEN)
        unit.record(act(because(share, reason)), child=share.child_id, entry=share.entry_id)


def cancel(vault: Vault, share_id: str, reason: str) -> None:
    """Withhold an approved share that has not left: its sealed copy goes before the record says so.

    Raises Refused once it was offered to the hub, since it may have arrived.
    """
    with vault.write() as unit:
        share = sharing.share(vault, share_id)
        check_state(share, "queued")
        for message in outbox.of_share(unit.connection, share.id):
            if message.state != "queued" or message.attempts:
                raise Refused(
                    "This share was offered to the hub already and may have arrived. Nothing was changed.",
                    hint="Sync to learn where it is, and ring the partner if it must not be used.",
                )
        fields = because(share, reason)
        for message in outbox.of_share(unit.connection, share.id):
            with suppress(OSError):
                spool.drop(vault, message.mid)
            outbox.mark(unit.connection, message.mid, "withheld", outgoing.now(vault), "cancelled")
        unit.record(build(ShareCancelled, fields), child=share.child_id, entry=share.entry_id)


def because(share: ShareRow, reason: str) -> dict[str, str]:
    """Return a decision's fields; raises Refused without its reason."""
    if not reason.strip():
        raise Refused("That needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    return {"share": share.id, "reason": reason}


STATES = {
    "not_shared": "It was decided not to share this entry",
    "queued": "This share is approved and waits to leave",
    "offered": "This share was offered to the hub and may have arrived",
    "delivered": "This share is on the way",
    "acknowledged": "The partner has this share",
    "refused": "This share was refused",
    "expired": "This share was not collected in time",
    "withheld": "This share was withheld",
    "proposed": "This share is not approved yet",
    "held": "This share is held",
    "agreed": "This share was approved once and waits for a second yes",
    "corrected": "This share was corrected by a newer one",
    "withdrawn": "This share was withdrawn",
}


def check_state(share: ShareRow, *allowed: str) -> None:
    """Raise Refused, saying where it stands, unless the share is in one of these states."""
    if share.state not in allowed:
        said = STATES.get(share.state, "This share is past that step")
        raise Refused(f"{said}, so that cannot be done. Nothing was changed.", hint="dsl-console share list shows it.")
