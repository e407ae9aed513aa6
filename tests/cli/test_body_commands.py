"""Body maps by command (R-09)."""

from __future__ import annotations

import json

from tests.cli.school import HOSTILE, School

MARKS = json.dumps([{"view": "back", "site": "left calf", "length_cm": 3, "words": HOSTILE}])


def test_a_map_is_drawn_and_read_back(school: School) -> None:
    entry = school.log("A mark.")
    school.run("body", "draw", entry, "--marks", "-", typed=MARKS)
    shown = school.run("body", "show", entry)
    assert "A: back, left calf [back 10,16]; 3 cm. " + HOSTILE in shown.out
    assert "FRONT" in shown.out
    told = school.run("body", "overlay", "Ada Lowe", "--json").json[0]
    assert told["marks"][0]["site"] == "left calf"
    assert "●" in school.run("body", "overlay", "Ada Lowe").out
    assert "right cheek" in school.run("body", "sites", "--json").json["front"]
    for wrong in ("{}", "nothing", "[" * 5000):
        error = school.run("body", "draw", entry, "--marks", "-", "--json", typed=wrong, status=1).error
        assert "Nothing was recorded" in error["error"]
