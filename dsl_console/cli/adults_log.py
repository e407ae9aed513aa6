"""`adults log`, `self-referral`, `amend`, `decide`, `lado`, `change`, `left`: what is recorded (R-41 to R-46)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.adults import ADULT, ENTRY, HARM, adults, kept_words, opened
from dsl_console.cli.options import Code, Command, Day, codes, text_option
from dsl_console.cli.output import (
    say,
)
from dsl_console.cli.session import Session
from practice.adults import (
    LADO_STOP,
    NEUTRAL,
    AdultDecision,
    AdultEntryKind,
    EntryState,
    Harm,
    LadoWay,
    Threshold,
    WorksAs,
)
from practice.errors import NotFound, Refused
from practice.vocabulary import label_of

if TYPE_CHECKING:
    from storage.register import Register


def _whom(session: Session, register: Register, wanted: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return whom an entry is about, as `log_concern` takes it: somebody of the register, or somebody new to it."""
    from storage.views.register import resolve

    name = session.need(wanted, "ADULT", "Whom is it about (name, or id)")
    if not given["new"]:
        try:
            return {"adult_id": resolve(register, name).id}
        except NotFound as error:
            if "several" in error.message or not session.sure(f"{error.message} Record a new adult of that name?"):
                raise
    role = session.offer(given["adult_role"], "What they do here (Enter skips)")
    works_as = session.offer(given["works_as"], f"They work as ({codes(WorksAs)}; Enter skips)", Code(*WorksAs))
    return {"new_adult": {"name": name, "role": role, "works_as": works_as}}


def _fields(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry that every kind has, asked for where they were left out."""
    fields = {
        "text": session.need_text(given["text"], "--text", "What happened, or was said?"),
        "context": session.offer_text(given["context"], "The context: what was going on, who was there"),
        "when": session.offer(given["when"], "When? (as you would write it; Enter: now)"),
        "place": session.offer(given["place"], "Where? (Enter skips)"),
        "activity": session.offer(given["activity"], "In which activity? (Enter skips)"),
        "action": session.offer_text(given["action"], "What was done at once"),
        "met": list(given["met"]),
    }
    if session.at_terminal and not fields["met"]:
        say("May any of these be so? They harmed a child or may have (harmed); a possible offence (offence); they may")
        say("pose a risk (risk); they may not be suitable (unsuitable).")
        answer = session.offer(None, "Which (Enter: none, or not known yet)", Code(*Harm))
        fields["met"] = [answer] if answer else []
    return fields


def _entry_options(command: Any) -> Any:
    for option in (
        click.option("--new", is_flag=True, help="ADULT is the name of somebody who is not in the register yet."),
        click.option("--role", "adult_role", metavar="ROLE", help="What they do here, for somebody new."),
        click.option("--works-as", metavar="CODE", type=Code(*WorksAs), help=f"For somebody new: {codes(WorksAs)}."),
        text_option("--text", "What happened, or was said; - reads it from standard input."),
        text_option("--context", "What was going on, and who was there."),
        click.option("--when", metavar="WHEN", help="When, as you would write it; left out, it is now."),
        click.option("--place", metavar="PLACE", help="Where."),
        click.option("--activity", metavar="ACTIVITY", help="In which activity."),
        text_option("--action", "What was done at once."),
        HARM,
    ):
        command = option(command)
    return command


@adults.command(cls=Command)
@ADULT
@_entry_options
@click.option("--from", "shared_by", metavar="NAME", help="Who shared it.")
@click.option("--from-role", "shared_role", metavar="ROLE", help="What they do at the school.")
@click.option("--anonymous", is_flag=True, help="Who shared it asked to stay anonymous.")
@click.pass_obj
def log(session: Session, /, adult: str | None, **given: Any) -> None:
    """Record a concern about an adult: low-level, or an allegation where --harm says what may be so.

    Where the harm threshold may be met, the program stops: the LADO first.
    """
    from storage.desk.register import log_concern

    with opened(session, writes=True) as register:
        session.note(NEUTRAL)
        whom = _whom(session, register, adult, given)
        fields = _fields(session, given)
        fields["shared_by"] = session.offer(given["shared_by"], "Who shared it? (Enter skips)")
        fields["shared_role"] = session.offer(given["shared_role"], "What they do at the school (Enter skips)")
        fields["asks_anonymous"] = given["anonymous"]
        kept = log_concern(register, fields, **whom)
        kept_words(session, register, kept, "Recorded in the adults' register. Decide on it: dsl-console adults decide")


@adults.command("self-referral", cls=Command)
@ADULT
@_entry_options
@click.pass_obj
def self_referral(session: Session, /, adult: str | None, **given: Any) -> None:
    """Record what an adult shared about themselves: a neutral act, and a good sign."""
    from storage.desk.register import log_concern

    with opened(session, writes=True) as register:
        session.note(NEUTRAL)
        whom = _whom(session, register, adult, given)
        fields = _fields(session, given) | {"entry_kind": str(AdultEntryKind.SELF_REFERRAL)}
        kept = log_concern(register, fields, **whom)
        kept_words(session, register, kept, "Recorded as a self-referral. Decide on it: dsl-console adults decide")


@adults.command(cls=Command)
@ENTRY
@text_option("--text", "The words as they should read now; - reads them from standard input.")
@text_option("--reason", "Why they are amended.")
@click.pass_obj
def amend(session: Session, entry_id: str | None, text: str | None, reason: str | None) -> None:
    """Add a version of an entry's words; every earlier one stays readable."""
    from storage.desk.register import amend as amended

    with opened(session, writes=True) as register:
        wanted = session.need(entry_id, "ENTRY", "Entry's id")
        words = session.need_text(text, "--text", "The words as they should read now")
        why = session.need_text(reason, "--reason", "Why?")
        act = amended(register, wanted, words, why)
    session.done(act, "amended", "Amended; what stood before stays readable.")


@adults.command(cls=Command)
@ENTRY
@click.option("--decision", metavar="CODE", type=Code(*AdultDecision), help=f"{codes(AdultDecision)}.")
@text_option("--reason", "The rationale; it is never blank.")
@click.option(
    "--threshold",
    metavar="CODE",
    type=Code(*Threshold),
    help=f"Whether the harm threshold may be met: {codes(Threshold)}.",
)
@HARM
@click.option("--on", metavar="DATE", type=Day(), help="The day, of a referral to the LADO.")
@click.option("--reference", metavar="TEXT", help="The LADO's reference.")
@click.pass_obj
def decide(session: Session, /, entry_id: str | None, **given: Any) -> None:
    """Decide on an entry, with the rationale and with the answer whether the harm threshold may be met.

    Where it may be, nothing is decided: an allegation is opened, and the LADO comes first.
    """
    from storage.desk.register import decide as decided
    from storage.views.register import entry

    with opened(session, writes=True) as register:
        row = entry(register, session.need(entry_id, "ENTRY", "Entry's id"))
        if row.state is EntryState.STOP:
            number = register.phones.get("lado") or "no number is set"
            raise Refused(
                LADO_STOP,
                title="Stop: the LADO first",
                hint=f"LADO: {number}. Then record the call: dsl-console adults lado {row.id}",
            )
        met = list(given["met"])
        threshold = str(Threshold.MAY_BE_MET) if met else given["threshold"]
        label = f"May the harm threshold be met? ({codes(Threshold)})"
        threshold = session.need_code(threshold, "--threshold", label, Code(*Threshold))
        code = session.need_code(
            given["decision"], "--decision", f"Decision ({codes(AdultDecision)})", Code(*AdultDecision)
        )
        why = session.need_text(given["reason"], "--reason", "The rationale")
        on, reference = given["on"], given["reference"] or ""
        if code == AdultDecision.LADO_REFERRED:
            on = session.need_day(on, "--on", "On which day was it referred")
            reference = session.need(reference, "--reference", "The LADO's reference")
        kept = decided(register, row.id, code, why, threshold=threshold, met=met, on=on, reference=reference)
        kept_words(session, register, kept, f"Decided: {label_of(AdultDecision, code)}.")


@adults.command(cls=Command)
@ENTRY
@click.option("--spoke-to", metavar="NAME", help="To whom you spoke.")
@click.option("--at", metavar="WHEN", help="When, as you would write it.")
@click.option("--way", metavar="CODE", type=Code(*LadoWay), help=f"{codes(LadoWay)}; left out, consulted.")
@click.option("--reference", metavar="TEXT", help="The LADO's reference, if there is one.")
@text_option("--advice", "What they advised; - reads it from standard input.")
@click.pass_obj
def lado(session: Session, /, entry_id: str | None, **given: Any) -> None:
    """Record the call to the LADO; after it, the entry can be decided."""
    from storage.desk.register import lado_called
    from storage.views.register import entry

    with opened(session, writes=True) as register:
        row = entry(register, session.need(entry_id, "ENTRY", "Entry's id"))
        session.note(f"LADO: {register.phones.get('lado') or 'no number is set'}.")
        kept = lado_called(
            register,
            row.id,
            session.need(given["spoke_to"], "--spoke-to", "To whom did you speak"),
            session.need(given["at"], "--at", "When"),
            session.need_text(given["advice"], "--advice", "What did they advise?"),
            way=given["way"] or str(LadoWay.CONSULTED),
            reference=session.offer(given["reference"], "Their reference (Enter skips)"),
        )
        kept_words(session, register, kept, "The call is recorded. Decide as was advised: dsl-console adults decide")


@adults.command(cls=Command)
@ADULT
@click.option("--name", metavar="NAME", help="The name as it should be.")
@click.option("--role", metavar="ROLE", help="What they do here.")
@click.option("--works-as", metavar="CODE", type=Code(*WorksAs), help=f"{codes(WorksAs)}.")
@text_option("--reason", "Why it is changed.")
@click.pass_obj
def change(session: Session, /, adult: str | None, name: str | None, **given: Any) -> None:
    """Put right what is known of an adult: name, role, for whom they work."""
    from storage.desk.register import change_adult
    from storage.views.register import resolve

    with opened(session, writes=True) as register:
        row = resolve(register, session.need(adult, "ADULT", "Adult's name or id"))
        role = row.role if given["role"] is None else given["role"]
        works_as = row.works_as if given["works_as"] is None else given["works_as"]
        change_adult(register, row.id, name or row.name, role, works_as, given["reason"] or "")
    session.done(row.id, "changed", "Put right; what stood before stays in the register's history.")


@adults.command("left", cls=Command)
@ADULT
@click.option("--on", metavar="DATE", type=Day(), help="Their last day.")
@click.pass_obj
def left_(session: Session, adult: str | None, on: date | None) -> None:
    """Record the day on which an adult left; the school's rule of retention runs from it."""
    from storage.desk.register import left

    with opened(session, writes=True) as register:
        wanted = session.need(adult, "ADULT", "Adult's name or id")
        ident = left(register, wanted, session.need_day(on, "--on", "Their last day"))
    session.done(ident, "left", "Recorded. Nothing is removed.")
