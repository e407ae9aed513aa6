"""`today`."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_today_lists_what_waits(school: School) -> None:
    entry = school.log(HOSTILE)
    found = school.run("today", "--json").json
    (line,) = found["act_today"]
    assert (line["kind"], line["subject"], line["words"]) == ("concern", entry, HOSTILE)
    assert f"    Decide · {line['child']} · {HOSTILE}" in school.run("today").out


def test_a_concern_that_is_only_the_childs_words_stands_with_them(school: School) -> None:
    school.log("", "--words", HOSTILE)
    (line,) = school.run("today", "--json").json["act_today"]
    assert line["words"] == HOSTILE
