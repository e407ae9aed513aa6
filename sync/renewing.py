"""Our own keys made anew, announced under the identity key that partners compared (protocol: §2, rule 9).

Retired keys are kept for reading what was sealed for them; compromised ones are not, and their signatures are void.
What was prepared is kept before the hub hears of it, so that a lost answer is asked for again with the same keys.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from practice.acts import OwnKeysRenewed, build
from practice.errors import ConsoleError, Refused
from storage import outbox, secrets_table
from storage.views import sharing
from sync import again, inbox, outgoing, partners, spool, ways
from sync.hub import jose
from sync.identity import KeySet, OrgKeys, generate, read_key_set
from sync.membership import connect, joined, own_keys

if TYPE_CHECKING:
    import httpx

    from storage.vault import Vault
    from sync.carriers.hub import HubClient

OWN_KEY_SET = "own_key_set"
"""Where the exchange keeps our newest key set as the hub has it, by which our own signed words are known again."""
RENEWED_AT = "own_keys_renewed"
"""Where the exchange keeps when our keys were made anew last: what was signed before may be refused for that."""
LOST = "Partners seal for keys that this vault does not hold. Make keys anew: dsl-console partner renew-keys."


@dataclass(frozen=True)
class Renewed:
    """The new serial, to how many partners it is announced with the next sync, and whether a hub shows it already."""

    serial: int
    told: int
    at_hub: bool = True


def renew(
    vault: Vault, reason: str, *, compromised: bool = False, transport: httpx.BaseTransport | None = None
) -> Renewed:
    """Make new signing and encryption keys, put them at the hub and queue their announcement to every partner.

    Without a hub they lie in each partner's folder and in each bundle from the next sync on. `compromised` voids the
    old ones: nothing sealed for them is read any more, and what is on its way is signed and sealed anew. Raises Refused
    without a reason, and HubUnreachable, after which calling it again goes on with the same new keys.
    """
    if not reason.strip():
        raise Refused("Making keys anew needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    before, after, void = _prepared(vault, reason, compromised=compromised)
    if joined(vault):
        with connect(vault, transport) as client:
            serial, key_set = _put(vault, client, before, after, void)
    else:
        serial, key_set = _shown_by_files(vault, before, after, void)
    return _finished(vault, before, after, serial, key_set, reason, void=void)


def _finished(
    vault: Vault, before: OrgKeys, after: OrgKeys, serial: int, key_set: str, reason: str, *, void: bool
) -> Renewed:
    """Go over to the keys that the hub shows to partners now, and queue their announcement."""
    told = []
    known = {jose.thumbprint(key) for key in read_key_set(key_set, after.identity_thumbprint).signing}
    speaks = before if jose.thumbprint(before.signing) in known else after
    with vault.write() as unit:
        secrets_table.put(unit.connection, secrets_table.ORGANISATION, after.to_secret())
        secrets_table.drop(unit.connection, secrets_table.KEYS_NEXT)
        outbox.set_exchange(unit.connection, OWN_KEY_SET, key_set)
        outbox.set_exchange(unit.connection, RENEWED_AT, outgoing.now(vault))
        thumbs = {"signing": jose.thumbprint(after.signing), "encryption": jose.thumbprint(after.encryption)}
        unit.record(build(OwnKeysRenewed, {"serial": serial, "compromised": void, "reason": reason, **thumbs}))
        for row in sharing.partners(vault):
            reader = inbox.reader_of(row)
            if reader is not None:
                outgoing.overtake_words(vault, unit, row.org, ("key-update",))
                told.append(outgoing.queue_control(vault, unit, speaks, reader, "key-update", {"key_set": key_set}))
    for message in told:
        spool.keep(vault, message.mid, message.envelope)
    if void:
        _seal_all_anew(vault)
    return Renewed(serial, len(told), joined(vault))


def _prepared(vault: Vault, reason: str, *, compromised: bool) -> tuple[OrgKeys, OrgKeys, bool]:
    """Return the present keys, the new ones and whether the old are void; kept before anybody hears of them."""
    before = own_keys(vault)
    with vault.write() as unit:
        kept = secrets_table.get(unit.connection, secrets_table.KEYS_NEXT)
        if kept is not None:
            found = json.loads(kept)
            return before, OrgKeys.from_secret(found["keys"].encode()), bool(found["void"])
        fresh = generate(before.org)
        retired = () if compromised else before.reading_keys()
        after = replace(before, signing=fresh.signing, encryption=fresh.encryption, retired=retired)
        content = {"keys": after.to_secret().decode(), "void": compromised, "reason": reason}
        secrets_table.put(unit.connection, secrets_table.KEYS_NEXT, json.dumps(content).encode())
        readable = replace(before, retired=(after.encryption, *before.retired))
        secrets_table.put(unit.connection, secrets_table.ORGANISATION, readable.to_secret())
    return before, after, compromised


def _put(vault: Vault, client: HubClient, before: OrgKeys, after: OrgKeys, void: bool) -> tuple[int, str]:
    """Put the new key set at the hub, unless it is there already; return its serial and the set."""
    there = read_key_set(client.key_set(before.org), before.identity_thumbprint)
    if jose.thumbprint(after.signing) in {jose.thumbprint(key) for key in there.signing}:
        return there.serial, there.jws
    serial, key_set = _next_set(there, max(there.serial, _known_serial(vault)) + 1, before, after, void)
    client.put_keys(key_set, there.serial, after.signing)
    return serial, key_set


def _shown_by_files(vault: Vault, before: OrgKeys, after: OrgKeys, void: bool) -> tuple[int, str]:
    """Return the new key set of an organisation that joined no hub, and its serial: by the clock, since a vault that
    was put back may not know of the newest, and past whatever lies in the places that can be looked into."""
    there = read_key_set(partners.own_key_set(vault), before.identity_thumbprint)
    for place in ways.places(vault):
        with suppress(ConsoleError):
            carrier = ways.carrier(vault, place)
            try:
                found = read_key_set(carrier.key_set(before.org) or "", before.identity_thumbprint)
                there = max(there, found, key=lambda each: each.serial)
            finally:
                carrier.close()
    serial = max(there.serial + 1, _known_serial(vault) + 1, outgoing.seconds(vault))
    return _next_set(there, serial, before, after, void)


def _next_set(there: KeySet, serial: int, before: OrgKeys, after: OrgKeys, void: bool) -> tuple[int, str]:
    gone = {jose.thumbprint(key) for key in (*before.reading_keys(), before.signing)} if void else set()
    gone -= {jose.thumbprint(after.encryption)}
    former = [jose.public_part(key) for key in there.signing if jose.thumbprint(key) not in gone][:8]
    key_set = after.public_key_set(
        serial,
        name=there.name,
        kind=there.kind,
        revoked={*there.revoked, *gone},
        former_signing=former,
    )
    return serial, key_set


def _known_serial(vault: Vault) -> int:
    with vault.read() as connection:
        kept = outbox.exchange(connection, OWN_KEY_SET)
    return read_key_set(kept, None).serial if kept else 0


def _seal_all_anew(vault: Vault) -> None:
    """Sign and seal anew what no partner has receipted: its signature is void now."""
    with vault.read() as connection:
        waiting = [each for each in outbox.messages(connection, *outbox.OPEN) if each.share]
    for message in waiting:
        with vault.write() as unit:
            fresh = again.seal_anew(vault, unit, message)
        spool.discard(vault, message.mid)
        if fresh is not None:
            spool.keep(vault, fresh.mid, fresh.envelope)


@dataclass(frozen=True)
class Look:
    """What comparing our keys with the hub's found: a sentence or blank, whether the hub knows our signature, and
    whether partners seal for a key that we hold."""

    said: str = ""
    signs: bool = True
    readable: bool = True


def look(vault: Vault, client: HubClient) -> Look:
    """Compare our keys with those the hub shows to partners, and put right what can be.

    A hub that was put back shows older keys than ours: they are put there again. After our own restore it may show
    newer ones than this vault holds: partners then seal for a key that is lost, and a person makes keys anew. What was
    being made anew when its answer was lost is finished.
    """
    there = read_key_set(client.key_set(client.keys.org), own_keys(vault).identity_thumbprint)
    said = _finish_renewal(vault, there)
    keys = own_keys(vault)
    client.keys = keys
    with vault.read() as connection:
        kept = outbox.exchange(connection, OWN_KEY_SET)
    if kept and kept != there.jws and read_key_set(kept, keys.identity_thumbprint).serial > there.serial:
        client.put_keys(kept, there.serial, keys.signing)
        there = read_key_set(kept, keys.identity_thumbprint)
    if kept != there.jws:
        with vault.write() as unit:
            outbox.set_exchange(unit.connection, OWN_KEY_SET, there.jws)
    signs = jose.thumbprint(keys.signing) in {jose.thumbprint(key) for key in there.signing}
    ours = {jose.thumbprint(key) for key in keys.reading_keys()}
    readable = not ours.isdisjoint(jose.thumbprint(key) for key in there.encryption)
    if not (signs and readable):
        said = LOST
    return Look(said, signs, readable)


def _finish_renewal(vault: Vault, there: KeySet) -> str:
    """Go over to the keys that were being made anew, where the hub shows them already; return what is to be said."""
    with vault.read() as connection:
        kept = secrets_table.get(connection, secrets_table.KEYS_NEXT)
    found = json.loads(kept) if kept else {}
    after = OrgKeys.from_secret(found["keys"].encode()) if found else None
    if after is None or jose.thumbprint(after.signing) not in {jose.thumbprint(key) for key in there.signing}:
        return ""
    reason = str(found.get("reason") or "Begun before, and finished by a sync")
    _finished(vault, own_keys(vault), after, there.serial, there.jws, reason, void=bool(found["void"]))
    return "The keys that were being made anew are in use now, and partners are told of them."


def own_signing(vault: Vault) -> list[Any]:
    """Return every public key by which our own signed words are known: the present one and the former ones."""
    with vault.read() as connection:
        kept = outbox.exchange(connection, OWN_KEY_SET)
    keys = own_keys(vault)
    known: KeySet | None = read_key_set(kept, keys.identity_thumbprint) if kept else None
    return [jose.public_key(jose.public_part(keys.signing), "sig"), *(known.signing if known else ())]


def take(vault: Vault, unit: Any, key_set: str, org: str) -> str:
    """Take a partner's announced key set in; raises Refused where it is not of the identity that is known."""
    row = next((each for each in sharing.partners(vault) if each.org == org), None)
    if row is None or row.changed:
        return ""
    found = read_key_set(key_set, row.identity)
    if found.org == org and partners.compare(row, found) == "newer":
        partners.record_keys(unit, row, found)
    return ""
