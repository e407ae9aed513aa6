"""`log`: a concern about a child, recorded from the shell (R-01, R-11, R-15, R-16, R-17)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Code, Command, codes, text_option
from dsl_console.cli.output import print_json, say
from dsl_console.cli.session import Session, print_id
from practice.errors import NotFound
from practice.roles import check_may_record
from practice.vocabulary import ConcernCategory, EntryKind, HowKnown, IdentityCheck, Told

if TYPE_CHECKING:
    from practice.acts import Phones
    from storage.desk.concerns import Other
    from storage.vault import Vault

Parts = tuple[str, ...]
NOTICE_WHEN = "When did the incident happen? (Enter: when the police attended, which is asked next)"


def told_of(values: Parts) -> list[dict[str, str]]:
    """Read NAME@TIME; without an @ it is a name alone."""
    told = []
    for value in values:
        name, at, time = value.rpartition("@")
        told.append({"name": name, "at": time} if at else {"name": value, "at": ""})
    return told


def caller_of(words: str | None, identity: str | None) -> dict[str, str] | None:
    """Read "name, role, agency"; what a comma does not part belongs to the agency's name (R-16)."""
    if words is None and identity is None:
        return None
    name, role, agency = ([part.strip() for part in (words or "").split(",", 2)] + ["", "", ""])[:3]
    return {"name": name, "role": role, "agency": agency, "identity": identity or "unverified"}


def _others(session: Session, vault: Vault, values: Parts, texts: Parts, categories: Parts) -> list[Other]:
    """Read CHILD:ROLE of the other children in the event, each with the text and category of the same place (R-11)."""
    from storage.desk.concerns import Other

    if len(texts) > len(values) or len(categories) > len(values):
        raise click.UsageError("There are more --also-text or --also-category than --also: each belongs to one child.")
    others = []
    for number, value in enumerate(values):
        child, colon, role = value.rpartition(":")
        if not colon:
            raise click.UsageError(f"--also takes CHILD:ROLE, not «{value}».")
        row = session.child(vault, child, "--also")
        text = texts[number] if number < len(texts) else None
        text = session.offer_text(text, f"What belongs only to the record of {row.told_apart}")
        category = categories[number] if number < len(categories) else ""
        others.append(Other(row.id, role.strip().casefold().replace("-", "_"), category, text))
    return others


def _about(session: Session, vault: Vault, wanted: str | None, not_on_roll: bool) -> tuple[str, str]:
    """Return the child's id, or the name of one who is to be recorded provisionally (R-15)."""
    if not_on_roll:
        return "", session.need(wanted, "CHILD", "The child's name")
    from storage.views import children

    while True:
        name = session.need(wanted, "CHILD", "Child (name, id or UPN)")
        try:
            return children.resolve(vault, name).id, ""
        except NotFound as error:
            if not children.find(vault, name, limit=1, loosely=False):
                near = error.hint if children.find(vault, name, limit=1) else ""
                session.note(near)
                if session.sure(f"Not on the roll: record provisionally as «{name}»?"):
                    return "", name
                error.hint = f"{near} For a child who is not on the roll, add --not-on-roll.".strip()
            if wanted is not None or not session.at_terminal:
                raise
            session.tell_error(error)


@click.command(cls=Command, short_help="Record a concern.")
@click.argument("child", required=False)
@text_option("--text", "What happened; - reads it from standard input.")
@click.option(
    "--kind", metavar="KIND", type=Code(*EntryKind), default="concern", help=f"Sort of entry: {codes(EntryKind)}."
)
@click.option(
    "--when",
    metavar="WHEN",
    help="When it happened, as you would write it; left out, it is now, or as the police attended.",
)
@text_option("--words", "The child's own words.")
@click.option(
    "--category",
    "categories",
    metavar="CATEGORY",
    type=Code(*ConcernCategory),
    multiple=True,
    help=f"What it is about, the main one first; may be repeated: {codes(ConcernCategory)}.",
)
@click.option("--how", metavar="HOW", type=Code(*HowKnown), help=f"How it is known: {codes(HowKnown)}.")
@click.option("--where", metavar="PLACE", default="", help="Where it happened.")
@click.option("--from", "caller", metavar='"NAME, ROLE, AGENCY"', help="Who rang or wrote for an agency.")
@click.option(
    "--identity",
    metavar="CHECK",
    type=Code(*IdentityCheck),
    help=f"How the caller's identity was checked: {codes(IdentityCheck)}.",
)
@click.option("--told", metavar="NAME@TIME", multiple=True, help="Who was told, and when; may be repeated.")
@click.option(
    "--also",
    metavar="CHILD:ROLE",
    multiple=True,
    help="Another child in the event: subject, harmed, alleged_to_have_harmed, witness, sibling; may be repeated.",
)
@click.option(
    "--also-text", metavar="TEXT", multiple=True, help="What belongs only to the child of the --also in the same place."
)
@click.option(
    "--also-category",
    metavar="CATEGORY",
    type=Code(*ConcernCategory),
    multiple=True,
    help="What it is about for the child of the --also in the same place.",
)
@click.option("--police-at", metavar="WHEN", help="Operation Encompass: when the police attended.")
@click.option("--school-at", metavar="WHEN", help="Operation Encompass: when the notice reached the school.")
@click.option("--child-told", metavar="X", type=Code(*Told), help=f"Whether the child was told: {codes(Told)}.")
@click.option("--parent-told", metavar="X", type=Code(*Told), help=f"Whether a parent was told: {codes(Told)}.")
@text_option("--action", "What was done at once.")
@click.option("--not-on-roll", is_flag=True, help="CHILD is the name of a child who is not on the roll yet.")
@click.option(
    "--seal", is_flag=True, help="Seal it without a passphrase; it is matched to a child after the next unlock."
)
@click.pass_obj
def log(
    session: Session,
    /,
    child: str | None,
    also: Parts,
    also_text: Parts,
    also_category: Parts,
    not_on_roll: bool,
    seal: bool,
    **given: Any,
) -> None:
    """Record a concern, or another entry of a child's record, and print its id.

    At a terminal it asks for what is left out, and Enter skips what may stay blank. No one else is told by it.

    With --seal it needs no passphrase and can read nothing: CHILD is the name as you know it, and a person matches it.
    """
    if seal:
        if also:
            raise click.UsageError("--also needs the children's records: with --seal, name the others in the text.")
        _seal(session, session.need(child, "CHILD", "The child's name as you know it"), given)
        return
    with session.opened(writes=True) as vault:
        check_may_record(vault.person.role, "concern_logged")  # before anything is asked that would be typed in vain
        child_id, new_child = _about(session, vault, child, not_on_roll)
        others = _others(session, vault, also, also_text, also_category)
        _record(session, vault, _fields(session, given), child_id, new_child, others)


def _fields(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return the concern's fields from the options, asking for what was left out."""
    notice = given["kind"] == EntryKind.OPERATION_ENCOMPASS
    fields: dict[str, Any] = {
        "entry_kind": given["kind"],
        "text": session.need_text(given["text"], "--text", "What happened?"),
        "childs_words": session.offer_text(given["words"], "The child's own words"),
        "when": session.offer(given["when"], NOTICE_WHEN if notice else "When did it happen? (Enter: now)"),
    }
    categories: Parts = given["categories"]
    if not categories:
        asked = session.offer(None, "Category (its beginning will do; Enter skips)", Code(*ConcernCategory))
        categories = (asked,) if asked else ()
    return (
        fields
        | {
            "category": categories[0] if categories else "",
            "further_categories": categories[1:],
            "how_known": session.offer(
                given["how"], "How is it known? (seen, heard, told by child …; Enter skips)", Code(*HowKnown)
            ),
            "place": given["where"],
            "caller": caller_of(given["caller"], given["identity"]),
            "told": told_of(given["told"]),
            "child_told": given["child_told"] or "",
            "parent_told": given["parent_told"] or "",
            "immediate_action": given["action"] or "",
        }
        | _notice(session, given)
    )


def _notice(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return the times of an Operation Encompass notice, asked for at a terminal (R-68)."""
    if given["kind"] != EntryKind.OPERATION_ENCOMPASS:
        if given["police_at"] or given["school_at"]:
            raise click.UsageError("--police-at and --school-at belong to --kind operation_encompass.")
        return {}
    return {
        "police_at": session.offer(given["police_at"], "When did the police attend? (Enter skips)"),
        "school_at": session.offer(given["school_at"], "When did the notice reach the school? (Enter skips)"),
    }


def _seal(session: Session, child: str, given: dict[str, Any]) -> None:
    """Seal the concern as a note: it is nobody's act until a person has matched it to a child."""
    from practice.acts import ConcernLogged, build
    from practice.dates import parse_when
    from storage import reports
    from storage.desk.concerns import read_times

    reports.card_of(session.folder)
    now = datetime.now().astimezone()
    fields = read_times(_fields(session, given), lambda words: parse_when(words, now))
    concern: ConcernLogged = build(ConcernLogged, {**fields, "child_as_written": child})
    writer = session.need(session.user or None, "--as NAME", "Your name")
    left = reports.leave(session.folder, reports.note_fields(concern, child, writer), form="note")
    session.done(left.id, "sealed", f"Sealed at {left.at.astimezone():%H:%M}. It waits for the next unlock.")


def _record(
    session: Session,
    vault: Vault,
    fields: dict[str, Any],
    child_id: str,
    new_child: str,
    others: list[Other],
) -> None:
    from practice.dates import in_words, note_beside
    from storage.desk.concerns import log_concern, read_times, read_when
    from storage.desk.finishing import look_alikes

    fields = read_times(fields, partial(read_when, vault))
    occurred = fields["occurred"]
    ids = log_concern(vault, fields, child_id=child_id, new_child=new_child, also=others)
    like = look_alikes(vault, ids[0])
    if session.json:
        more: dict[str, Any] = {"also": ids[1:]} if others else {}
        more |= {"look_alikes": [{"id": each.entry.id, "why": each.why} for each in like]} if like else {}
        print_json({"id": ids[0], "state": "recorded", **more})
        return
    now = vault.clock().astimezone()
    say(f"When it happened was read as: {in_words(occurred)}. {note_beside(occurred)}".strip())
    if (fields["caller"] or {}).get("identity") == "unverified":
        say("The caller is not verified: ring back on a number you already hold before saying anything.")
    what_now(now, vault.school.phones, ids[0])
    for each in like:
        say(f"An entry like it stands in the record: {each.entry.id}. {each.why}")
    for ident in ids:
        print_id(ident)


def what_now(now: datetime, phones: Phones, entry_id: str) -> None:
    """Say that no one else was told, and what can be done at once (R-17)."""
    say(f"Recorded at {now:%H:%M}. No one else has been told.")
    say("What now?")
    say("    In immediate danger: ring 999.")
    say(f"    Children's social care, front door: {phones.front_door or 'number not set'}.")
    say(f"    Out of hours: {phones.out_of_hours or 'number not set'}.")
    say(f"    Decide what is to be done: dsl-console decide {entry_id}")
