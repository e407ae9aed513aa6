"""Capture by command: several children, look-alikes after recording, a police notice, and what is filled in later."""

from __future__ import annotations

from tests.cli.school import School


def test_each_child_has_text_and_category_of_their_own(school: School) -> None:
    answer = school.run(
        *("log", "Ada Lowe", "--text", "-", "--json"),
        *(
            "--also",
            "Sam Penrose:alleged-to-have-harmed",
            "--also-text",
            "Sam sat out.",
            "--also-category",
            "behaviour",
        ),
        *("--also", "Zoe OBrien:witness"),
        typed="Ada was pushed by Sam.",
    ).json
    second, third = (school.run("entry", each, "--json").json for each in answer["also"])
    assert (second["current"]["text"], second["category"]) == ("Sam sat out.", "behaviour")
    assert "Ada" not in third["current"]["text"]
    assert third["facts"]["The child's part"] == "Witness"
    school.run("log", "Ada Lowe", "--text", "x", "--also-text", "y", status=2)


def test_what_is_missing_is_asked_for_and_look_alikes_are_offered_after(school: School) -> None:
    first = school.log("Bruise on the left forearm, seen in PE.", "--when", "20 Nov 2026")
    answer = school.run(
        *("log", "Ada Lowe", "--text", "-", "--when", "20 Nov 2026", "--json"),
        typed="PE: left forearm bruised",
    ).json
    assert [each["id"] for each in answer["look_alikes"]] == [first]
    assert {each["id"] for each in school.run("unfinished", "--mine", "--json").json} == {first, answer["id"]}
    done = school.run(
        *("complete", first, "--category", "physical", "--how", "seen", "--told", "J. Poole@14:10"),
        *("--child-told", "told", "--parent-told", "told", "--action", "-", "--leave", "childs_words", "--json"),
        typed="Rang home.",
    ).json
    assert done == {"id": first, "state": "completed", "unfinished": []}
    assert "Rang home." in school.run("entry", first).out
    assert [each["id"] for each in school.run("unfinished", "--json").json] == [answer["id"]]


def test_a_police_notice_keeps_both_times_and_the_caller(school: School) -> None:
    notice = school.log(
        "Police attended the home.",
        *("--kind", "operation_encompass", "--police-at", "19 Nov 2026 23:40", "--school-at", "20 Nov 2026 8:05"),
        *("--from", "P. Ray, sergeant, police", "--identity", "email-domain", "--told", "Class 5B"),
    )
    shown = school.run("entry", notice).out
    for words in ("19 Nov 2026, 23:40", "20 Nov 2026, 08:05", "P. Ray, sergeant, police: E-mail domain known"):
        assert words in shown
    assert "Happened: Thu 19 Nov 2026, 23:40" in " ".join(shown.split())
    undated = school.run("log", "Ada Lowe", "--text", "-", "--kind", "operation_encompass", typed="Police came.")
    assert "When it happened was read as: not known. When was this?" in undated.err
    school.run("log", "Ada Lowe", "--text", "x", "--police-at", "today", status=2)


def test_a_name_that_only_sounds_alike_is_named_and_never_taken(school: School) -> None:
    refused = school.run("log", "Ayda Low", "--text", "-", "--json", typed="x", status=1)
    assert "Ada Lowe" in refused.error["hint"]
