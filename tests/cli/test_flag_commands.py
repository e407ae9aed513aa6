"""The flags' commands."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_flags_are_listed_and_answered(school: School) -> None:
    ids = [school.log(HOSTILE, "--when", day, "--category", "neglect") for day in ("today", "yesterday", "3 days ago")]
    (flag,) = school.run("flags", "--json").json
    assert set(flag) >= {"id", "child_id", "rule", "sentence", "entries", "state"}
    assert (flag["rule"], flag["state"], set(flag["entries"])) == ("three_low_level", "open", set(ids))
    done = school.run("flags", "answer", flag["id"], "--reason", "-", "--json", typed=HOSTILE).json
    assert done == {"id": flag["id"], "state": "considered"}
    assert school.run("flags", "--json", "--afresh").json == []
    assert HOSTILE in school.run("flags", "--all").out
