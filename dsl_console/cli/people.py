"""`people`, `recover`, `rekey`: who may open the vault, and with which keys."""

from __future__ import annotations

from datetime import date

import click

from dsl_console.cli.init import asked_kdf, new_passphrase
from dsl_console.cli.options import Code, Command, Day, Group, codes, text_option
from dsl_console.cli.output import joined, one_line, out, print_json, say
from dsl_console.cli.session import Session, read_passphrase
from practice.compartments import CHILDREN
from practice.roles import POLICY, check_may_record, finds_only_given
from practice.vocabulary import Role, label_of

NEW_PASSPHRASE = click.option(
    "--new-passphrase-file", "new_file", metavar="FILE", help="A file whose text is the new passphrase."
)


@click.group(cls=Group, short_help="Who may open the vault.")
def people() -> None:
    """The people who may open the vault, each with a passphrase of their own."""


@people.command(cls=Command)
@click.argument("name", required=False)
@click.option("--role", metavar="ROLE", type=Code(*Role), help=f"Their role: {codes(Role)}.")
@NEW_PASSPHRASE
@click.pass_obj
def add(session: Session, name: str | None, role: str | None, new_file: str | None) -> None:
    """Let somebody open the vault, with a passphrase that they choose and type themselves.

    A role is a rule of this program, not of cryptography: whoever holds the key could read with other means.
    """
    with session.opened(writes=True) as vault:
        from storage.people import add_person

        check_may_record(vault.person.role, "person_added")
        session.note(POLICY)
        wanted = session.need(name, "NAME", "Their name, as it will stand beside what they record")
        code = session.need_code(role, "--role", f"Role ({codes(Role)})", Code(*Role))
        passphrase = new_passphrase(session, new_file, "Their new passphrase")
        ident = add_person(vault, wanted, code, passphrase, asked_kdf())
    session.done(ident, "added", "They can open the vault with their own passphrase now.")


@people.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List who may open the vault, with their role and whether keys are to be made anew."""
    with session.opened() as vault:
        from storage.people import people as holders
        from storage.people import rotation_due
        from storage.views.organisation import granted

        rows = holders(vault)
        due = rotation_due(vault)
        given = {row.id: sorted(granted(vault, row.id)) for row in rows if finds_only_given(row.role)}
    if session.json:
        print_json(
            [
                {
                    "id": row.id,
                    "name": row.name,
                    "role": row.role,
                    "compartments": list(row.compartments),
                    "rotation_due": list(row.rotation_due),
                    "given": given.get(row.id),
                    "second_factor": row.second_factor,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        count = len(given.get(row.id, ()))
        finds = f"finds {count} given {'child' if count == 1 else 'children'}" if row.id in given else ""
        factor = "passphrase and keyring" if row.second_factor else ""
        out(joined([row.id, one_line(row.name), label_of(Role, row.role), ", ".join(row.compartments), finds, factor]))
    if due:
        ways = {"children": "dsl-console rekey", "adults": "dsl-console adults rotate, by a holder of its key"}
        for name in due:
            out(f"Keys to be made anew: {name}. Somebody who was removed knew them. It is done by: {ways[name]}.")


@people.command(cls=Command)
@click.argument("name", required=False)
@text_option("--reason", "Why they are removed.")
@click.pass_obj
def remove(session: Session, name: str | None, reason: str | None) -> None:
    """Take away somebody's way in, and make the vault's keys anew so that they cannot read what follows.

    Nobody else need do anything: every other passphrase stays as it is. What they recorded stays theirs.
    """
    with session.opened(writes=True) as vault:
        from storage.people import remove_person

        wanted = session.need(name, "NAME", "Who is removed")
        why = session.need_text(reason, "--reason", "Why are they removed?")
        gone = remove_person(vault, wanted, why, session.note)
    if follows := gone.follows("run dsl-console rekey"):
        session.note(follows)
    sentence = "Removed." if CHILDREN in gone.rotation_due else "Removed, and the keys were made anew."
    session.done(gone.id, "removed", sentence, rotation_due=list(gone.rotation_due))


@people.command(cls=Command)
@click.argument("name", required=False)
@click.option("--role", metavar="ROLE", type=Code(*Role), help=f"Their new role: {codes(Role)}.")
@click.pass_obj
def role(session: Session, name: str | None, role: str | None) -> None:
    """Give somebody another role."""
    with session.opened(writes=True) as vault:
        from storage.people import change_role

        session.note(POLICY)
        wanted = session.need(name, "NAME", "Whose role")
        code = session.need_code(role, "--role", f"Role ({codes(Role)})", Code(*Role))
        ident = change_role(vault, wanted, code)
    session.done(ident, "changed", f"Their role is {label_of(Role, code)} from the next time they unlock.")


def _given(session: Session, name: str | None, wanted: tuple[str, ...], state: str) -> None:
    """Put children on a read-only person's list, or take them from it."""
    with session.opened(writes=True) as vault:
        from storage.desk.granting import grant, holder, withdraw

        person = holder(vault, session.need(name, "NAME", "Whose list"))
        children = [session.child(vault, each) for each in wanted] or [session.child(vault, None)]
        ident, count = (grant if state == "granted" else withdraw)(vault, person.id, [child.id for child in children])
    way = "added to" if state == "granted" else "taken from"
    session.done(ident, state, f"{count} child{'' if count == 1 else 'ren'} {way} their list.", children=count)


@people.command(cls=Command)
@click.argument("name", required=False)
@click.argument("child", nargs=-1)
@click.pass_obj
def grant(session: Session, name: str | None, child: tuple[str, ...]) -> None:
    """Let a read-only person find these children."""
    _given(session, name, child, "granted")


@people.command(cls=Command)
@click.argument("name", required=False)
@click.argument("child", nargs=-1)
@click.pass_obj
def withdraw(session: Session, name: str | None, child: tuple[str, ...]) -> None:
    """Take these children from a read-only person's list."""
    _given(session, name, child, "withdrawn")


@people.command(cls=Command)
@click.argument("name", required=False)
@click.option("--by", metavar="NAME", help="Who covers them.")
@click.option("--until", metavar="DATE", type=Day(), help="Up to and including this day.")
@click.pass_obj
def cover(session: Session, name: str | None, by: str | None, until: date | None) -> None:
    """Record who covers a colleague who is away; Today says so to everybody until that day."""
    with session.opened(writes=True) as vault:
        from storage.desk.granting import set_cover

        away = session.need(name, "NAME", "Who is away")
        covering = session.need(by, "--by", "Who covers them")
        last = session.need_day(until, "--until", "Up to and including which day")
        ident = set_cover(vault, away, covering, last)
    session.done(ident, "covered", "Today says so until then.")


@people.command(cls=Command)
@NEW_PASSPHRASE
@click.pass_obj
def passphrase(session: Session, new_file: str | None) -> None:
    """Change your own passphrase; nobody else's is touched."""
    from storage.people import change_passphrase
    from storage.vault import open_vault

    present = session.passphrase("Present passphrase")
    with open_vault(session.folder, passphrase=present, user=session.user) as vault:
        if vault.alarm is not None:
            raise vault.alarm
        change_passphrase(vault, present, new_passphrase(session, new_file, "New passphrase"), asked_kdf())
        ident = vault.person.id
    session.done(ident, "changed", "Your new passphrase opens the vault; the one before opens nothing any more.")


@people.command("second-factor", cls=Command)
@click.argument("state", type=click.Choice(["on", "off"]))
@click.pass_obj
def second_factor(session: Session, state: str) -> None:
    """Let your passphrase need this machine's keyring too, so that a copied folder with your passphrase opens nothing.

    Where the keyring is lost, and on any other machine, only the recovery code lets you in: have it at hand first.
    Backups that were made before still open with the passphrase alone.
    """
    from storage.people import set_second_factor
    from storage.vault import open_vault

    present = session.passphrase("Present passphrase")
    with open_vault(session.folder, passphrase=present, user=session.user) as vault:
        if vault.alarm is not None:
            raise vault.alarm
        set_second_factor(vault, present, on=state == "on")
        ident = vault.person.id
    words = {
        "on": "Your passphrase opens the vault on this machine only now. Keep the recovery code where it can be found.",
        "off": "Your passphrase alone opens the vault again.",
    }
    session.done(ident, state, words[state])


@people.command(cls=Command)
@click.pass_obj
def code(session: Session) -> None:
    """Make a new recovery code and print it once; the one before opens nothing any more."""
    with session.opened(writes=True) as vault:
        from storage.people import replace_recovery_code

        made = replace_recovery_code(vault)
    _show_code(session, "children", "replaced", made)


def _show_code(session: Session, ident: str, state: str, code: str) -> None:
    if session.json:
        print_json({"id": ident, "state": state, "recovery_code": code})
        return
    say("This is the recovery code from now on; the one before opens nothing any more. It is shown only now: write it")
    say("down on paper and lock it away from this machine.")
    out(code)


@click.command(cls=Command, short_help="Open the vault with its recovery code.")
@click.option("--code-file", metavar="FILE", help="A file whose text is the recovery code.")
@NEW_PASSPHRASE
@click.pass_obj
def recover(session: Session, code_file: str | None, new_file: str | None) -> None:
    """Give yourself a new passphrase with the vault's recovery code, and print the next code once.

    The code that was used opens nothing any more. What was recorded before stays as it was.
    """
    from storage.header import read_header
    from storage.people import recover as recovered
    from storage.unlocking import choose_slot

    who = choose_slot(read_header(session.folder), session.user)
    typed = read_passphrase(code_file) if code_file else session.hidden("Recovery code", "--code-file")
    chosen = new_passphrase(session, new_file, "Your new passphrase")
    vault, next_code = recovered(session.folder, code=typed, user=who.id, passphrase=chosen, kdf=asked_kdf())
    vault.close()
    _show_code(session, who.id, "recovered", next_code)


@click.command(cls=Command, short_help="Make the vault's keys anew.")
@text_option("--reason", "Why, in a sentence.")
@click.pass_obj
def rekey(session: Session, reason: str | None) -> None:
    """Make new keys for the children's record and encrypt it again, without anyone else's passphrase.

    It can be stopped at any moment: one whole record stays. The recovery code stays as it is.
    """
    with session.opened(writes=True) as vault:
        from storage.rotation import rotate

        why = session.need_text(reason, "--reason", "Why are the keys made anew?")
        generation = rotate(vault, why, session.note)
    sentence = "The keys were made anew; every passphrase stays as it was."
    session.done("children", "rotated", sentence, generation=generation)
