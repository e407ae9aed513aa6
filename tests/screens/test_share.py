"""Sharing as a DSL does it: partners, the exact bytes, approval, a sync with a real hub, and what came in."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import HOSTILE, picture, press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, OptionList, Select

from practice.dates import Occurred
from practice.share_words import GIVEN_BACK, record_words, share_words, state_words
from screens.entry_lines import Line as RecordLine
from screens.entry_lines import draw_line
from screens.inbox import InboxScreen, rival_content
from screens.received_words import TAKEN_BACK, rule_words, theirs_words
from screens.share import Row, rows_of, why_not_now
from screens.share import draw as draw_share
from screens.share_approve import ApproveDialog
from screens.share_entry import ShareEntryScreen
from screens.share_propose import ProposeDialog
from screens.share_record import page_title
from screens.sync import Line, draw, draw_item
from screens.sync_job import job_of
from screens.today import TodayScreen
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.chrome import KeyBar
from screens.widgets.dialogs import ConfirmDialog, ReasonDialog
from screens.widgets.fields import ChoiceField
from screens.widgets.mark_list import MarkList
from screens.widgets.record_list import RecordList
from screens.widgets.verbatim import Verbatim, folded
from storage.desk import children, concerns, front_sheet
from storage.desk.sharing_rules import set_rules
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import open_vault, utc_now
from storage.views import arrivals, record, sharing, today
from storage.views import cases as case_rows
from storage.views.record_rows import EntryRow
from sync import agreements, cases, contracts, inbox, partners, run, shares
from sync.hub.server import invite
from tests.sync.exchange import COUNCIL, Hub, Place

SCHOOL = "urn:scx:gb:urn:123456"
NOW = "2026-11-22T10:00:00+00:00"
DANGER = "Sync is not a referral. If a child is in danger, ring 999"


class TrueClock:
    """The true time: the hub keeps no other."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self):
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> TrueClock:
    return TrueClock()


@pytest.fixture
def hub(tmp_path: Path):
    (tmp_path / "hub").mkdir()
    running = Hub(tmp_path / "hub")
    yield running
    if running.thread.is_alive():
        running.stop()


@pytest.fixture
def joined(vault, hub):
    partners.enrol(vault, hub.url, invite(hub.database, SCHOOL))
    return vault


@pytest.fixture
def council(hub, joined, tmp_path: Path):
    """The council with a vault of its own; the school knows it, its words not compared yet."""
    place = Place(tmp_path / "council", COUNCIL, "Northfield [red]Services", "social_care")
    place.join(hub)
    partners.add_partner(joined, COUNCIL)
    partners.add_partner(place.vault, SCHOOL)
    yield place
    place.vault.close()


@pytest.fixture
def entry(vault) -> str:
    child, _ = children.add_child(vault, name="Mia Hart", date_of_birth="2016-05-03", reg_group="5B")
    fields = {"text": HOSTILE, "childs_words": "I hid [in the shed]", "category": "physical", "when": "21/11/2026"}
    return concerns.log_concern(vault, fields, child_id=child)[0]


def state_of(vault, share: str) -> str:
    return sharing.share(vault, share).state


async def answer_reason(pilot, words: str) -> None:
    assert isinstance(pilot.app.screen, ReasonDialog)
    await press(pilot, *words, "ctrl+s")


async def approve_in_dialog(pilot, reason: str) -> None:
    assert isinstance(pilot.app.screen, ApproveDialog)
    pilot.app.screen.query_one("#child-told", Select).value = "told"
    pilot.app.screen.query_one("#parent-told", Select).value = "not_safe"
    pilot.app.screen.query_one("#reason", AnswerField).text = reason
    await press(pilot, "ctrl+s")


# -- partners ----------------------------------------------------------------------------------------------------------


async def test_before_the_hub_every_screen_says_what_to_do_first(console):
    async with console() as pilot:
        await press(pilot, "f5")
        assert f"{DANGER} · front door 01234 567890 · out of hours 01234 567891" in words_on(pilot.app)
        assert "no hub has been joined" in words_on(pilot.app)
        await press(pilot, "y")
        assert DANGER in words_on(pilot.app)
        assert "Press p for Partners" in words_on(pilot.app)
        assert pilot.app.why_not("sync.run")
        await press(pilot, "p")
        assert "First join the hub" in words_on(pilot.app)
        assert pilot.app.why_not("partners.add").startswith("Join the hub first (h), or write your keys")
        assert pilot.app.why_not("partners.bundle") == ""


async def test_without_a_hub_keys_a_way_and_bundles_by_keys(console, vault, entry, tmp_path):
    council = Place(tmp_path / "council", COUNCIL, "Northfield [red]Services", "social_care")
    theirs, out = tmp_path / "theirs.keys", tmp_path / "out.scx"
    theirs.write_text(partners.own_key_set(council.vault, COUNCIL))
    async with console() as pilot:
        pilot.app.open("partners")
        await wait_for(pilot, "No hub has been joined yet: press h.")
        await press(pilot, "b")
        pilot.app.screen.query_one("#file", Input).value = str(tmp_path / "ours.keys")
        pilot.app.screen.query_one("#own_code", Input).value = ""
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Which code do partners know you by?")
        pilot.app.screen.query_one("#own_code", Input).value = SCHOOL
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "No hub. Messages go by folder, SFTP or hand: v.")
        bar, rack = pilot.app.screen.query_one(KeyBar), pilot.app.screen.query_one("ToastRack")
        assert rack.styles.margin.bottom == bar.outer_size.height > 1, "a notice covers no key"
        partners.add_by_keys(council.vault, partners.own_key_set(vault))
        await press(pilot, "b")
        pilot.app.screen.query_one("#deed", ChoiceField).code = "add"
        pilot.app.screen.query_one("#file", Input).value = str(theirs)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, f"{COUNCIL} · by hand, in sealed bundles")
        assert "Northfield [red]Services" in words_on(pilot.app)
        share = shares.propose(vault, entry, COUNCIL)
        shares.approve(vault, share, shares.preview(vault, share).digest, "public_task", "told", "told", "Why.")
        await press(pilot, "b")
        pilot.app.screen.query_one("#file", Input).value = str(out)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "1 sealed message for Northfield")
        await press(pilot, "v")
        pilot.app.screen.query_one("#way", ChoiceField).code = "folder"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Where? The folder's whole path")
        pilot.app.screen.query_one("#place", Input).value = str(tmp_path)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, f"{COUNCIL} · by the folder")
        pilot.app.open("sync")
        await wait_for(pilot, "No hub, folders. Not synced yet.")
        assert "In a sealed bundle, to be handed over" in words_on(pilot.app)
        assert pilot.app.why_not("sync.run") == ""
    council.vault.close()
    assert out.is_file()


async def test_join_add_compare_and_agree_by_keys(console, vault, hub, tmp_path):
    council = Place(tmp_path / "council", COUNCIL, "Northfield [red]Services", "social_care")
    council.join(hub)
    async with console() as pilot:
        pilot.app.open("partners")
        await settled(pilot)
        await press(pilot, "h")
        pilot.app.screen.query_one("#url", Input).value = hub.url
        await press(pilot, "ctrl+s")
        assert "The invite code is needed" in words_on(pilot.app)
        pilot.app.screen.query_one("#code", Input).value = invite(hub.database, SCHOOL)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, f"Our code: {SCHOOL}")
        await press(pilot, "n", *"999", "ctrl+s")
        await wait_for(pilot, "does not have that partner's keys yet")
        pilot.app.screen.query_one("#org", Input).value = "301"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "words not compared")
        assert "Northfield [red]Services" in words_on(pilot.app)
        await press(pilot, "w")
        for word in (*partners.own_words(vault).split(), *partners.words(vault, COUNCIL).split()):
            await wait_for(pilot, word)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        await press(pilot, *"not these words", "ctrl+s")
        await wait_for(pilot, "Those are not the words")
        assert "Type theirs" in words_on(pilot.app), "the field stays in sight above what is said"
        await pilot.resize_terminal(120, 36)
        await settled(pilot)
        assert not sharing.partner(vault, COUNCIL).verified
        pilot.app.screen.query_one("#words", Input).value = partners.words(vault, COUNCIL)
        await press(pilot, "ctrl+s")
        assert sharing.partner(vault, COUNCIL).verified
        await press(pilot, "g", *"Plans", "ctrl+s")
        made = sharing.contracts(vault)
        assert [(row.purpose, row.basis, row.categories) for row in made] == [("Plans", "public_task", ())]
        assert "Plans in force" in words_on(pilot.app)
        await press(pilot, "tab", "x")
        await answer_reason(pilot, "Over")
        assert sharing.contracts(vault)[0].ended_reason == "Over"
        await press(pilot, "shift+tab", "r")
        await answer_reason(pilot, "Closed")
        assert sharing.partners(vault) == []
    council.vault.close()


async def test_an_agreement_covers_what_is_marked_and_a_mark_is_a_sign(console, joined, council):
    async with console() as pilot:
        pilot.app.open("partners")
        await settled(pilot)
        await press(pilot, "g", *"Neglect only")
        marks = pilot.app.screen.query_one("#categories", MarkList)
        assert "[ ] Neglect" in picture(pilot.app)
        marks.focus()
        await press(pilot, "home", "space")
        assert "[x] Neglect" in picture(pilot.app)
        await press(pilot, "ctrl+s")
        assert sharing.contracts(joined)[0].categories == ("neglect",)


async def test_an_agreement_of_theirs_stands_on_today_and_is_accepted_where_it_opens(console, joined, council):
    far = date(2099, 1, 1)
    contracts.add_contract(joined, COUNCIL, "One of ours", "public_task", date(2098, 1, 1))
    partners.verify_partner(council.vault, SCHOOL, partners.own_words(joined))
    offered = contracts.add_contract(council.vault, SCHOOL, "Weekly [updates]", "public_task", far)
    agreements.offer(council.vault, offered)
    council.sync()
    run.sync(joined)
    async with console() as pilot:
        await wait_for(pilot, "offered to you")
        lines = pilot.app.screen.query_one("#lines")
        lines.action_move_to(next(n for n in range(lines.count) if "agreement_offered" in lines.row(n).key))
        await press(pilot, "enter")
        await wait_for(pilot, "they offer it: answer them")
        assert pilot.app.screen.query_one("#contracts").current.contract.id == offered
        partners.verify_partner(joined, COUNCIL, partners.words(joined, COUNCIL))
        await press(pilot, "a")
        await wait_for(pilot, "Accept this agreement?")
        await press(pilot, "tab", "enter")
        await wait_for(pilot, "in force, signed by both")

    def agreed(*day: int) -> list[str]:
        view = today.today(joined, datetime(*day, tzinfo=UTC))
        return [line.words for line in view.act_today + view.this_week if line.kind == "agreement"]

    assert agreed(2097, 12, 1) == []
    assert agreed(2097, 12, 25) == ["Northfield [red]Services: One of ours"]
    assert agreed(2098, 1, 2) == ["nothing leaves to Northfield [red]Services: One of ours"]


# -- proposing and deciding --------------------------------------------------------------------------------------------


async def test_an_entry_is_proposed_read_and_approved(console, joined, council, entry):
    agreement = contracts.add_contract(joined, COUNCIL, "Plans [Yr 9]", "public_task", date(2099, 1, 1))
    front_sheet.add_line(joined, record.get(joined, entry).child_id, "must_not_be_told", name="Sid", words="Risk [1]")
    async with console() as pilot:
        pilot.app.open("share", entry_id=entry)
        await settled(pilot)
        assert isinstance(pilot.app.screen, ProposeDialog)
        shown = words_on(pilot.app)
        assert HOSTILE in shown
        assert "were never compared by telephone" in shown
        assert "Plans [Yr 9]" in shown
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, ShareEntryScreen)
        share = sharing.shares(joined)[0]
        assert (share.contract, share.state, share.org) == (agreement, "proposed", COUNCIL)
        assert pilot.app.screen.query_one("#bytes-text", Verbatim).text == share.payload
        assert "words were never compared by telephone" in words_on(pilot.app)
        assert HOSTILE in words_on(pilot.app)
        assert "Must not be told: Sid. Risk [1]." in words_on(pilot.app)
        await press(pilot, "a")
        await wait_for(pilot, "Approve for Northfield [red]Services")
        shown = words_on(pilot.app)
        assert "receives this entry about Mia Hart" in shown
        bases = pilot.app.screen.query_one("#basis", OptionList)
        assert [option.id for option in bases.options if option.disabled] == [
            "recognised_legitimate_interest",
            "legitimate_interests",
        ]
        assert "A public body does not use a legitimate interest" in str(
            bases.get_option("legitimate_interests").prompt
        )
        await press(pilot, "ctrl+s")
        assert "Read what the front sheet says, and say so." in words_on(pilot.app)
        pilot.app.screen.query_one("#heeded", Select).value = "yes"
        await press(pilot, "ctrl+s")
        assert "Was the child told?" in words_on(pilot.app)
        await approve_in_dialog(pilot, "She must be seen [today]")
        share = sharing.share(joined, share.id)
        assert (share.state, share.basis, share.child_told, share.parent_told, share.reason) == (
            "queued",
            "public_task",
            "told",
            "not_safe",
            "She must be seen [today]",
        )
        assert "Waiting to leave · Approved by Sam Okafor" in words_on(pilot.app)
        assert pilot.app.why_not("share_entry.approve")
        await press(pilot, "c")
        await answer_reason(pilot, "Wrong child")
        assert state_of(joined, share.id) == "withheld"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_exact_bytes_stand_beside_the_record(console, joined, council, entry, size):
    share = shares.propose(joined, entry, COUNCIL)
    async with console(size=size) as pilot:
        pilot.app.open("share", share_id=share)
        await settled(pilot)
        screen = pilot.app.screen
        payload = sharing.share(joined, share).payload
        shown = screen.query_one("#bytes-text", Verbatim)
        assert shown.text == payload
        assert str(shown.render()).replace("\n", "") == payload
        assert HOSTILE in payload
        assert HOSTILE in str(screen.query_one("#record-text").render())
        assert HOSTILE in screen.query_one("#page-text").text
        assert DANGER in words_on(pilot.app)


def test_a_line_is_red_where_somebody_must_be_rung_and_says_what_came_back():
    share = sharing.ShareRow(**dict.fromkeys((each.name for each in fields(sharing.ShareRow)), ""))
    share = replace(share, child="Aisha Example", occurred=None, state="delivered")
    tones = [
        {str(span.style) for span in draw(Line(share=each, state="delivered", days=2, late=late), 100)[0].spans}
        for each, late in ((share, False), (share, True), (replace(share, recovered="open"), False))
    ]
    assert tones == [{"$text-muted"}, {"$text-error"}, {"$text-warning"}]
    given_back = replace(share, state="acknowledged", recovered="open")
    assert share_words(given_back) == GIVEN_BACK
    assert rows_of([given_back])[0].heading.startswith("Came back"), "it waits for a person, so it is not done"
    assert state_words("expired", "collected") == "Collected, and never answered"
    assert share_words(replace(share, state="expired", reason="She must be seen")) == "Not collected"
    assert share_words(replace(share, state="expired", reason="collected")) == "Collected, and never answered"
    assert share_words(replace(share, state="corrected", reason="shown")) == "Corrected by a newer share"


def test_a_share_says_why_it_stands_where_it_does_however_narrow_the_list_is():
    share = sharing.ShareRow(**dict.fromkeys((each.name for each in fields(sharing.ShareRow)), ""))
    share = replace(share, child="Aisha Example", occurred=None, partner="The [police]", state="held")
    held = replace(
        share, reason="Ask the mother [first]: she may agree, and she comes to the gate on Monday at half past"
    )
    for width in (60, 200):
        shown = " ".join(" ".join(line.plain for line in draw_share(Row(share=held), width)).split())
        assert f"Held: {held.reason}" in shown
    late = draw_share(Row(share=replace(share, state="delivered", urgent=True), why="urgent, and no receipt"), 120)
    assert "URGENT · With the hub · no receipt · ring them" in late[0].plain
    assert record_words(replace(held, urgent=True)).startswith("The [police], urgent: held: Ask the mother [first]")
    assert "amend it" in why_not_now(replace(share, state="acknowledged"), "share.correct"), "before a reason is typed"
    assert why_not_now(replace(share, state="acknowledged", version_now="2"), "share.correct") == ""
    assert [page_title(replace(share, state=each)) for each in ("not_shared", "refused")] == [
        "Nothing left",
        "What left, as a person reads it",
    ]


def test_what_a_sender_did_since_is_said_and_two_texts_stand_with_what_differs():
    item = arrivals.ItemRow(**dict.fromkeys((each.name for each in fields(arrivals.ItemRow)), ""))
    first, second = replace(item, text="He was [cold]"), replace(item, text="He was [warm]", corrected="Why")
    shown = rival_content(first, second).plain
    assert "He was [⟨−cold−⟩⟨+warm+⟩]" in shown
    assert theirs_words(second, rivals=True) == "corrected by them, and they sent two texts as one version"
    entry = EntryRow(**dict.fromkeys(EntryRow._fields, ""))
    entry = entry._replace(
        kind="concern",
        occurred_stored=Occurred(text="then", precision="unknown").model_dump_json(),
        captured_stored=NOW,
        recorded_stored=NOW,
        versions=2,
    )
    entry = entry._replace(further_stored="[]", unfinished_stored="[]", text="Taken back")
    drawn = [
        " ".join(each.plain for each in draw_line(RecordLine(entry, theirs=said), 100)) for said in (None, TAKEN_BACK)
    ]
    assert ["No decision yet" in each for each in drawn] == [True, False], "nothing of it waits to be decided"
    assert "amended, 2 versions" in drawn[0]
    assert "Taken in" in drawn[1]
    took_back = replace(item, state="withdrawn", on_share="yes")
    assert (theirs_words(took_back), rule_words(took_back)) == ("taken back by them", "May not be shared on")


def test_the_bytes_are_folded_and_no_space_is_lost():
    text = "a b  c   " * 20
    assert "".join(folded(text, 7)) == text
    assert all(len(line) <= 7 for line in folded(text, 7))


async def test_a_record_that_changed_is_read_again_before_it_is_approved(console, joined, council, entry):
    share = shares.propose(joined, entry, COUNCIL)
    async with console() as pilot:
        pilot.app.open("share", share_id=share)
        await settled(pilot)
        await press(pilot, "a")
        concerns.amend(joined, entry, "The mark was on the left arm", "Seen again")
        await approve_in_dialog(pilot, "Because")
        await wait_for(pilot, "so the bytes were made anew. Read them again.")
        assert state_of(joined, share) == "proposed"
        assert "left arm" in sharing.share(joined, share).payload
        assert "left arm" in pilot.app.screen.query_one("#bytes-text", Verbatim).text
        await press(pilot, "a")
        await approve_in_dialog(pilot, "Because")
        await wait_until(pilot, lambda: state_of(joined, share) == "queued")


async def test_holding_and_not_sharing_are_as_easy_and_keep_their_reasons(console, joined, council, entry):
    share = shares.propose(joined, entry, COUNCIL)
    async with console() as pilot:
        await press(pilot, "f5")
        assert HOSTILE in words_on(pilot.app)
        assert "To approve · Northfield [red]Services (1)" in words_on(pilot.app)
        assert "Waits for approval" in words_on(pilot.app)
        await press(pilot, "h")
        await answer_reason(pilot, "Ask [first]")
        assert "Held: Ask [first]" in words_on(pilot.app)
        await press(pilot, "x", "escape")
        assert state_of(joined, share) == "held"
        await press(pilot, "x")
        await answer_reason(pilot, "Nothing new")
        row = sharing.share(joined, share)
        assert (row.state, row.reason) == ("not_shared", "Nothing new")
        assert "Decided not to share: Nothing new" in words_on(pilot.app)
        assert pilot.app.why_not("share.hold")


# -- sync --------------------------------------------------------------------------------------------------------------


def approved(vault, entry: str) -> str:
    share = shares.propose(vault, entry, COUNCIL)
    digest = shares.preview(vault, share).digest
    shares.approve(vault, share, digest, "public_task", "told", "told", "She must be seen.")
    return share


async def synced(pilot) -> None:
    await press(pilot, "y")
    while job_of(pilot.app).running:
        await pilot.pause(0.02)
    await settled(pilot)


async def test_a_sync_says_what_it_did_and_where_each_entry_stands(console, joined, council, entry):
    share = approved(joined, entry)
    async with console() as pilot:
        pilot.app.open("sync")
        await settled(pilot)
        assert "Northfield [red]Services" in words_on(pilot.app)
        assert "1 waiting" in words_on(pilot.app)
        assert DANGER in words_on(pilot.app)
        await synced(pilot)
        await wait_for(pilot, "1 entry on the way.")
        await wait_for(pilot, "1 with the hub")
        assert state_of(joined, share) == "delivered"
        council.sync()
        await synced(pilot)
        await wait_for(pilot, "1 entry confirmed by a partner.")
        assert "1 with the partner" in words_on(pilot.app)
        item = council.items("waiting")[0]
        assert item.text == HOSTILE
        inbox.refuse(council.vault, item.id, "Not one of ours")
        council.sync()
        await synced(pilot)
        await wait_for(pilot, "Refused: the partner could not match it to a child")
        await press(pilot, "f5")
        await wait_for(pilot, "Came back · Northfield [red]Services (1)")
        assert "withheld" in pilot.app.why_not("share.cancel")
        await press(pilot, "w")
        await answer_reason(pilot, "The wrong [child]")
        await wait_for(pilot, "Taken back; the partner is told with the next sync")
        assert state_of(joined, share) == "withdrawn"


async def test_without_the_hub_one_sentence_says_that_it_is_kept(console, joined, council, entry, hub):
    share = approved(joined, entry)
    hub.stop()
    async with console() as pilot:
        pilot.app.open("sync")
        await settled(pilot)
        await synced(pilot)
        await wait_for(pilot, "1 entry waits here and is kept.")
        assert state_of(joined, share) == "queued"
        assert "1 waiting" in words_on(pilot.app)


async def test_a_sync_goes_on_when_its_screen_is_left(console, joined, council, entry, monkeypatch):
    share = approved(joined, entry)
    at_the_hub = threading.Event()
    monkeypatch.setattr(run, "reached", lambda _point: at_the_hub.wait(20))
    async with console() as pilot:
        pilot.app.open("sync")
        await settled(pilot)
        await pilot.press("y")
        await wait_for(pilot, "Offering 1 sealed message. You may leave; it goes on.")
        assert pilot.app.screen.query_one("#bar").display
        assert pilot.app.why_not("sync.run") == "A sync is under way."
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, TodayScreen)
        at_the_hub.set()
        while job_of(pilot.app).running:
            await pilot.pause(0.02)
        await wait_for(pilot, "1 entry on the way.")
        assert state_of(joined, share) == "delivered"


# -- what came in ------------------------------------------------------------------------------------------------------


@pytest.fixture
def arrived(joined, council, entry, hub) -> str:
    """An entry of the council's about a Mia Hart, taken in by the school."""
    theirs = council.entry(council.child("Mia", "Hart", "2016-05-03"), HOSTILE, "I hid [in the shed]")
    council.share(theirs, SCHOOL)
    council.sync()
    run.sync(joined)
    return arrivals.items(joined)[0].id


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_what_came_in_is_matched_by_a_person(console, joined, arrived, entry, size):
    mine = record.get(joined, entry).child_id
    async with console(size=size) as pilot:
        pilot.app.open("sync", item=arrived)
        await settled(pilot)
        assert isinstance(pilot.app.screen, InboxScreen)
        shown = words_on(pilot.app)
        assert "From Northfield [red]Services" in shown
        assert "They say: Mia Hart, born Tue 3 May 2016. This is a hint, not a match." in shown
        assert HOSTILE in str(pilot.app.screen.query_one("#item-text").render())
        assert "same date of birth" in shown
        assert arrivals.item(joined, arrived).state == "waiting", "nothing is matched by itself"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        asked = pilot.app.screen.query_one(".dialog--sentence").text
        assert "the record of Mia Hart, born Tue 3 May 2016, class 5B (same name, same date of birth)" in asked
        await press(pilot, "escape")
        assert arrivals.item(joined, arrived).state == "waiting"
        await press(pilot, "enter", "tab", "enter")
        assert arrivals.item(joined, arrived).child_id == mine
        assert arrived in [row.id for row in record.chronology(joined, mine)]


async def test_another_child_may_be_found_by_name(console, joined, arrived):
    other, _ = children.add_child(joined, name="Zara Quinn")
    async with console() as pilot:
        pilot.app.open("sync", item=arrived)
        await settled(pilot)
        await press(pilot, "f", *"zar")
        assert pilot.app.screen.query_one(ChildPicker).child is None
        await wait_for(pilot, "Zara Quinn")
        await press(pilot, "enter")
        assert "Put this in Zara Quinn's record?" in words_on(pilot.app)
        assert arrivals.item(joined, arrived).state == "waiting"
        await press(pilot, "tab", "enter")
        assert arrivals.item(joined, arrived).child_id == other


async def test_what_came_in_may_be_refused_with_a_reason(console, joined, arrived):
    async with console() as pilot:
        pilot.app.open("sync")
        await settled(pilot)
        listed = pilot.app.screen.query_one("#items", RecordList)
        assert HOSTILE in " ".join(line.plain.strip() for line in draw_item(listed.row(0), 50))
        await press(pilot, "enter", "x")
        await answer_reason(pilot, "Not our pupil")
        item = arrivals.item(joined, arrived)
        assert (item.state, item.reason) == ("refused", "Not our pupil")
        await wait_for(pilot, "refused by you")


async def test_a_new_share_shows_and_the_cursor_stays(console, joined, council, entry):
    shares.propose(joined, entry, COUNCIL)
    child = record.get(joined, entry).child_id
    async with console() as pilot:
        await press(pilot, "f5")
        standing = pilot.app.screen.query_one("#shares", RecordList).current.key
        other = concerns.log_concern(joined, {"text": "Seen at the gate"}, child_id=child)[0]
        shares.propose(joined, other, COUNCIL)
        await wait_for(pilot, "Seen at the gate")
        assert pilot.app.screen.query_one("#shares", RecordList).current.key == standing


async def test_which_child_is_named_confirmed_by_a_person_and_taken_back(console, joined, council, entry):
    contracts.add_contract(joined, COUNCIL, "Plans [Yr 9]", "public_task", date(2099, 1, 1))
    mine = record.get(joined, entry).child_id
    agreed = contracts.add_contract(council.vault, SCHOOL, "Early help", "public_task", date(2099, 1, 1))
    theirs = council.child("Mia", "Hart", "2016-05-03")
    asked = cases.offer(council.vault, theirs, SCHOOL)
    council.share(council.entry(theirs, HOSTILE), SCHOOL, agreed)
    council.sync()
    run.sync(joined)
    async with console(size=(80, 24)) as pilot:
        await wait_for(pilot, "Who is it Mia Hart asked by Northfield")
        pilot.app.open("cases")
        await settled(pilot)
        await press(pilot, "n", "ctrl+s")
        assert "Which child?" in words_on(pilot.app)
        await press(pilot, *"mia")
        await wait_for(pilot, "Mia Hart born")
        await press(pilot, "enter")
        await wait_for(pilot, "This leaves, and no more: Mia Hart, born Tue 3 May 2016")
        assert "Which child?" not in words_on(pilot.app)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Mia Hart is named to them with the next sync.")
        assert [row.state for row in case_rows.cases(joined)] == ["received", "offered"]
        await press(pilot, "home", "enter")
        await wait_for(pilot, "same name · same date of birth")
        assert case_rows.get(joined, asked).state == "received", "nothing is matched by itself"
        await press(pilot, "enter")
        await wait_for(pilot, "Is it Mia Hart?")
        await press(pilot, "tab", "enter")
        await wait_until(pilot, lambda: case_rows.get(joined, asked).state == "accepted")
        assert HOSTILE in [row.text for row in record.chronology(joined, mine)]
        await wait_for(pilot, "Confirmed by Sam Okafor: Mia Hart.")
        await press(pilot, "enter")
        await wait_for(pilot, "What they told")
        assert pilot.app.why_not("back") == "", "Escape leads back also where nothing waits for an answer"
        await press(pilot, "u")
        await answer_reason(pilot, "Another Mia")
        await wait_until(pilot, lambda: case_rows.get(joined, asked).state == "unlinked")
        assert len(record.chronology(joined, mine)) == 1
        assert [row.state for row in arrivals.items(joined)] == ["waiting"]


async def test_a_second_yes_is_said_on_screen_and_what_is_late_names_the_number(
    console, joined, council, entry, folder, clock
):
    approved(joined, entry)
    clock.ahead = timedelta(days=4)
    add_person(joined, "Robin Deputy", "deputy", "four other plain words", kdf=FLOOR)
    set_rules(joined, second_approver="all")
    other = concerns.log_concern(joined, {"text": "Another"}, child_id=record.get(joined, entry).child_id)[0]
    with open_vault(folder, passphrase="four other plain words", user="Robin Deputy", clock=clock) as deputy:
        share = shares.propose(deputy, other, COUNCIL)
        digest = shares.preview(deputy, share).digest
        told = ("public_task", "told", "told", "She must be [seen]")
        assert shares.approve(deputy, share, digest, *told, urgent=True).state == "agreed"
    async with console() as pilot:
        await wait_for(pilot, "Robin Deputy said yes, now you")
        assert "Ring them Mia Hart Ring 01234 56789" in words_on(pilot.app)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ShareEntryScreen)
        assert "agreement Ring 01234 56789" in words_on(pilot.app)
        assert ": not sent by the close of the day" in words_on(pilot.app)
        pilot.app.open("share", share_id=share)
        await settled(pilot)
        await wait_for(pilot, "Waits for a second yes: Robin Deputy approved it")
        await press(pilot, "a")
        await wait_for(pilot, "A second yes for Northfield [red]Services")
        assert "Reason: She must be [seen]" in words_on(pilot.app)
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: state_of(joined, share) == "queued")
        await wait_for(pilot, "An emergency share, without an agreement")
        decided = str(pilot.app.screen.query_one("#record-text").render()).partition("What was decided")[2]
        assert "Robin Deputy: said the first yes: She must be [seen]" in decided
        assert "Sam Okafor: approved it: She must be [seen]" in decided
        assert "The child: Told\nA parent: Told\nIt could not wait" in decided
        await press(pilot, "y")
        await wait_for(pilot, "1 entry was not answered in time: ring Northfield [red]Services (no number of theirs")
