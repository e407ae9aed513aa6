"""Vaults of made-up children and notes, filled from the seeded builder."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import notes
from benchmarks.frame import ROOT

if TYPE_CHECKING:
    from storage.vault import Vault

PASSPHRASE = "seven made up pebbles on a sill"
CHILDREN = 400
AT_ONCE = 1_000
"""Acts in one transaction while a vault is filled."""


def fields_of(note: notes.Note) -> dict[str, Any]:
    """A note as the fields of a concern."""
    from practice.dates import parse_when

    return {"text": note.text, "occurred": parse_when(f"{note.at:%d/%m/%Y %H:%M}", note.at)}


def roll(child: notes.Child) -> dict[str, Any]:
    """A child as the fields that the school's roll gives."""
    forename, surname = child.name.split()
    return {
        "legal_forename": forename,
        "legal_surname": surname,
        "date_of_birth": child.date_of_birth,
        "upn": child.upn,
        "year_group": child.year_group,
    }


def log(vault: Vault, note: notes.Note, child_ids: Sequence[str]) -> str:
    """Record one note as the screen and the command do; its entry's id."""
    from storage.desk.concerns import log_concern

    return log_concern(vault, fields_of(note), child_id=child_ids[note.child])[0]


LONG = 10_000
"""From so many entries on a vault is filled once in a run and copied for each row: 100,000 take a minute and more."""
_filled: dict[tuple[int, int], tuple[Path, list[str]]] = {}


def _filled_once(size: int, children: int) -> tuple[Path, list[str]]:
    """A closed vault that this run keeps to copy, and its children's ids."""
    if (size, children) not in _filled:
        scratch = ROOT / "build"
        scratch.mkdir(exist_ok=True)
        kept = Path(tempfile.mkdtemp(prefix="bench-vault-", dir=scratch))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        with _made(kept / "vault", size, children) as (_vault, ids):
            _filled[size, children] = kept / "vault", ids
    return _filled[size, children]


@contextmanager
def vault_of(folder: Path, size: int = 0, children: int = CHILDREN) -> Iterator[tuple[Vault, list[str]]]:
    """A vault of so many children and `size` entries, and their ids. Argon2id at its floor: it is not measured."""
    if size < LONG:
        with _made(folder, size, children) as made:
            yield made
        return
    from storage.vault import open_vault

    kept, ids = _filled_once(size, children)
    shutil.copytree(kept, folder)
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        yield vault, ids


@contextmanager
def _made(folder: Path, size: int, children: int) -> Iterator[tuple[Vault, list[str]]]:
    from practice.acts import ChildAdded, ConcernLogged, SchoolSet
    from storage.ids import new_id
    from storage.keys import FLOOR
    from storage.ledger import Draft
    from storage.vault import create

    school = SchoolSet(name="Example School", code="100000")
    vault, _ = create(folder, school=school, user="Robin Vale", role="dsl", passphrase=PASSPHRASE, kdf=FLOOR)
    try:
        ids = [new_id() for _ in range(children)]
        added = [
            Draft(ChildAdded(**roll(child)), key) for key, child in zip(ids, notes.children(children), strict=True)
        ]
        logged = [
            Draft(ConcernLogged(**fields_of(note)), ids[note.child], new_id(), captured_at=note.at)
            for note in notes.notes(size, children)
        ]
        drafts = added + logged
        for start in range(0, len(drafts), AT_ONCE):
            with vault.write() as unit:
                unit.record_many(drafts[start : start + AT_ONCE])
        yield vault, ids
    finally:
        vault.close()
