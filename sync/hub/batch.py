"""A batch of envelopes as a client offers it: its members checked, each envelope's address read (protocol: §2, call 5).

Nearly every batch is spelt as programs write JSON without spaces, with each envelope in its usual spelling. Such a one
is recognised where it lies, and the JSON of its quarter of a megabyte never read letter by letter; any other goes the
long way, to the same outcome (`jose.strict_json`).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sync.hub import jose
from sync.hub.jose import LETTERS, JoseFault
from sync.hub.limits import Limits, Problem
from sync.hub.routing import FOUR_DOTS, Routing, all_usual, is_mid, routing_of

HEAD = re.compile(r"[A-Za-z0-9_-]{1,128}")
# The marks of one item without its letters; what stands around and between the items of a batch, parted at each
# quotation mark, and the first place of each word that comes back with every item.
_MARKS = b'{"":"","":"...."}'
_FIRST, _LAST, _LAST_WITH_HEAD = ["{", "items", ":[{"], ["}]}"], ["}],", "head", ":", "}"]
_BETWEEN = ((3, "mid"), (4, ":"), (6, ","), (7, "jose"), (8, ":"), (10, "},{"))


class Item(NamedTuple):
    """One item of a batch: its address, or why there is none to be read."""

    mid: str
    jose: str
    routing: Routing | None
    fault: Problem | None = None


def read_batch(body: bytes, limits: Limits) -> tuple[list[Item], str | None]:
    """The items of a batch and the head of the sender's chain, if it says one; a Problem of what is no batch."""
    items, head = _recognised(body) or _taken_apart(body, limits)
    if not 1 <= len(items) <= limits.batch_items:
        raise _no_batch(limits)
    if len({item.mid for item in items}) != len(items):
        raise Problem(400, "schema", "A mid stands twice in this batch.")
    return items, head


def read_item(mid: str, token: object) -> Item:
    """One offered envelope under its id, its form checked: too long, ill-formed or of another id is its fault."""
    try:
        if not is_mid(mid) or not isinstance(token, str):
            raise JoseFault("schema", "This is not an envelope with its id.")
        routing = routing_of(token)
        if routing.mid != mid:
            raise JoseFault("schema", "The envelope bears another id.")
    except JoseFault as fault:
        status = 413 if fault.code == "too-large" else 400
        return Item(mid, "", None, Problem(status, fault.code, fault.message))
    return Item(mid, token, routing)


def _recognised(body: bytes) -> tuple[list[Item], str | None] | None:
    """A batch all of which is in its usual spelling; None says nothing about another.

    Without the letters of base64url nothing may be left of it but the marks of JSON, in their order, and the dots of
    the envelopes. Then whatever stands between two quotation marks is a text as it is written.
    """
    marks = body.translate(None, LETTERS)
    many = marks.count(FOUR_DOTS)
    plain = b'{"":[' + b",".join([_MARKS] * many)
    if not many or marks not in (plain + b"]}", plain + b'],"":""}'):
        return None
    parts, end = body.decode("ascii").split('"'), 2 + 8 * many
    last, head = (parts[end:], None) if marks[-2:] == b"]}" else ([*parts[end:-2], parts[-1]], parts[-2])
    if parts[:3] != _FIRST or last != (_LAST if head is None else _LAST_WITH_HEAD):
        return None
    if any(parts[at:end:8].count(word) != many - (at == 10) for at, word in _BETWEEN):
        return None
    if head is not None and not HEAD.fullmatch(head):
        return None
    mids, tokens = parts[5:end:8], parts[9:end:8]
    found = all_usual(tokens)
    if found is None or mids != [routing.mid for routing in found]:
        return None
    return list(map(Item, mids, tokens, found)), head


def _taken_apart(body: bytes, limits: Limits) -> tuple[list[Item], str | None]:
    try:
        value: dict[str, Any] = jose.strict_json(body)
    except JoseFault as fault:
        raise Problem(400, "schema", "This is not a JSON object.") from fault
    items, head = value.get("items"), value.get("head")
    if not isinstance(items, list) or not 1 <= len(items) <= limits.batch_items:
        raise _no_batch(limits)
    if head is not None and not (isinstance(head, str) and HEAD.fullmatch(head)):
        raise Problem(400, "schema", "The head of the chain is not written as it must be.")
    if any(not isinstance(item, dict) or not isinstance(item.get("mid"), str) for item in items):
        raise Problem(400, "schema", "Each item of a batch has its mid.")
    return [read_item(item["mid"], item.get("jose")) for item in items], head


def _no_batch(limits: Limits) -> Problem:
    return Problem(400, "schema", f"A batch holds 1 to {limits.batch_items} items.")
