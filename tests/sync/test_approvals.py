"""A second approver who never blocks when away, and what was not answered in time stands red (R-65, rule 15)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from exchange import COUNCIL, Place

from practice.acts import CoverSet, Phones
from practice.errors import Refused
from storage.desk.concerns import amend
from storage.desk.sharing_rules import set_contact, set_rules
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import open_vault
from storage.views import organisation, sharing
from storage.views.today import today
from storage.views.unanswered import unanswered
from sync import not_sharing, shares

WORDS = "another four plain words"


@pytest.fixture
def deputy(school: Place):
    """A second person's own session in the school's vault."""
    add_person(school.vault, "Robin Deputy", "deputy", WORDS, kdf=FLOOR)
    opened = open_vault(school.vault.folder, passphrase=WORDS, user="Robin Deputy", clock=school.clock)
    yield opened
    opened.close()


def lines(vault, kind: str) -> list[str]:
    view = today(vault, vault.clock())
    return [line.words for part in (view.act_today, view.this_week, view.later) for line in part if line.kind == kind]


def test_a_second_person_says_yes_to_the_very_bytes(school: Place, council: Place, deputy) -> None:
    set_rules(school.vault, second_approver="some", second_categories=("physical",))
    entry = school.entry(school.child())
    share = shares.propose(school.vault, entry, COUNCIL)
    approved = school.approve(share)
    assert (approved.state, school.state(share), school.outbox()) == ("agreed", "agreed", [])
    assert "Robin Deputy" in approved.caution
    row = sharing.share(school.vault, share)
    assert (row.agreed_by, row.approved_by, row.basis) == ("Pat Example", "", "public_task")
    with pytest.raises(Refused, match="another person says"):
        shares.second(school.vault, share, row.digest)
    assert lines(deputy, "agreed") == ["Pat Example said yes, now you: to Northfield Invented Council"]
    assert today(deputy, deputy.clock()).to_approve == 1
    assert "waits for another's yes" in lines(school.vault, "agreed")[0]

    with pytest.raises(Refused, match="not the bytes"):
        shares.second(deputy, share, "0" * 64)
    amend(school.vault, entry, "Other words", "Clearer")
    with pytest.raises(Refused, match="has changed"):
        shares.second(deputy, share, row.digest)
    digest = shares.preview(deputy, share).digest
    assert school.state(share) == "proposed", "other bytes than the first person approved"
    assert shares.approve(deputy, share, digest, "public_task", "told", "told", "So").state == "agreed"
    assert shares.second(school.vault, share, digest).state == "queued"
    row = sharing.share(school.vault, share)
    assert (row.agreed_by, row.approved_by, row.reason) == ("Robin Deputy", "Pat Example", "So")
    assert school.sync().sent == 1
    assert school.vault.verify(rebuild=True, signatures=True).problems == []

    other = shares.propose(school.vault, school.entry(school.child("Ben"), "About another"), COUNCIL)
    school.approve(other)
    not_sharing.refuse(deputy, other, "Not this one")
    assert school.state(other) == "not_shared", "deciding against it is as easy"


def test_who_is_away_never_holds_a_share_up(school: Place, council: Place, deputy) -> None:
    set_rules(school.vault, second_approver="all")
    away = CoverSet(person=deputy.person.id, by=school.vault.person.id, until="2099-01-01")
    school.vault.record(away)
    assert organisation.others_who_approve(school.vault, date(2098, 12, 31)) == []
    assert organisation.others_who_approve(school.vault, date(2099, 1, 2)) == ["Robin Deputy"]
    share = school.share(school.entry(school.child()), COUNCIL)
    row = sharing.share(school.vault, share)
    assert (row.state, row.alone) == ("queued", shares.NOBODY_ELSE)

    begun = shares.propose(school.vault, school.entry(school.child("Ben"), "About another"), COUNCIL)
    school.vault.record(CoverSet(person=deputy.person.id, by=school.vault.person.id, until="2000-01-01"))
    assert school.approve(begun).state == "agreed", "the deputy is here"
    school.vault.record(away)
    assert "nobody else who approves is here" in lines(school.vault, "agreed")[0]
    assert shares.second(school.vault, begun, sharing.share(school.vault, begun).digest).state == "queued"
    row = sharing.share(school.vault, begun)
    assert (row.agreed_by, row.approved_by, row.alone) == ("", "Pat Example", shares.NOBODY_ELSE)
    with pytest.raises(Refused, match="no category"):
        set_rules(school.vault, second_categories=("nonsense",))
    with pytest.raises(Refused, match="end before"):
        set_rules(school.vault, day_ends="08:00")


def test_what_was_not_answered_in_time_stands_red_with_the_number_to_ring(school: Place, council: Place) -> None:
    start = datetime(2026, 11, 23, 10, 0).astimezone()  # a Monday
    school.clock.ahead = start - (school.clock() - school.clock.ahead)
    set_contact(school.vault, COUNCIL, "Duty desk", "01632 960 555")
    child = school.child()
    calm = school.share(school.entry(child, "Can wait"), COUNCIL)
    share = shares.propose(school.vault, school.entry(child, "Cannot wait"), COUNCIL)
    digest = shares.preview(school.vault, share).digest
    shares.approve(school.vault, share, digest, "public_task", "told", "told", "So", urgent=True)
    assert lines(school.vault, "ring") == []
    school.clock.ahead += timedelta(hours=1, minutes=1)
    assert lines(school.vault, "ring") == [
        "Ring 01632 960 555 (Northfield Invented Council, Duty desk): urgent, and no receipt after a working hour"
    ]
    set_contact(school.vault, COUNCIL, "", "")
    (found,) = unanswered(school.vault, school.vault.clock())
    assert found.words == "Ring them now: urgent, and no receipt after a working hour (Northfield Invented Council)"
    with school.vault.write() as unit:
        unit.record(school.vault.school.model_copy(update={"phones": Phones(front_door="01632 960 101")}))
    (found,) = unanswered(school.vault, school.vault.clock())
    assert found.words.startswith("Ring 01632 960 101 (the front door) about Northfield Invented Council: ")
    assert found.where == (
        "Northfield Invented Council (no number of theirs is kept) by way of the front door on 01632 960 101"
    )
    school.clock.ahead += timedelta(hours=6)
    late = unanswered(school.vault, school.vault.clock())
    assert [(row.share.id, row.why) for row in late] == [
        (share, "urgent, and no receipt after a working hour"),
        (calm, "not sent by the close of the day"),
    ]
    school.clock.ahead = timedelta()
    school.sync()
    council.sync()
    school.sync()
    school.clock.ahead = start + timedelta(days=1) - school.clock()
    assert lines(school.vault, "ring") == [], "the partner's receipt is here"
