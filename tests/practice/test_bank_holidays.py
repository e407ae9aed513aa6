"""The list of bank holidays is what the library says, and the library is loaded only for years that it lacks."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import holidays
import pytest

from practice import bank_holidays as rules
from storage.calendars import bank_holidays, named_bank_holidays


@pytest.mark.parametrize("nation", rules.NATIONS)
def test_the_list_holds_the_days_that_the_library_names(nation):
    """Of years that are over: what is proclaimed later changes no line that stands."""
    library = holidays.country_holidays("GB", subdiv=rules.NATIONS[nation], years=range(2000, 2026))
    assert set(rules.named(2000, 2025, nation)) == set(library)


def test_the_nations_differ_where_they_do():
    assert date(2027, 11, 30) in bank_holidays(2027, 2027, "scotland")
    assert date(2027, 7, 12) in bank_holidays(2027, 2027, "northern_ireland")
    assert not {date(2027, 11, 30), date(2027, 7, 12)} & bank_holidays(2027, 2027)
    assert named_bank_holidays(2026, 2026)[date(2026, 12, 28)] == "Boxing Day (observed)"
    assert bank_holidays(2026, 2027, "wales") == bank_holidays(2026, 2027)


def test_years_beyond_the_list_are_worked_out():
    assert rules.named(2058, rules.LAST_YEAR + 1, "england") is None
    beyond = bank_holidays(2058, rules.LAST_YEAR + 1)
    assert bank_holidays(2058, rules.LAST_YEAR) < beyond
    assert date(2061, 12, 26) in beyond


def test_a_calendar_of_our_years_loads_no_library():
    asked = "import sys; from storage.calendars import bank_holidays as days"
    asked += "; print(len(days(2021, 2031)), 'holidays' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) > 80
    assert said[1] == "False"
