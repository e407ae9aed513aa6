"""This organisation's own keys and its place at the hub: what every exchange begins with (protocol: §2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from practice.errors import Refused
from storage import secrets_table
from sync.identity import HubPin, OrgKeys, fingerprint_words

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.hub import HubClient

_READ: WeakKeyDictionary[Vault, tuple[bytes, OrgKeys]] = WeakKeyDictionary()
"""The keys of each open vault with the bytes that they were read from: reading them takes longer than signing."""


def _not_enrolled(vault: Vault) -> Refused:
    from storage.views.organisation import hub

    if hub(vault) is not None:
        return Refused(
            "The exchange with partners stays with the machine that joined the hub: this one does not hold its keys."
            " Nothing was changed.",
            hint="Approve and sync on that machine; what it receives and sends comes here with the record.",
        )
    return Refused(
        "This organisation has not joined a hub yet, so nothing can be exchanged. Nothing was changed.",
        hint="Ask the hub's operator for an invite code, then: dsl-console hub enrol URL CODE",
    )


def own_keys(vault: Vault) -> OrgKeys:
    """Return the organisation's private keys; raises Refused before it joined a hub."""
    with vault.read() as connection:
        secret = secrets_table.get(connection, secrets_table.ORGANISATION)
    if secret is None:
        raise _not_enrolled(vault)
    before, keys = _READ.get(vault, (b"", None))
    if keys is None or before != secret:
        keys = OrgKeys.from_secret(secret)
        _READ[vault] = secret, keys
    return keys


def holds_keys(vault: Vault) -> bool:
    """Say whether this machine holds the organisation's keys: it joined the hub, and exchanges with partners."""
    with vault.read() as connection:
        return secrets_table.get(connection, secrets_table.ORGANISATION) is not None


def joined(vault: Vault) -> bool:
    """Say whether this machine joined a hub."""
    with vault.read() as connection:
        return secrets_table.get(connection, secrets_table.HUB) is not None


def hub_pin(vault: Vault) -> HubPin:
    """Return the hub that was joined, with the keys by which its receipts are known; raises Refused without one."""
    with vault.read() as connection:
        secret = secrets_table.get(connection, secrets_table.HUB)
    if secret is None:
        raise _not_enrolled(vault)
    return HubPin.from_json(json.loads(secret))


def connect(vault: Vault, transport: httpx.BaseTransport | None = None) -> HubClient:
    """Return a client of the joined hub, to be closed; nothing is asked of the hub yet."""
    from sync.carriers.hub import HubClient

    pin = hub_pin(vault)
    return HubClient(pin.url, own_keys(vault), transport, pin=pin)


def own_words(vault: Vault) -> str:
    """Return the words of our own identity key, to be read to a partner over the telephone."""
    return fingerprint_words(own_keys(vault).identity_thumbprint)
