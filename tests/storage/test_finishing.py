"""What is still to be written is kept, asked for, filled in later; look-alike entries are offered after recording."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from practice.alike import Telling, why_alike
from practice.dates import in_words, parse_when
from practice.errors import Refused
from storage.desk import finishing
from storage.desk.concerns import OTHER_TEXT, Other, amend, log_concern
from storage.vault import Vault
from storage.views import base, record
from storage.views.entries import ENTRIES
from tests.conftest import add_child

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def log(vault: Vault, child: str, text: str, when: str = "20 Nov 2026", **fields) -> str:
    return log_concern(vault, {"text": text, "when": when, **fields}, child_id=child)[0]


def test_what_is_missing_is_filled_in_later_and_stays_in_the_ledger(vault: Vault) -> None:
    entry = log(vault, add_child(vault), "Came in without a coat.")
    found = record.detail(vault, entry)
    assert found.missing[:3] == ["category", "how_known", "childs_words"]
    assert [row.id for row in record.unfinished(vault)] == [entry]
    left = finishing.complete(
        vault, entry, {"category": "neglect", "how_known": "seen", "told": [{"name": "J. Poole", "at": "14:10"}]}
    )
    assert left == ["childs_words", "child_told", "parent_told", "immediate_action"]
    amend(vault, entry, "Came in without a coat.", "her words", childs_words="I was cold")
    fields = {"child_told": "told", "parent_told": "not_safe", "immediate_action": "Lent a coat"}
    assert finishing.complete(vault, entry, fields) == ["not_told_reason"]
    assert finishing.complete(vault, entry, {"not_told_reason": "The father hits her"}) == []
    found = record.detail(vault, entry)
    assert (found.entry.category, found.entry.action, found.concern.told[0].name) == (
        "neglect",
        "Lent a coat",
        "J. Poole",
    )
    assert record.unfinished(vault) == []
    assert vault.verify(rebuild=True).ok


def test_what_has_nothing_to_be_written_is_not_asked_for_again(vault: Vault) -> None:
    entry = log(vault, add_child(vault), "Seen.")
    assert "childs_words" not in finishing.complete(vault, entry, {}, leave=["childs_words", "told"])
    assert record.detail(vault, entry).left_blank == ("childs_words", "told")


@pytest.mark.parametrize(
    ("fields", "leave"),
    [({}, []), ({"text": "other"}, []), ({"childs_words": "x"}, []), ({"category": "nothing"}, []), ({}, ["author"])],
)
def test_what_is_no_field_is_refused_and_nothing_is_recorded(vault: Vault, fields, leave) -> None:
    entry = log(vault, add_child(vault), "Seen.")
    before = record.detail(vault, entry)
    with pytest.raises(Refused):
        finishing.complete(vault, entry, fields, leave=leave)
    assert record.detail(vault, entry) == before


def test_each_child_of_an_event_has_role_category_and_text_of_their_own(vault: Vault) -> None:
    first, second, third = (add_child(vault, name) for name in ("Ada", "Ben", "Cal"))
    also = [Other(second, "alleged_to_have_harmed", "behaviour", "Ben was asked to sit out."), (third, "witness")]
    fields = {"text": "Ada was pushed by Ben.", "when": "20 Nov 2026", "category": "bullying"}
    ids = log_concern(vault, fields, child_id=first, also=also)
    rows = [record.detail(vault, each) for each in ids]
    assert [row.entry.child_id for row in rows] == [first, second, third]
    assert [row.entry.text for row in rows] == ["Ada was pushed by Ben.", "Ben was asked to sit out.", OTHER_TEXT]
    assert [row.entry.category for row in rows] == ["bullying", "behaviour", ""]
    assert [row.concern.role_of_child for row in rows] == ["subject", "alleged_to_have_harmed", "witness"]
    assert len({row.entry.event_id for row in rows}) == 1
    for twice in ([(first, "witness")], [(second, "witness"), (second, "harmed")], [Other(second, "witness", "nope")]):
        with pytest.raises(Refused):
            log_concern(vault, fields, child_id=first, also=twice)


def test_a_police_notice_has_both_times_and_asks_for_who_was_told(vault: Vault) -> None:
    fields = {"entry_kind": "operation_encompass", "police_at": "19 Nov 2026 23:40", "school_at": ""}
    child = add_child(vault)
    entry = log(vault, child, "Police attended the home.", when="", **fields)
    found = record.detail(vault, entry)
    assert found.entry.occurred.start == "2026-11-19T23:40", "it is dated as the police attended, not as it is typed in"
    later = log(vault, child, "Police attended the home.", when=" ", entry_kind="operation_encompass")
    undated = record.detail(vault, later)
    assert (undated.entry.occurred.start, in_words(undated.entry.occurred)) == (None, "not known")
    assert undated.missing[0] == "occurred", "and asked for where that is not known either"
    assert found.concern.police_at.start == "2026-11-19T23:40"
    assert found.missing == ["school_at", "told"]
    assert finishing.complete(vault, entry, {"school_at": "20 Nov 2026 08:05", "told": [{"name": "Class 5B"}]}) == []
    assert record.detail(vault, entry).concern.school_at.start == "2026-11-20T08:05"


def test_entries_that_look_alike_are_offered_with_what_they_rest_on(vault: Vault) -> None:
    child = add_child(vault)
    first = log(vault, child, "Bruise on the left forearm, seen in PE by the coach.")
    log(vault, child, "Bruise on the left forearm, seen in PE by the coach.", "3 Nov 2026")
    log(vault, child, "Came without lunch.")
    log(vault, add_child(vault, "Bo"), "Bruise on the left forearm, seen in PE by the coach.")
    second = log(vault, child, "The coach saw bruising to her left forearm in PE", "?20 Nov 2026")
    (found,) = finishing.look_alikes(vault, second)
    assert found.entry.id == first
    assert "forearm" in found.why
    assert finishing.look_alikes(vault, log(vault, child, "Bruise seen.", "some day")) == []


def test_the_rule_is_symmetric_and_needs_a_shared_day() -> None:
    one = Telling("1", "Bruise on the left forearm", parse_when("w/c 16 Nov 2026", NOW))
    two = Telling("2", "LEFT forearm, bruises!", parse_when("20 Nov 2026", NOW))
    three = Telling("3", "Left forearm bruise", parse_when("10 Nov 2026", NOW))
    assert why_alike(one, two)
    assert why_alike(one, two) == why_alike(two, one)
    assert not why_alike(one, three)
    assert why_alike(two, Telling("4", "left FOREARM bruises", two.occurred)) == "The same days and the same words."


def test_an_update_folds_the_entries_of_an_older_program_again(vault: Vault) -> None:
    child = add_child(vault)
    entries = [log(vault, child, f"Note {number}", childs_words="Mine") for number in range(3)]
    with vault.read() as connection:
        before = base.contents(connection)
    with vault.write() as unit:
        unit.connection.exec_driver_sql("UPDATE entries SET unfinished = '[\"of old\"]', category = 'x'")
        base.fold_again(unit.connection, ENTRIES)
    with vault.read() as connection:
        assert base.contents(connection) == before
    assert [hit.entry_id for hit in record.search(vault, "Mine")] == entries[::-1]
