"""Add children one by one, provisionally while logging, and from the school's roll (R-15, practice: §10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from practice.acts import ChildAdded, ChildChanged, ChildFields, ChildLeft, build
from practice.errors import NotFound, Refused
from practice.text import has_control
from practice.upn import check_upn, normalise
from storage.ids import new_id
from storage.ledger import Draft
from storage.views import children

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.roster.compare import Difference, KnownChild
    from storage.vault import Unit, Vault


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or with a dry run would do: counts, and the lines that were not taken."""

    joined: int
    changed: int
    left: int
    unchanged: int
    not_in_file: int
    rejected: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    counts: str = "line"
    dry_run: bool = False
    transfers: int = 0
    """How many files of leavers are to be sent on: a transfer of each was opened."""

    def place(self, number: int) -> str:
        """Return of which row something is said: `line 4`, `pupil 4`, or the whole file where no row is meant."""
        return f"{self.counts} {number}" if number else "the file"


def split_name(name: str) -> dict[str, str]:
    """Return a name as written as forename and surname; the last word is the surname."""
    words = name.split()
    return {
        "legal_forename": " ".join(words[:-1]) or name.strip(),
        "legal_surname": words[-1] if len(words) > 1 else "",
    }


def provisional_child(unit: Unit, name: str) -> str:
    """Record, in the open transaction, a child who is not on the roll, and return the new id (R-15)."""
    if has_control(name):
        raise Refused("The child's name holds characters that cannot be shown. Nothing was recorded.")
    child_id = new_id()
    unit.record(build(ChildAdded, {**split_name(name), "provisional": True}), child=child_id)
    return child_id


def add_child(vault: Vault, *, provisional: bool = False, **fields: Any) -> tuple[str, str | None]:
    """Add a child typed by hand; return the id and, where the UPN looks mistyped, a sentence that says so.

    `fields` are those of ChildFields; `name` may stand for forename and surname. Raises Refused where a child with
    this UPN is here already.
    """
    if name := fields.pop("name", ""):
        fields |= split_name(name)
    if not (fields.get("legal_surname") or fields.get("legal_forename")):
        raise Refused("A child needs a name. Nothing was recorded.")
    if any(has_control(value) for value in fields.values() if isinstance(value, str)):
        raise Refused("The child's name holds characters that cannot be shown. Nothing was recorded.")
    upn = fields["upn"] = normalise(fields.get("upn") or "")
    if upn:
        try:
            there = children.resolve(vault, upn)
        except NotFound:
            there = None
        if there is not None and there.upn == upn:
            raise Refused(
                "A child with that UPN is in this vault already. Nothing was recorded.", hint=there.told_apart
            )
    child_id = new_id()
    vault.record(build(ChildAdded, {**fields, "provisional": provisional}), child=child_id)
    return child_id, check_upn(upn)


# -- the roll ----------------------------------------------------------------------------------------------------------


def import_roster(
    vault: Vault,
    data: bytes,
    *,
    dry_run: bool = False,
    mapping: Mapping[str, str] | None = None,
    whole_school: bool = False,
    confirm_leavers: int | None = None,
) -> ImportReport:
    """Take in a school's roll; nothing is deleted by it, and blanks never erase what is known.

    Leavers are marked only with `whole_school`; above 5 % of the roll only when `confirm_leavers` is their number.
    Raises Refused for a file that cannot be read or a question that must be answered first; then nothing was changed.
    """
    from storage.roster.compare import compare, leavers_need_confirmation
    from storage.roster.reading import read_roster

    opened: list[Draft] = []
    today = vault.clock().astimezone().date()
    roster = read_roster(data, mapping, today=today)
    known, versions = _known(vault)
    difference = compare(roster, known, whole_school, today)
    on_roll = sum(child.on_roll for child in known)
    if not dry_run and confirm_leavers != len(difference.left) and leavers_need_confirmation(difference.left, on_roll):
        raise Refused(
            f"This file would mark {len(difference.left)} of {on_roll} children as having left. Nothing was changed.",
            hint=f"If that is right, import again with --confirm-leavers {len(difference.left)}.",
        )
    if not dry_run:
        from storage.desk.transfers import drafts_for_leavers

        drafts = _drafts(vault, difference, versions)
        opened = drafts_for_leavers(vault, _leavers(difference, known))
        drafts += opened
        if drafts:
            with vault.write() as unit:
                unit.record_many(drafts)
    return ImportReport(
        joined=len(difference.joined),
        changed=len(difference.changed),
        left=len(difference.left),
        unchanged=len(difference.unchanged),
        not_in_file=len(difference.not_in_file),
        rejected=[(each.line, each.reason) for each in difference.rejected],
        warnings=[(each.line, each.text) for each in difference.warnings] + _files_to_stay(vault, difference),
        counts=roster.counts,
        dry_run=dry_run,
        transfers=len(opened),
    )


def _leavers(difference: Difference, known: Sequence[KnownChild]) -> list[tuple[str, date | None]]:
    """Return who left, each with the day that the roll says, where it says one."""
    days = {child.id: child.fields.get("leaving_date") for child in known}
    days |= {child: changes["leaving_date"] for child, changes, _ in difference.changed if changes.get("leaving_date")}
    return [(child, day if isinstance(day := days.get(child), date) else None) for child in difference.left]


def _files_to_stay(vault: Vault, difference: Difference) -> list[tuple[int, str]]:
    """Say of how many children who are back the file is still to be sent to another school."""
    from storage.views.transfers import transfers

    back = {child for child, changes, _ in difference.changed if changes.get("on_roll")}
    count = sum(row.child_id in back and row.state == "open" and row.direction == "out" for row in transfers(vault))
    if not back or not count:
        return []
    whose = (
        "the record of a child who is back is" if count == 1 else f"the records of {count} children who are back are"
    )
    return [(0, f"{whose} still to be sent to another school: if none goes, end that (dsl-console transfer end)")]


def _known(vault: Vault) -> tuple[list[KnownChild], dict[str, str]]:
    """Return every child as the roll can speak of them, and the version that the import has before it."""
    from storage.roster.compare import KnownChild
    from storage.roster.model import NAME_FIELDS, OTHER_FIELDS

    known, versions = [], {}
    for child_id, fields, on_roll, provisional, version in children.everything(vault):
        versions[child_id] = version
        found = ChildFields.model_validate(fields)
        flat = {**fields, **found.other}
        known.append(
            KnownChild(
                id=child_id,
                names={name: str(flat.get(name) or "") for name in NAME_FIELDS},
                upn=found.upn,
                former_upns=(found.former_upn,) if found.former_upn else (),
                former_names=found.former_names,
                date_of_birth=children.day_or_none(found.date_of_birth),
                mis_id=found.mis_id,
                admission_number=found.admission_number,
                fields={
                    name: children.day_or_none(flat[name]) if name == "leaving_date" else flat[name]
                    for name in (*OTHER_FIELDS, "leaving_date")
                    if flat.get(name)
                },
                on_roll=on_roll,
                provisional=provisional,
            )
        )
    return known, versions


def _drafts(vault: Vault, difference: Difference, versions: Mapping[str, str]) -> list[Draft]:
    from storage.desk.same_child import id_from_roll
    from storage.roster.bodies import change_fields, child_fields

    drafts = []
    with vault.read() as connection:
        for row in difference.joined:
            fields = child_fields(row)
            body = build(ChildAdded, fields)
            name, born = f"{body.legal_forename} {body.legal_surname}", body.date_of_birth
            drafts.append(Draft(body, child=id_from_roll(vault, connection, body.upn, body.mis_id, name, born)))
    for child_id, changes, _row in difference.changed:
        fields = {"changes": change_fields(changes), "sees": versions[child_id]}
        drafts.append(Draft(build(ChildChanged, fields), child=child_id))
    return drafts + [Draft(ChildLeft(), child=child_id) for child_id in difference.left]
