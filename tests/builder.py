"""One seeded builder of invented children and of what is written about them, for tests, benchmarks and the demo school.

Nobody here exists. The same arguments give the same result on every machine and version of Python: only
`Random.random()` is drawn from, whose sequence Python promises to keep.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

TODAY = date(2026, 11, 20)
"""The last school day that the builder knows, a Friday."""
YEARS = ("R", "1", "2", "3", "4", "5", "6")
HOUSES = ("Kestrel", "Heron", "Wren", "Lapwing")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
ETHNICITIES = {
    "english": "White - British",
    "welsh_irish_scottish": "White - British",
    "south_asian": "Any other Asian background",
    "african_caribbean": "Black - African",
    "east_african_middle_eastern": "Any other ethnic group",
    "european": "Any other White background",
    "east_asian_turkish": "Any other ethnic group",
}
CSV_COLUMNS = {
    "Legal Surname": "legal_surname",
    "Legal Forename": "legal_forename",
    "Preferred Forename": "preferred_forename",
    "Middle Names": "middle_names",
    "UPN": "upn",
    "Adno": "admission_number",
    "DOB": "date_of_birth",
    "Gender": "sex",
    "Year": "year_group",
    "Reg": "reg_group",
    "House": "house",
    "SEN Status": "sen_status",
    "Looked After": "looked_after",
    "Pupil Premium": "pupil_premium",
    "EAL": "eal",
    "Ethnicity": "ethnicity",
}


@cache
def _load(name: str) -> dict[str, Any]:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def pick(rng: Random, options: Sequence[T]) -> T:
    """Return one of the options, each as likely as the others."""
    return options[int(rng.random() * len(options))]


def pick_weighted(rng: Random, weights: Sequence[float]) -> int:
    """Return an index, as likely as its weight."""
    left = rng.random() * sum(weights)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    return len(weights) - 1


def make_upn(number: int, entry_year: int) -> str:
    """Return a UPN with its right check letter for child `number` (from 0), of an authority that does not exist."""
    digits = f"999{2000 + number // 1000:04d}{entry_year % 100:02d}{number % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(2, 14), strict=True))
    return UPN_LETTERS[total % 23] + digits


def children(n: int, seed: int, years: Sequence[str] = YEARS) -> list[dict[str, Any]]:
    """Return `n` children, spread over the year groups: some are siblings, a few twins.

    Each is a dict of a roster row's fields (`date_of_birth` a date, the rest text) and `number`, from 0.
    """
    rng = Random(seed)
    groups = _load("builder_names.json")["groups"]
    names = list(groups)
    weights = [groups[name][0] for name in names]
    made: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for number in range(n):
        year = years[number * len(years) // n]
        sibling, twin = _family(rng, made, year)
        for attempt in range(20):
            group = sibling["_group"] if sibling else names[pick_weighted(rng, weights)]
            child = _child(rng, number, groups[group], group, sibling)
            # Namesakes are rare in one school, and in a family there are none; only a large set has to have some.
            if (child["legal_surname"], child["legal_forename"]) not in seen or (attempt > 6 and not sibling):
                break
        else:
            child = _child(rng, number, groups[group], group, None)
        seen.add((child["legal_surname"], child["legal_forename"]))
        child["date_of_birth"] = sibling["date_of_birth"] if sibling and twin else _birthday(rng, year)
        child["_siblings"] = sibling["_siblings"] + 1 if sibling else 0
        _place(rng, child, year, number, n, len(years))
        made.append(child)
    for child in made:
        del child["_group"], child["_siblings"]
    return made


def _family(rng: Random, made: Sequence[dict[str, Any]], year: str) -> tuple[dict[str, Any] | None, bool]:
    """Return an elder or younger sibling for the next child, and whether the two are twins."""
    if made and made[-1]["year_group"] == year and not made[-1]["_siblings"] and rng.random() < 0.01:
        return made[-1], True
    if not made or rng.random() > 0.22:
        return None, False
    other = pick(rng, made)
    return (other, False) if other["year_group"] != year and other["_siblings"] < 2 else (None, False)


def _child(rng: Random, number: int, names: list[Any], group: str, sibling: dict[str, Any] | None) -> dict[str, Any]:
    boy = rng.random() < 0.51
    given = names[1] if boy else names[2]
    forename = pick(rng, given)
    middle = pick(rng, given) if rng.random() < 0.3 else ""
    return {
        "number": number,
        "legal_surname": sibling["legal_surname"] if sibling else pick(rng, names[3]),
        "legal_forename": forename,
        "preferred_forename": forename[:3] + "s" if boy and len(forename) > 6 and rng.random() < 0.1 else "",
        "middle_names": "" if middle == forename else middle,
        "sex": "M" if boy else "F",
        "ethnicity": ETHNICITIES[group],
        "eal": "Y" if group not in ("english", "welsh_irish_scottish") and rng.random() < 0.55 else "N",
        "_group": group,
    }


def _birthday(rng: Random, year_group: str) -> date:
    """Return a birthday of a child who is in the year group in the school year of TODAY."""
    stage = 0 if year_group == "R" else int(year_group)
    school_year = TODAY.year if TODAY.month >= 9 else TODAY.year - 1
    return date(school_year - 5 - stage, 9, 1) + timedelta(days=int(rng.random() * 365))


def _place(rng: Random, child: dict[str, Any], year: str, number: int, n: int, years: int) -> None:
    """Give the child their numbers, class and house, and the marks that a school keeps."""
    classes = max(1, round(n / years / 30))
    entry_year = child["date_of_birth"].year + (5 if child["date_of_birth"].month >= 9 else 4)
    child.update(
        year_group=year,
        reg_group=f"{year}{chr(ord('A') + number % min(classes, 26))}",
        upn=make_upn(number, entry_year),
        admission_number=f"{4000 + number:06d}",
        mis_id=str(100000 + number),
        house=pick(rng, HOUSES),
        sen_status=("N", "K", "E")[pick_weighted(rng, (83, 13, 4))],
        looked_after="Y" if rng.random() < 0.009 else "N",
        pupil_premium="Y" if rng.random() < 0.24 else "N",
    )


def as_csv(made: Sequence[dict[str, Any]]) -> bytes:
    """Return the children as SIMS would export them: UTF-8 with a byte-order mark, day-first dates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for child in made:
        born = child["date_of_birth"]
        cells = {**child, "date_of_birth": f"{born.day:02d}/{born.month:02d}/{born.year}" if born else ""}
        writer.writerow([cells[name] for name in CSV_COLUMNS.values()])
    return out.getvalue().encode("utf-8-sig")


def concerns(n: int, made: Sequence[dict[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    """Yield `n` concerns in the order in which they were recorded, over three years of school days up to TODAY.

    Each is a dict: `child` (index into `made`; a few children have most of them), `kind`, `category`,
    `further_categories`, `text` (40 to 120 words), `childs_words` (often blank), `how_known`, `place`, `occurred_on`
    (a date), `occurred` (it, as a person writes it) and `recorded_at` (an aware datetime, UTC; late now and then).
    """
    rng = Random(seed)
    prose = _load("builder_prose.json")
    categories = list(prose["categories"])
    weights = [prose["categories"][name][0] for name in categories]
    order = sorted(range(len(made)), key=lambda _: rng.random())
    days = _school_days()
    for number in range(n):
        category = categories[pick_weighted(rng, weights)]
        child = order[int(len(order) * rng.random() ** 3)]
        place = pick(rng, prose["places"])
        text, words = _prose(rng, prose, category, made[child]["legal_forename"], place, made)
        position = number * len(days) / n
        recorded = days[int(position)]
        late = 0 if rng.random() < 0.86 else 1 + int(13 * rng.random() ** 2)
        occurred = recorded - timedelta(days=late)
        yield {
            "child": child,
            "kind": _kind(rng, category),
            "category": category,
            "further_categories": [pick(rng, categories)] if rng.random() < 0.15 else [],
            "text": text,
            "childs_words": words,
            "how_known": "told_by_child" if words else pick(rng, ("seen", "seen", "heard", "told_by_adult")),
            "place": place,
            "occurred_on": occurred,
            "occurred": f"{occurred.day} {MONTHS[occurred.month - 1]} {occurred.year}",
            "recorded_at": datetime.combine(recorded, time(8, 30), UTC)
            + timedelta(milliseconds=int((position % 1) * 8 * 3_600_000)),
        }


def _kind(rng: Random, category: str) -> str:
    if category == "attendance":
        return "attendance"
    if category == "welfare":
        return pick(rng, ("strength", "strength", "observation", "parent_contact"))
    return ("concern", "observation", "agency_contact")[pick_weighted(rng, (86, 10, 4))]


def _prose(
    rng: Random, prose: dict[str, Any], category: str, forename: str, place: str, made: Sequence[dict[str, Any]]
) -> tuple[str, str]:
    """Return a note of 40 to 120 words, and the child's own words or a blank."""
    _, details, spoken = prose["categories"][category]
    first = int(rng.random() * len(details))
    parts = [pick(rng, prose["openings"]), details[first]]
    if rng.random() < 0.6:
        parts.append(details[(first + 1) % len(details)])
    ending = int(rng.random() * len(prose["endings"]))
    wanted = 40 + int(50 * rng.random())
    count = sum(part.count(" ") + 1 for part in parts)
    while count < wanted:
        parts.append(prose["endings"][ending % len(prose["endings"])])
        count += parts[-1].count(" ") + 1
        ending += 3
    slots = {"n": forename, "a": pick(rng, prose["adults"]), "p": place, "s": pick(rng, made)["legal_forename"]}
    return " ".join(parts).format(**slots), pick(rng, spoken) if rng.random() < 0.35 else ""


@cache
def _school_days() -> list[date]:
    """Return the weekdays of three years up to TODAY, without August and the turn of the year."""
    first = TODAY - timedelta(days=3 * 365)
    days = (first + timedelta(days=step) for step in range(3 * 365 + 1))
    return [day for day in days if day.weekday() < 5 and day.month != 8 and (day.month, day.day) < (12, 20)]
