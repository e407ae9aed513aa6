"""HTTP to a hub that may be down, slow, foreign or hostile: sizes and times are bounded, and only what was asked for
is believed.

A login page, a cut answer or a page of 100 MB is the same to us as no answer: nothing changes, and the work stays
queued.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from practice.errors import HubUnreachable, Refused
from sync.hub import jose
from sync.hub.jose import JoseFault

if TYPE_CHECKING:
    import ssl

    import httpx

MAX_ANSWER = 64 * 1024
WHOLE_ANSWER_SECONDS = 120
IDLE_SECONDS = 3
"""How long a connection is kept for the next request: less than a hub keeps one, which would hang up on us."""
LATER = "Nothing was lost: what was to be sent stays queued. Try again later."


class NoAnswer(HubUnreachable):
    """The hub gave no answer that can be used; `retry_after` is the seconds it asked us to wait, if it did."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message, title="The hub could not be reached", hint=LATER)
        self.retry_after = retry_after


class BrokenOff(NoAnswer):
    """The line broke while something was on it: a smaller piece may get through."""


class HubRefused(Refused):
    """The hub answered, and said no; `code` is its problem's code, `http_status` its status."""

    def __init__(self, http_status: int, code: str, message: str, epoch: str = "") -> None:
        super().__init__(message, title="The hub refused that", hint="Nothing was changed.")
        self.http_status = http_status
        self.code = code
        self.epoch = epoch


class EpochChanged(HubRefused):
    """The hub was restored from a backup: start again from an empty cursor under the new `epoch` (rule 5)."""


@dataclass(frozen=True)
class Answer:
    """A whole answer of a status that the asker expects."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The JSON object in it; NoAnswer if it is another thing."""
        if _content_type(self.headers) != "application/json":
            raise NoAnswer("What answered is not the hub; perhaps a login page of the network.")
        try:
            return jose.strict_json(self.body)
        except JoseFault as fault:
            raise NoAnswer("The hub's answer was cut short or damaged on the way.") from fault


def checked_url(url: str) -> str:
    """The hub's address without a slash at its end; Refused unless it is https, or http on this machine itself."""
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    plain = parts.scheme == "http" and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain) or parts.username or parts.query or parts.fragment:
        raise Refused(
            "That is not an address of a hub: it must begin with https://. Nothing was sent.",
            hint="Plain http is used only for a hub on this machine.",
        )
    return url.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """Return who is trusted to vouch for a hub: read once in a process, since reading them all takes 20 ms and more."""
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)


class Wire:
    """One connection pool to one hub. It keeps the difference of clocks that the hub's Date header shows, in
    seconds.
    """

    def __init__(
        self, base_url: str, transport: httpx.BaseTransport | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        # httpx loads a terminal library if one is installed, so it is loaded where it is used.
        import httpx

        self.url = checked_url(base_url)
        self.clock = clock
        self.clock_offset = 0.0
        trust_env = not is_loopback(urlsplit(self.url).hostname or "")
        self._client = httpx.Client(
            transport=transport,
            verify=trusted(trust_env=trust_env),
            timeout=httpx.Timeout(30, connect=10),
            limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
            follow_redirects=False,
            trust_env=trust_env,
            headers={"accept-encoding": "identity", "accept": "application/json, application/jose"},
        )

    def close(self) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        expect: tuple[int, ...] = (200,),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
        wait: int = 0,
    ) -> Answer:
        """One request and its whole answer, at most `limit` bytes; NoAnswer or HubRefused otherwise."""
        import httpx

        started = time.monotonic()
        timeout = httpx.Timeout(30 + wait, connect=10)
        try:
            with self._client.stream(
                method, self.url + path, content=content, headers=headers, params=params, timeout=timeout
            ) as response:
                # Nothing compressed was asked for, and nothing compressed is unpacked.
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise NoAnswer("What answered is not the hub; perhaps a login page of the network.")
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > limit or time.monotonic() - started > WHOLE_ANSWER_SECONDS + wait:
                        raise NoAnswer("What answered sent far more than the hub would, or far too slowly.")
                answer = Answer(response.status_code, response.headers, bytes(body))
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as fault:
            raise BrokenOff("The line to the hub broke off.") from fault
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as fault:
            raise NoAnswer("The hub could not be reached.") from fault
        self._compare_clocks(answer.headers.get("date"))
        if answer.status in expect:
            return answer
        raise _refusal(answer)

    def now(self) -> int:
        """Unix seconds as the hub counts them."""
        return int(self.clock() + self.clock_offset)

    def _compare_clocks(self, date: str | None) -> None:
        try:
            if date is not None:
                self.clock_offset = parsedate_to_datetime(date).timestamp() - self.clock()
        except (ValueError, OverflowError):
            self.clock_offset = 0.0


def _refusal(answer: Answer) -> HubUnreachable | HubRefused:
    """What an unexpected status means: try later, or a reasoned no; a no that the hub did not word is no answer."""
    if answer.status == 429 or answer.status >= 500:
        asked = answer.headers.get("retry-after", "")
        wait = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else None
        return NoAnswer("The hub is busy or has a fault.", wait)
    if _content_type(answer.headers) != "application/problem+json":
        return NoAnswer("What answered is not the hub; perhaps a login page of the network.")
    try:
        found = jose.strict_json(answer.body)
    except JoseFault:
        return NoAnswer("The hub's answer was cut short or damaged on the way.")
    code = problem_code(found)
    if code == "cursor-epoch":
        return EpochChanged(
            answer.status, code, "The hub was restored from a backup.", str(found.get("epoch", ""))[:64]
        )
    return HubRefused(answer.status, code, SENTENCES.get(code, f"The hub refused that ({code})."))


def problem_code(found: object) -> str:
    """The short code of problem details, with nothing in it but letters and hyphens; `unknown` if there is none."""
    code = found.get("code") if isinstance(found, dict) else None
    good = isinstance(code, str) and len(code) <= 40 and code.isascii() and code.replace("-", "").isalnum()
    return str(code) if good else "unknown"


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


SENTENCES = {
    "invite": "This invite code is not valid, was used already, or is for another organisation: ask whoever runs the "
    "hub for a new one.",
    "invalid-client": "The hub does not know this organisation's key, or the clocks differ by over 5 minutes.",
    "invalid-token": "The hub does not take this organisation's token.",
    "signature-required": "The hub did not take the signature of this request.",
    "unknown-organisation": "That organisation is not enrolled at this hub.",
    "unknown-recipient": "That organisation is not enrolled at this hub.",
    "recipient-closed": "That organisation no longer takes messages at this hub.",
    "contract-revoked": "This agreement has ended; the hub takes nothing more under it.",
    "collected": "This message was already collected; it can only be withdrawn.",
    "serial": "The hub knows a newer key set.",
    "precondition": "The key set at the hub was changed meanwhile.",
    "identity-changed": "A new identity key needs a new invite code.",
    "other-bytes": "Another message was stored under this id.",
    "forged-sender": "The hub refused this message: it names another sender.",
    "too-large": "The hub refused this message: it is too long.",
    "expired": "This message had expired before it arrived.",
}
