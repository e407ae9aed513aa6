"""Nothing leaves but what a person saw and approved, for a lawful reason, to a partner they know (R-60 to R-67)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from exchange import COUNCIL, SCHOOL, TEXT, WORDS, Hub, Meddling, Place

from practice.errors import ConsoleError, HubUnreachable, NotFound, Refused
from screens.share_entry import opened
from screens.share_record import record_content
from storage import ledger
from storage.desk.concerns import amend, log_concern, move
from storage.desk.glossary import mark
from storage.desk.merging import import_chronology
from storage.vault import open_vault
from storage.views import organisation, record, sharing
from sync import contracts, envelope, membership, not_sharing, partners, shares
from sync.bodies import EntryBody
from sync.hub.server import invite
from sync.membership import own_keys


@pytest.fixture
def entry(school: Place, council: Place) -> str:
    return school.entry(school.child())


@pytest.fixture
def share(school: Place, entry: str) -> str:
    return shares.propose(school.vault, entry, "301")


# -- joining, and knowing each other -----------------------------------------------------------------------------------


def test_joining_keeps_the_keys_with_the_act(school: Place, post: Hub) -> None:
    joined = organisation.hub(school.vault)
    assert joined is not None
    assert (joined.org, joined.url) == (SCHOOL, post.url)
    assert own_keys(school.vault).org == SCHOOL
    with pytest.raises(Refused, match="joined a hub already"):
        partners.enrol(school.vault, post.url, invite(post.database, SCHOOL))


def test_a_wrong_code_joins_nothing(post: Hub, tmp_path: Path) -> None:
    place = Place(tmp_path / "new", COUNCIL, "Invented Council", "social_care")
    with pytest.raises(Refused, match="invite code"):
        partners.enrol(place.vault, post.url, "AAAAA-BBBBB-CCCCC-DDDDD")
    assert organisation.hub(place.vault) is None
    with pytest.raises(Refused, match="not joined a hub"):
        place.sync()
    place.vault.close()


def test_a_lost_answer_to_joining_can_be_asked_for_again(post: Hub, tmp_path: Path) -> None:
    place = Place(tmp_path / "new", COUNCIL, "Invented Council", "social_care")
    code = invite(post.database, COUNCIL)

    def lose(request, _answer):
        if request.url.path == "/v1/enrol":
            raise ConnectionError
        return

    with pytest.raises(HubUnreachable):
        partners.enrol(place.vault, post.url, code, transport=Meddling(lose))
    assert organisation.hub(place.vault) is None
    assert partners.enrol(place.vault, post.url, code).org == COUNCIL
    assert place.sync().errors == []
    place.vault.close()


def test_a_partner_without_keys_at_the_hub_is_not_added(school: Place, council: Place) -> None:
    for org, words in (("302", "does not have"), ("not a code at all", "not written"), ("100123", "own code")):
        with pytest.raises(Refused, match=words):
            partners.add_partner(school.vault, org)
    with pytest.raises(Refused, match="no kind of partner"):
        partners.add_partner(school.vault, "301", kind="neighbours")
    assert [row.org for row in sharing.partners(school.vault)] == [COUNCIL]


def test_words_are_compared_and_wrong_ones_record_nothing(school: Place, council: Place) -> None:
    spoken = partners.own_words(council.vault)
    assert partners.words(school.vault, "301") == spoken
    acts = school.vault.verify().acts
    for wrong in ("", " ".join(reversed(spoken.split())), spoken.rsplit(" ", 1)[0], partners.own_words(school.vault)):
        with pytest.raises(Refused):
            partners.verify_partner(school.vault, "301", wrong)
    assert school.vault.verify().acts == acts
    assert not sharing.partner(school.vault, "301").verified
    row = partners.verify_partner(school.vault, "301", spoken.upper().replace(" ", ", "))
    assert row.verified
    assert partners.add_partner(school.vault, "301", name="The council").verified, "the same key stays compared"


# -- proposing ---------------------------------------------------------------------------------------------------------


def test_an_entry_is_proposed_once_to_a_partner_who_is_there(school: Place, entry: str, share: str) -> None:
    assert school.state(share) == "proposed"
    with pytest.raises(Refused, match="already") as caught:
        shares.propose(school.vault, entry, COUNCIL)
    assert share in caught.value.hint
    with pytest.raises(NotFound):
        shares.propose(school.vault, "no such entry", COUNCIL)
    with pytest.raises(NotFound):
        shares.propose(school.vault, entry, "999")
    partners.remove(school.vault, "301", "No longer our council")
    with pytest.raises(NotFound):
        shares.propose(school.vault, entry, COUNCIL)


def test_what_came_from_a_partner_is_not_shared_on(school: Place, council: Place, entry: str) -> None:
    school.share(entry, COUNCIL)
    school.sync()
    council.sync()
    taken = council.accept(council.items()[0].id, council.child())
    with pytest.raises(Refused, match="The primary's and is shared on only when they were asked"):
        shares.propose(council.vault, taken, SCHOOL)


# -- previewing and approving ------------------------------------------------------------------------------------------


def test_a_police_notice_is_shared_on_only_where_the_police_agree(school: Place, council: Place) -> None:
    fields = {"text": "Police attended the home.", "entry_kind": "operation_encompass"}
    notice = log_concern(school.vault, fields, child_id=school.child())[0]
    with pytest.raises(Refused, match="not shared on by default"):
        shares.propose(school.vault, notice, "301")
    assert sharing.shares(school.vault, entry_id=notice) == []
    assert shares.propose(school.vault, notice, "301", owner_agrees=True)


def test_what_was_marked_is_masked_in_the_bytes_that_leave(school: Place, council: Place) -> None:
    child = school.child()
    fields = {"text": "Mrs Vale of 12 Mill Lane rang.", "childs_words": "Mrs Vale is nice"}
    noted = log_concern(school.vault, fields, child_id=child)[0]
    mark(school.vault, child, "Mrs Vale", "Reporter")
    frozen = shares.preview(school.vault, shares.propose(school.vault, noted, "301"))
    assert "Vale" not in frozen.payload
    assert "Reporter 1 of 12 Mill Lane rang." in frozen.payload
    assert "Masked: Reporter 1." in frozen.page


def test_a_mask_given_later_makes_the_bytes_anew_before_anybody_reads_them(school: Place, council: Place) -> None:
    child = school.child()
    noted = log_concern(school.vault, {"text": "Mrs Vale rang.", "immediate_action": "Rung back."}, child_id=child)[0]
    share = shares.propose(school.vault, noted, "301")
    first = opened(school.vault, share)
    assert "Mrs Vale rang." in first.payload
    assert record_content(first.detail).plain.count("Rung back.") == 1
    assert opened(school.vault, share).payload == first.payload, "nothing has changed: the bytes stay"
    mark(school.vault, child, "Mrs Vale", "Reporter")
    then = opened(school.vault, share)
    assert then.anew
    assert "Reporter 1 rang." in then.payload


def test_another_agencys_chronology_is_shared_on_by_its_owners_rule(school: Place, council: Place) -> None:
    def taken(source: str, **rule: str) -> str:
        data = f"Date,Event\n1 Oct 2025,Seen by {source}\n".encode()
        return import_chronology(school.vault, data, school.child(), source, **rule).entries[0]

    for entry_id, said in (
        (taken("Example Police"), "may not be shared on"),
        (taken("Health"), "when they were asked"),
    ):
        with pytest.raises(Refused, match=said):
            shares.propose(school.vault, entry_id, "301")
        assert shares.propose(school.vault, entry_id, "301", owner_agrees=True)
    assert shares.propose(school.vault, taken("Early help", on_share="yes"), "301")


def test_the_preview_is_the_bytes_and_the_page_says_the_same(school: Place, council: Place, share: str) -> None:
    seen = shares.preview(school.vault, share)
    claims = json.loads(seen.payload)
    body = EntryBody.model_validate(claims["body"])
    assert (body.event, body.childs_voice, body.kind, body.categories) == (TEXT, WORDS, "concern", ["physical"])
    assert (body.occurred.text, body.occurred.start) == ("21/11/2026", "2026-11-21")
    assert (body.source, body.author_role) == ("Northfield Invented Primary", "Designated Safeguarding Lead")
    assert body.child is not None
    assert (body.child.name, body.child.date_of_birth) == ("Aisha Example", "2014-03-03")
    assert len(seen.payload.encode()) % envelope.PAD_STEP == 0
    for part in (TEXT, WORDS, "Aisha Example", "3 Mar 2014", "21 Nov 2026", "Northfield Invented Council", COUNCIL):
        assert part in seen.page, part
    assert "Masked: nothing." in seen.page
    assert seen.caution
    assert seen.caution in seen.page
    partners.verify_partner(school.vault, COUNCIL, partners.own_words(council.vault))
    assert shares.preview(school.vault, share).caution == ""


def test_what_leaves_is_exactly_what_was_approved(school: Place, council: Place, share: str) -> None:
    seen = shares.preview(school.vault, share)
    done = school.approve(share, seen.digest)
    assert done.state == "queued"
    assert done.caution == seen.caution
    (message,) = school.outbox()
    assert (message.mid, message.share, message.state, message.class_) == (done.mid, share, "queued", "data")
    assert (school.vault.folder / "spool" / "outbox" / done.mid).read_text() == message.envelope
    opened = envelope.open_(
        message.envelope,
        reader=own_keys(council.vault),
        sender_keys=lambda _: partners.key_set_of(sharing.partner(council.vault, SCHOOL)),
    )
    assert opened.payload.decode() == seen.payload
    row = sharing.share(school.vault, share)
    assert (row.state, row.basis, row.child_told, row.parent_told) == ("queued", "public_task", "told", "not_safe")
    assert (row.reason, row.approved_by) == ("She needs to be seen.", "Pat Example")
    with pytest.raises(Refused, match="waits to leave"):
        school.approve(share, seen.digest)
    assert len(school.outbox()) == 1


def test_a_record_that_changed_since_is_previewed_again(school: Place, entry: str, share: str) -> None:
    seen = shares.preview(school.vault, share)
    amend(school.vault, entry, "She said he pushed her.", "She corrected herself.")
    with pytest.raises(Refused, match="changed since"):
        school.approve(share, seen.digest)
    assert school.outbox() == []
    assert school.spooled() == set()
    again = shares.preview(school.vault, share)
    with pytest.raises(Refused, match="not the bytes"):
        school.approve(share, seen.digest)
    first, second = json.loads(seen.payload), json.loads(again.payload)
    assert second["body"]["event"] == "She said he pushed her."
    assert (second["rev"] > first["rev"], second["mid"] != first["mid"]) == (True, True)
    assert second["ctr"] == first["ctr"], "a single share keeps its number"
    school.approve(share, again.digest)


def test_a_promotion_changes_the_bytes_too(school: Place, entry: str, share: str) -> None:
    from storage.desk.concerns import promote

    seen = shares.preview(school.vault, share)
    promote(school.vault, entry, "The first sign of harm.", "significant", "negative")
    with pytest.raises(Refused, match="changed since"):
        school.approve(share, seen.digest)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": "  "}, "reason"),
        ({"basis": "legitimate_interests"}, "."),
        ({"basis": "because"}, "not one of the lawful bases"),
        ({"child_told": ""}, "the child was told"),
        ({"parent_told": "perhaps"}, "a parent was told"),
        ({"digest": ""}, "not the bytes"),
        ({"digest": "0" * 64}, "not the bytes"),
    ],
)
def test_what_an_approval_must_say(school: Place, share: str, change: dict[str, str], said: str) -> None:
    digest = shares.preview(school.vault, share).digest
    answers = {"digest": digest, "basis": "public_task", "child_told": "told", "parent_told": "told", "reason": "Why."}
    with pytest.raises(Refused, match=said):
        shares.approve(school.vault, share, **(answers | change))
    assert school.state(share) == "proposed"
    assert school.outbox() == []
    shares.approve(school.vault, share, **answers)


def test_who_must_not_be_told_is_read_before_anything_is_approved(school: Place, entry: str, share: str) -> None:
    from storage.desk.front_sheet import add_line

    child = record.get(school.vault, entry).child_id
    assert shares.preview(school.vault, share).heed == ""
    add_line(school.vault, child, "must_not_be_told", name="Sid", words="Risk")
    seen = shares.preview(school.vault, share)
    assert seen.page.startswith("Read first, from the front sheet")
    assert "Must not be told: Sid. Risk." in seen.page
    assert "Sid" not in seen.payload
    answers = (seen.digest, "public_task", "told", "told", "Why.")
    with pytest.raises(Refused, match="Must not be told: Sid"):
        shares.approve(school.vault, share, *answers)
    assert school.state(share) == "proposed"
    shares.approve(school.vault, share, *answers, heeded=seen.heed)
    with school.vault.read() as connection:
        acts = list(ledger.acts_where(connection, "child", [child], ["share_approved"]))
    assert acts[-1].body.heeded == seen.heed


def test_nothing_is_approved_without_a_preview(school: Place, share: str) -> None:
    with pytest.raises(Refused, match="not previewed"):
        shares.approve(school.vault, share, "0" * 64, "public_task", "told", "told", "Why.")


def test_an_agreement_past_its_review_approves_nothing(school: Place, council: Place, entry: str) -> None:
    review = contracts.today(school.vault) + timedelta(days=10)
    contract = contracts.add_contract(school.vault, "301", "Weekly meeting", "public_task", review, ["physical"])
    share = shares.propose(school.vault, entry, "301", contract)
    seen = shares.preview(school.vault, share)
    assert "Weekly meeting" in seen.page
    assert json.loads(seen.payload)["ctr"] == contract
    school.clock.ahead = timedelta(days=11)
    with pytest.raises(Refused, match="due for review"):
        school.approve(share, seen.digest)
    school.clock.ahead = timedelta(days=9)
    contracts.end(school.vault, contract, "Over.")
    with pytest.raises(Refused, match="has ended"):
        school.approve(share, seen.digest)
    assert school.outbox() == []


def test_an_agreement_is_whole(school: Place, council: Place) -> None:
    day = contracts.today(school.vault)
    for purpose, basis, review, categories in (
        (" ", "public_task", day, ()),
        ("Meeting", "consent!", day, ()),
        ("Meeting", "public_task", day - timedelta(days=1), ()),
        ("Meeting", "public_task", day, ("gossip",)),
    ):
        with pytest.raises(Refused):
            contracts.add_contract(school.vault, "301", purpose, basis, review, categories)
    assert sharing.contracts(school.vault) == []
    assert contracts.add_contract(school.vault, "301", "Meeting", "public_task", day)


# -- deciding otherwise ------------------------------------------------------------------------------------------------


def test_holding_and_deciding_not_to_share_are_recorded_with_their_reason(
    school: Place, entry: str, share: str
) -> None:
    for step in (not_sharing.hold, not_sharing.refuse):
        with pytest.raises(Refused, match="reason"):
            step(school.vault, share, " ")
    not_sharing.hold(school.vault, share, "Until we have spoken with her mother.")
    assert (school.state(share), school.reason(share)) == ("held", "Until we have spoken with her mother.")
    assert school.sync().held == 1
    not_sharing.refuse(school.vault, share, "Her mother will do it herself.")
    assert (school.state(share), school.reason(share)) == ("not_shared", "Her mother will do it herself.")
    with pytest.raises(Refused, match="decided not to share"):
        shares.preview(school.vault, share)
    assert shares.propose(school.vault, entry, COUNCIL) != share


def test_an_approved_share_is_withheld_only_while_it_is_here(school: Place, entry: str, share: str) -> None:
    school.approve(share)
    not_sharing.cancel(school.vault, share, "The wrong child's page was open.")
    assert school.state(share) == "withheld"
    assert school.spooled() == set()
    assert school.sync().sent == 0
    other = school.share(entry, COUNCIL)
    school.sync()
    with pytest.raises(Refused, match="on the way"):
        not_sharing.cancel(school.vault, other, "Too late.")


def test_moving_an_entry_withholds_its_share_and_the_sync_respects_it(
    school: Place, council: Place, entry: str, share: str
) -> None:
    school.approve(share)
    move(school.vault, entry, school.child("Ben"), "It was about Ben.")
    assert school.state(share) == "withheld"
    assert school.sync().sent == 0
    assert council.sync().received == 0


def test_everything_is_there_after_the_vault_was_closed(school: Place, share: str) -> None:
    from exchange import PASSPHRASE

    digest = shares.preview(school.vault, share).digest
    school.vault.close()
    school.vault = open_vault(school.vault.folder, passphrase=PASSPHRASE)
    school.approve(share, digest)
    assert school.sync().sent == 1


def test_a_newer_version_takes_the_place_of_an_older_one(school: Place, council: Place, entry: str, share: str) -> None:
    school.approve(share)
    school.sync()
    council.sync()
    school.sync()
    with pytest.raises(Refused, match="has this version"):
        shares.propose(school.vault, entry, COUNCIL)
    amend(school.vault, entry, "She said he pushed her.", "She corrected herself.")
    school.share(entry, COUNCIL)
    school.sync()
    assert council.sync().received == 1
    (item,) = council.items()
    assert (item.state, item.text) == ("waiting", "She said he pushed her.")
    with pytest.raises(NotFound):
        council.accept("no such item", council.child())
    with pytest.raises(ConsoleError):
        council.accept(item.id, "no such child")
    assert council.accept(item.id, council.child()) == item.id
    assert [each.text for each in record.detail(council.vault, item.id).versions][1:] == ["She said he pushed her."]


def test_own_words_need_a_hub(tmp_path: Path) -> None:
    place = Place(tmp_path / "alone", SCHOOL, "Invented Primary", "school")
    with pytest.raises(Refused, match="not joined"):
        membership.own_words(place.vault)
    place.vault.close()
