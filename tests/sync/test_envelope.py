"""An envelope opens for its reader as the bytes that were signed, and in no other way (protocol: §1)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from pydantic import ValidationError

from practice.errors import NotFound, Refused
from sync import envelope, identity
from sync.envelope import EnvelopeRefused, build_payload, open_, seal
from sync.hub import jose
from sync.identity import KeySet, OrgKeys, read_key_set

MID = "01932f7e-7b1c-7000-8000-000000000001"
CTR = "b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"
EXP = 1_800_000_000
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def key_set(keys: OrgKeys, serial: int = 1) -> KeySet:
    return read_key_set(
        keys.public_key_set(serial, name="An invented place", kind="school"), jose.thumbprint(keys.identity)
    )


SCHOOL = identity.generate("urn:scx:gb:urn:100123")
COUNCIL = identity.generate("urn:scx:gb:la:301")
OTHER = identity.generate("urn:scx:demo:other")
KEY_SETS = {keys.org: key_set(keys) for keys in (SCHOOL, COUNCIL, OTHER)}


def payload_for(to: str = COUNCIL.org, mid: str = MID, event: str = "She said [he hit me]", **over: object) -> bytes:
    body = {"event": event, "occurred": {"text": "?22 May 2026"}, "recorded_at": "2026-11-21T09:00:00+00:00"}
    parts = {
        "from_": SCHOOL.org,
        "ctr": CTR,
        "type_": "entry",
        "eid": "e1",
        "rev": 7,
        "prev": None,
        "iat": 1_790_000_000,
    }
    return build_payload(mid=mid, to=to, body=body, **{**parts, **over})


def sealed(payload: bytes | None = None, recipient: KeySet | None = None) -> str:
    recipient = recipient or KEY_SETS[COUNCIL.org]
    return seal(payload or payload_for(), sender=SCHOOL, recipient=recipient, mid=MID, ctr=CTR, class_="data", exp=EXP)


def opened(token: str, reader: OrgKeys = COUNCIL) -> envelope.Opened:
    return open_(token, reader=reader, sender_keys=KEY_SETS.__getitem__)


def refused(token: str, reader: OrgKeys = COUNCIL) -> str:
    with pytest.raises(EnvelopeRefused) as caught:
        opened(token, reader)
    return caught.value.code


def b64(value: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def header_of(token: str) -> dict[str, object]:
    return json.loads(jose.unb64u(token.split(".", maxsplit=1)[0]))


def test_the_reader_gets_exactly_the_bytes_that_were_previewed() -> None:
    payload = payload_for(event="She said [he hit me] [Yr 9] [red]x[/red] \u2019 \U0001f9e1")
    found = opened(sealed(payload))
    assert found.payload == payload
    assert found.claims["body"]["event"].startswith("She said [he hit me] [Yr 9] [red]x[/red]")
    assert (found.header.mid, found.header.sender, found.header.class_, found.header.exp) == (
        MID,
        SCHOOL.org,
        "data",
        EXP,
    )
    assert found.signer_kid == jose.thumbprint(SCHOOL.signing)


def test_the_protected_header_holds_what_the_protocol_lists_and_no_more() -> None:
    header = header_of(sealed())
    assert set(header) == {"alg", "enc", "kid", "epk", "typ", "cty", "scx"}
    assert (header["alg"], header["enc"], header["typ"], header["cty"]) == (
        "ECDH-ES",
        "A256GCM",
        "scx+jwe",
        "scx+jws",
    )
    assert header["scx"] == {
        "v": 1,
        "mid": MID,
        "from": SCHOOL.org,
        "to": COUNCIL.org,
        "ctr": CTR,
        "class": "data",
        "exp": EXP,
    }


@given(st.text(max_size=2000))
@settings(max_examples=60, deadline=None)
def test_every_payload_is_padded_to_512_bytes(event: str) -> None:
    payload = payload_for(event=event.encode("utf-8", "ignore").decode())
    assert len(payload) % 512 == 0
    assert jose.canonical(json.loads(payload)) == payload


def test_a_note_of_64_kib_fits() -> None:
    token = sealed(payload_for(event="a" * 65_536))
    assert 110 * 1024 < len(token) < 160 * 1024
    assert opened(token).claims["body"]["event"] == "a" * 65_536


def test_too_much_text_is_refused_when_sealed() -> None:
    with pytest.raises(EnvelopeRefused) as caught:
        sealed(payload_for(event="a" * 200_000))
    assert caught.value.code == "too-large"


def test_flipping_any_byte_is_refused() -> None:
    token = sealed(payload_for(event="short"))
    for place, letter in enumerate(token):
        for other in ("A" if letter != "A" else "B", chr(ord(letter) ^ 1)):
            assert refused(token[:place] + other + token[place + 1 :])


def test_cutting_or_lengthening_is_refused() -> None:
    token = sealed()
    for wrong in ("", token[:-1], token + "A", token + "=", token + ".", " " + token, token.replace(".", "..", 1)):
        assert refused(wrong)


def test_a_message_cannot_be_rewrapped_for_another_reader() -> None:
    """The council seals the school's signed words again, for someone else."""
    jws = opened(sealed()).jws
    scx = {"v": 1, "mid": MID, "from": SCHOOL.org, "to": OTHER.org, "ctr": CTR, "class": "data", "exp": EXP}
    assert refused(envelope._wrap(jws, KEY_SETS[OTHER.org].encryption, scx), OTHER) == "not-ours"
    pretended = envelope._wrap(jws, KEY_SETS[OTHER.org].encryption, {**scx, "from": COUNCIL.org})
    assert refused(pretended, OTHER) == "unknown-key"


@pytest.mark.parametrize("name", ["mid", "ctr"])
def test_the_signed_part_must_agree_with_the_outside(name: str) -> None:
    jws = opened(sealed()).jws
    scx = {"v": 1, "mid": MID, "from": SCHOOL.org, "to": COUNCIL.org, "ctr": CTR, "class": "data", "exp": EXP}
    scx[name] = {"mid": MID[:-1] + "2", "ctr": "f" * 32}[name]
    assert refused(envelope._wrap(jws, KEY_SETS[COUNCIL.org].encryption, scx)) == "schema"


def test_another_reader_cannot_open_it() -> None:
    assert refused(sealed(), OTHER) == "not-ours"
    fresh = OrgKeys(COUNCIL.org, COUNCIL.identity, COUNCIL.transport, COUNCIL.signing, OTHER.encryption)
    assert refused(sealed(), fresh) == "unknown-key"


def test_a_retired_key_still_reads_what_was_sealed_for_it() -> None:
    fresh = identity.fresh_encryption_key()
    rotated = OrgKeys(COUNCIL.org, COUNCIL.identity, COUNCIL.transport, COUNCIL.signing, fresh, (COUNCIL.encryption,))
    again = OrgKeys.from_secret(rotated.to_secret())
    assert opened(sealed(), again).claims["eid"] == "e1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "RSA1_5"}, "algorithm"),
        ({"alg": "PBES2-HS256+A128KW", "p2c": 10, "p2s": "AAAA"}, "algorithm"),
        ({"alg": "dir"}, "algorithm"),
        ({"alg": "ECDH-ES+A128KW"}, "algorithm"),
        ({"enc": "A128CBC-HS256"}, "algorithm"),
        ({"zip": "DEF"}, "algorithm"),
        ({"crit": ["made-up"], "made-up": 1}, "algorithm"),
        ({"crit": []}, "algorithm"),
        ({"jku": "https://example.org/keys"}, "schema"),
        ({"typ": "JWT"}, "schema"),
        ({"scx": {"v": 2}}, "schema"),
        ({"scx": None}, "schema"),
        ({"child": "a name in the clear"}, "schema"),
        ({"epk": {"kty": "OKP", "crv": "X25519", "x": "AAAA"}}, "schema"),
        ({"epk": {"kty": "RSA", "n": "AAAA", "e": "AQAB"}}, "algorithm"),
    ],
)
def test_headers_outside_the_allow_list_are_refused(change: dict[str, object], code: str) -> None:
    token = sealed()
    wrong = b64({**header_of(token), **change}) + token[token.index(".") :]
    assert refused(wrong) in {code, "schema"} if "epk" in change else refused(wrong) == code


def test_a_compressed_message_is_refused_even_when_well_sealed() -> None:
    token = sealed()
    header = {**header_of(token), "zip": "DEF"}
    header.pop("epk")
    sealed_again = JWE(opened(token).jws.encode(), json.dumps(header))
    sealed_again.add_recipient(KEY_SETS[COUNCIL.org].encryption[0])
    assert refused(sealed_again.serialize(compact=True)) == "algorithm"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256", "kid": "x", "typ": "scx+jws"},
        {"alg": "EdDSA", "typ": "scx+jws", "kid": "x", "crit": ["b64"], "b64": False},
        {"alg": "EdDSA", "typ": "scx+jws"},
        {"alg": "EdDSA", "typ": "scx-keys+jws", "kid": "x"},
    ],
)
def test_a_signature_outside_the_allow_list_is_refused(header: dict[str, object]) -> None:
    scx = {"v": 1, "mid": MID, "from": SCHOOL.org, "to": COUNCIL.org, "ctr": CTR, "class": "data", "exp": EXP}
    for signature in ("", jose.b64u(b"\0" * 64)):
        jws = ".".join([b64(header), jose.b64u(payload_for()), signature])
        assert refused(envelope._wrap(jws, KEY_SETS[COUNCIL.org].encryption, scx)) in {"algorithm", "schema"}


def test_a_signature_by_another_key_is_refused() -> None:
    scx = {"v": 1, "mid": MID, "from": SCHOOL.org, "to": COUNCIL.org, "ctr": CTR, "class": "data", "exp": EXP}
    jws = jose.sign(payload_for(), OTHER.signing, "scx+jws")
    assert refused(envelope._wrap(jws, KEY_SETS[COUNCIL.org].encryption, scx)) == "unknown-key"
    head, body, _ = jose.sign(payload_for(), SCHOOL.signing, "scx+jws").split(".")
    forged = ".".join([head, body, jws.split(".")[2]])
    assert refused(envelope._wrap(forged, KEY_SETS[COUNCIL.org].encryption, scx)) == "bad-signature"


def test_a_stranger_is_refused() -> None:
    def nobody(org: str) -> KeySet:
        raise NotFound("There is no such partner.")

    with pytest.raises(EnvelopeRefused) as caught:
        open_(sealed(), reader=COUNCIL, sender_keys=nobody)
    assert caught.value.code == "unknown-key"


def test_a_partner_with_a_p256_key_reads_it() -> None:
    key = JWK.generate(kty="EC", crv="P-256")
    partner = KEY_SETS[COUNCIL.org]
    recipient = KeySet(**{**vars(partner), "encryption": (jose.public_key(jose.public_part(key), "enc"),)})
    reader = OrgKeys(COUNCIL.org, COUNCIL.identity, COUNCIL.transport, COUNCIL.signing, key)
    assert opened(sealed(recipient=recipient), reader).payload == payload_for()


def test_several_reading_keys_make_one_general_json() -> None:
    second, third = identity.fresh_encryption_key(), JWK.generate(kty="EC", crv="P-256")
    public = tuple(jose.public_key(jose.public_part(key), "enc") for key in (COUNCIL.encryption, second, third))
    token = sealed(recipient=KeySet(**{**vars(KEY_SETS[COUNCIL.org]), "encryption": public}))
    assert json.loads(token)["recipients"][1]["header"]["kid"] == jose.thumbprint(second)
    for key in (COUNCIL.encryption, second, third):
        reader = OrgKeys(COUNCIL.org, COUNCIL.identity, COUNCIL.transport, COUNCIL.signing, key)
        assert opened(token, reader).payload == payload_for()
    for change in ({"unprotected": {"zip": "DEF"}}, {"aad": "AAAA"}, {"recipients": []}):
        assert refused(json.dumps({**json.loads(token), **change}))


def test_no_refusal_repeats_the_content() -> None:
    token = sealed(payload_for(event="Marigold Wetherby told me"))
    scx = {"v": 1, "mid": MID, "from": SCHOOL.org, "to": COUNCIL.org, "ctr": "f" * 32, "class": "data", "exp": EXP}
    wrong = envelope._wrap(opened(token).jws, KEY_SETS[COUNCIL.org].encryption, scx)
    with pytest.raises(EnvelopeRefused) as caught:
        opened(wrong)
    fault: BaseException | None = caught.value
    while fault is not None:
        assert "Wetherby" not in repr(fault)
        fault = fault.__cause__ or fault.__context__


def test_a_payload_addressed_otherwise_is_not_sealed() -> None:
    with pytest.raises(Refused):
        sealed(payload_for(to=OTHER.org))


def test_vectors_open_as_published() -> None:
    readers = {name: OrgKeys.from_secret(json.dumps(keys).encode()) for name, keys in VECTORS["keys"].items()}
    sets = {name: read_key_set(jws, None) for name, jws in VECTORS["key_sets"].items()}
    for vector in VECTORS["good"]:
        found = open_(vector["jose"], reader=readers[vector["reader"]], sender_keys=sets.__getitem__)
        assert found.payload.decode() == vector["payload"]
        assert jose.sign(found.payload, readers[found.header.sender].signing, "scx+jws") == found.jws
    for vector in VECTORS["refused"]:
        with pytest.raises(EnvelopeRefused) as caught:
            open_(vector["jose"], reader=readers[vector["reader"]], sender_keys=sets.__getitem__)
        assert caught.value.code == vector["code"], vector["why"]
    for vector in VECTORS["key_sets_refused"]:
        with pytest.raises(Refused):
            read_key_set(vector["jws"], None)
    assert {json.loads(vector["payload"])["type"] for vector in VECTORS["good"]} >= {"entry", "receipt", "withdrawal"}
    assert VECTORS["words"] == {name: identity.fingerprint_words(sets[name].identity_thumbprint) for name in sets}


def test_a_body_from_outside_is_measured() -> None:
    good = {"occurred": {"text": "today"}, "recorded_at": "2026-11-21T09:00:00Z", "event": "x", "later": "ignored"}
    assert envelope.EntryBody.model_validate(good).event == "x"
    for change in (
        {"event": "x" * 65_537},
        {"event": 7},
        {"event": "a\0b"},
        {"nature": "rumour"},
        {"categories": ["x"] * 41},
        {"child": {"name": "y" * 201}},
        {"child": {"name": "y", "date_of_birth": "12 May"}},
    ):
        with pytest.raises(ValidationError):
            envelope.EntryBody.model_validate({**good, **change})
