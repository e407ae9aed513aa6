"""The adults' register as the harnesses work on it: made for a headteacher, written to, and checked after a crash."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from practice.acts import AdultAdded, AdultConcernLogged
from storage import register
from storage.ids import new_id
from storage.keys import FLOOR
from storage.ledger import Draft
from storage.register import Register
from storage.vault import Vault, create, open_vault
from storage.views import register as views
from tests.conftest import PASSPHRASE, PERSON, SCHOOL
from tests.faults.work import OCCURRED


def make(folder: Path) -> None:
    """A closed vault of a headteacher, with a register."""
    vault, _code = create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, role="head", kdf=FLOOR)
    with vault:
        register.create_with(vault, vault.person_keys)[0].close()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[tuple[Vault, Register]]:
    """Open the vault and its register."""
    with open_vault(folder, passphrase=PASSPHRASE) as vault, register.open_with(vault, vault.person_keys) as held:
        yield vault, held


def concern(held: Register, text: str, adult: str = "", entry: str = "") -> str:
    """Record a concern about an adult, who is new without an id; the entry's id."""
    entry, drafts = entry or new_id(), []
    if not adult:
        adult = new_id()
        drafts = [Draft(AdultAdded(name=f"Kit {adult[-6:]}"), None, adult)]
    with held.write() as unit:
        unit.record_many([*drafts, Draft(AdultConcernLogged(adult=adult, text=text, occurred=OCCURRED), None, entry)])
    return entry


def faults(folder: Path, acknowledged: set[str], *, rebuild: bool = True) -> list[str]:
    """Return what is not as it must be: an alarm, a problem, an entry that is lost, a vault that takes no more."""
    found = []
    with opened(folder) as (vault, held):
        found += [f"alarm: {each.alarm}" for each in (vault, held) if each.alarm]
        if rebuild:
            found += [problem.text for problem in held.verify(rebuild=True, signatures=True).problems]
        if lost := acknowledged - {row.id for row in views.entries(held)}:
            found.append(f"{len(lost)} acknowledged entries of the register are lost")
        concern(held, "One more")
        found += [problem.text for problem in held.verify().problems]
        if rebuild:
            found += [problem.text for problem in vault.verify(rebuild=True).problems]
        if (folder / "adults.db").stat().st_size % 2**22:
            found.append("the register's file is not a whole number of steps")
    return found
