"""Requests in, answers out: sizes, content types, problem details, and a fair share for each organisation."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sync.hub import jose
from sync.hub.jose import JoseFault
from sync.hub.limits import Problem
from sync.hub.store import StorageFault

LOG = logging.getLogger("sync.hub")
JOSE_TYPES = ("application/jose", "application/jose+json")
SILENT = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def answer(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(orjson.dumps(value), status, {**SILENT, **(headers or {})}, "application/json")


def problem_answer(problem: Problem) -> Response:
    headers = dict(SILENT)
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(json.dumps(problem.to_json()).encode(), problem.status, headers, "application/problem+json")


async def on_problem(_: Request, fault: Exception) -> Response:
    if not isinstance(fault, Problem):
        raise fault
    return problem_answer(fault)


async def on_http_fault(_: Request, fault: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method), as problem details."""
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    return problem_answer(Problem(status, "not-found" if status == 404 else "request", "The hub does not answer that."))


async def on_storage_fault(_: Request, fault: Exception) -> Response:
    """The disk is full, or the database does not answer: nothing was acknowledged, so the client keeps what it has."""
    what, wait = (fault.what, fault.retry_after) if isinstance(fault, StorageFault) else (type(fault).__name__, 60)
    LOG.error("storage %s", what)
    return problem_answer(Problem(503, "storage", "The hub cannot store anything now.", retry_after=wait))


async def on_fault(request: Request, fault: Exception) -> Response:
    """A fault of ours: its class and the kind of request are logged, never a value."""
    LOG.error("fault %s in %s", type(fault).__name__, request.method)
    return problem_answer(Problem(500, "fault", "The hub made a mistake; nothing was acknowledged."))


async def body_of(request: Request, limit: int, types: tuple[str, ...], seconds: float) -> bytes:
    """The body of a request, refused as soon as it is too long, slow or of another type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in types:
        raise Problem(415, "content-type", f"This needs {' or '.join(types)}.")
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > limit:
        raise Problem(413, "too-large", "This is longer than is allowed.")
    chunks, length = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                chunks.append(chunk)
                length += len(chunk)
                if length > limit:
                    raise Problem(413, "too-large", "This is longer than is allowed.")
    except (TimeoutError, ClientDisconnect) as fault:
        raise Problem(408, "slow", "The request took too long.") from fault
    return b"".join(chunks)


async def json_of(request: Request, limit: int, seconds: float) -> tuple[dict[str, Any], bytes]:
    """The JSON object a request carries, and its exact bytes."""
    body = await body_of(request, limit, ("application/json",), seconds)
    try:
        return jose.strict_json(body), body
    except JoseFault as fault:
        raise Problem(400, "schema", "This is not a JSON object.") from fault


def texts(value: object, limit: int) -> list[str]:
    """A list of at most `limit` short texts."""
    if not isinstance(value, list) or len(value) > limit or any(not isinstance(item, str) for item in value):
        raise Problem(400, "schema", "This is not the list that was expected.")
    return [str(item) for item in value]


class FairShare:
    """A token bucket for each organisation, so that one cannot crowd out the others."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._full = float(per_minute)
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, org: str) -> None:
        """One request; a Problem 429 with the seconds to wait when the share is used up."""
        now = self._clock()
        left, then = self._held.get(org, (self._full, now))
        left = min(self._full, left + (now - then) * self._full / 60)
        if left < 1:
            wait = int((1 - left) * 60 / self._full) + 1
            raise Problem(429, "rate", "Too many requests; wait a little.", retry_after=wait)
        self._held[org] = (left - 1, now)
