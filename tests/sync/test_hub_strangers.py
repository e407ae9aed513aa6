"""What an enrolled stranger tries at the hub: each is refused, nothing counts as stored, and nobody else sees any of
it (protocol: §6)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from running_hub import HTTP, RunningHub, mid_of
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sync import envelope
from sync.carriers.hub import HubClient, HubRefused
from sync.envelope import EnvelopeRefused
from sync.hub import server
from sync.hub.limits import Limits
from sync.identity import OrgKeys, read_key_set

Keys = dict[str, OrgKeys]
Sealed = Callable[..., tuple[str, str]]


@pytest.fixture
def three(hub: RunningHub, keys: Keys) -> tuple[HubClient, HubClient, HubClient]:
    return hub.client(keys["school"]), hub.client(keys["council"]), hub.client(keys["police"])


def put(client: HubClient, path: str, token: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {client._bearer()}", "content-type": "application/jose"}
    return HTTP.put(client._wire.url + path, content=token, headers=headers)


def test_another_organisations_token_sends_reads_and_erases_nothing(three, sealed: Sealed) -> None:
    school, council, police = three
    mid, token = sealed(1)
    outcome = police.send_batch([(mid, token)]).outcomes[mid]
    assert (outcome.stored, outcome.problem) == (False, "forged-sender")
    assert put(police, f"/v1/messages/{mid}", token).json()["code"] == "forged-sender"
    assert council.inbox().items == []

    assert school.send_batch([(mid, token)]).outcomes[mid].stored
    assert police.inbox().items == []
    assert police.inbox(school.inbox().next).items == [], "a cursor of somebody else's"
    (item,) = council.inbox().items
    assert police.ack([item.pos]) == 0
    assert police.status([mid]) == {mid: "unknown"}
    with pytest.raises(HubRefused):
        police.cancel(mid)
    assert [each.pos for each in council.inbox().items] == [item.pos], "it is still there for its reader"


def test_a_redirected_envelope_is_read_by_nobody(three, keys: Keys, sealed: Sealed) -> None:
    """Addressed anew outside, it no longer opens; sealed for one and signed for another, it is refused."""
    _, council, police = three
    _, token = sealed(1)
    head, *rest = token.split(".")
    from sync.hub import jose

    header = jose.strict_json(jose.unb64u(head))
    header["scx"]["to"] = keys["police"].org
    redirected = ".".join([jose.b64u(jose.canonical(header)), *rest])
    outcome = three[0].send_batch([(mid_of(1), redirected)]).outcomes[mid_of(1)]
    assert outcome.stored, "the hub reads addresses only"
    (item,) = police.inbox().items
    known = read_key_set(keys["school"].public_key_set(1, name="x", kind="school"), None)
    with pytest.raises(EnvelopeRefused):
        envelope.open_(item.jose, reader=keys["police"], sender_keys=lambda _: known)
    assert council.inbox().items == []


def test_a_message_for_several_reading_keys_is_held_to_the_same_rules(three, keys: Keys, sealed: Sealed) -> None:
    """General JSON beside the usual form in one batch, and alone; refused and unread where the usual form is."""
    school, council, police = three
    batch = [sealed(1), sealed(2, several=True), sealed(3)]
    parts = json.loads(batch[1][1])
    assert len(parts["recipients"]) == 2
    outcomes = police.send_batch(batch).outcomes.values()
    assert [(each.stored, each.problem) for each in outcomes] == [(False, "forged-sender")] * 3
    for change in ({"unprotected": {"zip": "DEF"}}, {"recipients": []}, {"recipients": parts["recipients"] * 9}):
        broken = json.dumps({**parts, **change})
        assert not school.send_batch([(batch[1][0], broken)]).outcomes[batch[1][0]].stored
    assert not school.send_batch([(mid_of(4), batch[1][1])]).outcomes[mid_of(4)].stored, "under another id"
    assert council.inbox().items == police.inbox().items == []

    assert all(outcome.status == 201 for outcome in school.send_batch(batch).outcomes.values())
    assert put(school, f"/v1/messages/{batch[1][0]}", batch[1][1]).status_code == 200, "the same bytes again"
    held = [item.jose for item in council.inbox().items]
    assert held == [token for _, token in batch]
    known = read_key_set(keys["school"].public_key_set(1, name="x", kind="school"), None)
    opened = envelope.open_(held[1], reader=keys["council"], sender_keys=lambda _: known)
    assert opened.header.mid == batch[1][0]
    council.revoke(opened.header.ctr)
    assert not school.send_batch([sealed(5, several=True)]).outcomes[mid_of(5)].stored, "the agreement has ended"


TRICKS = (
    *("../../hub.db", "..%2f..%2fhub.db", "%2e%2e%2fhub.db", "/etc/passwd", "a\\..\\b", "x\0y", "", "." * 36),
    *(mid_of(1).upper(), "{" + mid_of(1) + "}", mid_of(1) + "\n", mid_of(1).replace("-", ""), "0" * 36),
)


def test_a_mid_that_is_no_mid_is_refused_and_touches_nothing(hub: RunningHub, three, sealed: Sealed) -> None:
    school, council, _ = three
    folder = Path(hub.database).parent
    before = sorted(path.name for path in folder.iterdir())
    _, token = sealed(1)
    for trick in TRICKS:
        headers = {"authorization": f"Bearer {school._bearer()}"}
        answer = HTTP.post(
            hub.url + "/v1/messages:batch", json={"items": [{"mid": trick, "jose": token}]}, headers=headers
        )
        assert answer.status_code == 400 or answer.json()["items"][0]["status"] == 400, trick
    for path in ("/v1/messages/..%2F..%2Fhub.db", "/v1/messages/%00", f"/v1/messages/{mid_of(1).upper()}"):
        assert put(school, path, token).status_code in (400, 404), path
    assert council.inbox().items == []
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_client_that_never_ends_its_sentence_is_let_go_and_holds_up_nobody(tmp_path: Path, keys: Keys) -> None:
    hub = RunningHub(tmp_path / "slow", Limits(body_seconds=1))
    try:
        client = hub.client(keys["school"])
        port = int(hub.url.rsplit(":", 1)[1])
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(
                b"POST /v1/messages:batch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                b"authorization: Bearer " + client._bearer().encode() + b"\r\ncontent-length: 100000\r\n\r\n{"
            )
            assert client.inbox().items == [], "others are answered meanwhile"
            line.settimeout(60)
            answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < 50, "long before the time that a request has by default"
    finally:
        hub.stop()


def cut_after(hub: RunningHub, begun: bytes, most: float) -> float | None:
    """Send the head of a request byte by byte, after a whole one where `begun` is that; the seconds until the hub cut
    the line, None where it did not."""
    with socket.create_connection(("127.0.0.1", int(hub.url.rsplit(":", 1)[1]))) as line:
        line.settimeout(0.05)
        line.sendall(begun)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < most:
            try:
                line.sendall(b"x" if begun else b"")
                if line.recv(4096) == b"":
                    return passed
            except TimeoutError:
                continue
            except OSError:
                return passed
    return None


def answer_to(hub: RunningHub, sent: bytes, most: float = 20) -> tuple[bytes, bool]:
    """Send bytes, then more of the same kind for a while; what was answered, and whether the hub cut the line."""
    answer, ends = b"", time.monotonic() + most
    with socket.create_connection(("127.0.0.1", int(hub.url.rsplit(":", 1)[1]))) as line:
        line.settimeout(0.05)
        try:
            line.sendall(sent)
            while time.monotonic() < ends:
                try:
                    if not (more := line.recv(4096)):
                        return answer, True
                    answer += more
                except TimeoutError:
                    line.sendall(b"a" * 4096)
        except OSError:
            return answer, True
    return answer, False


WHOLE = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


TOO_LONG = {
    "a field without an end": b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 20_000,
    "a path without an end": b"GET /" + b"a" * 20_000,
    "many fields": b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"x-some: field\r\n" * 2000,
    "a trailer without an end": b"POST /v1/messages:status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-long: " + b"a" * 20_000,
    "a body that was refused": b"POST /v1/messages:status HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n",
}


def test_a_client_that_never_ends_the_head_of_its_request_is_cut_off(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte, in silence, and after a request that was answered, or more than anybody has to say; the control
    waits for ever, and reads as much as is sent."""
    hub = RunningHub(tmp_path / "patient", Limits(head_seconds=0.5))
    try:
        assert [cut_after(hub, begun, 20) is not None for begun in (b"GET /", b"", WHOLE)] == [True] * 3
        told = {what: answer_to(hub, sent) for what, sent in TOO_LONG.items()}
        assert {what for what, (_, cut) in told.items() if cut} == set(TOO_LONG)
        assert told["many fields"][0].startswith(b"HTTP/1.1 400")
        assert told["a body that was refused"][0].startswith(b"HTTP/1.1 415")
        assert hub.client(keys["school"]).inbox().items == [], "whoever asks in time is answered"
    finally:
        hub.stop()
    monkeypatch.setattr(server, "patient", lambda _: HttpToolsProtocol)
    endless = RunningHub(tmp_path / "endless", Limits(head_seconds=0.5))
    try:
        assert cut_after(endless, b"GET /", 1.5) is None
        assert not answer_to(endless, TOO_LONG["a field without an end"], 0.5)[1]
    finally:
        endless.stop()
