"""A real hub on loopback, and invented organisations enrolled at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchange import COUNCIL, SCHOOL, Hub, Place
from running_hub import CTR, RunningHub, mid_of

from sync import envelope, identity, partners
from sync.hub import jose
from sync.identity import OrgKeys, read_key_set

LATE = 4_000_000_000
NAMES = ("urn:scx:gb:urn:100123", "urn:scx:gb:la:301", "urn:scx:demo:police")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a hub on both of its stores, in the modules that say `BOTH_STORES`."""
    if "database" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_STORES", False):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a test's hub keeps what it holds: in a file, or where `BOTH_STORES` asks for it on PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return str(tmp_path / "hub" / "hub.db")
    server = request.getfixturevalue("postgres")
    return str(server.database("made"))


@pytest.fixture
def hub(tmp_path: Path, database: str) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path / "hub", database=database)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def keys() -> dict[str, OrgKeys]:
    names = ("school", "council", "police")
    return {name: identity.generate(org) for name, org in zip(names, NAMES, strict=True)}


@pytest.fixture
def sealed(keys: dict[str, OrgKeys]) -> Callable[..., tuple[str, str]]:
    """`sealed(1)` is (mid, jose) of a message from the school to the council; `several` is for two reading keys."""

    def make(
        number: int,
        *,
        sender: str = "school",
        to: str = "council",
        event: str = "She said [he hit me]",
        class_: str = "data",
        ctr: str = CTR,
        exp: int = LATE,
        several: bool = False,
    ) -> tuple[str, str]:
        mine, theirs = keys[sender], keys[to]
        known = read_key_set(theirs.public_key_set(1, name="x", kind="school"), None)
        if several:
            another = jose.public_key(jose.public_part(identity.fresh_encryption_key()), "enc")
            known = replace(known, encryption=(another, *known.encryption))
        mid = mid_of(number)
        payload = envelope.build_payload(
            mid=mid,
            from_=mine.org,
            to=theirs.org,
            ctr=ctr,
            type_="entry",
            eid=f"e{number}",
            rev=1,
            prev=None,
            body={"event": event},
            iat=1_790_000_000,
        )
        token = envelope.seal(payload, sender=mine, recipient=known, mid=mid, ctr=ctr, class_=class_, exp=exp)
        return mid, token

    return make


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Hub]:
    running = Hub(tmp_path / "hub")
    yield running
    running.stop()


@pytest.fixture
def school(tmp_path: Path, post: Hub) -> Iterator[Place]:
    place = Place(tmp_path / "school", SCHOOL, "Northfield Invented Primary", "school")
    place.join(post)
    yield place
    place.vault.close()


@pytest.fixture
def council(tmp_path: Path, post: Hub, school: Place) -> Iterator[Place]:
    place = Place(tmp_path / "council", COUNCIL, "Northfield Invented Council", "social_care")
    place.join(post)
    partners.add_partner(school.vault, "301")
    partners.add_partner(place.vault, "100123", name="The primary")
    yield place
    place.vault.close()
