"""A record is erased lawfully: by two people, for good, everywhere; the chain stays whole (R-110, storage: §6.15)."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from practice import acts as made
from practice.acts import Act, Erased, ErasureEnded, ErasureProposed
from practice.erasure import covered, erasures
from practice.errors import ConsoleError, IntegrityAlarm, NotAllowed, NotFound, Refused
from practice.minutes import Reviewed, minute_text, without_child
from practice.profile import profile
from practice.retention import Facts, due, not_yet, obstacles, periods_of
from storage import backup, erasure_log, outbox, restore
from storage.desk import erasure, retention, sessions
from storage.engine import make_engine
from storage.ids import new_id
from storage.keys import FLOOR, hkdf
from storage.people import add_person
from storage.vault import open_vault
from storage.views import children, record, today
from storage.views import erasures as view
from tests.conftest import PASSPHRASE, PERSON, add_child, add_concern, on_day
from tests.faults.sizes import say, size
from tests.storage.decrypted import traces
from tests.storage.machines import Clock, hand_over, joined

SECOND = "four words of hers"
WHO = "Quillanova Zebedeeson"
CANARIES = (
    *("Quillanova", "Zebedeeson", "xylograph", "vexilloid", "marrowfield", "quoinpost", "tarnhow", "wimbleton"),
    *("gallimaufry", "pettichap", "sternwheel", "fustigate", "cromlech", "bombazine", "thrapple", "zoetrope"),
    *("mumpsimus", "ortanique", "palimpsest", "vellichor"),
)


@pytest.fixture(scope="module")
def pair_of_people(vault_template, tmp_path_factory) -> Path:
    """The folder of a closed vault that two people open."""
    folder = Path(shutil.copytree(vault_template, tmp_path_factory.mktemp("people") / "vault"))
    with open_vault(folder, passphrase=PASSPHRASE) as opened:
        add_person(opened, "Kim Reed", "deputy", SECOND, FLOOR)
    return folder


@pytest.fixture
def vault(pair_of_people, tmp_path):
    """An open vault of one's own."""
    shutil.copytree(pair_of_people, tmp_path / "vault")
    with open_vault(tmp_path / "vault", passphrase=PASSPHRASE, user=PERSON) as opened:
        yield opened


@pytest.fixture
def second(vault):
    """The same vault, opened by another person."""
    with open_vault(vault.folder, passphrase=SECOND, user="Kim Reed") as opened:
        yield opened


def leaver(vault, **fields) -> str:
    """A child who left long ago, born in 1980, with one decided entry; the child's id."""
    names = {"forename": "Quillanova", "surname": "Zebedeeson"} | fields
    child = add_child(vault, date_of_birth="1980-02-29", **names)
    decided(vault, child, add_concern(vault, child, "A xylograph", childs_words="a vexilloid", day="1990-05-01"))
    vault.record(made.ChildLeft(), child=child)
    return child


def decided(vault, child, entry) -> str:
    vault.record(made.Decided(decision="no_further_action", reason="marrowfield"), child=child, entry=entry)
    return entry


def whole_record(vault) -> str:
    """A leaver of whom something stands in every place where a record can stand; the child's id."""
    child = leaver(vault)
    entry = record.entry_ids(vault, child)[0]
    sees = record.get(vault, entry).version
    say_ = lambda body, **places: vault.record(body, child=child, **places)  # noqa: E731
    say_(made.Amended(sees=sees, text="A xylograph, later a quoinpost", reason="tarnhow"), entry=entry)
    say_(made.Promoted(reason="wimbleton"), entry=entry)
    action = new_id()
    say_(made.ActionAdded(what="gallimaufry", owner=PERSON), entry=action)
    say_(made.ActionDone(follow_up="pettichap", outcome="pettichap", reason="pettichap"), entry=action)
    say_(made.FrontSheetLine(line="l1", section="family", name="sternwheel"))
    say_(made.GlossaryTermSet(name="fustigate", mask="Mother"))
    say_(made.Exported(what="Quillanova's chronology", form="pdf", sha256="0"))
    say_(made.GlassBroken(reason="cromlech", until="2026-01-01T00:00:00.000000Z"))
    say_(made.RecordOpened())
    say_(made.BodyMapDrawn(marks=({"view": "back", "x": 10, "y": 10, "words": "bombazine"},)), entry=entry)
    say_(made.ShareProposed(share="s1", org="org", reason="thrapple"), entry=entry)
    payload = {"share": "s1", "digest": "d", "payload": "zoetrope", "mid": "m1", "rev": 1, "version_seen": sees}
    say_(made.SharePreviewed(**payload), entry=entry)
    with vault.write() as unit:
        row = ("m1", "s1", "org", "c", "entry", "entry", entry, 1, "acknowledged", "", "2026", "2026", 0, "ortanique")
        outbox.add(unit.connection, outbox.Message(*row))
        fields = {"share": "s1", "mid": "m1", "state": "acknowledged"}
        unit.record(made.ShareProgressed(**fields), child=child, entry=entry)
    report = new_id()
    arrived = made.ReportArrived(report=report, child_as_written=WHO, text="mumpsimus", reporter="Jo", digest="x")
    vault.record(arrived, entry=report)
    say_(made.ConcernLogged(text="mumpsimus", occurred=on_day("1991-01-01"), reported_by="Jo"), entry=report)
    say_(made.ReportAccepted(report=report), entry=report)
    decided(vault, child, report)
    vault.record(
        made.SupervisionHeld(held_on="1992-01-01", supervisor="Jo", children=(child,), reflection="palimpsest")
    )
    vault.drafts.seal("amend", {"entry": entry, "text": "vellichor"})
    return child


def erase(first, second, child) -> erasure.Done:
    erasure.propose(first, child, "retention", "Looked through; no reason to keep it")
    return erasure.agree(second, child, children.get(second, child).name)


def words_left(vault) -> dict[str, int]:
    return traces(vault, CANARIES)


# -- the rules ---------------------------------------------------------------------------------------------------------


def test_a_record_falls_due_at_the_latest_of_its_periods():
    given = profile().retention.periods
    born, newest = date(2000, 2, 29), date(2015, 6, 1)
    assert due(given, Facts(born=born, newest=newest)).on == date(2025, 3, 1)
    assert due(given, Facts(newest=newest)).on == date(2040, 6, 1), "without a date of birth from the newest entry"
    assert due(given, Facts()).on is None
    abuse = due(given, Facts(born=born, newest=newest, categories=frozenset({"grooming"})))
    assert (abuse.on, abuse.sentence) == (
        date(2090, 6, 1),
        "Record of child sexual abuse: newest entry Mon 1 Jun 2015 + 75 years",
    )
    own = periods_of(given, 30, None)
    assert due(own, Facts(born=born)).on == date(2030, 3, 1)
    assert not_yet(due(own, Facts(born=born)), date(2030, 3, 1), "retention") == ""
    assert "kept until Fri 1 Mar 2030" in not_yet(due(own, Facts(born=born)), date(2029, 1, 1), "retention")
    assert "nothing tells" in not_yet(due(own, Facts()), date(2099, 1, 1), "retention")
    assert not_yet(due(own, Facts(born=born)), date(2001, 1, 1), "order") == ""


def test_what_is_unfinished_and_what_is_held_stands_in_the_way():
    busy = Facts(on_roll=True, status="child_protection", open_actions=2, undecided=1, transfers=1, shares_waiting=1)
    assert len(obstacles(busy, "retention")) == 6
    assert obstacles(busy, "order") == []
    assert obstacles(Facts(holds=("the police need it",)), "order") == ["A hold is in force: the police need it."]
    assert obstacles(Facts(status="closed_held"), "retention") == []


def test_who_proposed_cannot_agree_and_what_is_gone_cannot_be_kept():
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def act(ident, author, body, minute):
        return Act(
            id=ident, device="d", seq=minute, author=author, kind=body.act_kind, body=body, ordered_at=None,
            captured_at=at, recorded_at=at + timedelta(minutes=minute), child="c", entry=None, event=None,
        )  # fmt: skip

    proposed = act("p", "robin", ErasureProposed(basis="retention", reason="r"), 1)
    own = act("e", "robin", Erased(proposal="p", acts=("a",)), 2)
    other = act("f", "kim", Erased(proposal="p", acts=("b",)), 4)
    ended = act("k", "robin", ErasureEnded(proposal="p", reason="r"), 3)
    assert covered([proposed, own]) == set()
    assert [each.state for each in erasures([proposed, own, ended])] == ["kept"]
    assert covered([proposed, own, ended, other]) == {"b"}, "where it was agreed to, the words are gone"
    assert covered([other]) == set(), "without a proposal nothing goes"


def test_a_minute_loses_the_lines_of_one_child_alone():
    begun = datetime(2026, 1, 1, 9, tzinfo=UTC)
    day = date(2026, 1, 1)
    rows = [
        Reviewed(WHO, date(1980, 1, 1), "monitor_with_review_date", "First.\n\nThen xylograph.", None, day, "Robin"),
        Reviewed(WHO, date(1999, 1, 1), "monitor_with_review_date", "A namesake.", None, day, "Robin"),
        Reviewed("Ada Lee", None, "monitor_with_review_date", "Calm.\n\nStill calm.", None, day, "Robin"),
    ]
    text = minute_text("School", "due", "", begun, "Robin", rows, [WHO, "Ben Ode"])
    kept = without_child(text, [WHO], date(1980, 1, 1))
    assert "xylograph" not in kept
    assert "Still calm." in kept
    assert "A namesake." in kept
    assert kept.count("(a child whose record was erased)") == 2
    assert without_child(text, ["Somebody Else"], None) == text


# -- two people --------------------------------------------------------------------------------------------------------


def test_only_a_second_person_who_types_the_name_erases_and_nothing_unfinished_goes(vault, second):
    child = leaver(vault)
    with pytest.raises(Refused, match="needs its reason"):
        erasure.propose(vault, child, "retention", " ")
    with pytest.raises(Refused, match="holds the child's name"):
        erasure.propose(vault, child, "retention", f"About {WHO.upper()}, long gone")
    open_ = add_concern(vault, child, "Another")
    with pytest.raises(Refused, match="1 concern has no decision"):
        erasure.propose(vault, child, "retention", "Old")
    decided(vault, child, open_)
    held = retention.hold(vault, "police", "Operation Made-up")
    for basis in ("retention", "order"):
        with pytest.raises(Refused, match=r"hold is in force: the police needs? every record"):
            erasure.propose(vault, child, basis, "Old")
    retention.lift(vault, held, "Over")
    erasure.propose(vault, child, "retention", "Old")
    with pytest.raises(Refused, match="proposed already"):
        erasure.propose(second, child, "retention", "Old")
    with pytest.raises(NotAllowed, match="another person"):
        erasure.agree(vault, child, WHO)
    assert [line.words for line in today.today(second, second.clock()).this_week if line.kind == "erasure"] == [
        "Robin Vale proposes to erase the record: Old"
    ]
    with pytest.raises(Refused, match="not the child's"):
        erasure.agree(second, child, "Quillanova")
    retention.hold(vault, "claim", "A letter came", child_id=child)
    with pytest.raises(Refused, match="claim needs this record"):
        erasure.agree(second, child, WHO)
    erasure.keep(second, child, "The claim")
    with pytest.raises(NotFound):
        erasure.agree(second, child, WHO)
    assert record.count(vault, child) == 2
    assert [row.state for row in view.rows(vault)] == ["kept"]
    assert vault.verify(rebuild=True, signatures=True).ok


def test_the_list_holds_what_is_due_with_the_schools_own_years(vault):
    child = leaver(vault)
    add_child(vault, "Ben", "Young", date_of_birth="2015-01-01")
    assert [(row.child.id, row.due.on, row.obstacles) for row in retention.all_due(vault)] == [
        (child, date(2005, 3, 1), ())
    ]
    assert len(retention.all_due(vault, everyone=True)) == 2
    retention.set_periods(vault, 60, 90, "Our own schedule")
    assert retention.all_due(vault) == []
    assert retention.source(vault) == "The school's own: Our own schedule"
    assert [row.child.id for row in retention.all_due(vault, date(2041, 1, 1))] == [child]


# -- nothing is left ---------------------------------------------------------------------------------------------------


def test_after_an_erasure_no_trace_is_left_and_every_check_passes(vault, second, tmp_path):
    other = add_child(vault, "Ada", "Thistlewood")
    kept = add_concern(vault, other, "An ordinary day " * 400)
    child = whole_record(vault)
    for number in range(40):
        add_concern(vault, other, f"An ordinary day {number} " * (1 + number * 7 % 90))
        decided(vault, child, add_concern(vault, child, f"A xylograph {number} " * (1 + number * 11 % 90)))
    moved = add_concern(vault, other, "A xylograph, under the wrong child")
    vault.record(made.EntryMoved(from_child=other, reason="wrong child"), child=child, entry=moved)
    decided(vault, child, moved)
    away = add_concern(vault, child, "An ordinary day, under the wrong child")
    vault.record(made.EntryMoved(from_child=child, reason="wrong child"), child=other, entry=away)
    place = tmp_path / "stick"
    place.mkdir()
    backup.backup(vault, place / "before.dslb")
    found = words_left(vault)
    assert set(found) == set(CANARIES) - {"vellichor"}, "the control: the draft alone lies outside the database"
    assert vault.drafts.get("amend") is not None
    done = erase(vault, second, child)
    assert [copy.place for copy in done.left.copies] == [str(place / "before.dslb")]
    assert done.left.already_with == ("org",)
    left = words_left(vault)
    words = f"{sum(found.values())} before, {sum(left.values())} after"
    say("words of a record in the decrypted database after its erasure", words)
    assert left == {}
    assert vault.drafts.get("amend") is None
    assert vault.verify(rebuild=True, signatures=True).problems == []
    assert children.get(vault, child).name.startswith("Record erased ")
    assert record.entry_ids(vault, child) == []
    assert record.search(vault, "xylograph") == []
    assert {kept, away} <= set(record.entry_ids(vault, other)), "what was moved away belongs to the other child"
    with pytest.raises(ConsoleError):
        record.get(vault, moved)
    assert [row.state for row in view.rows(vault)] == ["erased"]
    assert retention.all_due(vault) == []
    assert (place / erasure_log.name_beside(vault.id)).is_file()
    backup.backup(vault, place / "after.dslb")


def test_a_database_that_forgets_to_clear_pages_is_caught(vault, second, monkeypatch):
    """The control: the same work without secure_delete and without writing the pages anew."""
    child = leaver(vault)
    for number in range(30):
        decided(vault, child, add_concern(vault, child, f"A xylograph {number} " * 200))
    erasure.propose(vault, child, "retention", "Old")
    monkeypatch.setattr(type(second), "compact", lambda self: None)
    with second._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.rollback()
    erasure.agree(second, child, WHO)
    assert words_left(vault).get("xylograph", 0) > 0


def test_the_name_elsewhere_is_said_and_stays_and_a_minute_is_kept_without_it(vault, second):
    child, other = leaver(vault), add_child(vault)
    begun = sessions.begin(vault, "status", queue=[child, other])
    for each, why in ((child, "xylograph"), (other, "ordinary")):
        fields = {"decision": "monitor_with_review_date", "reason": why, "held_on": "2026-01-01", "session": begun.id}
        vault.record(made.ReviewHeld(**fields), child=each)
    sessions.end(vault, begun.id)
    vault.record(made.FrontSheetLine(line="l2", section="family", name=WHO), child=other)
    vault.record(made.SupervisionHeld(held_on="2026-01-01", supervisor="Jo", children=(child, other), agreed=WHO))
    done = erase(vault, second, child)
    assert done.left.named == (("another child's front sheet", 1), ("a note of supervision", 1))
    minute = sessions.sessions.get(vault, begun.id)
    assert "xylograph" not in minute.minute
    assert "ordinary" in minute.minute
    assert (minute.ended_by, minute.open) == (PERSON, False)
    assert vault.verify(rebuild=True, signatures=True).ok


# -- verify ------------------------------------------------------------------------------------------------------------


def test_a_body_that_is_gone_without_an_erasure_or_is_back_after_one_is_reported(vault, second):
    child, other = leaver(vault), add_child(vault)
    with vault.read() as connection:
        row = connection.exec_driver_sql(
            "SELECT b.* FROM bodies b JOIN acts a ON a.id = b.act WHERE a.child = ? LIMIT 1", (child,)
        ).first()
    erase(vault, second, child)
    engine = make_engine(vault.folder / "children.db", hkdf(vault.compartment_key, "database"))
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO bodies VALUES (?, ?, ?)", tuple(row))
    assert any("was erased, and is here" in each.text for each in vault.verify().problems)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM bodies WHERE act = ?", (row[0],))
        connection.exec_driver_sql("DELETE FROM bodies WHERE act IN (SELECT id FROM acts WHERE child = ?)", (other,))
    engine.dispose()
    assert any("is missing" in each.text for each in vault.verify().problems)


# -- other machines ----------------------------------------------------------------------------------------------------


def test_an_erasure_is_carried_out_on_every_machine_and_what_comes_late_waits_for_a_person(vault, second, tmp_path):
    child = leaver(vault)
    clock = Clock(vault.clock())
    with joined(vault, tmp_path, tmp_path / "laptop", "Laptop", clock, user=PERSON) as laptop:
        late = add_concern(laptop, child, "A gallimaufry that nobody who decided had read")
        with joined(vault, tmp_path, tmp_path / "tablet", "Tablet", clock, user=PERSON) as tablet:
            erase(vault, second, child)
            gone = words_left(vault)
            hand_over(vault, laptop, tablet)
            for each in (laptop, tablet):
                assert record.search(each, "xylograph") == []
                assert words_left(each).keys() - {"gallimaufry"} == gone.keys() == set()
                assert each.verify(rebuild=True, signatures=True).ok
            hand_over(laptop, vault, tablet)
            for each in (vault, laptop, tablet):
                assert record.get(each, late).text.startswith("A gallimaufry")
                assert each.verify(rebuild=True, signatures=True).ok
        waiting = [line for line in today.today(vault, vault.clock()).this_week if line.kind == "erasure"]
        assert [line.words for line in waiting] == ["came about erased records afterwards: 1; decide about them"]
        assert [row.came_after for row in retention.all_due(vault)] == [1]
        decided(vault, child, late)
        erase(vault, second, child)
        assert words_left(vault) == {}
        # A machine that joins afterwards is given the lines without their words.
        with joined(vault, tmp_path, tmp_path / "phone", "Phone", clock, user=PERSON) as phone:
            assert words_left(phone) == {}
            assert phone.verify(rebuild=True, signatures=True).ok
        hand_over(vault, laptop)
        assert words_left(laptop) == {}
        assert laptop.verify(rebuild=True, signatures=True).ok


# -- restoring ---------------------------------------------------------------------------------------------------------


def test_an_older_backup_says_what_was_erased_since_and_it_is_erased_again(vault, second, tmp_path):
    child = leaver(vault)
    place = tmp_path / "stick"
    place.mkdir()
    backup.backup(vault, place / "old.dslb")
    erase(vault, second, child)
    report = restore.restore(place / "old.dslb", tmp_path / "back", passphrase=PASSPHRASE, user=PERSON)
    assert report.to_repeat == (WHO,)
    with open_vault(tmp_path / "back", passphrase=PASSPHRASE, user=PERSON) as back:
        assert words_left(back)
        assert [line.words for line in today.today(back, back.clock()).act_today if line.kind == "erasure"]
        assert [each.child for each in erasure.to_repeat(back)] == [WHO]
        assert erasure.repeat(back) > 0
        assert words_left(back) == {}
        assert erasure.to_repeat(back) == []
        assert back.verify(rebuild=True, signatures=True).ok
        assert [row.agreed_by for row in view.rows(back)] == ["Kim Reed"]
        with pytest.raises(Refused, match="no erasure to repeat"):
            erasure.repeat(back)
        assert not [line for line in today.today(back, back.clock()).act_today if line.kind == "erasure"]


def test_who_agreed_may_have_come_after_the_backup_was_made(vault, tmp_path):
    child = leaver(vault)
    backup.backup(vault, tmp_path / "old.dslb")
    add_person(vault, "Lee Marsh", "head", SECOND, FLOOR)
    with open_vault(vault.folder, passphrase=SECOND, user="Lee Marsh") as newcomer:
        erase(vault, newcomer, child)
    restore.restore(tmp_path / "old.dslb", tmp_path / "back", passphrase=PASSPHRASE, user=PERSON)
    with open_vault(tmp_path / "back", passphrase=PASSPHRASE, user=PERSON) as back:
        assert erasure.repeat(back) > 0
        assert words_left(back) == {}
        assert back.verify(rebuild=True, signatures=True).ok


def test_a_list_of_erasures_that_was_changed_or_is_a_strangers_erases_nothing(vault, second, tmp_path):
    child = leaver(vault)
    erase(vault, second, child)
    file = vault.folder / erasure_log.NAME
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[at] ^= 1
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises(Refused, match="damaged, or lists"):
            erasure_log.take(vault, tmp_path / "changed")
    [kept] = erasure_log._read(vault, file).erasures
    forged = erasure_log.Kept(kept.erased, kept.erased)
    with pytest.raises(IntegrityAlarm, match="did not sign"):
        erasure_log.check_signatures(vault, forged)
    erasure_log.check_signatures(vault, kept)


# -- cut short ---------------------------------------------------------------------------------------------------------


STEPS = ["committed", "beside", "emptied", "drafts", "compacted"][: size(3, 5, 5)]


@pytest.mark.parametrize("step", STEPS)
def test_what_was_cut_short_is_finished_at_the_next_unlock(vault, second, monkeypatch, step):
    child = whole_record(vault)
    erasure.propose(vault, child, "retention", "Old")

    def stop(reached):
        if reached == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(erasure, "reached", stop)
    with pytest.raises(KeyboardInterrupt):
        erasure.agree(second, child, WHO)
    monkeypatch.undo()
    with open_vault(vault.folder, passphrase=SECOND, user="Kim Reed") as again:
        assert words_left(again) == {}
        assert again.drafts.get("amend") is None
        assert erasure_log.NAME in {path.name for path in again.folder.iterdir()}
        assert erasure.finish(again)
        assert again.verify(rebuild=True, signatures=True).ok
