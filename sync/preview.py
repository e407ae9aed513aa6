"""The exact bytes of a share, and the same as a person reads it before approving (R-65)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from practice.dates import Occurred, day_words, in_words, time_words
from practice.errors import Refused
from practice.glossary import masks_in
from practice.organisations import role_words
from practice.received import received_occurred
from practice.text import visible
from practice.vocabulary import ConcernCategory, EntryKind, LawfulBasis, PartnerKind, Significance, label_of
from storage.types import from_utc_text, utc_text
from storage.views import arrivals, children, glossary, record
from storage.views.record_rows import EntryRow
from storage.views.sharing import ContractRow, PartnerRow
from sync.bodies import EntryBody
from sync.envelope import MAX_ENVELOPE

if TYPE_CHECKING:
    from storage.vault import Vault

_CODE = re.compile(r"[a-z0-9_]{0,60}")
CASE = (
    "Under the child's case with them: once they have confirmed which child it is, it stands in that record by itself"
)
ON_SHARE = {"never": "never", "ask": "only when they have asked you", "yes": "yes"}
_OTHERS = re.compile(r"[^a-z0-9_]+")


def entry_body(vault: Vault, entry: EntryRow, case: str = "", *, to: str = "", on_share: str = "ask") -> dict[str, Any]:
    """Return the body of an entry's message (protocol: §3); raises Refused where the entry cannot be sent whole.

    `case` is the number under which both sides know the child, blank where there is none yet; `to` the organisation
    that receives it, which alone is told which of its own entries this one answers; `on_share` what it may do with it.
    """
    child = children.get(vault, entry.child_id)
    when = entry.occurred
    occurred = {"text": when.text, "start": when.start, "end": when.end, "precision": str(when.precision)}
    concern = record.logged(vault, entry.id)
    school = vault.school
    action = entry.action
    if concern.immediate_action and concern.immediate_action != action:
        action = "\n\n".join(part for part in (concern.immediate_action, action) if part)
    body: dict[str, Any] = {
        "occurred": occurred,
        "recorded_at": utc_text(entry.recorded_at),
        "source": entry.agency or school.name,
        "kind": code(entry.kind),
        "significance": code(entry.significance),
        "categories": [code(each) for each in (entry.category, *entry.further_categories) if each],
        "event": entry.text,
        "childs_voice": entry.childs_words,
        "impact": entry.impact,
        "action": action,
        "outcome": entry.outcome,
        "author_role": _author_role(vault, entry.id, school.organisation),
        "approved_by_role": role_words(vault.person.role, school.organisation),
        "child": {
            "name": child.name,
            "date_of_birth": child.date_of_birth.isoformat() if child.date_of_birth else None,
        },
    }
    body["on_share"] = on_share
    if case:
        body["case"] = case
    if concern.police_at is not None:
        at = concern.police_at
        body["police_at"] = {"text": "", "start": at.start, "end": at.end, "precision": str(at.precision)}
    for item in arrivals.items(vault, item_id=concern.answers) if concern.answers else []:
        body |= {"answers": item.eid} if item.org == to else {}
    hidden = glossary.outward(vault, child.id)
    for name in ("source", "event", "childs_voice", "impact", "action", "outcome"):
        body[name] = hidden.anonymise(str(body[name]))
    occurred["text"] = hidden.anonymise(occurred["text"] or "")
    try:
        EntryBody.model_validate(body)
    except ValidationError as error:
        where = " ".join(str(part) for part in error.errors()[0]["loc"]).replace("_", " ")
        raise Refused(f"This entry cannot be sent as it stands: its {where} does not fit. Nothing was sent.") from None
    return body


def code(text: str) -> str:
    """Return a code as it may travel: a school's own category in small letters and underscores."""
    return text if _CODE.fullmatch(text) else _OTHERS.sub("_", text.lower()).strip("_")[:60]


def _author_role(vault: Vault, entry_id: str, organisation: str) -> str:
    statement = "SELECT people.role FROM people JOIN entries ON entries.author = people.id WHERE entries.id = ?"
    with vault.read() as connection:
        return role_words(connection.exec_driver_sql(statement, (entry_id,)).scalar(), organisation)


def check_size(payload: bytes) -> None:
    """Raise Refused where these bytes would not fit an envelope once signed and sealed (two rounds of base64)."""
    if len(payload) * 16 // 9 + 4096 > MAX_ENVELOPE:
        raise Refused(
            f"This entry is too long to send: {len(payload):,} bytes with its fields. Nothing was sent.",
            hint="Shorten it, or send the long part by another way and say so in the entry.",
        )


def _recorded(body: dict[str, Any]) -> str:
    """Return when the entry was recorded, in local words."""
    moment = from_utc_text(body["recorded_at"]).astimezone()
    return f"{day_words(moment.date())}, {time_words(moment)}"


def page(
    payload: str,
    partner: PartnerRow,
    contract: ContractRow | None,
    caution: str,
    read_first: Sequence[str] = (),
    basis: str = "",
) -> str:
    """Return the frozen bytes as plain lines for reading: to whom, why, about whom, what, and what is masked.

    `basis` is the lawful basis by which it was approved; blank before. `read_first` stands above them: who must not be
    told, from the child's front sheet (R-08). It does not leave.
    """
    claims = json.loads(payload)
    body = claims["body"]
    child = body["child"]
    warned = ["Read first, from the front sheet (this does not leave):", *read_first, ""] if read_first else []
    lines = [
        *warned,
        f"To: {visible(partner.name)} ({label_of(PartnerKind, partner.kind)}), {partner.org}",
        *_purpose(contract, basis),
        *([f"Corrects what was sent before, because: {visible(body['reason'])}"] if body.get("reason") else []),
        f"About: {visible(child['name'])}, {_born(child['date_of_birth'])}",
        *([CASE] if body.get("case") else []),
        *(["Asks about, or answers, an entry of theirs"] if body.get("answers") else []),
        f"When it happened: {_when(body)}",
        f"Recorded: {_recorded(body)} by {visible(body['author_role'] or 'a member of staff')}",
        f"Source: {visible(body['source'])}",
        f"Kind: {label_of(EntryKind, body['kind'])}",
        f"They may share it on: {ON_SHARE[body.get('on_share', 'ask')]}",
    ]
    if body["categories"]:
        lines.append("About what: " + ", ".join(label_of(ConcernCategory, each) for each in body["categories"]))
    if body["significance"]:
        lines.append(f"Significance: {label_of(Significance, body['significance'])}")
    long = (("event", "What happened"), ("childs_voice", "The child's own words"), ("action", "Action taken"))
    for name, heading in (*long, ("impact", "Impact on the child"), ("outcome", "Outcome")):
        if body[name]:
            lines += ["", f"{heading}:", visible(body[name])]
    masks = masks_in("\n".join(str(body[name]) for name in ("event", "childs_voice", "action", "impact", "outcome")))
    lines += ["", f"Masked: {', '.join(masks) or 'nothing'}."]
    if caution:
        lines += ["", f"Caution: {caution}"]
    return "\n".join(lines)


def _purpose(contract: ContractRow | None, basis: str) -> list[str]:
    if contract is None and basis:
        return [f"Purpose: a single share, without an agreement; approved as: {label_of(LawfulBasis, basis)}"]
    if contract is None:
        return ["Purpose: a single share, without an agreement; the lawful basis is chosen when it is approved"]
    return [
        f"Purpose: {visible(contract.purpose)}",
        f"Lawful basis of the agreement: {label_of(LawfulBasis, contract.basis)}; review {day_words(contract.review)}",
    ]


def _born(date_of_birth: str | None) -> str:
    from datetime import date

    return f"born {day_words(date.fromisoformat(date_of_birth))}" if date_of_birth else "date of birth not known"


def _when(body: dict[str, Any]) -> str:
    occurred: Occurred = received_occurred(body)
    reading = in_words(occurred)
    written = visible(occurred.text)
    return reading if not written or written in reading else f"{reading} (written «{written}»)"
