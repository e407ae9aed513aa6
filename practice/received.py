"""A partner's entry, read into the same fields as one of our own (protocol: §3)."""

from __future__ import annotations

import json
from typing import Any

from practice.acts import ConcernLogged
from practice.dates import Occurred
from practice.errors import Refused
from practice.vocabulary import Precision


def read_payload(payload: str) -> dict[str, Any]:
    """Return the signed claims of a message; raises Refused where they are not an object with a body."""
    try:
        claims = json.loads(payload)
    except ValueError:
        claims = None
    if not isinstance(claims, dict) or not isinstance(claims.get("body"), dict):
        raise Refused("The partner's message is not of the agreed form. Nothing was taken in.")
    return claims


def received_occurred(body: dict[str, Any]) -> Occurred:
    """Return when a partner's entry happened; a date that does not hold together is kept as its words alone."""
    stated = body.get("occurred")
    fields = stated if isinstance(stated, dict) else {}
    try:
        return Occurred.model_validate({name: fields.get(name) for name in ("text", "start", "end", "precision")})
    except ValueError:
        return Occurred(text=str(fields.get("text") or "")[:200], precision=Precision.UNKNOWN)


def on_share_of(payload: str) -> str:
    """Return its owner's rule for sharing a partner's entry on: never, ask or yes; ask where they said nothing."""
    rule = read_payload(payload)["body"].get("on_share")
    return rule if rule in ("never", "ask", "yes") else "ask"


def answers_of(payload: str) -> str:
    """Return the id of the entry of ours that a partner's one asks about or answers; blank where it stands alone."""
    return str(read_payload(payload)["body"].get("answers") or "")[:64]


def received_entry(payload: str) -> ConcernLogged:
    """Return a partner's entry as fields of the record, its own words unchanged."""
    body = read_payload(payload)["body"]

    def words(name: str, limit: int = 400) -> str:
        return str(body.get(name) or "")[:limit]

    return ConcernLogged(
        entry_kind=words("kind") or "agency_contact",
        text=str(body.get("event") or ""),
        childs_words=str(body.get("childs_voice") or ""),
        occurred=received_occurred(body),
        how_known="other_agency",
        category=next((str(each)[:400] for each in body.get("categories") or []), ""),
        further_categories=tuple(str(each)[:400] for each in (body.get("categories") or [])[1:20]),
        immediate_action=str(body.get("action") or ""),
        police_at=received_occurred({"occurred": body["police_at"]})
        if isinstance(body.get("police_at"), dict)
        else None,
        answers=words("answers", 64),
    )
