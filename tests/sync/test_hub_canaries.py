"""No word of what goes through a hub stands in anything that it keeps: tables, log, journal, backup (protocol: F20)."""

from __future__ import annotations

import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from running_hub import RunningHub, everything

from sync.carriers.hub import HubClient
from sync.hub import jose
from sync.hub.server import status
from sync.identity import OrgKeys
from tests.faults.sizes import say, size

Sealed = Callable[..., tuple[str, str]]
MESSAGES = size(3, 90, 900)
WORDS = ("Marigoldina", "Wetherbyfield", "behind the shed", "urn:nhs:9434765919")
"""Long enough that no piece of one stands by chance in ciphertext."""
TEXT = "Marigoldina Wetherbyfield told me about it behind the shed (urn:nhs:9434765919)"
BOTH_STORES = True
"""Each test that asks for a hub runs on SQLite and on PostgreSQL."""


def spellings(word: str) -> set[bytes]:
    """A word as UTF-8, UTF-16 and hexadecimal, and as it stands inside base64 wherever it begins."""
    raw = word.encode()
    inside = (urlsafe_b64encode(b"x" * at + raw)[(0, 2, 3)[at] : -4] for at in range(3))
    return {raw, word.encode("utf-16-le"), raw.hex().encode(), *inside}


def found(held: bytes) -> list[str]:
    return [word for word in WORDS if any(each in held for each in spellings(word))]


def send(client: HubClient, items: list[tuple[str, str]]) -> None:
    for at in range(0, len(items), 90):
        outcomes = client.send_batch(items[at : at + 90]).outcomes
        assert {each.status for each in outcomes.values()} == {201}


def test_the_hub_holds_no_word_of_a_message(hub: RunningHub, keys: dict[str, OrgKeys], sealed: Sealed) -> None:
    """F20: while it serves, after it stopped and began again, and once all was acknowledged."""
    school, council = hub.client(keys["school"]), hub.client(keys["council"])
    items = [sealed(number, event=TEXT) for number in range(1, MESSAGES + 1)]
    send(school, items)
    there, scanned, hits = items[0][1][-300:-60].encode(), 0, []
    for _ in range(2):
        held = everything(hub.database)
        scanned, hits = scanned + len(held), hits + found(held)
        assert there in held, "the scan does find what is there"
        hub.stop()
        hub.start()
    council = HubClient(hub.url, keys["council"], pin=council.pin)
    cursor = ""
    while (page := council.inbox(cursor)).items:
        council.ack([item.pos for item in page.items])
        cursor = page.next
    hub.stop()
    held = everything(hub.database)
    hits += found(held)
    on_postgres = hub.database.startswith("postgresql:")
    if not on_postgres:
        # PostgreSQL overwrites it in its own time, and at the latest when the week's partition is dropped.
        assert there not in held, "an acknowledged message is overwritten"
        assert stat.S_IMODE(Path(hub.database).stat().st_mode) == 0o600 or os.name == "nt"
    assert status(hub.database)["bytes"] == 0
    hub.start()
    looked = f"{len(WORDS)} words in {len(spellings(TEXT))} spellings, {(scanned + len(held)) >> 10:,} KiB"
    store = "PostgreSQL" if on_postgres else "SQLite"
    say(f"F20: words of {MESSAGES} messages in all that a hub on {store} keeps", f"{looked}, {len(hits)} found")
    assert hits == []


def test_a_message_that_is_not_sealed_is_found(hub: RunningHub, keys: dict[str, OrgKeys], sealed: Sealed) -> None:
    """The control of F20: a hub cannot tell that a message is open, but the scan can."""
    school = hub.client(keys["school"])
    hub.client(keys["council"])
    mid, token = sealed(1)
    parts = token.split(".")
    send(school, [(mid, ".".join((*parts[:3], jose.b64u(f'{{"event":"{TEXT}"}}'.encode()), parts[4])))])
    assert found(everything(hub.database)) == list(WORDS)
