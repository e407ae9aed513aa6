"""`verify`: whether everything stored is what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Command
from dsl_console.cli.output import out, print_json
from dsl_console.cli.session import Session
from practice.errors import IntegrityAlarm

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment
    from storage.ledger import Problem
    from storage.vault import Vault


KEYRING_SECONDS = 15.0
"""How long the keyring may take: it may be asking somebody to open it."""


@click.command(cls=Command, short_help="Check that all is as it was recorded.")
@click.option("--rebuild", is_flag=True, help="Also replay every act into fresh views and compare them.")
@click.option("--signatures", is_flag=True, help="Also check the signature of every act.")
@click.pass_obj
def verify(session: Session, rebuild: bool, signatures: bool) -> int:
    """Check every page, the header, the anchor and every act; exits 4 where anything is not as it was recorded.

    Where this machine has a keyring, the head that it keeps is compared too.
    """
    from storage.verifying import hint_of

    acts, problems, hint, register = 0, [], "", ""
    try:
        with session.opened(tell_alarm=False) as vault:
            report = vault.verify(rebuild=rebuild, signatures=signatures, progress=session.note)
            report.problems += _beside(vault)
            register, further = _register(session, vault, rebuild, signatures)
        report.problems += further
        acts, problems = report.acts, [{"kind": each.kind, "text": each.text} for each in report.problems]
        hint = hint_of(report.problems[0]) if report.problems else ""
    except IntegrityAlarm as alarm:
        problems = [{"kind": "vault", "text": alarm.message}]
        session.note(alarm.hint)
    if session.json:
        print_json({"ok": not problems, "acts": acts, "problems": problems, "adults": register})
    elif problems:
        for problem in problems:
            out(problem["text"])
        if hint:
            session.note(hint)
    else:
        out(f"Everything is as it was recorded: {acts} acts.")
    session.note(_SAID.get(register, ""))
    return IntegrityAlarm.status if problems else 0


def _beside(vault: OpenCompartment) -> list[Problem]:
    """Return what the keyring's copy of the head says, where nothing else has said it."""
    from storage import keyring_head
    from storage.ledger import Problem

    alarm = keyring_head.check(vault, KEYRING_SECONDS) if vault.alarm is None else None
    return [Problem("chain", alarm.message)] if alarm is not None else []


_SAID = {
    "not_held": "The adults' register was not opened: you do not hold its key.",
    "checked": "The adults' register was checked as well.",
}


def _register(session: Session, vault: Vault, rebuild: bool, signatures: bool) -> tuple[str, list[Problem]]:
    """Check the adults' register for its holders; to anybody else say that it was not opened, and nothing of it."""
    from storage.ledger import Problem
    from storage.register import exists, holds_register, open_with

    if not exists(vault):
        return "none", []
    if not holds_register(vault):
        return "not_held", []
    try:
        with open_with(vault, vault.person_keys) as opened:
            found = opened.verify(rebuild=rebuild, signatures=signatures, progress=session.note)
            found.problems += _beside(opened)
    except IntegrityAlarm as alarm:
        return "checked", [Problem("adults", alarm.message)]
    return "checked", [Problem(each.kind, f"In the adults' register: {each.text}") for each in found.problems]
