"""Sealed reports: left without a key, read by nobody but the vault, taken in once, matched by a person (R-39)."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import UTC, datetime

import pytest

from practice.errors import IntegrityAlarm, NotAllowed, NotFound, Refused
from storage import migrations, people, reports, rotation
from storage.desk import triage
from storage.desk.school import set_phones
from storage.drafts import inbox_info
from storage.header import read_header
from storage.ids import new_id
from storage.keys import FLOOR
from storage.sealed import seal
from storage.vault import open_vault
from storage.views import children, record
from storage.views import reports as views
from storage.views.today import today
from tests.conftest import PASSPHRASE, add_child
from tests.faults.processes import start

HOSTILE = "She said [he hit me] [Yr 9] [red]x[/red]"
FIELDS = {
    "child_as_written": "Ada T from 5B",
    "text": HOSTILE,
    "childs_words": "‘He hit me’ — Zoë",
    "happened": "yesterday 14:30",
    "reporter": "Jo Penhallow",
    "reporter_role": "lunchtime supervisor",
    "told_dsl": True,
}
WRITTEN = datetime(2026, 11, 19, 15, 5, tzinfo=UTC)


def files(vault_folder):
    return sorted(path for path in reports.spool(vault_folder).iterdir())


def test_a_report_is_left_while_the_vault_is_locked_and_is_whole_after_unlock(vault_folder, passphrase):
    left = reports.leave(vault_folder, FIELDS, clock=lambda: WRITTEN)
    assert [path.name for path in files(vault_folder)] == [left.id + ".report"]
    assert "Nobody has read it yet: tell the DSL in person now" in left.words
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        assert triage.take_in(vault).new == [left.id]
        row = views.report(vault, left.id)
        assert {name: getattr(row, name) for name in FIELDS} == FIELDS
        assert (row.state, row.form, row.written_at) == ("waiting", "report", WRITTEN)
        assert files(vault_folder) == []
        assert triage.take_in(vault).new == []
        assert vault.verify(rebuild=True, signatures=True).problems == []


def test_the_spool_holds_no_word_of_it(vault_folder):
    reports.leave(vault_folder, FIELDS)
    (path,) = files(vault_folder)
    stored = path.read_bytes()
    for text in ("Ada T", "hit me", "Zoë", "Penhallow", "supervisor", "yesterday", "child_as_written"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert text.encode(encoding) not in stored
    assert re.fullmatch(r"[0-9a-f-]{36}\.report", path.name)
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


def test_reports_of_different_length_are_of_one_size(vault_folder):
    reports.leave(vault_folder, FIELDS | {"text": "a"})
    reports.leave(vault_folder, FIELDS | {"text": "a" * 300})
    assert len({path.stat().st_size for path in files(vault_folder)}) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"child_as_written": " "}, "Which child"),
        ({"text": " \n", "childs_words": ""}, "nothing written"),
        ({"reporter": ""}, "Who are you"),
        ({"text": "x" * (64 * 1024 + 1)}, "a note holds"),
        ({"reporter": "x" * 401}, "reporter cannot be recorded: it may have 400 characters at most"),
        ({"told_dsl": "perhaps"}, "told dsl"),
        ({"unheard_of": "x"}, "unheard of"),
    ],
)
def test_what_is_no_report_is_refused_and_nothing_is_stored(vault_folder, change, said):
    with pytest.raises(Refused, match=said):
        reports.leave(vault_folder, FIELDS | change)
    assert files(vault_folder) == []


def test_the_longest_report_is_taken_whole(vault):
    longest = {"text": "é" * 32768, "childs_words": "\x01" * 1000 + "[x]" * 20000}
    left = reports.leave(vault.folder, FIELDS | longest)
    triage.take_in(vault)
    row = views.report(vault, left.id)
    assert (row.text, row.childs_words) == (longest["text"], longest["childs_words"])


def test_of_an_adult_and_of_the_headteacher_nothing_is_stored(vault):
    set_phones(vault, lado="01632 960777", chair_of_governors="01632 960778")
    with pytest.raises(Refused) as adult:
        reports.leave(vault.folder, FIELDS, about="adult")
    assert "headteacher in person now" in adult.value.hint
    with pytest.raises(Refused) as head:
        reports.leave(vault.folder, FIELDS, about="headteacher")
    assert "01632 960778" in head.value.hint
    assert "01632 960777" in head.value.hint
    for error in (adult.value, head.value):
        assert "Nothing was stored." in error.message
    assert files(vault.folder) == []


def test_a_changed_number_in_the_header_is_an_alarm_at_unlock(vault_folder, passphrase):
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        set_phones(vault, lado="01632 960777")
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        assert vault.alarm is None
        assert vault.school.phones.lado == "01632 960777"
        assert vault.school.phones.front_door == "01632 960001"
        assert vault.school.code == "100000"
        vault.check_header()
    header = read_header(vault_folder)
    header.public["lado"] = "01632 000000"
    header.write(vault_folder, {})
    assert reports.card_of(vault_folder).phones["lado"] == "01632 000000", "the file itself is whole"
    with pytest.raises(IntegrityAlarm):
        open_vault(vault_folder, passphrase=passphrase)


# -- taking in ---------------------------------------------------------------------------------------------------------


def test_the_same_file_twice_is_one_report(vault):
    left = reports.leave(vault.folder, FIELDS)
    (path,) = files(vault.folder)
    kept = path.read_bytes()
    path.with_name("copy of it.report").write_bytes(kept)
    assert triage.take_in(vault).new == [left.id]
    assert files(vault.folder) == []
    path.write_bytes(kept)
    assert triage.take_in(vault).new == []
    assert files(vault.folder) == []
    assert len(views.reports(vault)) == 1


def resealed(vault, content) -> bytes:
    """What anybody with the public key may make."""
    stored = content if isinstance(content, bytes) else json.dumps(content).encode()
    return seal(stored, reports.card_of(vault.folder).inbox, inbox_info(vault.id, "children"))


def content_of(report_id: str, **fields) -> dict:
    said = {"child_as_written": "Ada", "text": "x", "reporter": "Jo"} | fields
    moment = "2026-11-19T15:05:00.000000Z"
    return {"v": 1, "kind": "report", "id": report_id, "form": "report", "captured_at": moment, "fields": said}


def test_nobody_pushes_a_report_aside_by_taking_its_id(vault, logged):
    left = reports.leave(vault.folder, FIELDS)
    folder = reports.spool(vault.folder)
    (folder / "0.report").write_bytes(resealed(vault, content_of(left.id, text="forged")))
    entry = logged("an entry of the record")
    (folder / "1.report").write_bytes(resealed(vault, content_of(entry, text="forged too")))
    new = triage.take_in(vault).new
    assert len(set(new)) == 3
    assert entry not in new
    assert {row.text for row in views.reports(vault)} == {HOSTILE, "forged", "forged too"}
    assert record.get(vault, entry).text == "an entry of the record"


HOSTILE_CONTENTS = {
    "no json": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "a list": [1, 2],
    "a draft": {"name": "log", "saved_at": "2026-11-19T15:05:00Z", "fields": {}},
    "another version": content_of(new_id()) | {"v": 2},
    "no time": content_of(new_id()) | {"captured_at": "2026-11-19T15:05:00"},
    "a time that cannot be": content_of(new_id()) | {"captured_at": "0001-01-01T00:00:00+00:00"},
    "a form that is none": content_of(new_id()) | {"form": "act"},
    "an author": content_of(new_id(), author="the head"),
    "a digest of its own": content_of(new_id()) | {"fields": {"text": 7}},
    "too long": content_of(new_id(), child_as_written="x" * 401),
}


@pytest.mark.parametrize("name", HOSTILE_CONTENTS)
def test_what_is_no_report_stays_where_it_is_and_hides_no_other(vault, name):
    path = reports.spool(vault.folder) / (new_id() + ".report")
    path.write_bytes(resealed(vault, HOSTILE_CONTENTS[name]))
    left = reports.leave(vault.folder, FIELDS)
    taken = triage.take_in(vault)
    assert taken.new == [left.id]
    assert [each.path for each in taken.left] == [path]
    assert path.exists()


def test_every_flipped_byte_keeps_a_report_out_and_is_said(vault):
    left = reports.leave(vault.folder, FIELDS | {"text": "x", "childs_words": ""})
    (path,) = files(vault.folder)
    whole = path.read_bytes()
    path.unlink()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        path.with_name(f"{place}.report").write_bytes(flipped)
    taken = triage.take_in(vault)
    assert taken.new == []
    assert len(taken.left) == len(files(vault.folder)) == len(whole)
    assert triage.left_behind(vault) == taken.left
    said = [line for line in today(vault, vault.clock()).act_today if line.kind == "damaged"]
    assert said
    assert f"{len(whole)} files" in said[0].words
    for each in files(vault.folder):
        each.unlink()
    path.write_bytes(whole)
    taken = triage.take_in(vault)
    assert (taken.new, taken.left) == ([left.id], [])


def test_links_folders_and_other_files_are_left_alone(vault, tmp_path):
    folder = reports.spool(vault.folder)
    (folder / "notes.txt").write_bytes(b"x")
    (folder / ".half.report").write_bytes(b"x")
    (folder / "folder.report").mkdir()
    if os.name == "posix":
        (folder / "link.report").symlink_to(vault.folder / "header.json")
        os.mkfifo(folder / "pipe.report")
    taken = triage.take_in(vault)
    assert (taken.new, taken.left) == ([], [])
    assert (folder / "notes.txt").exists()


def test_a_shared_folder_is_collected_and_one_that_is_away_is_no_fault(vault, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    card = reports.write_card(vault.folder, tmp_path / "card")
    left = reports.seal_to_folder(reports.read_card(tmp_path / "card"), shared, FIELDS)
    (path,) = shared.iterdir()
    if os.name == "posix":
        assert path.stat().st_mode & 0o044, "another account collects it"
    assert triage.take_in(vault, tmp_path / "away", shared).new == [left.id]
    assert list(shared.iterdir()) == []
    assert card == reports.card_of(vault.folder)


def test_a_rotation_takes_the_spool_in_first_and_what_comes_late_is_read_with_the_key_of_before(vault, monkeypatch):
    card = reports.card_of(vault.folder)
    left = reports.leave(vault.folder, FIELDS)
    waiting: list[int] = []
    monkeypatch.setattr(rotation, "reached", lambda _step: waiting.append(len(files(vault.folder))))
    rotation.rotate(vault, "a test")
    assert waiting
    assert set(waiting) == {0}, "nothing waits for a key that is being replaced"
    assert [row.id for row in views.reports(vault)] == [left.id]
    late = reports.seal_to_folder(card, reports.spool(vault.folder), FIELDS)
    later = reports.leave(vault.folder, FIELDS)
    assert card.inbox != reports.card_of(vault.folder).inbox
    assert set(triage.take_in(vault).new) == {late.id, later.id}


def test_somebody_who_may_only_read_takes_nothing_in_and_reads_none(vault_folder, passphrase):
    theirs = "seven green bottles on walls"
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        people.add_person(vault, "Priya Natarajan", "read_only", theirs, FLOOR)
    left = reports.leave(vault_folder, FIELDS)
    with open_vault(vault_folder, passphrase=theirs, user="Priya Natarajan") as vault:
        assert triage.take_in(vault).new == []
    with open_vault(vault_folder, passphrase=passphrase, user="Robin Vale") as vault:
        assert triage.take_in(vault).new == [left.id]
    with open_vault(vault_folder, passphrase=theirs, user="Priya Natarajan") as vault:
        assert today(vault, vault.clock()).act_today == []
        for read in (views.reports, lambda vault: views.report(vault, left.id)):
            with pytest.raises(NotAllowed):
                read(vault)


def test_a_file_that_comes_back_after_the_act_is_no_second_report(vault, monkeypatch):
    """Killed between the act and the removal of its file: the next look removes it and records nothing."""
    left = reports.leave(vault.folder, FIELDS)
    monkeypatch.setattr(triage, "_remove", lambda *_: None)
    assert triage.take_in(vault).new == [left.id]
    monkeypatch.undo()
    assert len(files(vault.folder)) == 1
    assert triage.take_in(vault).new == []
    assert files(vault.folder) == []


def test_a_thousand_reports_by_four_processes_are_all_there_once(vault):
    writers = [start("report", vault.folder, 250) for _ in range(4)]
    left: list[str] = []
    for writer in writers:
        out, err = writer.communicate(timeout=300)
        assert (writer.returncode, err) == (0, b"")
        left += out.decode().split()
    assert len(set(left)) == 1000
    new: list[str] = []
    with open_vault(vault.folder, passphrase=PASSPHRASE) as second:
        new += triage.take_in(second).new
    new += triage.take_in(vault).new
    assert sorted(new) == sorted(left)
    assert {row.id for row in views.reports(vault)} == set(left)
    assert files(vault.folder) == []


# -- the card ----------------------------------------------------------------------------------------------------------


def test_every_change_of_a_card_changes_its_words_or_is_refused(vault, tmp_path):
    card = reports.write_card(vault.folder, tmp_path)
    path = tmp_path / reports.CARD_NAME
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert reports.read_card(tmp_path).words == card.words
    assert len(card.words.split()) == 8
    changes = {"vault": new_id(), "school": "Another School", "phones": {"lado": "01632 000000"}}
    for name, value in changes.items():
        path.write_text(json.dumps(whole | {name: value}), encoding="utf-8")
        assert reports.read_card(tmp_path).words != card.words
    for broken in ("", "[]", "[" * 100_000, json.dumps(whole | {"inbox": "AAAA"}), json.dumps(whole | {"v": 2})):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(IntegrityAlarm):
            reports.read_card(tmp_path)
    path.unlink()
    with pytest.raises(NotFound):
        reports.read_card(tmp_path)


def test_a_shared_folder_that_is_not_there_says_what_to_do(vault, tmp_path):
    card = reports.card_of(vault.folder)
    with pytest.raises(NotFound) as away:
        reports.seal_to_folder(card, tmp_path / "away", FIELDS)
    assert "in person now" in away.value.hint


def test_a_spool_that_cannot_be_written_says_so(vault_folder):
    folder = reports.spool(vault_folder)
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    with pytest.raises((Refused, FileExistsError)):
        reports.leave(vault_folder, FIELDS)


# -- triage ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(vault) -> str:
    left = reports.leave(vault.folder, FIELDS, clock=lambda: WRITTEN)
    triage.take_in(vault)
    return left.id


def kinds(vault, report_id: str) -> list[str]:
    view = today(vault, vault.clock())
    return [line.kind for line in (*view.act_today, *view.this_week, *view.later) if line.subject == report_id]


def test_accepting_keeps_the_reporters_words_and_their_name_as_the_source(vault, waiting):
    child = add_child(vault)
    assert kinds(vault, waiting) == ["report"]
    assert record.chronology(vault, child) == []
    entry = triage.accept(vault, waiting, child, how_known="told_by_adult")
    (row,) = record.chronology(vault, child)
    assert (row.id, row.text, row.childs_words) == (entry, FIELDS["text"], FIELDS["childs_words"])
    assert row.source == "report by Jo Penhallow"
    assert (row.occurred.text, row.occurred.start[:10]) == ("yesterday 14:30", "2026-11-18")
    detail = record.detail(vault, entry)
    assert detail.concern.how_known == "told_by_adult"
    assert detail.concern.child_as_written == "Ada T from 5B"
    assert views.report(vault, waiting).state == "accepted"
    assert kinds(vault, waiting) == ["concern", "answer"]
    with pytest.raises(Refused, match="dealt with"):
        triage.accept(vault, waiting, child)
    with pytest.raises(Refused, match="dealt with"):
        triage.close(vault, waiting, "again")
    assert len(record.chronology(vault, child)) == 1
    assert vault.verify(rebuild=True).problems == []


def test_a_child_who_is_not_on_the_roll_is_recorded_provisionally(vault, waiting):
    with pytest.raises(Refused, match="Which child"):
        triage.accept(vault, waiting)
    triage.accept(vault, waiting, new_child="Ada Thistlewood")
    (child,) = children.find(vault, "Thistlewood")
    assert child.provisional
    assert views.report(vault, waiting).child_id == child.id


def test_closing_needs_a_reason_and_leaves_the_report_readable(vault, waiting):
    with pytest.raises(Refused, match="reason"):
        triage.close(vault, waiting, "  ")
    triage.close(vault, waiting, "The same as a report of Monday.")
    row = views.report(vault, waiting)
    assert (row.state, row.reason, row.text) == ("closed", "The same as a report of Monday.", HOSTILE)
    assert kinds(vault, waiting) == ["answer"]
    child = add_child(vault)
    triage.accept(vault, waiting, child)
    assert views.report(vault, waiting).state == "accepted"


def test_who_told_the_reporter_is_recorded_and_leaves_today(vault, waiting):
    triage.close(vault, waiting, "Known already.")
    with pytest.raises(Refused):
        triage.answered(vault, waiting, "", "Thanked.")
    triage.answered(vault, waiting, "Robin Vale", "Thanked; told that it is in hand.", "Thursday")
    assert kinds(vault, waiting) == []
    (answer,) = views.report(vault, waiting).answers
    assert (answer.by, answer.what, answer.at) == ("Robin Vale", "Thanked; told that it is in hand.", "Thursday")
    assert datetime.fromisoformat(answer.recorded_at).tzinfo, "which Thursday that was"
    with vault.write() as unit:  # as the program before stored it
        unit.connection.exec_driver_sql("UPDATE reports SET answers = json_remove(answers, '$[0].recorded_at')")
        migrations.answers_with_their_day(unit.connection)
    assert views.report(vault, waiting).answers == (answer,)


def test_candidates_are_offered_and_none_is_chosen(vault, waiting):
    ada, other = add_child(vault, "Ada", "Thistlewood"), add_child(vault, "Bo", "Marsh")
    found = triage.candidates(vault, views.report(vault, waiting))
    assert ada in [child.id for child in found]
    assert other not in [child.id for child in found]
    assert views.report(vault, waiting).child_id is None


def test_a_sealed_report_is_nobodys_act(vault, waiting):
    with vault.read() as connection:
        acts = connection.exec_driver_sql("SELECT kind, child FROM acts WHERE entry = ?", (waiting,)).fetchall()
    assert [tuple(act) for act in acts] == [("report_arrived", None)]
    assert record.undecided(vault) == []
