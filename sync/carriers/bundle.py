"""A bundle: a text file of sealed envelopes with its sender's key set; it shows when it was cut short (protocol: §7).

The first line is JSON: `{"scx-bundle": 1, "from", "to", "keys", "count"}`. Then one envelope a line. The last line is
the SHA-256, in hex, of every byte before it. Nobody vouches for the first line: each envelope proves itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from practice.errors import Refused
from sync.hub import jose
from sync.hub.jose import MAX_ENVELOPE, JoseFault
from sync.hub.routing import is_org
from sync.identity import MAX_KEY_SET

MOST = 500
"""How many messages one bundle holds: a bundle of the longest ones is 128 MiB, of usual ones 2."""
MOST_BYTES = MOST * (MAX_ENVELOPE + 1) + 2 * MAX_KEY_SET
NOT_ONE = "That file is no whole bundle: it was cut short, or is something else. Nothing was taken in."


@dataclass(frozen=True)
class Bundle:
    """What a bundle says of itself, and its envelopes, none of them opened."""

    sender: str
    recipient: str
    key_set: str
    tokens: tuple[str, ...]


def pack(sender: str, recipient: str, key_set: str, tokens: Sequence[str]) -> bytes:
    """Return the bytes of a bundle."""
    head = {"scx-bundle": 1, "from": sender, "to": recipient, "keys": key_set, "count": len(tokens)}
    body = b"".join(line + b"\n" for line in (jose.canonical(head), *(token.encode("ascii") for token in tokens)))
    return body + hashlib.sha256(body).hexdigest().encode() + b"\n"


def read(file: Path) -> Bundle:
    """Read a bundle; raises Refused for one that is not whole. An e-mail program's other line ends do no harm."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError:
        raise Refused("That file cannot be read. Nothing was taken in.") from None
    if len(data) > MOST_BYTES:
        raise Refused("That file is longer than a bundle may be. Nothing was taken in.")
    body, _, digest = data.replace(b"\r\n", b"\n").rstrip(b"\n").rpartition(b"\n")
    body += b"\n"
    if hashlib.sha256(body).hexdigest().encode() != digest.strip():
        raise Refused(NOT_ONE, hint="Ask the partner to send it again.")
    try:
        first, *tokens = body.decode("ascii").rstrip("\n").split("\n")
        head = jose.strict_json(first)
    except (UnicodeDecodeError, JoseFault):
        raise Refused(NOT_ONE) from None
    sender, recipient, keys = head.get("from"), head.get("to"), head.get("keys")
    form = head.get("scx-bundle") == 1 and head.get("count") == len(tokens) <= MOST
    if not form or not is_org(sender) or not is_org(recipient) or not isinstance(keys, str) or len(keys) > MAX_KEY_SET:
        raise Refused(NOT_ONE)
    return Bundle(str(sender), str(recipient), keys, tuple(tokens))
