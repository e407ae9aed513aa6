"""What the ledger knows of backups: the last good one, the last drill, and whether one is wanting (R-116)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from practice.acts import BackupMade, BackupProved, read_body
from storage.types import from_utc_text
from storage.views import organisation

if TYPE_CHECKING:
    from storage.vault import Vault

LOOKED_AT = 50
"""How many of the newest acts are looked at: a school makes one backup a day and keeps far fewer."""
HELD = "exchange held: is the old machine gone?"
PATIENCE = 2
"""School days without a good backup after which Today says so."""


@dataclass(frozen=True)
class BackupRow:
    """One backup that was made; `good` is False where a later drill could not bring it back whole."""

    at: datetime
    by: str
    sha256: str
    size: int
    acts: int
    place: str
    scheduled: bool
    good: bool


@dataclass(frozen=True)
class DrillRow:
    """One drill: whether the backup came back whole, and what was wrong where it did not."""

    at: datetime
    by: str
    sha256: str
    ok: bool
    acts: int
    problem: str
    place: str


@dataclass(frozen=True)
class BackupState:
    """How it stands: newest first; `wanting` counts whole school days without a good backup."""

    made: list[BackupRow]
    drills: list[DrillRow]
    wanting: int
    since: date | None
    held: bool

    @property
    def last_good(self) -> BackupRow | None:
        """The newest backup that no drill has found broken."""
        return next((row for row in self.made if row.good), None)

    @property
    def last_drill(self) -> DrillRow | None:
        """The newest drill."""
        return next(iter(self.drills), None)


def _newest(connection: Connection, kind: str) -> list[Any]:
    return list(
        connection.exec_driver_sql(
            "SELECT a.recorded_at, a.author, b.body FROM acts a JOIN bodies b ON b.act = a.id"
            " WHERE a.kind = ? ORDER BY a.n DESC LIMIT ?",
            (kind, LOOKED_AT),
        )
    )


def state(vault: Vault, now: datetime) -> BackupState:
    """Return how the vault's backups stand as of this moment."""
    from storage import outbox
    from storage.restore import HOLD

    with vault.read() as connection:
        names = organisation.names(connection)
        drills = [_drill(row, names) for row in _newest(connection, "backup_proved")]
        verdicts: dict[str, bool] = {}
        for drill in reversed(drills):
            verdicts[drill.sha256] = drill.ok
        made = [_made(row, names, verdicts) for row in _newest(connection, "backup_made")]
        first = connection.exec_driver_sql("SELECT recorded_at FROM acts ORDER BY n LIMIT 1").scalar_one()
        held = bool(outbox.exchange(connection, HOLD))
    good = next((row.at for row in made if row.good), None)
    since = (good or from_utc_text(first)).astimezone().date()
    yesterday = now.astimezone().date() - timedelta(days=1)
    wanting = vault.calendar().school_days_between(since, yesterday) if since < yesterday else 0
    return BackupState(made, drills, wanting, since if good else None, held)


def _made(row: Any, names: dict[str, str], verdicts: dict[str, bool]) -> BackupRow:
    body = read_body("backup_made", row[2])
    assert isinstance(body, BackupMade)
    return BackupRow(
        from_utc_text(row[0]),
        names.get(row[1], ""),
        body.sha256,
        body.size,
        body.acts,
        body.place,
        body.scheduled,
        verdicts.get(body.sha256, True),
    )


def _drill(row: Any, names: dict[str, str]) -> DrillRow:
    body = read_body("backup_proved", row[2])
    assert isinstance(body, BackupProved)
    return DrillRow(
        from_utc_text(row[0]), names.get(row[1], ""), body.sha256, body.ok, body.acts, body.problem, body.place
    )


def due(vault: Vault, now: datetime) -> bool:
    """Say whether today's backup has not been made yet."""
    last = state(vault, now).last_good
    return last is None or last.at.astimezone().date() < now.astimezone().date()


def warnings(vault: Vault, now: datetime) -> list[tuple[str, str]]:
    """Return what Today says of backups, each with its kind: one is wanting, or the vault was made from one."""
    found = state(vault, now)
    said = [("restored", HELD)] if found.held else []
    if found.wanting >= PATIENCE:
        words = "no good backup has been made yet: make one now, on a stick or a share"
        if found.since is not None:
            words = f"no good backup since {found.since:%a} {found.since.day} {found.since:%b}: make one now"
        said.append(("backup", words))
    return said
