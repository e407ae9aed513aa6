"""Several machines, one record: joining, carrying, conflicts of keys, and what is hostile (design: §1.1, §4)."""

from __future__ import annotations

import shutil
import time

import pytest

from practice.acts import ConcernLogged, HubEnrolled
from practice.errors import ConsoleError, IntegrityAlarm, NotAllowed, NotFound, Refused
from storage import carrying, joining, machines
from storage.desk import concerns
from storage.header import read_header
from storage.ids import new_id
from storage.keys import FLOOR
from storage.ledger import Draft
from storage.people import add_person, remove_person
from storage.replication import exchange, headers
from storage.rotation import rotate
from storage.unlocking import Unlocked
from storage.vault import open_vault
from storage.views import base, record
from sync import membership
from tests.conftest import PASSPHRASE, add_child, add_concern, on_day
from tests.faults.sizes import say, size
from tests.storage.machines import Clock, hand_over, joined, take


def contents(vault):
    with vault.read() as connection:
        return base.contents(connection)


@pytest.fixture(scope="module")
def pair_template(vault_template, tmp_path_factory):
    """Two closed machines of one school, the second joined after the first had a child on record; copied by each test.

    Returns their folder and the keys that the passphrase opens, since deriving them is most of what a test would cost.
    """
    folder = tmp_path_factory.mktemp("pair")
    shutil.copytree(vault_template, folder / "office")
    with open_vault(folder / "office", passphrase=PASSPHRASE, clock=Clock()) as first:
        add_concern(first, add_child(first), "Before the laptop came")
        joined(first, folder, folder / "laptop", "Laptop", Clock()).close()
        return folder, first.person_keys


def opened(folder, keys, clock=None):
    """A copy of a vault, open without the costly derivation."""
    header = read_header(folder)
    return open_vault(folder, unlocked=Unlocked(header, header.slots[0], keys), clock=clock or Clock())


@pytest.fixture
def office(pair_template, tmp_path):
    """The first machine."""
    folder, keys = pair_template
    with opened(shutil.copytree(folder / "office", tmp_path / "office"), keys) as vault:
        yield vault


@pytest.fixture
def laptop(pair_template, tmp_path):
    """The second machine."""
    folder, keys = pair_template
    with opened(shutil.copytree(folder / "laptop", tmp_path / "laptop"), keys) as vault:
        yield vault


def test_a_machine_that_joined_has_the_whole_record_and_a_chain_of_its_own(office, laptop):
    hand_over(laptop, office)
    hand_over(office, laptop)
    assert laptop.device != office.device
    assert laptop.id == office.id
    assert contents(laptop) == contents(office)
    for each in (office, laptop):
        report = each.verify(rebuild=True, signatures=True)
        assert report.ok, report.problems
    assert [(row.name, row.here) for row in machines.states(laptop)] == [("Office", False), ("Laptop", True)]
    assert [row.lacks for row in machines.states(office)] == [0, 0]


def bundles(source, *, everything=False):
    return [each.content for each in exchange.write_bundles(source, machines.others(source), everything=everything)]


def test_acts_travel_in_any_order_and_any_number_of_times(office, laptop):
    child = add_child(office, "Bea", "Moss")
    hand_over(laptop, office)
    first = bundles(office)
    entry = add_concern(office, child, "First")
    second = bundles(office)
    add_concern(laptop, add_child(laptop, "Cy", "Reed"), "Written on the laptop")
    back = bundles(laptop)
    for content in (second[-1], first[-1], second[-1], first[-1]):
        assert not take(laptop, content).refused
    for _ in range(2):
        assert not take(office, *back).refused
    hand_over(laptop, office)
    hand_over(office, laptop)
    assert contents(office) == contents(laptop)
    with laptop.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM acts WHERE entry = ?", (entry,)).scalar() == 1
    for each in (office, laptop):
        assert each.verify(rebuild=True, signatures=True).ok


def test_what_comes_before_its_time_waits_and_is_shown(office, laptop):
    hand_over(laptop, office)
    with office.read() as connection:
        start = base.ledger.head(connection, office.device).seq
    child = add_child(office, "Dee", "Ash")
    add_concern(office, child, "One")
    with office.read() as connection:
        lines = list(exchange.outgoing.lines_of(connection, office.device, start))
    taken = exchange.incoming.take_in(laptop, lines[1:])
    assert (taken.applied, taken.waiting) == (0, 1)
    gap = machines.gaps(laptop)[0]
    assert (gap.device, gap.first, gap.last, gap.waiting) == (office.device, start + 1, start + 1, 1)
    taken = exchange.incoming.take_in(laptop, lines[:1])
    assert (taken.applied, taken.waiting, machines.gaps(laptop)) == (2, 0, [])


def test_a_number_that_two_acts_bear_is_refused_and_told(office, laptop, tmp_path):
    hand_over(laptop, office)
    office.checkpoint()
    copy = tmp_path / "copied"
    shutil.copytree(office.folder, copy, ignore=shutil.ignore_patterns("lock", "*.lock", "*-lock"))
    add_child(office, "Eve", "Lane")
    hand_over(office, laptop)
    with opened(copy, office.person_keys, office.clock) as doubled:
        add_child(doubled, "Fay", "Lane")
        add_child(doubled, "Gus", "Lane")
        before = contents(laptop)
        result = hand_over(doubled, laptop, everything=True)[0]
    fork = result.taken.forks[0]
    assert fork.device == office.device
    assert len(result.taken.forks) == 1
    assert machines.forks(laptop) == [fork]
    assert contents(laptop) == before
    assert laptop.verify(rebuild=True).ok


def test_a_machine_that_wrote_on_after_it_was_put_back_is_renewed_and_nothing_is_lost(office, laptop, tmp_path):
    spare = joined(office, tmp_path, tmp_path / "spare", "Spare", office.clock)
    for source, target in ((laptop, office), (spare, office), (office, laptop), (office, spare)):
        hand_over(source, target)
    laptop.checkpoint()
    old = tmp_path / "old"
    shutil.copytree(laptop.folder, old, ignore=shutil.ignore_patterns("lock", "*.lock", "*-lock"))
    lost = add_child(laptop, "Kay", "Birch")
    take(office, *bundles(laptop))
    with spare, opened(old, laptop.person_keys, laptop.clock) as put_back:
        child = add_child(put_back, "Lou", "Birch")
        entry = add_concern(put_back, child, "written after it was put back")
        concerns.amend(put_back, entry, "and amended", "more")
        take(spare, *bundles(put_back))  # this one has heard of what was written after, the other of what was lost
        concerns.decide(spare, entry, "early_help", "seen on the third machine")
        with pytest.raises(Refused, match="No number"):
            machines.renew(put_back)
        assert hand_over(office, put_back, everything=True)[0].taken.forks
        assert hand_over(put_back, office, everything=True)[0].taken.forks
        before = put_back.device
        assert machines.renew(put_back) >= 3
        assert put_back.device != before
        every = (office, put_back, spare)
        for _ in range(3):
            for source in every:
                hand_over(source, *(each for each in every if each is not source), everything=True)
        for each in every:
            assert not machines.forks(each) + machines.gaps(each)
            report = each.verify(rebuild=True, signatures=True)
            assert report.ok, report.problems
            assert {lost, child} <= {row[0] for row in contents(each)["children"]}
            assert record.get(each, entry).text == "and amended"
            assert record.get(each, entry).decision == "early_help"
            assert contents(each) == contents(office)
    with opened(old, laptop.person_keys, laptop.clock) as again:
        assert again.alarm is None
        add_child(again, "Max", "Birch")


def test_what_it_wrote_before_it_was_renewed_may_be_read_again_by_all(office, laptop, tmp_path):
    hand_over(laptop, office)
    hand_over(office, laptop)
    laptop.checkpoint()
    old = tmp_path / "old"
    shutil.copytree(laptop.folder, old, ignore=shutil.ignore_patterns("lock", "*.lock", "*-lock"))
    lost = [add_child(laptop, name, "Birch") for name in ("Kay", "Kit")]
    real = bundles(laptop, everything=True)
    take(office, *real)
    with opened(old, laptop.person_keys, laptop.clock) as put_back:
        written = [add_child(put_back, name, "Birch") for name in ("Lou", "Lea")]
        stale = bundles(put_back, everything=True)
        assert hand_over(office, put_back, everything=True)[0].taken.forks
        machines.renew(put_back)
        for files in ((*stale, *real), (*real, *stale)):  # the folder keeps them all
            assert not take(put_back, *files).refused
        fresh = bundles(put_back, everything=True)
        for files in ((*stale, *fresh), (*fresh, *stale)):
            assert not take(office, *files).refused
        for each in (office, put_back):
            assert not machines.forks(each) + machines.gaps(each)
            assert each.verify(rebuild=True, signatures=True).ok
            assert {*lost, *written} <= {row[0] for row in contents(each)["children"]}


def test_a_machine_that_was_put_back_takes_its_own_acts_again(office, laptop, tmp_path):
    hand_over(laptop, office)
    laptop.checkpoint()
    old = tmp_path / "old"
    shutil.copytree(laptop.folder, old, ignore=shutil.ignore_patterns("lock", "*.lock", "*-lock"))
    add_child(laptop, "Hal", "Fern")
    written = bundles(laptop)
    take(office, *written)
    with opened(old, laptop.person_keys, laptop.clock) as put_back:
        assert put_back.alarm is None
        assert not take(put_back, *written).refused
        hand_over(office, put_back)
        assert contents(put_back) == contents(office)
        add_child(put_back, "Ivy", "Fern")
        assert put_back.verify(rebuild=True, signatures=True).ok
        hand_over(put_back, office)
        assert not machines.forks(office)
        assert contents(put_back) == contents(office)


def test_new_people_and_new_keys_travel_and_old_files_can_still_be_read(office, laptop):
    hand_over(laptop, office)
    add_concern(laptop, add_child(laptop, "Jan", "Hill"), "Under the old key")
    under_old_key = bundles(laptop)
    add_person(office, "Sam Teal", "deputy", "another made up sentence", FLOOR)
    rotate(office, "As a test")
    rotate(office, "And once more")
    add_child(office, "Kit", "Hill")
    result = hand_over(office, laptop)[0]
    assert result.header == "taken"
    assert not result.refused
    assert not take(office, *under_old_key).refused
    hand_over(laptop, office)
    assert contents(laptop) == contents(office)
    laptop.close()
    with open_vault(laptop.folder, passphrase="another made up sentence", user="Sam Teal") as other:
        assert other.alarm is None
        assert other.verify(rebuild=True, signatures=True).ok


def test_somebody_removed_elsewhere_takes_nothing_more_in(office, laptop):
    add_person(office, "Sam Teal", "deputy", "another made up sentence", FLOOR)
    hand_over(office, laptop)
    laptop.close()
    remove_person(office, "Sam Teal", "They left")
    add_child(office, "Lea", "Wood")
    written = bundles(office)
    with open_vault(laptop.folder, passphrase="another made up sentence", user="Sam Teal") as still:
        before = contents(still)
        with pytest.raises(NotAllowed, match="taken out"):
            take(still, *written)
        assert contents(still) == before
        # Not by the program's rule alone: what opens the acts is not there.
        cover = exchange.bundle.read(written[0])
        with still.read() as connection:
            own, sender = exchange.me(connection), exchange.sender_of(connection, cover.machine)
            front, secret = exchange.bundle.open_front(cover, own, sender)
            carrying = exchange.secrets_table.under(connection, exchange.CARRY)
        assert front.carry not in carrying
        for key in carrying.values():
            with pytest.raises(IntegrityAlarm):
                exchange.bundle.open_back(cover, secret, key)
    with opened(laptop.folder, office.person_keys) as again:
        assert take(again, *written).header == "taken"


def test_a_removed_machine_gets_nothing_more_and_nothing_is_taken_from_it(office, laptop):
    hand_over(laptop, office)
    add_child(laptop, "Max", "Orr")
    late = bundles(laptop)
    row, waits = machines.remove(office, "laptop", "Left on a train")
    assert (row.name, waits) == ("Laptop", "")
    with pytest.raises(Refused, match="machine you sit at"):
        machines.remove(office, "Office", "by mistake")
    assert machines.others(office) == []
    assert "removed" in next(iter(take(office, *late).refused.values()))
    assert office.verify(rebuild=True).ok
    assert [state.removed_reason for state in machines.states(office, removed=True)] == ["", "Left on a train"]


def test_changes_of_people_on_two_machines_apart_wait_for_a_person(office, laptop):
    hand_over(laptop, office)
    add_person(office, "Sam Teal", "deputy", "another made up sentence", FLOOR)
    add_person(laptop, "Pat Gray", "deputy", "a third made up sentence", FLOOR)
    assert hand_over(laptop, office)[0].header == "conflict"
    assert hand_over(office, laptop)[0].header == "conflict"
    assert {"Sam Teal", "Robin Vale"} == {slot.name for slot in headers.reread_header(office.folder).slots}
    assert contents(office)["people"] == contents(laptop)["people"], "what was done is known on both"
    assert carrying.lists_apart(laptop) == [
        "Only on this machine's list: Pat Gray (Deputy DSL).",
        "Only on the list of «Office»: Sam Teal (Deputy DSL).",
    ]
    apart = headers.conflicting(laptop)
    headers.take(laptop, apart, print, chosen=True)
    assert headers.conflicting(laptop) is None
    assert carrying.lists_apart(laptop) == []
    assert hand_over(laptop, office)[0].header == "taken"
    for each in (office, laptop):
        assert {"Sam Teal", "Robin Vale"} == {slot.name for slot in headers.reread_header(each.folder).slots}
        assert each.verify().ok


def test_every_changed_byte_and_every_cut_is_refused(office, laptop):
    hand_over(laptop, office)
    add_concern(office, add_child(office, "Ned", "Pike"), "x" * 40)
    whole = bundles(office)[-1]
    before = contents(laptop)
    # A digit of the id of whom it is for: it would be passed over as a file for others.
    reader = next(at for at in range(whole.index(b'"to": {"') + 8, len(whole)) if chr(whole[at]).isdigit())
    places = [*range(60), reader, *range(60, len(whole), size(1499, 97, 7)), *range(len(whole) - 70, len(whole))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1
        result = take(laptop, bytes(changed))
        assert result.refused or result.waits, place
    say("bytes changed in what a machine hands on", f"{len(places)}, 0 taken in or passed over")
    for length in (0, 7, 11, 500, len(whole) - 1):
        assert take(laptop, whole[:length]).refused
    assert contents(laptop) == before
    assert take(laptop, whole).taken.applied > 0


def test_a_bundle_shows_no_name_and_no_word(office, laptop):
    child = add_child(office, "Oda", "Quill")
    add_concern(office, child, "canary of the corridor")
    written = b"".join(bundles(office, everything=True))
    for word in (b"Oda Quill", b"canary of the", b"Robin Vale", b"Example School", b"Thistlewood"):
        assert word not in written


def test_words_differ_where_another_machine_answers(office, tmp_path):
    shared = tmp_path / "shared"
    made = joining.invite(office, shared, "Third")
    assert joining.request(office, shared) is None
    words = joining.ask(shared, made.code, tmp_path / "third", office.clock())
    asked = joining.request(office, shared)
    other = joining.ask(shared, made.code, tmp_path / "intruder", office.clock())
    assert words == asked.words != other
    with pytest.raises(Refused, match="Another request"):
        joining.welcome(office, shared, asked)
    with pytest.raises(NotFound, match="not let this one in"):
        joining.join(shared, made.code, tmp_path / "third", passphrase=PASSPHRASE, clock=office.clock)
    with pytest.raises(NotFound, match="No invitation"):
        joining.ask(shared, joining.new_code(), tmp_path / "third", office.clock())
    office.clock.at += joining.VALID
    with pytest.raises(Refused, match="run out"):
        joining.ask(shared, made.code, tmp_path / "third", office.clock())
    assert joining.pending(office) is None


def test_a_welcome_for_another_machine_or_with_a_wrong_passphrase_makes_no_vault(office, tmp_path):
    shared, target = tmp_path / "shared", tmp_path / "third"
    made = joining.invite(office, shared, "Third")
    joining.ask(shared, made.code, target, office.clock())
    joining.welcome(office, shared, joining.request(office, shared))
    with pytest.raises(ConsoleError, match="passphrase"):
        joining.join(shared, made.code, target, passphrase="quite another thing", clock=office.clock)
    assert not (target / "header.json").exists()
    opened, _result = joining.join(shared, made.code, target, passphrase=PASSPHRASE, clock=office.clock)
    opened.close()
    with pytest.raises(Refused, match="a vault on this machine"):
        joining.ask(shared, made.code, target, office.clock())


def test_ten_thousand_acts_arrive_with_progress(office, laptop, tmp_path):
    count, shared, told = size(150, 10_000, 10_000), tmp_path / "shared", []
    shared.mkdir()
    child = add_child(office, "Pia", "Stone")
    text = "A text of the usual length, which says what happened. " * 6
    concern = ConcernLogged(text=text, occurred=on_day("2026-11-20"))
    with office.write() as unit:
        unit.record_many([Draft(concern, child, new_id()) for _ in range(count)])
    carrying.sync(office, shared)
    started = time.perf_counter()
    done = carrying.sync(laptop, shared, told.append)
    took = time.perf_counter() - started
    assert done.taken > count
    assert any("acts taken in" in words for words in told)
    assert took < 30
    say(f"{count:,} acts arrive and are applied", f"{took:.1f} s")


def test_the_exchange_with_partners_stays_with_the_machine_that_joined_the_hub(office, laptop):
    with pytest.raises(Refused, match="has not joined a hub yet"):
        membership.own_keys(laptop)
    office.record(HubEnrolled(url="https://hub.example", org="urn:scx:demo:school", hub_id="demo"))
    hand_over(office, laptop)
    with pytest.raises(Refused, match="stays with the machine that joined the hub"):
        membership.own_keys(laptop)


def test_a_new_machine_that_syncs_first_keeps_nothing_from_the_others(vault, tmp_path):
    """What tells the others of it never lies in its own file alone, which they cannot open before they know of it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    with joined(vault, tmp_path, tmp_path / "first", "First") as first:
        carrying.sync(vault, shared)
        carrying.sync(first, shared)
        add_child(vault, "Before", "Joining")
        with joined(vault, tmp_path, tmp_path / "second", "Second") as second:
            carrying.sync(second, shared)
            child = add_child(second, "After", "Joining")
            for machine in (vault, second, first, vault, second, first):
                done = carrying.sync(machine, shared)
            assert done.waiting == 0
            with first.read() as connection:
                assert connection.exec_driver_sql("SELECT 1 FROM children WHERE id = ?", (child,)).first()
