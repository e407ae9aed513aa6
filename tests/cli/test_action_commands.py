"""The actions' commands."""

from __future__ import annotations

from tests.cli.school import HOSTILE, School


def test_an_action_is_added_listed_and_closed(school: School) -> None:
    ada = school.children["Ada Lowe"]
    made = school.run("actions", "add", ada, "--what", "-", "--due", "in 2 weeks", "--json", typed=HOSTILE).json
    assert made["state"] == "open"
    (row,) = school.run("actions", "--mine", "--json").json
    assert (row["id"], row["what"], row["owner"], row["due"]) == (made["id"], HOSTILE, "R. Khan", made["due"])
    assert (
        "cannot be closed without what follows"
        in school.run(
            "actions", "done", made["id"], "--outcome", "x", "--follow-up", " ", "--reason", "y", "--json", status=1
        ).error["error"]
    )
    more = ("--outcome", "Done", "--follow-up", "None: she is well", "--reason", "Finished")
    assert school.run("actions", "done", made["id"], *more, "--json").json["state"] == "done"
    assert school.run("actions", "--json").json == []
    assert "Outcome: Done" in school.run("actions", "--all").out
