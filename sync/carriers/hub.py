"""The hub's client: delivers sealed envelopes, fetches the inbox, and believes only what the pinned hub key signed.

It changes no state of ours. Given the transport key alone it can deliver and fetch; what needs a signature says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from secrets import token_urlsafe
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote, urlencode

import orjson
from pydantic import ValidationError

from practice.errors import NotAllowed, Refused
from sync.carriers.answers import (
    MAX_ITEMS,
    AckAnswer,
    BatchAnswer,
    BatchResult,
    CancelAnswer,
    EnrolAnswer,
    HubAnswer,
    InboxItem,
    InvitedAnswer,
    ItemOutcome,
    Page,
    Receipt,
    ReceiptClaims,
    RevokeAnswer,
    StatesAnswer,
    TokenAnswer,
    WellKnown,
)
from sync.carriers.wire import Answer, BrokenOff, EpochChanged, HubRefused, NoAnswer, Wire, problem_code
from sync.hub import jose
from sync.hub.jose import JoseFault
from sync.hub.routing import is_org
from sync.identity import HubPin, OrgKeys, TransportKeys, read_key_set

if TYPE_CHECKING:
    import httpx
    from jwcrypto.jwk import JWK

__all__ = [
    "BatchResult",
    "EpochChanged",
    "HubClient",
    "HubRefused",
    "InboxItem",
    "ItemOutcome",
    "NoAnswer",
    "Page",
    "Receipt",
    "WellKnown",
    "batches",
    "invited",
]
MAX_PAGE = 4 * 1024 * 1024
MAX_BATCH = 1024 * 1024
BATCH = "/v1/messages:batch"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JSON = {"content-type": "application/json"}
JOSE = {"content-type": "application/jose"}


M = TypeVar("M", bound=HubAnswer)


def batches(items: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Split (mid, jose) pairs into requests of at most 100 items and 1 MiB, in their order."""
    group: list[tuple[str, str]] = []
    size = 0
    for mid, token in items:
        length = len(orjson.dumps(token)) + len(mid) + 32
        if group and (len(group) == MAX_ITEMS or size + length > MAX_BATCH - 1024):
            yield group
            group, size = [], 0
        group.append((mid, token))
        size += length
    if group:
        yield group


def batch_body(items: Sequence[tuple[str, str]], head: str | None = None) -> bytes:
    """A batch as it is sent; Refused where it is empty or too large."""
    value: dict[str, Any] = {"items": [{"mid": mid, "jose": token} for mid, token in items]}
    body = _json(value if head is None else {**value, "head": head})
    if not items or len(items) > MAX_ITEMS or len(body) > MAX_BATCH:
        raise Refused("A batch holds at most 100 messages or 1 MiB. Nothing was sent.")
    return body


def invited(base_url: str, code: str, transport: httpx.BaseTransport | None = None) -> str:
    """The organisation that a hub made this invite code for; HubRefused with code `invite` if it does not hold."""
    wire = Wire(base_url, transport)
    try:
        found = _fit(InvitedAnswer, wire.ask("POST", "/v1/invite", content=_json({"code": code}), headers=JSON).json())
    finally:
        wire.close()
    if not is_org(found.org):
        raise NoAnswer("The hub's answer is not written as it must be.")
    return found.org


class HubClient:
    """A client of one hub for one organisation. `pin` is the hub it enrolled with; without one it can only enrol."""

    def __init__(
        self,
        base_url: str,
        keys: OrgKeys | TransportKeys,
        transport: httpx.BaseTransport | None = None,
        *,
        pin: HubPin | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self.pin = pin or (keys.hub if isinstance(keys, TransportKeys) else None)
        self._wire = Wire(base_url, transport, clock)
        self._token = ("", 0.0)
        self._met = False
        self._believed: tuple[HubPin, tuple[JWK, ...]] | None = None
        self._longest = MAX_ITEMS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    @property
    def clock_offset(self) -> float:
        """How many seconds the hub's clock is ahead of ours, by its last answer; over 120 deserves a warning."""
        return self._wire.clock_offset

    # Joining

    def well_known(self) -> WellKnown:
        """What the hub says of itself; NoAnswer if it is not the hub that was enrolled with."""
        found = _fit(WellKnown, self._wire.ask("GET", "/.well-known/scx-hub").json())
        if 1 not in found.versions:
            raise Refused(
                "This hub speaks a version of the exchange that is not known here.", hint="Update the program."
            )
        if self.pin is not None and found.hub_id != self.pin.hub_id:
            raise NoAnswer("What answered is not the hub that this organisation enrolled with.")
        self._met = True
        return found

    def enrol(self, code: str, key_set: str) -> HubPin:
        """Join with an invite code; from now on only this hub's key is believed. Keep the pin that is returned."""
        known = self.well_known()
        value = {"code": code, "key_set": key_set, "transport": jose.public_part(self.keys.transport)}
        answer = self._wire.ask("POST", "/v1/enrol", expect=(200, 201), content=_json(value), headers=JSON)
        found = _fit(EnrolAnswer, answer.json())
        try:
            keys = tuple(jose.public_part(jose.public_key(key, "sig")) for key in found.keys)
        except JoseFault as fault:
            raise NoAnswer("The hub's key cannot be used.") from fault
        if found.org != self.keys.org or found.hub_id != known.hub_id:
            raise NoAnswer("What answered is not the hub that was asked.")
        self.pin = HubPin(self._wire.url, found.hub_id, keys)
        return self.pin

    def key_set(self, org: str) -> str:
        """An organisation's key set as the hub has it: it holds in itself; its identity is still to be compared."""
        answer = self._authorised("GET", f"/v1/orgs/{quote(org, safe=':')}/keys")
        try:
            text = answer.body.decode("ascii")
        except UnicodeDecodeError as fault:
            raise NoAnswer("The hub's answer was cut short or damaged on the way.") from fault
        if read_key_set(text, None).org != org:
            raise Refused("The hub sent the key set of another organisation. Nothing was sent.")
        return text

    def put_keys(self, key_set: str, seen_serial: int, signing: JWK | None = None) -> None:
        """Replace our own key set; `seen_serial` is the serial it replaces. NoAnswer unless the hub names the new one.

        `signing` is a key of that set, where the hub may know none of those that we have.
        """
        body, serial = key_set.encode("ascii"), read_key_set(key_set, None).serial
        path = f"/v1/orgs/{quote(self.keys.org, safe=':')}/keys"
        answer = self._signed("PUT", path, body, {**JOSE, "if-match": f'"{seen_serial}"'}, (204,), signing)
        # A proxy that packs answers marks their tags as weak.
        if answer.headers.get("etag", "").removeprefix("W/") != f'"{serial}"':
            raise NoAnswer("What answered is not the hub; nothing counts as changed there.")

    # Sending

    def send_batch(self, items: Sequence[tuple[str, str]], head: str | None = None) -> BatchResult:
        """Offer up to 100 (mid, jose) pairs. What counts as stored is in the hub's signed receipt, digest and all.

        `head` is the digest of our chain's head, which the hub puts into its receipt (rule 16).
        """
        body = batch_body(items, head)
        answer = self._authorised("POST", BATCH, content=body, headers=JSON, limit=1024 * 1024)
        return self.batch_result(items, answer, head)

    def batch_result(self, items: Sequence[tuple[str, str]], answer: Answer, head: str | None = None) -> BatchResult:
        """What the hub answered to a batch; NoAnswer unless its receipt holds and is of these very items."""
        found = _fit(BatchAnswer, answer.json())
        receipt = self._receipt(found.receipt, found.epoch, head)
        sent = {mid: jose.b64u(sha256(token.encode()).digest()) for mid, token in items}
        outcomes: dict[str, ItemOutcome] = {}
        for one in found.items:
            outcome = ItemOutcome(one.status, None if one.status in (200, 201) else problem_code(one.problem))
            proved = not outcome.stored or receipt.items.get(one.mid, ("", 0))[0] == sent.get(one.mid)
            if one.mid not in sent or one.mid in outcomes or not proved:
                raise NoAnswer("The hub's answer does not fit what was sent.")
            outcomes[one.mid] = outcome
        return BatchResult(found.epoch, outcomes, receipt)

    def send_in_parts(
        self, items: Sequence[tuple[str, str]], head: str | None = None
    ) -> Iterator[tuple[Sequence[tuple[str, str]], BatchResult]]:
        """Offer a batch, and where the line breaks under it its halves, down to single messages; yields what each
        request offered and its result, so that a bad line comes further with every one."""
        parts = [list(items)]
        while parts:
            part = parts.pop(0)
            try:
                result = self.send_batch(part, head)
            except BrokenOff:
                if len(part) == 1:
                    raise
                middle = len(part) // 2
                parts[:0] = [part[:middle], part[middle:]]
            else:
                yield part, result

    def _receipt(self, token: str, epoch: str, head: str | None) -> Receipt:
        pin = self._pinned()
        try:
            payload = jose.verify(token, self._hub_keys(pin), "scx-receipt+jws").payload
            jose.strict_json(payload)
            # JSON has no tuples: the rows are checked as tuples, strictly, from the JSON itself.
            found = ReceiptClaims.model_validate_json(payload)
        except (JoseFault, ValidationError) as fault:
            raise NoAnswer("The hub's receipt does not hold; nothing counts as sent.") from fault
        if (found.hub, found.org, found.epoch, found.head) != (pin.hub_id, self.keys.org, epoch, head):
            raise NoAnswer("The hub's receipt is of another batch; nothing counts as sent.")
        items = {mid: (digest, pos) for mid, digest, pos in found.items}
        return Receipt(token, found.hub, found.epoch, found.at, items, found.head)

    def _hub_keys(self, pin: HubPin) -> tuple[JWK, ...]:
        """The keys of the hub that was pinned, read once; a JoseFault where one of them is none."""
        if self._believed is None or self._believed[0] is not pin:
            self._believed = pin, tuple(jose.public_key(key, "sig") for key in pin.keys)
        return self._believed[1]

    def check_receipt(self, token: str, epoch: str) -> Receipt:
        """Read a receipt that was laid aside; NoAnswer unless this hub signed it under this epoch."""
        return self._receipt(token, epoch, None)

    def status(self, mids: Sequence[str]) -> dict[str, str]:
        """What became of our messages: queued, collected, expired, cancelled or unknown, by mid."""
        answer = self._authorised(
            "POST", "/v1/messages:status", content=_json({"mid": list(mids)}), headers=JSON, limit=256 * 1024
        )
        found = {item.mid: item.status for item in _fit(StatesAnswer, answer.json()).items}
        return {mid: found[mid] for mid in mids if mid in found}

    def cancel(self, mid: str) -> None:
        """Take back a message; HubRefused with code `collected` if it was fetched already."""
        found = self._signed("POST", f"/v1/messages/{quote(mid, safe='')}:cancel", b"{}", JSON, (200,)).json()
        if _fit(CancelAnswer, found).mid != mid:
            raise NoAnswer("The hub's answer is about another message.")

    def revoke(self, ctr: str) -> None:
        """End a contract at the hub: what was not collected is purged, and more is refused."""
        claims = {"ctr": ctr, "org": self.keys.org, "iat": self._wire.now()}
        token = jose.sign(jose.canonical(claims), self._own().signing, "scx-revocation+jws")
        path = f"/v1/contracts/{quote(ctr, safe='')}/revocation"
        found = self._signed("PUT", path, token.encode("ascii"), JOSE, (200,)).json()
        if _fit(RevokeAnswer, found).ctr != ctr:
            raise NoAnswer("The hub's answer is about another agreement.")

    # Fetching

    def inbox(self, cursor: str = "", wait: int = 0, limit: int = MAX_ITEMS) -> Page:
        """The messages after a cursor, waiting up to `wait` seconds for one; EpochChanged if the cursor is of
        another epoch. Where the line breaks under a page, shorter ones are asked for.
        """
        while True:
            try:
                return self._page(cursor, wait, min(limit, self._longest))
            except BrokenOff:
                if min(limit, self._longest) == 1:
                    raise
                self._longest = min(limit, self._longest) // 2

    def _page(self, cursor: str, wait: int, limit: int) -> Page:
        params = {"limit": str(limit), "wait": str(wait), **({"cursor": cursor} if cursor else {})}
        answer = self._authorised("GET", "/v1/inbox", params=params, limit=MAX_PAGE, wait=wait)
        page = _fit(Page, answer.json())
        places = [item.pos for item in page.items]
        if places != sorted(set(places)) or len(places) > limit:
            raise NoAnswer("The hub's page is out of order.")
        return page

    def ack(self, positions: Sequence[int], epoch: str | None = None) -> int:
        """Tell the hub what was taken in for good, so that it erases it; the highest position acknowledged so far."""
        value = {"pos": list(positions), **({"epoch": epoch} if epoch is not None else {})}
        return _fit(AckAnswer, self._signed("POST", "/v1/inbox:ack", _json(value), JSON, (200,)).json()).acked_through

    # Proving who we are

    def _own(self) -> OrgKeys:
        if isinstance(self.keys, OrgKeys):
            return self.keys
        raise NotAllowed("That needs the vault to be unlocked.", hint="Unlock, then try again.")

    def _pinned(self) -> HubPin:
        if self.pin is None:
            raise Refused("This organisation has not enrolled at a hub. Nothing was sent.", hint="hub enrol URL CODE")
        return self.pin

    def _bearer(self) -> str:
        token, until = self._token
        if time.monotonic() < until:
            return token
        hub_id = self._pinned().hub_id
        if not self._met:
            self.well_known()  # its clock must be known, by which it judges what we sign
        now = self._wire.now()
        claims = {"iss": self.keys.org, "sub": self.keys.org, "aud": hub_id, "iat": now, "exp": now + 120}
        assertion = jose.sign(jose.canonical({**claims, "jti": token_urlsafe(18)}), self.keys.transport, "JWT")
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self._wire.ask("POST", "/oauth2/token", content=urlencode(form).encode(), headers=headers)
        found = _fit(TokenAnswer, answer.json())
        self._token = (found.access_token, time.monotonic() + found.expires_in - 30)
        return found.access_token

    def _authorised(self, method: str, path: str, **more: Any) -> Answer:
        """Ask with a token; if the hub forgot it (it restarted), once more with a new one."""
        headers = dict(more.pop("headers", {}))
        try:
            return self._wire.ask(
                method, path, headers={**headers, "authorization": f"Bearer {self._bearer()}"}, **more
            )
        except HubRefused as fault:
            if fault.code != "invalid-token":
                raise
        self._token = (self._token[0], 0.0)
        headers["authorization"] = f"Bearer {self._bearer()}"
        return self._wire.ask(method, path, headers=headers, **more)

    def _signed(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        expect: tuple[int, ...],
        signing: JWK | None = None,
    ) -> Answer:
        """Ask with a token and a signature over this very request."""
        key = signing or self._own().signing
        self._bearer()
        claims = {
            "aud": self._pinned().hub_id,
            "htm": method,
            "htu": path,
            "sha256": jose.b64u(sha256(body).digest()),
            "iat": self._wire.now(),
            "jti": token_urlsafe(18),
        }
        signature = jose.sign(jose.canonical(claims), key, "scx-request+jws")
        return self._authorised(
            method, path, content=body, headers={**headers, "scx-signature": signature}, expect=expect
        )


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value)


def _fit(kind: type[M], value: dict[str, Any]) -> M:
    """The answer as the kind that was asked for; NoAnswer if it does not fit."""
    try:
        return kind.model_validate(value)
    except ValidationError as fault:
        raise NoAnswer("The hub's answer is not written as it must be.") from fault
