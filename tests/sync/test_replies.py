"""Questions back, police notices, the owner's rule, two texts under one version, and a late word of the front sheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exchange import COUNCIL, POLICE, SCHOOL, Hub, Place

from practice.errors import Refused
from practice.front_sheet import heed_code
from storage.desk import finishing, front_sheet
from storage.desk.concerns import decide, log_concern
from storage.views import arrivals, cases, record, sharing
from storage.views.front_sheet import read_out
from storage.views.today import today
from sync import partners, replies, shares


def exchange(*places: Place) -> None:
    for place in (*places, *places):
        place.sync()


@pytest.fixture
def shared(school: Place, council: Place) -> tuple[str, str]:
    """The school's entry and its child; the council has matched it."""
    child = school.child()
    entry = school.entry(child)
    school.share(entry, COUNCIL)
    exchange(school, council)
    council.accept(council.items()[0].id, council.child())
    exchange(council, school)
    return entry, child


def test_a_question_comes_back_under_the_entry_it_asks_about(
    school: Place, council: Place, shared: tuple[str, str]
) -> None:
    entry, child = shared
    theirs = council.items()[0]
    asked, share = replies.reply(council.vault, theirs.id, "Who saw [the mark]?")
    assert council.state(share) == "proposed", "it is read and approved like any other"
    council.approve(share)
    assert json.loads(sharing.share(council.vault, share).payload)["body"]["answers"] == entry
    above, below = record.thread(council.vault, theirs.id)
    assert (above, [row.id for row in below]) == (None, [asked])
    exchange(council, school)
    (item,) = school.items()
    assert (item.state, item.answers) == ("waiting", entry), "a person puts it there"
    assert arrivals.answered(school.vault, item) == (entry, child)
    assert [line.kind for line in today(school.vault, school.clock()).this_week] == ["reply"]
    school.accept(item.id, child)
    above, below = record.thread(school.vault, entry)
    assert (above, [row.text for row in below]) == (None, ["Who saw [the mark]?"])

    _, share = replies.reply(school.vault, item.id, "Her class teacher.")
    school.approve(share)
    exchange(school, council)
    answer = council.items("waiting")[0]
    assert answer.answers == asked
    council.accept(answer.id, theirs.child_id)
    above, _ = record.thread(council.vault, answer.id)
    assert above is not None
    assert above.id == asked
    with pytest.raises(Refused, match="nothing written"):
        replies.reply(school.vault, item.id, "  ")
    for place in (school, council):
        assert place.vault.verify(rebuild=True).problems == []


def test_what_answers_an_entry_that_they_never_had_names_no_child(
    post: Hub, school: Place, council: Place, shared: tuple[str, str], tmp_path: Path
) -> None:
    police = Place(tmp_path / "police", POLICE, "Invented Police", "police")
    police.join(post)
    partners.add_partner(police.vault, SCHOOL)
    partners.add_partner(school.vault, POLICE)
    fields = {"text": "Forged thread", "when": "21/11/2026", "answers": shared[0]}
    (entry,) = log_concern(police.vault, fields, child_id=police.child())
    police.share(entry, SCHOOL)
    exchange(police, school)
    (item,) = school.items("waiting")
    assert item.answers == "", "what is no entry of theirs here is not named to anybody"
    assert arrivals.answered(school.vault, item) is None
    police.vault.close()


def test_a_police_notice_is_a_kind_of_its_own_and_asks_whom_it_was_told_to(
    post: Hub, school: Place, council: Place, tmp_path: Path
) -> None:
    police = Place(tmp_path / "police", POLICE, "Invented Police", "police")
    police.join(post)
    partners.add_partner(police.vault, SCHOOL)
    fields = {"text": "Called to the home", "when": "20/11/2026 23:10", "entry_kind": "operation_encompass"}
    fields["police_at"] = "20/11/2026 23:40"
    (entry,) = log_concern(police.vault, fields, child_id=police.child())
    police.share(entry, SCHOOL)
    exchange(police, school)
    police.vault.close()
    (item,) = school.items()
    assert item.kind == "operation_encompass"
    child = school.child()
    before = log_concern(school.vault, {"text": "Late again", "when": "today 8:00"}, child_id=child)[0]
    assert [line.kind for line in today(school.vault, school.clock()).act_today] == ["notice", "concern"]
    decide(school.vault, before, "no_further_action", "Spoken with her.")
    school.accept(item.id, child)
    found = record.detail(school.vault, item.id)
    assert found.entry.kind == "operation_encompass"
    assert found.concern.police_at.start == "2026-11-20T23:40"
    assert found.missing == ["school_at", "told"]
    finishing.complete(school.vault, item.id, {"school_at": "21/11/2026 08:05", "told": [{"name": "Class 5B"}]})
    assert record.detail(school.vault, item.id).missing == []
    assert [line.kind for line in today(school.vault, school.clock()).act_today] == ["concern"]
    with pytest.raises(Refused, match="police notice"):
        shares.propose(school.vault, item.id, COUNCIL)
    assert school.vault.verify(rebuild=True).problems == []


@pytest.mark.parametrize("rule", ["never", "ask", "yes"])
def test_the_owner_s_rule_goes_with_their_entry(post: Hub, school: Place, council: Place, rule: str, tmp_path) -> None:
    police = Place(tmp_path / "police", POLICE, "Invented Police", "police")
    police.join(post)
    partners.add_partner(school.vault, POLICE)
    entry = council.entry(council.child())
    share = shares.propose(council.vault, entry, SCHOOL, on_share=rule)
    frozen = shares.preview(council.vault, share)
    words = {"never": "never", "ask": "only when they have asked you", "yes": "yes"}[rule]
    assert f"They may share it on: {words}" in frozen.page
    council.approve(share, frozen.digest)
    exchange(council, school)
    (item,) = school.items()
    school.accept(item.id, school.child())
    assert item.on_share == rule
    if rule == "never":
        with pytest.raises(Refused, match="may not be shared on"):
            shares.propose(school.vault, item.id, POLICE, owner_agrees=True)
    else:
        if rule == "ask":
            with pytest.raises(Refused, match="only when they were asked"):
                shares.propose(school.vault, item.id, POLICE)
        again = shares.propose(school.vault, item.id, POLICE, owner_agrees=rule == "ask", on_share="yes")
        body = json.loads(shares.preview(school.vault, again).payload)["body"]
        assert (body["source"], body["on_share"]) == ("Northfield Invented Council", rule), "it stays theirs"
    police.vault.close()


def test_who_must_not_be_told_holds_what_was_approved_before(school: Place, council: Place) -> None:
    child = school.child()
    share = school.share(school.entry(child), COUNCIL)
    other = school.share(school.entry(school.child("Ben"), "About another"), COUNCIL)
    front_sheet.add_line(school.vault, child, "must_not_be_told", name="The council's night desk", words="A leak")
    assert (school.state(share), school.reason(share)) == ("held", front_sheet.HELD)
    assert [each.state for each in school.outbox()] == ["withheld", "queued"]
    assert len(school.spooled()) == 1, "a locked machine cannot deliver it"
    assert (school.sync().sent, school.state(other)) == (1, "delivered")
    heeded = heed_code(read_out(school.vault, child))
    digest = shares.preview(school.vault, share).digest
    told = ("public_task", "told", "told", "Still needed")
    assert shares.approve(school.vault, share, digest, *told, heeded=heeded).state == "queued"
    line = front_sheet.add_line(school.vault, school.child("Cai"), "must_not_collect", name="Sid", words="Risk")
    assert front_sheet.recheck(school.vault) == 0
    with school.vault.write() as unit:  # as a line that came from another machine of the school's
        body = front_sheet._body(school.vault, {"line": line, "section": "must_not_be_told", "name": "X", "words": "Y"})
        unit.record(body, child=child)
    report = school.sync()
    assert (report.sent, school.state(share)) == (0, "held")
    assert any("front sheet" in each for each in report.errors)
    assert school.vault.verify(rebuild=True).problems == []


def test_two_texts_under_one_version_stand_side_by_side(school: Place, council: Place, shared: tuple[str, str]) -> None:
    from sync import envelope, inbox, outgoing
    from sync.membership import own_keys

    (item,) = council.items()
    claims = json.loads(item.payload)
    body = claims["body"] | {"event": "Another text"}
    mid = outgoing.new_id()
    keys = own_keys(school.vault)
    payload = envelope.build_payload(
        mid=mid,
        from_=SCHOOL,
        to=COUNCIL,
        ctr=claims["ctr"],
        type_="entry",
        eid=item.eid,
        rev=item.rev,
        prev=None,
        body=body,
        iat=claims["iat"],
    )
    reader = partners.key_set_of(sharing.partner(school.vault, COUNCIL))
    address = outgoing.Address(mid, claims["ctr"], "entry", item.eid, item.rev)
    with school.vault.write() as unit:
        outgoing.queue(school.vault, unit, payload, address, keys, reader)
    exchange(school, council)
    (second,) = council.items("waiting")
    assert second.text == "Another text"
    assert [each.text for each in arrivals.rivals(council.vault, second)] == [item.text]
    assert arrivals.with_rivals(council.vault) == {item.id, second.id}
    kinds = {line.subject: line.kind for line in today(council.vault, council.clock()).act_today}
    assert kinds[second.id] == "rivals", "somebody must ring and ask which one holds"
    inbox.refuse(council.vault, second.id, "The other one holds")
    assert arrivals.with_rivals(council.vault) == set(), "a person said which one holds"
    assert arrivals.rivals(council.vault, item) == []
    assert inbox.answer_for(second) == ("stored", None)
    assert cases.cases(council.vault) == []
