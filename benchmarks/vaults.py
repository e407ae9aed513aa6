"""Vaults of made-up children and notes, filled from the seeded builder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import notes

if TYPE_CHECKING:
    from storage.vault import Vault

PASSPHRASE = "seven made up pebbles on a sill"
CHILDREN = 400


def fields_of(note: notes.Note) -> dict[str, Any]:
    """A note as the fields of a concern."""
    from practice.dates import parse_when

    return {"text": note.text, "occurred": parse_when(f"{note.at:%d/%m/%Y %H:%M}", note.at), "category": ""}


def log(vault: Vault, note: notes.Note, child_ids: Sequence[str]) -> str:
    """Record one note as the screen and the command do; its entry's id."""
    from storage.desk.concerns import log_concern

    return log_concern(vault, fields_of(note), child_id=child_ids[note.child])[0]


@contextmanager
def vault_of(folder: Path, size: int = 0) -> Iterator[tuple[Vault, list[str]]]:
    """A vault of 400 children and `size` entries, and the children's ids. Argon2id at its floor: it is not measured."""
    from storage.desk.children import add_child

    from practice.acts import ConcernLogged, SchoolSet
    from storage.keys import FLOOR
    from storage.vault import create

    school = SchoolSet(name="Example School", code="100000")
    vault, _ = create(folder, school=school, user="Robin Vale", role="dsl", passphrase=PASSPHRASE, kdf=FLOOR)
    try:
        ids = [
            add_child(
                vault,
                legal_forename=child.name.split()[0],
                legal_surname=child.name.split()[1],
                date_of_birth=child.date_of_birth,
                upn=child.upn,
                year_group=child.year_group,
            )
            for child in notes.children(CHILDREN)
        ]
        with vault.write() as unit:
            for number, note in enumerate(notes.notes(size, CHILDREN)):
                unit.record(
                    ConcernLogged(**fields_of(note)),
                    child=ids[note.child],
                    entry=f"bench-{number:08d}",
                    captured_at=note.at,
                )
        yield vault, ids
    finally:
        vault.close()
