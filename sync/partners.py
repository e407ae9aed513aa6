"""Partner agencies: joining the hub, knowing a partner by its identity key, and comparing that key by telephone."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from practice.acts import HubEnrolled, PartnerAdded, PartnerCarried, PartnerRemoved, PartnerVerified, build
from practice.errors import Refused
from practice.text import visible
from practice.vocabulary import PartnerKind
from storage import outbox, secrets_table
from storage.views import organisation, sharing
from storage.views.sharing import PartnerRow
from sync.identity import HubPin, KeySet, OrgKeys, fingerprint_words, generate, read_key_set
from sync.membership import connect, holds_keys, own_keys, own_words

if TYPE_CHECKING:
    import httpx

    from storage.vault import Unit, Vault

__all__ = ["add_partner", "enrol", "key_set_of", "own_words", "refresh", "remove", "verify_partner", "words"]
FIRST_SERIAL = 1
KEY_CHANGED = "The partner's identity key has changed and was not compared."
"""Why an entry is kept; it stands beside the entry until the words are compared."""
Change = Literal["same", "newer", "older", "changed"]


# -- joining -----------------------------------------------------------------------------------------------------------


def enrol(vault: Vault, url: str, code: str, *, transport: httpx.BaseTransport | None = None) -> HubEnrolled:
    """Join a hub with a one-time invite code, as the organisation that the code was made for.

    The keys are kept before the hub hears of them, so that a lost answer can be asked for again with the same ones.
    Raises Refused where this vault has joined a hub already or the code does not hold, HubUnreachable without a hub.
    """
    if organisation.hub(vault) is not None:
        raise Refused(
            "This organisation has joined a hub already. Nothing was changed.",
            hint="dsl-console hub status shows which.",
        )
    keys, pin = _join(vault, url, code.strip(), transport)
    enrolled: HubEnrolled = build(HubEnrolled, {"url": pin.url, "org": keys.org, "hub_id": pin.hub_id})
    with vault.write() as unit:
        unit.record(enrolled)
        secrets_table.put(unit.connection, secrets_table.ORGANISATION, keys.to_secret())
        secrets_table.put(unit.connection, secrets_table.HUB, json.dumps(pin.to_json()).encode())
        secrets_table.drop(unit.connection, secrets_table.ORGANISATION_PENDING)
    return enrolled


def _join(vault: Vault, url: str, code: str, transport: httpx.BaseTransport | None) -> tuple[OrgKeys, HubPin]:
    """Ask the hub for whom the code was made, make that organisation's keys or take up the kept ones, and join."""
    from sync.carriers.hub import HubClient, invited

    org = invited(url, code, transport)
    keys = _pending_keys(vault, org)
    key_set = _public(vault, keys)
    with HubClient(url, keys, transport) as client:
        return keys, client.enrol(code, key_set)


def _public(vault: Vault, keys: OrgKeys) -> str:
    school = vault.school
    return keys.public_key_set(FIRST_SERIAL, name=school.name[:200], kind=_kind(school.organisation))


def _published(vault: Vault, keys: OrgKeys) -> str:
    """Return the key set as it was last made anew, or the first one."""
    from sync.renewing import OWN_KEY_SET

    with vault.read() as connection:
        kept = outbox.exchange(connection, OWN_KEY_SET)
    return kept or _public(vault, keys)


def own_key_set(vault: Vault, code: str = "") -> str:
    """Return our own public key set, to be handed to a partner; keys are made for `code` where there are none yet.

    Raises Refused where there are none and no code was given, or the keys are another code's.
    """
    from sync.identity import normalise_org

    if not code and not holds_keys(vault):
        raise Refused(
            "This organisation has no keys yet; they are made for its own code. Nothing was written.",
            hint="Give the code that partners know, such as a school's URN: dsl-console partner keys FILE --code URN.",
        )
    if holds_keys(vault):
        keys = own_keys(vault)
        if code and normalise_org(code) != keys.org:
            raise Refused(f"This organisation exchanges as {keys.org} already. Nothing was changed.")
        return _published(vault, keys)
    keys = _pending_keys(vault, normalise_org(code))
    with vault.write() as unit:
        secrets_table.put(unit.connection, secrets_table.ORGANISATION, keys.to_secret())
        secrets_table.drop(unit.connection, secrets_table.ORGANISATION_PENDING)
    return _public(vault, keys)


def _pending_keys(vault: Vault, org: str) -> OrgKeys:
    with vault.write() as unit:
        own = secrets_table.get(unit.connection, secrets_table.ORGANISATION)
        kept = own or secrets_table.get(unit.connection, secrets_table.ORGANISATION_PENDING)
        keys = OrgKeys.from_secret(kept) if kept else None
        if own and keys is not None and keys.org != org:
            raise Refused(
                f"The code was made for {org}, and this organisation is {keys.org} already. Nothing was changed.",
                hint="Ask the hub's operator for a code for that one.",
            )
        if keys is None or keys.org != org:
            keys = generate(org)
            secrets_table.put(unit.connection, secrets_table.ORGANISATION_PENDING, keys.to_secret())
    return keys


def _kind(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.islower() else "_" for letter in text.lower())[:40]


# -- partners ----------------------------------------------------------------------------------------------------------


def key_set_of(partner: PartnerRow) -> KeySet:
    """Return a partner's key set as it is kept, checked against the pinned identity key."""
    return _checked(partner.key_set, partner.identity)


@lru_cache(maxsize=64)
def _checked(key_set: str, identity: str) -> KeySet:
    """The same bytes hold under the same identity key whenever they are read: they are checked once."""
    return read_key_set(key_set, identity)


def add_partner(
    vault: Vault, org: str, name: str = "", kind: str = "", *, transport: httpx.BaseTransport | None = None
) -> PartnerRow:
    """Add a partner by its code: fetch its keys from the hub, and pin the identity key that is seen first.

    Adding one again reads its keys anew. Raises Refused where its keys are not at the hub, or do not hold.
    """
    from sync.carriers.hub import HubRefused
    from sync.identity import normalise_org

    org = normalise_org(org)
    _check_kind(kind)
    with connect(vault, transport) as client:
        if org == client.keys.org:
            raise Refused("That is this organisation's own code. Nothing was added.")
        try:
            found = read_key_set(client.key_set(org), None)
        except HubRefused as fault:
            if fault.code != "unknown-organisation":
                raise
            raise Refused(
                "The hub does not have that partner's keys yet. Nothing was added.",
                hint="Check the code; the partner must join the hub first. Then add it again.",
            ) from None
    return _add(vault, found, name, kind)


def add_by_keys(vault: Vault, key_set: str, org: str = "", name: str = "", kind: str = "") -> PartnerRow:
    """Add a partner from the key set that it handed over, without a hub; its words are still to be compared.

    Messages to it go by hand until another way is set. Raises Refused where the key set does not hold, or is another's.
    """
    from sync.identity import normalise_org

    _check_kind(kind)
    found = read_key_set(key_set.strip(), None)
    if org and normalise_org(org) != found.org:
        raise Refused("That is the key set of another organisation. Nothing was added.")
    if found.org == own_keys(vault).org:
        raise Refused("That is this organisation's own key set. Nothing was added.")
    known = found.org in {row.org for row in sharing.partners(vault)}
    row = _add(vault, found, name, kind)
    if not known and found.org not in sharing.ways(vault):
        vault.record(build(PartnerCarried, {"org": found.org, "way": "hand"}))
    return row


def _check_kind(kind: str) -> None:
    if kind and kind not in set(PartnerKind):
        raise Refused(
            f"«{visible(kind)}» is no kind of partner that this program knows. Nothing was added.",
            hint="Choose one of: " + ", ".join(PartnerKind) + ".",
        )


def _add(vault: Vault, found: KeySet, name: str, kind: str) -> PartnerRow:
    before = next((row for row in sharing.partners(vault, removed=True) if row.org == found.org), None)
    if before is not None and before.identity == found.identity_thumbprint and _older(before, found):
        raise Refused("That is an older key set of that partner than the one kept here. Nothing was changed.")
    with vault.write() as unit:
        unit.record(_added(found, before, name, kind))
    return sharing.partner(vault, found.org)


def _older(before: PartnerRow, found: KeySet) -> bool:
    return found.serial < key_set_of(before).serial


def _added(found: KeySet, before: PartnerRow | None, name: str = "", kind: str = "") -> PartnerAdded:
    """The act for a partner as now known: what a person called it stays."""
    known_kind = found.kind if found.kind in set(PartnerKind) else PartnerKind.SOCIAL_CARE.value
    fields = {
        "org": found.org,
        "name": name or (before.name if before else "") or found.name or found.org,
        "organisation": kind or (before.kind if before else "") or known_kind,
        "key_set": found.jws,
        "identity": found.identity_thumbprint,
    }
    return build(PartnerAdded, fields)  # type: ignore[no-any-return]


def by_message(found: KeySet) -> PartnerAdded:
    """The act for a partner who was first heard of by a message; nobody has compared its key."""
    return _added(found, None).model_copy(update={"by_message": True})


def words(vault: Vault, org: str) -> str:
    """Return the words of a partner's identity key, as they must read them to us; raises NotFound."""
    return fingerprint_words(sharing.partner(vault, org).identity)


def verify_partner(vault: Vault, org: str, words: str = "") -> PartnerRow:
    """Record that the words a partner read to us over the telephone are those of the key we hold.

    Case, commas and hyphens do not matter. Raises Refused where the words differ or none were given; then nothing is
    recorded.
    """
    partner = sharing.partner(vault, org)
    typed = "".join(letter if letter.isalpha() else " " for letter in words.casefold()).split()
    if not typed:
        raise Refused(
            f"The words that {visible(partner.name)} reads out are needed to compare. Nothing was recorded.",
            hint="Ring them on a number you already have, and type the eight words they read from their own screen.",
        )
    if typed != fingerprint_words(partner.identity).split():
        raise Refused(
            f"Those are not the words of the key that is kept here for {visible(partner.name)}. Nothing was recorded.",
            hint="Let them read the words once more. If they still differ, share nothing and tell the hub's operator.",
        )
    verified = build(PartnerVerified, {"org": partner.org, "identity": partner.identity})
    with vault.write() as unit:
        unit.record(verified)
        for message in outbox.messages(unit.connection, *outbox.WAITING):
            if message.org == partner.org and message.detail == KEY_CHANGED:
                outbox.mark(unit.connection, message.mid, message.state, message.changed_at)
    return sharing.partner(vault, partner.org)


def remove(vault: Vault, org: str, reason: str) -> None:
    """Exchange no more with a partner; what is queued for it stays here and is not sent."""
    partner = sharing.partner(vault, org)
    if not reason.strip():
        raise Refused("Removing a partner needs its reason. Nothing was changed.", hint="Write why in one sentence.")
    vault.record(build(PartnerRemoved, {"org": partner.org, "reason": reason}))


# -- keys read anew ----------------------------------------------------------------------------------------------------


def compare(partner: PartnerRow, found: KeySet) -> Change:
    """Say what a freshly fetched key set means: `changed` is another identity key, which stops sharing."""
    if found.identity_thumbprint != partner.identity:
        return "changed"
    known = key_set_of(partner)
    if found.serial == known.serial:
        return "same"
    return "newer" if found.serial > known.serial else "older"


class KeySource(Protocol):
    """Where key sets are read anew: a hub, or a folder in which each organisation lays its own."""

    def key_set(self, org: str) -> str:
        """Return an organisation's key set as it is there; nothing of it was compared."""
        ...


def refresh(vault: Vault, client: KeySource, partner: PartnerRow) -> Change:
    """Fetch one partner's key set again and record what is new; raises HubUnreachable, and Refused for a bad one."""
    found = read_key_set(client.key_set(partner.org), None)
    change = compare(partner, found)
    if change in ("newer", "changed"):
        with vault.write() as unit:
            record_keys(unit, partner, found)
    return change


def record_keys(unit: Unit, partner: PartnerRow, found: KeySet) -> None:
    """Record a partner's new key set in the open transaction; another identity key is thereby no longer verified."""
    unit.record(_added(found, partner).model_copy(update={"by_message": partner.by_message}))


def caution(partner: PartnerRow) -> str:
    """Return the sentence about a key that nobody has compared; blank where it was."""
    if partner.verified:
        return ""
    return f"You have not compared the words of {visible(partner.name)}'s key over the telephone."


def check_may_share(partner: PartnerRow) -> None:
    """Raise Refused where the partner's identity key is another one than before and was not compared since."""
    if partner.changed:
        raise Refused(
            f"The identity key of {visible(partner.name)} has changed, so sharing with them has stopped. "
            "Nothing was sent.",
            hint="Ring them on a number you already have and compare the words, w on Partners or dsl-console partner "
            "verify.",
        )


def joined(vault: Vault) -> OrgKeys:
    """Return our own keys; raises Refused before a hub was joined."""
    return own_keys(vault)
