"""Erase a child's record: proposed by one person, agreed to by another, carried out whole or not at all (R-110)."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import Erased, ErasureEnded, ErasureProposed, ErasureRepeated, MinuteKept, build, read_body
from practice.acts.erasure import ACTS_IN_ONE
from practice.erasure import STAYS
from practice.errors import NotAllowed, NotFound, Refused
from practice.minutes import pages_of, without_child
from practice.names import fold
from practice.roles import finds_only_given
from storage import erasing, erasure_log, notes
from storage.desk.retention import standing
from storage.ledger import Draft
from storage.replication import waiting
from storage.types import from_utc_text, utc_text
from storage.views import children, erasures, sharing
from storage.views.children import ChildRow
from storage.views.erasures import ErasureRow

if TYPE_CHECKING:
    from storage.drafts import Draft as KeptDraft
    from storage.vault import Unit, Vault

_KIND_WORDS = {
    "front_sheet_line": "another child's front sheet",
    "glossary_term_set": "another child's glossary",
    "supervision_held": "a note of supervision",
    "minute_kept": "the minute of a review session",
    "session_ended": "the minute of a review session",
    "report_arrived": "a sealed report that stands in no record",
    "item_arrived": "an entry that a partner sent and nobody matched",
}


@dataclass(frozen=True)
class Copy:
    """A backup that still holds what was erased; `there` is False where its place cannot be looked at now."""

    place: str
    made_at: datetime | None
    there: bool


@dataclass(frozen=True)
class Left:
    """What an erasure does not reach: the child's name elsewhere in the record, backups, and partners."""

    named: tuple[tuple[str, int], ...]
    copies: tuple[Copy, ...]
    already_with: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """What was erased: how many acts lost their words, and what an erasure does not reach."""

    acts: int
    left: Left


def reached(_step: str) -> None:
    """Do nothing: a place where a test may end the work."""


# -- proposing ---------------------------------------------------------------------------------------------------------


def propose(vault: Vault, child_id: str, basis: str, reason: str) -> str:
    """Propose that a child's record be erased; return the proposal's id. It stands whole until another person agrees.

    Raises Refused, with every obstacle, where it may not be erased.
    """
    if not reason.strip():
        raise Refused(
            "An erasure needs its reason. Nothing was changed.",
            hint="Write who looked at the record, and why it need not be kept. Do not write the child's name.",
        )
    found = standing(vault, child_id, basis)
    if found.proposal is not None:
        raise Refused("Its erasure is proposed already. Nothing was changed.", hint="Another person agrees, or not.")
    _check(found.obstacles)
    _check_words(reason, found.child)
    return vault.record(build(ErasureProposed, {"basis": basis, "reason": reason}), child=found.child.id).id


def keep(vault: Vault, child_id: str, reason: str) -> str:
    """Take a proposal back: the record is kept, with the reason; return the child's id."""
    row = _open(vault, child_id)
    if not reason.strip():
        raise Refused("Why is the record kept? Nothing was changed.", hint="Write why in one sentence.")
    vault.record(build(ErasureEnded, {"proposal": row.proposal, "reason": reason}), child=row.child_id)
    return row.child_id


def _check(found: Sequence[str]) -> None:
    if found:
        raise Refused(f"This record may not be erased. {' '.join(found)} Nothing was changed.")


def _check_words(reason: str, child: ChildRow) -> None:
    words = f" {fold(reason)} "
    if any(fold(name) and f" {fold(name)} " in words for name in child.names):
        raise Refused(
            "The reason holds the child's name, and it stays when the record is gone. Nothing was changed.",
            hint="Write it without the name.",
        )


def _open(vault: Vault, child_id: str) -> ErasureRow:
    found = erasures.rows(vault, child_id=child_id, states=["proposed"])
    if not found:
        raise NotFound(
            "No erasure of that record is proposed. Nothing was changed.",
            hint="dsl-console children retention lists what is.",
        )
    return found[0]


# -- carrying out ------------------------------------------------------------------------------------------------------


def agree(vault: Vault, child_id: str, typed: str) -> Done:
    """Agree, as a second person, that a child's record be erased, and erase it; `typed` is the child's name, typed.

    It is one transaction: a crash leaves the whole record or none of it. Raises NotFound where nothing is proposed,
    NotAllowed for who proposed it, Refused for another name or where something forbids it by now.
    """
    row = _open(vault, child_id)
    if row.proposed_by_id == vault.person.id:
        raise NotAllowed(
            "You proposed this erasure, so another person must agree to it. The record stands.",
            hint="Ask the headteacher or a deputy to unlock with their own passphrase, and to agree.",
        )
    found = standing(vault, child_id, row.basis)
    if fold(typed) != fold(found.child.name):
        raise Refused(
            "The name that was typed is not the child's. Nothing was erased.",
            hint="Type the whole name as it stands at the head of the record.",
        )
    _check(found.obstacles)
    left = what_is_left(vault, child_id)
    with vault.write() as unit:
        acts = _erase(unit, found.child, row.proposal)
    reached("committed")
    finish(vault)
    return Done(acts, left)


def _erase(unit: Unit, child: ChildRow, proposal: str) -> int:
    connection = unit.connection
    gone = erasing.scope(connection, child.id)
    minutes, replaced = _minutes(connection, child)
    gone = list(dict.fromkeys([*gone, *replaced, *_only_about(connection, child.id)]))
    said = [
        Draft(build(Erased, {"proposal": proposal, "acts": gone[at : at + ACTS_IN_ONE]}), child.id)
        for at in range(0, len(gone), ACTS_IN_ONE)
    ]
    unit.record_many([*minutes, *said])
    return erasing.carry_out(connection)


def _minutes(connection: Connection, child: ChildRow) -> tuple[list[Draft], list[str]]:
    """Return the minutes that name a child, without their lines, and the acts whose places these take."""
    rows = connection.exec_driver_sql(
        "SELECT a.id, a.entry, a.kind, a.author, a.recorded_at, b.body FROM acts a JOIN bodies b ON b.act = a.id"
        " WHERE a.kind IN ('session_ended', 'minute_kept')"
        " ORDER BY coalesce(a.ordered_at, a.recorded_at), a.device, a.seq"
    ).fetchall()
    drafts: dict[str, Draft] = {}
    replaced: dict[str, list[str]] = {}
    for ident, session, kind, author, recorded_at, stored in rows:
        body = read_body(kind, stored)
        text = "\n".join(getattr(body, "minute", ()))
        shorter = without_child(text, child.names, child.date_of_birth)
        replaced.setdefault(session, []).append(ident)
        drafts.pop(session, None)
        if shorter != text:
            by, at = (body.ended_by, body.ended_at) if isinstance(body, MinuteKept) else (author, recorded_at)
            kept = build(MinuteKept, {"minute": pages_of(shorter), "ended_by": by, "ended_at": at})
            drafts[session] = Draft(kept, None, session)
    return list(drafts.values()), [each for session in drafts for each in replaced[session]]


def _only_about(connection: Connection, child_id: str) -> list[str]:
    """Return the notes of supervision that speak of this child alone."""
    rows = connection.exec_driver_sql(
        "SELECT a.id, b.body FROM acts a JOIN bodies b ON b.act = a.id WHERE a.kind = 'supervision_held'"
    )
    return [row[0] for row in rows if getattr(read_body("supervision_held", row[1]), "children", ()) == (child_id,)]


def finish(vault: Vault) -> bool:
    """Remove what lies beside the database of a record that was erased; say whether nothing is left to do.

    Whatever cannot be done now (another program reads, a disk is away) is done at the next unlock.
    """
    with vault.read() as connection:
        if not waiting.note(connection, notes.FINISH):
            return True
        children_, entries = _erased_ids(connection)
        mids = {row[0] for row in connection.exec_driver_sql("SELECT mid FROM outbox")}
    if vault.alarm is not None or finds_only_given(vault.person.role):
        return False
    try:
        _drop_drafts(vault, children_ | entries)
        reached("drafts")
        folder = vault.folder / "spool" / "outbox"
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_file() and path.name not in mids:
                path.unlink()
        erasure_log.keep(vault)
        for place in {Path(each.place).parent for each in copies(vault)}:
            erasure_log.lay_beside(vault, place)
        reached("beside")
    except OSError:
        return False
    vault.compact()
    reached("compacted")
    if not vault.checkpoint():
        return False
    reached("emptied")
    with vault.write() as unit:
        waiting.set_note(unit.connection, notes.FINISH, "")
    return True


def _erased_ids(connection: Connection) -> tuple[set[str], set[str]]:
    """Return the children whose records were erased, and the entries, reports and actions that went with them."""
    gone = erasing.erased(connection)
    rows = connection.exec_driver_sql(
        "SELECT a.id, a.entry FROM acts a LEFT JOIN bodies b ON b.act = a.id"
        " WHERE b.act IS NULL AND a.entry IS NOT NULL"
    )
    entries = {row[1] for row in rows if row[0] in gone}
    entries -= {row[0] for row in connection.exec_driver_sql("SELECT id FROM review_sessions")}
    children_ = {row[0] for row in connection.exec_driver_sql("SELECT child_id FROM erasures WHERE state = 'erased'")}
    return children_, entries


def _drop_drafts(vault: Vault, ids: set[str]) -> None:
    def about(draft: KeptDraft) -> bool:
        return any(word in ids for word in _texts(draft.fields)) or any(each in draft.name for each in ids)

    vault.drafts.forget(about)


def _texts(value: object) -> Iterable[str]:
    """Yield every text within a draft's fields, to any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


# -- what is not reached -----------------------------------------------------------------------------------------------


def what_is_left(vault: Vault, child_id: str) -> Left:
    """Return what an erasure of this record would not reach, for people to read before and after it."""
    child = children.get(vault, child_id)
    shares = sharing.shares(vault, child_id=child_id, states=["delivered", "acknowledged", "corrected", "withdrawn"])
    already = tuple(sorted({share.partner for share in shares}))
    return Left(tuple(_named(vault, child)), tuple(copies(vault)), already)


def _named(vault: Vault, child: ChildRow) -> list[tuple[str, int]]:
    """Return where else the child's whole name stands: in the records of others, which are theirs."""
    names = [name.casefold() for name in child.names if len(name.split()) > 1]
    found: Counter[str] = Counter()
    with vault.read() as connection:
        own = {*erasing.scope(connection, child.id), *_minutes(connection, child)[1]}
        own |= set(_only_about(connection, child.id))
        for ident, kind, body in connection.exec_driver_sql(
            "SELECT a.id, a.kind, b.body FROM acts a JOIN bodies b ON b.act = a.id"
        ):
            if ident in own or kind in STAYS:
                continue
            text = body.decode().casefold()
            if any(name in text for name in names):
                found[_KIND_WORDS.get(kind, "another child's record")] += 1
    return found.most_common()


def copies(vault: Vault) -> list[Copy]:
    """Return the backups that were made and may still be somewhere, the newest first."""
    from storage.backup import BEFORE_UPDATE, in_folder
    from storage.views.backups import state

    made = [Copy(row.place, row.at, Path(row.place).is_file()) for row in state(vault, vault.clock()).made]
    with contextlib.suppress(OSError):
        made += [Copy(str(path), None, True) for path in in_folder(vault.folder / BEFORE_UPDATE, vault.id)]
    # A scheduled backup that was replaced by newer ones is gone, where its folder can be looked at.
    return [each for each in made if each.place and (each.there or not Path(each.place).parent.is_dir())]


# -- after an older backup was restored --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Again:
    """A record that an older backup brought back: the child as this vault has them, and when it was erased."""

    child_id: str
    child: str
    agreed_at: datetime


def to_repeat(vault: Vault) -> list[Again]:
    """Return the erasures that must be repeated here, one for each child."""
    found: dict[str, Again] = {}
    for kept in erasure_log.to_repeat(vault):
        child_id = kept.erased.fields[7] or ""
        with contextlib.suppress(NotFound):
            name = children.get(vault, child_id).name
            found[child_id] = Again(child_id, name, from_utc_text(kept.erased.recorded_at))
    return list(found.values())


def note_repeats(vault: Vault, count: int) -> None:
    """Note how many records must be erased again, so that Today says so without reading the list."""
    if not count and not _noted(vault):
        return
    with vault.write() as unit:
        waiting.set_note(unit.connection, notes.REPEAT, str(count) if count else "")


def _noted(vault: Vault) -> str:
    with vault.read() as connection:
        return waiting.note(connection, notes.REPEAT)


def repeat(vault: Vault) -> int:
    """Erase again what an older backup had brought back; two people had decided it, so one is enough to repeat it.

    Returns how many acts lost their words. Raises Refused where there is nothing to repeat, and IntegrityAlarm where
    the list names what two people of this vault did not sign.
    """
    waiting_ = erasure_log.to_repeat(vault)
    if not waiting_:
        raise Refused("There is no erasure to repeat. Nothing was changed.")
    for kept in waiting_:
        erasure_log.check_signatures(vault, kept)
    acts = 0
    with vault.write() as unit:
        for kept in waiting_:
            child_id = kept.erased.fields[7] or ""
            fields = {
                "erased": kept.erased.id,
                "acts": kept.body.acts,
                "proposed_by": kept.proposal.author,
                "agreed_by": kept.erased.author,
                "agreed_at": utc_text(from_utc_text(kept.erased.recorded_at)),
            }
            drafts: list[Draft] = []
            with contextlib.suppress(NotFound):
                drafts = _minutes(unit.connection, children.get(vault, child_id))[0]
            unit.record_many([*drafts, Draft(build(ErasureRepeated, fields), child_id)])
        acts = erasing.carry_out(unit.connection)
        waiting.set_note(unit.connection, notes.REPEAT, "")
    finish(vault)
    return acts
