"""Dates in thousands of generated spellings: each is read as the day that was meant, or asked about, never another day.

`make prove` tries ten thousand (R-78).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from practice.dates import in_words, parse_when
from practice.vocabulary import Precision
from tests.faults.sizes import say, size

NOW = datetime(2026, 11, 21, 16, 40, tzinfo=UTC)
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def cased(rng: Random, text: str) -> str:
    return rng.choice([text, text.lower(), text.upper()])


def spelt(rng: Random, day: date) -> str:
    """Return a day in one of the ways in which people write it, or mistype it."""
    month = rng.choice([MONTHS[day.month - 1], MONTHS[day.month - 1][:3]])
    number = rng.choice([str(day.day), f"{day.day:02d}"])
    ordinal = f"{day.day}{ORDINALS.get(day.day, 'th')}"
    year = rng.choice([str(day.year), f"{day.year % 100:02d}"])
    figures = rng.choice([str(day.month), f"{day.month:02d}"])
    one, two = rng.choice("/.-"), rng.choice("/.-")  # mixed by mistake: 22.09/25
    form = rng.choice(
        [
            f"{number}{one}{figures}{two}{year}",
            f"{number} {month} {day.year}",
            f"{ordinal} {month} {day.year}",
            f"the {ordinal} of {month} {day.year}",
            f"{month} {number}, {day.year}",
            f"{number}-{month[:3]}-{year}",
            f"{number} {month[:3]} {year}",
            day.isoformat(),
            f"{number} {figures} {day.year}",
        ]
    )
    if rng.random() < 0.3 and not form.startswith("the"):
        form = f"{rng.choice([DAYS[day.weekday()], DAYS[day.weekday()][:3]])}{rng.choice([' ', ', '])}{form}"
    form = cased(rng, form)
    return rng.choice([form, form, f" {form} ", f"{form}.", form.replace(" ", "  ")])


def test_each_spelling_is_read_as_the_day_that_was_meant_or_asked_about() -> None:
    rng = Random(22)
    tried, refused = size(800, 10_000, 100_000), 0
    for _ in range(tried):
        day = date(2007, 1, 1) + timedelta(days=rng.randrange((NOW.date() - date(2007, 1, 1)).days))
        written = spelt(rng, day)
        about = rng.random() < 0.2
        clock = "" if about or rng.random() < 0.7 else f" {rng.randrange(24):02d}:{rng.randrange(60):02d}"
        text = "?" + written.strip() if about else written.rstrip(". ") + clock if clock else written
        read = parse_when(text, NOW)
        assert read.text == text.strip(), text
        if read.start is None:
            refused += 1
            assert "?" in read.note, (text, read.note)
            continue
        assert read.start[:10] == (read.end or "")[:10] == day.isoformat(), (text, read)
        assert (read.precision == Precision.APPROXIMATE) == about, (text, read)
        if clock:
            assert read.start[11:] == clock.strip(), (text, read)
        again = parse_when(in_words(read), NOW)
        assert (again.start, again.end, again.precision) == (read.start, read.end, read.precision), (
            text,
            in_words(read),
        )
    assert refused < tried / 20
    say("dates in generated spellings", f"{tried:,} tried, {refused} asked about, none read as another day")
