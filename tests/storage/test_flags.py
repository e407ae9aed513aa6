"""Flags in a vault: worked out act by act exactly as from the whole record, answered, and returning on new evidence."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from practice.acts import ConcernLogged
from practice.errors import NotFound, Refused
from practice.pattern_facts import Fact, Facts, key_of
from practice.pattern_rules import default_rules
from storage import flag_context, flags
from storage.desk import calendars, concerns, front_sheet
from storage.desk.flags import answer, set_rules
from storage.ids import new_id
from storage.ledger import Draft
from storage.vault import Vault, open_vault
from storage.views import family
from storage.views import front_sheet as front_sheet_view
from tests.conftest import PASSPHRASE, add_child, add_concern, on_day

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


EVERYTHING = (
    "SELECT f.*, group_concat(e.day || e.entry_id) FROM flags f LEFT JOIN flag_entries e ON e.flag_id = f.id"
    " GROUP BY f.id UNION ALL SELECT flag_id, '', '', '', '', '', 0, entry_id FROM flag_entries"
    " WHERE flag_id NOT IN (SELECT id FROM flags)"
)
"""Every flag with its entries, and every entry of none."""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(vault: Vault) -> Clock:
    clock = Clock()
    vault.clock = clock
    return clock


def standing(vault: Vault) -> list[tuple]:
    """Every row of the cache that a person sees."""
    with vault.read() as connection:
        return sorted(
            map(
                tuple,
                connection.exec_driver_sql(EVERYTHING),
            )
        )


class _Undo(Exception):
    """Takes back what a transaction did."""


def full_run(vault: Vault) -> list[tuple]:
    """What the flags are when all are worked out anew; the cache stays as it was, so that a slip would add up."""
    given = flag_context.context(vault)
    rows: list[tuple] = []
    with suppress(_Undo), vault.write() as unit:
        flags.forget(unit.connection)
        flags.bring_up(unit.connection, given, "anew")
        rows = sorted(
            map(
                tuple,
                unit.connection.exec_driver_sql(EVERYTHING),
            )
        )
        raise _Undo
    return rows


def three(vault: Vault, child: str) -> list[str]:
    return [
        add_concern(vault, child, "wet coat", day, category="welfare")
        for day in ("2026-10-01", "2026-10-20", "2026-11-19")
    ]


def test_a_flag_lists_its_entries_is_answered_and_returns_only_on_new_evidence(vault: Vault, clock: Clock) -> None:
    child = add_child(vault)
    entries = three(vault, child)
    (flag,) = flags.flags(vault)
    assert (flag.rule, flag.child, set(flag.entries), flag.state) == (
        "three_low_level",
        "Ada Thistlewood",
        set(entries),
        "open",
    )
    assert flag.since == date(2026, 11, 19)
    with pytest.raises(Refused, match="Write the reason"):
        answer(vault, flag.id, "  ")
    why = "her mother was in hospital; support is in place"
    answer(vault, flag.id, why)
    assert flags.flags(vault) == []
    (known,) = flags.flags(vault, considered=True)
    assert (known.id, known.state, known.reason) == (
        flag.id,
        "considered",
        "her mother was in hospital; support is in place",
    )
    with pytest.raises(Refused, match="nothing new has come"):
        answer(vault, flag.id, "again")
    concerns.amend(vault, entries[0], "wet coat and shoes", "clearer")
    assert flags.flags(vault) == []  # an amendment is no new entry
    new = add_concern(vault, child, "wet again", "2026-11-20", category="welfare")
    (again,) = flags.flags(vault)
    assert new in again.entries
    assert again.id != flag.id
    with pytest.raises(NotFound):
        answer(vault, "none", "because")
    assert vault.verify(rebuild=True).ok


def test_a_moved_entry_takes_its_evidence_with_it(vault: Vault, clock: Clock) -> None:
    one, other = add_child(vault), add_child(vault, "Noor", "Vale")
    entries = three(vault, one)
    assert [row.child_id for row in flags.flags(vault)] == [one]
    concerns.move(vault, entries[2], other, "the wrong child")
    assert flags.flags(vault) == []
    concerns.move(vault, entries[2], one, "it was right")
    assert [row.child_id for row in flags.flags(vault)] == [one]


def test_brothers_and_sisters_are_who_a_person_said_they_are(vault: Vault, clock: Clock) -> None:
    one, other, friend = (add_child(vault, name, "Vale") for name in ("Ada", "Noor", "Ivo"))
    fields = {"text": "No coat", "when": "19/11/2026", "category": "neglect"}
    concerns.log_concern(vault, fields, child_id=one, also=[(other, "sibling")])
    concerns.log_concern(vault, fields, child_id=one, also=[(friend, "witness")])
    found = [row for row in flags.flags(vault) if row.rule == "siblings"]
    assert {row.child_id for row in found} == {one, other}
    assert {len(row.entries) for row in found} == {3}
    every = flags.flags(vault)
    of_one = {
        child: [row for row in every if row.child_id == child] for child in dict.fromkeys(r.child_id for r in every)
    }
    expected = [(child, rows[0].child, rows[0].label, len(rows)) for child, rows in of_one.items()]
    assert [tuple(each) for each in flags.to_consider(vault)] == expected


def test_a_front_sheet_names_brothers_and_sisters_either_way_and_until_it_is_ended(vault: Vault, clock: Clock) -> None:
    one, other, friend = (add_child(vault, name, "Vale") for name in ("Ada", "Noor", "Ivo"))
    for child, day in ((one, "2026-11-02"), (one, "2026-11-10"), (other, "2026-11-19"), (friend, "2026-11-18")):
        add_concern(vault, child, "No coat", day, category="neglect")
    assert [row for row in flags.flags(vault) if row.rule == "siblings"] == []
    line = front_sheet.add_line(vault, other, "sibling", child=one)
    front_sheet.add_line(vault, friend, "connected_child", child=one)
    found = [row for row in flags.flags(vault) if row.rule == "siblings"]
    assert {row.child_id for row in found} == {one, other}
    assert {len(row.entries) for row in found} == {3}
    assert standing(vault) == full_run(vault)
    assert [row.id for row in family.siblings(vault, one)] == [other]
    front_sheet.end_line(vault, line, "they are cousins")
    assert [row for row in flags.flags(vault) if row.rule == "siblings"] == []
    assert standing(vault) == full_run(vault)


def test_a_schools_own_rules_and_calendar_count_at_once(vault: Vault, clock: Clock) -> None:
    child = add_child(vault)
    three(vault, child)
    set_rules(vault, b'silence = ["three_low_level"]')
    assert flags.flags(vault) == []
    with pytest.raises(Refused, match="no rule"):
        set_rules(vault, b'silence = ["three_hundred"]')
    set_rules(vault, b"")
    assert len(flags.flags(vault)) == 1
    assert flags.refresh(vault) == 0
    calendars.add_closure(vault, "Snow", date(2026, 11, 27), date(2026, 11, 27))
    assert flags.refresh(vault) == 1


def steps(
    vault: Vault, clock: Clock, rng: random.Random, kids: list[str], entries: list[str]
) -> list[Callable[[], object]]:
    """What may happen next."""
    child = rng.choice(kids)
    day = (clock.now - timedelta(days=rng.randrange(120))).strftime("%d/%m/%Y")
    fields = {
        "text": "seen",
        "when": day,
        "category": rng.choice(["neglect", "housing", "attendance", "behaviour", "injury"]),
        "entry_kind": rng.choice(["concern", "concern", "observation", "attendance", "visit", "strength"]),
        "childs_words": rng.choice(["", "I am fine"]),
    }
    other = rng.choice([each for each in kids if each != child])
    some = rng.choice(entries) if entries else ""

    def log(**more: object) -> None:
        entries.extend(concerns.log_concern(vault, fields, child_id=child, **more))

    made: list[Callable[[], object]] = [log, log, log, lambda: log(also=[(other, rng.choice(["sibling", "witness"]))])]
    lines = [line for each in kids for line in front_sheet_view.lines(vault, each)]
    made.append(lambda: front_sheet.add_line(vault, child, rng.choice(["sibling", "family"]), child=other))
    made += [lambda: front_sheet.end_line(vault, rng.choice(lines).line, "not so")] if lines else []
    made.append(lambda: setattr(clock, "now", clock.now + timedelta(days=rng.choice([1, 9, 60]))))
    if some:
        due = clock.now.date() + timedelta(days=rng.randrange(1, 20))
        made += [
            lambda: concerns.amend(vault, some, "seen again", "clearer", when=day),
            lambda: concerns.decide(vault, some, rng.choice(["police", "monitor_with_review_date"]), "why", due=due),
            lambda: concerns.promote(vault, some, "why", rng.choice(["concern", "significant"])),
            lambda: concerns.move(vault, some, rng.choice(kids), "wrong child"),
        ]
    if open_now := flags.flags(vault):
        made += [lambda: answer(vault, rng.choice(open_now).id, "considered")] * 2
    return made


@pytest.mark.parametrize("seed", range(3))
def test_act_by_act_the_flags_equal_a_full_run(vault: Vault, clock: Clock, seed: int) -> None:
    rng = random.Random(seed)
    kids = [add_child(vault, name, "Vale") for name in ("Ada", "Noor", "Ivo")]
    entries: list[str] = []
    raised = 0
    for _ in range(40):
        try:
            rng.choice(steps(vault, clock, rng, kids, entries))()
        except Refused:
            continue
        flags.refresh(vault)
        incremental = standing(vault)
        assert full_run(vault) == incremental
        raised = max(raised, len(incremental))
    assert raised


def test_every_entry_of_a_year_counts_however_many_and_whoever_else_goes_on_meanwhile(
    vault: Vault, clock: Clock, vault_folder: Path
) -> None:
    child = add_child(vault)
    with vault.write() as unit:
        for number in range(300):
            day = (NOW.date() - timedelta(days=number // 20 * 7)).isoformat()
            unit.record(ConcernLogged(text="x", occurred=on_day(day), category="neglect"), child=child, entry=new_id())
    found = {row.rule: row for row in flags.flags(vault)}
    assert len(found["three_low_level"].entries) == 280  # all of the fourteen weeks that its 92 days reach
    assert len(found["rising"].entries) == 120  # also of somebody with hundreds
    with open_vault(vault_folder, passphrase=PASSPHRASE, clock=clock) as other:
        for day in ("2026-11-17", "2026-11-18"):
            add_concern(other, child, "from beside", day)
            flags.refresh(other)
        add_concern(vault, child, "from here", "2026-11-19")
        flags.refresh(vault)
        assert standing(vault) == full_run(vault)
        assert len({row.rule: row for row in flags.flags(other)}["three_low_level"].entries) == 283


def test_an_act_about_a_child_with_thousands_of_entries_in_a_year_writes_what_it_changes(
    vault: Vault, clock: Clock
) -> None:
    child, rng = add_child(vault), random.Random(5)
    kinds = ["concern"] * 4 + ["observation", "attendance", "visit", "parent_contact"]
    categories = ["neglect", "housing", "attendance", "behaviour", "injury", "welfare"]

    def draft(back: int) -> Draft:
        occurred = on_day((NOW.date() - timedelta(days=back)).isoformat())
        concern = ConcernLogged(
            text="x", occurred=occurred, category=rng.choice(categories), entry_kind=rng.choice(kinds)
        )
        return Draft(concern, child, new_id())

    with vault.write() as unit:
        unit.record_many([draft(rng.randrange(365)) for _ in range(2_000)])
    flags.refresh(vault)
    given = flag_context.context(vault)
    for back in (0, 0, 1, 30, 200, 0):
        with vault.write() as unit:
            flags.bring_up(unit.connection, given, "looked at")
            unit.record_many([draft(back)])
            before = unit.connection.exec_driver_sql("SELECT total_changes()").scalar_one()
            flags.bring_up(unit.connection, given, "looked at")
            written = unit.connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before
        assert 0 < written < 100, "thousands of entries stand under the flags, and few of them came or went"
    assert len(standing(vault)) > 2
    assert standing(vault) == full_run(vault)


def test_facts_kept_one_by_one_count_like_those_read_at_once() -> None:
    rng = random.Random(7)
    kept, keys = Facts(), [key_of(rule) for rule in default_rules()]
    held: dict[str, Fact] = {}
    for _ in range(400):
        entry = f"entry-{rng.randrange(60)}"
        kinds, categories = ("concern", "observation", "visit"), ("neglect", "- housing", "behaviour neglect")
        if rng.random() < 0.3:
            kept.remove(entry)
            held.pop(entry, None)
        else:
            day, low, voice = rng.randrange(400), rng.randrange(2), rng.randrange(2)
            held[entry] = Fact(day, entry, rng.choice(kinds), rng.choice(categories), low, voice, 1)
            kept.add(held[entry])
        key = rng.choice(keys)
        facts = [day.facts for day in kept.counting(key)]
        assert facts == [day.facts for day in Facts(held.values()).counting(key)]
    assert kept.all == sorted(held.values())


def test_many_acts_at_once_count_like_one_by_one(vault: Vault, clock: Clock) -> None:
    child = add_child(vault)
    with vault.write() as unit:
        for day in range(1, 20):
            concern = ConcernLogged(text="x", occurred=on_day(f"2026-10-{day:02}"), category="neglect")
            unit.record(concern, child=child, entry=new_id())
    assert flags.refresh(vault) == 1
    assert {row.rule for row in flags.flags(vault)} >= {"three_low_level", "no_voice"}
