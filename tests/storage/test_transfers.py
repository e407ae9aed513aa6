"""A leaver's file goes, with its hashes, and is not done before the receipt is in (R-50 to R-56)."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from practice.calendars import calendar_for
from practice.errors import Refused
from practice.transfers import transfer_due
from storage.calendars import bank_holidays
from storage.desk import children as roll
from storage.desk import front_sheet
from storage.desk import transfers as desk
from storage.vault import Vault
from storage.views.evidence import evidence
from storage.views.front_sheet import read_out
from storage.views.today import today
from storage.views.transfers import transfers, unconfirmed
from tests.conftest import add_child, add_concern

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(vault: Vault) -> None:
    vault.clock = lambda: NOW


def open_file(vault: Vault, child: str) -> bool:
    with vault.read() as connection:
        return unconfirmed(connection, child)


@pytest.mark.parametrize(
    ("leaving", "calendar_day", "school_day"),
    [
        (date(2026, 11, 20), date(2026, 11, 25), date(2026, 11, 27)),  # in the year, over a weekend
        (date(2026, 10, 23), date(2026, 10, 28), date(2026, 11, 6)),  # a half-term begins no new term
        (date(2026, 12, 18), date(2027, 1, 8), date(2027, 1, 8)),  # the last day of a term: the next one's first five
        (date(2026, 8, 3), date(2026, 9, 5), date(2026, 9, 7)),
        (date(2028, 7, 21), date(2028, 7, 26), date(2028, 7, 28)),  # no later term is known
    ],
)
def test_both_ways_of_counting_are_told_and_the_earlier_counts(leaving, calendar_day, school_day) -> None:
    found = transfer_due(leaving, calendar_for(bank_holidays=bank_holidays(2026, 2029)))
    assert (found.calendar_day, found.school_day) == (calendar_day, school_day)
    assert found.due == min(calendar_day, school_day)
    assert "The earlier one counts" in found.reason


def test_an_import_opens_a_transfer_for_each_leaver_with_a_record(vault: Vault) -> None:
    names = [("Ada", "Lowe"), ("Noor", "Vale"), ("Ivo", "Reed")]
    born = {"date_of_birth": "2015-03-04"}
    ada, _, ivo = (add_child(vault, first, last, **born) for first, last in names)
    add_concern(vault, ada, "No coat")
    add_concern(vault, ivo, "No lunch")
    rows = ["Lowe,Ada,04/03/2015,19/11/2026", "Vale,Noor,04/03/2015,19/11/2026", "Reed,Ivo,04/03/2015,"]
    file = "\n".join(["Legal Surname,Legal Forename,Date of Birth,Leaving Date", *rows]).encode()
    assert roll.import_roster(vault, file, dry_run=True, confirm_leavers=2).transfers == 0
    report = roll.import_roster(vault, file, confirm_leavers=2)
    assert (report.left, report.transfers) == (2, 1)
    (found,) = transfers(vault)
    assert (found.child_id, found.leaving, found.by_roll, found.state) == (ada, date(2026, 11, 19), True, "open")
    assert [(row.kind, row.child_id, row.due) for row in today(vault, NOW).this_week if row.kind == "transfer"] == [
        ("transfer", ada, date(2026, 11, 24))
    ]
    assert [row.id for row in evidence(vault, ada).transfers] == [found.id]
    assert roll.import_roster(vault, file, confirm_leavers=2).transfers == 0
    back = roll.import_roster(vault, file.replace(b"19/11/2026", b""), dry_run=True)
    assert [line for line, text in back.warnings if "is back on the roll" in text] == [2, 3]
    assert [text for line, text in back.warnings if not line and "still to be sent" in text], back.warnings
    with pytest.raises(Refused, match="open already"):
        desk.open_(vault, ada, NOW.date())
    desk.end(vault, found.id, "she came back")
    assert transfers(vault) == []


def test_the_file_goes_with_its_hashes_and_nothing_is_done_before_the_receipt(vault: Vault, tmp_path: Path) -> None:
    child = add_child(vault)
    with pytest.raises(Refused, match="no safeguarding record"):
        desk.open_(vault, child, NOW.date())
    add_concern(vault, child, "No coat")
    front_sheet.add_line(vault, child, "must_not_be_told", name="A neighbour", words="a court said so")
    made = desk.open_(vault, child, NOW.date(), school="Hill School")
    assert open_file(vault, child)
    with pytest.raises(Refused, match="not sent yet"):
        desk.received(vault, made.id, "A. Reed", "DSL", "by telephone")
    with pytest.raises(Refused, match="says what must be read"):
        desk.pack(vault, made.id, tmp_path / "copies")
    assert not (tmp_path / "copies").exists()
    from practice.front_sheet import heed_code

    copies = desk.pack(vault, made.id, tmp_path / "copies", heeded=heed_code(read_out(vault, child)))
    assert sorted(copy.path.name for copy in copies) == ["chronology.pdf", "record.json", "record.pdf"]
    with pytest.raises(Refused, match="holds something already"):
        desk.pack(vault, made.id, tmp_path / "copies")
    with pytest.raises(Refused, match="who there"):
        desk.sent(vault, made.id, desk.files_in(tmp_path / "copies"), "by hand")
    sent = desk.sent(vault, made.id, desk.files_in(tmp_path / "copies"), "by hand", dsl="B. Moss")
    for each in sent.sent["contents"]:
        assert each["sha256"] == hashlib.sha256((tmp_path / "copies" / each["name"]).read_bytes()).hexdigest()
    assert (sent.state, sent.sent["entries"], sent.due) == ("sent", 1, date(2026, 11, 27))
    assert open_file(vault, child)
    with pytest.raises(Refused, match="done once its receipt"):
        desk.end(vault, made.id, "x")
    with pytest.raises(Refused, match="in which role"):
        desk.received(vault, made.id, "B. Moss", "", "by telephone")
    with pytest.raises(Refused, match="before the file was sent"):
        desk.received(vault, made.id, "B. Moss", "DSL", "by telephone", date(2026, 11, 19))
    done = desk.received(vault, made.id, "B. Moss", "DSL", "by telephone")
    assert (done.state, done.due) == ("done", None)
    assert not open_file(vault, child)
    assert vault.verify(rebuild=True).ok


def test_no_destination_is_logged_effort_by_effort_and_a_file_that_came_is_receipted_and_read(vault: Vault) -> None:
    child = add_child(vault)
    add_concern(vault, child, "Not at home")
    out = desk.open_(vault, child, NOW.date())
    lost = desk.change(vault, out.id, no_destination=True, reason="nobody knows")
    assert "children-missing-education" in lost.why
    desk.effort(vault, out.id, "Her aunt", "Does not know either")
    assert [each["who"] for each in desk.effort(vault, out.id, "The council", "Asked").efforts] == [
        "Her aunt",
        "The council",
    ]
    assert not desk.change(vault, out.id, school="Hill School").no_destination
    other = add_child(vault, "Noor", "Vale")
    came = desk.came(vault, other, NOW.date(), "Low School")
    assert (came.state, open_file(vault, other)) == ("arrived", False)
    with pytest.raises(Refused, match="came here"):
        desk.sent(vault, came.id, [], "by hand")
    with pytest.raises(Refused, match="receipt was given"):
        desk.reviewed(vault, came.id, "Ms Brook")
    desk.received(vault, came.id, "Me", "DSL", "signed")
    assert desk.reviewed(vault, came.id, "Ms Brook").state == "done"
    assert vault.verify(rebuild=True).ok
