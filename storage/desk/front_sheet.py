"""Write a child's front sheet, line by line, and hold every outward copy to what it says (R-08)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from practice.acts import FrontSheetLine, ShareHeld, build
from practice.errors import Refused
from practice.front_sheet import FrontSection, heed_code, missing
from practice.text import has_control
from storage import outbox
from storage.ids import new_id
from storage.types import utc_text
from storage.views import children, front_sheet, sharing
from storage.views.sharing import ShareRow

if TYPE_CHECKING:
    from storage.vault import Unit, Vault

HELD = "The front sheet now says who must not be told: read it, and approve this anew."
FIELDS = ("name", "role", "agency", "contact", "words", "since", "until", "child")


def add_line(vault: Vault, child_id: str, section: str, **fields: Any) -> str:
    """Add a line to a child's front sheet and return the line's id.

    `fields` are name, role, agency, contact, words, since and until (`YYYY-MM-DD`), and `child`, the id of a
    connected child. Raises Refused where the section lacks what it must say.
    """
    child_id = children.known(vault, child_id)
    line = new_id()
    body = _body(vault, {"line": line, "section": section, **fields})
    _record(vault, body, child_id)
    return line


def change_line(vault: Vault, line: str, *, sees: str = "", **fields: Any) -> str:
    """Write a new version of a line: the fields that are named change, the others stay; returns the line's id.

    `sees` is the version that the person had before them, where that may not be the newest any more.
    """
    stands = front_sheet.get(vault, sees or line)
    now = {
        "name": stands.name,
        "role": stands.role,
        "agency": stands.agency,
        "contact": stands.contact,
        "words": stands.words,
        "since": stands.since.isoformat() if stands.since else None,
        "until": stands.until.isoformat() if stands.until else None,
        "child": stands.other_child,
    }
    body = _body(vault, {"line": stands.line, "section": stands.section, **now, **fields, "sees": stands.act_id})
    _record(vault, body, stands.child_id)
    return stands.line


def end_line(vault: Vault, line: str, reason: str) -> str:
    """Take a line from the front sheet, with the reason; every version of it stays readable."""
    stands = front_sheet.get(vault, line)
    if not reason.strip():
        raise Refused("Why does it no longer hold? Nothing was changed.", hint="Give the reason in one sentence.")
    fields = {
        "line": stands.line,
        "section": stands.section,
        "name": stands.name,
        "role": stands.role,
        "words": stands.words,
        "sees": stands.act_id,
        "ended": True,
        "reason": reason,
    }
    vault.record(build(FrontSheetLine, fields), child=stands.child_id)
    return stands.line


def _record(vault: Vault, body: FrontSheetLine, child_id: str) -> None:
    """Record a line; one that says who must not be told holds at once what was approved before and has not left."""
    with vault.write() as unit:
        unit.record(body, child=child_id)
        if str(body.section) == FrontSection.MUST_NOT_BE_TOLD.value:
            for share in sharing.shares(vault, child_id=child_id, states=["queued", "agreed"]):
                hold_back(vault, unit, share)


def hold_back(vault: Vault, unit: Unit, share: ShareRow) -> bool:
    """Hold an approved share that has not left, in the open transaction, until it is read and approved anew.

    Its sealed copy goes, so that a locked machine cannot deliver it. Returns False for one that may have left already.
    """
    messages = outbox.of_share(unit.connection, share.id) if share.state == "queued" else []
    waiting = [each for each in messages if each.state == "queued"]
    if any(each.attempts for each in waiting) or (share.state == "queued" and not waiting):
        return False
    for message in waiting:
        with suppress(FileNotFoundError):
            (vault.folder / "spool" / "outbox" / message.mid).unlink()
        outbox.mark(unit.connection, message.mid, "withheld", utc_text(vault.clock()), HELD)
    held = build(ShareHeld, {"share": share.id, "reason": HELD})
    unit.record(held, child=share.child_id or None, entry=share.entry_id)
    return True


def recheck(vault: Vault) -> int:
    """Hold what was approved before somebody else wrote who must not be told, such as on another machine; how many.

    A share was approved with the code of what the front sheet said then; where it now says that somebody must not be
    told and reads otherwise, a person reads it again first (R-08).
    """
    with vault.read():
        waiting = sharing.shares(vault, states=["queued"])
        codes = {child: _code_now(vault, child) for child in {share.child_id for share in waiting}}
    count = 0
    for share in waiting:
        if codes[share.child_id] not in (None, share.heeded):
            with vault.write() as unit:
                count += hold_back(vault, unit, share)
    return count


def _code_now(vault: Vault, child_id: str) -> str | None:
    """Return the code of what a front sheet says now, or None where it names nobody who must not be told."""
    sections = {line.section for line in front_sheet.lines(vault, child_id)}
    if FrontSection.MUST_NOT_BE_TOLD not in sections:
        return None
    return heed_code(front_sheet.read_out(vault, child_id))


def _body(vault: Vault, fields: dict[str, Any]) -> FrontSheetLine:
    section = str(fields["section"])
    if section not in set(FrontSection):
        raise Refused(
            f"«{section}» is no part of a front sheet. Nothing was recorded.",
            hint="Choose one of: " + ", ".join(FrontSection) + ".",
        )
    if any(has_control(value) for name, value in fields.items() if isinstance(value, str) and name != "words"):
        raise Refused("The line holds characters that cannot be shown. Nothing was recorded.")
    if other := str(fields.get("child") or ""):
        row = children.get(vault, children.known(vault, other))
        fields = {**fields, "name": fields.get("name") or row.name}
    if lacks := missing(section, fields):
        raise Refused(f"The line does not say {lacks} yet. Nothing was recorded.", hint="Fill that in, then record it.")
    since, until = fields.get("since"), fields.get("until")
    if since and until and since > until:
        raise Refused("It would end before it begins. Nothing was recorded.", hint="Look at both days.")
    body: FrontSheetLine = build(FrontSheetLine, fields)
    return body


def check_heeded(vault: Vault, child_ids: Sequence[str], heeded: str, done: str = "Nothing went out.") -> str:
    """Hold an outward copy until a person has read who must not be told; return the code of what they read.

    `heeded` is that code. Raises Refused, with the sentences and the code, where it is not of what stands now.
    """
    said: list[str] = []
    for child_id in dict.fromkeys(child_ids):
        said += front_sheet.read_out(vault, child_id)
    code = heed_code(said)
    if code and heeded.strip().lower() != code:
        changed = "has changed since you read it" if heeded.strip() else "says what must be read before a copy goes out"
        raise Refused(
            f"The front sheet {changed}. {' '.join(said)} {done}",
            hint=f"Read it, make sure that the copy reaches none of them, then say so with its code, {code}.",
        )
    return code
