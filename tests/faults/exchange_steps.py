"""What the harnesses of single faults do again and again, and what they count (protocol: §8)."""

from __future__ import annotations

import json

from tests.faults.exchange_rules import Exchange
from tests.faults.exchange_world import Side

SCHOOL, COUNCIL = 0, 1
HOUR, DAY = 3_600, 86_400


def share(exchange: Exchange, numbers: range, *, agreed: bool = False) -> None:
    """The school shares an entry for each number: one-off, or under the agreement. A number again is a correction."""
    for number in numbers:
        exchange.step(("share", SCHOOL, 2 * number + agreed, 0))


def there_and_back(exchange: Exchange) -> None:
    for who in (SCHOOL, COUNCIL, SCHOOL):
        exchange.step(("sync", who, 0, 0))


def held(side: Side) -> dict[str, tuple[int, str, str]]:
    """What a side holds of its partner's entries: the newest revision of each, its state and its text."""
    rows = side.sql("SELECT eid, rev, state, payload FROM items ORDER BY eid, rev")
    said = ((eid, rev, state, json.loads(payload)["body"].get("event", "")) for eid, rev, state, payload in rows)
    return {eid: (rev, state, text) for eid, rev, state, text in said}


def arrived(exchange: Exchange) -> int:
    """How many of the school's entries stand at the council, once and as they were shared last."""
    school, council = exchange.sides
    there = held(council)
    sent = school.sql("SELECT entry_id, rev FROM shares WHERE state = 'acknowledged'")
    return sum(there.get(entry, (0, "", ""))[0] == rev for entry, rev in sent)
