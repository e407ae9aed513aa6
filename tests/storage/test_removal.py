"""An entry is removed by two people and one reason, leaves a tombstone, and comes back whole (R-05)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from practice.acts import Act, RemovalAgreed, RemovalEnded, RemovalProposed
from practice.errors import NotAllowed, NotFound, Refused
from practice.removal import is_removed, removals
from storage.desk import removal
from storage.documents.gather import Wanted, gather
from storage.people import add_person
from storage.vault import open_vault
from storage.views import record, today
from storage.views import removals as view
from tests.conftest import add_child, add_concern

SECOND = "four words of hers"


@pytest.fixture
def child(vault) -> str:
    return add_child(vault)


@pytest.fixture
def second(vault):
    """The same vault, opened by another person."""
    add_person(vault, "Kim Reed", "deputy", SECOND)
    with open_vault(vault.folder, passphrase=SECOND, user="Kim Reed") as opened:
        yield opened


def seen(vault, child):
    return (
        [row.text for row in record.chronology(vault, child)],
        record.entry_ids(vault, child),
        [hit.entry_id for hit in record.search(vault, "unrepeatable")],
        [row.id for row in record.undecided(vault)],
        record.count(vault, child),
    )


def test_only_a_second_person_removes_and_nothing_of_the_words_stays_in_sight(vault, child, second):
    entry = add_concern(vault, child, "Unrepeatable words.")
    before = seen(vault, child)
    with pytest.raises(Refused, match="needs its reason"):
        removal.propose(vault, entry, " ")
    removal.propose(vault, entry, "Written about another school's child")
    with pytest.raises(Refused, match="proposed already"):
        removal.propose(vault, entry, "Again")
    with pytest.raises(NotAllowed, match="another person"):
        removal.agree(vault, entry)
    assert seen(vault, child) == before, "until then it stands"
    waiting = [line for line in today.today(second, second.clock()).this_week if line.kind == "removal"]
    assert [line.subject for line in waiting] == [entry]
    assert not [line for line in today.today(vault, vault.clock()).this_week if line.kind == "removal"]
    removal.agree(second, entry)
    assert seen(vault, child) == ([], [], [], [], 0)
    with pytest.raises(NotFound, match=r"proposed by Robin Vale, agreed by Kim Reed.*another school's child"):
        record.get(vault, entry)
    assert "Unrepeatable" not in view.words(view.of_child(vault, child)[0])
    copy = gather(vault, Wanted(child, "record"))
    assert copy.entries == []
    assert copy.left_out[0].startswith("An entry was removed on")
    assert "another school" not in copy.left_out[0]
    with pytest.raises(Refused, match="removed already"):
        removal.agree(vault, entry)


def test_it_comes_back_whole_and_everything_that_happened_stays_readable(vault, child, second):
    entry = add_concern(vault, child, "Unrepeatable words.")
    before = seen(vault, child)
    day = record.get(vault, entry).recorded_at
    removal.propose(vault, entry, "Wrong")
    removal.restore(second, entry, "It is right")
    removal.propose(second, entry, "Truly wrong")
    removal.agree(vault, entry)
    removal.restore(vault, entry, "The family asked for it")
    assert seen(vault, child) == before
    assert record.get(vault, entry).recorded_at == day
    assert [row.state for row in view.of_entry(vault, entry)] == ["restored", "taken_back"]
    with pytest.raises(NotFound, match="was not removed"):
        removal.restore(vault, entry, "Again")
    assert vault.verify(rebuild=True).problems == []


def test_who_proposed_never_counts_as_the_second_whatever_is_in_the_ledger():
    at = datetime(2026, 11, 22, tzinfo=UTC)

    def act(number, author, body):
        moment = at + timedelta(minutes=number)
        fields = {"id": f"a{number}", "device": "d", "seq": number, "captured_at": moment, "recorded_at": moment}
        return Act(**fields, author=author, kind=body.act_kind, child="c", entry="e", body=body)

    proposed = act(1, "robin", RemovalProposed(reason="Wrong"))
    alone = [proposed, act(2, "robin", RemovalAgreed(proposal="a1"))]
    assert not is_removed(removals(alone))
    both = [*alone, act(3, "kim", RemovalAgreed(proposal="a1"))]
    assert is_removed(removals(both))
    over = [proposed, act(2, "robin", RemovalEnded(proposal="a1", reason="No")), act(3, "kim", both[2].body)]
    assert not is_removed(removals(over))
    assert not is_removed(removals([act(3, "kim", RemovalAgreed(proposal="other"))]))
