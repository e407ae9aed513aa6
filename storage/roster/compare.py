"""The difference between a roll and the children already known: who joins, who left, what changed (practice: §10).

Pure: no store and no clock. A child is matched by a number that fits, or by legal name and date of birth together,
never by name alone; where two could be meant, the row is rejected and a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import date

from practice.names import match_key
from practice.upn import check_upn, is_temporary
from storage.roster.model import NAME_FIELDS, OTHER_FIELDS, Rejected, Roster, RosterRow, Warning_

FieldValue = str | date | bool | tuple[str, ...]

_LEFT = frozenset(
    {"left", "leaver", "left school", "left the school", "former", "former pupil", "former student", "off roll"}
)
_HERE = ("current", "single", "on roll", "main")
BACK = "a child who had left is back on the roll, with the whole record"
_UPN, _OTHER_NUMBER, _NAME = 0, 1, 2


@dataclass(frozen=True, slots=True)
class KnownChild:
    """A child in the store, as far as a roll can speak of them.

    `names` holds the fields of NAME_FIELDS and `fields` those of OTHER_FIELDS and `leaving_date`; absent means blank.
    """

    id: str
    names: Mapping[str, str]
    upn: str = ""
    former_upns: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    date_of_birth: date | None = None
    mis_id: str = ""
    admission_number: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    on_roll: bool = True
    provisional: bool = False


@dataclass(slots=True)
class Difference:
    """What an import would do. Nothing is deleted by any of it.

    Every row of the roster is joined, fits a child, or is rejected (`rejected` holds the roster's own rejections too).
    Every known child on the roll, and every provisional one, is in one of `unchanged`, `not_in_file`, or in `changed`
    or `left` or both.
    """

    joined: list[RosterRow] = field(default_factory=list)
    changed: list[tuple[str, dict[str, FieldValue], RosterRow]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    not_in_file: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[Warning_] = field(default_factory=list)


def compare(roster: Roster, known: Sequence[KnownChild], whole_school: bool, today: date) -> Difference:
    """Return what the roster would change.

    A child leaves where their row says so (a leaving date before `today`, or a status of left), or, with
    `whole_school`, where no row is theirs; a rejected line behind which a child may stand keeps everyone on the roll.
    A blank never erases what is known.
    """
    difference = Difference(rejected=list(roster.rejected), warnings=list(roster.warnings))
    index = _Index(known)
    fits: dict[str, list[tuple[int, RosterRow]]] = defaultdict(list)
    held: set[str] = set()
    for row in roster.rows:
        ids, rank, fault = index.fitting(row)
        if fault:
            held |= ids
            difference.rejected.append(Rejected(row.line, fault))
        elif ids:
            fits[next(iter(ids))].append((rank, row))
        else:
            _join(difference, row, index, today)
    matched = _one_row_each(fits, difference, held, roster.counts)
    for child in known:
        if child.id in matched:
            _change(difference, child, matched[child.id], today)
        elif child.id in held:
            difference.unchanged.append(child.id)
        elif child.on_roll or child.provisional:
            difference.not_in_file.append(child.id)
    if whole_school:
        _leave_out(difference, known, roster.header_line)
    difference.rejected.sort(key=lambda rejected: rejected.line)
    difference.warnings.sort(key=lambda warning: warning.line)
    return difference


def leavers_need_confirmation(left: Sized, roll_size: int) -> bool:
    """Say whether so many leavers, over 5 % of the roll, must be confirmed before an import marks them."""
    return len(left) * 20 > roll_size


class _Index:
    """Known children by each thing that can identify one."""

    def __init__(self, known: Iterable[KnownChild]) -> None:
        self.upn: dict[str, set[str]] = defaultdict(set)
        self.former: dict[str, set[str]] = defaultdict(set)
        self.mis: dict[str, set[str]] = defaultdict(set)
        self.admission: dict[str, set[str]] = defaultdict(set)
        self.named: dict[tuple[str, str], list[KnownChild]] = defaultdict(list)
        self.children = {child.id: child for child in known}
        for child in self.children.values():
            for value, numbers in (
                (child.upn, self.upn),
                (child.mis_id, self.mis),
                (child.admission_number, self.admission),
            ):
                if value:
                    numbers[value].add(child.id)
            for upn in child.former_upns:
                self.former[upn].add(child.id)
            self.named[_name_of(child)].append(child)

    def fitting(self, row: RosterRow) -> tuple[set[str], int, str]:
        """Return the ids that fit the row, by what rank of evidence, and why the row cannot be used (or blank)."""
        by_upn = self._get(self.upn, row.upn)
        # A faulty UPN may be another child's cut short, and a temporary one changes: neither is enough by itself.
        if by_upn and (check_upn(row.upn) or is_temporary(row.upn)):
            by_upn = self._same_birth(by_upn, row)
        strangers = {one for one in by_upn if self._is_someone_else(self.children[one], row)}
        if strangers:
            return strangers, _UPN, "its UPN is that of a child with another name and another date of birth"
        by_number = by_upn | self._same_birth(
            self._get(self.former, row.upn)
            | self._get(self.upn, row.former_upn)
            | self._get(self.former, row.former_upn)
            | self._get(self.mis, row.mis_id)
            | self._get(self.admission, row.admission_number),
            row,
        )
        if len(by_number) > 1:
            return by_number, _UPN, _two(by_number)
        named = self._same_name_and_birth(row)
        if by_number and named and not by_number <= named:
            # Twins whose numbers were swapped: taking either would write one child's name over the other's.
            return by_number | named, _UPN, "its number is one child's and its name another's: a person must say which"
        if by_number:
            return by_number, _UPN if by_upn else _OTHER_NUMBER, ""
        return self._by_name(row, named)

    def _same_name_and_birth(self, row: RosterRow) -> set[str]:
        return self._same_birth({child.id for child in self.named.get(_name_in(row), ())}, row)

    def _by_name(self, row: RosterRow, same: set[str]) -> tuple[set[str], int, str]:
        if len(same) > 1:
            return same, _NAME, _two(same)
        if any(_upns_differ(self.children[one], row) for one in same):
            return same, _NAME, "it has the name and date of birth of a child already here, but another UPN"
        if same:
            return same, _NAME, ""
        undated = {
            child.id
            for child in self.named.get(_name_in(row), ())
            if not (row.date_of_birth and child.date_of_birth)
            and not child.provisional
            and not _numbers_differ(child, row)
        }
        if undated:
            return (
                undated,
                _NAME,
                (
                    "it has the name of a child already here, and neither date of birth nor number tells them apart; "
                    "add the date of birth to the record or to the file"
                ),
            )
        return set(), _NAME, ""

    def provisional_namesake(self, row: RosterRow) -> bool:
        """Say whether a provisional child without a date of birth has the row's name."""
        return any(child.provisional for child in self.named.get(_name_in(row), ()))

    def _same_birth(self, ids: set[str], row: RosterRow) -> set[str]:
        return {one for one in ids if row.date_of_birth and self.children[one].date_of_birth == row.date_of_birth}

    @staticmethod
    def _get(numbers: Mapping[str, set[str]], value: str) -> set[str]:
        return numbers.get(value, set()) if value else set()

    @staticmethod
    def _is_someone_else(child: KnownChild, row: RosterRow) -> bool:
        if not (row.date_of_birth and child.date_of_birth) or row.date_of_birth == child.date_of_birth:
            return False
        ours, theirs = _name_of(child), _name_in(row)
        return ours[0] != theirs[0] and ours[1] != theirs[1]


def _two(ids: Sized) -> str:
    words = {2: "two", 3: "three"}.get(len(ids), str(len(ids)))
    return f"it fits {words} children already here: a person must say which"


def _name_of(child: KnownChild) -> tuple[str, str]:
    return match_key(child.names.get("legal_surname", "")), match_key(child.names.get("legal_forename", ""))


def _name_in(row: RosterRow) -> tuple[str, str]:
    return match_key(row.legal_surname), match_key(row.legal_forename)


def _upns_differ(child: KnownChild, row: RosterRow) -> bool:
    """Say whether both have a permanent UPN without fault and these differ."""
    permanent = [upn for upn in (child.upn, row.upn) if upn and not check_upn(upn) and not is_temporary(upn)]
    return len(permanent) == 2 and permanent[0] != permanent[1]


def _numbers_differ(child: KnownChild, row: RosterRow) -> bool:
    pairs = (
        (child.upn, row.upn),
        (child.mis_id, row.mis_id),
        (child.admission_number, row.admission_number),
    )
    given = [(ours, theirs) for ours, theirs in pairs if ours and theirs]
    return bool(given) and all(ours != theirs for ours, theirs in given)


def _join(difference: Difference, row: RosterRow, index: _Index, today: date) -> None:
    if _has_left(row, today):
        reason = "the child has already left and is not known here"
        difference.rejected.append(Rejected(row.line, reason, hides_child=False))
        return
    difference.joined.append(row)
    if index.provisional_namesake(row):
        text = "a provisional child has this name; if they are one, match them by hand"
        difference.warnings.append(Warning_(row.line, text))


def _one_row_each(
    fits: Mapping[str, list[tuple[int, RosterRow]]], difference: Difference, held: set[str], counts: str
) -> dict[str, RosterRow]:
    """Return the row of each child; of several that fit one child the best evidence stands, and equals are rejected."""
    matched = {}
    for child, ranked in fits.items():
        best = min(rank for rank, _ in ranked)
        leading = [row for rank, row in ranked if rank == best]
        if len(leading) == 1:
            matched[child] = leading[0]
        else:
            held.add(child)
        for _, row in ranked:
            if matched.get(child) is not row:
                lines = " and ".join(str(other.line) for _, other in ranked if other is not row)
                difference.rejected.append(Rejected(row.line, f"it fits the same child as {counts} {lines}"))
    return matched


def _change(difference: Difference, child: KnownChild, row: RosterRow, today: date) -> None:
    leaves = _has_left(row, today)
    changes = _changes(child, row)
    if not leaves:
        if not child.on_roll:
            changes["on_roll"] = True
            if not child.provisional:
                difference.warnings.append(Warning_(row.line, BACK))
        if child.provisional:
            changes["provisional"] = False
    if changes:
        difference.changed.append((child.id, changes, row))
    if leaves and child.on_roll:
        difference.left.append(child.id)
    elif not changes:
        difference.unchanged.append(child.id)


def _changes(child: KnownChild, row: RosterRow) -> dict[str, FieldValue]:
    """Return the fields whose value in the row is new; a blank or a faulty UPN never replaces what is known."""
    changes: dict[str, FieldValue] = {}
    for name in NAME_FIELDS:
        new = getattr(row, name)
        if new and new != child.names.get(name, ""):
            changes[name] = new
    if row.upn and row.upn != child.upn and not (child.upn and check_upn(row.upn)):
        changes["upn"] = row.upn
    if row.former_upn and row.former_upn != child.upn and row.former_upn not in child.former_upns:
        changes["former_upn"] = row.former_upn
    known = {match_key(name) for name in child.former_names}
    if newly := [name for name in former_names(row.former_names) if match_key(name) not in known]:
        changes["former_names"] = (*child.former_names, *newly)
    if row.date_of_birth and row.date_of_birth != child.date_of_birth:
        changes["date_of_birth"] = row.date_of_birth
    if row.mis_id and row.mis_id != child.mis_id:
        changes["mis_id"] = row.mis_id
    if row.admission_number and row.admission_number != child.admission_number:
        changes["admission_number"] = row.admission_number
    for name in OTHER_FIELDS:
        new = getattr(row, name)
        if new and new != child.fields.get(name, ""):
            changes[name] = new
    if row.leaving_date and str(row.leaving_date) != str(child.fields.get("leaving_date", "")):
        changes["leaving_date"] = row.leaving_date
    return changes


def former_names(text: str) -> tuple[str, ...]:
    """Return each of the names that stand in a text, parted by semicolons."""
    return tuple(dict.fromkeys(name for part in text.split(";") if (name := " ".join(part.split()))))


def _has_left(row: RosterRow, today: date) -> bool:
    status = row.enrol_status.casefold()
    if status in _LEFT:
        return True
    return row.leaving_date is not None and row.leaving_date < today and not status.startswith(_HERE)


def _leave_out(difference: Difference, known: Sequence[KnownChild], header_line: int) -> None:
    """Move those whom the file of the whole school does not have from `not_in_file` to `left`."""
    hiding = sum(1 for rejected in difference.rejected if rejected.hides_child)
    on_roll = {child.id for child in known if child.on_roll and not child.provisional}
    gone = [one for one in difference.not_in_file if one in on_roll]
    if not gone:
        return
    if hiding:
        text = f"nobody is marked as a leaver for being absent: {hiding} rejected lines may hold a child on the roll"
        if hiding == 1:
            text = "nobody is marked as a leaver for being absent: 1 rejected line may hold a child on the roll"
        difference.warnings.append(Warning_(header_line, text))
        return
    difference.left += gone
    difference.not_in_file = [one for one in difference.not_in_file if one not in on_roll]
