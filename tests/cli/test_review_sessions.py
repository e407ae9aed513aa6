"""The review sessions' commands."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import School


def test_a_session_by_commands(school: School, tmp_path: Path) -> None:
    ada = school.children["Ada Lowe"]
    school.run("review", "set", ada, "--status", "watching")
    begun = school.run("review", "begin", "--scope", "status", "--about", "watching", "--json").json
    assert begun["left"] == [{"child_id": ada, "child": "Ada Lowe"}]
    school.run("review", "hold", ada, "--decision", "early_help", "--reason", "-", "--session", begun["id"], typed="Ok")
    minute = school.run("review", "minute", begun["id"], "--json").json
    assert (minute["state"], minute["reviewed"], minute["left"]) == ("open", 1, [])
    done = school.run("review", "end", begun["id"], "--json").json
    assert (done["state"], done["reviewed"], done["left"]) == ("ended", 1, 0)
    file = tmp_path / "minute.html"
    school.run("review", "minute", begun["id"], "--out", str(file))
    assert "Decision: Early help" in file.read_text(encoding="utf-8")
    assert school.run("review", "sessions", "--json").json == []
