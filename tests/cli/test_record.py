"""A concern by command: logged, decided, amended, moved, promoted and read back."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.cli.school import HOSTILE, School


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_text_shows_whole_in_every_reading_command(school: School, as_json: bool) -> None:
    ident = school.log(HOSTILE, "--when", "yesterday")
    flag = ["--json"] if as_json else []
    for command in (["chronology", "Ada Lowe"], ["entry", ident], ["search", "hit"]):
        assert HOSTILE in school.run(*command, *flag).out, command


def test_log_answers_with_the_id_and_tells_that_no_one_else_was_told(school: School) -> None:
    answer = school.run("log", "Ada Lowe", "--text", "-", typed="Bruise on the left arm.")
    assert answer.out.strip() == school.run("search", "bruise", "--json").json[0]["entry_id"]
    assert "No one else has been told." in answer.err
    assert "What now?" in answer.err
    assert "01632 960001" in answer.err


def test_log_with_json_prints_only_json(school: School) -> None:
    answer = school.run("log", "Ada Lowe", "--text", "-", "--json", typed="Bruise.")
    assert answer.json["state"] == "recorded"
    assert answer.err == ""


def test_log_keeps_every_field(school: School) -> None:
    ident = school.log(
        "Told the office that nobody is at home.",
        *("--kind", "agency-contact", "--when", "?3 Nov 2026", "--words", "-x-", "--category", "neglect"),
        *("--category", "Physical abuse", "--how", "told_by_child", "--where", "Office", "--told", "J. Poole@14:10"),
        *("--from", "P. Ray, sergeant, police", "--identity", "called-back", "--child-told", "not-safe"),
        *("--action", "Rang home"),
    )
    shown = school.run("entry", ident, "--json").json
    assert (shown["kind"], shown["category"], shown["further_categories"]) == (
        "agency_contact",
        "neglect",
        ["physical"],
    )
    occurred = shown["current"]["occurred"]
    assert occurred == {"text": "?3 Nov 2026", "start": "2026-11-03", "end": "2026-11-03", "precision": "approximate"}
    assert shown["current"]["childs_words"] == "-x-"
    plain = school.run("entry", ident).out
    for words in ("Office", "J. Poole at 14:10", "Rang home", "Not safe to tell", "Told by the child"):
        assert words in plain


def test_times_carry_their_offset(school: School) -> None:
    ident = school.log("Seen.", "--when", "20 Nov 2026 14:30")
    entry = school.run("chronology", "Ada Lowe", "--json").json["entries"][0]
    assert entry["id"] == ident
    for moment in (entry["recorded_at"], entry["occurred"]["start"]):
        assert datetime.fromisoformat(moment).tzinfo is not None
    assert entry["occurred"]["start"].startswith("2026-11-20T14:30:00")


def test_text_of_64_kib_is_taken_and_one_byte_more_is_refused(school: School) -> None:
    text = "é" * (32 * 1024)
    ident = school.log(text)
    assert school.run("entry", ident, "--json").json["current"]["text"] == text
    refused = school.run("log", "Ada Lowe", "--text", "-", "--json", typed=text + "x", status=1)
    assert refused.error["status"] == 1
    assert refused.out == ""
    assert len(school.run("chronology", "Ada Lowe", "--json").json["entries"]) == 1


def test_text_that_is_not_utf8_is_refused_whole(school: School) -> None:
    refused = school.run("log", "Ada Lowe", "--text", "-", typed=b"caf\xe9 corner", status=1)
    assert "UTF-8" in refused.err


def test_text_as_an_argument_draws_one_caution(school: School) -> None:
    answer = school.run("log", "Ada Lowe", "--text", "Bruise.", "--words", "It hurts.")
    assert answer.err.count("Caution:") == 1
    assert "history" in answer.err.splitlines()[0]
    assert "Caution:" not in school.run("log", "Ada Lowe", "--text", "-", typed="Bruise.").err
    with_json = school.run("log", "Ada Lowe", "--text", "Bruise.", "--json")
    assert with_json.json["state"] == "recorded"
    assert with_json.err.count("Caution:") == 1


def test_an_error_stands_alone_for_a_program_even_where_a_caution_is_due(school: School) -> None:
    assert school.run("log", "Nobody Here", "--text", "Bruise.", "--json", status=1).error["status"] == 1


def test_control_characters_are_shown_as_marks_and_kept_verbatim_for_programs(school: School) -> None:
    text = "Bell \x07, colour \x1b[31m and \u202eturned"
    ident = school.log(text)
    plain = school.run("chronology", "Ada Lowe").out
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    assert "␛[31m" in plain
    answer = school.run("entry", ident, "--json")
    assert answer.json["current"]["text"] == text
    assert "\u202e" not in answer.out


def test_a_line_of_a_note_cannot_pass_for_one_of_ours(school: School) -> None:
    school.log("First.\n1 entries.\nDecision: No further action")
    lines = school.run("chronology", "Ada Lowe").out.splitlines()
    assert "    Decision: No further action" in lines
    assert "Decision: No further action" not in lines


def test_what_is_left_out_is_asked_for(school: School) -> None:
    answer = school.run("log", typed="Ada Lowe\nBruise on arm.\nSecond line.\n\n")
    ident = answer.out.strip()
    assert school.run("entry", ident, "--json").json["current"]["text"] == "Bruise on arm.\nSecond line."
    decided = school.run("decide", ident, typed="no_such\nearly_help\nSupport agreed.\n\n")
    assert "is not one of" in decided.err
    assert school.run("entry", ident, "--json").json["decisions"][0]["decision"] == "early_help"


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["log"], "CHILD"),
        (["log", "Ada Lowe"], "--text"),
        (["decide"], "ENTRY"),
        (["search"], "WORDS"),
        (["chronology"], "CHILD"),
        (["review", "set", "Ada Lowe"], "--status"),
        (["children", "add"], "NAME"),
    ],
)
def test_a_program_that_leaves_something_out_is_told_what(school: School, arguments: list[str], missing: str) -> None:
    error = school.run(*arguments, "--json", status=2).error
    assert missing in error["error"]
    assert error["status"] == 2


def test_an_end_of_input_names_what_is_missing(school: School) -> None:
    assert "Missing --text" in school.run("log", "Ada Lowe", typed="", status=2).err


def test_a_name_that_fits_several_children_lists_them_and_records_nothing(school: School) -> None:
    answer = school.run("log", "Sam", "--text", "-", typed="Bruise.", status=1)
    for words in ("Sam Penrose", "Sam Penfold", "1 Sep 2015", "20 Jan 2017", "6A", "4A"):
        assert words in answer.err
    assert school.run("search", "bruise", "--json").json == []


def test_a_child_is_named_by_id_upn_or_any_name(school: School) -> None:
    for wanted in (school.children["Ada Lowe"], "b999 2000 23218", "ada lowe", "Lowe"):
        assert school.run("chronology", wanted, "--json").json["child"]["name"] == "Ada Lowe"
    assert school.run("children", "show", "zoe obrien", "--json").json["name"] == "Zoë O'Brien"


def test_a_child_who_is_not_on_the_roll_is_recorded_provisionally(school: School) -> None:
    refused = school.run("log", "Wilf Tarn", "--text", "-", "--json", typed="Bruise.", status=1)
    assert "--not-on-roll" in refused.error["hint"]
    school.run("log", "Wilf Tarn", "--not-on-roll", "--text", "-", typed="Bruise.")
    shown = school.run("children", "show", "Wilf Tarn", "--json").json
    assert shown["provisional"] is True
    assert shown["entries"] == 1


def test_another_child_in_the_event_has_an_entry_without_a_word_of_the_first(school: School) -> None:
    answer = school.run(
        "log", "Ada Lowe", "--also", "Sam Penfold:witness", "--text", "-", "--json", typed="Ada was hit."
    )
    other = school.run("chronology", "Sam Penfold", "--json").json["entries"]
    assert [each["id"] for each in other] == answer.json["also"]
    assert "Ada" not in other[0]["text"]


def test_amend_adds_a_version_and_both_stay_readable(school: School) -> None:
    ident = school.log("First telling.")
    done = school.run("amend", ident, "--text", "-", "--reason", "A word was wrong.", "--json", typed="Second telling.")
    assert done.json == {"id": ident, "state": "amended"}
    shown = school.run("entry", ident, "--json").json
    assert [each["text"] for each in shown["versions"]] == ["First telling.", "Second telling."]
    assert shown["current"]["text"] == "Second telling."
    assert shown["current"]["reason"] == "A word was wrong."
    plain = school.run("entry", ident).out
    assert "First telling." in plain
    assert "Second telling." in plain


def test_a_move_leaves_a_wordless_trace(school: School) -> None:
    ident = school.log("Of the wrong child.")
    done = school.run("entry", "move", ident, "--to", "Sam Penfold", "--reason", "-", "--json", typed="Wrong child.")
    assert done.json["state"] == "moved"
    plain = school.run("chronology", "Ada Lowe").out
    assert "An entry was moved from this record" in plain
    assert "Of the wrong child." not in plain
    assert "Of the wrong child." in school.run("chronology", "Sam Penfold").out


def test_a_word_that_is_no_command_of_entry_is_an_id(school: School) -> None:
    ident = school.log("Seen.")
    assert school.run("entry", "--json", ident).json["id"] == ident
    assert school.run("entry", "nothing-of-the-kind", status=1).err.startswith("There is no entry")


def test_promote_and_decide_show_in_the_chronology(school: School) -> None:
    ident, other = school.log("Promoted."), school.log("Not promoted.")
    school.run(
        *("promote", ident, "--significance", "turning-point", "--impact", "negative", "--outcome", "A plan was made."),
        *("--reason", "-"),
        typed="A change.",
    )
    school.run("decide", ident, "--decision", "no_further_action", "--reason", "-", "--due", "1/12/2026", typed="Seen.")
    promoted = school.run("chronology", "Ada Lowe", "--promoted", "--json").json["entries"]
    assert [(each["id"], each["significance"], each["impact"]) for each in promoted] == [
        (ident, "turning_point", "negative")
    ]
    assert promoted[0]["outcome"] == "A plan was made."
    assert [each["reason"] for each in school.run("entry", ident, "--json").json["chosen"]] == ["A change."]
    assert "A change." in school.run("entry", ident).out.partition("Chosen for the chronology")[2]
    everything = school.run("chronology", "Ada Lowe", "--json").json["entries"]
    assert {each["id"] for each in everything} == {ident, other}
    assert school.run("entry", ident, "--json").json["decisions"][0]["due"] == "2026-12-01"
    assert "Turning point" in school.run("chronology", "Ada Lowe").out


def test_the_chronology_stands_in_the_order_of_events_and_says_what_came_late(school: School) -> None:
    for words, when in (("later", "18 Nov 2026"), ("earlier", "1 Sep 2026"), ("between", "w/c 5 October 2026")):
        school.log(words, "--when", when)
    entries = school.run("chronology", "Ada Lowe", "--json").json["entries"]
    assert [each["text"] for each in entries] == ["earlier", "between", "later"]
    assert "days after" in school.run("chronology", "Ada Lowe").out
    some = school.run("chronology", "Ada Lowe", "--from", "2026-10-01", "--to", "31 Oct 2026", "--json").json["entries"]
    assert [each["text"] for each in some] == ["between"]
    assert school.run("chronology", "Ada Lowe", "--as-known-on", "2020-01-01", "--json").json["entries"] == []
    school.run("chronology", "Ada Lowe", "--from", "2026-11-01", "--to", "2026-10-01", status=2)


def test_search_keeps_to_a_child(school: School) -> None:
    school.log("A torn coat.")
    school.log("A torn bag.", child="Sam Penfold")
    hits = school.run("search", "torn", "--child", "Sam Penfold", "--json").json
    assert [hit["snippet"] for hit in hits] == ["A torn bag."]
    assert hits[0]["child"] == "Sam Penfold"
    assert school.run("search", "-", "--json", typed="torn coat").json[0]["snippet"] == "A torn coat."
