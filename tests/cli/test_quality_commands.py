"""Record quality by command (R-82)."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_a_sample_is_drawn_rated_and_followed(school: School) -> None:
    school.log(HOSTILE)
    audit = school.run("quality", "begin", "--size", "1", "--seed", "autumn", "--target", "Sam Penrose", "--json").json[
        "id"
    ]
    told = school.run("quality", "show", "--json").json
    assert [each["child"] for each in told["children"]] == ["Ada Lowe", "Sam Penrose"]
    assert "Concerns that hold the child's own words: 0 of 1." in told["children"][0]["evidence"]["childs_voice"]
    given = ("--rating", "childs-voice=amber", "--note", "childs-voice=" + HOSTILE)
    school.run("quality", "rate", audit, "Ada Lowe", *given, "--action", "-", typed="Ask her")
    shown = school.run("quality", "show", audit).out
    assert "The child's voice: amber: partly met" in shown
    assert HOSTILE in shown
    assert "To be done: Ask her" in shown
    assert "0 red, 1 amber, 0 green" in school.run("quality", "trend").out
    error = school.run("quality", "rate", audit, "Ada Lowe", "--rating", "voice=red", "--json", status=1).error
    assert "is no criterion" in error["error"]
