"""The client before a hub that lies, breaks off, or is a login page: no answer, a plain sentence, nothing believed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import httpx
import pytest
import uvicorn
from jwcrypto.jwk import JWK
from running_hub import mid_of

from practice.errors import HubUnreachable, Refused
from sync import identity
from sync.carriers import wire
from sync.carriers.hub import EpochChanged, HubClient, HubRefused, NoAnswer
from sync.hub import jose
from sync.identity import HubPin, TransportKeys

KEYS = identity.generate("urn:scx:gb:urn:100123")
HUB_KEY = JWK.generate(kty="OKP", crv="Ed25519")
HUB_ID = f"urn:scx:hub:{jose.thumbprint(HUB_KEY)}"
PIN = HubPin("https://hub.example", HUB_ID, (jose.public_part(jose.public_key(jose.public_part(HUB_KEY), "sig")),))
WELL_KNOWN = {
    "hub_id": HUB_ID,
    "epoch": "e1",
    "versions": [1],
    "limits": {"envelope": 262144},
    "keys": [jose.public_part(HUB_KEY)],
    "retention_days": 30,
    "ledger_days": 400,
}
ITEM = (mid_of(1), "abc")
PROBLEM = {"content-type": "application/problem+json"}
Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, **more: object) -> HubClient:
    """A client of a hub that behaves but for what `handler` answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/scx-hub":
            return httpx.Response(200, json=WELL_KNOWN)
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t" * 43, "token_type": "Bearer", "expires_in": 600})
        return handler(request)

    return HubClient("https://hub.example/", KEYS, httpx.MockTransport(answer), **{"pin": PIN, **more})


def page(**over: object) -> dict[str, object]:
    return {"epoch": "e1", "items": [{"pos": 1, "jose": "abc"}], "next": "e1.1", "acked_through": 0, **over}


def batch_answer(signer: JWK = HUB_KEY, typ: str = "scx-receipt+jws", **over: object) -> dict[str, object]:
    digest = jose.b64u(sha256(ITEM[1].encode()).digest())
    claims = {"hub": HUB_ID, "org": KEYS.org, "epoch": "e1", "at": 1, "items": [[ITEM[0], digest, 7]], **over}
    receipt = jose.sign(jose.canonical(claims), signer, typ)
    return {"epoch": "e1", "items": [{"mid": ITEM[0], "status": 201}], "receipt": receipt}


def endless() -> Iterator[bytes]:
    """100 MB that must never all be taken."""
    for _ in range(100):
        yield b" " * 1024 * 1024
    raise AssertionError("the client read all of it")


def test_good_answers_are_taken() -> None:
    assert client(lambda _: httpx.Response(200, json=page())).inbox().items[0].jose == "abc"
    result = client(lambda _: httpx.Response(200, json=batch_answer())).send_batch([ITEM])
    assert result.outcomes[ITEM[0]].stored
    assert result.receipt.items[ITEM[0]][1] == 7


HOSTILE: dict[str, Handler] = {
    "truncated JSON": lambda _: httpx.Response(
        200, content=json.dumps(page()).encode()[:-9], headers={"content-type": "application/json"}
    ),
    "a login page": lambda _: httpx.Response(200, html="<html>Sign in to the school's network</html>"),
    "a login page that says it is JSON": lambda _: httpx.Response(
        200, content=b"<html>", headers={"content-type": "application/json"}
    ),
    "a redirect": lambda _: httpx.Response(302, headers={"location": "https://portal.example"}),
    "nothing": lambda _: httpx.Response(204),
    "another 2xx": lambda _: httpx.Response(202, json=page()),
    "a page of 100 MB": lambda _: httpx.Response(200, content=endless(), headers={"content-type": "application/json"}),
    "a compressed page": lambda _: httpx.Response(
        200, content=iter([b"\x1f\x8b"]), headers={"content-type": "application/json", "content-encoding": "gzip"}
    ),
    "a list": lambda _: httpx.Response(200, json=[page()]),
    "NaN": lambda _: httpx.Response(200, content=b'{"epoch":NaN}', headers={"content-type": "application/json"}),
    "a name twice": lambda _: httpx.Response(
        200, content=b'{"epoch":"a","epoch":"b"}', headers={"content-type": "application/json"}
    ),
    "deep nesting": lambda _: httpx.Response(
        200, content=b'{"a":' + b"[" * 60_000, headers={"content-type": "application/json"}
    ),
    "an unworded 404": lambda _: httpx.Response(404, html="<h1>Not here</h1>"),
    "a broken problem": lambda _: httpx.Response(403, content=b"{", headers=PROBLEM),
    "a fault": lambda _: httpx.Response(500, text="Traceback"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("call", ["inbox", "batch", "ack", "status", "keys", "put keys", "cancel", "revoke"])
def test_a_hostile_answer_is_no_answer(name: str, call: str) -> None:
    hub = client(HOSTILE[name])
    calls = {
        "inbox": hub.inbox,
        "batch": lambda: hub.send_batch([ITEM]),
        "ack": lambda: hub.ack([1]),
        "status": lambda: hub.status([ITEM[0]]),
        "keys": lambda: hub.key_set("urn:scx:gb:la:301"),
        "put keys": lambda: hub.put_keys(KEYS.public_key_set(2, name="x", kind="school"), 1),
        "cancel": lambda: hub.cancel(ITEM[0]),
        "revoke": lambda: hub.revoke("b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"),
    }
    # A key set is not JSON: what is none is Refused, and nothing of it is kept.
    expected = (HubUnreachable, Refused) if call == "keys" else HubUnreachable
    with pytest.raises(expected) as caught:
        calls[call]()
    assert caught.value.message.endswith(".")
    assert "<" not in caught.value.message


@pytest.mark.parametrize(
    "over",
    [
        {"items": [{"pos": 2, "jose": "a"}, {"pos": 1, "jose": "b"}]},
        {"items": [{"pos": 1, "jose": "a"}, {"pos": 1, "jose": "b"}]},
        {"items": [{"pos": -1, "jose": "a"}]},
        {"items": [{"pos": "1", "jose": "a"}]},
        {"items": [{"pos": 1, "jose": "a" * (256 * 1024 + 1)}]},
        {"items": [{"pos": number, "jose": "a"} for number in range(1, 102)]},
        {"items": None},
        {"epoch": 7},
        {"epoch": ""},
        {"next": "x" * 200},
        {"acked_through": 2**63},
    ],
)
def test_a_page_that_does_not_fit_is_no_answer(over: dict[str, object]) -> None:
    with pytest.raises(NoAnswer):
        client(lambda _: httpx.Response(200, json=page(**over))).inbox()


@pytest.mark.parametrize(
    "answer",
    [
        batch_answer(signer=JWK.generate(kty="OKP", crv="Ed25519")),
        batch_answer(typ="JWT"),
        batch_answer(epoch="e2"),
        batch_answer(org="urn:scx:gb:la:301"),
        batch_answer(hub="urn:scx:hub:other"),
        batch_answer(head="abc"),
        batch_answer(items=[]),
        batch_answer(items=[[ITEM[0], jose.b64u(sha256(b"other").digest()), 7]]),
        {**batch_answer(), "epoch": "e2"},
        {**batch_answer(), "receipt": "a.b.c"},
        {**batch_answer(), "items": [{"mid": ITEM[0], "status": 201}] * 2},
        {**batch_answer(), "items": [{"mid": mid_of(2), "status": 201}]},
        {**batch_answer(), "items": [{"mid": mid_of(2), "status": 409}]},
        {**batch_answer(), "items": [{"mid": ITEM[0], "status": "201"}]},
    ],
)
def test_nothing_counts_as_sent_without_a_receipt_that_holds(answer: dict[str, object]) -> None:
    with pytest.raises(NoAnswer):
        client(lambda _: httpx.Response(200, json=answer)).send_batch([ITEM])


def test_items_without_an_answer_are_left_out() -> None:
    answer = {**batch_answer(), "items": []}
    assert client(lambda _: httpx.Response(200, json=answer)).send_batch([ITEM]).outcomes == {}


def test_a_problem_code_from_outside_is_never_repeated_unchecked() -> None:
    problem = {"code": "<script>Marigold", "status": 403}
    answer = {**batch_answer(), "items": [{"mid": ITEM[0], "status": 403, "problem": problem}]}
    outcome = client(lambda _: httpx.Response(200, json=answer)).send_batch([ITEM]).outcomes[ITEM[0]]
    assert outcome.problem == "unknown"
    with pytest.raises(HubRefused) as caught:
        client(lambda _: httpx.Response(403, json=problem, headers=PROBLEM)).inbox()
    assert "Marigold" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(503, "120", 120), (429, "7", 7), (503, "soon", None), (500, None, None), (429, "99999999999", None)],
)
def test_a_busy_hub_says_how_long_to_wait(status: int, header: str | None, seconds: int | None) -> None:
    headers = {"retry-after": header} if header else {}
    with pytest.raises(NoAnswer) as caught:
        client(lambda _: httpx.Response(status, headers=headers)).inbox()
    assert caught.value.retry_after == seconds
    assert caught.value.status == 5


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), OSError(28, "x")]
)
def test_a_network_fault_is_no_answer(fault: Exception) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise fault

    with pytest.raises(NoAnswer):
        client(broken).inbox()


def test_another_epoch_is_told_apart() -> None:
    problem = {"code": "cursor-epoch", "epoch": "e2", "status": 410}
    with pytest.raises(EpochChanged) as caught:
        client(lambda _: httpx.Response(410, json=problem, headers=PROBLEM)).inbox("e1.5")
    assert caught.value.epoch == "e2"


def test_another_hub_at_the_same_address_is_noticed() -> None:
    other = HubPin(PIN.url, "urn:scx:hub:" + "A" * 43, PIN.keys)
    with pytest.raises(NoAnswer, match="not the hub"):
        client(lambda _: httpx.Response(200, json=page()), pin=other).inbox()


def test_a_forgotten_token_is_asked_for_once_more() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            return httpx.Response(401, json={"code": "invalid-token", "status": 401}, headers=PROBLEM)
        return httpx.Response(200, json=page())

    assert client(handler).inbox().epoch == "e1"
    assert len(asked) == 2
    always = client(lambda _: httpx.Response(401, json={"code": "invalid-token"}, headers=PROBLEM))
    with pytest.raises(HubRefused):
        always.inbox()


def test_the_clock_of_the_hub_is_learnt() -> None:
    ahead = {"date": "Sat, 21 Nov 2026 10:10:00 GMT"}
    hub = client(lambda _: httpx.Response(200, json=page(), headers=ahead), clock=lambda: 1_795_255_500.0)
    hub.inbox()
    assert hub.clock_offset == 300
    assert hub._wire.now() == 1_795_255_800
    odd = client(lambda _: httpx.Response(200, json=page(), headers={"date": "yesterday"}), clock=time.time)
    odd.inbox()
    assert odd.clock_offset == 0


def test_without_enrolment_nothing_is_sent() -> None:
    asked: list[str] = []
    hub = client(lambda request: asked.append(request.url.path) or httpx.Response(200), pin=None)
    with pytest.raises(Refused):
        hub.send_batch([ITEM])
    assert asked == []


def test_the_transport_key_alone_knows_its_hub() -> None:
    found = TransportKeys.from_secret(KEYS.transport_secret(PIN))
    assert HubClient(PIN.url, found, httpx.MockTransport(lambda _: httpx.Response(500))).pin == PIN


def test_the_key_set_of_another_organisation_is_refused() -> None:
    other = identity.generate("urn:scx:demo:other").public_key_set(1, name="x", kind="school")
    hub = client(lambda _: httpx.Response(200, text=other, headers={"content-type": "application/jose"}))
    assert hub.key_set("urn:scx:demo:other") == other
    with pytest.raises(Refused, match="another organisation"):
        hub.key_set("urn:scx:gb:la:301")


def test_an_idle_connection_is_left_before_the_hub_hangs_up() -> None:
    """A request on a connection that the hub has just closed would count as a line that broke."""
    assert uvicorn.Config(app="").timeout_keep_alive > wire.IDLE_SECONDS
    pool = wire.Wire("http://127.0.0.1:1")._client._transport._pool
    assert pool._keepalive_expiry == wire.IDLE_SECONDS
