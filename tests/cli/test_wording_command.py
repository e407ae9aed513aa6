"""`wording`: without a vault, by file and by standard input, and the school's own rows."""

from __future__ import annotations

from pathlib import Path

from tests.cli.school import School


def test_findings_carry_offsets_in_characters_and_need_no_vault(bare, tmp_path: Path) -> None:
    text = "😀 Zoë often.\r\n“I am dirty” LAC\n"
    file = tmp_path / "note.txt"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = bare("--vault", str(tmp_path / "none"), "wording", str(file), "--json").json
    assert [(each["text"], each["rule"]) for each in found] == [("often", "how_often"), ("LAC", "looked_after")]
    assert all(text[each["start"] : each["end"]] == each["text"] for each in found)
    plain = bare("wording", "-", typed=text).out
    assert "Line 2: «LAC»" in plain
    assert bare("wording", "-", "--json", typed="He came at 9:10 and said hello.").json == []


def test_a_text_that_is_too_long_or_not_utf8_is_refused(bare, tmp_path: Path) -> None:
    (tmp_path / "long").write_text("a" * 65537, encoding="utf-8")
    (tmp_path / "odd").write_bytes(b"caf\xe9")
    assert bare("wording", str(tmp_path / "long"), "--json", status=1).error["status"] == 1
    assert "UTF-8" in bare("wording", str(tmp_path / "odd"), status=1).err
    bare("wording", str(tmp_path / "none"), status=1)


def test_a_school_adds_and_silences_rows(school: School) -> None:
    school.run("wording", "add", "our_hub", "--find", "Hub", "--find", "the hub", "--question", "Which room?")
    school.run("wording", "silence", "how_often")
    asked = school.run("wording", "-", "--school", "--json", typed="Often in the hub, low.").json
    assert [each["rule"] for each in asked] == ["our_hub", "vague"]
    listed = {row["row"]: row for row in school.run("wording", "rows", "--json").json}
    assert (listed["how_often"]["silenced"], listed["our_hub"]["question"]) == (True, "Which room?")
    assert all(row["source"] for row in listed.values())
