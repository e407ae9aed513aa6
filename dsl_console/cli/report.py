"""`report`: a sealed note for the safeguarding team from anybody, and what becomes of it after unlock (R-39)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console import cards, config
from dsl_console.cli.options import Code, Command, Group, codes, json_option, text_option
from dsl_console.cli.output import indented, joined, moment_json, one_line, out, print_json, say
from dsl_console.cli.session import Session
from practice.adults import NEUTRAL
from practice.day_words import told_words
from practice.errors import Refused
from practice.text import visible
from practice.vocabulary import HowKnown, ReportAbout, YesNo

if TYPE_CHECKING:
    from storage.reports import Card
    from storage.vault import Vault
    from storage.views.reports import ReportRow


class _ReportGroup(Group):
    """`report` alone leaves one; with a word it does something else."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"invoke_without_command": True, "no_args_is_help": False, **keywords})
        self.params.append(json_option())


@click.group(cls=_ReportGroup, short_help="Leave a sealed note for the safeguarding team.")
@click.option("--to", metavar="FOLDER", help="A shared folder, from a machine without the vault.")
@click.option("--card", metavar="DIR", help="Where the school's report card lies; the same folder, if left out.")
@click.option("--words", "card_words", metavar="WORDS", help="The card's eight words, as the DSL reads them to you.")
@click.option("--about", metavar="WHOM", type=Code(*ReportAbout), help=f"Whom it is about: {codes(ReportAbout)}.")
@click.option("--child", metavar="NAME", help="The child's name as you know it.")
@click.option("--adult", metavar="NAME", help="About an adult: their name as you know it.")
@click.option("--adult-role", metavar="ROLE", help="About an adult: what they do here.")
@click.option("--myself", is_flag=True, help="About an adult: it is yourself.")
@text_option("--context", "About an adult: what was going on, and who was there.")
@click.option("--place", metavar="PLACE", help="About an adult: where.")
@click.option("--anonymous", is_flag=True, help="About an adult: you ask to stay anonymous; your name may be left out.")
@text_option("--text", "What happened; - reads it from standard input.")
@text_option("--childs-words", "The child's own words.")
@click.option("--when", metavar="WHEN", help="When it happened, as you would write it; left out, it is now.")
@click.option("--from", "reporter", metavar="NAME", help="Who you are.")
@click.option("--role", metavar="ROLE", help="What you do at the school.")
@click.option("--told-dsl", metavar="ANSWER", type=Code(*YesNo), help="Whether you told the DSL in person: yes, no.")
@click.pass_context
def report(context: click.Context, /, **given: Any) -> None:
    """Leave a sealed note for the safeguarding team, without a passphrase; or, with a word after it, deal with notes.

    It asks for everything, first whom it is about. It works while the vault is locked or open elsewhere, and it can
    read nothing back, not even this note. With --to it works on any machine that has the school's report card.
    """
    if context.invoked_subcommand is None:
        session = context.find_object(Session)
        assert session is not None
        _leave(session, given)


def _leave(session: Session, given: dict[str, Any]) -> None:
    from storage import reports

    if given["to"] is None and (given["card"] or given["card_words"]):
        raise click.UsageError("--card and --words belong to --to FOLDER.")
    folder = Path(given["to"]).expanduser() if given["to"] else None
    card = reports.read_card(Path(given["card"] or folder).expanduser()) if folder else reports.card_of(session.folder)
    about = session.need_code(
        given["about"], "--about", "Whom is it about? (child, adult, headteacher)", Code(*ReportAbout)
    )
    if folder:
        _compare(session, card, given["card_words"])
    reports.check_about(about, card)
    session.note("If a child is in immediate danger, ring 999 first. A note is read only at the next unlock.")
    fields = _about_adult(session, given) if about == ReportAbout.ADULT else _about_child(session, given)
    if folder:
        left = reports.seal_to_folder(card, folder, fields, about=about)
    else:
        left = reports.leave(session.folder, fields, about=about)
    session.done(left.id, "sealed", left.words)


def _about_adult(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a report about an adult who works here, oneself among them."""
    session.note(NEUTRAL)
    session.note("Only the headteacher, and whom the headteacher lets in, can read it. Is it about one of them? Then")
    session.note("stop here with ctrl+c and ring the chair of governors or the LADO instead.")
    fields: dict[str, Any] = {
        "adult_as_written": session.need(given["adult"], "--adult", "The adult's name as you know it"),
        "adult_role": session.offer(given["adult_role"], "What they do here (Enter skips)"),
        "self_referral": given["myself"],
        "text": session.need_text(given["text"], "--text", "What happened, or was said?"),
        "context": session.offer_text(given["context"], "What was going on, and who was there"),
        "place": session.offer(given["place"], "Where? (Enter skips)"),
        "happened": session.offer(given["when"], "When did it happen? (Enter: now)"),
        "asks_anonymous": given["anonymous"],
    }
    if given["anonymous"]:
        fields["reporter"] = session.offer(given["reporter"], "Your name (Enter leaves it out)")
    else:
        fields["reporter"] = session.need(given["reporter"], "--from", "Your name")
    return fields | {"reporter_role": session.offer(given["role"], "What you do at the school (Enter skips)")}


def _about_child(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a report about a child."""
    fields: dict[str, Any] = {
        "child_as_written": session.need(given["child"], "--child", "The child's name as you know it"),
        "text": session.need_text(given["text"], "--text", "What happened?"),
        "childs_words": session.offer_text(given["childs_words"], "The child's own words"),
        "happened": session.offer(given["when"], "When did it happen? (Enter: now)"),
        "reporter": session.need(given["reporter"], "--from", "Your name"),
        "reporter_role": session.offer(given["role"], "What you do at the school (Enter skips)"),
    }
    told = session.need_code(
        given["told_dsl"], "--told-dsl", "Have you told the DSL in person? (yes, no)", Code(*YesNo)
    )
    return fields | {"told_dsl": told == YesNo.YES}


def _compare(session: Session, card: Card, words: str | None) -> None:
    """See to it that the card is the school's: its words are compared once on each machine; raises Refused."""
    if words is not None:
        cards.compare(card, words)
        return
    if cards.is_known(card):
        return
    session.note(f"This machine meets the card of {card.school or 'this school'} for the first time. Its words are:")
    session.note(f"    {card.words}")
    if not session.sure("Does the DSL's own machine show these same words?"):
        raise Refused(
            "The card was not compared, so nothing was stored.",
            title="Compare the card's words",
            hint=f"Ask the DSL for the words and give them with --words. {cards.TELL}",
        )
    cards.remember(card)


@report.command(cls=Command)
@click.argument("folder", metavar="DIR", required=False)
@click.pass_obj
def card(session: Session, folder: str | None) -> None:
    """Write the report card: the inbox's public key and the telephone numbers, nothing secret.

    With it any machine of the school seals a note into a shared folder. Its eight words are compared there once; a new
    number or a new key makes a new card with other words.
    """
    from storage import reports

    chosen = session.need(folder, "DIR", "Folder for the card")
    made = reports.write_card(session.folder, Path(chosen).expanduser())
    collected = _collected_from(Path(chosen).expanduser().absolute())
    if session.json:
        answer = {"id": made.vault, "state": "written", "school": made.school, "words": made.words}
        print_json(answer | {"collected_from": collected})
        return
    say(f"The card is written. {_numbers(made)}")
    say(f"Notes are collected from {visible(collected)}, after each unlock.")
    say("Its words, to be compared once on each machine that uses it:")
    out(made.words)


def _collected_from(folder: Path) -> str:
    """Return the folder that notes are collected from on this machine: the card's own, where none was set."""
    path = config.settings_file()
    kept, _faults = config.load(path)
    if not kept.reports_folder:
        kept = replace(kept, reports_folder=str(folder))
        config.save(path, kept)
    return kept.reports_folder


def _numbers(card: Card) -> str:
    return f"Chair of governors: {card.phone('chair_of_governors')}. LADO: {card.phone('lado')}."


@report.command(cls=Command)
@click.option("--lado", metavar="NUMBER", help="Telephone of the LADO, the designated officer of the council.")
@click.option("--chair", metavar="NUMBER", help="Telephone of the chair of governors.")
@click.pass_obj
def numbers(session: Session, lado: str | None, chair: str | None) -> None:
    """Set whom a reporter is to ring about the headteacher; anybody can read these numbers without a key."""
    with session.opened(writes=True) as vault:
        from storage.desk.school import set_phones
        from storage.reports import card_of

        chair = session.need(chair, "--chair", "Telephone of the chair of governors")
        lado = session.need(lado, "--lado", "Telephone of the LADO")
        set_phones(vault, chair_of_governors=chair, lado=lado)
        changed = card_of(vault.folder)
    session.done(changed.vault, "set", f"{_numbers(changed)} Write new cards: the old ones have the old numbers.")


# -- triage ------------------------------------------------------------------------------------------------------------


def _take_in(session: Session, vault: Vault) -> None:
    """Take in what waits, and name the files that stay."""
    from storage.desk import triage

    settings, _faults = config.load(config.settings_file())
    for left in triage.take_in(vault, *config.reports_folders(settings)).left:
        session.note(f"{left.path.name} could not be taken in: {left.why}. It stays where it is.")


def _chosen(session: Session, vault: Vault, wanted: str | None) -> ReportRow:
    from storage.views import reports

    _take_in(session, vault)
    return reports.report(vault, session.need(wanted, "REPORT", "Report's id"))


@report.command("list", cls=Command)
@click.option("--all", "everything", is_flag=True, help="Also those that were accepted or closed.")
@click.pass_obj
def list_(session: Session, everything: bool) -> None:
    """Take in what was left, and list the notes that wait for a person, the oldest first."""
    with session.opened() as vault:
        from storage.views import reports

        _take_in(session, vault)
        rows = reports.reports(vault, states=() if everything else ("waiting",))
    if session.json:
        print_json([_json(row) for row in rows])
        return
    for row in rows:
        about = f"about «{one_line(row.child_as_written)}»"
        out(joined([row.id, row.state, about, f"from {one_line(row.reporter)}", _day(row)]))


def _day(row: ReportRow) -> str:
    written = row.written_at.astimezone()
    return f"{written:%a} {written.day} {written:%b %Y %H:%M}"


def _json(row: ReportRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "form": row.form,
        "state": row.state,
        "child_as_written": row.child_as_written,
        "child_id": row.child_id,
        "reporter": row.reporter,
        "written_at": moment_json(row.written_at),
        "arrived_at": moment_json(row.arrived_at),
        "answered": bool(row.answers),
    }


@report.command(cls=Command)
@click.argument("report_id", metavar="REPORT", required=False)
@click.pass_obj
def show(session: Session, report_id: str | None) -> None:
    """Show one note whole, with the children whose names are like the one that was written."""
    with session.opened() as vault:
        from storage.desk import triage
        from storage.views.children import names

        row = _chosen(session, vault, report_id)
        like = triage.candidates(vault, row)
        with vault.read() as connection:
            stands = names(connection, [row.child_id]).get(row.child_id, "") if row.child_id else ""
    if session.json:
        further = ("reporter_role", "told_dsl", "text", "childs_words", "happened", "reason")
        print_json(
            _json(row)
            | {name: getattr(row, name) for name in further}
            | {"answers": [vars(answer) for answer in row.answers]}
            | {"candidates": [{"id": child.id, "name": child.name} for child in like]}
        )
        return
    out(f"{row.form.capitalize()} {row.id}, {row.state}")
    out(f"About: {one_line(row.child_as_written)}")
    out(f"Left by: {joined([one_line(row.reporter), one_line(row.reporter_role)], ', ')}, {_day(row)} by their clock")
    if row.form == "report":
        out(f"Told the DSL in person: {'yes' if row.told_dsl else 'no'}")
    out(f"When: {one_line(row.happened) or 'as it was written'}")
    out("What happened:")
    out(indented(row.text))
    if row.childs_words:
        out("The child's own words:")
        out(indented(row.childs_words))
    if stands:
        out(f"Taken into the record of {one_line(stands)}.")
    if row.reason:
        out(f"Closed: {one_line(row.reason)}")
    for answer in row.answers:
        out(f"{one_line(told_words(answer.by, answer.at, answer.recorded_at))}:")
        out(indented(answer.what))
    if row.state == "waiting":
        out("Names like it on the roll; a person decides:" if like else "Nobody on the roll has a name like it.")
        for child in like:
            out(f"    {child.id}  {child.told_apart}")


@report.command(cls=Command)
@click.argument("report_id", metavar="REPORT", required=False)
@click.option("--child", metavar="CHILD", help="The child whom it is about.")
@click.option("--not-on-roll", is_flag=True, help="CHILD is the name of a child who is not on the roll yet.")
@click.option("--how", metavar="HOW", type=Code(*HowKnown), help=f"How it is known: {codes(HowKnown)}.")
@click.pass_obj
def accept(session: Session, report_id: str | None, child: str | None, not_on_roll: bool, how: str | None) -> None:
    """Take a note into a child's record, in its writer's words and with their name as the source."""
    with session.opened(writes=True) as vault:
        from storage.desk import triage

        row = _chosen(session, vault, report_id)
        session.note(f"Written: {one_line(row.child_as_written)}")
        if not_on_roll:
            name, child_id = session.need(child, "--child", "The child's name"), ""
        else:
            found = session.child(vault, child, "--child")
            name, child_id = found.told_apart, found.id
        how = session.offer(how, "How is it known? (told by adult, seen …; Enter skips)", Code(*HowKnown))
        new_child = name if not_on_roll else ""
        entry = triage.accept(vault, row.id, child_id, how_known=how, new_child=new_child)
        child_id = child_id or str(_chosen(session, vault, row.id).child_id)
    sentence = f"It stands in the record of {name}. Say with report answered who told {row.reporter} what was done."
    session.done(entry, "accepted", sentence, child_id=child_id)


@report.command(cls=Command)
@click.argument("report_id", metavar="REPORT", required=False)
@text_option("--reason", "Why it is taken into no record.")
@click.pass_obj
def close(session: Session, report_id: str | None, reason: str | None) -> None:
    """Close a note without taking it into a record; it stays readable."""
    with session.opened(writes=True) as vault:
        from storage.desk import triage

        row = _chosen(session, vault, report_id)
        triage.close(vault, row.id, session.need_text(reason, "--reason", "Why?"))
    session.done(row.id, "closed", "Closed. It stays readable.")


@report.command(cls=Command)
@click.argument("report_id", metavar="REPORT", required=False)
@click.option("--by", metavar="NAME", help="Who told the reporter.")
@text_option("--what", "What the reporter was told.")
@click.option("--at", metavar="WHEN", help="When, as you would write it.")
@click.pass_obj
def answered(session: Session, report_id: str | None, by: str | None, what: str | None, at: str | None) -> None:
    """Record who told the reporter what was done."""
    with session.opened(writes=True) as vault:
        from storage.desk import triage

        row = _chosen(session, vault, report_id)
        who = session.need(by, "--by", f"Who told {one_line(row.reporter)}")
        said = session.need_text(what, "--what", "What were they told?")
        triage.answered(vault, row.id, who, said, session.offer(at, "When (Enter skips)"))
    session.done(row.id, "answered", "Recorded.")
