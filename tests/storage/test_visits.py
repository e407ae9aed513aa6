"""Visit sets: some children's records on a laptop for some hours, and home again, whatever happens on the way."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from practice.acts import EntryMoved, FrontSheetLine
from practice.errors import ConsoleError, IntegrityAlarm, NotAllowed, Refused, WrongPassphrase
from practice.visits import left_words, length
from storage import keys, locks, migrations, reports
from storage.backup import BEFORE_UPDATE
from storage.desk import access, concerns, triage
from storage.desk.concerns import Other
from storage.ids import new_id
from storage.replication import outgoing
from storage.rotation import rotate
from storage.vault import Vault, open_vault
from storage.views import children, machines, record, visits
from storage.views import reports as waiting_reports
from storage.views.today import today
from storage.visits import checking, ending, returning, sealing
from storage.visits.naming import MASK
from storage.visits.packing import STAGING, pack
from tests.conftest import PASSPHRASE, add_child, add_concern, on_day
from tests.storage.machines import hand_over, joined

CANARY = "Quintrell"
"""The surname of a child who is not chosen: it stands nowhere on the laptop."""
FIRST = "Zebedee"
START = datetime(2026, 11, 16, 9, tzinfo=UTC)


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@pytest.fixture(autouse=True)
def _one_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every set one salt, so that its passphrase is derived once for all of these tests."""
    real = keys.secrets
    fixed = SimpleNamespace(
        token_bytes=lambda size: bytes(size) if size == keys.SALT_SIZE else real.token_bytes(size),
        compare_digest=real.compare_digest,
        choice=real.choice,
    )
    monkeypatch.setattr(keys, "secrets", fixed)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def school(vault_folder: Path, hands: Hands):
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=hands) as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    return place


def out(folder: Path, hands, passphrase: str = PASSPHRASE) -> Vault:
    """The laptop's program on a set."""
    return open_vault(folder, passphrase=passphrase, clock=hands)


def texts(vault: Vault, child: str) -> list[str]:
    return [row.text for row in record.chronology(vault, child)]


def everything(folder: Path, hands) -> str:
    """All that lies on the laptop: every file's name and bytes, and every row of the opened database."""
    said = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    said += [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    with out(folder, hands) as laptop, laptop.read() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        for table in tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                said += [each.decode("latin-1") if isinstance(each, bytes) else str(each) for each in row]
    return "\n".join(said).casefold()


# -- what travels ------------------------------------------------------------------------------------------------------


def test_nothing_of_a_child_who_was_not_chosen_is_on_the_laptop(school, stick, hands):
    chosen = add_child(school, "Ada", "Thistlewood")
    other = add_child(school, FIRST, CANARY, upn="B999200023218", former_names=("Zeb Oldname",))
    sibling = add_child(school, "Marmaduke", "Thistlewood")
    whole = add_concern(school, chosen, f"{FIRST} {CANARY} pushed her. {FIRST.upper()}'s brother saw. Marmaduke cried.")
    named = {"text": "In the playground", "occurred": on_day("2026-11-16"), "childs_words": f"he is {CANARY.lower()}"}
    concerns.log_concern(school, named, child_id=chosen, also=[Other(other, "harmed", text="only about him: plum")])
    add_concern(school, other, "a secret about the canary: damson")
    wrong = add_concern(school, other, "this was Ada all along")
    school.record(EntryMoved(from_child=other, reason=f"not {FIRST}"), child=chosen, entry=wrong)
    away = add_concern(school, chosen, "this was never Ada: medlar")
    school.record(EntryMoved(from_child=chosen, reason="wrong child"), child=other, entry=away)
    for section, name, child in (
        ("connected_child", "Zebby", other),
        ("sibling", "Zeb", other),
        ("family", f"{FIRST} {CANARY}, cousin", ""),
    ):
        line = FrontSheetLine(line=new_id(), section=section, name=name, child=child, contact="01632 960777")
        school.record(line, child=chosen)
    made = pack(school, [chosen], 4, stick, PASSPHRASE)
    said = everything(made.folder, hands)
    for word in (FIRST, CANARY, "Oldname", "B999200023218", "Marmaduke", "Zebby", "damson", "plum", "medlar", other):
        assert word.casefold() not in said, word
    assert sibling not in said
    for word in ("thistlewood", "this was ada all along", "in the playground", "pushed her"):
        assert word in said
    assert made.masked >= 1
    with out(made.folder, hands) as laptop:
        assert [row.id for row in children.all_children(laptop, include_left=True)] == [chosen]
        assert len(texts(laptop, chosen)) == 3
        assert laptop.verify(rebuild=True, signatures=True).problems == []
        with pytest.raises(Refused, match="amended at school"):
            concerns.amend(laptop, whole, "clearer", "to be clear")
        with pytest.raises(Refused, match="not in this visit set"):
            add_concern(laptop, other, "about somebody else")
    assert not (made.folder / "adults.db").exists()


def test_a_name_is_masked_however_it_is_written():
    from storage.visits.naming import Names

    names = Names()
    names.add("1", "Zoë O'Brien-Lee")
    names.add("1", "Zoë")
    assert names.mask("ZOE O’BRIEN LEE and zoë's bag, not Zoey") == f"{MASK} and {MASK}'s bag, not Zoey"
    assert names.mask("a Zo\u00adë\u200b and zo\u200be's") == f"a {MASK}\u200b and {MASK}'s"
    names.drop("Zoë")
    assert names.mask("Zoë") == "Zoë"


def test_what_does_not_belong_to_a_visit_is_refused_there(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        with pytest.raises(Refused, match="until you are back"):
            add_child(laptop, "New", "Child")
        with pytest.raises(Refused, match="packed at school"):
            pack(laptop, [child], 1, stick, PASSPHRASE)
        with pytest.raises(Refused, match="returned at school"):
            returning.take(laptop, made.folder)
    for hours in (0, 0.1, 73, -1):
        with pytest.raises(Refused, match="72 hours"):
            length(hours)
    with pytest.raises(Refused, match="a child at least"):
        pack(school, [], 4, stick, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        pack(school, [child], 4, stick, "not the passphrase at all")
    assert len(list(stick.iterdir())) == 1
    assert left_words(START + timedelta(hours=3, minutes=5), START) == "3 h 05 min"
    assert left_words(START, START) == "ended"


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_visit_goes_out_and_comes_home(school, stick, hands, monkeypatch):
    child = add_child(school)
    before = add_concern(school, child, "before the visit")
    made = pack(school, [child], 4, stick, PASSPHRASE, purpose="home visit")
    (line,) = [each for each in today(school, hands()).later if each.kind == "visit"]
    (taken,) = [row for row in access.trail(school, child_id=child) if row.kind == "exported"]
    assert taken.detail.startswith("visit set")
    assert "1 visit set is out until" in line.words
    with out(made.folder, hands) as laptop:
        assert texts(laptop, child) == ["before the visit"]
        concerns.amend(laptop, before, "before the visit, clearer", "clearer")
        said = add_concern(laptop, child, "on the visit")
        concerns.decide(laptop, said, "monitor_with_review_date", "to watch", due=None)
        concerns.amend(school, before, "changed at school meanwhile", "at the desk")
        laptop.drafts.seal("log-new", {"text": "half a thought"})
        reports.leave(made.folder, {"child_as_written": "Another", "text": "seen there", "reporter": "A. Host"})
        monkeypatch.setattr(locks, "_WAIT_SECONDS", 0.05)
        with pytest.raises(Refused, match="open in a console"):
            returning.take(school, made.folder)
    rotate(school, "while the set is out")
    copy = shutil.copytree(made.folder, stick / "copy")
    done = returning.take(school, made.folder)
    assert (done.removed, done.held, done.missing, done.refused) == (True, 0, 0, {})
    assert not made.folder.exists()
    assert done.taken >= 4
    assert done.reports == 1
    assert done.drafts == 1
    assert "on the visit" in texts(school, child)
    assert record.get(school, before).conflict  # both amendments stand until a person chooses
    assert school.drafts.get("log-new").fields == {"text": "half a thought"}
    assert len(triage.take_in(school).new) == 1
    (row,) = visits.visits(school)
    assert (row.state, row.children) == ("returned", ("Ada Thistlewood",))
    assert school.verify(rebuild=True, signatures=True).problems == []
    head = school.anchored().seq
    school.drafts.seal("log-new", {"text": "something else by now"})
    again = returning.take(school, copy)  # a copy of the set, key and all
    assert (again.taken, again.held, again.removed) == (0, 0, True)
    assert not copy.exists()
    assert len(visits.visits(school)) == 1
    assert school.anchored().seq == head
    assert not list(checking.spool(school).iterdir())
    assert school.drafts.get("log-new").fields["text"] == "something else by now"
    triage.take_in(school)
    said = [row.text for row in waiting_reports.reports(school, states=["waiting"])]
    assert "half a thought" in said


def test_a_newer_program_on_the_laptop_leaves_no_copy_of_the_set_behind(school, stick, hands, monkeypatch):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE, purpose="home visit")
    with monkeypatch.context() as later:
        step = ("a_table_more", lambda connection: connection.exec_driver_sql("CREATE TABLE made_up (a TEXT) STRICT"))
        later.setattr(migrations, "STEPS", [*migrations.STEPS, step])
        with out(made.folder, hands) as laptop:
            add_concern(laptop, child, "written after the update")
    assert not (made.folder / BEFORE_UPDATE).exists()
    (made.folder / BEFORE_UPDATE).mkdir()  # as an earlier program left it
    (made.folder / BEFORE_UPDATE / "a.dslb").write_bytes(b"x")
    assert returning.take(school, made.folder).removed
    assert not made.folder.exists()
    assert texts(school, child) == ["written after the update"]


def test_what_was_recorded_comes_home_in_two_parts_in_either_order(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        for number in range(4):
            add_concern(laptop, child, f"part {number}")
    files = sorted((made.folder / ending.SEALED).glob("*.dslv"))
    assert len(files) == 5
    second = returning.take(school, files[3])
    assert (second.taken, second.missing) == (0, 1)
    assert texts(school, child) == []
    for path in (files[4], files[0], files[2]):
        returning.take(school, path)
    assert texts(school, child) == []  # the first concern has not come, so nothing after it stands
    last = returning.take(school, files[1])
    assert (last.missing, last.held) == (0, 0)
    assert texts(school, child) == [f"part {number}" for number in range(4)]
    assert visits.visits(school)[0].state == "out"  # the set itself is still there
    assert returning.take(school, made.folder).removed
    assert visits.visits(school)[0].state == "returned"


# -- the end -----------------------------------------------------------------------------------------------------------


def test_after_its_end_a_set_does_not_open_and_what_was_logged_comes_home(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 2, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "in time")
        hands.at = made.until - timedelta(seconds=1)
        add_concern(laptop, child, "just in time")
        hands.at = made.until
        with pytest.raises(Refused, match="has ended"):
            texts(laptop, child)
        with pytest.raises(Refused, match="has ended"):
            add_concern(laptop, child, "too late")
        laptop.drafts.seal("log-late", {"text": "what was on screen"})
    assert (made.folder / "header.json").exists()
    with pytest.raises(Refused, match="key is destroyed"):
        out(made.folder, hands)
    left = sorted(path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file())
    sealed = ["00000001.dslv", "00000002.dslv", "00000003.dslv", "home.letter", "log-late.draft"]
    assert left == [*(f"sealed/{name}" for name in sealed), "visit.json"]
    hands.at = START  # turning the clock back brings no key back
    with pytest.raises(Refused, match="key is destroyed"):
        out(made.folder, hands)
    hands.at = made.until + timedelta(days=2)
    (line,) = [each for each in today(school, hands()).act_today if each.kind == "visit"]
    assert "due back" in line.words
    done = returning.take(school, made.folder)
    assert done.removed
    assert texts(school, child) == ["in time", "just in time"]
    assert school.drafts.get("log-late") is not None


def test_turning_the_clock_back_wins_nothing(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 2, stick, PASSPHRASE)
    ran = [0.0]
    with out(made.folder, hands) as laptop:
        laptop.visit._running = lambda: ran[0]
        laptop.visit._since = 0.0
        hands.at = START + timedelta(minutes=110)
        add_concern(laptop, child, "late in the visit")
        hands.at = START
    with out(made.folder, hands) as laptop:
        assert laptop.visit.clock_back
        assert laptop.visit.terms.ends - laptop.visit.now() <= timedelta(minutes=10)
        laptop.visit._running = lambda: ran[0]
        laptop.visit._since = 0.0
        ran[0] = 5 * 60
        laptop.keep_time()  # what the machine's own running clock counted stays counted
    with out(made.folder, hands) as laptop:
        assert laptop.visit.terms.ends - laptop.visit.now() <= timedelta(minutes=5)
        laptop.visit._running = lambda: ran[0]
        laptop.visit._since = 0.0
        with pytest.raises(Refused, match="has ended"):
            texts(laptop, child)


@pytest.mark.parametrize("field", ["until", "inbox", "device"])
def test_the_terms_cannot_be_changed_without_the_key(school, stick, hands, field):
    made = pack(school, [add_child(school)], 2, stick, PASSPHRASE)
    path = made.folder / "header.json"
    content = json.loads(path.read_text())
    said = json.loads(content["public"]["visit"])
    said[field] = {"until": "2027-11-16T09:00:00.000000Z", "inbox": said["origin_key"], "device": new_id()}[field]
    content["public"]["visit"] = json.dumps(said, sort_keys=True)
    import hashlib

    from storage.header import _canonical

    content.pop("sha256")
    content["sha256"] = hashlib.sha256(_canonical(content)).hexdigest()
    path.write_text(json.dumps(content))
    with pytest.raises(IntegrityAlarm):
        out(made.folder, hands)


def test_ten_wrong_passphrases_and_the_set_waits(school, stick, hands):
    made = pack(school, [add_child(school)], 2, stick, PASSPHRASE)
    for _ in range(10):
        with pytest.raises(WrongPassphrase):
            out(made.folder, hands, "not the passphrase at all")
    with pytest.raises(NotAllowed, match="Too many"):
        out(made.folder, hands)


# -- lost --------------------------------------------------------------------------------------------------------------


def test_what_comes_back_from_a_lost_set_waits_for_a_person(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "whoever wrote this")
    copy = Path(shutil.copytree(made.folder, stick / "copy"))
    returning.lose(school, visits.short(made.id), "left on the bus")
    with pytest.raises(Refused, match="already"):
        returning.lose(school, visits.short(made.id), "again")
    done = returning.take(school, made.folder)
    assert (done.taken, done.held, done.removed) == (0, 2, True)
    assert texts(school, child) == []
    assert any(each.kind == "visit" and "wait" in each.words for each in today(school, hands()).act_today)
    (row,) = visits.visits(school)
    why, waits = returning.held(school, row)
    assert why == checking.LOST_WORDS
    assert [each.text for each in waits][-1] == "whoever wrote this"
    assert returning.settle(school, row.id, accept=False, reason="not ours").taken == 0
    assert texts(school, child) == []
    assert returning.take(school, copy).held == 2
    taken = returning.settle(school, row.id, accept=True, reason="it was ours after all")
    assert taken.taken == 2
    assert texts(school, child) == ["whoever wrote this"]
    assert visits.visits(school)[0].state == "lost"
    assert school.verify(rebuild=True, signatures=True).ok


def test_acts_from_after_the_end_or_about_another_child_wait_for_a_person(school, stick, hands):
    child, other = add_child(school), add_child(school, FIRST, CANARY)
    theirs = add_concern(school, other, "as it was")
    made = pack(school, [child], 2, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "honest")
        laptop.visit.children = frozenset({child, other})  # a program that was changed
        concerns_amended(laptop, theirs, child)
    done = returning.take(school, made.folder)
    assert (done.taken, done.held, done.why) == (2, 1, checking.STRANGE_WORDS)
    assert texts(school, child) == ["honest"]
    assert texts(school, other) == ["as it was"]
    late = pack(school, [child], 2, stick, PASSPHRASE)
    with out(late.folder, hands) as laptop:
        laptop.visit.check = lambda: None
        hands.at = late.until + timedelta(hours=1)
        add_concern(laptop, child, "after the end")
    held = returning.take(school, late.folder)
    assert (held.taken, held.held, held.why) == (1, 1, checking.LATE_WORDS)


def concerns_amended(laptop: Vault, entry: str, child: str) -> None:
    from practice.acts import Amended

    laptop.record(Amended(sees="x", text="not as it was", reason="r"), child=child, entry=entry)


def test_a_set_that_was_copied_to_two_laptops_is_noticed(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    copy = Path(shutil.copytree(made.folder, stick / "copy"))
    for folder, words in ((made.folder, "on one"), (copy, "on the other")):
        with out(folder, hands) as laptop:
            add_concern(laptop, child, words)
    returning.take(school, made.folder)
    second = returning.take(school, copy)
    assert (second.taken, second.held, second.why) == (0, 1, checking.FORK_WORDS)
    (row,) = visits.visits(school)
    assert [each.text for each in returning.held(school, row)[1]] == ["on the other"]
    with pytest.raises(Refused, match="borne by two"):
        returning.settle(school, row.id, accept=True, reason="r")
    returning.settle(school, row.id, accept=False, reason="written down by hand")
    assert texts(school, child) == ["on one"]
    assert not list(checking.spool(school).iterdir())


def test_nobody_else_signs_for_a_visit(school, stick, hands, tmp_path):
    """An act in the laptop's chain counts by the set's own key alone, and that key counts in no other chain."""
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    other = pack(school, [child], 4, tmp_path, PASSPHRASE)
    with out(other.folder, hands) as laptop:
        add_concern(laptop, child, "signed by the other set")
        stolen = laptop.author.signing
    with out(made.folder, hands) as laptop:
        laptop.author = type(laptop.author)(laptop.person.id, laptop.device, stolen, laptop.author.audit_key)
        add_concern(laptop, child, "not by its own key")
    done = returning.take(school, made.folder)
    assert "not by its own key" not in texts(school, child)
    assert done.taken == 1


# -- faults ------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process was killed here."""


@pytest.mark.parametrize("step", ["_make", "_fill", "_copy_out", "_say_out", "header"])
def test_packing_cut_short_anywhere_leaves_nothing_that_opens(school, stick, hands, monkeypatch, step):
    from storage import header
    from storage.visits import packing

    child = add_child(school)

    def dies(*_args: object, **_named: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "header":
            patch.setattr(header.Header, "write", dies)
        else:
            patch.setattr(packing, step, dies)
        patch.setattr(packing.shutil, "rmtree", lambda *_a, **_n: None)  # a killed process tidies nothing up
        with pytest.raises(Killed):
            pack(school, [child], 4, stick, PASSPHRASE)
    assert not list(stick.rglob("header.json"))
    assert not list((school.folder / STAGING).rglob("header.json"))
    assert [row.state for row in visits.visits(school)] == (["out"] if step == "header" else [])
    made = pack(school, [child], 4, stick, PASSPHRASE)
    assert not (school.folder / STAGING).exists()
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "after all")
    assert returning.take(school, made.folder).removed
    assert texts(school, child) == ["after all"]
    for row in visits.visits(school, state="out"):
        returning.lose(school, row.id, "was never written")


@pytest.mark.parametrize("when", ["before", "after"])
def test_recording_cut_short_is_whole_or_not_at_all(school, stick, hands, monkeypatch, when):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    laptop = out(made.folder, hands)
    add_concern(laptop, child, "first")

    def dies(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if when == "before":  # sealed, and then the transaction never came to its end
            real = sealing.Sealer.before_commit
            patch.setattr(sealing.Sealer, "before_commit", lambda self, c: (real(self, c), dies()))
        else:  # committed, and the sealed file never got its name
            patch.setattr(sealing.Sealer, "after_commit", dies)
        with pytest.raises(Killed):
            add_concern(laptop, child, "second")
    laptop.close()
    assert list((made.folder / ending.SEALED).glob("*.pending"))
    copy = Path(shutil.copytree(made.folder, stick / "copy"))
    with out(made.folder, hands) as laptop:
        expected = ["first"] if when == "before" else ["first", "second"]
        assert texts(laptop, child) == expected
        add_concern(laptop, child, "third")
    assert not list((made.folder / ending.SEALED).glob("*.pending"))
    returning.take(school, made.folder)
    assert texts(school, child) == [*expected, "third"]
    held = returning.take(school, copy)  # the other copy, as it lay there when the laptop died
    assert held.taken == 0


@pytest.mark.parametrize("step", ["_bring", "take_waiting", "close", "destroy_key", "remove"])
def test_a_return_cut_short_anywhere_is_done_again(school, stick, hands, monkeypatch, step):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        for number in range(3):
            add_concern(laptop, child, f"note {number}")
    place = ending if step in ("destroy_key", "remove") else returning
    real, calls = getattr(place, step), []

    def dies(*args: object, **named: object) -> object:
        calls.append(1)
        if step == "_bring" and len(calls) < 3:
            return real(*args, **named)
        if step == "destroy_key":
            (made.folder / "header.json").unlink()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, step, dies)
        with pytest.raises(Killed):
            returning.take(school, made.folder)
    done = returning.take(school, made.folder)
    assert done.removed
    assert (done.held, done.missing) == (0, 0)
    assert not made.folder.exists()
    assert texts(school, child) == ["note 0", "note 1", "note 2"]
    assert [row.state for row in visits.visits(school)] == ["returned"]
    assert school.verify(rebuild=True).ok


def test_a_full_disk_records_nothing_that_is_not_sealed(school, stick, hands, monkeypatch):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:

        def full(*_args: object) -> None:
            raise OSError(28, "full")

        with monkeypatch.context() as patch:
            patch.setattr(sealing, "write_atomic", full)
            with pytest.raises(Refused, match="could not be sealed"):
                add_concern(laptop, child, "lost?")
        assert texts(laptop, child) == []
        add_concern(laptop, child, "kept")
    returning.take(school, made.folder)
    assert texts(school, child) == ["kept"]


def test_hostile_files_are_refused_and_the_set_is_kept(school, stick, hands):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    with out(made.folder, hands) as laptop:
        add_concern(laptop, child, "whole")
    path = made.folder / ending.SEALED / "00000002.dslv"
    whole = path.read_bytes()
    for bad in (b"", b"x" * 50, whole[:200], whole[:-1], whole[:-3] + b"abc", sealing.MAGIC + b"\xff" * 40):
        path.write_bytes(bad)
        done = returning.take(school, made.folder)
        assert not done.removed
        assert list(done.refused) == ["00000002.dslv"]
    path.write_bytes(whole)
    precious = stick / "precious"
    precious.write_text("somebody's own file")
    (made.folder / "header.json").unlink()
    (made.folder / "header.json").symlink_to(precious)
    (made.folder / ending.SEALED / "00000009.dslv").symlink_to(precious)
    assert returning.take(school, made.folder).removed
    assert texts(school, child) == ["whole"]
    assert precious.read_text() == "somebody's own file"


# -- from the stick to the laptop --------------------------------------------------------------------------------------


def test_a_set_moves_to_the_laptop_and_home_by_the_stick(school, stick, hands, tmp_path, monkeypatch):
    child = add_child(school)
    made = pack(school, [child], 4, stick, PASSPHRASE)
    laptop_folder = tmp_path / "laptop"

    def dies(_folder: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ending, "remove", dies)
        with pytest.raises(Killed):
            ending.begin(made.folder, laptop_folder)
    ending.begin(made.folder, laptop_folder)  # done again, it finishes
    assert not made.folder.exists()
    with out(laptop_folder, hands) as laptop:
        add_concern(laptop, child, "at the house")
    with pytest.raises(ConsoleError):
        ending.begin(laptop_folder, school.folder)
    home = ending.end(laptop_folder, stick)
    assert not laptop_folder.exists()
    assert not (home / "header.json").exists()
    assert returning.take(school, home).removed
    assert texts(school, child) == ["at the house"]
    assert not list(stick.iterdir())


# -- several machines --------------------------------------------------------------------------------------------------


def test_a_visit_is_packed_at_one_machine_and_returned_at_another(school, stick, hands, tmp_path):
    child = add_child(school)
    with joined(school, tmp_path, tmp_path / "desk", "Desk", hands, PASSPHRASE) as desk:
        made = pack(school, [child], 4, stick, PASSPHRASE)
        with out(made.folder, hands) as laptop:
            hands.at -= timedelta(days=3)  # the laptop's clock is wrong by days
            add_concern(laptop, child, "at the house")
            hands.at += timedelta(days=3)
        early = returning.take(desk, made.folder)
        assert early.unknown
        assert not early.removed
        hand_over(school, desk)
        copy = Path(shutil.copytree(made.folder, stick / "copy"))
        assert returning.take(desk, made.folder).removed
        assert texts(desk, child) == ["at the house"]
        assert returning.take(school, copy).taken >= 2  # returned at both, before either has heard of the other
        for _ in range(2):
            hand_over(desk, school)
            hand_over(school, desk)
        for machine in (school, desk):
            assert texts(machine, child) == ["at the house"]
            assert machine.verify(rebuild=True, signatures=True).problems == []
            assert [row.state for row in visits.visits(machine)] == ["returned"]
        device = visits.visits(school)[0].device
        with school.read() as connection:
            (other,) = [row for row in machines.in_ledger(connection) if row.name == "Desk"]
            assert all(part[0] != device for part in outgoing.missing(connection, [other]))
            heard = machines.heard(connection, other.device)
        assert device not in heard.heads  # a closed visit is not named again at every exchange
