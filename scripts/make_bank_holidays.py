"""Write practice/data/bank_holidays.txt anew from the library of holidays; run it after the library was updated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import holidays

from practice.bank_holidays import FIRST_YEAR, LAST_YEAR, NATIONS

PAGE = Path(__file__).resolve().parents[1] / "practice" / "data" / "bank_holidays.txt"
HEAD = """\
# The bank holidays of the four nations: day, nations, name. Those to come are as the law has them now.
# Source: https://www.gov.uk/bank-holidays, as the library `holidays` has them.
# Written by scripts/make_bank_holidays.py.
"""


def main() -> None:
    """Write the list."""
    found: dict[tuple[date, str], list[str]] = {}
    for code in NATIONS.values():
        years = range(FIRST_YEAR, LAST_YEAR + 1)
        for day, name in holidays.country_holidays("GB", subdiv=code, years=years).items():
            found.setdefault((day, name), []).append(code)
    lines = [f"{day} {','.join(codes)} {name}\n" for (day, name), codes in sorted(found.items())]
    PAGE.write_text(HEAD + "".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
