"""`machine`: the school's machines; how one joins, how acts are carried between them, and how a lost one is removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Command, Group, text_option
from dsl_console.cli.output import day_json, joined, moment_json, one_line, out, print_json
from dsl_console.cli.session import Session, read_passphrase
from practice.errors import NotFound, Refused
from practice.text import counted

if TYPE_CHECKING:
    from storage.carrying import Carried
    from storage.machines import MachineState
    from storage.vault import Vault

FOLDER = click.option(
    "--folder", metavar="DIR", help="A folder that both machines reach: a share, or a stick that is carried."
)
WORDS = click.option("--words", metavar="WORDS", help="The eight words on the other machine's screen.")
CODE_FILE = click.option("--code-file", metavar="FILE", help="A file whose text is the one-time code.")


@click.group(cls=Group, short_help="The school's machines, and what travels between them.")
def machine() -> None:
    """Several machines, one record: each writes its own acts, and all of them hold the union."""


@machine.command("list", cls=Command)
@click.option("--removed", is_flag=True, help="Also those that were removed.")
@click.pass_obj
def list_(session: Session, removed: bool) -> None:
    """List the machines: when each was last heard, and what it is not known to hold."""
    with session.opened() as vault:
        from storage import machines
        from storage.carrying import fork_words
        from storage.whereabouts import states

        rows = states(vault, removed=removed)
        gaps, forks = machines.gaps(vault), machines.forks(vault)
    if session.json:
        print_json([_state_json(row) for row in rows])
        return
    if not rows:
        session.note("This vault has known one machine only. Another joins by: dsl-console machine add NAME")
    for row in rows:
        out(f"{row.name}  {_state_words(row)}")
    for gap in gaps:
        session.note(f"{counted(gap.waiting, 'act waits', 'acts wait')} for a part that has not arrived.")
    for fork in forks:
        session.note(fork_words(fork.seq, fork.here_at, fork.came_at))


def _state_json(row: MachineState) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "here": row.here,
        "added": day_json(row.added_at.astimezone().date()),
        "removed": day_json(row.removed_at.astimezone().date()) if row.removed_at else None,
        "reason": row.removed_reason,
        "last_recorded": moment_json(row.last_recorded),
        "last_heard": moment_json(row.last_heard),
        "lacks": row.lacks,
    }


def _state_words(row: MachineState) -> str:
    if row.removed_at:
        return f"removed on {row.removed_at.astimezone():%d %b %Y}: {one_line(row.removed_reason)}"
    if row.here:
        return "this machine"
    heard = f"last heard {row.last_heard.astimezone():%d %b %Y %H:%M}" if row.last_heard else "not heard of yet"
    return joined([heard, row.held])


# -- joining -----------------------------------------------------------------------------------------------------------


@machine.command(cls=Command)
@click.argument("name", required=False)
@FOLDER
@click.option("--this", "own_name", metavar="NAME", default="", help="What this machine is called, the first time.")
@click.option("--confirm", is_flag=True, help="Second step: compare the words and hand the keys over.")
@WORDS
@click.pass_obj
def add(
    session: Session, name: str | None, folder: str | None, own_name: str, confirm: bool, words: str | None
) -> None:
    """Let another machine in: prints a one-time code, good for two days, to be typed there.

    There: dsl-console machine join. Then here again with --confirm: the words on both screens are compared, and only
    then are the keys and the record handed over.
    """
    with session.opened(writes=True) as vault:
        from storage import joining, machines

        if confirm:
            _confirm(session, vault, folder, words)
            return
        if machines.known(vault) is None and not own_name:
            own_name = session.need(None, "--this", "What is this machine called")
        wanted = session.need(name, "NAME", "What is the other machine called")
        place = _folder(session, vault, folder)
        made = joining.invite(vault, place, wanted, own_name)
    if session.json:
        print_json({"id": made.name, "state": "invited", "code": made.code, "until": moment_json(made.until)})
        return
    session.note("Type this code on the other machine, after: dsl-console machine join")
    out(made.code)
    session.note("Then here: dsl-console machine add --confirm")


def _folder(session: Session, vault: Vault | None, folder: str | None) -> Path:
    if folder is None and vault is not None:
        from storage.whereabouts import folder_of

        if (known := folder_of(vault)) is not None:
            return known
    return Path(session.need(folder, "--folder", "Folder that both machines reach")).expanduser()


def _confirm(session: Session, vault: Vault, folder: str | None, words: str | None) -> None:
    from storage import joining

    standing = joining.pending(vault)
    place = _folder(session, vault, folder or (standing.folder if standing else None) or None)
    asked = joining.request(vault, place)
    if asked is None:
        raise NotFound(
            "The other machine has not asked yet. Nothing was handed over.",
            hint="There: dsl-console machine join, with the code; then carry the folder back.",
        )
    _compare(session, asked.words, words)
    ident = joining.welcome(vault, place, asked)
    session.done(ident, "added", f"«{asked.name}» was let in. There: dsl-console machine join --finish")


def _compare(session: Session, shown: str, words: str | None) -> None:
    """Have a person compare the words of both screens; typed ones are compared by the program."""
    from storage.invitations import check_words

    if words is None and session.at_terminal:
        session.note("The words here:")
        out(shown)
        if session.sure("Does the other screen show these words?"):
            return
        raise Refused("The words were not the same, so nothing was handed over.", hint="Begin again with a new code.")
    check_words(shown, session.need(words, "--words", "The eight words on the other screen"))


@machine.command(cls=Command)
@FOLDER
@CODE_FILE
@WORDS
@click.option("--finish", is_flag=True, help="Second step: take the keys and the record.")
@click.pass_obj
def join(session: Session, folder: str | None, code_file: str | None, words: str | None, finish: bool) -> None:
    """Join the school's vault from this machine: asks with the code and shows the words to compare.

    Once they were confirmed on the other machine, again with --finish: you unlock with the passphrase that you have
    there, and the record is taken in.
    """
    place = _folder(session, None, folder)
    code = read_passphrase(code_file) if code_file else session.hidden("The one-time code", "--code-file")
    from storage import joining

    shown = joining.ask(place, code, session.folder)
    if not finish:
        if session.json:
            print_json({"state": "asked", "words": shown})
            return
        session.note("Compare these words with those on the other machine:")
        out(shown)
        session.note("Once they were confirmed there: dsl-console machine join --finish")
        return
    _compare(session, shown, words)
    vault, result = joining.join(
        place, code, session.folder, passphrase=session.passphrase(), user=session.user, progress=session.note
    )
    with vault:
        ident = vault.device
    sentence = f"This machine holds the school's record: {counted(result.taken.applied, 'act')}."
    session.done(ident, "joined", sentence, acts=result.taken.applied)


@machine.command(cls=Command)
@click.argument("name", required=False)
@text_option("--reason", "Why it is removed.")
@click.pass_obj
def remove(session: Session, name: str | None, reason: str | None) -> None:
    """Remove a machine that was lost or given up: it gets nothing more, and the keys are made anew."""
    with session.opened(writes=True) as vault:
        from storage import machines

        wanted = session.need(name, "NAME", "Which machine")
        row, waits = machines.remove(vault, wanted, session.need_text(reason, "--reason", "Why?"), session.note)
        from sync.mailbox import standing

        shut_out = standing(vault) is not None
    session.note("What it holds already is protected by the passphrases of those who opened it.")
    if shut_out:
        session.note(
            "Its mailbox at the hub shows it nothing; to shut it out there too: dsl-console machine hub URL CODE"
        )
    if waits:
        session.note(f"The new keys still wait. {waits}")
    session.done(row.id, "removed", f"«{row.name}» gets nothing more.", keys="waiting" if waits else "new")


# -- carrying ----------------------------------------------------------------------------------------------------------


@machine.command(cls=Command)
@click.argument("folder", required=False)
@click.pass_obj
def sync(session: Session, folder: str | None) -> int:
    """Take in what the others laid into the shared folder, and lay there what they lack; likewise by the hub.

    Any order, any number of times. Without FOLDER the one used last; by the hub where the machines have a mailbox
    there (machine hub). Exits 1 where a file was refused or one of the two could not be reached, 5 where only the hub
    is used and it could not.
    """
    with session.opened(writes=True) as vault:
        from sync import machines

        done = machines.carry(vault, Path(folder) if folder else None, session.note)
    return _tell(session, done, "synced")


@machine.command(cls=Command)
@click.argument("url", required=False)
@click.argument("code", required=False)
@click.option("--off", is_flag=True, help="Carry nothing by the hub any more.")
@click.pass_obj
def hub(session: Session, url: str | None, code: str | None, off: bool) -> None:
    """Carry between the machines by a hub too: with URL and an invite code of its own, as of ORG-machines.

    Once on one machine; the others hear of it by the folder or a stick, and use it from then on. Given a new code it
    shuts out a machine that was removed. Without URL it says how the hub is used.
    """
    with session.opened(writes=bool(url or off)) as vault:
        from sync import mailbox

        if off:
            mailbox.close_mailbox(vault)
            session.done("hub", "off", "Nothing is carried by the hub any more.")
            return
        if url:
            org = mailbox.open_mailbox(vault, url, session.need(code, "CODE", "Invite code"))
            session.note("The other machines hear of it with what reaches them next by the folder or a stick.")
            session.done(org, "on", f"Opened as {org}. From now on: dsl-console machine sync")
            return
        found = mailbox.standing(vault)
    if session.json:
        print_json({"url": found.url if found else None, "last": (found.last or None) if found else None})
    elif found is None:
        out("The machines have no mailbox at a hub. One is made by: dsl-console machine hub URL CODE")
    else:
        out(f"By the hub at {found.url}. {'Last: ' + found.last[:16] if found.last else 'Not used from here yet.'}")


@machine.command(cls=Command)
@click.argument("file", required=False)
@click.option("--all", "everything", is_flag=True, help="The whole record, whatever the others said they hold.")
@click.pass_obj
def bundle(session: Session, file: str | None, everything: bool) -> int:
    """Write what the other machines lack into one encrypted FILE, to be carried on a stick."""
    with session.opened(writes=True) as vault:
        from storage import carrying

        done = carrying.write_file(vault, Path(session.need(file, "FILE", "File to write")), everything=everything)
    return _tell(session, done, "written")


@machine.command(cls=Command)
@click.argument("files", nargs=-1)
@click.pass_obj
def take(session: Session, files: tuple[str, ...]) -> int:
    """Take in FILES that another machine wrote. Exits 1 where one was refused."""
    with session.opened(writes=True) as vault:
        from storage import carrying

        wanted = list(files) or [session.need(None, "FILES", "File to take in")]
        done = carrying.take_files(vault, [Path(each) for each in wanted], session.note)
    return _tell(session, done, "taken")


def _tell(session: Session, done: Carried, state: str) -> int:
    if session.json:
        print_json(
            {
                "state": state,
                "taken": done.taken,
                "handed_on": done.handed_on,
                "files": done.files,
                "waiting": done.waiting,
                "gaps": [{"device": gap.device, "first": gap.first, "last": gap.last} for gap in done.gaps],
                "forks": [{"device": fork.device, "number": fork.seq} for fork in done.forks],
                "refused": [{"file": name, "reason": text} for name, text in done.refused.items()],
                "unread": done.unread,
                "failed": done.failed,
                "people": "changed" if done.people_changed else "apart" if done.people_apart else "same",
            }
        )
        return 1 if done.refused or done.forks or done.failed else 0
    from storage.carrying import carried_words, moved_words

    out(moved_words(done))
    for line in carried_words(done):
        session.note(line)
    return 1 if done.refused or done.forks or done.failed else 0


@machine.command(cls=Command)
@click.pass_obj
def renew(session: Session) -> None:
    """Give what this machine recorded after it was put back, or copied, a chain of its own, so that others take it in.

    For a machine that the others say bears a number twice. Sync before and after.
    """
    with session.opened(writes=True) as vault:
        from storage import machines

        count = machines.renew(vault)
        ident = vault.device
    session.done(
        ident,
        "renewed",
        f"{counted(count, 'act has', 'acts have')} a chain of their own now. Sync, so that all is taken in.",
    )


@machine.command(cls=Command)
@click.option("--keep", type=click.Choice(["here", "there"]), help="Whose list of people stands.")
@click.pass_obj
def people(session: Session, keep: str | None) -> None:
    """Settle who may open the vault, where that was changed on two machines apart."""
    with session.opened(writes=True) as vault:
        from storage import carrying

        other = carrying.apart_on(vault)
        if other and not session.json:
            session.note(f"It was changed here and on «{other}».")
            for each in carrying.lists_apart(vault):
                session.note(one_line(each))
        wanted = keep or session.need_code(
            None, "--keep", "Which stands, here or there", click.Choice(["here", "there"])
        )
        carrying.settle_people(vault, here=wanted == "here", progress=session.note)
    session.done("people", "settled", "Settled. What the other list held and this one does not is to be done again.")
