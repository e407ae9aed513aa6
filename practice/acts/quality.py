"""Acts of a record-quality audit: the sample that was drawn, and each record's ratings (R-82)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from practice.acts.base import Body, Identifier, Line, Note, kind


@kind("quality_audit_begun")
class QualityAuditBegun(Body):
    """A sample was drawn by its seed; `targeted` are the children who were added by hand. The act's entry is its id."""

    seed: Line
    size: int
    sample: Annotated[tuple[Identifier, ...], Field(max_length=500)]
    targeted: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    reason: Line = ""


@kind("quality_rated")
class QualityRated(Body):
    """One child's record was rated; the newest rating of a child in an audit stands, the others stay readable."""

    ratings: dict[str, Line]
    words: dict[str, Note] = {}
    action: Note = ""
