"""The hub before clients that send anything at all: a worded no, never a fault; and TLS really serves."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_hub import CTR, HTTP, RunningHub, mid_of, signature

from practice.errors import HubUnreachable
from sync.carriers.hub import HubClient
from sync.hub import jose
from sync.hub.api import Hub, routes
from sync.hub.server import make_server
from sync.identity import OrgKeys

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["items", "pos", "mid", "jose", "code", "key_set", "transport", "epoch", "head"]
ITEMS = st.lists(st.fixed_dictionaries({"mid": st.text(max_size=40), "jose": JSON_VALUES}), max_size=4)
POSITIONS = st.lists(st.integers(min_value=-5, max_value=2**70), max_size=5)
HALF = b'"\\ud800"'
BODIES = st.one_of(
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(NAMES), JSON_VALUES, max_size=5).map(jose.canonical),
    st.fixed_dictionaries({"items": ITEMS}).map(jose.canonical),
    st.fixed_dictionaries({"pos": POSITIONS}).map(jose.canonical),
    st.sampled_from([b'{"mid":[' + HALF + b"]}", b'{"items":[{"mid":' + HALF + b',"jose":' + HALF + b"}]}"]),
)
TYPES = ["application/json", "application/jose", "application/x-www-form-urlencoded", "text/html", ""]
CALLS = [(route.path, method) for route in routes(Hub.__new__(Hub)) for method in sorted(route.methods or ())]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keys: dict[str, OrgKeys]
) -> Iterator[tuple[RunningHub, HubClient]]:
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres").database("made")
    hub = RunningHub(tmp_path_factory.mktemp("hub"), database=database)
    client = hub.client(keys["school"])
    yield hub, client
    hub.stop()


@given(
    call=st.sampled_from(CALLS),
    part=st.sampled_from([mid_of(1), CTR, "urn:scx:gb:urn:100123", "x", "%00", "%ff", "a%2Fb"]),
    body=BODIES,
    kind=st.sampled_from(TYPES),
    query=st.sampled_from(
        ["", "?limit=0", "?limit=-1", "?wait=x", "?cursor=a.1", "?cursor=%00", "?limit=999999&wait=0"]
    ),
    extra=st.sampled_from(["", '"1"', "*", '"x"']),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered_in_words(
    served: tuple[RunningHub, HubClient],
    keys: dict[str, OrgKeys],
    call: tuple[str, str],
    part: str,
    body: bytes,
    kind: str,
    query: str,
    extra: str,
) -> None:
    """With a good token and a good signature, so that what lies behind them is reached."""
    hub, client = served
    template, method = call
    path = template.replace("{mid}", part).replace("{org}", part).replace("{ctr}", part)
    headers = {"authorization": f"Bearer {client._bearer()}", "content-type": kind, "if-match": extra}
    headers["scx-signature"] = signature(client, keys["school"], method, httpx.URL(hub.url + path).path, body)
    headers = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = HTTP.request(method, hub.url + path + query, content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "code"}


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "hub.pem", folder / "hub.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return chain, secret


def test_tls_serves_and_an_unknown_certificate_is_no_answer(tmp_path: Path, keys: dict[str, OrgKeys]) -> None:
    chain, secret = certificate(tmp_path)
    server = make_server(str(tmp_path / "hub.db"), certificate=chain, certificate_key=secret)
    ready = threading.Event()
    server.ready = lambda _: ready.set()
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    assert ready.wait(10)
    try:
        assert server.url.startswith("https://127.0.0.1:")
        with pytest.raises(HubUnreachable), HubClient(server.url, keys["school"]) as client:
            client.well_known()
        trusting = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=str(chain)))
        with HubClient(server.url, keys["school"], trusting) as client:
            assert client.well_known().versions == [1]
    finally:
        server.should_exit = True
        thread.join(15)


def test_half_a_character_in_an_assertion_is_no_fault(
    served: tuple[RunningHub, HubClient], keys: dict[str, OrgKeys]
) -> None:
    hub, client = served
    org, now = keys["school"].org, int(time.time())
    good = {"iss": org, "sub": org, "aud": client.pin.hub_id, "iat": now, "exp": now + 60, "jti": "j" * 20}
    for name in ("iss", "sub", "jti", "aud"):
        claims = json.dumps({**good, name: "\ud800" * 20}).encode()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jose.sign(claims, keys["school"].transport, "JWT"),
        }
        assert HTTP.post(hub.url + "/oauth2/token", data=form).status_code == 401
