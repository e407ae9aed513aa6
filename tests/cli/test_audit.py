"""Who opened which record, by command."""

from __future__ import annotations

from tests.cli.school import School


def test_reading_a_record_is_recorded_and_so_is_reading_that_list(school: School) -> None:
    entry = school.log()
    assert [row["kind"] for row in school.run("audit", "--json").json] == ["audit_read"]
    school.run("chronology", "Ada Lowe")
    school.run("entry", entry)
    school.run("children", "show", "Sam Penrose")
    rows = school.run("audit", "--json").json
    assert [(row["kind"], row["person"], row["child"]) for row in rows] == [
        ("audit_read", "R. Khan", None),
        ("record_opened", "R. Khan", "Sam Penrose"),
        ("record_opened", "R. Khan", "Ada Lowe"),
        ("audit_read", "R. Khan", None),
    ]
    only = school.run("audit", "--child", "Ada Lowe", "--person", "r. khan", "--from", "today", "--to", "today").out
    assert only.count("opened the record") == 1
    assert "Sam Penrose" not in only
    school.run("audit", "--from", "2026-02-02", "--to", "2026-01-01", status=2)


def test_a_wrong_passphrase_stands_in_the_list(school: School, tmp_path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the right words", encoding="utf-8")
    right, school.passphrase_file = school.passphrase_file, wrong
    school.run("children", "list", status=3)
    school.run("--as", "Who Left", "children", "list", status=3)
    school.passphrase_file = right
    said = school.run("audit").out
    assert "unlocked after wrong tries · R. Khan: 1" in said
    assert "unlocked after wrong tries · a name that opens nothing here: 1" in said
