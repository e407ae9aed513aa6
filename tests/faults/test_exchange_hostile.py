"""Keys made anew or swapped, and a hub that answers as no hub should, each with its control (protocol: §8, F9, F16)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from practice.errors import HubUnreachable, Refused
from storage.views import sharing
from sync import again, envelope, identity, partners, run, sending
from sync.carriers.answers import BatchResult, ItemOutcome, Receipt
from sync.carriers.hub import HubClient
from sync.hub import jose
from tests.faults.exchange_rules import Broken, Exchange
from tests.faults.exchange_steps import COUNCIL, SCHOOL, arrived, held, share, there_and_back
from tests.faults.exchange_world import NAMES, ORGS, Side, World
from tests.faults.sizes import say, size

UNDER_WAY = size(4, 20, 100)
SWAPS = size(2, 20, 100)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.end()


# -- F9: keys ----------------------------------------------------------------------------------------------------------


def renewed_under_way(world: World, who: int, *, stolen: bool) -> int:
    """Make a side's keys anew while half of the entries are with the hub and half are still here; how many arrive."""
    with world.run():
        exchange = Exchange(world)
        share(exchange, range(UNDER_WAY // 2))
        exchange.step(("sync", SCHOOL, 0, 0))
        share(exchange, range(UNDER_WAY // 2, UNDER_WAY))
        exchange.step(("renew", who, 0, int(stolen)))
        exchange.settle()
        return arrived(exchange)


@pytest.mark.parametrize("stolen", [False, True], ids=["every year", "stolen"])
def test_keys_made_anew_leave_nothing_unreadable(world: World, stolen: bool) -> None:
    """F9."""
    came = [renewed_under_way(world, who, stolen=stolen) for who in (SCHOOL, COUNCIL)]
    say(
        f"F9: keys made anew with entries under way, {'since they were stolen' if stolen else 'as every year'}",
        f"{2 * UNDER_WAY} entries, {2 * UNDER_WAY - sum(came)} unreadable for ever",
    )
    assert came == [UNDER_WAY] * 2


def test_what_a_partner_cannot_open_and_nobody_seals_anew_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of F9."""
    monkeypatch.setattr(again, "seal_anew", lambda *_: None)
    assert renewed_under_way(world, COUNCIL, stolen=True) < UNDER_WAY


def swapped(true: str, number: int) -> str:
    """Return what a hub shows in the place of the council's true keys, in four ways."""
    stranger = identity.generate(ORGS[COUNCIL])
    forged = stranger.public_key_set(9, name=NAMES[COUNCIL], kind="social_care")
    head, _, signature = true.split(".")
    claims, others = (json.loads(jose.unb64u(each.split(".")[1])) for each in (true, forged))
    return (
        forged,
        ".".join((*forged.split(".")[:2], signature)),
        ".".join((head, jose.b64u(json.dumps({**claims, "encryption": others["encryption"]}).encode()), signature)),
        identity.generate(ORGS[SCHOOL]).public_key_set(9, name="Another", kind="school"),
    )[number % 4]


def swaps_caught(world: World) -> int:
    """Swap the council's keys at the hub again and again; how often a person was told, and nothing was sealed for a
    key that is not the council's."""
    with world.run():
        exchange, answer, caught = Exchange(world), world.office.answer, 0
        school, council = exchange.sides
        for number in range(SWAPS):
            share(exchange, range(number, number + 1))

            def swapping(request: httpx.Request, number: int = number) -> httpx.Response:
                found = answer(request)
                if request.method == "GET" and request.url.path == f"/v1/orgs/{ORGS[COUNCIL]}/keys":
                    return httpx.Response(200, headers=found.headers, text=swapped(found.text, number))
                return found

            world.office.answer = swapping  # type: ignore[method-assign]
            report = school.sync()
            assert report is not None
            there_and_back(exchange)
            share(exchange, range(number, number + 1))  # as far as the product lets them
            world.office.answer = answer  # type: ignore[method-assign]
            told = any(NAMES[COUNCIL] in each and "key" in each for each in report.errors)
            caught += told and opens_all(council, school)
            if sharing.partner(school.vault, council.org).changed:
                school.sync()
                with school.at_work():
                    partners.verify_partner(school.vault, council.org, partners.own_words(council.vault))
        exchange.settle()
        assert arrived(exchange) == SWAPS
    return caught


def opens_all(council: Side, school: Side) -> bool:
    """Say whether the council can open whatever the school ever sealed for it."""
    keys = partners.joined(council.vault)
    known = identity.read_key_set(partners.joined(school.vault).public_key_set(1, name="x", kind="school"), None)
    try:
        for (token,) in school.sql("SELECT envelope FROM outbox WHERE org = ?", council.org):
            envelope.open_(token, reader=keys, sender_keys=lambda _: known)
    except envelope.EnvelopeRefused:
        return False
    return True


def test_a_hub_that_swaps_a_key_is_caught(world: World) -> None:
    """F9."""
    caught = swaps_caught(world)
    say("F9: a hub that shows another key in the place of a partner's", f"{SWAPS} swaps, {caught} caught")
    assert caught == SWAPS


def test_a_swap_that_counts_as_a_renewal_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F9: whatever the hub shows is taken for the partner's newer keys."""
    monkeypatch.setattr(partners, "compare", lambda *_: "newer")
    monkeypatch.setattr(partners, "check_may_share", lambda _partner: None)
    monkeypatch.setattr(sending, "partner_faults", lambda _vault: {})
    assert swaps_caught(world) < SWAPS


# -- F16: a hub that answers as no hub should --------------------------------------------------------------------------

Answer = Callable[[httpx.Request, httpx.Response], httpx.Response]
JSON = {"content-type": "application/json"}
READ = [0]
"""How much of the endless answer was read, in bytes."""


def endless() -> Iterator[bytes]:
    """A page of 100 MB."""
    READ[0] = 0
    for _ in range(1600):
        READ[0] += 65_536
        yield b"[" * 65_536


def said(content: object) -> Answer:
    """Always this, as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda _request, _true: httpx.Response(200, headers=JSON, content=raw)


def changed(**members: object) -> Answer:
    """The true answer, with some members of its JSON put otherwise, or nothing but those."""

    def answer(_request: httpx.Request, true: httpx.Response) -> httpx.Response:
        value = json.loads(true.content) if true.headers.get("content-type") == JSON["content-type"] else {}
        return httpx.Response(200, headers=JSON, json={**value, **members})

    return answer


def all_stored(request: httpx.Request, true: httpx.Response) -> httpx.Response:
    """Everything is stored, says somebody without the hub's key."""
    items = [{"mid": each["mid"], "status": 201} for each in json.loads(request.read())["items"]]
    return httpx.Response(200, headers=JSON, json={**json.loads(true.content), "items": items})


ANSWERS: dict[str, Answer] = {
    "a login page": lambda _, __: httpx.Response(200, html="<html>Sign in to the guest network</html>"),
    "a login page elsewhere": lambda _, __: httpx.Response(302, headers={"location": "http://login.invalid/"}),
    "cut short": lambda _, true: httpx.Response(200, headers=JSON, content=true.content[: len(true.content) // 2]),
    "nothing": said(b""),
    "100 MB": lambda _, __: httpx.Response(200, headers=JSON, content=endless()),
    "another epoch": changed(epoch="another"),
    "another hub": changed(hub_id="another", receipt="e30.e30.e30"),
    "a list": said([{"status": 201}]),
    "nested": said(b'{"items":' * 7_000),
    "no bytes of ours": said(bytes(range(256)) * 8),
    "a fault": lambda _, __: httpx.Response(500, headers=JSON, content=b"{}"),
    "places backwards": changed(items=[{"pos": 9, "jose": "e30"}, {"pos": 3, "jose": "e30"}]),
    "a no in other words": lambda _, __: httpx.Response(403, headers=JSON, json={"code": "contract-revoked"}),
    "all stored": all_stored,
}
BATCH = "/v1/messages:batch"
PATHS = (
    "/.well-known/scx-hub",
    "/oauth2/token",
    "/v1/orgs/",
    BATCH,
    "/v1/inbox",
    "/v1/inbox:ack",
    "/v1/messages:status",
)
ONLY = {
    "another epoch": (PATHS[0], BATCH, "/v1/inbox"),
    "another hub": (PATHS[0], BATCH),
    "places backwards": ("/v1/inbox",),
    "all stored": (BATCH,),
}
"""Which answers have what is put otherwise; to other requests it would be a true answer with one member more."""


def answered_strangely(world: World, strange: dict[str, Answer]) -> tuple[int, list[str]]:
    """Answer each kind of request in each strange way, while each side has something for the other; how many answers
    were given, and after which anything had changed that rests on the answer."""
    with world.run():
        exchange, wrong, given, number = Exchange(world), [], 0, 0
        school, council = exchange.sides
        for path, name in itertools.product(PATHS, strange):
            if path not in ONLY.get(name, PATHS):
                continue
            share(exchange, range(number, number + 1))
            exchange.step(("share", COUNCIL, 2 * number, 0))
            exchange.step(("sync", COUNCIL, 0, 0))
            number += 1
            before = resting_on(school, path)
            asked = strangely(world, path, strange[name])
            given += bool(asked)
            if asked and resting_on(school, path) != before:
                wrong.append(f"{name} to {path}")
            exchange.look()
        exchange.settle()
        assert arrived(exchange) == number == len(held(council))
    return given, wrong


def strangely(world: World, path: str, put: Answer) -> int:
    """Let the school sync while one kind of request is answered so; how often it was asked."""
    answer, asked, school = world.office.answer, 0, world.sides[SCHOOL]
    (epoch,) = school.sql("SELECT value FROM exchange WHERE name = 'epoch'")[0]

    def meddling(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        if request.url.path != path and not (path.endswith("/") and request.url.path.startswith(path)):
            return answer(request)
        asked += 1
        unheard = httpx.Response(200, headers=JSON, json={"epoch": epoch, "items": [], "receipt": "e30.e30.e30"})
        return put(request, unheard if path == BATCH else answer(request))

    world.office.answer = meddling  # type: ignore[method-assign]
    with school.at_work(), suppress(HubUnreachable, Refused):
        run.sync(school.vault, transport=school.line)
    world.office.answer = answer  # type: ignore[method-assign]
    return asked


def resting_on(side: Side, path: str) -> object:
    """Return what a sync may change only once this request was answered truly."""
    outbox = side.sql("SELECT mid, state FROM outbox WHERE state NOT IN ('queued', 'offered') ORDER BY mid")
    items = side.sql("SELECT id, rev, state FROM items ORDER BY id")
    places = dict(side.sql("SELECT name, value FROM exchange WHERE name IN ('epoch', 'cursor', 'pos')"))
    keys = side.sql("SELECT org, identity, key_set FROM partners")
    return {
        "/.well-known/scx-hub": (outbox, items, places, keys),
        "/oauth2/token": (outbox, items, places, keys),
        "/v1/orgs/": keys,
        BATCH: outbox,
        "/v1/inbox": (items, places),
        "/v1/inbox:ack": places["epoch"],
        "/v1/messages:status": places["epoch"],
    }[path]


def test_what_no_hub_would_answer_changes_nothing(world: World) -> None:
    """F16."""
    given, wrong = answered_strangely(world, ANSWERS)
    say(
        f"F16: {len(ANSWERS)} answers of no hub to {len(PATHS)} kinds of request",
        f"{given} given, {len(wrong)} after which anything had changed; of a page of 100 MB {READ[0] // 1024} KiB read",
    )
    assert wrong == [], wrong
    assert given > len(ANSWERS) * 5
    assert READ[0] < 4 * 1024 * 1024


def test_a_client_that_believes_unsigned_answers_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of F16: whoever says that a batch is stored is believed."""

    def batch_result(self, _items, answer, head=None):  # type: ignore[no-untyped-def]
        found = answer.json()
        outcomes = {each["mid"]: ItemOutcome(each["status"]) for each in found["items"]}
        return BatchResult(found["epoch"], outcomes, Receipt("", self.pin.hub_id, found["epoch"], 0, {}, head))

    monkeypatch.setattr(HubClient, "batch_result", batch_result)
    with pytest.raises(Broken):
        answered_strangely(world, {"all stored": all_stored})
