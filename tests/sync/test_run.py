"""Entries go from one vault to another through a real hub: once each, whatever breaks on the way (protocol: §4, §5)."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from exchange import COUNCIL, POLICE, SCHOOL, TEXT, WORDS, Hub, Killed, Meddling, Place, kill_at

from practice.errors import HubUnreachable, Refused
from storage.views import record, sharing
from storage.views.today import today
from sync import contracts, corrections, envelope, inbox, not_sharing, outgoing, partners, plan, run, shares, spool
from sync.hub.server import close, new_epoch, status
from sync.identity import generate
from sync.membership import own_keys


@pytest.fixture
def share(school: Place, council: Place) -> str:
    """One approved share of one entry, waiting in the school's outbox."""
    return school.share(school.entry(school.child()), COUNCIL)


def test_the_whole_way_and_back(school: Place, council: Place, share: str) -> None:
    said: list[str] = []
    report = school.sync(progress=said.append)
    assert (report.sent, report.acknowledged, report.received, report.queued, report.errors) == (1, 0, 0, 0, [])
    assert school.state(share) == "delivered"
    assert "Offering 1 sealed message" in said

    said.clear()
    report = council.sync(progress=said.append)
    assert "Offering 1 receipt or notice" in said, "what the report does not count is not called a message"
    assert (report.sent, report.received, report.acknowledged, report.errors) == (0, 1, 0, [])
    (item,) = council.items()
    assert (item.text, item.childs_words, item.hint_name) == (TEXT, WORDS, "Aisha Example")
    assert (item.hint_date_of_birth, item.sender, item.state) == ("2014-03-03", "The primary", "waiting")
    assert item.occurred.start == "2026-11-21"

    report = school.sync()
    assert (report.acknowledged, report.sent, report.errors) == (1, 0, [])
    assert (school.state(share), school.reason(share)) == ("acknowledged", "stored")

    child = council.child("Aisha", "Invented")
    entry = council.accept(item.id, child)
    (row,) = record.chronology(council.vault, child)
    assert (row.id, row.text, row.source) == (entry, TEXT, "The primary")
    assert council.sync().queued == 0
    assert school.sync().acknowledged == 1
    assert (school.state(share), school.reason(share)) == ("acknowledged", "shown")
    for place in (school, council):
        assert place.spooled() == set()
        assert place.vault.verify(rebuild=True, signatures=True).problems == []
        assert place.exchange("last_sync")
        assert place.sync() == type(report)(), "nothing more is to be said by either side"


def test_a_person_refuses_and_the_sender_learns_that_but_not_why(school: Place, council: Place, share: str) -> None:
    school.sync()
    council.sync()
    inbox.refuse(council.vault, council.items()[0].id, "A secret reason")
    council.sync()
    report = school.sync()
    assert (report.refused, school.state(share), school.reason(share)) == (1, "refused", "unmatched-case")
    with pytest.raises(Refused, match="refused already"):
        council.accept(council.items()[0].id, council.child())
    for message in council.outbox():
        opened = envelope.open_(
            message.envelope,
            reader=own_keys(school.vault),
            sender_keys=lambda _: partners.key_set_of(sharing.partner(school.vault, COUNCIL)),
        )
        assert b"secret" not in opened.payload
    assert school.share(sharing.share(school.vault, share).entry_id, COUNCIL), "it may be proposed once more"


def test_without_a_hub_everything_stays_queued_and_arrives_once_later(
    post: Hub, school: Place, council: Place, share: str
) -> None:
    post.stop()
    with pytest.raises(HubUnreachable, match=r"1 entry waits here and is kept") as caught:
        school.sync()
    assert caught.value.status == 5
    assert school.state(share) == "queued"
    assert [each.state for each in school.outbox()] == ["queued"]
    assert school.spooled() == {each.mid for each in school.outbox()}
    (kept,) = [line for line in today(school.vault, school.clock()).this_week if line.kind == "kept"]
    assert kept.words == "The hub could not be reached (to Northfield Invented Council)"
    post.start()
    assert school.sync().sent == 1
    assert council.sync().received == 1
    assert [each.text for each in council.items()] == [TEXT]


@pytest.mark.parametrize("point", ["before-send", "lost-response"])
def test_killed_while_pushing(point: str, school: Place, council: Place, share: str, monkeypatch) -> None:
    kill_at(point, monkeypatch)
    with pytest.raises(Killed):
        school.sync()
    assert [each.state for each in school.outbox()] == ["offered"], "marked before it left"
    assert school.state(share) == "offered", "nothing is sent before the hub's word is here"
    with pytest.raises(Refused, match="may have arrived"):
        not_sharing.cancel(school.vault, share, "Too late to say.")
    school.sync()
    assert council.sync().received == 1
    school.sync()
    assert council.sync().received == 0
    assert len(council.items()) == 1
    assert school.state(share) == "acknowledged"


def test_an_item_that_the_hub_says_nothing_of_stays_offered(school: Place, council: Place) -> None:
    child = school.child()
    sent = [school.share(school.entry(child, f"What happened, {number}"), COUNCIL) for number in range(3)]
    silent = school.outbox()[1].mid

    def forget(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        if request.url.path != "/v1/messages:batch":
            return None
        value = json.loads(answer.content)
        value["items"] = [item for item in reversed(value["items"]) if item["mid"] != silent]
        return httpx.Response(200, json=value)

    report = school.sync(transport=Meddling(forget))
    assert (report.sent, report.queued) == (2, 1)
    assert [each.mid for each in school.outbox("offered")] == [silent]
    assert [school.state(each) for each in sent] == ["delivered", "offered", "delivered"]
    assert school.sync().sent == 1
    assert council.sync().received == 3


def test_one_item_that_the_hub_refuses_does_not_hold_up_the_others(
    post: Hub, school: Place, council: Place, tmp_path: Path
) -> None:
    police = Place(tmp_path / "police", POLICE, "Invented Police", "police")
    police.join(post)
    partners.add_partner(school.vault, POLICE)
    child = school.child()
    first = school.share(school.entry(child), COUNCIL)
    second = school.share(school.entry(child), POLICE)
    close(post.database, POLICE)
    report = school.sync()
    assert (report.sent, report.refused, report.queued, len(report.errors)) == (1, 1, 0, 1)
    assert [school.state(each) for each in (first, second)] == ["delivered", "refused"]
    assert school.reason(second) == "recipient-closed"
    police.vault.close()


def test_a_receipt_that_is_quicker_than_the_hubs_answer_is_not_undone(
    school: Place, council: Place, share: str, monkeypatch
) -> None:
    kill_at("lost-response", monkeypatch)
    with pytest.raises(Killed):
        school.sync()
    council.sync()
    assert school.sync().acknowledged == 1
    assert school.state(share) == "acknowledged"


@pytest.mark.parametrize("point", ["taken-in", "before-ack"])
def test_killed_while_pulling(point: str, post: Hub, school: Place, council: Place, monkeypatch) -> None:
    child = school.child()
    sent = [school.share(school.entry(child, f"What happened, {number}"), COUNCIL) for number in range(3)]
    school.sync()
    for _ in range(3):
        kill_at(point, monkeypatch)
        with pytest.raises(Killed):
            council.sync()
        if point == "before-ack":
            break
    monkeypatch.undo()
    council.sync()
    assert sorted(each.text for each in council.items()) == [f"What happened, {number}" for number in range(3)]
    school.sync()
    assert {school.state(each) for each in sent} == {"acknowledged"}
    assert status(post.database)["bytes"] == 0, "the hub was told of all, also of what the killed syncs had taken in"


def test_an_old_page_shown_again_changes_nothing(school: Place, council: Place, share: str) -> None:
    school.sync()
    pages: list[bytes] = []

    def keep(request: httpx.Request, answer: httpx.Response) -> None:
        if request.url.path == "/v1/inbox" and json.loads(answer.content)["items"]:
            pages.append(answer.content)

    assert council.sync(transport=Meddling(keep)).received == 1
    acts = council.vault.verify().acts

    def again(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        return httpx.Response(200, json=json.loads(pages[0])) if request.url.path == "/v1/inbox" else None

    assert council.sync(transport=Meddling(again)).received == 0

    def further_on(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        if request.url.path != "/v1/inbox" or "cursor" not in request.url.params:
            return None
        page = json.loads(pages[0])
        after = int(request.url.params["cursor"].split(".")[1])
        if after > 40:
            return None
        page["items"] = [{"pos": after + step, "jose": page["items"][0]["jose"]} for step in (1, 2, 3)]
        page["next"] = f"{page['epoch']}.{after + 3}"
        return httpx.Response(200, json=page)

    report = council.sync(transport=Meddling(further_on))
    assert (report.received, report.errors) == (0, [])
    assert len(council.items()) == 1
    assert council.vault.verify().acts == acts, "not one act was added"
    live = [each for each in council.outbox() if each.state != "superseded"]
    assert len(live) == 1
    assert len(council.outbox()) == 2, "and the answer is given once in a sync, however often the message is shown"
    school.sync()
    assert school.state(share) == "acknowledged"


def test_a_bad_message_is_refused_named_and_answered_and_the_rest_arrive(school: Place, council: Place) -> None:
    child = school.child()
    sent = [school.share(school.entry(child, f"What happened, {number}"), COUNCIL) for number in range(3)]
    school.sync()

    def tamper(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        if request.url.path != "/v1/inbox":
            return None
        page = json.loads(answer.content)
        if len(page["items"]) == 3:
            head, key, iv, body, tag = page["items"][1]["jose"].split(".")
            body = ("A" if body[0] != "A" else "B") + body[1:]
            page["items"][1]["jose"] = ".".join((head, key, iv, body, tag))
        return httpx.Response(200, json=page)

    report = council.sync(transport=Meddling(tamper))
    assert report.received == 2
    assert len(report.errors) == 1
    assert "What happened" not in report.errors[0]
    assert "The primary" in report.errors[0]
    report = school.sync()
    assert (report.acknowledged, report.refused) == (2, 1)
    assert [school.state(each) for each in sent] == ["acknowledged", "refused", "acknowledged"]
    assert school.reason(sent[1]) == "schema"


@pytest.mark.parametrize("path", ["/.well-known/scx-hub", "/v1/messages:batch", "/v1/inbox"])
@pytest.mark.parametrize(
    "foreign",
    [
        httpx.Response(200, html="<html>Sign in to the guest network</html>"),
        httpx.Response(200, headers={"content-type": "application/json"}, content=b'{"epoch": "1", "items": ['),
        httpx.Response(200, json={"epoch": "another", "items": [], "next": "x", "acked_through": 0, "receipt": "x"}),
        httpx.Response(503, json={}),
    ],
    ids=["login-page", "cut", "wrong-epoch", "busy"],
)
def test_a_strange_answer_changes_no_state(
    path: str, foreign: httpx.Response, school: Place, council: Place, share: str
) -> None:
    school.sync()
    other = school.share(school.entry(school.child("Ben")), COUNCIL)
    before = (school.state(share), school.exchange("epoch"), school.exchange("cursor"), school.vault.verify().acts)

    def answer(request: httpx.Request, _true: httpx.Response) -> httpx.Response | None:
        copy = httpx.Response(foreign.status_code, headers=foreign.headers, content=foreign.content)
        return copy if request.url.path == path else None

    with pytest.raises(HubUnreachable):
        school.sync(transport=Meddling(answer))
    after = (school.state(share), school.exchange("epoch"), school.exchange("cursor"), school.vault.verify().acts)
    if path == "/v1/inbox":
        assert school.state(other) == "delivered", "what the hub had acknowledged before stays so"
        assert after[:3] == before[:3]
    else:
        assert school.state(other) == ("offered" if path == "/v1/messages:batch" else "queued")
        assert after == before
    school.sync()
    council.sync()
    assert len(council.items()) == 2


def test_a_hub_put_back_from_a_backup_loses_nothing(
    post: Hub, school: Place, council: Place, share: str, tmp_path: Path
) -> None:
    post.stop()
    shutil.copytree(tmp_path / "hub", tmp_path / "backup")
    post.start()
    school.sync()
    (before,) = school.outbox()
    post.stop()
    shutil.rmtree(tmp_path / "hub")
    shutil.copytree(tmp_path / "backup", tmp_path / "hub")
    new_epoch(post.database)
    post.start()
    assert council.sync().received == 0, "the hub forgot it"
    report = school.sync()
    assert any("restored" in each for each in report.errors)
    entries = [each.mid for each in school.outbox() if each.type == "entry"]
    assert entries == [before.mid], "the same message under the same id"
    assert council.sync().received == 1
    school.sync()
    assert school.state(share) == "acknowledged"


def test_a_new_epoch_offers_again_what_is_there_already_and_it_stays_single(
    post: Hub, school: Place, council: Place, share: str
) -> None:
    school.sync()
    council.sync()
    post.stop()
    new_epoch(post.database)
    post.start()
    school.sync()
    assert council.sync().received == 0
    school.sync()
    assert school.state(share) == "acknowledged"
    assert len(council.items()) == 1
    corrections.withdraw(school.vault, share, "About another child.")
    post.stop()
    new_epoch(post.database)
    post.start()
    school.sync()
    council.sync()
    assert not any("not known here" in each for each in school.sync().errors), (
        "one receipt, about the withdrawal itself"
    )
    (taken_back,) = (each for each in school.outbox() if each.type == "withdrawal")
    assert taken_back.state == "acknowledged"


def test_a_hub_that_is_put_back_during_a_sync_is_not_believed(
    post: Hub, school: Place, council: Place, share: str, monkeypatch
) -> None:
    def put_back(point: str) -> None:
        if point == "before-send":
            post.stop()
            new_epoch(post.database)
            post.start()

    monkeypatch.setattr(run, "reached", put_back)
    with pytest.raises(HubUnreachable, match="1 entry waits here"):
        school.sync()
    assert school.state(share) == "offered"
    monkeypatch.undo()
    assert school.sync().sent == 1
    assert council.sync().received == 1


def test_an_agreement_past_its_review_keeps_its_entries_here(school: Place, council: Place) -> None:
    review = contracts.today(school.vault) + timedelta(days=30)
    contract = contracts.add_contract(school.vault, COUNCIL, "Weekly early help meeting", "public_task", review)
    entry = school.entry(school.child())
    share = school.share(entry, COUNCIL, contract)
    single = school.share(school.entry(school.child("Ben")), COUNCIL)
    school.clock.ahead = timedelta(days=31)
    report = school.sync()
    assert (report.sent, report.queued) == (1, 1)
    assert len(report.errors) == 1
    assert "due for review" in report.errors[0]
    assert [school.state(each) for each in (share, single)] == ["queued", "delivered"]
    (kept,) = school.outbox("queued")
    assert "due for review" in kept.detail
    assert (kept.ctr, kept.attempts) == (contract, 0)
    assert council.sync().received == 1


def test_ending_an_agreement_withholds_what_has_not_left(school: Place, council: Place) -> None:
    review = contracts.today(school.vault) + timedelta(days=30)
    contract = contracts.add_contract(school.vault, COUNCIL, "Weekly early help meeting", "public_task", review)
    share = school.share(school.entry(school.child()), COUNCIL, contract)
    assert contracts.end(school.vault, contract, "The family moved away.") == 1
    assert school.state(share) == "withheld"
    assert school.spooled() == set()
    report = school.sync()
    assert (report.sent, report.queued, report.errors) == (0, 0, [])
    assert council.sync().received == 0
    with pytest.raises(Refused, match="ended already"):
        contracts.end(school.vault, contract, "again")


def test_a_sender_nobody_knows_becomes_an_unverified_partner(
    post: Hub, school: Place, council: Place, tmp_path: Path
) -> None:
    police = Place(tmp_path / "police", POLICE, "Invented Police", "police")
    police.join(post)
    partners.add_partner(police.vault, "301")
    police.share(police.entry(police.child()), COUNCIL)
    police.sync()
    assert council.sync().received == 1
    row = sharing.partner(council.vault, POLICE)
    assert (row.name, row.kind, row.verified, row.by_message) == ("Invented Police", "police", False, True)
    assert police.sync().acknowledged == 1
    police.vault.close()


def test_a_removed_partner_is_not_read_and_learns_that(school: Place, council: Place, share: str) -> None:
    school.sync()
    partners.remove(council.vault, SCHOOL, "A test of removal")
    report = council.sync()
    assert (report.received, len(report.errors)) == (0, 1)
    assert council.items() == []
    school.sync()
    assert (school.state(share), school.reason(share)) == ("refused", "contract-revoked")
    (line,) = [each for each in today(school.vault, school.clock()).act_today if each.kind == "refused"]
    assert line.words == "Northfield Invented Council: the agreement was ended"


def test_another_identity_key_stops_sharing_until_it_was_compared(
    post: Hub, school: Place, council: Place, share: str, tmp_path: Path
) -> None:
    partners.verify_partner(school.vault, COUNCIL, partners.own_words(council.vault))
    again = Place(tmp_path / "again", COUNCIL, "Northfield Invented Council", "social_care")
    again.join(post)
    waiting = shares.propose(school.vault, school.entry(school.child("Ben")), COUNCIL)
    digest = shares.preview(school.vault, waiting).digest
    report = school.sync()
    assert report.sent == 0
    assert any("identity key" in each and "telephone" in each for each in report.errors)
    row = sharing.partner(school.vault, COUNCIL)
    assert (row.verified, row.changed) == (False, True)
    assert school.state(share) == "queued"
    assert sharing.share(school.vault, share).kept == partners.KEY_CHANGED
    (kept,) = [line for line in today(school.vault, school.clock()).this_week if line.kind == "kept"]
    assert kept.words.startswith("The partner's identity key has changed and was not compared (to ")
    with pytest.raises(Refused, match="has changed"):
        school.approve(waiting, digest)
    with pytest.raises(Refused, match="not the words"):
        partners.verify_partner(school.vault, COUNCIL, partners.own_words(council.vault))
    partners.verify_partner(school.vault, COUNCIL, partners.own_words(again.vault))
    row = sharing.partner(school.vault, COUNCIL)
    assert (row.verified, row.changed) == (True, False)
    assert sharing.share(school.vault, share).kept == "", "nothing is in its way any more"
    school.approve(waiting, digest)
    assert school.sync().sent == 2
    report = again.sync()
    assert (report.received, report.errors) == (2, []), "what waited was sealed anew for the new keys"
    again.vault.close()


def test_only_one_sync_at_a_time(school: Place, council: Place, share: str) -> None:
    with spool.locked(school.vault), pytest.raises(Refused, match="under way"):
        school.sync()
    assert school.sync().sent == 1


def test_a_receipt_closes_older_deliveries_of_the_same_entry(school: Place, council: Place) -> None:
    from storage.desk.concerns import amend

    entry = school.entry(school.child())
    first = school.share(entry, COUNCIL)
    school.sync()
    council.sync()
    lost = council.outbox("delivered")
    school.set_exchange("pos", "10000")
    school.sync()
    assert school.state(first) == "delivered", "its receipt went astray"
    assert lost
    school.set_exchange("pos", "0")
    with school.vault.write() as unit:
        second = outgoing_copy(unit, school, council, entry)
    assert second
    school.sync()
    council.sync()
    school.sync()
    assert school.state(first) == "acknowledged"
    amend(school.vault, entry, "More was said.", "She told me more.")


def outgoing_copy(unit, school: Place, council: Place, entry: str) -> str:
    """A later revision of the same entry, sealed as a correction will be."""
    (first,) = [each for each in school.outbox() if each.class_ == "data"]
    share = sharing.shares(school.vault, entry_id=entry)[0]
    claims = json.loads(share.payload)
    rev = plan.next_rev(first.rev, 0)
    mid = "01932f7e-7b1c-7000-8000-0000000000aa"
    payload = envelope.build_payload(
        mid=mid,
        from_=SCHOOL,
        to=COUNCIL,
        ctr=first.ctr,
        type_="correction",
        eid=entry,
        rev=rev,
        prev=first.rev,
        body=claims["body"] | {"event": "More was said."},
        iat=1,
    )
    address = outgoing.Address(mid, first.ctr, "correction", entry, rev)
    reader = partners.key_set_of(sharing.partner(school.vault, COUNCIL))
    outgoing.queue(school.vault, unit, payload, address, own_keys(school.vault), reader)
    return mid


def test_a_message_signed_by_a_stranger_in_a_partners_name_is_not_taken_in(
    post: Hub, school: Place, council: Place, share: str
) -> None:
    """A hub that swaps a message for one of its own making, in the school's name."""
    forger = generate(SCHOOL)
    reader = partners.key_set_of(sharing.partner(school.vault, COUNCIL))
    (message,) = school.outbox()
    payload = sharing.share(school.vault, share).payload.encode()
    forged = envelope.seal(
        payload,
        sender=forger,
        recipient=reader,
        mid=message.mid,
        ctr=message.ctr,
        class_="data",
        exp=2_000_000_000,
    )
    school.sync()

    def swap(request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        if request.url.path != "/v1/inbox":
            return None
        page = json.loads(answer.content)
        for item in page["items"]:
            item["jose"] = forged
        return httpx.Response(200, json=page)

    report = council.sync(transport=Meddling(swap))
    assert report.received == 0
    assert council.items() == []
    assert len(report.errors) == 1
