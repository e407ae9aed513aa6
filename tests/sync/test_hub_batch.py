"""What the hub recognises at one look is what the long way reads, whatever is done to it; and it is the usual case."""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK

from sync.envelope import build_payload, seal
from sync.hub import batch, jose, routing
from sync.hub.jose import JoseFault
from sync.hub.limits import Limits, Problem
from sync.identity import KeySet, generate, read_key_set

MID, OTHER_MID = "01932f7e-7b1c-7000-8000-000000000001", "01932f7e-7b1c-7000-8000-000000000002"
SCHOOL, COUNCIL = "urn:scx:gb:urn:100123", "urn:scx:gb:la:301"
HEADER: dict[str, Any] = {
    "alg": "ECDH-ES",
    "cty": "scx+jws",
    "enc": "A256GCM",
    "epk": {"crv": "X25519", "kty": "OKP", "x": "MLnPb5oTUQ2cEtCY3kpJkMI2DGBo5O3prdBioNwbnnM"},
    "kid": "6Aj2QZDc-M7FlMjjdtD0aYJ0qebsfdlkArFABqC6WwI",
    "scx": {"class": "data", "ctr": "b" * 32, "exp": 1829901145, "from": SCHOOL, "mid": MID, "to": COUNCIL, "v": 1},
    "typ": "scx+jwe",
}
EDGES: list[Any] = [
    *("", "x", "none", "P-256", "EC", "control", "a" * 15, "a" * 16, "a" * 64, "a" * 65, "A" * 42 + "B", "A" * 43),
    *("urn:scx:" + "a" * 10 + ":" + "b" * 10 + ":" + "c" * 10 + ":" + "d" * length for length in (59, 60)),
    *("urn:scx:a:b", "urn:scx:gb:la:", "urn:scx:gb:la:3\n", OTHER_MID, MID.upper(), MID.replace("-7", "-4")),
    *(0, 1, -1, 2, True, 1.5, 2**40 - 1, 2**40, 10**12, 10**13, None, [], {}, "\u00e9", "\ud7ff", 'a"b', "a\\b", "\n"),
]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_of(header: bytes, rest: str = f"..{'A' * 16}.{'B' * 2086}Q.{'C' * 21}A") -> str:
    return b64(header) + rest


def written(header: Any) -> bytes:
    return json.dumps(header, separators=(",", ":")).encode()


def the_long_way(token: str) -> routing.Routing | None:
    try:
        assert len(token.encode("utf-8", "replace")) <= jose.MAX_ENVELOPE
        return routing._any_compact(token)
    except (JoseFault, AssertionError):
        return None


def check(token: str) -> routing.Routing | None:
    """What is recognised is what the long way reads; nothing is, which that refuses."""
    found = routing.usual(token.encode("utf-8", "replace"))
    assert found is None or found == the_long_way(token)
    return found


def test_an_envelope_in_its_usual_spelling_is_recognised() -> None:
    assert check(token_of(written(HEADER))) is not None
    p256 = HEADER | {"epk": {"crv": "P-256", "kty": "EC", "x": "A" * 43, "y": "A" * 43}}
    assert check(token_of(written(p256))) is not None


@pytest.mark.parametrize("key", [{"kty": "OKP", "crv": "X25519"}, {"kty": "EC", "crv": "P-256"}], ids=str)
def test_what_is_sealed_for_one_reader_is_in_the_usual_spelling(key: dict[str, str]) -> None:
    school, council = generate(SCHOOL), generate(COUNCIL)
    own = council.public_key_set(1, name="An invented council", kind="social_care")
    recipient = read_key_set(own, jose.thumbprint(council.identity))
    public = jose.public_key(JWK.generate(**key).export_public(as_dict=True), "enc")
    parts = {**vars(recipient), "encryption": (public,)}
    payload = build_payload(
        mid=MID, from_=SCHOOL, to=COUNCIL, ctr="c" * 32, type_="entry", eid="e", rev=1, prev=None, body={}, iat=1
    )
    token = seal(
        payload, sender=school, recipient=KeySet(**parts), mid=MID, ctr="c" * 32, class_="data", exp=1_800_000_000
    )
    assert check(token) is not None


@given(st.sampled_from([*HEADER, "epk.crv", "epk.kty", "epk.x", *(f"scx.{name}" for name in HEADER["scx"])]), st.data())
@settings(deadline=None)
def test_a_member_of_another_value_is_read_as_by_the_long_way(place: str, data: st.DataObject) -> None:
    header = json.loads(json.dumps(HEADER))
    *within, name = place.split(".")
    held = header[within[0]] if within else header
    match data.draw(st.sampled_from(["change", "remove", "add", "twice"])):
        case "change":
            held[name] = data.draw(st.one_of(st.sampled_from(EDGES), st.text(max_size=50)))
        case "remove":
            del held[name]
        case "add":
            held[data.draw(st.sampled_from(["zip", "crit", "y", "zzz", ""]))] = held[name]
        case "twice":
            text = json.dumps(header, separators=(",", ":"))
            member = f'"{name}":{json.dumps(held[name], separators=(",", ":"))}'
            assert check(token_of(text.replace(member, f"{member},{member}").encode())) is None
    check(token_of(written(header)))


CHANGES = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 3), st.one_of(st.binary(max_size=3), st.sampled_from([b'"', b"."]))),
    min_size=1,
    max_size=3,
)


def changed(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for where, length, put in changes:
        at = where % (len(data) + 1)
        data = data[:at] + put + data[at + length :]
    return data


@given(CHANGES)
@example([(0, 0, b" ")])
@settings(deadline=None)
def test_changed_letters_of_an_envelope_are_read_as_by_the_long_way(changes: list[tuple[int, int, bytes]]) -> None:
    check(token_of(changed(written(HEADER), changes)))
    check(changed(token_of(written(HEADER)).encode(), changes).decode("utf-8", "replace"))
    check(token_of(written(HEADER), changed(f"..{'A' * 16}.{'B' * 6}.{'C' * 21}A".encode(), changes).decode("latin-1")))


def test_an_envelope_that_is_too_long_is_not_recognised() -> None:
    for length, known in ((jose.MAX_ENVELOPE, True), (jose.MAX_ENVELOPE + 1, False)):
        head = b64(written(HEADER))
        body = "B" * (length - len(head) - 42)
        token = f"{head}..{'A' * 16}.{body[:-1]}{'A' if len(body) % 4 else 'B'}.{'C' * 21}A"
        assert len(token) == length
        assert (routing.usual(token.encode()) is not None) is known


def test_headers_of_one_batch_are_kept_apart() -> None:
    """Each holds one address: two in one envelope, and none or a half in the next, are not two envelopes."""
    one, other = written(HEADER), written(HEADER | {"kid": "B" * 43})
    whole_ones = [token_of(one), token_of(other)]
    assert routing.all_usual(whole_ones) == [the_long_way(token) for token in whole_ones]
    for gap in (b"", *(b"\0" * length for length in range(1, 9))):
        for rest in range(0 if gap else 1, len(other)):
            assert routing.all_usual([token_of(one + gap + other[:rest]), token_of(other[rest:])]) is None
        for nothing in range(1, 9):
            assert routing.all_usual([token_of(one + gap + other), token_of(b"\0" * nothing)]) is None
            assert routing.all_usual([token_of(b"\0" * nothing), token_of(one + gap + other)]) is None
    assert routing.all_usual([token_of(one), token_of(one[:-1]), token_of(b"}")]) is None


def test_without_the_fast_decoder_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybase64", None)
    spec = importlib.util.spec_from_file_location("plain_routing", routing.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert plain._decoded is not routing._decoded
    letters = b64(bytes(range(256)) + bytes(range(255, -1, -1)) + b"a")
    assert plain._decoded(letters) == routing._decoded(letters) == base64.urlsafe_b64decode(letters)
    assert plain.usual(token_of(written(HEADER)).encode()) == routing.usual(token_of(written(HEADER)).encode())


def whole(body: bytes) -> Any:
    try:
        return batch._taken_apart(body, Limits())
    except Problem as refused:
        return refused.code


def batch_of(*mids: str, head: str | None = None) -> bytes:
    tokens = [token_of(written(HEADER | {"scx": HEADER["scx"] | {"mid": mid}})) for mid in mids]
    items = [{"mid": mid, "jose": token} for mid, token in zip(mids, tokens, strict=True)]
    return written({"items": items} | ({"head": head} if head is not None else {}))


@given(CHANGES, st.sampled_from([None, "a1", "x" * 128, "x" * 129, "", "a\n"]))
@settings(deadline=None)
def test_a_changed_batch_is_read_as_by_the_long_way(changes: list[tuple[int, int, bytes]], head: str | None) -> None:
    good = batch_of(MID, OTHER_MID, head=head)
    for body in (good, changed(good, changes), changed(good, [(len(good) - 3, 3, changes[0][2])])):
        found = batch._recognised(body)
        assert found is None or found == whole(body)


def test_the_usual_batch_is_recognised_and_any_other_spelling_read_alike() -> None:
    body = batch_of(MID, OTHER_MID, head="a1b2")
    assert batch._recognised(body) is not None
    assert batch._recognised(batch_of(MID)) is not None
    for spelling in (json.dumps(json.loads(body)), json.dumps(json.loads(body), sort_keys=True, indent=1)):
        assert batch._recognised(spelling.encode()) is None
        assert batch.read_batch(spelling.encode(), Limits()) == batch.read_batch(body, Limits())


@pytest.mark.parametrize("spaced", [False, True])
def test_a_batch_with_an_id_twice_or_too_many_items_is_refused_in_either_spelling(spaced: bool) -> None:
    for body in (batch_of(MID, MID), batch_of(*(MID[:-3] + f"{number:03}" for number in range(101)))):
        with pytest.raises(Problem) as refused:
            batch.read_batch(body.replace(b",", b", ") if spaced else body, Limits())
        assert refused.value.code == "schema"
