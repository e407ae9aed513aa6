"""The hub's endpoints (protocol: §2). It is a post office: it reads addresses, never letters."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.hub import jose
from sync.hub.accounts import Accounts
from sync.hub.batch import Item, read_batch, read_item
from sync.hub.jose import JoseFault
from sync.hub.keys import REVOCATION_TYPE, Gate, KeySetClaims, digest
from sync.hub.limits import Limits, Problem
from sync.hub.metrics import Counting, Tally, check_from_here, page
from sync.hub.routing import CONTRACT, is_org
from sync.hub.store import Member, Offered, StorageFault, Store, Stored
from sync.hub.web import (
    JOSE_TYPES,
    FairShare,
    answer,
    body_of,
    json_of,
    on_fault,
    on_http_fault,
    on_problem,
    on_storage_fault,
    problem_answer,
    texts,
)

SWEEP_SECONDS = 600
STATUS_ITEMS = 1000
# What another transaction holds back for a moment is looked for again so soon, in seconds.
SOON = 0.02


class Hub:
    """One serving hub: its store, its gate, and those who wait for a message."""

    def __init__(self, store: Store, limits: Limits, answers: Tally | None = None) -> None:
        self.store = store
        store.arrived = self._wake
        self.limits = limits
        self.share = FairShare(limits.requests_per_minute)
        self.stopping = False
        self.gate: Gate
        self.answers = answers or Tally()
        self._arrivals: dict[str, asyncio.Event] = {}

    async def start(self) -> None:
        await self.store.start()
        self.gate = await Gate.open(self.store, self.store.clock)

    def stop(self) -> None:
        """Let every long poll end at once."""
        self.stopping = True
        for event in self._arrivals.values():
            event.set()

    def _wake(self, org: str | None) -> None:
        """Let long polls of an organisation look again, or all of them."""
        for name in [org] if org is not None else list(self._arrivals):
            event = self._arrivals.pop(name, None)
            if event is not None:
                event.set()

    async def caller(self, request: Request) -> Member:
        """The organisation whose token this request bears, within its fair share."""
        return await self.gate.member(await self.sender(request))

    async def sender(self, request: Request) -> str:
        """The same by its name alone, where the store looks whether it is enrolled when it stores what it sends."""
        org = await self.gate.bearer(request.headers.get("authorization", ""))
        self.share.take(org)
        return org

    async def signer(self, request: Request, body: bytes) -> tuple[Member, KeySetClaims]:
        """The caller, whose signing key also signed this request."""
        member = await self.caller(request)
        return member, await self.check_signature(request, member, body)

    async def check_signature(
        self, request: Request, member: Member, body: bytes, put: KeySetClaims | None = None
    ) -> KeySetClaims:
        """The caller's keys, one of which signed this request; `put` is the key set that it puts, where it does."""
        signature = request.headers.get("scx-signature", "")
        return await self.gate.signed(member, signature, request.method, request.url.path, body, put)

    async def health(self, _: Request) -> Response:
        """Whether this hub can take and give messages now: a 503 tells a proxy to ask another."""
        await self.store.check()
        return answer({"ok": True})

    async def metrics(self, request: Request) -> Response:
        check_from_here(request)
        counts = await self.store.counts()
        states = counts.pop("states")
        return page(counts, states, self.answers.totals())

    # Sending

    async def put_message(self, request: Request) -> Response:
        # The body is read before the token is looked at: an early refusal would cut a client off in mid-sentence.
        body = await body_of(request, self.limits.envelope, JOSE_TYPES, self.limits.body_seconds)
        org = await self.sender(request)
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError as fault:
            raise Problem(400, "schema", "This is not an envelope.") from fault
        offered = _offered(org, read_item(request.path_params["mid"], text))
        if isinstance(offered, Stored):
            await self.gate.member(org)
            return problem_answer(offered.problem or Problem(400, "schema", "This is not an envelope."))
        (stored,) = await self._store([offered])
        if stored.problem is not None:
            return problem_answer(stored.problem)
        value = {"mid": stored.mid, "epoch": self.store.epoch, "receipt": self._receipt(org, [stored], None)}
        return answer(value, stored.status)

    async def put_batch(self, request: Request) -> Response:
        body = await body_of(request, self.limits.batch_bytes, ("application/json",), self.limits.body_seconds)
        org = await self.sender(request)
        items, head = read_batch(body, self.limits)
        looked_at = [_offered(org, item) for item in items]
        offered = [item for item in looked_at if isinstance(item, Offered)]
        if not offered:
            await self.gate.member(org)
        stored = await self._store(offered)
        outcomes = stored + [item for item in looked_at if isinstance(item, Stored)]
        shown = [
            {"mid": one.mid, "status": one.status, **({"problem": one.problem.to_json()} if one.problem else {})}
            for one in outcomes
        ]
        receipt = self._receipt(org, [one for one in stored if one.problem is None], head)
        return answer({"epoch": self.store.epoch, "items": shown, "receipt": receipt})

    async def _store(self, offered: list[Offered]) -> list[Stored]:
        stored = await self.store.put(offered) if offered else []
        fresh = {one.mid for one in stored if one.status == 201}
        if fresh:
            self.store.announce({item.routing.recipient for item in offered if item.routing.mid in fresh})
        return stored

    def _receipt(self, org: str, stored: list[Stored], head: str | None) -> str:
        """The hub's signature over what it holds: `[mid, sha256, pos]` of each, its epoch and its time."""
        claims: dict[str, Any] = {
            "hub": self.gate.hub_id,
            "org": org,
            "epoch": self.store.epoch,
            "at": int(self.store.clock()),
            "items": [[one.mid, one.sha256, one.pos] for one in stored],
        }
        return self.gate.receipt({**claims, "head": head} if head is not None else claims)

    # Fetching

    async def inbox(self, request: Request) -> Response:
        member = await self.caller(request)
        query = request.query_params
        after = self._after(query.get("cursor", ""))
        limit = _number(query.get("limit"), self.limits.page_items, self.limits.page_items) or 1
        loop = asyncio.get_running_loop()
        ends = loop.time() + _number(query.get("wait"), 0, self.limits.wait)
        while True:
            arrival = self._arrivals.setdefault(member.org, asyncio.Event())
            page = await self.store.page(member.org, after, limit)
            left = ends - loop.time()
            if page.items or left <= 0 or self.stopping or await request.is_disconnected():
                break
            pause = SOON if page.held_back else self.store.look_again
            with suppress(TimeoutError):
                await asyncio.wait_for(arrival.wait(), min(left, pause))
        last = page.items[-1][0] if page.items else after
        value = {
            "epoch": self.store.epoch,
            "items": [{"pos": pos, "jose": token} for pos, token in page.items],
            "next": f"{self.store.epoch}.{last}",
            "acked_through": page.acked_through,
        }
        return answer(value)

    def _after(self, cursor: str) -> int:
        if not cursor:
            return 0
        epoch, _, pos = cursor.partition(".")
        if epoch != self.store.epoch or not pos.isascii() or not pos.isdigit() or len(pos) > 18:
            raise Problem(410, "cursor-epoch", "This cursor is of another epoch.", epoch=self.store.epoch)
        return int(pos)

    async def ack(self, request: Request) -> Response:
        value, body = await json_of(request, self.limits.batch_bytes, self.limits.body_seconds)
        member, _ = await self.signer(request, body)
        found = value.get("pos")
        if not isinstance(found, list) or len(found) > STATUS_ITEMS:
            raise Problem(400, "schema", "This is not a list of positions.")
        if any(type(pos) is not int or not 0 < pos < 2**62 for pos in found):
            raise Problem(400, "schema", "This is not a list of positions.")
        if value.get("epoch", self.store.epoch) != self.store.epoch:
            raise Problem(410, "cursor-epoch", "These positions are of another epoch.", epoch=self.store.epoch)
        through = await self.store.ack(member.org, found)
        return answer({"epoch": self.store.epoch, "acked_through": through})

    async def status(self, request: Request) -> Response:
        value, _ = await json_of(request, self.limits.batch_bytes, self.limits.body_seconds)
        member = await self.caller(request)
        found = await self.store.status(member.org, texts(value.get("mid"), STATUS_ITEMS))
        items = [{"mid": mid, "status": state} for mid, state in found.items()]
        return answer({"epoch": self.store.epoch, "items": items})

    async def cancel(self, request: Request) -> Response:
        body = await body_of(request, 1024, ("application/json",), self.limits.body_seconds)
        member, _ = await self.signer(request, body)
        await self.store.cancel(member.org, request.path_params["mid"])
        return answer({"mid": request.path_params["mid"], "status": "cancelled"})

    async def revoke(self, request: Request) -> Response:
        ctr = request.path_params["ctr"]
        body = await body_of(request, 4096, ("application/jose",), self.limits.body_seconds)
        member, keys = await self.signer(request, body)
        try:
            token = body.decode("ascii")
            claims = jose.strict_json(jose.verify(token, keys.signing, REVOCATION_TYPE, 4096).payload)
            if not CONTRACT.fullmatch(ctr) or set(claims) != {"ctr", "org", "iat"} or claims["ctr"] != ctr:
                raise JoseFault("schema", "This is not the end of that contract.")
            if claims["org"] != member.org or not is_org(claims["org"]) or type(claims["iat"]) is not int:
                raise JoseFault("schema", "This is not the end of that contract.")
        except (JoseFault, UnicodeDecodeError) as fault:
            raise Problem(400, "schema", "This is not a signed end of that contract.") from fault
        purged = await self.store.revoke(member.org, ctr, token)
        return answer({"ctr": ctr, "purged": purged})


def _offered(org: str, item: Item) -> Offered | Stored:
    """One offered envelope, or why it is not taken: too long, ill-formed, or not the caller's own."""
    mid, routing = item.mid[:64], item.routing
    if routing is None or item.fault is not None:
        fault = item.fault or Problem(400, "schema", "This is not an envelope.")
        return Stored(mid, fault.status, "", 0, fault)
    if routing.sender != org:
        return Stored(mid, 403, "", 0, Problem(403, "forged-sender", "This envelope names another sender."))
    return Offered(routing, digest(item.jose.encode()), item.jose)


def _number(text: str | None, default: int, highest: int) -> int:
    """A whole number from the query, held to the highest allowed."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Problem(400, "schema", "This is not a number.")
    return min(int(text), highest)


def openapi() -> dict[str, Any]:
    """The OpenAPI document that is served, and checked against the routes."""
    found: dict[str, Any] = json.loads(files("sync.hub").joinpath("openapi.json").read_text("utf-8"))
    return found


async def openapi_document(_: Request) -> Response:
    return answer(openapi())


def routes(hub: Hub) -> list[Route]:
    accounts = Accounts(hub)
    return [
        Route("/healthz", hub.health),
        Route("/metrics", hub.metrics),
        Route("/openapi.json", openapi_document),
        Route("/.well-known/scx-hub", accounts.well_known),
        Route("/oauth2/token", accounts.token, methods=["POST"]),
        Route("/v1/invite", accounts.invited, methods=["POST"]),
        Route("/v1/enrol", accounts.enrol, methods=["POST"]),
        Route("/v1/orgs/{org}/keys", accounts.keys, methods=["GET"]),
        Route("/v1/orgs/{org}/keys", accounts.put_keys, methods=["PUT"]),
        Route("/v1/messages:batch", hub.put_batch, methods=["POST"]),
        Route("/v1/messages:status", hub.status, methods=["POST"]),
        Route("/v1/messages/{mid}:cancel", hub.cancel, methods=["POST"]),
        Route("/v1/messages/{mid}", hub.put_message, methods=["PUT"]),
        Route("/v1/inbox", hub.inbox, methods=["GET"]),
        Route("/v1/inbox:ack", hub.ack, methods=["POST"]),
        Route("/v1/contracts/{ctr}/revocation", hub.revoke, methods=["PUT"]),
    ]


def application(hub: Hub) -> Starlette:
    """The ASGI application; the store opens with it and closes with it."""

    async def sweeping() -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            with suppress(sqlite3.Error, StorageFault):
                await hub.store.sweep()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await hub.start()
        task = asyncio.create_task(sweeping())
        try:
            yield
        finally:
            task.cancel()
            await hub.store.close()

    handlers = {
        Problem: on_problem,
        HTTPException: on_http_fault,
        sqlite3.Error: on_storage_fault,
        StorageFault: on_storage_fault,
        Exception: on_fault,
    }
    counting = Middleware(Counting, answers=hub.answers)
    return Starlette(routes=routes(hub), exception_handlers=handlers, lifespan=lifespan, middleware=[counting])
