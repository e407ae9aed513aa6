"""Today: what must be dealt with, in the order in which it must be (R-17, R-69, R-80)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from practice.dates import day_words
from practice.roles import sees_glass
from practice.share_words import share_words
from practice.vocabulary import Role
from storage import carrying, erasing, flags, looking, notes, outbox
from storage.desk import triage
from storage.replication import waiting
from storage.types import utc_text
from storage.views import (
    actions,
    apart,
    arrivals,
    backups,
    cases,
    children,
    erasures,
    meetings,
    organisation,
    record,
    removals,
    reports,
    reviews,
    sharing,
    transfers,
    unanswered,
    visits,
)
from storage.views.actions import ActionRow
from storage.views.entry_tables import UNFINISHED
from storage.views.organisation import CoverRow
from storage.views.weeks import concerns_by_week

if TYPE_CHECKING:
    from storage.vault import Vault

_WEEK = timedelta(days=7)
_MANY = 200
"""So many are counted one by one; more are said to be more."""


@dataclass(frozen=True)
class Line:
    """One thing to deal with.

    `kind` is report, damaged, concern, more, flag, action, asked, review, follow_up, answer, item, reply, notice,
    rivals, landed, taken_back, case, keys, agreement, agreement_offered, share, ring, kept, agreed, refused, glass,
    meeting, meeting_report, transfer, removal, erasure, apart, machine, visit, unfinished, backup or restored;
    `subject` is the id of what it is about, and `due` the day it is or was due.
    """

    kind: str
    subject: str
    child_id: str
    child: str
    words: str
    due: date | None = None  # the day it is or was due
    late_school_days: int = 0


@dataclass
class TodayView:
    """What stands on Today: red, amber, the rest, and the concerns of twelve weeks, oldest week first."""

    act_today: list[Line] = field(default_factory=list)
    this_week: list[Line] = field(default_factory=list)
    later: list[Line] = field(default_factory=list)
    twelve_weeks: list[int] = field(default_factory=list)
    by_category: list[tuple[str, list[int]]] = field(default_factory=list)
    """The categories of those weeks, the most frequent first, with their counts by week."""
    to_approve: int = 0
    queued: int = 0
    inbox: int = 0
    reports: int = 0
    last_sync: str = ""
    children: int = 0
    covers: list[CoverRow] = field(default_factory=list)
    undecided: int = 0
    """How many concerns wait for a decision: in a long record more than have a line."""

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.act_today or self.this_week or self.later)


def today(vault: Vault, now: datetime, *, concerns: int = 0) -> TodayView:
    """Return what waits as of this moment, in one look; every concern stays until it has a decision (R-17).

    Of the concerns as many have a line as `concerns` says, `record.WAITING` of them if it says nothing.
    """
    with vault.read():
        return _today(vault, now, concerns)


def _today(vault: Vault, now: datetime, concerns: int) -> TodayView:
    on = now.astimezone().date()
    view = TodayView(covers=organisation.covers(vault, on))
    _reports(vault, view)
    for two in apart.rows(vault):
        who = " and ".join(dict.fromkeys(each.by for each in two.options))
        view.act_today.append(Line("apart", two.id, two.child_id, two.child, f"{apart.TITLES[two.about]}: {who}"))
    for trouble in carrying.troubles(vault):
        view.act_today.append(Line("machine", "", "", "", trouble))
    _visits(vault, view, now)
    _undecided(vault, view, concerns)
    _actions(vault, view, on)
    _meetings(vault, view, on)
    _transfers(vault, view, on)
    late = {due.child_id: due.overdue_school_days for due in reviews.due(vault, on)}
    for due in reviews.due(vault, on + _WEEK):
        line = Line(
            "review",
            due.child_id,
            due.child_id,
            due.child,
            due.status,
            due.due,
            late_school_days=late.get(due.child_id, 0),
        )
        (view.act_today if due.due <= on else view.this_week).append(line)
    _partners(vault, view)
    _agreements(vault, view, on)
    _flags(vault, view)
    _shares(vault, view, now)
    for kind, words in backups.warnings(vault, now) if vault.visit is None else ():
        (view.act_today if kind == "restored" else view.this_week).append(Line(kind, "", "", "", words))
    _unfinished(vault, view, now)
    if sees_glass(vault.person.role):
        _glass(vault, view, now)
    for row in removals.all_open(vault):
        if row.state == "proposed" and row.proposed_by_id != vault.person.id:
            said = f"{row.proposed_by} proposes to remove it: {row.reason}"
            view.this_week.append(Line("removal", row.entry_id, row.child_id, row.child, said))
    _erasures(vault, view)
    view.twelve_weeks, view.by_category = concerns_by_week(vault, on)
    with vault.read() as connection:
        view.last_sync = outbox.exchange(connection, "last_sync")
        view.queued = outbox.waiting_entries(connection)
        view.children = connection.exec_driver_sql("SELECT count(*) FROM children WHERE on_roll = 1").scalar_one()
    return view


def _undecided(vault: Vault, view: TodayView, concerns: int) -> None:
    """Every concern until it has a decision; of more than have a line, how many there are (R-17)."""
    waiting = record.waiting(vault, concerns)
    for entry in waiting:
        view.act_today.append(Line("concern", entry.id, entry.child_id, entry.child, entry.text))
    view.undecided = record.undecided_count(vault)
    if (more := view.undecided - len(waiting)) > 0:
        view.act_today.append(Line("more", "", "", "", f"{more:,} more, recorded later"))


def _erasures(vault: Vault, view: TodayView) -> None:
    """Records to be erased again after a restore, proposals that wait for somebody else, and what came afterwards."""
    if vault.person.role == Role.READ_ONLY:
        return
    with vault.read() as connection:
        again, after = waiting.note(connection, notes.REPEAT), erasing.came_after(connection)
    if again:
        said = f"erased since the backup, and here again: {again}; erase them again"
        view.act_today.append(Line("erasure", "", "", "", said))
    for row in erasures.rows(vault, states=["proposed"]):
        if row.proposed_by_id != vault.person.id:
            said = f"{row.proposed_by} proposes to erase the record: {row.reason}"
            view.this_week.append(Line("erasure", row.child_id, row.child_id, row.child, said))
    if after:
        said = f"came about erased records afterwards: {len(after)}; decide about them"
        view.this_week.append(Line("erasure", "", "", "", said))


def _reports(vault: Vault, view: TodayView) -> None:
    """Sealed reports that wait, files that could not be taken in, and reporters who have still to be told."""
    if vault.person.role == Role.READ_ONLY:
        return
    for report in reports.reports(vault, states=["waiting", "accepted", "closed"]):
        line = Line("report", report.id, "", report.child_as_written, report.reporter)
        if report.state == "waiting":
            view.act_today.append(line)
            view.reports += 1
        elif report.unanswered:
            view.this_week.append(replace(line, kind="answer"))
    left = triage.left_behind(vault)
    if left:
        files = f"{len(left)} files" if len(left) > 1 else "1 file"
        names = ", ".join(each.path.name for each in left[:3]) + (" …" if len(left) > 3 else "")
        words = f"{files} could not be opened: {left[0].why} ({names})"
        view.act_today.append(Line("damaged", str(left[0].path), "", "", words))


def _partners(vault: Vault, view: TodayView) -> None:
    """The tray of what no child was matched to, whom partners mean, and what landed by itself and nobody has read."""
    for case in cases.cases(vault, states=["received", "offered", "accepted"]):
        if case.state == "received":
            view.this_week.append(Line("case", case.id, "", case.identity.name, f"asked by {case.partner}"))
        elif case.changed:
            said = f"{' and '.join(case.changed)} changed, says {case.partner}"
            view.this_week.append(Line("case", case.id, case.child_id or "", case.child, said))
    for case, changed in cases.to_tell(vault):
        said = f"{' and '.join(changed)} changed: tell {case.partner}"
        view.later.append(Line("case", case.id, case.child_id or "", case.child, said))
    rivals = arrivals.with_rivals(vault)
    for item in arrivals.items(vault, states=["waiting"]):
        view.inbox += 1
        line = Line("reply" if item.answers else "item", item.id, "", item.hint_name, item.sender)
        if item.id in rivals:
            view.act_today.append(replace(line, kind="rivals"))
        elif item.kind == "operation_encompass":  # above the rest: a child comes to school on it in the morning
            view.act_today.insert(0, replace(line, kind="notice"))
        else:
            view.this_week.append(line)
    for share in sharing.recovered(vault):
        words = f"given back by {share.partner}: is it in the record?"
        view.act_today.append(Line("recovered", share.id, share.child_id, share.child, words))
    for item in arrivals.items(vault, states=["accepted", "withdrawn"], landed="unseen"):
        back, child = item.state == "withdrawn", children.get(vault, item.child_id or "").name
        words = f"by {item.sender}: {item.reason or 'no reason was given'}" if back else item.sender
        view.this_week.append(Line("taken_back" if back else "landed", item.id, item.child_id or "", child, words))


def _agreements(vault: Vault, view: TodayView, on: date) -> None:
    """Changed keys of partners, agreements that they offer, and those whose review is near or past (R-66)."""
    known = sharing.partners(vault)
    names = {partner.org: partner.name for partner in known}
    for other in (each for each in known if each.changed):
        said = f"nothing leaves until you compare words by telephone: {other.name} has another key"
        view.act_today.append(Line("keys", other.org, "", "", said))
    for row in sharing.contracts(vault):
        if row.ended or row.standing == "declined":
            continue
        line = Line("agreement", row.id, "", "", f"{names.get(row.org, row.org)}: {row.purpose}", row.review)
        if row.standing == "received":
            view.this_week.append(replace(line, kind="agreement_offered", due=None))
        elif row.review < on:
            view.act_today.append(replace(line, words=f"nothing leaves to {line.words}"))
        elif row.review <= on + 2 * _WEEK:
            view.this_week.append(line)


def _flags(vault: Vault, view: TodayView) -> None:
    """One line for each child with a pattern to consider, however many rules raised one (R-85).

    As they are kept: whoever shows Today brings them up to date beside it, so that it never waits for them.
    """
    for each in flags.to_consider(vault):
        more = f" and {each.number - 1} more" if each.number > 1 else ""
        view.this_week.append(Line("flag", each.child_id, each.child_id, each.child, each.label + more))


def _unfinished(vault: Vault, view: TodayView, now: datetime) -> None:
    """Ask kindly for what this person recorded in the last fortnight and did not finish writing (R-03)."""
    with vault.read() as connection:
        count = connection.exec_driver_sql(
            f"SELECT count(*) FROM (SELECT 1 FROM entries WHERE {UNFINISHED} AND recorded_at >= ? AND author = ?"  # noqa: S608
            " LIMIT ?)",
            (utc_text(now - 2 * _WEEK), vault.person.id, _MANY + 1),
        ).scalar_one()
    if count:
        said = f"more than {_MANY}" if count > _MANY else str(count)
        words = "1 entry of yours can still be added to" if count == 1 else f"{said} entries of yours can be added to"
        view.later.append(Line("unfinished", "", "", "", words))


def _glass(vault: Vault, view: TodayView, now: datetime) -> None:
    """Show for a week who opened a child outside their list, and why (R-114)."""
    for row in organisation.glass_since(vault, now - _WEEK):
        view.this_week.append(
            Line("glass", row.id, row.child_id, children.get(vault, row.child_id).name, f"{row.person}: {row.reason}")
        )


def _whose(row: ActionRow) -> str:
    """Return who sees to it here: its owner, or who asked somebody for it who does not open the vault."""
    return row.owner_id or row.asked_by_id


def _who(row: ActionRow) -> str:
    return row.owner if row.owner_id else f"{row.owner}, asked by {row.asked_by or 'a colleague'}"


def _absent(vault: Vault, view: TodayView, people: set[str], on: date) -> dict[str, str]:
    """Say of each colleague who is away, was not here for a school day, or opens the vault no more, which it is."""
    away = {row.person_id for row in view.covers}
    here = people - away & vault.may_open()
    found = dict.fromkeys(people & away, "away") | dict.fromkeys(people - away - vault.may_open(), "no longer here")
    for person, last in looking.not_seen(vault, here - set(found), on).items():
        found[person] = f"not here since {day_words(last)}" if last else "not here yet"
    return found


def _actions(vault: Vault, view: TodayView, on: date) -> None:
    """What is to be done by me; what I asked others to do and is late; and what decisions asked for by a day.

    What is due of a colleague who is away, or was not here for a school day, is everybody's.
    """
    me = vault.person.id
    covered = {row.person_id for row in view.covers if row.by_id == me}
    rows = actions.actions(vault, on)
    waiting_on = {_whose(row) for row in rows if row.kind != "decision" and row.due is not None and row.due <= on}
    absent = _absent(vault, view, waiting_on - {me}, on)
    for row in rows:
        kind = "follow_up" if row.kind == "decision" else "action"
        words = row.what.partition(":")[0] if row.kind == "decision" else row.what
        line = Line(kind, row.id, row.child_id, row.child, words, row.due, row.late_school_days)
        if row.kind == "decision":
            line = replace(line, subject=row.about)
        elif row.owner_id != me and row.owner_id not in covered:
            if row.due is not None and row.due <= on and (why := absent.get(_whose(row))):
                view.act_today.append(replace(line, kind="asked", words=f"{_who(row)}, {why}: {row.what}"))
                continue
            if row.asked_by_id != me or row.due is None or row.due >= on:
                continue
            view.this_week.append(replace(line, kind="asked", words=f"{row.owner}: {row.what}"))
            continue
        if row.due is None:
            view.later.append(line)
        elif row.due <= on:
            view.act_today.append(line)
        elif row.due <= on + _WEEK:
            view.this_week.append(line)


def _visits(vault: Vault, view: TodayView, now: datetime) -> None:
    """The visit sets that are out, in red once they were due back, and what came back from one and waits."""
    if vault.visit is not None:
        return
    out = visits.visits(vault, state=visits.OUT)
    late = [row for row in out if row.until <= now]
    for row in late:
        who = ", ".join(row.children)
        words = f"due back {visits.moment_words(row.until, now)}, with {row.person}: {who}"
        view.act_today.append(Line("visit", row.id, "", "", words))
    if still := [row for row in out if row.until > now]:
        last = visits.moment_words(max(row.until for row in still), now)
        sets = f"{len(still)} visit sets are" if len(still) > 1 else "1 visit set is"
        view.later.append(Line("visit", still[0].id, "", "", f"{sets} out until {last}"))
    for ident, words in visits.waiting(vault):
        view.act_today.append(Line("visit", ident, "", "", words))


def _meetings(vault: Vault, view: TodayView, on: date) -> None:
    """Meetings to come, reports that the school still owes them, and those that must follow and nobody planned."""
    for row in meetings.meetings(vault):
        line = Line("meeting", row.id, row.child_id, row.child, row.words, row.day)
        if row.state == "wanted":
            _place(view, replace(line, words=f"not planned yet: {row.words}"), on)
            continue
        if row.day < on:
            line = replace(line, words=f"to be recorded: {row.words}")
        elif row.at:
            line = replace(line, words=f"{row.words}, {row.at}")
        _place(view, line, on)
        if row.report_open:
            words = f"report for {row.words[:1].lower()}{row.words[1:]}"
            _place(view, replace(line, kind="meeting_report", words=words, due=row.report_due), on)


def _transfers(vault: Vault, view: TodayView, on: date) -> None:
    """Files to be sent on, receipts to be asked for, and files that came (R-50)."""
    for row in transfers.transfers(vault):
        words = f"{row.words}{f' ({row.school})' if row.school else ''}"
        _place(view, Line("transfer", row.id, row.child_id, row.child, words, row.due), on)


def _place(view: TodayView, line: Line, on: date) -> None:
    """Put a line under today, this week or later, by its day."""
    if line.due is None or line.due > on + _WEEK:
        view.later.append(line)
    else:
        (view.act_today if line.due <= on else view.this_week).append(line)


def _shares(vault: Vault, view: TodayView, now: datetime) -> None:
    """What waits for a yes, what is on its way, and red what a partner has not answered in time (rule 15)."""
    shares = sharing.shares(vault, states=["proposed", "held", "agreed", "queued", "delivered", "refused", "expired"])
    late = [(row.share, row.words) for row in unanswered.unanswered(vault, now, shares)]
    view.act_today[:0] = [Line("ring", row.id, row.child_id, row.child, words) for row, words in late]
    rung = {row.id for row, _ in late}
    for share in (each for each in shares if each.id not in rung):
        state = "queued" if share.state == "offered" else share.state
        why = share_words(share).partition(": ")[2] if state in ("held", "refused", "expired") else ""
        line = Line(state, share.id, share.child_id, share.child, f"{share.partner}{why and f': {why}'}")
        if share.state in ("refused", "expired"):
            view.act_today.append(line)
        elif share.state == "agreed":
            mine = share.agreed_by_id == vault.person.id
            view.to_approve += not mine
            alone = mine and not organisation.others_who_approve(vault, now.astimezone().date())
            said = "waits for another's yes" if mine else f"{share.agreed_by} said yes, now you"
            said = "nobody else who approves is here, your yes is enough" if alone else said
            waits = replace(line, words=f"{said}: to {share.partner}")
            (view.later if mine and not alone else view.this_week).append(waits)
        elif share.state == "proposed":
            view.to_approve += 1
            view.this_week.append(line)
        elif share.kept:
            why = f"{share.kept.removesuffix('.')} (to {share.partner})"
            view.this_week.append(replace(line, kind="kept", words=why))
        else:
            view.later.append(line)
