"""Which records fall due under the school's retention rules, what stands in the way, and holds (R-110)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from practice.acts import HoldLifted, HoldSet, RetentionSet, build
from practice.dates import day_words
from practice.errors import NotFound, Refused
from practice.profile import RetentionDefaults, RetentionPeriod, profile
from practice.retention import HOLD_WORDS, Due, Facts, due, not_yet, obstacles, periods_of
from practice.roles import check_may_see_retention
from storage import erasing
from storage.ids import new_id
from storage.types import from_utc_text
from storage.views import actions, children, erasures, organisation, record, reviews, sharing, transfers
from storage.views.base import marks
from storage.views.cases import LIVE
from storage.views.children import ChildRow
from storage.views.erasures import ErasureRow, HoldRow

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class Standing:
    """How a child's record stands: when it is to be looked at, what forbids its erasure, and what was proposed."""

    child: ChildRow
    due: Due
    obstacles: tuple[str, ...]
    entries: int
    proposal: ErasureRow | None = None
    came_after: int = 0
    """How many acts came about a child whose record was erased, and wait for somebody to decide."""


def periods(vault: Vault) -> tuple[RetentionPeriod, ...]:
    """Return the periods in force: the nation's, with the school's own years in their place."""
    own = organisation.retention(vault)
    return periods_of(defaults(vault).periods, own.years if own else None, own.abuse_years if own else None)


def source(vault: Vault) -> str:
    """Return where the periods in force are taken from, in words for the screen."""
    own = organisation.retention(vault)
    if own:
        return f"The school's own: {own.source}"
    found = profile(organisation.calendar(vault).nation)
    borrowed = f" This is England's, until somebody confirms that of {found.profile.nation}."
    said = f"{found.retention.source} (edition {found.retention.edition})"
    return said + (borrowed if "retention" in found.borrowed else "")


def defaults(vault: Vault) -> RetentionDefaults:
    """Return the periods of the school's nation, and what to ask before anything is erased."""
    return profile(organisation.calendar(vault).nation).retention


def set_periods(vault: Vault, years: int, abuse_years: int, where: str) -> str:
    """Set the school's own periods, in years, and where they are taken from; return the act's id."""
    return vault.record(
        build(RetentionSet, {"years": years, "abuse_years": abuse_years, "source": where}),
    ).id


# -- holds -------------------------------------------------------------------------------------------------------------


def hold(vault: Vault, why: str, reason: str, *, child_id: str = "", until: date | None = None) -> str:
    """Forbid the erasure of a child's record, or of every record without a child; return the hold's id."""
    if not reason.strip():
        raise Refused("A hold needs its reason. Nothing was changed.", hint="Write whose it is and what it asks for.")
    child = children.get(vault, child_id).id if child_id else None
    ident = new_id()
    fields = {"hold": ident, "why": why, "reason": reason, "until": until.isoformat() if until else None}
    vault.record(build(HoldSet, fields), child=child)
    return ident


def lift(vault: Vault, hold_id: str, reason: str) -> str:
    """Lift a hold, with the reason; return its id. Raises NotFound."""
    found = next((each for each in erasures.holds_in_force(vault) if each.id == hold_id), None)
    if found is None:
        raise NotFound("There is no hold with that id in force.", hint="dsl-console children retention lists them.")
    if not reason.strip():
        raise Refused("Why is the hold lifted? Nothing was changed.", hint="Write why in one sentence.")
    vault.record(build(HoldLifted, {"hold": found.id, "reason": reason}), child=found.child_id or None)
    return found.id


def hold_words(row: HoldRow) -> str:
    """Return a hold in one sentence."""
    whose = "every record" if not row.child_id else "this record"
    until = f"; to be looked at again on {day_words(row.until)}" if row.until else ""
    return (
        f"{HOLD_WORDS[row.why]} needs {whose}: {row.reason} (set by {row.set_by} on"
        f" {day_words(row.set_at.astimezone().date())}{until})"
    )


# -- what is due -------------------------------------------------------------------------------------------------------


def all_due(vault: Vault, on: date | None = None, *, everyone: bool = False) -> list[Standing]:
    """Return the records to be looked at, the longest due first; with `everyone` each record with its own day.

    Records whose erasure is proposed are among them whatever their day, and so are erased ones of which something came
    since. Raises NotAllowed for who finds only some children.
    """
    check_may_see_retention(vault.person.role)
    on = on or vault.clock().astimezone().date()
    rows = {row.id: row for row in children.all_children(vault, include_left=True)}
    facts = _quick_facts(vault)
    proposed = {row.child_id: row for row in erasures.rows(vault, states=["proposed"])}
    with vault.read() as connection:
        after = erasing.came_after(connection)
        erased = {row[0] for row in connection.exec_driver_sql("SELECT child_id FROM erasures WHERE state = 'erased'")}
    found, given = [], periods(vault)
    for child_id, child in rows.items():
        if child_id in erased:
            if child_id in after:
                found.append(standing(vault, child_id))
            continue
        known = replace(facts.get(child_id, Facts()), born=child.date_of_birth, on_roll=child.on_roll)
        looked = due(given, known)
        is_due = looked.on is not None and looked.on <= on
        if is_due or child_id in proposed:
            found.append(standing(vault, child_id))
        elif everyone:
            found.append(Standing(child, looked, (), known.entries))
    return sorted(found, key=lambda each: (each.due.on or date.max, each.child.sort_name))


def standing(vault: Vault, child_id: str, basis: str = "") -> Standing:
    """Return how one record stands; obstacles are those of the basis, or of the one that was proposed."""
    child = children.get(vault, child_id)
    proposals = erasures.rows(vault, child_id=child_id, states=["proposed", "erased"])
    open_ = next((row for row in proposals if row.state == "proposed"), None)
    basis = basis or (open_.basis if open_ else "retention")
    facts = _facts(vault, child)
    looked = due(periods(vault), facts)
    with vault.read() as connection:
        after = erasing.came_after(connection).get(child_id, 0)
    earlier = next((row for row in proposals if row.state == "erased" and row.agreed_at), None)
    if earlier is not None and earlier.agreed_at is not None:
        day = earlier.agreed_at.astimezone().date()
        looked = Due(day, f"The record was erased on {day_words(day)}; this came from another machine afterwards")
    today = vault.clock().astimezone().date()
    found = [each for each in (not_yet(looked, today, basis), *obstacles(facts, basis)) if each]
    return Standing(child, looked, tuple(found), facts.entries, open_, after)


def _quick_facts(vault: Vault) -> dict[str, Facts]:
    """Return for every child what tells when their record is due."""
    categories: dict[str, set[str]] = defaultdict(set)
    with vault.read() as connection:
        for child, category, further in connection.exec_driver_sql(
            "SELECT DISTINCT child_id, category, further_categories FROM entries"
            " WHERE category <> '' OR further_categories <> '[]'"
        ):
            categories[child] |= {category, *json.loads(further)} - {""}
        rows = connection.exec_driver_sql("SELECT child_id, count(*), max(recorded_at) FROM entries GROUP BY child_id")
        return {
            row[0]: Facts(
                newest=from_utc_text(row[2]).astimezone().date(),
                entries=row[1],
                categories=frozenset(categories[row[0]]),
            )
            for row in rows
        }


def _facts(vault: Vault, child: ChildRow) -> Facts:
    """Return all that the rules may know of a child's record."""
    quick = _quick_facts(vault).get(child.id, Facts())
    plan = reviews.plan(vault, child.id)
    with vault.read() as connection:
        unconfirmed = transfers.unconfirmed(connection, child.id)
        out = connection.exec_driver_sql(
            "SELECT count(*) FROM visits WHERE state = 'out'"
            " AND EXISTS (SELECT 1 FROM json_each(visits.children) WHERE value = ?)",
            (child.id,),
        ).scalar_one()
        linked = connection.exec_driver_sql(
            f"SELECT count(*) FROM cases WHERE child_id = ? AND state IN ({marks(LIVE)})",  # noqa: S608
            (child.id, *LIVE),
        ).scalar_one()
    return replace(
        quick,
        born=child.date_of_birth,
        on_roll=child.on_roll,
        status=plan.status if plan else "",
        open_actions=len(actions.actions(vault, vault.clock().astimezone().date(), child_id=child.id)),
        undecided=record.undecided_counts(vault, child.id).get(child.id, 0),
        transfers=int(unconfirmed),
        visits=out,
        cases=linked,
        shares_waiting=len(sharing.shares(vault, child_id=child.id, states=["proposed", "held", "queued"])),
        holds=tuple(hold_words(each) for each in erasures.holds_in_force(vault) if each.child_id in ("", child.id)),
    )
