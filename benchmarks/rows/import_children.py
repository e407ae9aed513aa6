"""Import of 2,000 children from a file, into an empty record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks import notes, raw
from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import PASSPHRASE

ORDER = 5
CHILDREN = 2_000


def roster() -> bytes:
    """A school's roll as its information system writes it."""
    lines = ["Legal Surname,Legal Forename,UPN,DOB,Year,Reg"]
    for child in notes.children(CHILDREN):
        first, last = child.name.split()
        year, month, day = child.date_of_birth.split("-")
        lines.append(f"{last},{first},{child.upn},{day}/{month}/{year},{child.year_group},{child.year_group[-1]}A")
    return "\r\n".join(lines).encode()


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    from practice.acts import SchoolSet
    from storage.desk.children import import_roster
    from storage.keys import FLOOR
    from storage.vault import Vault, create

    data, number = roster(), count()

    def empty() -> Vault:
        school = SchoolSet(name="Example School", code="100000")
        where = folder / f"vault-{next(number)}"
        return create(where, school=school, user="Robin Vale", role="dsl", passphrase=PASSPHRASE, kdf=FLOOR)[0]

    def import_into(vault: Vault) -> None:
        report = import_roster(vault, data, dry_run=False, mapping={}, whole_school=False, confirm_leavers=None)
        joined = report["joined"] if isinstance(report, dict) else report.joined
        if (joined if isinstance(joined, int) else len(joined)) != CHILDREN:
            raise RuntimeError(f"{joined} children joined instead of {CHILDREN:,}")

    with raw.captured() as sent:
        vault = empty()
        founding = len(sent.sent)
        import_into(vault)
    founded = raw.Statements(sent.sent[:founding])
    reference = raw.connect(folder / "reference-check.db")
    founded.replay(reference)
    rows = raw.Statements(sent.sent[founding:]).effective(reference).grouped()
    rows.replay(reference)
    with vault.read() as connection:
        raw.require_same_rows(connection.connection.driver_connection, reference)
    reference.close()
    vault.close()

    def ours() -> float:
        target = empty()
        try:
            return timed(lambda: import_into(target))
        finally:
            target.close()

    def executemany() -> float:
        target = raw.connect(folder / f"reference-{next(number)}.db")
        founded.replay(target)
        try:
            return timed(lambda: rows.replay(target))
        finally:
            target.close()

    yield Pair(ours, executemany)


ROW = Row(
    "import",
    f"import of {CHILDREN:,} children",
    "raw `executemany` of the same rows",
    10,
    prepare,
    sizes=(0,),
    rounds=7,
    warm_up=1,
)
