"""Patterns: the flags of one child with 5,000 entries, after an act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 8
HEAVY = 5_000
ONE_ACT = 0.005
"""Seconds that were promised."""


@contextmanager
def one_act(folder: Path, size: int) -> Iterator[Pair]:
    from practice.acts import ConcernLogged
    from practice.dates import Occurred
    from storage import flag_context, flags
    from storage.ids import new_id
    from storage.ledger import Draft

    with vault_of(folder / "vault", size) as (vault, ids):
        today = vault.clock().astimezone().date()
        for start in range(0, HEAVY, 1_000):
            days = [today.fromordinal(today.toordinal() - number % 365) for number in range(start, start + 1_000)]
            drafts = [
                Draft(
                    ConcernLogged(
                        text="made up",
                        category=("neglect", "attendance", "behaviour")[day.toordinal() % 3],
                        occurred=Occurred(
                            text=day.isoformat(), start=day.isoformat(), end=day.isoformat(), precision="day"
                        ),
                    ),
                    ids[0],
                    new_id(),
                )
                for day in days
            ]
            with vault.write() as unit:
                unit.record_many(drafts)
        flags.refresh(vault)
        given, newest = flag_context.context(vault), drafts[0]
        with vault.write() as unit:

            def after_an_act() -> float:
                unit.record(newest.body, child=ids[0], entry=new_id())
                return timed(lambda: flags.bring_up(unit.connection, given, "measured"))

            flags.bring_up(unit.connection, given, "measured")  # the year's school days are worked out once
            after_an_act()
            yield Pair(after_an_act, lambda: ONE_ACT)


ROW = Row(
    "flags",
    f"one child's flags after an act, {HEAVY:,} entries about the child in one year",
    "5 ms, as was promised",
    1.0,
    one_act,
)
