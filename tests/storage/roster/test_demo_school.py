"""The made-up school: the file in the repository is what its script writes, and it imports whole."""

from __future__ import annotations

from collections import Counter
from datetime import date
from importlib.resources import files

from scripts.make_demo_school import school
from storage.roster.compare import compare
from storage.roster.reading import read_roster


def test_the_file_is_what_its_script_writes() -> None:
    assert files("dsl_console.demo").joinpath("school.csv").read_bytes() == school()


def test_all_420_children_can_be_used_and_the_faults_are_warned_of() -> None:
    roster = read_roster(school(), today=date(2026, 11, 20))
    assert (len(roster.rows), roster.rejected, roster.ignored_headers) == (420, [], [])
    texts = sorted(warning.text for warning in roster.warnings)
    assert len(texts) == 2
    assert texts[0].startswith("the UPN has 11 characters")
    assert len(compare(roster, [], True, date(2026, 11, 20)).joined) == 420
    assert Counter(row.year_group for row in roster.rows) == dict.fromkeys("R123456", 60)
    surnames = [row.legal_surname for row in roster.rows]
    assert any("-" in name for name in surnames)
    assert any("'" in name for name in surnames)
    assert any(not row.legal_forename.isascii() for row in roster.rows)
    births = Counter((row.legal_surname, row.date_of_birth) for row in roster.rows)
    assert 2 in births.values()
