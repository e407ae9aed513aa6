"""Schemathesis asks both stores what the OpenAPI document promises: no fault, no answer that it does not name (F18).

The token and the signature are good, so that what lies behind them is reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from running_hub import RunningHub, signature
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync.carriers.hub import HubClient
from sync.hub.limits import Limits
from sync.identity import OrgKeys
from tests.faults.sizes import say, size

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOTH_STORES = True
"""Each test that asks for a hub runs on SQLite and on PostgreSQL."""


@pytest.fixture
def hub(tmp_path: Path, database: str) -> Iterator[RunningHub]:
    """A hub that lets nobody wait for a message: each long poll would take its 25 seconds."""
    running = RunningHub(tmp_path / "hub", Limits(wait=0, requests_per_minute=10**6), database)
    yield running
    running.stop()


@schemathesis.serializer("application/jose")
def _as_it_is(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


class Signed(requests.auth.AuthBase):
    """Every request bears a good token, and a signature of itself."""

    def __init__(self, client: HubClient, keys: OrgKeys) -> None:
        self._client, self._keys = client, keys

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        path = urlsplit(request.url).path
        asked = (request.method, path, body.encode() if isinstance(body, str) else body)
        request.headers["authorization"] = f"Bearer {self._client._bearer()}"
        request.headers["scx-signature"] = signature(self._client, self._keys, *asked)
        return request


def asked_of(operation: Any, ask: Callable[[Any], None], examples: int) -> None:
    """Let schemathesis make so many requests of one operation, good ones and bad ones."""
    for mode in schemathesis.GenerationMode:
        strategy = operation.as_strategy(generation_mode=mode)
        phases = (Phase.explicit, Phase.generate)
        limits = settings(max_examples=examples, deadline=None, phases=phases, suppress_health_check=list(HealthCheck))
        # An operation that takes nothing cannot be asked wrongly.
        with suppress(Unsatisfiable):
            limits(given(case=strategy)(ask))()


def test_every_answer_is_one_that_the_document_names(hub: RunningHub, keys: dict[str, OrgKeys]) -> None:
    client = hub.client(keys["school"])
    answers: Counter[int] = Counter()
    with requests.Session() as session:
        session.trust_env, session.auth = False, Signed(client, keys["school"])
        schema = schemathesis.openapi.from_url(hub.url + "/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]

        def ask(case: Any) -> None:
            response = case.call(session=session, timeout=60)
            answers[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        for operation in operations:
            asked_of(operation, ask, size(3, 300, 2_000))
    store = "PostgreSQL" if hub.database.startswith("postgresql:") else "SQLite"
    faults = sum(count for status, count in answers.items() if status >= 500)
    said = f"{answers.total():,} requests to {len(operations)} operations, {faults} server errors"
    say(f"schemathesis against the OpenAPI document, the hub on {store}", f"{said}, no answer that it does not name")
    assert len(operations) >= 15
    assert faults == 0
    assert len(answers) > 3


def test_an_answer_that_the_document_does_not_name_is_noticed(hub: RunningHub) -> None:
    """The control of F18: the same look at an answer, with a document from which that answer was taken out."""
    with requests.Session() as session:
        session.trust_env = False
        document = session.get(hub.url + "/openapi.json", timeout=60).json()
        for kept in (True, False):
            if not kept:
                document["paths"]["/.well-known/scx-hub"]["get"]["responses"].pop("200")
            schema = schemathesis.openapi.from_dict(document)
            case = schema["/.well-known/scx-hub"]["GET"].Case()
            response = case.call(session=session, base_url=hub.url, timeout=60)
            if kept:
                case.validate_response(response, checks=CHECKS)
                continue
            with pytest.raises(FailureGroup):
                case.validate_response(response, checks=CHECKS)
