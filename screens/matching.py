"""Children whom a partner may mean, drawn with what matches and what differs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from practice.text import visible, year_words
from screens.widgets.child_picker import born
from screens.widgets.chrome import cut

if TYPE_CHECKING:
    from practice.acts import Identity
    from practice.cases import Mark
    from storage.views.cases import Candidate

TONES = {"same": "$text-success", "near": "$text-success", "differs": "$text-error", "unknown": "$text-warning"}


def identity_said(name: str, date_of_birth: str) -> Identity:
    """Return what an entry says of its child; a date that is none is left out."""
    from practice.acts import Identity

    try:
        day: str | None = date.fromisoformat(date_of_birth).isoformat()
    except ValueError:
        day = None
    return Identity(name=name, date_of_birth=day)


def draw_candidate(candidate: Candidate, width: int) -> list[Content]:
    """Draw a candidate: who it is, then what matches and what differs, folded where it is long."""
    child = candidate.child
    birth = f" · {born(child.date_of_birth)}"
    name = cut(visible(child.name), max(width - 1 - cell_len(birth), 8))
    group = child.reg_group or year_words(child.year_group)
    marks = [group, "similar name here" if child.look_alikes else "", "" if child.on_roll else "left the roll"]
    rest = "".join(f" · {visible(mark)}" for mark in marks if mark)
    said = Content(" · ").join([_mark(mark) for mark in candidate.marks]) + Content.styled(rest, "$text-muted")
    return [Content(f"{name}{birth}"), *(Content("  ") + line for line in said.wrap(max(width - 3, 10)))]


def _mark(mark: Mark) -> Content:
    return Content.styled(mark.words, TONES[mark.verdict])
