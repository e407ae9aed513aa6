"""Draw a body map for an entry, and lay the maps of several days over each other (R-09)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from practice.acts import BodyMapDrawn, build
from practice.acts.body import Mark
from practice.body import VIEWS, Cell, drawn, find
from practice.body_words import LETTERS
from practice.errors import Refused
from practice.vocabulary import Role, label_of
from storage.views import body_maps, record
from storage.views.body_maps import BodyMap

if TYPE_CHECKING:
    from storage.vault import Vault

AGES = ("●", "○", "×")
"""How marks are drawn in an overlay: the newest occasion, the one before, and all that are older."""


def draw(
    vault: Vault, entry_id: str, marks: Sequence[dict[str, Any]], *, role: str = "", seen_at: str = "", reason: str = ""
) -> str:
    """Record an entry's body map and return its act's id; a map that stands already is amended, with the reason.

    A mark is a dictionary of Mark's fields; `site` in words ("right cheek") may stand in the place of x and y.
    Raises Refused, naming the mark, where one does not lie on the figure or says something that a mark cannot.
    """
    entry = record.get(vault, entry_id)
    now = body_maps.of_entry(vault, entry.id)
    if now and not reason.strip():
        raise Refused("This entry has a body map already. Nothing was recorded.", hint="Amend it, with the reason.")
    fields = {
        "marks": [_placed(mark, number) for number, mark in enumerate(marks, start=1)],
        "role": role or label_of(Role, vault.person.role),
        "seen_at": seen_at,
        "sees": now[-1].act_id if now else "",
        "reason": reason,
    }
    return vault.record(build(BodyMapDrawn, fields), child=entry.child_id, entry=entry.id).id


def check(marks: Sequence[dict[str, Any]]) -> tuple[Mark, ...]:
    """Return the marks as they would be recorded; raises Refused."""
    body: BodyMapDrawn = build(BodyMapDrawn, {"marks": [_placed(mark, at) for at, mark in enumerate(marks, start=1)]})
    return body.marks


def _placed(mark: dict[str, Any], number: int) -> dict[str, Any]:
    if not isinstance(mark, dict):
        raise Refused(f"Mark {number} is not an object of fields. Nothing was recorded.")
    made = dict(mark)
    words = str(made.pop("site", "") or "")
    if words and "x" not in made and "y" not in made:
        view = made.get("view") if made.get("view") in VIEWS else "front"
        cell = find("back" if view == "back" else "front", words)
        if cell is None:
            raise Refused(
                f"Mark {number}: «{words}» is no part of the {view} of the figure. Nothing was recorded.",
                hint="dsl-console body sites lists them.",
            )
        made |= {"view": cell.view, "x": cell.x, "y": cell.y}
    return made


def picture(each: BodyMap) -> list[str]:
    """Return the figure of one map, its marks named by their letters."""
    return drawn([letters(each.marks)])


def picture_of_all(maps: Sequence[BodyMap]) -> list[str]:
    """Return the figure of several maps laid over each other, the newest on top."""
    return drawn(overlay(maps))


def letters(marks: Sequence[Mark]) -> list[tuple[Cell, str]]:
    """Return each mark's cell with its letter."""
    return [(mark.cell, LETTERS[place]) for place, mark in enumerate(marks)]


def overlay(maps: Sequence[BodyMap]) -> list[list[tuple[Cell, str]]]:
    """Return a layer for each occasion, the oldest first, drawn by its age: the newest stands out (R-09)."""
    return [
        [(mark.cell, AGES[min(len(maps) - 1 - place, len(AGES) - 1)]) for mark in each.marks]
        for place, each in enumerate(maps)
    ]
