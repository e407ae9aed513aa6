"""What the return of a visit set did, as numbers and in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from practice.text import counted

LEARN = "this one can learn of it from the set itself"


@dataclass
class Returned:
    """What a return did: the set, acts taken in and known before, what is missing or held, and what else came."""

    visit: str = ""
    taken: int = 0
    known: int = 0
    missing: int = 0
    """Acts that came, but follow on others that have not come yet."""
    held: int = 0
    why: str = ""
    reports: int = 0
    drafts: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    removed: bool = False
    """Whether the set's key is destroyed and its files are gone."""
    place: Path = Path()
    letter: bool = False
    """Whether the set's letter home was opened, so that this machine can learn of the set from it."""
    learnt: bool = False
    """Whether this machine knew nothing of the set, and recorded it from the set's letter home."""
    notes: int = 0
    """How many notes were left of what the record here no longer has."""
    unknown: bool = False
    """Whether this machine has not heard of the set yet, so that its files wait."""


def returned_words(done: Returned) -> list[str]:
    """Return what a return did, in plain sentences."""
    if done.unknown:
        return ["This machine has not heard of that set yet. Nothing was removed.", *_unknown_words(done)]
    said = [f"Taken in: {counted(done.taken, 'act')}." if done.taken else "Everything of it was here already."]
    if done.held:
        said = [f"{counted(done.held, 'act waits', 'acts wait')} for a person. {done.why}"]
        said += [f"Taken in: {counted(done.taken, 'act')}."] if done.taken else []
    if done.missing:
        said.append(f"{counted(done.missing, 'act follows', 'acts follow')} on others that have not come yet.")
    if done.learnt:
        said.append("This machine knew nothing of the set, and learnt of it from the set itself.")
    if done.notes:
        said.append(
            f"{counted(done.notes, 'note waits', 'notes wait')} on Today with what the record here no longer has."
        )
    if done.reports:
        said.append(f"{counted(done.reports, 'sealed report')} came along.")
    if done.drafts:
        said.append(f"{counted(done.drafts, 'unfinished draft')} came along.")
    said += [f"{name}: {text}" for name, text in done.refused.items()]
    if done.removed:
        said.append("The set's key is destroyed and its files are removed.")
    elif done.refused:
        said.append("The set was kept as it is.")
    return said


def _unknown_words(done: Returned) -> list[str]:
    if done.letter:
        return [f"Sync first, then return it again. Where the machine that packed it is gone, {LEARN}."]
    return ["Sync first, then return it again; or somebody returns it who could open the record when it was packed."]
