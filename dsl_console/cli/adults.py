"""`adults`: the adults' register, for those who hold its key (R-40 to R-46)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from dsl_console.cli.options import Code, Group, codes
from dsl_console.cli.session import Session
from practice.adults import (
    LADO_STOP,
    EntryState,
    Harm,
)

if TYPE_CHECKING:
    from storage.desk.register import Kept
    from storage.register import Register

ADULT = click.argument("adult", metavar="ADULT", required=False)
ENTRY = click.argument("entry_id", metavar="ENTRY", required=False)
HARM = click.option(
    "--harm", "met", metavar="CODE", multiple=True, type=Code(*Harm), help=f"What may be so, each: {codes(Harm)}."
)


@contextlib.contextmanager
def opened(session: Session, *, writes: bool = False) -> Iterator[Register]:
    """Open the register with the passphrase that the command asks for; raises NotAllowed for who lacks its key."""
    with session.opened() as vault:
        from storage.register import check_held, open_with

        check_held(vault)
        with open_with(vault, vault.person_keys) as register:
            if register.alarm is not None:
                if writes:
                    raise register.alarm
                session.tell_error(register.alarm)
            if writes and register.rotation_due():
                session.note("Somebody who may not read it any more still knows its key: dsl-console adults rotate")
            yield register


def note_reading(session: Session, register: Register, what: str, entry_id: str = "") -> None:
    """Record that something was read; where it cannot be, say so and let reading go on."""
    from storage.desk.register import opened as read

    session.note(read(register, what, entry_id))


@click.group(cls=Group, short_help="Concerns about adults who work here: a register with a key of its own.")
def adults() -> None:
    """The adults' register: concerns about adults who work with children, apart from every child's record.

    It has its own key. Whoever does not hold it is told so, whatever the register holds; every reading is recorded.
    """


# -- recording ---------------------------------------------------------------------------------------------------------


def stop_words(register: Register) -> str:
    """Return the stop's sentence with the LADO's number."""
    number = register.phones.get("lado") or "no number is set: dsl-console report numbers"
    return f"STOP. {LADO_STOP} LADO: {number}."


def kept_words(session: Session, register: Register, kept: Kept, sentence: str) -> None:
    """Answer with what was recorded; at the stop, with the LADO's number and what to do next."""
    if kept.state is EntryState.STOP:
        if session.json:
            more = {"message": LADO_STOP, "lado": register.phones.get("lado", "")}
            session.done(kept.entry, str(kept.state), **more)
            return
        sentence = f"{stop_words(register)} Then record the call: dsl-console adults lado {kept.entry}"
    session.done(kept.entry, str(kept.state), sentence)


from dsl_console.cli import adults_keys, adults_log, adults_read, adults_reports  # noqa: E402, F401  (they add their words)
