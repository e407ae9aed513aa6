"""`adults create`, `holders`, `grant`, `revoke`, `rotate`, `code`, `recover`, `audit`, `verify`: key and readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dsl_console.cli.adults import adults, opened
from dsl_console.cli.options import Code, Command, text_option
from dsl_console.cli.output import joined, moment_json, one_line, out, print_json, say
from dsl_console.cli.session import Session, read_passphrase
from practice.vocabulary import YesNo

if TYPE_CHECKING:
    pass


def show_code(session: Session, state: str, code: str, **more: object) -> None:
    """Print the register's recovery code, once."""
    if session.json:
        print_json({"id": "adults", "state": state, "recovery_code": code, **more})
        return
    say("This is the recovery code of the adults' register, and of nothing else. It is shown only now: write it down")
    say(
        "on paper and lock it away from this machine, where those who open the children's record alone cannot reach it."
    )
    out(code)


@adults.command(cls=Command)
@click.option(
    "--dsl-reads", metavar="ANSWER", type=Code(*YesNo), help="Whether the DSL may read it, as the school says: yes, no."
)
@click.pass_obj
def create(session: Session, dsl_reads: str | None) -> None:
    """Make the adults' register, as the headteacher, and print its recovery code once."""
    with session.opened(writes=True) as vault:
        from practice.roles import check_may_make_register
        from storage.register import create_with, let_dsl_read

        check_may_make_register(vault.person.role)
        answer = session.need_code(dsl_reads, "--dsl-reads", "May the DSL read it? (yes, no)", Code(*YesNo))
        register, code = create_with(vault, vault.person_keys)
        with register:
            let_in = let_dsl_read(register) if answer == YesNo.YES else []
    for name in let_in:
        session.note(f"{one_line(name)} was let in.")
    show_code(session, "created", code, holders=[vault.person.name, *let_in])


@adults.command(cls=Command)
@click.pass_obj
def holders(session: Session) -> None:
    """List who holds the register's key; everybody who opens the vault may know."""
    with session.opened() as vault:
        from storage.register import exists, rotation_due
        from storage.register import holders as names

        there, who, due = exists(vault), names(vault), exists(vault) and rotation_due(vault)
    if session.json:
        print_json({"exists": there, "holders": who, "rotation_due": due})
        return
    if not there:
        session.note("There is no adults' register yet; the headteacher makes it.")
    for name in who:
        out(one_line(name))
    if due:
        session.note("Somebody who may not read it any more still knows its key: dsl-console adults rotate")


@adults.command(cls=Command)
@click.argument("name", required=False)
@click.pass_obj
def grant(session: Session, name: str | None) -> None:
    """Let somebody who can open the vault read the register too."""
    from storage.register import grant as let_in

    with opened(session, writes=True) as register:
        who = let_in(register, session.need(name, "NAME", "Who is let in"))
    session.done("adults", "granted", f"{one_line(who)} can open the register now, with their own passphrase.")


@adults.command(cls=Command)
@click.argument("name", required=False)
@text_option("--reason", "Why.")
@click.pass_obj
def revoke(session: Session, name: str | None, reason: str | None) -> None:
    """Take the register's key from somebody, and make a new one that they never had."""
    from storage.register import revoke as take_back

    with opened(session, writes=True) as register:
        wanted = session.need(name, "NAME", "From whom")
        who, waits = take_back(register, wanted, session.need_text(reason, "--reason", "Why?"))
    sentence = f"{one_line(who)} cannot open it any more."
    if waits:
        sentence += f" The new key waits. {waits} Then run dsl-console adults rotate."
    session.done("adults", "revoked", sentence, rotation_due=bool(waits))


@adults.command(cls=Command)
@text_option("--reason", "Why, in a sentence.")
@click.pass_obj
def rotate(session: Session, reason: str | None) -> None:
    """Make the register's keys anew and encrypt it again; whoever holds it needs to do nothing."""
    from storage.rotation import rotate as rotated

    with opened(session, writes=True) as register:
        why = session.need_text(reason, "--reason", "Why are the keys made anew?")
        generation = rotated(register, why, session.note)
    session.done("adults", "rotated", "The register's keys were made anew.", generation=generation)


@adults.command(cls=Command)
@click.pass_obj
def code(session: Session) -> None:
    """Make a new recovery code for the register and print it once; the one before opens nothing any more."""
    from storage.people import replace_recovery_code

    with opened(session, writes=True) as register:
        made = replace_recovery_code(register)
    show_code(session, "replaced", made)


@adults.command(cls=Command)
@click.option("--code-file", metavar="FILE", help="A file whose text is the register's recovery code.")
@click.pass_obj
def recover(session: Session, code_file: str | None) -> None:
    """Get the register's key with its own recovery code, as somebody who can open the vault; prints the next code."""
    with session.opened(writes=True) as vault:
        from storage.register import recover_with

        typed = (
            read_passphrase(code_file) if code_file else session.hidden("The register's recovery code", "--code-file")
        )
        register, next_code = recover_with(vault, typed, vault.person_keys)
        register.close()
    show_code(session, "recovered", next_code)


@adults.command(cls=Command)
@click.argument("machine", required=False)
@click.option("--on", "travels", flag_value=True, type=bool, default=None, help="It travels there from now on.")
@click.option("--off", "travels", flag_value=False, type=bool, help="It travels there no more.")
@click.pass_obj
def travel(session: Session, machine: str | None, travels: bool | None) -> None:
    """Say, as the headteacher, whether the register travels to another MACHINE of the school; without one, list them.

    Unsaid, it never does. It travels sealed to that machine, and opens there for those who hold its key.
    """
    from storage import register_travel

    if machine is None and travels is None:
        with opened(session) as register:
            rows = register_travel.travels(register)
        if session.json:
            print_json([{"machine": row.name, "id": row.id, "travels": yes} for row, yes in rows])
            return
        for row, yes in rows:
            out(f"{one_line(row.name)}  {'travels there' if yes else 'does not travel there'}")
        if not rows:
            session.note("The school has no other machine.")
        return
    with opened(session, writes=True) as register:
        wanted = session.need(machine, "MACHINE", "Which machine")
        yes = travels if travels is not None else session.sure("Is it to travel there?")
        row = register_travel.set_travels(register, wanted, yes)
    if yes:
        sentence = f"It travels to «{one_line(row.name)}» with the next dsl-console machine sync."
    else:
        sentence = (
            f"It travels to «{one_line(row.name)}» no more. What is there stays there until its keys are made anew:"
            " dsl-console adults rotate"
        )
    session.done(row.id, "on" if yes else "off", sentence)


@adults.command(cls=Command)
@click.pass_obj
def audit(session: Session) -> None:
    """List who read what in the register, whom they let in and which keys they made; that you read it is recorded."""
    from storage.desk.register import trail

    with opened(session) as register:
        rows = trail(register)
    if session.json:
        print_json(
            [
                {"id": row.id, "at": moment_json(row.at), "person": row.person, "kind": row.kind}
                | {"what": row.what, "entry": row.entry, "about": row.about}
                for row in rows
            ]
        )
        return
    for row in rows:
        out(
            joined(
                [
                    f"{row.at.astimezone():%d %b %Y %H:%M}",
                    one_line(row.person),
                    row.what,
                    one_line(row.about),
                    row.entry,
                ]
            )
        )


@adults.command(cls=Command)
@click.option("--rebuild", is_flag=True, help="Also replay every act into fresh views and compare them.")
@click.option("--signatures", is_flag=True, help="Also check the signature of every act.")
@click.pass_obj
def verify(session: Session, rebuild: bool, signatures: bool) -> int:
    """Check the register's pages, header, anchor and every act; exits 4 where anything is not as it was recorded."""
    with opened(session) as register:
        report = register.verify(rebuild=rebuild, signatures=signatures, progress=session.note)
    problems = [{"kind": each.kind, "text": each.text} for each in report.problems]
    if session.json:
        print_json({"ok": report.ok, "acts": report.acts, "problems": problems})
    else:
        for problem in problems:
            out(problem["text"])
        if report.ok:
            out(f"The adults' register is as it was recorded: {report.acts} acts.")
    return 0 if report.ok else 4
