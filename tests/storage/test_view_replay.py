"""Views are a function of the set of acts: no order of arrival, no batch, no device changes them (design: §1.2)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from practice import acts as kinds
from practice.acts import Act
from practice.errors import IntegrityAlarm, Refused
from storage import comparing, ledger, shape
from storage.engine import memory_engine
from storage.verifying import copy, replay
from storage.views import base
from storage.views.searched import check_search
from tests.conftest import add_child, add_concern, on_day

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
DEVICES = ["01900000-0000-7000-8000-00000000000" + number for number in "123"]
CHILDREN = ["child-1", "child-2"]
CASE = "ab" * 16
PAYLOAD = '{"body": {"event": "x", "case": "' + CASE + '"}}'
identities = st.builds(kinds.Identity, name=st.sampled_from(["A", "B"]), upn=st.sampled_from(["", "A1"]))
ENTRIES = ["entry-1", "entry-2", "entry-3"]


@st.composite
def histories(draw) -> list[Act]:
    """Acts of two or three devices that each know some of what the others did, in an order of arrival."""
    made: list[Act] = []
    seqs = dict.fromkeys(DEVICES[: draw(st.integers(2, 3))], 0)
    now = START
    for number in range(draw(st.integers(3, 25))):
        device = draw(st.sampled_from(sorted(seqs)))
        seqs[device] += 1
        now += timedelta(seconds=draw(st.sampled_from([0, 0, 1, 3600, 86400])))
        body, child, entry = draw(bodies(made))
        fields = {"id": f"act-{number:03}", "device": device, "seq": seqs[device], "author": "robin"}
        times = {"captured_at": now, "recorded_at": now}
        made.append(Act(**fields, **times, kind=body.act_kind, child=child, entry=entry, event=None, body=body))
    return made


@st.composite
def bodies(draw, before: list[Act]):
    child, entry = draw(st.sampled_from(CHILDREN)), draw(st.sampled_from(ENTRIES))
    words = draw(st.text("ab [red]é", min_size=1, max_size=8)).strip() or "a"
    versions = [act.id for act in before if act.kind in ("concern_logged", "amended")] or ["none"]
    share = f"share-{draw(st.integers(1, 2))}-of-{entry}"
    body = draw(
        st.sampled_from(
            [
                kinds.ChildAdded(legal_forename=words, legal_surname="Vale", provisional=True),
                kinds.ChildChanged(changes={"year_group": "5", "other": {words: "x"}, "on_roll": False}),
                kinds.ChildLeft(),
                kinds.ConcernLogged(text=words, occurred=on_day("2026-09-02")),
                kinds.Amended(sees=draw(st.sampled_from(versions)), text=words + "!", reason="clearer"),
                kinds.EntryMoved(from_child=draw(st.sampled_from(CHILDREN)), reason="wrong child"),
                kinds.Decided(decision="no_further_action", reason=words, due="2026-10-01"),
                kinds.Promoted(reason="a pattern", significance="significant"),
                kinds.ReviewSet(status="monitoring", every="", first_due="2026-10-05"),
                kinds.ReviewHeld(decision="continue", reason=words, held_on="2026-09-20", answers={"a": words}),
                kinds.FlagAnswered(flag="f", rule="rising", entries=("entry-1",), reason=words),
                kinds.ActionAdded(what=words, owner=words, due="2026-10-01"),
                kinds.ActionChanged(owner=words, reason=words),
                kinds.ActionDone(follow_up=words, outcome=words, reason=words),
                kinds.MeetingPlanned(meeting_type="core_group", day="2026-10-01", attends=words),
                kinds.MeetingChanged(place=words, follows=("core_group",)),
                kinds.MeetingHeld(held_on="2026-10-01", decisions=words, record="entry-1"),
                kinds.MeetingCancelled(reason=words),
                kinds.TransferOpened(leaving="2026-10-01", school=words),
                kinds.TransferChanged(no_destination=True),
                kinds.TransferEffort(on="2026-10-01", who=words, what=words),
                kinds.TransferSent(
                    sent_on="2026-10-01",
                    school=words,
                    dsl=words,
                    method=words,
                    sent_by=words,
                    contents=({"name": words, "sha256": "0" * 64, "size": 1},),
                ),
                kinds.TransferReceived(name=words, role=words, received_on="2026-10-02", how=words),
                kinds.TransferReviewed(told=words),
                kinds.TransferEnded(reason=words),
                kinds.FrontSheetLine(line=f"line-{words}", section="sibling", name=words, child="child-2"),
                kinds.DecisionClosed(decision="act-001", follow_up=words, outcome=words, reason=words),
                kinds.SessionBegun(scope="due", queue=("child-1",)),
                kinds.SessionEnded(minute=(words,), reviewed=1),
                kinds.HolidayPlanned(holiday="2026-12-19", contact_by=words),
                kinds.SupervisionHeld(held_on="2026-10-01", supervisor=words),
                kinds.CalendarSet(closures=("2026-10-01",), reason=words),
                kinds.SchoolSet(name=words),
                kinds.PersonAdded(person=draw(st.sampled_from(["robin", "sam"])), name=words, signing_key="AAAA"),
                kinds.ChildGranted(person=draw(st.sampled_from(["robin", "sam"]))),
                kinds.ChildWithdrawn(person=draw(st.sampled_from(["robin", "sam"]))),
                kinds.GlassBroken(reason=words, until="2026-09-01T17:00:00.000000Z"),
                kinds.CoverSet(person="robin", by="sam", until=draw(st.sampled_from(["2026-10-01", "2026-11-01"]))),
                kinds.PartnerAdded(org=f"org-{words[0]}", name=words, identity=words),
                kinds.PartnerVerified(org=f"org-{words[0]}", identity=words),
                kinds.PartnerRemoved(org=f"org-{words[0]}", reason="ended"),
                kinds.PartnerCarried(org=f"org-{words[0]}", way=draw(st.sampled_from(["hub", "folder"])), place=words),
                kinds.ContractAdded(contract="c", org="o", purpose="help", basis="consent", review="2027-01-01"),
                kinds.ContractEnded(contract="c", reason="ended"),
                kinds.CaseOffered(case=CASE, org="o", contract="c", identity=draw(identities), mid="m"),
                kinds.CaseReceived(
                    case=CASE, org="o", name="n", contract="c", identity=draw(identities), mid="m", jws=""
                ),
                kinds.CaseMatched(case=CASE),
                kinds.CaseAnswered(case=CASE, answer=draw(st.sampled_from(["accepted", "declined"])), jws=""),
                kinds.CaseUnlinked(case=CASE, by="them", reason=words),
                kinds.IdentityHeard(case=CASE, identity=draw(identities), mid="m", jws=""),
                kinds.IdentityLookedAt(case=CASE),
                kinds.ItemArrived(item=entry, org="o", name="n", eid="e", rev=1, mid="m", payload=PAYLOAD, jws=""),
                kinds.ItemAccepted(item=entry, case=draw(st.sampled_from(["", CASE]))),
                kinds.ItemReturned(item=entry, case=CASE, reason=words),
                kinds.ItemSeen(item=entry, rev=draw(st.integers(0, 2))),
                kinds.ShareProposed(share=share, org="o"),
                kinds.ShareHeld(share=share, reason=words),
                kinds.ShareRefused(share=share, reason=words),
                kinds.ShareProgressed(share=share, mid="m", state="delivered", detail=words),
            ]
        )
    )
    vault_wide = {"school_set", "person_added", "partner_added", "partner_verified", "partner_removed"}
    vault_wide |= {"partner_carried"}
    vault_wide |= {"contract_added", "contract_ended", "supervision_held", "calendar_set"}
    if body.act_kind in vault_wide:
        return body, None, None
    about_a_child = body.act_kind.startswith(("child_", "review_", "holiday_", "flag_", "front_"))
    return body, child, None if about_a_child else entry


def views_after(batches: list[list[Act]]) -> dict:
    """Every view, after acts arrived in these batches."""
    engine = memory_engine()
    with engine.begin() as connection:
        for statement in ledger.SCHEMA:
            connection.exec_driver_sql(statement)
        shape.make_views(connection)
        for batch in batches:
            copy(connection, batch)
            base.apply(connection, batch)
        check_search(connection)
        found = base.contents(connection)
    engine.dispose()
    return found


def interleaved(history: list[Act], seed: int) -> list[Act]:
    """Another order of arrival in which each device's own acts keep theirs."""
    turns = random.Random(seed)
    streams = [[act for act in history if act.device == device] for device in DEVICES]
    arrived = []
    while streams := [stream for stream in streams if stream]:
        arrived.append(turns.choice(streams).pop(0))
    return arrived


SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking one failure would take minutes
)


@SLOW
@given(histories(), st.integers())
def test_views_are_the_same_in_any_order_of_arrival_and_any_batches(history, seed):
    one_by_one = views_after([[act] for act in history])
    assert views_after([history]) == one_by_one
    other = interleaved(history, seed)
    assert views_after([[act] for act in other]) == one_by_one
    cut = random.Random(seed).randint(0, len(other))
    assert views_after([batch for batch in (other[:cut], other[cut:]) if batch]) == one_by_one


@SLOW
@given(histories(), st.integers(0, 1000))
def test_a_replay_of_the_ledger_gives_the_same_views(history, seed):
    source, target = memory_engine(), memory_engine()
    with source.begin() as connection, target.begin() as other:
        for each in (connection, other):
            for statement in ledger.SCHEMA:
                each.exec_driver_sql(statement)
            shape.make_views(each)
        for act in history:
            copy(connection, [act])
            base.apply(connection, [act])
        replay(connection, other, seed)
        assert base.contents(other) == base.contents(connection)
    source.dispose()
    target.dispose()


@pytest.fixture
def busy(vault):
    """A vault with a child, two concerns, and what became of them."""
    child = add_child(vault)
    first, second = add_concern(vault, child, "She said [he hit me]"), add_concern(vault, child, "Tired again")
    vault.record(kinds.Promoted(reason="a pattern"), child=child, entry=first)
    vault.record(kinds.Decided(decision="monitor", reason="to see"), child=child, entry=second)
    vault.record(kinds.ReviewSet(status="monitoring"), child=child)
    return vault


def test_a_rebuild_agrees_with_an_untouched_vault(busy):
    report = busy.verify(rebuild=True, signatures=True)
    assert report.problems == []
    assert report.acts == 8


VIEW_CHANGES = [
    "UPDATE entries SET promoted = 0",
    "UPDATE entries SET text = 'Nothing' WHERE text LIKE 'Tired%'",
    "DELETE FROM entries WHERE text LIKE 'Tired%'",
    "UPDATE entry_versions SET text = 'Nothing'",
    "DELETE FROM decisions",
    "UPDATE children SET date_of_birth = '2015-01-01'",
    "UPDATE review_plans SET every = '52w'",
    "UPDATE people SET name = 'Somebody'",
    "INSERT INTO entry_search (entry_search) VALUES ('delete-all')",
    "INSERT INTO entry_search (rowid, text, childs_words, pieces) VALUES (99, 'xylograph', '', '')",
]


@pytest.mark.parametrize("statement", VIEW_CHANGES)
def test_a_view_that_was_changed_behind_the_ledger_is_found_by_a_rebuild(busy, statement):
    with busy.write() as unit:
        unit.connection.exec_driver_sql(statement)
    assert busy.verify().ok
    report = busy.verify(rebuild=True)
    assert {problem.kind for problem in report.problems} == {"view"}, report.problems


@pytest.mark.parametrize("changes", [{"shoe_size": "4"}, {"on_roll": "no"}, {"year_group": "x" * 500}, {"other": 1}])
def test_a_change_that_no_child_can_hold_never_reaches_the_ledger(vault, changes):
    child = add_child(vault)
    with pytest.raises(Refused):
        vault.record(kinds.build(kinds.ChildChanged, {"changes": changes}), child=child)
    assert vault.verify(rebuild=True).problems == []


def test_every_cell_of_every_row_of_a_view_counts(busy):
    """A row taken away, doubled or changed in any one cell is missed by no comparison, and a whole record passes."""
    tried = 0
    with busy.long_read(query_only=False) as connection:
        for view in base.views_of(busy.name):
            for model, _ in view.tables:
                table = base.table_of(model).name
                names = [column.name for column in base.table_of(model).columns if column.name != "pk"]
                for (row,) in connection.exec_driver_sql(f"SELECT rowid FROM {table}").all():
                    changes = [f"UPDATE {table} SET {name} = coalesce({name}, '') || '1'" for name in names]
                    for change in [*changes, f"DELETE FROM {table}"]:
                        with connection.begin_nested() as undone:
                            connection.exec_driver_sql(f"{change} WHERE rowid = ?", (row,))
                            assert not comparing.agree(connection, busy.name), change
                            undone.rollback()
                        tried += 1
        assert tried > 60
        assert comparing.agree(connection, busy.name)


def test_acts_that_no_view_is_made_of_are_read_by_a_rebuild_too(busy):
    busy.record(kinds.RecordOpened(), child="child-1")
    with busy.long_read(query_only=False) as connection:
        assert comparing.agree(connection, busy.name)
        connection.exec_driver_sql(
            "UPDATE bodies SET body = x'7b7d' WHERE act = (SELECT id FROM acts WHERE kind = 'record_opened')"
        )
        with pytest.raises(IntegrityAlarm, match="cannot be read"):
            comparing.agree(connection, busy.name)
        connection.rollback()
