"""Sealed reports about adults: for the register's holders alone, and never a word of them to anybody else (R-39)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from practice.acts import SchoolSet
from practice.errors import Refused
from storage import reports, vault
from storage.desk import adult_reports, merging, triage
from storage.header import read_header
from storage.keys import FLOOR
from storage.register import create_with, open_with
from storage.rotation import rotate
from storage.sealed import key_id_of
from storage.views import record
from storage.views import register as views
from tests.conftest import add_child

HEAD = "green lamp quiet river"
FIELDS = {"adult_as_written": "Ray Moss", "text": "He drove her home [red]alone[/red]", "reporter": "Kim Dale"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "vault"
    made, _code = vault.create(
        folder, school=SchoolSet(name="Thornfield"), user="Hana Reed", passphrase=HEAD, role="head", kdf=FLOOR
    )
    with made:
        create_with(made, made.person_keys)[0].close()
    return folder


@pytest.fixture
def school(template: Path, tmp_path: Path):
    """The children's record open, in a copy of the vault."""
    folder = Path(shutil.copytree(template, tmp_path / "vault"))
    with vault.open_vault(folder, passphrase=HEAD) as opened:
        yield opened


def waiting(opened) -> list[Path]:
    return sorted(reports.spool(opened.folder).iterdir())


def test_it_is_taken_in_whole_once_by_the_register_and_passed_over_in_silence_by_the_children(school):
    left = reports.leave(school.folder, FIELDS, about="adult")
    assert "headteacher" in left.words
    copy = waiting(school)[0].read_bytes()
    taken = triage.take_in(school)
    assert (taken.new, taken.left, len(waiting(school))) == ([], [], 1)
    with open_with(school, school.person_keys) as register:
        assert adult_reports.take_in(register).new == [left.id]
        assert waiting(school) == []
        (reports.spool(school.folder) / "again.report").write_bytes(copy)
        assert adult_reports.take_in(register).new == []
        assert waiting(school) == []
        row = views.report(register, left.id)
        assert (row.text, row.state, row.reporter) == (FIELDS["text"], "waiting", "Kim Dale")
        kept = adult_reports.accept(register, left.id, new_adult={"name": "Ray Moss"})
        assert views.entry(register, kept.entry).text == FIELDS["text"]
        with pytest.raises(Refused, match="dealt with"):
            adult_reports.close(register, left.id, "No.")
        assert register.verify(rebuild=True, signatures=True).ok


def test_from_a_shared_folder_the_children_bring_it_in_unopened_and_the_register_reads_it(school, tmp_path):
    shared = tmp_path / "shared"
    reports.write_card(school.folder, shared)
    left = reports.seal_to_folder(reports.read_card(shared), shared, FIELDS, about="adult")
    sealed = (shared / f"{left.id}.report").read_bytes()
    taken = triage.take_in(school, shared)
    assert (taken.new, taken.left) == ([], [])
    assert [path.read_bytes() for path in waiting(school)] == [sealed]
    assert not list(shared.glob("*.report"))
    with open_with(school, school.person_keys) as register:
        assert adult_reports.take_in(register, shared).new == [left.id]


def test_it_looks_like_a_report_about_a_child_but_for_the_key_it_names(school):
    reports.leave(school.folder, FIELDS, about="adult")
    reports.leave(school.folder, {"child_as_written": "Ada", "text": "x", "reporter": "Jo"})
    one, other = waiting(school)
    assert one.suffix == other.suffix
    assert one.stat().st_size == other.stat().st_size
    ids = {key_id_of(path.read_bytes()) for path in (one, other)}
    header = read_header(school.folder)
    assert ids == {record.inbox.key_id for record in header.compartments.values()}


def test_a_rotation_takes_in_what_waits_and_a_late_one_is_still_read_and_still_passed_over(school, tmp_path):
    shared = tmp_path / "shared"
    card = reports.write_card(school.folder, shared)
    early = reports.leave(school.folder, FIELDS, about="adult")
    with open_with(school, school.person_keys) as register:
        rotate(register, "Yearly.")
        assert views.report(register, early.id).state == "waiting"
    late = reports.seal_to_folder(card, shared, FIELDS | {"text": "later"}, about="adult")
    assert triage.take_in(school, shared).left == []
    with open_with(school, school.person_keys) as register:
        assert adult_reports.take_in(register).new == [late.id]


def test_damaged_bytes_stay_and_are_named_to_a_holder_and_a_used_id_pushes_nothing_aside(school):
    left = reports.leave(school.folder, FIELDS, about="adult")
    path = waiting(school)[0]
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with open_with(school, school.person_keys) as register:
        taken = adult_reports.take_in(register)
        assert [each.path for each in taken.left] == [path]
        path.write_bytes(sealed)
        adult_reports.take_in(register)
        with pytest.raises(Refused):
            adult_reports.close(register, left.id, "  ")
        adult_reports.close(register, left.id, "Left twice.")
        adult_reports.answered(register, left.id, "Hana Reed", "Thank you.")
        row = views.report(register, left.id)
        assert (row.state, row.reason, row.answers[0]["by"]) == ("closed", "Left twice.", "Hana Reed")


@pytest.mark.parametrize(
    "change",
    [{"adult_as_written": " "}, {"text": "\n"}, {"reporter": ""}, {"text": "a" * 70_000}, {"digest": "x" * 65}],
)
def test_what_cannot_be_left_is_refused_before_anything_is_stored(school, change):
    with pytest.raises(Refused):
        reports.leave(school.folder, FIELDS | change, about="adult")
    assert waiting(school) == []


def test_whoever_asks_to_stay_anonymous_need_not_say_who_they_are(school):
    left = reports.leave(school.folder, FIELDS | {"reporter": "", "asks_anonymous": True}, about="adult")
    with open_with(school, school.person_keys) as register:
        adult_reports.take_in(register)
        kept = adult_reports.accept(register, left.id, new_adult={"name": "Ray Moss"})
        assert views.shared_by(views.entry(register, kept.entry), reveal=True) == "not said"


def test_a_card_without_the_register_names_the_headteacher_and_a_changed_key_changes_its_words(school, tmp_path):
    card = reports.write_card(school.folder, tmp_path / "card")
    assert reports.read_card(tmp_path / "card") == card
    older = reports.Card(card.vault, card.school, card.inbox, card.phones)
    with pytest.raises(Refused) as refused:
        reports.check_about("adult", older)
    assert "headteacher in person" in refused.value.hint
    assert older.words != card.words
    turned = reports.Card(card.vault, card.school, card.inbox, card.phones, card.inbox)
    assert turned.words != card.words


def test_what_an_import_stopped_is_sealed_to_the_register_and_leaves_no_trace_here(school):
    child = add_child(school)
    data = b"Date,Event\n1/10/2025,The teacher slapped Ada\n2/10/2025,Moved house\n"
    merged = merging.import_chronology(school, data, child, "Health")
    lines = [line for line, _ in merged.stopped]
    assert merging.seal_stopped(school, data, "Health", lines) == [2]
    (sealed,) = waiting(school)
    assert b"slapped" not in sealed.read_bytes()
    assert triage.take_in(school).new == []
    with open_with(school, school.person_keys) as register:
        assert len(adult_reports.take_in(register).new) == 1
    assert [row.text for row in record.chronology(school, child)] == ["Moved house"]
    assert record.search(school, "slapped") == []
