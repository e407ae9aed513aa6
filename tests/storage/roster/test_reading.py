"""A roll is read as schools really export it, and no line is ever lost."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.errors import ConsoleError, Refused
from storage.roster.headers import aliases, fold_header
from storage.roster.model import NAME_FIELDS, OTHER_FIELDS, Roster, RosterRow
from storage.roster.reading import read_roster
from tests.builder import as_csv, children, make_upn

FIXTURES = Path(__file__).parent / "fixtures"
TODAY = date(2026, 11, 20)
UPN = make_upn(1, 20)


def read(text: str, encoding: str = "utf-8", **mapping: str) -> Roster:
    return read_roster(text.encode(encoding), mapping, today=TODAY)


def rejected(roster: Roster) -> dict[int, str]:
    return {line.line: line.reason for line in roster.rejected}


def warned(roster: Roster) -> dict[int, str]:
    return {warning.line: warning.text for warning in roster.warnings}


def test_a_sims_export_with_a_title_in_windows_1252() -> None:
    roster = read_roster((FIXTURES / "sims.csv").read_bytes(), today=TODAY)
    assert roster.header_line == 4
    assert [row.line for row in roster.rows] == [5, 6, 7, 8, 11, 12]
    rosalind, ewan, ana, ines, temi, formula = roster.rows
    assert (rosalind.legal_forename, rosalind.preferred_forename) == ("Rosalind", "Rosie")
    assert rosalind.date_of_birth == date(2015, 10, 3)
    assert (rosalind.year_group, rosalind.reg_group, rosalind.sen_status) == ("6", "6A", "N")
    assert (ewan.legal_surname, ewan.year_group) == ("Calloway-Finch", "4")
    assert len(ewan.upn) == 11
    assert ines.legal_forename == "Inês"
    assert ana.date_of_birth == ines.date_of_birth == date(2019, 9, 5)
    assert (temi.legal_surname, temi.legal_forename, temi.year_group) == ("Ogunleye", "Temi", "R")
    assert formula.legal_surname == '=HYPERLINK("x")'
    assert rejected(roster) == {
        9: "it has 15 values under 14 headers",
        10: "it has no forename",
        13: "it holds one value, not a child",
    }
    assert warned(roster) == {
        6: "the UPN has 11 characters and should have 13: check it at its source; the child is kept",
        11: "the surname held “surname, forename”; it was split at the comma",
    }


def test_an_arbor_export_with_an_address_over_two_lines() -> None:
    roster = read_roster((FIXTURES / "arbor.csv").read_bytes(), today=TODAY)
    assert [row.line for row in roster.rows] == [2, 4, 5, 7]
    niamh, lucja, kofi, edith = roster.rows
    assert niamh.legal_surname == "O'Dwyer"
    assert (niamh.mis_id, niamh.reg_group, niamh.pupil_premium) == ("1041", "6 Oak", "Yes")
    assert (lucja.legal_surname, lucja.preferred_forename) == ("Świderska", "Lucy")
    assert lucja.date_of_birth == date(2021, 12, 25)
    assert lucja.former_upn == make_upn(908, 20)
    assert kofi.leaving_date == date(2026, 7, 22)
    assert (edith.year_group, edith.date_of_birth) == ("N2", None)
    assert rejected(roster) == {6: "it has the same UPN as line 2"}
    assert "neither day/month/year nor year-month-day" in warned(roster)[7]
    assert roster.ignored_headers == ["Home address"]


def test_a_bromcom_export_with_semicolons_and_a_byte_order_mark() -> None:
    roster = read_roster((FIXTURES / "bromcom.csv").read_bytes(), today=TODAY)
    assert [row.legal_surname for row in roster.rows] == ["St Clair", "Dacosta", "El-Masri", "Ashdown"]
    zoe, renee, omar, tom = roster.rows
    assert (zoe.legal_forename, zoe.year_group, zoe.date_of_birth) == ("Zoë", "7", date(2015, 9, 1))
    assert (renee.year_group, renee.date_of_birth) == ("9", date(2013, 3, 14))
    assert (omar.upn, omar.enrol_status, omar.date_of_birth) == ("", "Left", None)
    # The twenty-third month is never taken for a day: dates are day-first always.
    assert tom.date_of_birth is None
    assert sorted(warned(roster)) == [4, 5]
    assert roster.rejected == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_child(encoding: str, delimiter: str, end: str) -> None:
    lines = [["Surname", "Forename", "DOB", "UPN"], ["O'Neill", "Zoë", "01/09/2015", UPN]]
    roster = read_roster(end.join(delimiter.join(line) for line in lines).encode(encoding))
    assert [(row.line, row.legal_surname, row.legal_forename, row.date_of_birth, row.upn) for row in roster.rows] == [
        (2, "O'Neill", "Zoë", date(2015, 9, 1), UPN)
    ]
    assert roster.warnings == []


def test_utf_16_with_the_high_byte_first() -> None:
    text = "\ufeffSurname,Forename,DOB\r\nKovač,Elena,02/03/2017\r\n"
    assert read_roster(text.encode("utf-16-be")).rows[0].legal_surname == "Kovač"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("01/09/2015", date(2015, 9, 1)),
        ("1/9/2015", date(2015, 9, 1)),
        ("01.09.2015", date(2015, 9, 1)),
        ("01-09-2015", date(2015, 9, 1)),
        ("01/09/15", date(2015, 9, 1)),
        ("2015-09-01", date(2015, 9, 1)),
        ("2015-09-01 00:00:00", date(2015, 9, 1)),
        ("2015-09-01T00:00:00Z", date(2015, 9, 1)),
        ("01/09/2015 00:00:00", date(2015, 9, 1)),
        ("01-Sep-2015", date(2015, 9, 1)),
        ("1 Sept 2015", date(2015, 9, 1)),
        ("1st September 2015", date(2015, 9, 1)),
        ("12/13/2015", None),
        ("31/02/2015", None),
        ("42248", None),
        ("01/09/1915", None),
        ("01/09/2027", None),
        ("١/٩/٢٠١٥", None),
        ("1 Sep 2015 BC", None),
        ("", None),
    ],
)
def test_dates_are_day_first_or_iso_and_an_odd_one_keeps_the_child(written: str, meant: date | None) -> None:
    roster = read(f"Surname,Forename,DOB,UPN\nLarbi,Nia,{written},{UPN}\n")
    assert [row.date_of_birth for row in roster.rows] == [meant]
    assert (roster.warnings == []) is (meant is not None)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Year 7", "7"),
        ("7", "7"),
        ("07", "7"),
        ("Yr 7", "7"),
        ("Y7", "7"),
        ("NC Year 7", "7"),
        ("Year 13", "13"),
        ("R", "R"),
        ("Reception", "R"),
        ("Year R", "R"),
        ("0", "R"),
        ("N1", "N1"),
        ("Nursery 2", "N2"),
        ("Nursery", "N"),
        ("Willow Class", "Willow Class"),
        ("Year 99", "Year 99"),
        ("²", "²"),
        ("", ""),
    ],
)
def test_year_groups_are_brought_to_one_form(written: str, shown: str) -> None:
    roster = read(f"Surname,Forename,DOB,Year\nLarbi,Nia,01/09/2015,{written}\n")
    assert [row.year_group for row in roster.rows] == [shown]


def test_nine_values_under_eight_headers_are_rejected_and_never_shifted() -> None:
    roster = read("Surname,Forename,DOB,UPN\nLarbi,Nia,,x,y\nLarbi,Nia\nGyasi,Imani,01/09/2015,,\n")
    assert rejected(roster) == {2: "it has 5 values under 4 headers", 3: "it has 2 values under 4 headers"}
    # An empty value after the last header is only a comma too many.
    assert [row.legal_surname for row in roster.rows] == ["Gyasi"]


def test_twins_are_kept_and_repeats_are_rejected() -> None:
    roster = read(
        "Surname,Forename,DOB,UPN,Adno\n"
        f"Larbi,Nia,01/09/2015,{make_upn(1, 20)},1\n"
        f"Larbi,Zuri,01/09/2015,{make_upn(2, 20)},2\n"
        "Larbi,Nia,01/09/2015,,\n"
        f"Larbi,NIA,01/09/2015,{make_upn(3, 20)},3\n"
        f"Other,Child,01/09/2016,{make_upn(2, 20)},4\n"
        "Gyasi,Imani,,,\n"
        "Gyasi,Imani,,,\n"
    )
    assert [row.line for row in roster.rows] == [2, 3, 5, 7]
    assert rejected(roster) == {
        4: "it names the same child as line 2",
        6: "it has the same UPN as line 3",
        8: "it names the same child as line 7",
    }
    assert "both are kept" in warned(roster)[5]


def test_a_stray_quotation_mark_costs_one_line_and_swallows_nobody() -> None:
    rows = [f"Farrow,Child{number},0{number}/09/2015,x" for number in range(1, 10)]
    rows[3] = 'Farrow,"Child4,04/09/2015,x'
    roster = read("Surname,Forename,DOB,House\n" + "\n".join(rows))
    assert [row.line for row in roster.rows] == [2, 3, 4, 6, 7, 8, 9, 10]
    assert list(rejected(roster)) == [5]
    rows[6] = 'Farrow,Child7",07/09/2015,x'
    closed_later = read("Surname,Forename,DOB,House\n" + "\n".join(rows))
    assert {row.line for row in closed_later.rows} >= {2, 3, 4, 6, 7, 9, 10}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Ni\x07a", "the legal forename has a control character or a hidden change of direction"),
        ("Ni\u202ea", "the legal forename has a control character or a hidden change of direction"),
        ("N" * 401, "the legal forename is longer than 400 characters"),
        ("N" * 4097, "a value is larger than 4 KiB"),
    ],
)
def test_what_cannot_be_shown_or_kept_rejects_its_row(cell: str, reason: str) -> None:
    roster = read(f"Surname,Forename,DOB\nLarbi,{cell},01/09/2015\nGyasi,Imani,01/09/2015\n")
    assert rejected(roster) == {2: reason}
    assert [row.legal_surname for row in roster.rows] == ["Gyasi"]


def test_spaces_and_invisible_marks_are_tidied() -> None:
    roster = read("Surname,Forename,DOB\n  St\u00a0 Clair ,Rene\u0301e\u200b,01/09/2015\n")
    assert (roster.rows[0].legal_surname, roster.rows[0].legal_forename) == ("St Clair", "Renée")


@pytest.mark.parametrize("start", ["=1+1", "+44", "-Smith", "@cmd"])
def test_formulas_stay_the_text_that_they_are(start: str) -> None:
    assert read(f"Surname,Forename,DOB\n{start},Nia,01/09/2015\n").rows[0].legal_surname == start


def test_a_name_garbled_on_its_way_is_kept_with_a_warning() -> None:
    garbled = "Zoë".encode().decode("cp1252")
    roster = read(f"Surname,Forename,DOB\nLarbi,{garbled},01/09/2015\n")
    assert roster.rows[0].legal_forename == garbled
    assert "garbled" in warned(roster)[2]


def test_one_column_of_whole_names_needs_its_comma() -> None:
    roster = read('Pupil Name,DOB\n"Larbi, Nia",01/09/2015\nImani Gyasi,02/09/2015\n')
    assert [(row.legal_surname, row.legal_forename) for row in roster.rows] == [("Larbi", "Nia")]
    assert rejected(roster) == {3: "surname and forename are in one value without a comma between them"}


def test_a_mapping_wins_over_the_headers() -> None:
    text = "Ref,Surname,Forename,Known by,DOB,Notes\n9,Larbi,Antonia,Nia,01/09/2015,x\n"
    roster = read(text, **{"ref": "mis_id", "KNOWN BY": "preferred_forename", "Surname": "legal_surname"})
    assert (roster.rows[0].mis_id, roster.rows[0].preferred_forename) == ("9", "Nia")
    assert roster.columns["preferred_forename"] == "Known by"
    assert roster.ignored_headers == ["Notes"]
    assert read(text, DOB="ignore").rows[0].date_of_birth is None


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"Ref": "shoe_size"}, "house, leaving_date"),
        ({"Nowhere": "mis_id"}, "Ref, Surname, Forename"),
        ({"Ref": "upn", "Surname": "upn"}, "one column to each"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(mapping: dict[str, str], words: str) -> None:
    with pytest.raises(Refused) as refusal:
        read("Ref,Surname,Forename,DOB\n9,Larbi,Nia,01/09/2015\n", **mapping)
    assert words in refusal.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n \n",
        b"Surname,Forename\n\x00\x00",
        b"PK\x03\x04 a workbook",
        b"\x81\x8d\x8f",
        b"\xff\xfeS",
        b"one,two\nthree,four\n",
        b"Surname,DOB\nLarbi,01/09/2015\n",
        pytest.param(b"x" * (50 * 1024 * 1024 + 1), id="too large"),
    ],
)
def test_a_file_that_is_no_roll_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="Nothing was imported"):
        read_roster(data)


def test_more_than_a_hundred_thousand_rows_are_refused() -> None:
    rows = b"Surname,Forename\n" + b"x,\n" * 100_000
    assert len(read_roster(rows).rejected) == 100_000
    with pytest.raises(Refused, match="100,000 rows"):
        read_roster(rows + b"x,\n")


def test_a_line_of_millions_of_commas_is_one_rejected_line() -> None:
    roster = read_roster(b"Surname,Forename\n" + b"," * 4_000_000 + b"x\nLarbi,Nia\n")
    assert (len(roster.rejected), len(roster.rows)) == (1, 1)


def test_each_alias_names_one_field_and_each_field_exists() -> None:
    fields = set(RosterRow.__dataclass_fields__) - {"line"} | {"full_name"}
    assert set(aliases()) == fields
    owners: dict[str, str] = {}
    for name, headers in aliases().items():
        for header in headers:
            assert owners.setdefault(fold_header(header), name) == name
    identifying = {"upn", "former_upn", "former_names", "mis_id", "admission_number", "date_of_birth", "leaving_date"}
    assert set(NAME_FIELDS) | set(OTHER_FIELDS) | identifying == fields - {"full_name"}


def test_what_the_builder_writes_is_read_back_whole() -> None:
    made = children(500, 7)
    roster = read_roster(as_csv(made))
    assert (roster.rejected, roster.warnings) == ([], [])
    for child, row in zip(made, roster.rows, strict=True):
        for name, value in child.items():
            if name not in ("number", "mis_id"):
                assert getattr(row, name) == value


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_our_own_errors(data: bytes) -> None:
    for file in (data, b"Surname,Forename,DOB,UPN\n" + data):
        with suppress(ConsoleError):
            read_roster(file)


CELL = st.text(st.sampled_from("ab Z'é,;\"=\t\u202e1/-"), max_size=6)


@settings(max_examples=300)
@given(st.lists(st.lists(CELL, max_size=6).map(",".join), max_size=12))
def test_each_line_is_a_row_or_rejected_and_never_both(lines: list[str]) -> None:
    roster = read("Surname,Forename,DOB,UPN\n" + "".join(f"{line}\n" for line in lines))
    used = [row.line for row in roster.rows] + [line.line for line in roster.rejected]
    assert len(used) == len(set(used))
    # No value may span lines in these columns, so that every line with a value stands for itself.
    needed = {number for number, line in enumerate(lines, 2) if line.replace(",", "").replace('"', "").strip()}
    assert needed <= set(used) <= set(range(2, len(lines) + 2))
