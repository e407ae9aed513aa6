"""Write dsl_console/demo/school.csv, the roll of the made-up Thornfield Down Primary School: 420 invented children.

Run from the root of the repository: python -m scripts.make_demo_school. The bytes are the same every time.
"""

from __future__ import annotations

from pathlib import Path

from tests.builder import UPN_LETTERS, as_csv, children

TARGET = Path(__file__).parents[1] / "dsl_console" / "demo" / "school.csv"
SEED = 20260901
PUPILS = 420
SHORT_UPN = 137
"""The child whose UPN lost its last two characters, as spreadsheets and retyping do."""
WRONG_LETTER = 302
"""The child whose UPN has another check letter than its digits give."""


def school() -> bytes:
    """Return the file: every child can be used, and two UPNs draw a warning."""
    pupils = children(PUPILS, SEED)
    pupils[SHORT_UPN]["upn"] = pupils[SHORT_UPN]["upn"][:11]
    upn = pupils[WRONG_LETTER]["upn"]
    pupils[WRONG_LETTER]["upn"] = UPN_LETTERS[(UPN_LETTERS.index(upn[0]) + 1) % 23] + upn[1:]
    for pupil in pupils:
        pupil["year_group"] = f"Year {pupil['year_group']}"
    return as_csv(sorted(pupils, key=lambda pupil: (pupil["legal_surname"], pupil["legal_forename"], pupil["number"])))


if __name__ == "__main__":
    TARGET.write_bytes(school())
