"""What has left may be corrected or taken back; the newest word stands, whatever comes first (protocol: rule 3)."""

from __future__ import annotations

import pytest
from exchange import COUNCIL, Hub, Place

from practice.errors import Refused
from storage.desk.concerns import amend
from storage.views import record, sharing
from storage.views.evidence import evidence
from storage.views.today import today
from sync import corrections, inbox, shares
from sync.membership import connect
from sync.taking import Taking

NEWER = "She said [he pushed me]; she had said it was a fall first."


@pytest.fixture
def sent(school: Place, council: Place) -> str:
    """A share that the council has matched to a child of its own."""
    share = school.share(school.entry(school.child()), COUNCIL)
    school.sync()
    council.sync()
    (item,) = council.items()
    council.accept(item.id, council.child("Aisha", "Invented"))
    council.sync()
    school.sync()
    return share


def test_a_correction_stands_in_the_partners_chronology_with_what_it_corrects(
    school: Place, council: Place, sent: str
) -> None:
    with pytest.raises(Refused, match="as it stands in the record"):
        corrections.correct(school.vault, sent, "Nothing has changed.")
    amend(school.vault, sharing.share(school.vault, sent).entry_id, NEWER, "She told us more.")
    newer = corrections.correct(school.vault, sent, "The first words were mistaken.")
    assert school.state(sent) == "acknowledged", "until a person has approved the newer bytes"
    school.approve(newer)
    assert school.state(sent) == "corrected"
    with pytest.raises(Refused, match="corrected by a newer one"):
        corrections.correct(school.vault, sent, "Twice.")
    school.sync()
    report = council.sync()
    said = "The primary corrected an entry that they had sent; both versions are kept."
    assert (report.received, report.errors) == (1, [said])
    (item,) = council.items()
    assert (item.state, item.text, item.corrected) == ("accepted", NEWER, "The first words were mistaken.")
    first, second = record.detail(council.vault, item.id).versions
    assert first.text.startswith("She said [he hit me]")
    assert (second.text, second.reason) == (NEWER, "corrected by its sender: The first words were mistaken.")
    school.sync()
    assert (school.state(newer), school.reason(newer)) == ("acknowledged", "shown")
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_withdrawal_reaches_the_partner_and_its_receipt_comes_back(school: Place, council: Place, sent: str) -> None:
    assert corrections.withdraw(school.vault, sent, "It is about another child.") == "queued"
    assert (school.state(sent), school.reason(sent)) == ("withdrawn", "It is about another child.")
    with pytest.raises(Refused, match="was withdrawn"):
        corrections.withdraw(school.vault, sent, "Again.")
    asked = today(council.vault, council.vault.clock())
    assert (asked.undecided, [line.kind for line in asked.act_today]) == (1, ["concern"])
    school.sync()
    assert council.sync().errors == ["The primary took back an entry that they had sent; the inbox says why."]
    (item,) = council.items()
    assert (item.state, item.reason) == ("withdrawn", "It is about another child.")
    assert record.get(council.vault, item.id).text == "Taken back by The primary: It is about another child."
    asked = today(council.vault, council.vault.clock())
    assert (asked.undecided, asked.act_today, evidence(council.vault, item.child_id).undecided) == (0, [], 0)
    told = [(line.kind, line.child, line.words) for line in asked.this_week]
    assert told == [("taken_back", "Aisha Invented", "by The primary: It is about another child.")]
    assert inbox.receipt_words(council.vault, item).startswith("Our receipt left "), "it went with the same sync"
    inbox.seen(council.vault, item.id)
    assert today(council.vault, council.vault.clock()).empty
    with pytest.raises(Refused, match="does not wait to be read"):
        inbox.seen(council.vault, item.id)
    with pytest.raises(Refused, match="may not be shared on"):
        shares.propose(council.vault, item.id, school.org)
    assert school.sync().errors == []
    assert sharing.share(school.vault, sent).taken_back == "acknowledged"
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_withdrawal_that_overtakes_its_entry_keeps_it_out(post: Hub, school: Place, council: Place) -> None:
    share = school.share(school.entry(school.child()), COUNCIL)
    for change in (corrections.correct, corrections.withdraw):
        with pytest.raises(Refused, match="waits to leave"):
            change(school.vault, share, "Too early.")
    entry = school.outbox("queued")[0].envelope
    school.sync()
    with pytest.raises(Refused, match="reason"):
        corrections.withdraw(school.vault, share, "  ")
    corrections.withdraw(school.vault, share, "A mistake.")
    withdrawal = school.outbox("queued")[0].envelope
    with connect(council.vault, None) as client:
        taking = Taking(council.vault, client)
        assert "took back" in taking.take(1, withdrawal).error
        assert taking.take(2, entry).received == 0
    (item,) = council.items()
    assert (item.state, item.text, item.reason) == ("withdrawn", "", "A mistake.")
    with pytest.raises(Refused, match="taken back by its sender"):
        council.accept(item.id, council.child())
    assert council.vault.verify(rebuild=True).problems == []
