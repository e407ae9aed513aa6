"""`init`: a vault for a school and its first person."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Code, Command, codes
from dsl_console.cli.output import out, print_json, say
from dsl_console.cli.session import Session, read_passphrase
from practice.errors import Refused
from practice.vocabulary import PartnerKind, Role

if TYPE_CHECKING:
    from storage.keys import Kdf

FLOOR_VARIABLE = "DSL_CONSOLE_KDF_FLOOR"
ROLES = (Role.DSL, Role.DEPUTY, Role.HEAD)


def asked_kdf() -> Kdf | None:
    """Return the least cost where DSL_CONSOLE_KDF_FLOOR=1 asks for it, else None: what suits this machine."""
    from storage.keys import FLOOR

    return FLOOR if os.environ.get(FLOOR_VARIABLE) == "1" else None


def new_passphrase(
    session: Session, path: str | None, label: str, option: str = "--new-passphrase-file", known: tuple[str, ...] = ()
) -> str:
    """Return a passphrase that will do: from its file, or asked for twice at a time until it will."""
    from storage.keys import passphrase_faults

    if path:
        return read_passphrase(path)
    while True:
        passphrase = session.hidden(f"{label} (12 characters or four words)", option)
        faults = passphrase_faults(passphrase, *known)
        if not faults and session.hidden("The same again", option) == passphrase:
            return passphrase
        say(" ".join(faults) or "The two were not the same. Try once more.")
        if not sys.stdin.isatty():
            raise Refused("No passphrase was agreed on. Nothing was changed.")


@click.command(cls=Command, short_help="Set up a vault.")
@click.option("--school", metavar="NAME", help="The organisation's name.")
@click.option("--user", metavar="NAME", help="Your name, as it stands beside what you record.")
@click.option("--role", metavar="ROLE", type=Code(*ROLES), default="dsl", help=f"Your role: {codes(ROLES)}.")
@click.option(
    "--kind",
    metavar="KIND",
    type=Code(*PartnerKind),
    default="school",
    help=f"What sort of organisation it is: {codes(PartnerKind)}.",
)
@click.option("--code", metavar="URN", default="", help="The organisation's own number, such as a school's URN.")
@click.option("--front-door", metavar="NUMBER", default="", help="Telephone of children's social care, by day.")
@click.option("--out-of-hours", metavar="NUMBER", default="", help="Telephone of the emergency duty team.")
@click.option("--lado", metavar="NUMBER", default="", help="Telephone of the LADO, the council's designated officer.")
@click.option("--chair", metavar="NUMBER", default="", help="Telephone of the chair of governors.")
@click.pass_obj
def init(
    session: Session,
    school: str | None,
    user: str | None,
    role: str,
    kind: str,
    code: str,
    front_door: str,
    out_of_hours: str,
    lado: str,
    chair: str,
) -> None:
    """Set up a vault for an organisation and its first person, and print the recovery code once.

    With DSL_CONSOLE_KDF_FLOOR=1 the passphrase's key is derived at the least cost that this program allows
    (Argon2id: 64 MiB, 3 passes) instead of the cost that suits this machine; meant for tests and slow machines.
    """
    from storage.header import FILE_NAME

    if (session.folder / FILE_NAME).exists():
        raise Refused("There is a vault in this folder already. Nothing was changed.")
    name = session.need(school, "--school", "Name of the school or organisation")
    person = session.need(user, "--user", "Your name")
    passphrase = new_passphrase(session, session.passphrase_file, "Passphrase", "--passphrase-file", (name, person))

    from practice.acts import SchoolSet, build
    from storage.vault import create

    phones = {"front_door": front_door, "out_of_hours": out_of_hours, "lado": lado, "chair_of_governors": chair}
    body = build(SchoolSet, {"name": name, "code": code, "organisation": kind, "phones": phones})
    vault, recovery_code = create(
        session.folder, school=body, user=person, passphrase=passphrase, role=role, kdf=asked_kdf()
    )
    with vault:
        if session.json:
            print_json({"vault": str(session.folder), "user": vault.person.name, "recovery_code": recovery_code})
            return
        say(f"The vault of {body.name} is ready in {session.folder}.")
        say("This recovery code opens it when the passphrase is lost. It is shown only now: write it down on paper and")
        say("lock it away from this machine.")
        out(recovery_code)
