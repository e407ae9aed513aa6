"""Another agency's chronology: every cell kept, dates repaired, duplicates marked, links proposed (R-74)."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from practice.errors import NotFound, Refused
from practice.merging import about_staff, on_share_default
from storage.desk import concerns, merging
from storage.merging.reading import read_chronology
from storage.vault import Vault
from storage.views import links, record
from tests.conftest import add_child, add_concern

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEADERS = ["Date of event", "Significant event", "Child's voice", "Action taken", "Outcome", "Ref no."]
ROWS = [
    ["06/10/2025", "Kit had a bruise on the left forearm at nursery.", "It hurts", "Rang home", "None seen", "1"],
    ["22.09/25", "Not brought to the eye clinic.", "", "", "", "2"],
    ["?22 May 2016", "Moved house.", "", "", "", "3"],
    ["w/c 3 Nov 2025", "Three visits, nobody at home.", "", "", "", "4"],
    ["22.09/25", "Not brought to the eye clinic.", "", "", "", "5"],
    ["some time", "Grandmother [Yr 9] rang.", "", "", "", "6"],
]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


def as_xlsx(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def take(vault: Vault, child: str, data: bytes, source: str = "Health", **more) -> merging.Merged:
    return merging.import_chronology(vault, data, child, source, **more)


def test_rows_become_entries_that_keep_every_cell(vault: Vault) -> None:
    child = add_child(vault)
    data = as_csv([["Chronology of Kit"], HEADERS, *ROWS])
    before = take(vault, child, data, dry_run=True)
    assert record.count(vault, child) == 0
    merged = take(vault, child, data)
    assert len(merged.entries) == len(before.entries) == len(ROWS)
    assert merged.kept == ["Ref no."]
    entries = record.chronology(vault, child)
    assert {row.source for row in entries} == {"Health"}
    assert [row.occurred.precision for row in entries[:2]] == ["approximate", "day"]
    by_text = {row.text: row for row in entries}
    assert by_text["Grandmother [Yr 9] rang."].occurred.start is None
    first = record.detail(vault, by_text[ROWS[0][1]].id)
    assert [list(cell) for cell in first.concern.imported.cells] == [
        list(pair) for pair in zip(HEADERS, ROWS[0], strict=True)
    ]
    assert (first.entry.childs_words, first.entry.action, first.entry.outcome) == ("It hurts", "Rang home", "None seen")
    assert first.missing == []
    said = dict(merged.repaired)
    assert "above the headers" in said[1]
    assert "22.09/25" in said[4]
    assert "some time" in said[8]
    assert vault.verify(rebuild=True).ok


def test_letters_for_figures_and_a_sheets_number_of_a_day_are_repaired_and_said(vault: Vault) -> None:
    child = add_child(vault)
    rows = [["1O/06/2026", "one"], ["l2-O6-2026", "two"], ["46175", "three"], ["12O", "four"], ["99999", "five"]]
    merged = take(vault, child, as_csv([["Date", "Event"], *rows]))
    days = {row.text: row.occurred for row in record.chronology(vault, child)}
    assert [days[text].start for _, text in rows] == ["2026-06-10", "2026-06-12", "2026-06-02", None, None]
    assert [days[text].text for _, text in rows] == [written for written, _ in rows], "it is kept as it was written"
    assert dict(merged.repaired)[2] == "«1O/06/2026»: Repaired: read as Wed 10 Jun 2026."


def test_exact_duplicates_are_marked_and_kept_and_the_same_file_adds_nothing(vault: Vault) -> None:
    child = add_child(vault)
    data = as_csv([HEADERS, *ROWS])
    merged = take(vault, child, data)
    ((line, first),) = merged.duplicates
    assert (line, first) == (6, merged.entries[1])
    assert links.imports(vault, child)[merged.entries[4]] == ("Health", "ask", first)
    again = take(vault, child, data)
    assert (again.entries, again.there_already) == ([], len(ROWS))
    ours = take(vault, child, as_csv([HEADERS, *ROWS[:1]]), source="Police")
    assert ours.duplicates == [(2, merged.entries[0])]
    assert record.count(vault, child) == len(ROWS) + 1


def test_accounts_of_one_event_are_proposed_and_a_person_decides(vault: Vault) -> None:
    child = add_child(vault)
    own = add_concern(vault, child, "Bruise seen on his left forearm when he came from nursery.", day="2025-10-06")
    add_concern(vault, child, "Came without lunch.", day="2025-10-06")
    theirs = take(vault, child, as_csv([HEADERS, ROWS[0]])).entries[0]
    (found,) = links.links(vault, child)
    assert (set(found.entries), found.state) == ({own, theirs}, "proposed")
    assert "forearm" in found.reason
    merging.link(vault, theirs, own, reason="Same bruise")
    assert links.linked(vault) == {own: [theirs], theirs: [own]}
    merging.link(vault, own, theirs, same=False)
    (found,) = links.links(vault, child)
    assert (found.state, links.linked(vault)) == ("declined", {})
    assert [record.get(vault, each).text for each in (own, theirs)] == [
        "Bruise seen on his left forearm when he came from nursery.",
        ROWS[0][1],
    ]
    other = add_concern(vault, add_child(vault, "Bo"), "x")
    for pair, error in (((own, own), Refused), ((own, other), Refused), ((own, "none"), NotFound)):
        with pytest.raises(error):
            merging.link(vault, *pair)
    concerns.move(vault, theirs, add_child(vault, "Cy"), "wrong child")
    assert links.links(vault, child) == []
    assert vault.verify(rebuild=True).ok


def test_what_looks_to_be_about_an_adult_on_the_staff_is_stopped(vault: Vault) -> None:
    child = add_child(vault)
    rows = [
        HEADERS,
        ["1 Oct 2025", "The teaching assistant grabbed Kit by the arm."],
        ["2 Oct 2025", "Kit hit the teacher."],
    ]
    merged = take(vault, child, as_csv(rows))
    assert [line for line, _ in merged.stopped] == [2]
    assert [row.text for row in record.chronology(vault, child)] == ["Kit hit the teacher."]
    assert record.search(vault, "grabbed") == []
    released = take(vault, child, as_csv(rows), not_about_staff=[2])
    assert (len(released.entries), released.stopped) == (1, [])


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("A member of staff shouted at her in the corridor", True),
        ("He was pushed by the football coach", True),
        ("An allegation was made against a teacher", True),
        ("Referred to the LADO", True),
        ("Allegation that a teacher at the school, Mr Hale, hit the child in the corridor", True),
        ("The caretaker at Hill Road School, Mr. O'Dowd, was seen to have kissed her", True),
        ("It is alleged that a governor twice assaulted him", True),
        ("TA was alone with Kit", True),
        ("The teacher said Kit was late", False),
        ("The teacher at the school said that Mr Lowe, a neighbour, came late and that his son was hit", False),
        ("Kit told the teacher. Dad hit him.", False),
        ("Mum grabbed the boy in front of a teacher", False),
        ("Ta for the note", False),
    ],
)
def test_the_rule_reads_who_did_what(text: str, about: bool) -> None:
    assert about_staff(text) is about


def test_whose_material_may_be_shared_on(vault: Vault) -> None:
    assert [on_share_default(name) for name in ("Thames Valley Police", "Health", "West Constabulary")] == [
        "never",
        "ask",
        "never",
    ]
    child = add_child(vault)
    entry = take(vault, child, as_csv([HEADERS, ROWS[1]]), source="Example Police").entries[0]
    assert links.on_share(vault, entry) == ("Example Police", "never")
    assert links.on_share(vault, add_concern(vault, child, "Ours")) is None


def test_a_workbook_is_read_with_its_dates_and_formulas_made_harmless(vault: Vault) -> None:
    child = add_child(vault)
    rows = [
        HEADERS,
        [date(2025, 10, 6), "Seen.", None, 3, 2.5, True],
        ["7/10/25", '=HYPERLINK("http://x","y")', "", "", "", ""],
    ]
    merged = take(vault, child, as_xlsx(rows))
    first, second = (record.detail(vault, each) for each in merged.entries)
    assert first.entry.occurred.start == "2025-10-06"
    assert [value for _, value in first.concern.imported.cells] == ["2025-10-06", "Seen.", "", "3", "2.5", "yes"]
    assert second.entry.text.startswith("=HYPERLINK")
    assert "formula" in dict(merged.repaired)[3]


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'


def hostile(name: str) -> bytes:
    good = as_xlsx([HEADERS, ROWS[0]])
    if name == "not a zip":
        return b"PK\x03\x04" + b"x" * 100
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.infolist():
            stored = source.read(part)
            if name == "entities" and part.filename == "xl/workbook.xml":
                stored = ENTITY
            if name == "external" and part.filename.startswith("xl/worksheets"):
                stored = b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">' + stored
            if name == "cut" and part.filename.startswith("xl/worksheets"):
                stored = stored[: len(stored) // 2]
            made.writestr(part.filename, stored)
        if name == "bomb":
            made.writestr("xl/media/x.bin", b"\0" * 20_000_000)
        if name == "many parts":
            for number in range(2100):
                made.writestr(f"x/{number}", b"")
    return out.getvalue()


@pytest.mark.parametrize("name", ["bomb", "entities", "external", "cut", "many parts", "not a zip"])
def test_a_hostile_workbook_is_refused_and_nothing_is_imported(vault: Vault, name: str) -> None:
    child = add_child(vault)
    with pytest.raises(Refused, match="Nothing was imported"):
        take(vault, child, hostile(name))
    assert record.count(vault, child) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02",
        as_csv([["a", "b"], ["c", "d"]]),
        as_csv([HEADERS, ["1/1/2025", "x" * (10 * 1024 * 1024)]]),
        as_csv([HEADERS, ["1/1/2025", "é" * 33_000]]),
        b'Date,Event\n1/1/2025,"never closed\n2/1/2025,lost\n',
        as_csv([HEADERS, *[["1/1/2025", "x"]] * 20_001]),
        as_csv([HEADERS, ["1/1/2025", "x", *["y"] * 400]]),
    ],
    ids=["empty", "not text", "no columns", "10 MB cell", "64 KiB cell", "open quote", "too many rows", "too wide"],
)
def test_a_file_that_cannot_be_whole_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_chronology(data, {}, NOW)
    assert caught.value.message.endswith(".")


def test_encodings_delimiters_and_columns_named_by_hand() -> None:
    text = "Wann;Was;Notes\r\n6/10/2025;Zoë’s café visit;x\r\n"
    mapping = {"wann": "date", "WAS": "event"}
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        found = read_chronology(text.encode(encoding), mapping, NOW)
        assert (found.rows[0].text, found.kept) == ("Zoë’s café visit", ["Notes"])
    for wrong in ({"wann": "nothing"}, {"not there": "date"}):
        with pytest.raises(Refused):
            read_chronology(text.encode(), wrong, NOW)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=3, max_size=5), min_size=1, max_size=6), st.sampled_from([",", ";", "\t", "|"])
)
def test_cells_in_are_cells_kept(rows: list[list[str]], delimiter: str) -> None:
    """Whatever the cells hold, each comes out as it went in, under its header, or its row is named as empty."""
    data = as_csv([["Date", "Event", "Ref"], *rows], delimiter)
    found = read_chronology(data, {}, NOW)
    kept = [[value for _, value in row.cells] for row in found.rows]
    wanted = [row for row in rows if any(cell.strip() for cell in row[1:])]
    assert kept == wanted
    written = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(found.rows) + len(found.empty) == len(written)
