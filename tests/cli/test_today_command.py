"""`today`."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_today_lists_what_waits(school: School) -> None:
    entry = school.log(HOSTILE)
    found = school.run("today", "--json").json
    (line,) = found["act_today"]
    assert (line["kind"], line["subject"], line["words"]) == ("concern", entry, HOSTILE)
    assert HOSTILE in school.run("today").out
