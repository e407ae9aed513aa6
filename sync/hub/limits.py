"""What a hub allows, and how it says no (protocol: §2; RFC 9457)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sync.hub.jose import MAX_ENVELOPE


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds unless the name says otherwise."""

    envelope: int = MAX_ENVELOPE
    batch_items: int = 100
    batch_bytes: int = 1024 * 1024
    page_items: int = 100
    page_bytes: int = 4 * 1024 * 1024
    key_set_bytes: int = 32 * 1024
    wait: int = 25
    head_seconds: float = 20
    body_seconds: int = 60
    requests_per_minute: int = 6000
    retention_days: int = 30
    ledger_days: int = 400

    def public(self) -> dict[str, int]:
        """What the well-known document says of them."""
        shown = ("envelope", "batch_items", "batch_bytes", "page_items", "page_bytes", "wait", "requests_per_minute")
        return {name: value for name, value in asdict(self).items() if name in shown}


class Problem(Exception):
    """An answer that is no: an HTTP status, a short code, one sentence without any content of a message."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None, **more: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.more = more

    def to_json(self) -> dict[str, Any]:
        """The problem details of RFC 9457, with our `code` beside them."""
        kind = f"urn:scx:problem:{self.code}"
        return {"type": kind, "title": self.detail, "status": self.status, "code": self.code, **self.more}
