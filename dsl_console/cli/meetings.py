"""`meeting`: meetings about children: planned, held with what was decided, cancelled (R-100, R-103)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Code, Command, Day, Group, challenge_options, codes, text_option
from dsl_console.cli.output import INDENT, day_json, joined, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.vocabulary import MeetingType

if TYPE_CHECKING:
    from storage.desk.meetings import Task
    from storage.views.meetings import MeetingRow

KINDS = f"Its sort: {codes(MeetingType)}."


def meeting_json(row: MeetingRow) -> dict[str, Any]:
    """Return a meeting for a program."""
    return {
        "id": row.id,
        "child_id": row.child_id,
        "child": row.child,
        "type": row.meeting_type,
        "state": row.state,
        "day": day_json(row.day),
        "at": row.at,
        "place": row.place,
        "invited": list(row.invited),
        "attends": row.attends,
        "covers": row.covers,
        "report_due": day_json(row.report_due),
        "report_sent": day_json(row.report_sent),
        "minutes_received": day_json(row.minutes_received),
        "attended": list(row.attended),
        "decisions": row.decisions,
        "disagreement": row.disagreement,
        "follows": list(row.follows),
        "entry_id": row.record or None,
        "reason": row.reason,
        "clock": row.clock,
    }


def ahead(text: str | None) -> date | None:
    """Return a day still to come, as people write it; fails where it is none."""
    if not text:
        return None
    from practice.due import parse_due

    day, question = parse_due(text, datetime.now().astimezone().date())
    if day is None:
        raise click.UsageError(question)
    return day


@click.group(cls=Group, short_help="Meetings about children, and what they decide.")
def meeting() -> None:
    """Meetings about children: strategy discussions, conferences, core groups, reviews, and what was decided."""


@meeting.command("list", cls=Command)
@click.option("--child", metavar="CHILD", help="Only those about one child.")
@click.option("--all", "everything", is_flag=True, help="Also those that were held or cancelled.")
@click.pass_obj
def list_(session: Session, child: str | None, everything: bool) -> None:
    """List the meetings to come, and those that must follow and nobody planned yet."""
    with session.opened() as vault:
        from storage.views.meetings import meetings

        whose = session.child(vault, child).id if child else ""
        rows = meetings(vault, child_id=whose, everything=everything)
    if session.json:
        print_json([meeting_json(row) for row in rows])
        return
    for row in rows:
        _print(row)
    if not rows:
        session.note("No meeting is planned.")


def _print(row: MeetingRow) -> None:
    from practice.dates import day_words

    days = f"by {day_words(row.day)}" if row.state == "wanted" else day_words(row.day)
    state = {"planned": "", "wanted": "nobody planned it yet"}.get(row.state, row.state)
    out(joined([row.id, row.child, row.words, days, row.at, state]))
    report = f"Report due {day_words(row.report_due)}" if row.report_open and row.report_due else ""
    sent = f"Report sent {day_words(row.report_sent)}" if row.report_sent else ""
    people = f"Attends: {row.attends}" if row.attends else ""
    covers = f"Covers: {row.covers}" if row.covers else ""
    facts = joined([row.place, people, covers, report, sent])
    for text in (facts, row.clock, row.reason, row.decisions and f"Decided: {row.decisions}"):
        if text:
            out(INDENT + one_line(text))


def _when_options(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--on", metavar="DATE", help="On which day: Friday, in 2 weeks, 5/12/2026."),
            click.option("--at", metavar="TIME", help="At what time: 10:00."),
            click.option("--place", metavar="PLACE", help="Where, or by which link."),
            click.option("--invited", metavar="NAMES", help="Who is invited, parted by commas."),
            click.option("--attends", metavar="NAME", help="Who goes for the school; me."),
            click.option("--covers", metavar="NAME", help="Who goes where that person cannot."),
            click.option("--report-due", metavar="DATE", help="By when the school's report is sent."),
        )
    ):
        command = option(command)
    return command


@meeting.command(cls=Command)
@click.argument("child", required=False)
@click.option("--kind", metavar="K", type=Code(*MeetingType), help=KINDS)
@_when_options
@click.option(
    "--no-report", is_flag=True, help="The school sends no report; otherwise it is due 2 working days before."
)
@text_option("--note", "Anything else about it.")
@click.pass_obj
def add(
    session: Session,
    /,
    child: str | None,
    kind: str | None,
    on: str | None,
    invited: str | None,
    attends: str | None,
    report_due: str | None,
    no_report: bool,
    **more: str | None,
) -> None:
    """Plan a meeting about a child."""
    with session.opened(writes=True) as vault:
        from storage.desk.meetings import plan, told

        row = session.child(vault, child)
        sort = session.need_code(kind, "--kind", f"What sort of meeting? ({codes(MeetingType)})", Code(*MeetingType))
        day = ahead(session.need(on, "--on", "On which day?"))
        assert day is not None
        made = plan(
            vault,
            row.id,
            sort,
            day,
            invited=invited or "",
            attends=attends or "",
            report_due=ahead(report_due),
            no_report=no_report,
            **{name: value or "" for name, value in more.items()},
        )
    session.done(made.id, "planned", told(made), due=day_json(made.day), report_due=day_json(made.report_due))


@meeting.command(cls=Command)
@click.argument("meeting_id", metavar="MEETING", required=False)
@_when_options
@click.option("--report-sent", metavar="DATE", type=Day(), help="On which day the school's report was sent.")
@click.option("--minutes-received", metavar="DATE", type=Day(), help="On which day its minutes came.")
@click.option("--nothing-follows", is_flag=True, help="Of one that was held: no further meeting must follow.")
@text_option("--reason", "Why it is otherwise now.")
@click.pass_obj
def change(
    session: Session,
    /,
    meeting_id: str | None,
    on: str | None,
    report_due: str | None,
    nothing_follows: bool,
    reason: str | None,
    **more: Any,
) -> None:
    """Change a meeting, or note that its report was sent or its minutes came."""
    with session.opened(writes=True) as vault:
        from storage.desk.meetings import change as changed
        from storage.desk.meetings import told

        ident = session.need(meeting_id, "MEETING", "Which meeting (its id)")
        changes = {**more, "day": ahead(on), "report_due": ahead(report_due)}
        if nothing_follows:
            changes["follows"] = []
        asked = {name for name, value in changes.items() if value is not None} - {"report_sent", "minutes_received"}
        why = session.need_text(reason, "--reason", "Why?") if asked else reason or ""
        row = changed(vault, ident, reason=why, **changes)
    session.done(row.id, row.state, told(row), due=day_json(row.day))


@meeting.command(cls=Command)
@click.argument("meeting_id", metavar="MEETING", required=False)
@click.option(
    "--held-on", metavar="DATE", type=Day(), help="On which day it was; left out, the day it was planned for."
)
@click.option("--attended", metavar="NAMES", help="Who was there, parted by commas.")
@text_option("--decisions", "What was decided.")
@text_option("--disagreement", "Where the school did not agree; it may become a challenge.")
@click.option(
    "--action", "actions", metavar='"what; who; when"', multiple=True, help="An action from it; may be repeated."
)
@click.option(
    "--follows", "follows", metavar="K", multiple=True, type=Code(*MeetingType), help="Which meeting must follow it."
)
@click.option("--nothing-follows", is_flag=True, help="No meeting must follow it, whatever the clocks know.")
@click.pass_obj
def record(
    session: Session,
    meeting_id: str | None,
    held_on: date | None,
    attended: str | None,
    decisions: str | None,
    disagreement: str | None,
    actions: tuple[str, ...],
    follows: tuple[str, ...],
    nothing_follows: bool,
) -> None:
    """Record what was decided in a meeting: it stands in the child's record, and its actions on the list.

    What must follow by a statutory clock is kept in sight until it is planned, unless nothing follows.
    """
    with session.opened(writes=True) as vault:
        from storage.desk.meetings import record as recorded
        from storage.views.meetings import meetings

        ident = session.need(meeting_id, "MEETING", "Which meeting (its id)")
        said = session.need_text(decisions, "--decisions", "What was decided?")
        row = recorded(
            vault,
            ident,
            said,
            attended=attended or "",
            disagreement=disagreement or "",
            held_on=held_on,
            tasks=[task_of(each) for each in actions],
            follows=() if nothing_follows else follows or None,
        )
        next_ones = [each for each in meetings(vault, child_id=row.child_id) if each.state == "wanted"]
    from storage.desk.meetings import told

    for each in next_ones:
        session.note(told(each))
    if row.disagreement:
        session.note(f"A disagreement may be taken further: dsl-console meeting challenge {row.id}")
    session.done(row.record, "recorded", "It stands in the child's record.", meeting=row.id)


@meeting.command(cls=Command)
@click.argument("meeting_id", metavar="MEETING", required=False)
@challenge_options
@text_option("--asked", "What you ask instead, and why; left out, where the school disagreed.")
@click.pass_obj
def challenge(
    session: Session,
    meeting_id: str | None,
    to: str | None,
    asked: str | None,
    stage: str | None,
    answer_by: str | None,
) -> None:
    """Challenge what was decided in a meeting: it stands in the record, and its answer among the actions."""
    with session.opened(writes=True) as vault:
        from storage.desk.challenges import challenge as made
        from storage.views.meetings import get

        row = get(vault, session.need(meeting_id, "MEETING", "Which meeting (its id)"))
        said = row.disagreement if asked is None else session.need_text(asked, "--asked", "What do you ask instead?")
        if not said.strip():
            said = session.need_text(None, "--asked", "What do you ask instead, and why?")
        whose = session.need(to, "--to", "Whose decision is it (name, role, agency)")
        entry = made(vault, row.child_id, whose, said, stage=stage or "", answer_by=ahead(answer_by), meeting_id=row.id)
    session.done(entry, "recorded", "The challenge is in the record, and its answer asked for.")


def task_of(text: str) -> Task:
    """Return an action from `what; who; when`, the last two of which may be left out."""
    from storage.desk.meetings import Task

    what, _, rest = text.partition(";")
    who, _, when = rest.partition(";")
    return Task(what.strip(), who.strip(), ahead(when.strip()))


@meeting.command(cls=Command)
@click.argument("meeting_id", metavar="MEETING", required=False)
@text_option("--reason", "Why it is not held.")
@click.pass_obj
def cancel(session: Session, meeting_id: str | None, reason: str | None) -> None:
    """Cancel a meeting that is planned, with the reason."""
    with session.opened(writes=True) as vault:
        from storage.desk.meetings import cancel as cancelled

        ident = session.need(meeting_id, "MEETING", "Which meeting (its id)")
        row = cancelled(vault, ident, session.need_text(reason, "--reason", "Why is it not held?"))
    session.done(row.id, "cancelled", "It is cancelled; the record keeps it.")
