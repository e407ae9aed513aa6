"""Acts on a child's front sheet: who is in the child's life, who may decide, and who must not be told (R-08)."""

from __future__ import annotations

from typing import Literal

from practice.acts.base import Body, Day, Identifier, Line, Note, kind

Section = Literal[
    "must_not_be_told",
    "must_not_collect",
    "court_order",
    "safe_contact",
    "parental_responsibility",
    "household",
    "family",
    "sibling",
    "connected_child",
    "professional",
    "social_worker",
    "agency",
    "social_care_status",
]


@kind("front_sheet_line")
class FrontSheetLine(Body):
    """One version of a line of the front sheet; `line` stays through its versions.

    `sees` is the act of the version that the person had before them: two changes of one version both stand, so that
    nobody's "must not be told" is lost to another's. `ended` takes the line from the sheet and leaves its history.
    """

    line: Identifier
    section: Section
    name: Line = ""
    role: Line = ""
    agency: Line = ""
    contact: Line = ""
    words: Note = ""
    since: Day | None = None
    until: Day | None = None
    child: Line = ""
    sees: Line = ""
    ended: bool = False
    reason: Line = ""
