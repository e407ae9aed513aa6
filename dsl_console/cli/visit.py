"""`visit`: some children's records on a laptop for some hours, and home again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Group, text_option
from dsl_console.cli.output import joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.errors import NotFound
from practice.visits import KIND_WORDS

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.visits import VisitRow
    from storage.visits.returned import Returned

STATES = {"out": "out", "returned": "came back", "lost": "reported lost"}


@click.group(cls=Group, short_help="Some children's records on a laptop, for some hours.")
def visit() -> None:
    """Take some children's records along on a laptop, for some hours and without a network, and bring them home.

    At school: pack, list, return, lost. On the laptop: begin, left, end; and log, amend and the other commands of the
    record, with --vault on the set's folder.
    """


@visit.command(cls=Command)
@click.option("--child", "wanted", metavar="CHILD", multiple=True, help="A child whose record goes along.")
@click.option("--today", "todays", is_flag=True, help="The children of today's meetings, reviews and actions.")
@click.option("--hours", metavar="N", type=float, help="How long the set opens: 0.25 to 72 hours.")
@click.option("--to", "place", metavar="DIR", help="The stick, or the folder, into which it is packed.")
@click.option("--purpose", metavar="TEXT", default="", help="What for, such as: home visit.")
@click.pass_obj
def pack(
    session: Session, wanted: tuple[str, ...], todays: bool, hours: float | None, place: str | None, purpose: str
) -> None:
    """Pack a visit set: the records of these children and of nobody else, under your own passphrase."""
    secret = session.passphrase()
    session.known_passphrase = secret
    with session.opened(writes=True) as vault:
        from storage.desk.visits import todays_children
        from storage.visits.packing import pack as packed

        chosen = [row.id for row in todays_children(vault)] if todays else []
        chosen += [session.child(vault, each, "--child").id for each in wanted or (() if todays else (None,))]
        if not chosen:
            raise NotFound(
                "No child's meeting, review or action is due today. Nothing was packed.", hint="Name one: --child"
            )
        span = hours if hours is not None else float(session.need(None, "--hours", "For how many hours") or 0)
        to = Path(session.need(place, "--to", "Into which folder"))
        made = packed(vault, chosen, span, to, secret, purpose=purpose, progress=session.note)
    if session.json:
        print_json(
            {
                "id": made.id,
                "state": "out",
                "folder": str(made.folder),
                "until": moment_json(made.until),
                "children": len(dict.fromkeys(chosen)),
                "acts": made.acts,
                "masked": made.masked,
            }
        )
        return
    if made.masked:
        session.note(f"Other children's names are masked in {made.masked} of the entries.")
    session.note(f"It opens until {made.until.astimezone():%a %d %b %H:%M}, with your own passphrase:")
    out(str(made.folder))
    session.note("On the laptop: dsl-console visit begin DIR, or dsl-console --vault DIR")


@visit.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List the visit sets: which are out, until when, with whose records; and what of one waits for a person."""
    with session.opened() as vault:
        from storage.views import visits

        rows, waiting = visits.visits(vault), dict(visits.waiting(vault))
        now = vault.clock()
    if session.json:
        print_json([_row_json(row, row.id in waiting) for row in rows])
        return
    if not rows:
        session.note("No visit set was packed yet: dsl-console visit pack")
    for row in rows:
        words = STATES[row.state]
        if row.state == "out":
            words = f"{'was due back' if row.until <= now else 'out until'} {row.until.astimezone():%a %d %b %H:%M}"
        out(f"{row.id[-6:]}  {joined([words, row.person, ', '.join(row.children), one_line(row.purpose)])}")
        if row.id in waiting:
            session.note(f"{waiting[row.id]}: dsl-console visit held {row.id[-6:]}")


def _row_json(row: VisitRow, waits: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "person": row.person,
        "children": list(row.child_ids),
        "purpose": row.purpose,
        "packed": moment_json(row.packed_at),
        "until": moment_json(row.until),
        "closed": moment_json(row.closed_at),
        "reason": row.reason,
        "through": row.through,
        "waits": waits,
    }


@visit.command("return", cls=Command)
@click.argument("places", metavar="DIR|FILE…", nargs=-1)
@click.option("--learn", is_flag=True, help="Learn of a set that no machine here knows from the set itself.")
@click.pass_obj
def return_(session: Session, places: tuple[str, ...], learn: bool) -> int:
    """Take in what was recorded on a visit, from the set's folder or from single sealed files, and destroy the set.

    Any number of times, also after its end: the set need not open. Exits 1 where a file was refused or something waits.
    """
    with session.opened(writes=True) as vault:
        from storage.visits.returning import take

        wanted = places or (session.need(None, "DIR", "Folder of the visit set"),)
        done = [take(vault, Path(each), session.note, learn=learn or None) for each in wanted]
    return _tell(session, done)


def _tell(session: Session, all_done: list[Returned]) -> int:
    if session.json:
        print_json(
            [
                {
                    "id": done.visit,
                    "state": "returned" if done.removed else "taken",
                    "taken": done.taken,
                    "known": done.known,
                    "missing": done.missing,
                    "held": done.held,
                    "why": done.why,
                    "reports": done.reports,
                    "drafts": done.drafts,
                    "learnt": done.learnt,
                    "notes": done.notes,
                    "refused": [{"file": name, "reason": text} for name, text in done.refused.items()],
                }
                for done in all_done
            ]
        )
    for done in [] if session.json else all_done:
        from storage.visits.returned import returned_words

        for line in returned_words(done):
            out(line)
        if done.unknown and done.letter:
            session.note(f"dsl-console visit return --learn {done.place}")
    return 1 if any(done.refused or done.held or done.unknown for done in all_done) else 0


@visit.command(cls=Command)
@click.argument("number", required=False)
@text_option("--reason", "What became of it.")
@click.pass_obj
def lost(session: Session, number: str | None, reason: str | None) -> None:
    """Report a set lost, or give one up: what comes back from it then waits until a person has read it."""
    with session.opened(writes=True) as vault:
        from storage.visits.returning import lose

        wanted = session.need(number, "NUMBER", "Which set (the six letters or figures in its folder's name)")
        row = lose(vault, wanted, session.need_text(reason, "--reason", "What became of it?"))
    session.note(f"It opens no more after {row.until.astimezone():%a %d %b %H:%M}; until then the passphrase keeps it.")
    session.done(row.id, "lost", "What comes back from it waits for a person.")


@visit.command(cls=Command)
@click.argument("number", required=False)
@click.pass_obj
def held(session: Session, number: str | None) -> None:
    """Read what came back from a set and waits for a person, and why."""
    with session.opened() as vault:
        from storage.views.visits import find
        from storage.visits.returning import held as waits_of

        row = find(vault, session.need(number, "NUMBER", "Which set"))
        why, waits = waits_of(vault, row)
        for child in {each.child_id for each in waits if each.child_id}:
            session.opening(vault, child)
    if session.json:
        fields = ("seq", "recorded_at", "kind", "child", "text")
        print_json(
            {"id": row.id, "why": why, "acts": [{name: getattr(each, name) for name in fields} for each in waits]}
        )
        return
    session.note(why or "Nothing of that set waits for a person.")
    for each in waits:
        when = f"{datetime.fromisoformat(each.recorded_at).astimezone():%d %b %Y %H:%M}"
        what = KIND_WORDS.get(each.kind, each.kind)
        out(joined([str(each.seq), when, what, one_line(each.child), one_line(each.text)]))


@visit.command(cls=Command)
@click.argument("number", required=False)
@text_option("--reason", "Why it may come in.")
@click.pass_obj
def accept(session: Session, number: str | None, reason: str | None) -> None:
    """Let in what waits of a set, once you have read it (`visit held`)."""
    _settle(session, number, reason, accept=True)


@visit.command(cls=Command)
@click.argument("number", required=False)
@text_option("--reason", "Why it does not come in.")
@click.pass_obj
def refuse(session: Session, number: str | None, reason: str | None) -> None:
    """Refuse what waits of a set: its sealed files are removed, and nothing of it stands in the record."""
    _settle(session, number, reason, accept=False)


def _settle(session: Session, number: str | None, reason: str | None, *, accept: bool) -> None:
    with session.opened(writes=True) as vault:
        from storage.views.visits import find
        from storage.visits.returning import settle

        row = find(vault, session.need(number, "NUMBER", "Which set"))
        done = settle(vault, row.id, accept=accept, reason=session.need_text(reason, "--reason", "Why?"))
    words = f"Taken in: {done.taken} acts." if accept else "Refused, and removed."
    session.done(row.id, "accepted" if accept else "refused", words, taken=done.taken)


# -- on the laptop -----------------------------------------------------------------------------------------------------


@visit.command(cls=Command)
@click.argument("folder", metavar="DIR", required=False)
@click.pass_obj
def begin(session: Session, folder: str | None) -> None:
    """Move a set from a stick onto this laptop, into --vault or the program's own folder; the stick's is destroyed.

    No passphrase is asked for. Without it, a set can also be opened where it lies: dsl-console --vault DIR
    """
    from storage.visits.ending import begin as moved

    place = Path(session.need(folder, "DIR", "Folder of the visit set")).expanduser()
    moved(place, session.folder)
    session.done(_id_of(session.folder), "begun", "The set is on this laptop now; open it with: dsl-console")


def _id_of(folder: Path) -> str:
    from storage.visits.ending import cover_of

    return cover_of(folder)["visit"]


@visit.command(cls=Command)
@click.pass_obj
def left(session: Session) -> None:
    """Say how long the set in --vault is still open, and whose records it holds."""
    with session.opened() as vault:
        said = _left(vault)
    if session.json:
        print_json(said | {"until": moment_json(said["until"])})
        return
    out(f"Open until {said['until'].astimezone():%a %d %b %H:%M}: {said['left']} left.")
    out(", ".join(said["children"]))
    if said["clock_back"]:
        session.note("This laptop's clock is behind what the set has seen; the time that was seen counts.")


def _left(vault: Vault) -> dict[str, Any]:
    from practice.visits import left_words
    from storage.views import children

    if vault.visit is None:
        raise NotFound("This is no visit set.", hint="Name the set's folder: dsl-console --vault DIR visit left")
    now, ends = vault.visit.now(), vault.visit.terms.ends
    return {
        "id": vault.visit.terms.id,
        "until": ends,
        "left": left_words(ends, now),
        "children": sorted(children.get(vault, child).name for child in vault.visit.children),
        "clock_back": vault.visit.clock_back,
    }


@visit.command(cls=Command)
@click.option("--to", "place", metavar="DIR", help="The stick that goes back to school.")
@click.pass_obj
def end(session: Session, place: str | None) -> None:
    """End the visit on this laptop: destroy the set's key and its records, and keep what was recorded, sealed.

    With --to that is moved to a stick, and nothing stays here; without it, it is returned from this folder.
    """
    from storage.visits.ending import end as ended

    ident = _id_of(session.folder)
    made = ended(session.folder, Path(place).expanduser() if place else None)
    where = made or session.folder
    session.done(ident, "ended", f"At school: dsl-console visit return {where}", folder=str(where))
