"""Reading back: order, as it was known on a day, and searches of every kind (R-78)."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.acts import Amended, ConcernLogged, Decided, EntryMoved
from practice.dates import Occurred, in_words, parse_when
from practice.errors import NotFound, Refused
from storage.ids import new_id
from storage.vault import open_vault
from storage.views import record
from storage.views.today import today
from tests.conftest import PASSPHRASE, add_child, add_concern, on_day

BRACKETS = "She said [he hit me] [Yr 9] [red]x[/red]"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(vault):
    vault.clock = Clock()
    return vault.clock


def when(text: str) -> Occurred:
    return parse_when(text, datetime(2026, 11, 2, 12))  # noqa: DTZ001


def log(vault, child, text, occurred):
    entry = new_id()
    vault.record(ConcernLogged(text=text, occurred=occurred), child=child, entry=entry)
    return entry


def texts(rows):
    return [row.text for row in rows]


def test_the_order_is_by_event_then_by_recording(vault, clock):
    child = add_child(vault)
    for text, day in (
        ("fifth", "sometime, no idea"),
        ("third", "21/10/2026 14:30"),
        ("second", "21/10/2026"),
        ("first", "week of 19/10/2026"),
        ("fourth", "21/10/2026 14:30"),
    ):
        log(vault, child, text, when(day))
        clock.now += timedelta(minutes=1)
    assert texts(record.chronology(vault, child)) == ["first", "second", "third", "fourth", "fifth"]
    assert texts(record.chronology(vault, child, limit=2, offset=1)) == ["second", "third"]
    assert texts(record.chronology(vault, child, start=date(2026, 10, 20), end=date(2026, 10, 21)))[0] == "second"
    assert record.count(vault, child) == 5


def test_what_was_unsure_is_still_said_to_be_when_it_is_read_back(vault, clock):
    child = add_child(vault)
    vault.record(ConcernLogged(text="A fall", occurred=when("?20 Oct 2026")), child=child, entry=new_id())
    (row,) = record.chronology(vault, child)
    assert in_words(row.occurred) == "about 20 Oct 2026"


def test_as_known_on_is_the_record_of_that_evening(vault, clock):
    child, other = add_child(vault), add_child(vault, "Bea")
    entry = log(vault, child, "first words", on_day("2026-11-01"))
    sees = record.get(vault, entry).version
    clock.now += timedelta(days=1)
    vault.record(Amended(sees=sees, text="better words", reason="clearer"), child=child, entry=entry)
    clock.now += timedelta(days=1)
    vault.record(EntryMoved(from_child=child, reason="it was Bea"), child=other, entry=entry)
    late = log(vault, child, "told later", on_day("2026-10-01"))

    def known(on, of=child):
        return texts(record.chronology(vault, of, as_known_on=date.fromisoformat(on)))

    assert known("2026-11-01") == []
    assert known("2026-11-02") == ["first words"]
    assert known("2026-11-03") == ["better words"]
    assert known("2026-11-04") == ["told later"]
    assert known("2026-11-03", other) == []
    assert known("2026-11-04", other) == ["better words"]
    assert [row.id for row in record.chronology(vault, child)] == [late]


def test_a_clock_that_went_back_brings_nothing_into_an_earlier_day(vault, clock):
    child = add_child(vault)
    log(vault, child, "of the second", on_day("2026-11-02"))
    clock.now += timedelta(days=3)
    log(vault, child, "of the fifth", on_day("2026-11-05"))
    clock.now -= timedelta(days=4)
    log(vault, child, "with the clock gone back", on_day("2026-11-05"))
    assert "of the fifth" in texts(record.chronology(vault, child, as_known_on=date(2026, 11, 5)))
    assert texts(record.chronology(vault, child, as_known_on=date(2026, 11, 4)))[:1] == ["of the second"]


def test_two_amendments_of_one_version_both_stay(vault):
    child = add_child(vault)
    entry = add_concern(vault, child, "first")
    sees = record.get(vault, entry).version
    for words in ("mine", "yours"):
        vault.record(Amended(sees=sees, text=words, reason="clearer"), child=child, entry=entry)
    detail = record.detail(vault, entry)
    assert [version.text for version in detail.versions] == ["first", "mine", "yours"]
    assert detail.entry.conflict
    assert detail.entry.text == "yours"


def test_a_later_decision_supersedes_and_both_stay_readable(vault):
    child = add_child(vault)
    entry = add_concern(vault, child, "first")
    assert [row.id for row in record.undecided(vault)] == [entry]
    for decision in ("monitor", "no_further_action"):
        vault.record(Decided(decision=decision, reason="so"), child=child, entry=entry)
    made = record.detail(vault, entry).decisions
    assert [(row.decision, row.superseded) for row in made] == [("monitor", True), ("no_further_action", False)]
    assert record.undecided(vault) == []


def test_an_unknown_entry_is_not_found(vault):
    with pytest.raises(NotFound):
        record.get(vault, "x' OR 1=1 --")
    with pytest.raises(NotFound):
        record.detail(vault, "")


@pytest.fixture(scope="module")
def searched(vault_template, tmp_path_factory):
    """A vault with some texts to find; no test changes it."""
    folder = shutil.copytree(vault_template, tmp_path_factory.mktemp("searched") / "vault")
    vault = open_vault(folder, passphrase=PASSPHRASE)
    child = add_child(vault)
    for text in (
        BRACKETS,
        "Léa ran home at ten past three",
        "Le\u0301a's mother rang about running",
        "A bruise on the left forearm, she would not say how",
        "नमस्ते कहा",
        "she told me home was fine",
    ):
        add_concern(vault, child, text)
    other = add_child(vault, "Bea")
    add_concern(vault, other, "Bea ran to school", childs_words="I was running late")
    yield vault, child
    vault.close()


FOUND = {
    "he hit me": 1,
    "[he hit me]": 1,
    "[red]": 1,
    '"she said"': 1,
    '"said she"': 0,
    "ran": 3,
    '"ran"': 2,
    "runn": 2,
    "run": 2,
    "lea": 2,
    "Léa": 2,
    "Le\u0301a": 2,
    "LÉA": 2,
    "bruise forearm": 1,
    "bruise school": 0,
    "नमस्ते": 1,
    "xylograph": 0,
    "running late": 1,
}


@pytest.mark.parametrize("words", FOUND)
def test_words_phrases_beginnings_and_accents_find(searched, words):
    vault, _ = searched
    assert len(record.search(vault, words)) == FOUND[words]


def test_a_search_within_one_child_and_a_limit(searched):
    vault, child = searched
    assert len(record.search(vault, '"ran"', child_id=child)) == 1
    hits = record.search(vault, "she", limit=1)
    assert len(hits) == 1
    assert "⟪she⟫ told me home" in hits[0].snippet


def test_an_amended_entry_is_found_by_its_new_words_only(vault):
    child = add_child(vault)
    add_concern(vault, child, "Tired again")
    entry = add_concern(vault, child, "A bruise on the forearm")
    add_concern(vault, child, "Late")
    vault.record(
        Amended(sees=record.get(vault, entry).version, text="A graze on the knee", reason="misread"),
        child=child,
        entry=entry,
    )
    assert record.search(vault, "forearm") == []
    assert [hit.entry_id for hit in record.search(vault, "graze")] == [entry]


HOSTILE = ['"', '""', '"""', "*", "**", "NEAR(", "a NEAR b", "AND", "NOT x", "-x", "text:x", "^x", "(", "{a b}:x", "'"]
HOSTILE += ["\x00", "a\x00b", "\ud800", "'; DROP TABLE acts; --", '"unclosed phrase', "\u0301", "⟪x⟫", " ", "+", "a*b"]


@pytest.mark.parametrize("words", HOSTILE, ids=repr)
def test_hostile_searches_find_nothing_or_something_and_never_fail(searched, words):
    assert isinstance(record.search(searched[0], words), list)


def test_a_search_over_the_limit_is_refused_in_a_sentence(searched):
    with pytest.raises(Refused):
        record.search(searched[0], "x" * 201)


@settings(max_examples=150, deadline=None)
@given(words=st.text(max_size=60))
def test_any_text_at_all_can_be_searched_for(searched, words):
    assert isinstance(record.search(searched[0], words), list)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(str.strip))
def test_whatever_was_written_reads_back_whole(logged, vault, text):
    entry = logged(text)
    assert record.get(vault, entry).text == text
    assert record.detail(vault, entry).versions[0].text == text


def test_what_waits_for_a_decision_is_counted_whole_and_the_oldest_have_a_line(vault, monkeypatch):
    child = add_child(vault)
    entries = [add_concern(vault, child, f"Note {number}") for number in range(4)]
    vault.record(Decided(decision="monitor_with_review_date", reason="x"), child=child, entry=entries[1])
    assert [row.id for row in record.undecided(vault, limit=2)] == [entries[0], entries[2]]
    lines = [(row.id, row.child_id, row.child, row.text) for row in record.undecided(vault)]
    assert [tuple(row) for row in record.waiting(vault)] == lines
    assert [row.id for row in record.waiting(vault, limit=2)] == [entries[0], entries[2]]
    assert record.undecided_count(vault) == 3
    view = today(vault, vault.clock())
    assert (view.undecided, [line.kind for line in view.act_today]) == (3, ["concern"] * 3)
    monkeypatch.setattr(record, "WAITING", 2)
    assert [line.words for line in today(vault, vault.clock()).act_today] == [
        "Note 0",
        "Note 2",
        "1 more, recorded later",
    ]


def test_a_look_within_a_look_sees_the_same_record(vault):
    child = add_child(vault)
    entry = add_concern(vault, child, "Before")
    with vault.read() as outer:
        assert record.undecided_count(vault) == 1
        add_concern(vault, child, "Meanwhile")
        with vault.read() as inner:
            assert inner is outer
        assert [row.id for row in record.waiting(vault)] == [entry]
    assert record.undecided_count(vault) == 2
