"""What a holder does in the adults' register: log, amend, decide, the LADO's call, patterns, retention (R-41 to R-46).

Reading is recorded in the register's own audit. Where the harm threshold may be met, nothing is decided before the call
to the LADO is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import (
    AdultAdded,
    AdultAmended,
    AdultChanged,
    AdultConcernLogged,
    AdultDecided,
    AdultLeft,
    AdultPatternsReviewed,
    AdultRead,
    AdultRetentionSet,
    AuditRead,
    LadoCalled,
    build,
    read_body,
)
from practice.adults import (
    AdultEntryKind,
    EntryState,
    Harm,
    Pattern,
    Threshold,
    check_decision,
    kept_until,
    patterns,
)
from practice.dates import parse_when
from practice.errors import ConsoleError, Refused
from practice.roles import check_may_read_audit
from storage.desk.access import quarter_of
from storage.ids import new_id
from storage.ledger import Draft
from storage.types import from_utc_text, utc_text
from storage.views import register as views

if TYPE_CHECKING:
    from storage.register import Register
    from storage.unit import Unit


# -- reading is recorded -----------------------------------------------------------------------------------------------


def opened(register: Register, what: str, entry_id: str = "") -> str:
    """Record that the person read something: once for each thing and quarter of an hour.

    Reading goes on where it cannot be written; then the act waits, and the sentence to show is returned.
    """
    now = register.clock()
    since = quarter_of(now)
    body = build(AdultRead, {"what": what})
    for draft in register.late.waiting:
        if draft.body == body and draft.entry == (entry_id or None) and (draft.captured_at or since) >= since:
            return register.late.words
    try:
        with register.read() as connection:
            if _noted(register, connection, body, entry_id, since):
                return ""
        with register.write() as unit:
            if not _noted(register, unit.connection, body, entry_id, since):
                unit.record(body, entry=entry_id or None)
    except ConsoleError:
        register.late.add(body, None, now, entry_id or None)
        return register.late.words
    return ""


def _noted(register: Register, connection: Connection, body: AdultRead, entry_id: str, since: datetime) -> bool:
    rows = connection.exec_driver_sql(
        "SELECT b.body FROM acts a JOIN bodies b ON b.act = a.id WHERE a.kind = 'adult_read' AND a.author = ?"
        " AND a.entry IS ? AND a.captured_at >= ?",
        (register.person.id, entry_id or None, utc_text(since)),
    )
    return any(row[0] == body.to_bytes() for row in rows)


@dataclass(frozen=True)
class Reading:
    """One line of the register's audit: who did what with which entry or adult, and when; `about` names whom."""

    id: str
    at: datetime
    person: str
    kind: str
    what: str
    entry: str
    about: str


_KINDS = (
    "adult_read",
    "audit_read",
    "person_added",
    "person_removed",
    "keys_rotated",
    "recovery_replaced",
    "restored",
    "register_travels",
)
_SAID = {
    "audit_read": "read this list",
    "person_added": "let somebody in",
    "person_removed": "took the key from somebody",
    "keys_rotated": "made the keys anew",
    "recovery_replaced": "made a new recovery code",
    "restored": "went on after a restore",
    "register_travels": "said whether it travels to another machine",
}
_READ = {
    "list": "read the list",
    "entry": "read an entry",
    "reporter": "read the name of somebody who asked to stay anonymous",
    "adult": "read what is kept about somebody",
    "patterns": "looked at patterns",
    "reports": "read sealed reports",
    "retention": "read what falls due",
}


def trail(register: Register) -> list[Reading]:
    """Return who read what, let whom in and made which keys, the newest first; that it was read is recorded first."""
    check_may_read_audit(register.person.role)
    try:
        register.record(AuditRead())
    except ConsoleError:
        register.late.add(AuditRead(), None, register.clock())
    who = views.people(register)
    adults = {adult.id: adult.name for adult in views.adults(register)}
    adults |= {row.id: row.adult.name for row in views.entries(register)}
    adults |= {row.id: f"«{row.adult_as_written}»" for row in views.reports(register)}
    marks = ",".join("?" * len(_KINDS))
    with register.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT a.id, a.captured_at, a.author, a.kind, a.entry, b.body FROM acts a JOIN bodies b"  # noqa: S608
            f" ON b.act = a.id WHERE a.kind IN ({marks}) ORDER BY a.captured_at DESC, a.id DESC",
            _KINDS,
        ).all()
    found = []
    for act, at, author, kind, entry_id, stored in rows:
        body = read_body(kind, stored)
        said = _READ[body.what] if isinstance(body, AdultRead) else _SAID[kind]
        about = who.get(getattr(body, "person", ""), "") or adults.get(entry_id or "", "")
        found.append(Reading(act, from_utc_text(at), who.get(author, author), kind, said, entry_id or "", about))
    return found


# -- adults ------------------------------------------------------------------------------------------------------------


def _name(name: str) -> str:
    if not (name := " ".join(name.split())):
        raise Refused("Whom is this about? Nothing was recorded yet.", hint="Choose an adult, or type the name.")
    return name


def _new_adult(name: str, role: str, works_as: str) -> tuple[str, Draft]:
    ident = new_id()
    body = build(AdultAdded, {"name": _name(name), "role": role, "works_as": works_as})
    return ident, Draft(body, None, ident)


def change_adult(register: Register, adult_id: str, name: str, role: str, works_as: str, reason: str) -> str:
    """Put right what is known of an adult; what stood before stays in the ledger."""
    adult = views.resolve(register, adult_id)
    fields = {"name": _name(name), "role": role, "works_as": works_as, "reason": reason}
    register.record(build(AdultChanged, fields), entry=adult.id)
    return adult.id


def left(register: Register, adult_id: str, on: date) -> str:
    """Record the day on which an adult left; retention runs from it."""
    adult = views.resolve(register, adult_id)
    register.record(AdultLeft(leaving_date=on.isoformat()), entry=adult.id)
    return adult.id


# -- entries -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What was recorded: the entry's id and where it stands; `entry` is an allegation's where one was opened."""

    entry: str
    state: EntryState


def log_concern(
    register: Register,
    fields: dict[str, Any],
    *,
    adult_id: str = "",
    new_adult: dict[str, str] | None = None,
    drafts: Iterable[Draft] = (),
    entry_id: str = "",
    captured_at: datetime | None = None,
) -> Kept:
    """Record a concern about an adult, a self-referral or an allegation; return it with where it stands.

    `fields` are those of AdultConcernLogged, `when` may stand in the place of `occurred`. `new_adult` holds name, role
    and works_as. Where a question of the harm threshold is met, a low-level concern is an allegation from the start,
    and a self-referral gets an allegation beside it. `drafts` are recorded in the same transaction.
    """
    fields = dict(fields)
    when = str(fields.pop("when", ""))
    if fields.get("occurred") is None:
        now = (captured_at or register.clock()).astimezone().replace(tzinfo=None)
        fields["occurred"] = parse_when(when, now).model_dump(mode="json")
    made: list[Draft] = []
    if adult_id:
        adult = views.resolve(register, adult_id)
        adult_id, name = adult.id, adult.name
    else:
        given = new_adult or {}
        adult_id, added = _new_adult(given.get("name", ""), given.get("role", ""), given.get("works_as", ""))
        name = given.get("name", "")
        made.append(added)
    fields["adult"] = adult_id
    met = bool(fields.get("met")) or fields.get("threshold") == Threshold.MAY_BE_MET
    met = met or fields.get("entry_kind") == AdultEntryKind.ALLEGATION
    if met:
        fields["threshold"] = str(Threshold.MAY_BE_MET)
    own = fields.get("entry_kind") == AdultEntryKind.SELF_REFERRAL
    if own:
        fields["shared_by"], fields["asks_anonymous"] = name, False
    elif met:
        fields["entry_kind"] = str(AdultEntryKind.ALLEGATION)
    body: AdultConcernLogged = build(AdultConcernLogged, fields)
    if not body.text.strip():
        raise Refused("There is nothing written yet, so nothing was recorded.", hint="Write what happened first.")
    entry_id = entry_id or new_id()
    made += [Draft(body, None, entry_id, None, captured_at), *drafts]
    if own and met:
        allegation = new_id()
        made.append(Draft(_allegation(body, entry_id, body.met), None, allegation))
    with register.write() as unit:
        unit.record_many(made)
    if own and met:
        return Kept(allegation, EntryState.STOP)
    return Kept(entry_id, EntryState.STOP if met else EntryState.UNDECIDED)


def _allegation(of: AdultConcernLogged, entry_id: str, met: Iterable[str], rationale: str = "") -> AdultConcernLogged:
    """Return the allegation that a concern became, which keeps the link to it and why it was decided so (R-44)."""
    fields = of.model_dump(mode="json") | {
        "entry_kind": str(AdultEntryKind.ALLEGATION),
        "threshold": str(Threshold.MAY_BE_MET),
        "met": list(met),
        "opened_from": entry_id,
        "rationale": rationale,
    }
    made: AdultConcernLogged = build(AdultConcernLogged, fields)
    return made


def amend(register: Register, entry_id: str, text: str, reason: str) -> str:
    """Add a version of an entry's words; every earlier one stays readable. Return the act's id."""
    row = views.entry(register, entry_id)
    body = build(AdultAmended, {"sees": row.versions[-1]["act"], "text": text, "reason": reason})
    if not text.strip():
        raise Refused("There is nothing written yet, so nothing was recorded.")
    return register.record(body, entry=row.id).id


def decide(
    register: Register,
    entry_id: str,
    decision: str,
    reason: str,
    *,
    threshold: str,
    met: Iterable[str] = (),
    on: date | None = None,
    reference: str = "",
) -> Kept:
    """Record a decision with its rationale (R-43); return the entry it stands at.

    Where the harm threshold may be met and the LADO was not called, no decision is recorded: an allegation is opened
    that keeps the link, and the answer is that one's stop (R-44, R-45). Raises Refused for an entry that stands there
    already, or without what R-43 asks.
    """
    met = list(met)
    if any(each not in set(Harm) for each in met) or threshold not in ("", *Threshold):
        raise Refused("That is no answer to the questions of the harm threshold. Nothing was recorded.")
    if met:
        threshold = str(Threshold.MAY_BE_MET)
    if on is not None and on > register.clock().astimezone().date():
        raise Refused("A referral cannot have been made on a day that is still to come. Nothing was recorded.")
    fields = {"decision": decision, "reason": reason, "threshold": threshold, "reference": reference}
    body: AdultDecided = build(AdultDecided, fields | {"on": on.isoformat() if on else None})
    with register.write() as unit:
        row = views.entry(register, entry_id)
        if threshold == Threshold.MAY_BE_MET and row.state is not EntryState.STOP and not row.called:
            return _cross(unit, row, reason, met)
        day = on.isoformat() if on else ""
        check_decision(row.state, decision, threshold, called=row.called, reference=reference, on=day)
        unit.record(body, entry=row.id)
    return Kept(row.id, EntryState.DECIDED)


def _cross(unit: Unit, row: views.EntryRow, reason: str, met: list[str]) -> Kept:
    if row.became:
        raise Refused("This concern became an allegation. Nothing was recorded.", hint="Decide on the allegation.")
    of = AdultConcernLogged(
        adult=row.adult.id,
        text=row.text,
        context=row.context,
        occurred=row.occurred,
        place=row.place,
        activity=row.activity,
        shared_by=row.shared_by,
        shared_role=row.shared_role,
        asks_anonymous=row.asks_anonymous,
    )
    allegation = new_id()
    unit.record(_allegation(of, row.id, met, reason), entry=allegation)
    return Kept(allegation, EntryState.STOP)


def lado_called(
    register: Register,
    entry_id: str,
    spoke_to: str,
    at: str,
    advice: str,
    *,
    way: str = "consulted",
    reference: str = "",
) -> Kept:
    """Record the call to the LADO: to whom, when as written, and what they advised (R-45)."""
    row = views.entry(register, entry_id)
    if row.became:
        raise Refused("This concern became an allegation. Nothing was recorded.", hint="Record the call there.")
    if not spoke_to.strip() or not at.strip():
        raise Refused("Say to whom you spoke at the LADO's, and when. Nothing was recorded yet.")
    fields = {"spoke_to": spoke_to, "at": at, "way": way, "reference": reference, "advice": advice}
    register.record(build(LadoCalled, fields), entry=row.id)
    return Kept(row.id, views.entry(register, row.id).state)


# -- patterns and retention --------------------------------------------------------------------------------------------


def found_patterns(register: Register, adult_id: str = "") -> list[Pattern]:
    """Return the patterns of one adult, or of the whole school, each with its entries (R-44)."""
    adult = views.resolve(register, adult_id).id if adult_id else ""
    rows = [row for row in views.entries(register) if not row.opened_from]
    return patterns((row.seen for row in rows), {row.adult.id: row.adult.name for row in rows}, adult)


def patterns_reviewed(register: Register, finding: str, adult_id: str = "") -> str:
    """Record that somebody looked for patterns, which were shown, and what they found; return the review's id."""
    shown = found_patterns(register, adult_id)
    adult = views.resolve(register, adult_id).id if adult_id else ""
    ids = sorted({entry for pattern in shown for entry in pattern.entries})
    rules = [pattern.sentence[:200] for pattern in shown]
    fields = {"adult": adult, "rules": rules, "entries": ids, "finding": finding}
    review = new_id()
    register.record(build(AdultPatternsReviewed, fields), entry=review)
    return review


@dataclass(frozen=True)
class Held:
    """An adult who left, and until when the school's rule keeps their record; `due` is whether that day has passed."""

    adult: views.AdultRow
    until: date | None
    due: bool


def set_retention(register: Register, years: int, source: str) -> None:
    """Set for how many years after leaving the school keeps a record, and where that rule is written (R-46)."""
    register.record(build(AdultRetentionSet, {"years": years, "source": source}))


def retention(register: Register, on: date | None = None) -> list[Held]:
    """Return the adults who left, with the end of the school's own rule; nothing is ever removed by the program."""
    rule = views.retention(register)
    today = on or register.clock().astimezone().date()
    found = []
    for adult in views.adults(register):
        if adult.leaving_date is not None:
            until = kept_until(adult.leaving_date, rule.years if rule else None)
            found.append(Held(adult, until, until is not None and until < today))
    return sorted(found, key=lambda held: (held.until or date.max, held.adult.name))
