"""An organisation's keys, its signed key set, the words read over the telephone, and how an organisation is written."""

from __future__ import annotations

import json

import pytest
from jwcrypto.jwk import JWK

from practice.errors import IntegrityAlarm, Refused
from practice.words import word_list
from sync import identity
from sync.hub import jose
from sync.identity import HubPin, OrgKeys, TransportKeys, normalise_org, read_key_set

KEYS = identity.generate("urn:scx:gb:urn:100123")


def key_set(**over: object) -> str:
    return KEYS.public_key_set(**{"serial": 3, "name": "Fenwick Road School", "kind": "school", **over})


def signed(body: dict[str, object], key: JWK = KEYS.identity, typ: str = "scx-keys+jws") -> str:
    return jose.sign(jose.canonical(body), key, typ)


def test_secrets_come_back_as_they_were() -> None:
    again = OrgKeys.from_secret(KEYS.to_secret())
    assert again.to_secret() == KEYS.to_secret()
    assert (
        len({jose.thumbprint(getattr(again, name)) for name in ("identity", "transport", "signing", "encryption")}) == 4
    )


def test_the_transport_secret_holds_nothing_that_reads_or_signs() -> None:
    pin = HubPin("https://hub.example", "urn:scx:hub:x", (jose.public_part(KEYS.signing),))
    secret = KEYS.transport_secret(pin)
    found = TransportKeys.from_secret(secret)
    assert (found.org, found.hub) == (KEYS.org, pin)
    for name in ("identity", "signing", "encryption"):
        assert getattr(KEYS, name).export_private(as_dict=True)["d"].encode() not in secret
    assert TransportKeys.from_secret(KEYS.transport_secret()).hub is None


def test_private_parts_are_never_shown() -> None:
    shown = repr(KEYS) + repr(TransportKeys.from_secret(KEYS.transport_secret())) + str(KEYS)
    for name in ("identity", "signing", "encryption", "transport"):
        assert getattr(KEYS, name).export_private(as_dict=True)["d"] not in shown


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_damaged_secret_is_an_alarm(cut: int) -> None:
    with pytest.raises(IntegrityAlarm):
        OrgKeys.from_secret(KEYS.to_secret()[:cut])


def test_a_key_set_reads_back() -> None:
    found = read_key_set(key_set(), jose.thumbprint(KEYS.identity))
    assert (found.org, found.name, found.kind, found.serial) == (KEYS.org, "Fenwick Road School", "school", 3)
    assert [jose.thumbprint(key) for key in found.encryption] == [jose.thumbprint(KEYS.encryption)]
    assert not any(key.has_private for key in (*found.encryption, *found.signing, found.identity_key))


def test_revoked_keys_are_left_out() -> None:
    old = identity.generate(KEYS.org).signing
    gone = read_key_set(key_set(revoked=[jose.thumbprint(old)], former_signing=[jose.public_part(old)]), None)
    assert [jose.thumbprint(key) for key in gone.signing] == [jose.thumbprint(KEYS.signing)]
    kept = read_key_set(key_set(former_signing=[jose.public_part(old)]), None)
    assert len(kept.signing) == 2


def test_a_swapped_identity_is_refused() -> None:
    """A hub that puts its own keys under a partner's name."""
    other = identity.generate(KEYS.org).public_key_set(4, name="Fenwick Road School", kind="school")
    with pytest.raises(Refused, match="identity key is not the one"):
        read_key_set(other, jose.thumbprint(KEYS.identity))


def test_a_key_set_signed_by_another_key_is_refused() -> None:
    body = json.loads(jose.unb64u(key_set().split(".")[1]))
    other = identity.generate(KEYS.org)
    with pytest.raises(Refused):
        read_key_set(signed(body, other.identity), jose.thumbprint(KEYS.identity))
    with pytest.raises(Refused):
        read_key_set(signed({**body, "encryption": [jose.public_part(other.encryption)]}, other.identity), None)
    with pytest.raises(Refused):
        read_key_set(signed(body, typ="scx+jws"), None)


@pytest.mark.parametrize(
    "change",
    [
        {"serial": 0},
        {"serial": "3"},
        {"serial": True},
        {"org": "somebody"},
        {"name": "n" * 201},
        {"kind": "A Kind"},
        {"encryption": []},
        {"signing": [{"kty": "oct", "k": "AAAA"}]},
        {"encryption": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}]},
        {"revoked": "all"},
    ],
)
def test_an_ill_formed_key_set_is_refused(change: dict[str, object]) -> None:
    body = json.loads(jose.unb64u(key_set().split(".")[1]))
    with pytest.raises(Refused):
        read_key_set(signed({**body, **change}), None)


def test_flipping_any_letter_of_a_key_set_is_refused() -> None:
    token = key_set()
    for place in range(0, len(token), 7):
        wrong = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(Refused):
            read_key_set(wrong, jose.thumbprint(KEYS.identity))


def test_eight_words_name_an_identity() -> None:
    words = word_list()
    assert len(words) == len(set(words)) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 9 for word in words)
    mine = identity.fingerprint_words(KEYS.identity_thumbprint)
    assert len(mine.split()) == 8
    assert set(mine.split()) <= set(words)
    assert mine != identity.fingerprint_words(identity.generate(KEYS.org).identity_thumbprint)


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        (" 100123 ", "urn:scx:gb:urn:100123"),
        ("301", "urn:scx:gb:la:301"),
        ("la:301", "urn:scx:gb:la:301"),
        ("URN:100123", "urn:scx:gb:urn:100123"),
        ("ods:rxx", "urn:scx:gb:ods:RXX"),
        ("Northfield-Council", "urn:scx:demo:northfield-council"),
        ("urn:scx:gb:ods:rxx", "urn:scx:gb:ods:RXX"),
        ("URN:SCX:demo:Police", "urn:scx:demo:police"),
    ],
)
def test_an_organisation_is_taken_as_people_write_it(typed: str, full: str) -> None:
    assert normalise_org(typed) == full
    assert normalise_org(full) == full


@pytest.mark.parametrize(
    "typed", ["", "x", "1234", "12345678", "a b", "-a", "urn:scx:", "urn:other:x", "a" * 41, "../etc"]
)
def test_an_organisation_written_otherwise_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        normalise_org(typed)
