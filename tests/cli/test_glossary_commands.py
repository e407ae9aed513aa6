"""`glossary` and `chronology --anonymous`: both ways by command."""

from __future__ import annotations

from tests.cli.school import School


def test_a_chronology_is_read_anonymised_and_named_again(school: School) -> None:
    text = "Ada Lowe's aunt Bea rang."
    school.log(text)
    child = school.children["Ada Lowe"]
    mark = ("glossary", "mark", child, "--name", "Bea", "--kind", "person", "--json")
    assert school.run(*mark).json["mask"] == "Person 1"
    shown = school.run("chronology", child, "--anonymous", "--json").json
    masked = shown["entries"][0]["text"]
    assert "Ada" not in str(shown)
    assert "Person 1 rang" in masked
    listed = school.run("glossary", child, "--places", "--json").json
    assert {"name": "Bea", "mask": "Person 1", "always": True, "elsewhere": []} in listed["terms"]
    assert "Person 1" in [place["mask"] for place in listed["places"]]
    unmask = ("glossary", "unmask", child, "--text", "-", "--reason", "Meeting", "--json")
    assert school.run(*unmask, typed=masked).json["text"] == text
    assert "No copy with masked names" in school.run(*unmask, "--copy", "0" * 16, typed=masked, status=1).err
    trail = school.run("audit", "--child", child, "--json").json
    assert [(row["kind"], row["detail"]) for row in trail if row["kind"] == "unmasked"] == [("unmasked", "Meeting")]
    known = school.run("chronology", child, "--as-known-on", "1/9/2020", "--anonymous")
    assert known.out.startswith(f"Child 1, names masked  {child}\nAs it was known at the end of Tue 1 Sep 2020.")
