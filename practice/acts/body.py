"""The act of drawing a body map for one occasion: its marks, each with what R-09 asks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from practice.acts.base import STRICT, Body, Line, Note, kind
from practice.body import HEIGHT, WIDTH, Cell, site

Answer = Literal["yes", "no", ""]
"""Whether something was seen; blank where nobody looked."""
Centimetres = Annotated[float, Field(ge=0, le=200)]


class Mark(BaseModel):
    """One mark on the body: where, how large, what it looks like, in words that stand alone (R-09)."""

    model_config = STRICT
    view: Literal["front", "back"]
    x: Annotated[int, Field(ge=0, lt=WIDTH)]
    y: Annotated[int, Field(ge=0, lt=HEIGHT)]
    length_cm: Centimetres = 0
    width_cm: Centimetres = 0
    shape: Line = ""
    colours: tuple[Line, ...] = ()
    skin_broken: Answer = ""
    swelling: Answer = ""
    scab: Answer = ""
    blister: Answer = ""
    bleeding: Answer = ""
    clean: Answer = ""
    heat: Answer = ""
    pain: Answer = ""
    movement: Line = ""
    words: Note = ""

    @model_validator(mode="after")
    def _on_the_figure(self) -> Self:
        """Refuse a mark beside the body."""
        if not site(self.cell):
            raise ValueError("it does not lie on the figure")
        return self

    @property
    def cell(self) -> Cell:
        """Where it lies on the figure."""
        return Cell(self.view, self.x, self.y)


@kind("body_map_drawn")
class BodyMapDrawn(Body):
    """A body map of one occasion: the act's own entry says which. `sees` is the map that it amends, if any.

    Who drew it and when are the act's own; `role` is in which role they looked.
    """

    marks: Annotated[tuple[Mark, ...], Field(max_length=60)]
    role: Line = ""
    seen_at: Line = ""
    sees: Line = ""
    reason: Line = ""
