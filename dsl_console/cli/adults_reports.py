"""`adults report`: sealed reports about adults, opened and triaged within the register (R-39)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dsl_console import config
from dsl_console.cli.adults import HARM, adults, kept_words, note_reading, opened
from dsl_console.cli.options import Code, Command, Group, codes, text_option
from dsl_console.cli.output import indented, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.adults import WorksAs
from practice.day_words import told_words

if TYPE_CHECKING:
    from storage.register import Register
    from storage.views.register import AdultReportRow

REPORT = click.argument("report_id", metavar="REPORT", required=False)


@adults.group(cls=Group)
def report() -> None:
    """Sealed reports about adults: only the register's holders can open them."""


def _take_in(session: Session, register: Register) -> None:
    from storage.desk.adult_reports import take_in

    settings, _faults = config.load(config.settings_file())
    for left in take_in(register, *config.reports_folders(settings)).left:
        session.note(f"{left.path.name} could not be taken in: {left.why}. It stays where it is.")


def _chosen(session: Session, register: Register, wanted: str | None) -> AdultReportRow:
    from storage.views.register import report as found

    _take_in(session, register)
    return found(register, session.need(wanted, "REPORT", "Report's id"))


def _json(row: AdultReportRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "adult_as_written": row.adult_as_written,
        "self_referral": row.self_referral,
        "written_at": moment_json(row.written_at),
        "arrived_at": moment_json(row.arrived_at),
        "answered": bool(row.answers),
    }


@report.command("list", cls=Command)
@click.option("--all", "everything", is_flag=True, help="Also those that were accepted or closed.")
@click.pass_obj
def list_(session: Session, everything: bool) -> None:
    """Take in what was left, and list the reports that wait, the oldest first."""
    from storage.views.register import reports

    with opened(session) as register:
        _take_in(session, register)
        note_reading(session, register, "reports")
        rows = reports(register, () if everything else ("waiting",))
    if session.json:
        print_json([_json(row) for row in rows])
        return
    for row in rows:
        written = f"{row.written_at.astimezone():%d %b %Y %H:%M}"
        out(joined([row.id, row.state, f"about «{one_line(row.adult_as_written)}»", written]))
    if not rows:
        session.note("No report waits.")


@report.command(cls=Command)
@REPORT
@click.option("--reporter", is_flag=True, help="Also the name of somebody who asked to stay anonymous; recorded.")
@click.pass_obj
def show(session: Session, report_id: str | None, reporter: bool) -> None:
    """Show one report whole. That you read it is recorded."""
    with opened(session) as register:
        row = _chosen(session, register, report_id)
        note_reading(session, register, "reports", row.id)
        if reporter and row.asks_anonymous:
            note_reading(session, register, "reporter", row.id)
    hidden = row.asks_anonymous and not reporter
    by = "somebody who asked to stay anonymous" if hidden else joined([row.reporter, row.reporter_role], ", ")
    if session.json:
        same = ("adult_role", "text", "context", "place", "happened", "asks_anonymous", "reason")
        print_json(
            _json(row)
            | {name: getattr(row, name) for name in same}
            | {"reporter": None if hidden else row.reporter, "reporter_role": None if hidden else row.reporter_role}
            | {"answers": list(row.answers)}
        )
        return
    out(f"Report {row.id}, {row.state}{', about themselves' if row.self_referral else ''}")
    out(f"About: {one_line(joined([row.adult_as_written, row.adult_role], ', '))}")
    out(f"Left by: {one_line(by)}, {row.written_at.astimezone():%d %b %Y %H:%M} by their clock")
    out(f"When: {one_line(row.happened) or 'as it was written'}")
    if row.place:
        out(f"Where: {one_line(row.place)}")
    for label, text in (("What happened", row.text), ("Context", row.context)):
        if text:
            out(f"{label}:")
            out(indented(text))
    if row.reason:
        out(f"Closed: {one_line(row.reason)}")
    for answer in row.answers:
        out(f"{one_line(told_words(answer['by'], answer['at'], answer['recorded_at']))}:")
        out(indented(answer["what"]))


@report.command(cls=Command)
@REPORT
@click.option("--adult", metavar="ADULT", help="Whom of the register it is about.")
@click.option("--new", is_flag=True, help="ADULT is the name of somebody who is not in the register yet.")
@click.option("--role", "adult_role", metavar="ROLE", help="What they do here, for somebody new.")
@click.option("--works-as", metavar="CODE", type=Code(*WorksAs), help=f"For somebody new: {codes(WorksAs)}.")
@HARM
@click.pass_obj
def accept(session: Session, /, report_id: str | None, adult: str | None, **given: Any) -> None:
    """Take a report into the register as a concern, in its writer's words; a person says about whom it is."""
    from storage.desk.adult_reports import accept as accepted
    from storage.views.register import resolve

    with opened(session, writes=True) as register:
        row = _chosen(session, register, report_id)
        session.note(f"Written: {one_line(row.adult_as_written)}")
        name = session.need(adult, "--adult", "Whom is it about (name, or id)")
        if given["new"]:
            role = row.adult_role if given["adult_role"] is None else given["adult_role"]
            new_adult = {"name": name, "role": role, "works_as": given["works_as"] or ""}
            kept = accepted(register, row.id, new_adult=new_adult, met=given["met"])
        else:
            kept = accepted(register, row.id, adult_id=resolve(register, name).id, met=given["met"])
        kept_words(session, register, kept, "It stands in the register. Decide on it: dsl-console adults decide")


@report.command(cls=Command)
@REPORT
@text_option("--reason", "Why it is taken into no entry.")
@click.pass_obj
def close(session: Session, report_id: str | None, reason: str | None) -> None:
    """Close a report without taking it into an entry; it stays readable."""
    from storage.desk.adult_reports import close as closed

    with opened(session, writes=True) as register:
        row = _chosen(session, register, report_id)
        closed(register, row.id, session.need_text(reason, "--reason", "Why?"))
    session.done(row.id, "closed", "Closed. It stays readable.")


@report.command(cls=Command)
@REPORT
@click.option("--by", metavar="NAME", help="Who told the reporter.")
@text_option("--what", "What the reporter was told.")
@click.option("--at", metavar="WHEN", help="When, as you would write it.")
@click.pass_obj
def answered(session: Session, report_id: str | None, by: str | None, what: str | None, at: str | None) -> None:
    """Record who told the reporter what was done."""
    from storage.desk.adult_reports import answered as told

    with opened(session, writes=True) as register:
        row = _chosen(session, register, report_id)
        who = session.need(by, "--by", "Who told the reporter")
        said = session.need_text(what, "--what", "What were they told?")
        told(register, row.id, who, said, session.offer(at, "When (Enter skips)"))
    session.done(row.id, "answered", "Recorded.")
