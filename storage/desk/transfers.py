"""Send a leaver's file to the next school and keep its receipt; take in a file that came (R-50 to R-56)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.acts import (
    TransferChanged,
    TransferEffort,
    TransferEnded,
    TransferOpened,
    TransferReceived,
    TransferReviewed,
    TransferSent,
    build,
)
from practice.errors import Refused
from storage.ids import new_id
from storage.ledger import Draft
from storage.views import children, record
from storage.views.transfers import TransferRow, get, transfers

if TYPE_CHECKING:
    from storage.documents.export import CopyMade
    from storage.vault import Vault

FILES = ("record.pdf", "record.json", "chronology.pdf")
"""What a transfer's own folder holds: the whole record twice, and the chosen chronology as its summary (R-52)."""
SIZE_LIMIT = 512 * 1024 * 1024


def _today(vault: Vault) -> date:
    return vault.clock().astimezone().date()


def open_(
    vault: Vault, child_id: str, leaving: date, *, school: str = "", dsl: str = "", contact: str = ""
) -> TransferRow:
    """Open the transfer of a child who leaves or left; raises Refused where one is open already."""
    child = children.get(vault, child_id)
    if any(row.direction == "out" for row in transfers(vault, child_id=child.id)):
        raise Refused("A transfer of this child's file is open already. Nothing was recorded.")
    if not record.count(vault, child.id):
        raise Refused("This child has no safeguarding record, so there is no file to send. Nothing was recorded.")
    ident = new_id()
    fields = {"leaving": leaving.isoformat(), "school": school, "dsl": dsl, "contact": contact}
    vault.record(build(TransferOpened, fields), child=child.id, entry=ident)
    return get(vault, ident)


def came(vault: Vault, child_id: str, came_on: date, school: str, dsl: str = "") -> TransferRow:
    """Note that a file came for a child from the school before; its receipt is to be given, and it is to be read."""
    child = children.get(vault, child_id)
    if not school.strip():
        raise Refused("Which school sent it? Nothing was recorded yet.")
    ident = new_id()
    fields = {"direction": "in", "leaving": came_on.isoformat(), "school": school, "dsl": dsl}
    vault.record(build(TransferOpened, fields), child=child.id, entry=ident)
    return get(vault, ident)


def drafts_for_leavers(vault: Vault, leavers: Iterable[tuple[str, date | None]]) -> list[Draft]:
    """Return what opens a transfer for each leaver who has any record and none open; the day is today's if unknown."""
    open_now = {row.child_id for row in transfers(vault) if row.direction == "out"}
    found = []
    for child_id, day in leavers:
        if child_id not in open_now and record.count(vault, child_id):
            fields = {"leaving": (day or _today(vault)).isoformat(), "by_roll": True}
            found.append(Draft(build(TransferOpened, fields), child_id, new_id()))
    return found


def _open(vault: Vault, transfer_id: str) -> TransferRow:
    found = get(vault, transfer_id)
    if not found.open:
        raise Refused("This transfer is over. Nothing was changed.")
    return found


def change(vault: Vault, transfer_id: str, *, reason: str = "", **changes: Any) -> TransferRow:
    """Change a transfer: leaving (a `date`), school, dsl, contact, in_advance, no_destination."""
    found = _open(vault, transfer_id)
    fields = {name: value for name, value in changes.items() if value is not None}
    if not fields:
        raise Refused("What is otherwise now? Nothing was changed.")
    if fields.get("school", "").strip() and "no_destination" not in fields:
        fields["no_destination"] = False
    fields = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    vault.record(build(TransferChanged, {**fields, "reason": reason}), child=found.child_id, entry=found.id)
    return get(vault, found.id)


def effort(vault: Vault, transfer_id: str, who: str, what: str, on: date | None = None) -> TransferRow:
    """Log what was done to find where the child is (R-56)."""
    found = _open(vault, transfer_id)
    if not who.strip() or not what.strip():
        raise Refused("Who was asked, and what came of it? Nothing was recorded yet.")
    fields = {"on": (on or _today(vault)).isoformat(), "who": who, "what": what}
    vault.record(build(TransferEffort, fields), child=found.child_id, entry=found.id)
    return get(vault, found.id)


def pack(vault: Vault, transfer_id: str, folder: Path, *, heeded: str = "") -> list[CopyMade]:
    """Write the copies that go into an empty folder: the whole record as PDF and JSON, and the chronology on top.

    Raises Refused where the folder holds something already, so that nothing else goes with it.
    """
    from storage.documents.export import export
    from storage.documents.gather import Wanted

    found = _open(vault, transfer_id)
    folder = folder.expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused("That folder holds something already. Nothing went out.", hint="Name a new one.")
    if not folder.parent.is_dir():
        raise Refused("That folder's own folder is not there. Nothing went out.")
    made_here = not folder.exists()
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        return [
            export(vault, Wanted(found.child_id, name.partition(".")[0]), folder / name, heeded=heeded)
            for name in FILES
        ]
    except BaseException:
        if made_here and not any(folder.iterdir()):
            folder.rmdir()
        raise


def contents_of(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the list of what goes: each file's name, SHA-256 and size; raises Refused for one that cannot be read."""
    found = []
    for path in (each.expanduser() for each in paths):
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise Refused("A file is larger than 512 MiB. Nothing was recorded.")
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            found.append({"name": path.name, "sha256": digest, "size": path.stat().st_size})
        except OSError as error:
            raise Refused(f"A file cannot be read ({type(error).__name__}). Nothing was recorded.") from None
    return found


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder that go, in the order of their names."""
    try:
        return sorted(path for path in folder.expanduser().iterdir() if path.is_file())
    except OSError as error:
        raise Refused(f"That folder cannot be read ({type(error).__name__}). Nothing was recorded.") from None


def sent(
    vault: Vault,
    transfer_id: str,
    paths: Sequence[Path],
    method: str,
    *,
    school: str = "",
    dsl: str = "",
    sent_by: str = "",
    sent_on: date | None = None,
) -> TransferRow:
    """Record that the file went: to which school and whom there, how, and what it was with its hashes (R-51)."""
    found = _open(vault, transfer_id)
    if found.direction != "out":
        raise Refused("This file came here: it is receipted and read, not sent. Nothing was recorded.")
    school, dsl = school.strip() or found.school, dsl.strip() or found.dsl
    lacks = [
        words for words, text in (("which school", school), ("who there", dsl), ("how", method)) if not text.strip()
    ]
    if not paths:
        lacks.append("which files")
    if lacks:
        raise Refused(f"It does not say {', '.join(lacks)} yet. Nothing was recorded.")
    today = _today(vault)
    if sent_on and sent_on > today:
        raise Refused("That day lies ahead. Nothing was recorded.")
    fields = {
        "sent_on": (sent_on or today).isoformat(),
        "school": school,
        "dsl": dsl,
        "method": method,
        "sent_by": sent_by.strip() or vault.person.name,
        "contents": contents_of(paths),
        "entries": record.count(vault, found.child_id),
    }
    vault.record(build(TransferSent, fields), child=found.child_id, entry=found.id)
    return get(vault, found.id)


def received(
    vault: Vault, transfer_id: str, name: str, role: str, how: str, received_on: date | None = None
) -> TransferRow:
    """Record the receipt: who confirmed it, in which role, when and how; of a file that came, the one we gave."""
    found = _open(vault, transfer_id)
    if found.direction == "out" and found.state == "open":
        raise Refused("The file was not sent yet. Nothing was recorded.")
    if found.state == "receipted":
        raise Refused("Its receipt was given already. Nothing was recorded.")
    lacks = [words for words, text in (("who", name), ("in which role", role), ("how", how)) if not text.strip()]
    if lacks:
        raise Refused(f"The receipt does not say {', '.join(lacks)} yet. Nothing was recorded.")
    today = _today(vault)
    day = received_on or today
    if day > today or (found.sent and day.isoformat() < found.sent["sent_on"]):
        raise Refused("The receipt's day lies ahead, or before the file was sent. Nothing was recorded.")
    fields = {"name": name, "role": role, "received_on": day.isoformat(), "how": how}
    vault.record(build(TransferReceived, fields), child=found.child_id, entry=found.id)
    return get(vault, found.id)


def reviewed(vault: Vault, transfer_id: str, told: str, note: str = "") -> TransferRow:
    """Record that a file which came was read, and who was told (R-55)."""
    found = _open(vault, transfer_id)
    if found.direction != "in" or found.state != "receipted":
        raise Refused(
            "Only a file that came, and of which the receipt was given, is noted as read. Nothing was recorded."
        )
    if not told.strip():
        raise Refused("Who was told? Nothing was recorded yet.", hint="Where nobody must be, write that.")
    vault.record(build(TransferReviewed, {"told": told, "note": note}), child=found.child_id, entry=found.id)
    return get(vault, found.id)


def end(vault: Vault, transfer_id: str, reason: str) -> TransferRow:
    """End a transfer of which nothing was sent: the child came back, or the wrong child was marked as leaving."""
    found = _open(vault, transfer_id)
    if found.state == "sent":
        raise Refused("The file was sent: it is done once its receipt is in. Nothing was changed.")
    if not reason.strip():
        raise Refused("Why does no file go? Nothing was changed yet.")
    vault.record(build(TransferEnded, {"reason": reason}), child=found.child_id, entry=found.id)
    return get(vault, found.id)
