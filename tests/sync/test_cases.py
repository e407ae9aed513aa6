"""Which child: offered, confirmed by a person, landing by itself from then on, and taken back at both ends."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from exchange import COUNCIL, PASSPHRASE, SCHOOL, Place

from practice import cases as rules
from practice.acts import ChildChanged, Identity
from practice.errors import Refused
from practice.front_sheet import heed_code
from storage.desk import front_sheet, same_child
from storage.vault import open_vault
from storage.views import cases as rows
from storage.views import record, sharing
from storage.views.front_sheet import read_out
from sync import cases, contracts, envelope, inbox, partners, shares
from sync.membership import own_keys


@pytest.fixture
def agreed(school: Place, council: Place) -> str:
    """An agreement of the school's with the council, in force."""
    review = contracts.today(school.vault) + timedelta(days=90)
    return contracts.add_contract(school.vault, COUNCIL, "Weekly early help", "public_task", review)


def exchange(*places: Place) -> None:
    for place in (*places, *places):
        assert place.sync().refused == 0


def entry_under(place: Place, child: str, contract: str, text: str = "What happened") -> str:
    return place.share(place.entry(child, text), COUNCIL, contract)


def test_nothing_lands_before_a_person_confirmed_and_everything_after(
    school: Place, council: Place, agreed: str
) -> None:
    child = school.child()
    theirs = council.child()  # the same name and date of birth: still no match by itself
    case = cases.offer(school.vault, child, COUNCIL)
    first = entry_under(school, child, agreed, "The first")
    exchange(school, council)
    (row,) = rows.cases(council.vault)
    assert (row.id, row.state, row.child_id, row.partner) == (case, "received", None, "The primary")
    (item,) = council.items()
    assert (item.state, item.case) == ("waiting", case)
    assert record.chronology(council.vault, theirs) == []
    (candidate, *_) = rows.candidates(council.vault, row.identity)
    assert candidate.child.id == theirs
    assert candidate.words == "same name, same date of birth"

    assert cases.match(council.vault, case, theirs) == 1
    assert [each.text for each in record.chronology(council.vault, theirs)] == ["The first"]
    second = entry_under(school, child, agreed, "The second")
    exchange(council, school, council)
    assert (rows.get(school.vault, case).state, rows.get(school.vault, case).by_role) == (
        "accepted",
        "Safeguarding lead",
    )
    assert rows.get(council.vault, case).confirmed_by == "Pat Example"
    assert {each.text for each in record.chronology(council.vault, theirs)} == {"The first", "The second"}
    unseen = council.items("accepted")[0]
    assert (unseen.text, unseen.landed) == ("The second", "unseen")
    exchange(school)
    assert [school.reason(each) for each in (first, second)] == ["stored", "stored"], "nobody has read them yet"
    inbox.seen(council.vault, unseen.id)
    exchange(council, school)
    assert (school.state(second), school.reason(second)) == ("acknowledged", "shown")
    with pytest.raises(Refused, match="does not wait"):
        inbox.seen(council.vault, unseen.id)

    assert council.share(council.entry(theirs, "From the council"), SCHOOL), "their own entries go under it as well"
    exchange(council, school)
    assert "From the council" in {each.text for each in record.chronology(school.vault, child)}
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_number_follows_the_child_from_a_record_that_was_closed(school: Place, council: Place, agreed: str) -> None:
    keep, goes, theirs = school.child(), school.child(), council.child()
    case = cases.offer(school.vault, goes, COUNCIL)
    sent = entry_under(school, goes, agreed, "Sent before")
    exchange(school, council)
    cases.match(council.vault, case, theirs)
    exchange(council, school)
    waits = entry_under(school, goes, agreed, "Has not left")

    joined = same_child.one_child(school.vault, keep, goes, "The office confirmed it.")
    assert (joined.entries, joined.withheld, len(joined.partners)) == (2, 1, 1)
    assert "propose again" in joined.words
    assert (school.state(sent), school.state(waits)) == ("acknowledged", "withheld")
    row = rows.get(school.vault, case)
    assert (row.child_id, row.state) == (keep, "accepted")
    council.share(council.entry(theirs, "From the council"), SCHOOL)
    exchange(council, school, council)
    assert "From the council" in {each.text for each in record.chronology(school.vault, keep)}
    assert same_child.waiting(school.vault) == []
    assert school.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_case_stands_only_inside_the_ciphertext_and_is_no_hash(school: Place, council: Place, agreed: str) -> None:
    child = school.child()
    case = cases.offer(school.vault, child, COUNCIL)
    message = school.outbox("queued")[0]
    assert case not in message.envelope
    assert (message.type, message.class_, message.ctr) == ("case-offer", "control", agreed)
    opened = envelope.open_(
        message.envelope,
        reader=own_keys(council.vault),
        sender_keys=lambda _: partners.key_set_of(sharing.partner(council.vault, SCHOOL)),
    )
    assert opened.claims["body"]["child"] == {
        "name": "Aisha Example",
        "other_names": [],
        "date_of_birth": "2014-03-03",
        "upn": "",
    }
    other = cases.offer(school.vault, school.child("Aisha", "Example"), COUNCIL)
    assert other != case
    with pytest.raises(Refused, match="already"):
        cases.offer(school.vault, child, COUNCIL)


def test_a_wrong_match_is_undone_at_both_ends_with_what_was_sent_under_it(
    school: Place, council: Place, agreed: str
) -> None:
    child, wrong = school.child(), council.child("Anya", "Example")  # her twin
    case = cases.offer(school.vault, child, COUNCIL)
    sent = entry_under(school, child, agreed)
    exchange(school, council)
    cases.match(council.vault, case, wrong)
    ours = council.share(council.entry(wrong, "About another child"), SCHOOL)
    exchange(council, school)
    assert "About another child" in {each.text for each in record.chronology(school.vault, child)}

    late = council.share(council.entry(wrong, "Not left yet"), SCHOOL)
    assert cases.unlink(council.vault, case, "Another family") == (1, 2)
    assert [each.text for each in record.chronology(council.vault, wrong)] == ["About another child", "Not left yet"]
    (item,) = council.items("waiting")
    assert (item.child_id, item.landed) == (None, "")
    assert (council.state(ours), council.state(late)) == ("withdrawn", "withheld")
    exchange(council, school)
    for place, by in ((council, "us"), (school, "them")):
        row = rows.get(place.vault, case)
        assert (row.state, row.unlinked_by, row.reason) == ("unlinked", by, "Another family")
    assert "About another child" not in {each.text for each in record.chronology(school.vault, child)}
    assert [each.state for each in school.items()] == ["withdrawn"]
    assert school.state(sent) == "acknowledged"

    entry_under(school, child, agreed, "After the unlink")
    exchange(school, council)
    assert {each.state for each in council.items()} == {"waiting"}, "nothing lands under it any more"
    council.accept(item.id, council.child())
    assert len(record.chronology(council.vault, council.items("accepted")[0].child_id)) == 1, "matched anew by hand"
    again_offered = cases.offer(school.vault, child, COUNCIL)
    assert again_offered != case
    for place in (school, council):
        assert place.vault.verify(rebuild=True).problems == []


def test_a_no_is_told_without_its_reason_and_a_changed_name_is_told_and_looked_at(
    school: Place, council: Place, agreed: str
) -> None:
    child, other = school.child(), school.child("Ben", "Sample", "2015-01-01")
    declined, kept = cases.offer(school.vault, child, COUNCIL), cases.offer(school.vault, other, COUNCIL)
    exchange(school, council)
    cases.decline(council.vault, declined, "A private reason")
    mine = council.child("Ben", "Sample", "2015-01-01")
    cases.match(council.vault, kept, mine)
    exchange(council, school)
    row = rows.get(school.vault, declined)
    assert (row.state, row.reason) == ("declined", "")
    with pytest.raises(Refused, match="does not wait"):
        cases.match(council.vault, declined, mine)
    with pytest.raises(Refused, match="Nothing that they were told"):
        cases.tell_changed(school.vault, kept)
    school.vault.record(ChildChanged(changes={"legal_surname": "Renamed"}), child=other)
    assert [(found.id, said) for found, said in rows.to_tell(school.vault)] == [(kept, ("name",))]
    assert cases.tell_changed(school.vault, kept) == ("name",)
    assert rows.to_tell(school.vault) == []
    exchange(school, council)
    heard = rows.get(council.vault, kept)
    assert (heard.state, heard.changed, heard.identity.name) == ("accepted", ("name",), "Ben Renamed")
    cases.look_at(council.vault, kept)
    assert rows.get(council.vault, kept).changed == ()


def test_it_needs_an_agreement_heeds_the_front_sheet_and_another_birthday_never_lands(
    school: Place, council: Place, agreed: str
) -> None:
    child = school.child()
    contracts.end(school.vault, agreed, "Over")
    with pytest.raises(Refused, match="No agreement with them is in force"):
        cases.offer(school.vault, child, COUNCIL)
    review = contracts.today(school.vault) + timedelta(days=90)
    agreed = contracts.add_contract(school.vault, COUNCIL, "Again", "public_task", review)
    front_sheet.add_line(school.vault, child, "must_not_be_told", name="Sid", words="Risk")
    with pytest.raises(Refused, match="Must not be told: Sid"):
        cases.offer(school.vault, child, COUNCIL)
    heeded = heed_code(read_out(school.vault, child))
    case = cases.offer(school.vault, child, COUNCIL, heeded=heeded)
    exchange(school, council)
    cases.match(council.vault, case, council.child())
    school.vault.record(ChildChanged(changes={"date_of_birth": "2012-01-01"}), child=child)
    share = shares.propose(school.vault, school.entry(child, "Born on another day"), COUNCIL, agreed)
    digest = shares.preview(school.vault, share).digest
    shares.approve(school.vault, share, digest, "public_task", "told", "told", "So", heeded=heeded)
    exchange(school, council)
    assert [(each.state, each.text) for each in council.items()] == [("waiting", "Born on another day")]


def test_a_partner_that_was_put_back_is_told_again_and_a_person_there_confirms_anew(
    school: Place, council: Place, agreed: str, tmp_path: Path
) -> None:
    council.sync()
    folder, kept = council.vault.folder, tmp_path / "kept"
    council.vault.close()
    shutil.copytree(folder, kept)
    council.vault = open_vault(folder, passphrase=PASSPHRASE)
    case = cases.offer(school.vault, school.child(), COUNCIL)
    exchange(school, council)
    cases.match(council.vault, case, council.child())
    exchange(council, school)
    council.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    council.vault = open_vault(folder, passphrase=PASSPHRASE)
    exchange(council, school, council)
    assert [(row.id, row.state) for row in rows.cases(council.vault)] == [(case, "received")]
    assert rows.get(school.vault, case).state == "accepted"


def test_candidates_say_what_matches_and_what_differs() -> None:
    told = Identity(name="Áine O'Brien", other_names=("Ann Brien",), date_of_birth="2014-03-03", upn="A123")
    born = date(2014, 3, 3)
    assert rules.words_of(rules.compare(told, ["Aine OBrien"], born, "A123")) == (
        "same name, same date of birth, same UPN"
    )
    assert rules.words_of(rules.compare(told, ["Ann Brien"], date(2015, 3, 3), "")) == (
        "a name they also had, another date of birth, UPN not known here"
    )
    assert rules.words_of(rules.compare(told, ["Zoe Hart"], None, "B1")) == (
        "another name, another UPN, date of birth not known here"
    )
    assert rules.identity_for("police", "A B", ["A B", "A C"], born, "A123").upn == ""
    assert rules.identity_for("social_care", "A B", ["A B", "A C"], born, "A123").other_names == ("A C",)
