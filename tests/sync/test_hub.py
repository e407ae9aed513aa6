"""A real hub over loopback HTTP: joining, sending, fetching, ending a contract, restoring (protocol: §2).

The same tests for both stores. What only one of them does is in test_hub_sqlite.py and test_hub_postgres.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from running_hub import CTR, HTTP, RunningHub, everything, mid_of

from practice.errors import HubUnreachable, NotAllowed, NotFound, Refused
from sync import envelope, identity
from sync.carriers.answers import Page
from sync.carriers.hub import HubClient, HubRefused, batches, invited
from sync.hub import jose
from sync.hub.api import Hub, openapi, routes
from sync.hub.limits import Limits
from sync.hub.opening import open_store
from sync.hub.server import close, invite, make_server, status
from sync.hub.store import Store
from sync.identity import OrgKeys, TransportKeys, read_key_set

BOTH_STORES = True
"""Each test that asks for a hub runs on SQLite and on PostgreSQL."""


Sealed = Callable[..., tuple[str, str]]
Keys = dict[str, OrgKeys]


def one(client: HubClient, item: tuple[str, str]) -> tuple[int, str | None]:
    outcome = client.send_batch([item]).outcomes[item[0]]
    return outcome.status, outcome.problem


def mids(page: Page) -> list[str]:
    return [envelope.read_header(item.jose).mid for item in page.items]


def raw(client: HubClient, method: str, path: str, **more: object) -> httpx.Response:
    """A request with the client's token, as another program would send it."""
    headers = {"authorization": f"Bearer {client._bearer()}", **more.pop("headers", {})}
    return HTTP.request(method, client._wire.url + path, headers=headers, **more)


def test_a_message_goes_through_and_only_its_reader_opens_it(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council, police = (hub.client(keys[name]) for name in ("school", "council", "police"))
    mid, token = sealed(1)
    result = school.send_batch([(mid, token)], head="a1b2c3")
    assert result.outcomes[mid].status == 201
    digest, pos = result.receipt.items[mid]
    assert digest == jose.b64u(sha256(token.encode()).digest())
    assert result.receipt.head == "a1b2c3"
    assert school.status([mid, mid_of(99)]) == {mid: "queued", mid_of(99): "unknown"}

    page = council.inbox()
    assert [(item.pos, item.jose) for item in page.items] == [(pos, token)]
    assert school.status([mid]) == {mid: "collected"}
    found = envelope.open_(
        page.items[0].jose, reader=keys["council"], sender_keys=lambda org: read_key_set(council.key_set(org), None)
    )
    assert found.claims["body"]["event"] == "She said [he hit me]"
    assert police.inbox().items == []
    assert school.inbox().items == []
    assert police.status([mid]) == {mid: "unknown"}


def test_the_inbox_never_consumes_and_ack_erases(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council, police = (hub.client(keys[name]) for name in ("school", "council", "police"))
    items = [sealed(number) for number in range(1, 6)]
    receipt = school.send_batch(items).receipt
    at = [receipt.items[mid][1] for mid, _ in items]
    assert at == sorted(set(at))
    first = council.inbox(limit=2)
    assert [item.pos for item in first.items] == at[:2]
    assert [item.pos for item in council.inbox(limit=2).items] == at[:2]
    second = council.inbox(first.next, limit=2)
    assert [item.pos for item in second.items] == at[2:4]

    assert police.ack(at[:3]) == 0
    assert len(council.inbox().items) == 5
    assert council.ack([at[0], at[2]], first.epoch) == at[2]
    assert council.ack([at[0], at[2]]) == at[2]
    assert council.ack([2**61, at[0]]) == at[2], "a position that never was"
    rest = council.inbox()
    assert [item.pos for item in rest.items] == [at[1], *at[3:]]
    assert rest.acked_through == at[2]
    assert school.status([items[0][0]]) == {items[0][0]: "collected"}
    assert one(school, items[0]) == (200, None), "the ledger row stays, so the same bytes are known again"
    assert [item.pos for item in council.inbox().items] == [at[1], *at[3:]]


def test_the_same_bytes_again_are_fine_and_other_bytes_are_not(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    first, other = sealed(1), sealed(1)
    assert first[0] == other[0]
    assert first[1] != other[1]
    assert [one(school, item) for item in (first, first, other)] == [(201, None), (200, None), (409, "other-bytes")]
    assert [item.jose for item in council.inbox().items] == [first[1]]
    batch = [sealed(0), first, sealed(2)]
    for known in ([201, 200, 201], [200] * 3):
        outcomes = school.send_batch(batch).outcomes
        assert [outcomes[mid].status for mid, _ in batch] == known
    assert [item.jose for item in council.inbox().items] == [first[1], batch[0][1], batch[2][1]]


def test_one_bad_item_does_not_stop_the_others(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    forged, stranger, late = sealed(2, sender="police"), sealed(3, to="police"), sealed(4, exp=1_000_000)
    items = [sealed(1), forged, stranger, late, (mid_of(5), "not an envelope"), (mid_of(6), sealed(7)[1]), sealed(8)]
    outcomes = school.send_batch(items).outcomes
    assert {mid: (outcome.status, outcome.problem) for mid, outcome in outcomes.items()} == {
        mid_of(1): (201, None),
        mid_of(2): (403, "forged-sender"),
        mid_of(3): (404, "unknown-recipient"),
        mid_of(4): (422, "expired"),
        mid_of(5): (400, "schema"),
        mid_of(6): (400, "schema"),
        mid_of(8): (201, None),
    }
    assert all(outcome.sentence for outcome in outcomes.values() if not outcome.stored)


def test_a_code_says_whose_it_is_until_its_time_is_over(hub: RunningHub, keys: Keys) -> None:
    code = invite(hub.database, keys["school"].org, timedelta(minutes=15))
    assert invited(hub.url, f" {code.lower()} ") == keys["school"].org
    school = HubClient(hub.url, keys["school"])
    school.enrol(code, keys["school"].public_key_set(1, name="x", kind="school"))
    assert invited(hub.url, code) == keys["school"].org, "a joining may be repeated, if its answer was lost"
    hub.server.hub.store.clock = lambda: time.time() + 901
    for bad in (
        code,
        "AAAAA-BBBBB-CCCCC-DDDDD",
        "",
        "what the operator wrote beside the code, pasted with it, all of it",
    ):
        with pytest.raises(HubRefused) as caught:
            invited(hub.url, bad)
        assert caught.value.code == "invite"


def test_a_single_put(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    mid, token = sealed(1)
    jose_type = {"content-type": "application/jose"}

    def put(path_mid: str, body: str, headers: dict[str, str] = jose_type) -> httpx.Response:
        return raw(school, "PUT", f"/v1/messages/{path_mid}", content=body, headers=headers)

    first = put(mid, token)
    assert first.status_code == 201
    receipt = school._receipt(first.json()["receipt"], first.json()["epoch"], None)
    assert list(receipt.items) == [mid]
    assert put(mid, token).status_code == 200
    assert put(mid, sealed(1)[1]).status_code == 409
    assert put(mid_of(2), token).status_code == 400
    assert put(mid, token, {"content-type": "text/html"}).status_code == 415
    too_long = put(mid, "a" * (256 * 1024 + 1))
    assert (too_long.status_code, too_long.headers["content-type"]) == (413, "application/problem+json")
    assert put(mid_of(3), sealed(3, sender="police")[1]).status_code == 403


def test_an_invite_serves_once(hub: RunningHub, keys: Keys) -> None:
    school = keys["school"]
    key_set = school.public_key_set(1, name="x", kind="school")
    code = invite(hub.database, school.org)
    client = HubClient(hub.url, school)
    pin = client.enrol(code.lower().replace("-", " "), key_set)
    assert client.enrol(code, key_set) == pin, "the same keys may ask again, if the answer was lost"

    thief = identity.generate(school.org)
    for wrong in (code, "00000-00000-00000-00000", ""):
        with pytest.raises(HubRefused) as caught:
            HubClient(hub.url, thief).enrol(wrong, thief.public_key_set(2, name="x", kind="school"))
        assert caught.value.code == "invite"
    other = keys["council"]
    with pytest.raises(HubRefused):
        HubClient(hub.url, other).enrol(
            invite(hub.database, school.org), other.public_key_set(1, name="x", kind="school")
        )
    assert client.inbox().items == []


def test_an_invite_ends_and_is_kept_hashed(hub: RunningHub, keys: Keys) -> None:
    school = keys["school"]
    for wrong in (timedelta(minutes=14), timedelta(days=15)):
        with pytest.raises(Refused):
            invite(hub.database, school.org, wrong)
    code = invite(hub.database, school.org, timedelta(minutes=15))
    held = everything(hub.database)
    assert code.encode() not in held
    assert code.replace("-", "").encode() not in held
    hub.server.hub.store.clock = lambda: time.time() + 16 * 60
    with pytest.raises(HubRefused):
        HubClient(hub.url, school).enrol(code, school.public_key_set(1, name="x", kind="school"))


def test_ack_cancel_and_revocation_need_the_signing_key(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    mid, token = sealed(1)
    locked = HubClient(hub.url, TransportKeys.from_secret(keys["school"].transport_secret(school.pin)))
    assert one(locked, (mid, token)) == (201, None), "a locked machine delivers"
    assert locked.inbox().items == []
    for call in (lambda: locked.ack([1]), lambda: locked.cancel(mid), lambda: locked.revoke(CTR)):
        with pytest.raises(NotAllowed):
            call()

    council.inbox()
    body = b'{"pos":[1]}'
    json_type = {"content-type": "application/json"}
    own, foreign = keys["council"], keys["police"]

    def signature(signer: OrgKeys, **over: object) -> str:
        claims = {"aud": council.pin.hub_id, "htm": "POST", "htu": "/v1/inbox:ack", "iat": int(time.time())}
        claims |= {"sha256": jose.b64u(sha256(body).digest()), "jti": os.urandom(9).hex(), **over}
        return jose.sign(jose.canonical(claims), signer.signing, "scx-request+jws")

    wrong = [
        "",
        "a.b.c",
        signature(foreign),
        signature(own, htm="PUT"),
        signature(own, htu="/v1/messages/x:cancel"),
        signature(own, sha256=jose.b64u(sha256(b"other").digest())),
        signature(own, iat=int(time.time()) - 3600),
        signature(own, aud="urn:scx:hub:other"),
        jose.sign(b'{"iat":1}', own.transport, "scx-request+jws"),
    ]
    for bad in wrong:
        refused = raw(council, "POST", "/v1/inbox:ack", content=body, headers={**json_type, "scx-signature": bad})
        assert (refused.status_code, refused.json()["code"]) == (403, "signature-required")
    assert len(council.inbox().items) == 1
    good = {**json_type, "scx-signature": signature(own)}
    assert raw(council, "POST", "/v1/inbox:ack", content=body, headers=good).status_code == 200
    assert raw(council, "POST", "/v1/inbox:ack", content=body, headers=good).status_code == 403, "used twice"


def test_tokens(hub: RunningHub, keys: Keys) -> None:
    school = hub.client(keys["school"])
    now = int(time.time())

    def ask(key: object = keys["school"].transport, **over: object) -> httpx.Response:
        org = keys["school"].org
        claims = {
            "iss": org,
            "sub": org,
            "aud": school.pin.hub_id,
            "iat": now,
            "exp": now + 60,
            "jti": "j" * 20,
            **over,
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jose.sign(jose.canonical(claims), key, "JWT"),
        }
        return HTTP.post(hub.url + "/oauth2/token", data=form)

    assert ask().json()["expires_in"] == 600
    assert ask().status_code == 401, "the same jti again"
    fresh = iter(f"{number:020d}" for number in range(100))
    for over in (
        {"aud": "urn:scx:hub:other"},
        {"iss": keys["council"].org},
        {"sub": keys["council"].org},
        {"iat": now - 400},
        {"exp": now + 3600},
        {"exp": now - 3600},
        {"jti": 7},
    ):
        refused = ask(**{"jti": next(fresh), **over})
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client"), over
    assert ask(keys["school"].signing, jti=next(fresh)).status_code == 401
    assert ask(jti=next(fresh)).status_code == 200
    for bad in ("", "Bearer", "Bearer x", "Basic eDp4"):
        assert HTTP.get(hub.url + "/v1/inbox", headers={"authorization": bad}).status_code == 401
    assert raw(school, "GET", "/v1/inbox").status_code == 200
    hub.server.hub.gate.clock = lambda: time.time() + 601
    assert raw(school, "GET", "/v1/inbox").status_code == 401, "ten minutes later"


def test_cancel_and_collected(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    first, second = sealed(1), sealed(2)
    school.send_batch([first, second])
    school.cancel(first[0])
    assert [item.jose for item in council.inbox().items] == [second[1]]
    with pytest.raises(HubRefused) as caught:
        school.cancel(second[0])
    assert caught.value.code == "collected"
    with pytest.raises(HubRefused) as caught:
        council.cancel(second[0])
    assert caught.value.code == "unknown-message"
    assert school.status([first[0], second[0]]) == {first[0]: "cancelled", second[0]: "collected"}


def test_the_end_of_a_contract(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council, police = (hub.client(keys[name]) for name in ("school", "council", "police"))
    other = "0" * 32
    school.send_batch([sealed(1), sealed(2, class_="control"), sealed(3, ctr=other)])
    police.revoke(CTR)
    assert len(council.inbox().items) == 3, "who is no party to it ends nothing"
    school.send_batch([sealed(4), sealed(5)])
    council.revoke(CTR)
    assert school.status([mid_of(4), mid_of(1)]) == {mid_of(4): "cancelled", mid_of(1): "collected"}
    assert mids(council.inbox()) == [mid_of(1), mid_of(2), mid_of(3)]
    assert one(school, sealed(6)) == (403, "contract-revoked")
    assert one(school, sealed(7, class_="control"))[0] == 201
    assert one(school, sealed(8, ctr=other))[0] == 201


def test_key_sets(hub: RunningHub, keys: Keys) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    mine = keys["school"]
    second = mine.public_key_set(2, name="New name", kind="school")
    school.put_keys(second, seen_serial=1)
    assert council.key_set(mine.org) == second
    for jws, seen, code in (
        (mine.public_key_set(3, name="x", kind="school"), 1, "precondition"),
        (mine.public_key_set(1, name="x", kind="school"), 2, "serial"),
        (identity.generate(mine.org).public_key_set(3, name="x", kind="school"), 2, "identity-changed"),
        (keys["council"].public_key_set(3, name="x", kind="school"), 2, "not-yours"),
    ):
        with pytest.raises(HubRefused) as caught:
            school.put_keys(jws, seen_serial=seen)
        assert caught.value.code == code
    with pytest.raises(HubRefused) as caught:
        council.key_set("urn:scx:demo:nobody")
    assert caught.value.code == "unknown-organisation"
    path = f"/v1/orgs/{mine.org}/keys"
    tag = raw(council, "GET", path).headers["etag"]
    assert raw(council, "GET", path, headers={"if-none-match": tag}).status_code == 304
    assert HTTP.get(hub.url + path).status_code == 401


def test_a_long_poll_ends_when_a_message_comes(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    found: list[float] = []

    def waiting() -> None:
        assert len(council.inbox(wait=20).items) == 1
        found.append(time.monotonic())

    council.inbox()
    poll = threading.Thread(target=waiting)
    poll.start()
    while not hub.server.hub._arrivals.get(keys["council"].org):
        threading.Event().wait(0.01)
    sent = time.monotonic()
    school.send_batch([sealed(1)])
    poll.join(10)
    assert found
    assert found[0] - sent < 5


def test_stopping_ends_a_long_poll(tmp_path: Path, database: str, keys: Keys) -> None:
    hub = RunningHub(tmp_path, database=database)
    council = hub.client(keys["council"])
    poll = threading.Thread(target=lambda: council.inbox(wait=25))
    poll.start()
    while not hub.server.hub._arrivals.get(keys["council"].org):
        threading.Event().wait(0.01)
    started = time.monotonic()
    hub.stop()
    poll.join(5)
    assert time.monotonic() - started < 8


def test_a_restart_keeps_everything_and_the_epoch(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    school.send_batch([sealed(1)])
    epoch, url = council.inbox().epoch, hub.url
    hub.stop()
    with pytest.raises(HubUnreachable) as caught:
        school.send_batch([sealed(2)])
    assert caught.value.status == 5
    hub.start()
    school, council = (HubClient(hub.url, client.keys, pin=client.pin) for client in (school, council))
    page = council.inbox()
    assert (page.epoch, mids(page)) == (epoch, [mid_of(1)])
    assert url


async def swept(store: Store) -> None:
    await store.start()
    await store.close()


def test_what_no_one_collects_expires(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    school.send_batch([sealed(1), sealed(2)])
    council.inbox(limit=1)
    hub.stop()
    store = open_store(hub.database, Limits())
    store.clock = lambda: time.time() + 31 * 86_400
    asyncio.run(swept(store))
    hub.start()
    school, council = (HubClient(hub.url, client.keys, pin=client.pin) for client in (school, council))
    assert council.inbox().items == []
    assert school.status([mid_of(1), mid_of(2)]) == {mid_of(1): "collected", mid_of(2): "expired"}
    assert status(hub.database)["bytes"] == 0


def test_a_closed_organisation_takes_no_more(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    school.send_batch([sealed(1)])
    close(hub.database, keys["council"].org)
    assert one(school, sealed(2)) == (410, "recipient-closed")
    assert len(council.inbox().items) == 1
    with pytest.raises(NotFound):
        close(hub.database, "urn:scx:demo:nobody")


def test_a_fair_share(tmp_path: Path, keys: Keys) -> None:
    hub = RunningHub(tmp_path, Limits(requests_per_minute=3))
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    for _ in range(3):
        school.inbox()
    with pytest.raises(HubUnreachable) as caught:
        school.inbox()
    assert caught.value.retry_after in range(1, 22)
    council.inbox()
    hub.stop()


def test_batches_stay_within_limits(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    items = [sealed(number, event="x" * 60_000) for number in range(1, 13)] + [sealed(n) for n in range(20, 150)]
    groups = list(batches(items))
    assert [item for group in groups for item in group] == items
    assert len(groups) > 2
    for group in groups:
        assert all(outcome.status == 201 for outcome in school.send_batch(group).outcomes.values())
    with pytest.raises(Refused):
        school.send_batch(items)
    for body in (
        {},
        {"items": []},
        {"items": [{"jose": "x"}]},
        {"items": [{"mid": "a"}, {"mid": "a"}]},
        {"items": "x"},
    ):
        assert raw(school, "POST", "/v1/messages:batch", json=body).status_code == 400
    assert raw(school, "POST", "/v1/messages:batch", json={"x": "a" * 1024 * 1024}).status_code == 413


def test_a_header_may_hold_nothing_more(hub: RunningHub, keys: Keys, sealed: Sealed) -> None:
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    mid, token = sealed(1)
    head, _, rest = token.partition(".")
    header = json.loads(jose.unb64u(head))
    for change in ({"child": "Marigold"}, {"scx": {**header["scx"], "note": "x"}}, {"kid": "Marigold Wetherby"}):
        assert one(school, (mid, jose.b64u(json.dumps({**header, **change}).encode()) + "." + rest)) == (400, "schema")


def test_the_served_document_names_every_route(hub: RunningHub) -> None:
    served = HTTP.get(hub.url + "/openapi.json").json()
    assert served == openapi()
    described = {(path, method.upper()) for path, methods in served["paths"].items() for method in methods}
    answered = {
        (route.path, method) for route in routes(Hub.__new__(Hub)) for method in route.methods or () if method != "HEAD"
    }
    assert described == answered
    text = json.dumps(served)
    for name in set(re.findall(r"#/components/(\w+/\w+)", text)):
        section, _, key = name.partition("/")
        assert key in served["components"][section], name


def test_metrics_count_and_name_nobody_and_are_for_this_machine_alone(
    hub: RunningHub, keys: Keys, sealed: Sealed
) -> None:
    hub.client(keys["council"])
    hub.client(keys["school"]).send_batch([sealed(1), sealed(2)])
    said = HTTP.get(hub.url + "/metrics").text
    assert 'scx_messages{state="queued"} 2' in said
    assert "scx_organisations 2" in said
    assert re.search(r'scx_answers_total\{status="200"\} \d+', said)
    assert not any(name in said for name in ("urn:", "council", "school", sealed(1)[0]))
    behind = HTTP.get(hub.url + "/metrics", headers={"x-forwarded-for": "192.0.2.1"})
    assert behind.status_code == 404


def test_plain_http_is_for_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        make_server(str(tmp_path / "a.db"), "0.0.0.0", 0)
    with pytest.raises(Refused):
        make_server(str(tmp_path / "a.db"), "0.0.0.0", 0, certificate=tmp_path / "none", certificate_key=tmp_path / "k")
    for nowhere in ("mysql://localhost/hub", f"postgresql://hub:secret@/hub?host={tmp_path}", "postgresql://["):
        with pytest.raises(Refused) as caught:
            make_server(nowhere)
        assert "secret" not in caught.value.message
    for url in ("http://hub.example", "ftp://hub.example", "https://", "https://user:x@hub.example", "hub.example"):
        with pytest.raises(Refused):
            HubClient(url, identity.generate("urn:scx:demo:aa"))


SERVE = """
import sys
from sync.hub.server import serve
serve(sys.argv[1], "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_served_hub_stops_when_asked(tmp_path: Path, database: str, kind: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    process = subprocess.Popen([sys.executable, "-c", SERVE, database], **pipes)
    url = process.stdout.readline().strip()
    assert HTTP.get(url + "/healthz").json() == {"ok": True}
    process.send_signal(kind)
    said, complained = process.communicate(timeout=15)
    assert (process.returncode, said, complained) == (0, "", "")
    assert not Path(database + "-wal").exists()
