"""Seeded made-up notes: the same texts for both sides of every row. No child in them exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

RARE_WORD = "harmonium"
PHRASE = "locked garden gate"
EVERY_RARE = 100
"""One note in so many holds the rare word, and another one in so many the phrase."""

START = datetime(2024, 9, 2, 8, 30, tzinfo=UTC)
FIRST = ["Ada", "Bram", "Cleo", "Dara", "Elif", "Finn", "Gwen", "Hugo", "Iris", "Joss", "Kit", "Lena", "Milo", "Nour"]
LAST = ["Ashgrove", "Birchall", "Coldwell", "Dunmore", "Elmsworth", "Fairbeck", "Greaves", "Hartwick", "Inglethorpe"]
OPENINGS = ["Arrived late and", "At lunch", "In the corridor", "After registration", "During maths", "At the gate"]
COMMON = (
    "said that mum was asleep again this morning and there was no breakfast the child seemed tired quiet and hungry "
    "wore the same shirt as yesterday would not take off the coat told the teaching assistant about a visitor at home "
    "asked not to go to the after school club held a sleeve over one hand looked at the door several times before"
).split()


@dataclass(frozen=True)
class Child:
    name: str
    date_of_birth: str
    upn: str
    year_group: str


@dataclass(frozen=True)
class Note:
    """One made-up concern: which child (an index), when, and what was written."""

    child: int
    at: datetime
    text: str


def _vocabulary(random: Random, words: int) -> list[str]:
    syllables = "ba be bri co da del fen gra hol in ka lor mi nan or pel qui ros sen tav ul ven wy".split()
    return sorted({"".join(random.choices(syllables, k=random.randint(2, 4))) for _ in range(words)})


def notes(count: int, children: int = 400, seed: int = 2026) -> list[Note]:
    """So many notes of 25 to 90 words, oldest first, each of a child in `range(children)`."""
    random = Random(seed)
    long_tail = _vocabulary(random, 4_000)
    made = []
    for number in range(count):
        words = random.choices(COMMON, k=random.randint(20, 70)) + random.choices(long_tail, k=random.randint(4, 20))
        random.shuffle(words)
        if number % EVERY_RARE == EVERY_RARE // 3:
            words.insert(len(words) // 2, RARE_WORD)
        if number % EVERY_RARE == EVERY_RARE // 2:
            words.insert(len(words) // 3, PHRASE)
        text = f"{random.choice(OPENINGS)} {' '.join(words)}."
        made.append(Note(random.randrange(children), START + timedelta(minutes=37 * number), text))
    return made


def upn(number: int) -> str:
    """A unique pupil number with its right check letter."""
    digits = f"{373_000_000_000 + number:012d}"
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return letters[sum((place + 2) * int(digit) for place, digit in enumerate(digits)) % 23] + digits


def children(count: int, seed: int = 2026) -> list[Child]:
    """So many made-up children, each with a UPN of its own."""
    random = Random(seed)
    made = []
    for number in range(count):
        year = random.randint(0, 11)
        born = datetime(2021 - year, 9, 1, tzinfo=UTC) + timedelta(days=random.randrange(365))
        name = f"{random.choice(FIRST)} {random.choice(LAST)}"
        made.append(Child(name, f"{born:%Y-%m-%d}", upn(number), f"Year {year}" if year else "Reception"))
    return made
