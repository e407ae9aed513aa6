"""When Today says that a good backup is wanting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from practice.acts import BackupProved
from storage import backup, container
from storage.vault import create, open_vault
from storage.views import backups
from storage.views.today import today
from tests.conftest import FLOOR, PASSPHRASE, PERSON, SCHOOL

MONDAY = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


def on(day: int) -> datetime:
    return datetime(2026, 11, day, 15, 0, tzinfo=UTC)


@pytest.fixture
def school(tmp_path):
    vault, _ = create(
        tmp_path / "vault", school=SCHOOL, user=PERSON, passphrase=PASSPHRASE, kdf=FLOOR, clock=lambda: MONDAY
    )
    with vault:
        yield vault


def wanting(vault, now: datetime) -> list[str]:
    view = today(vault, now)
    return [line.words for line in [*view.act_today, *view.this_week, *view.later] if line.kind == "backup"]


def test_a_vault_without_a_backup_is_told_after_two_school_days(school):
    assert [bool(wanting(school, on(day))) for day in (16, 17, 18, 19, 20)] == [False, False, False, True, True]
    assert "yet" in wanting(school, on(19))[0]


def test_a_backup_gives_two_school_days_and_a_weekend_is_none(school, tmp_path):
    vault = school
    vault.clock = lambda: on(19)
    backup.backup(vault, tmp_path / "a.dslb")
    assert [bool(wanting(vault, on(day))) for day in (19, 20, 21, 22, 23, 24)] == [False] * 5 + [True]
    assert "Thu 19 Nov" in wanting(vault, on(24))[0]
    assert not backups.due(vault, on(19))
    assert backups.due(vault, on(20))


def test_a_backup_that_a_drill_found_broken_does_not_count(school, tmp_path):
    school.clock = lambda: on(19)
    backup.backup(school, tmp_path / "a.dslb")
    sha256 = container.digest_of(tmp_path / "a.dslb").sha256
    school.record(BackupProved(sha256=sha256, ok=False, problem="made up"))
    found = backups.state(school, on(19))
    assert found.last_good is None
    assert found.last_drill is not None
    assert not found.last_drill.ok
    assert wanting(school, on(19))
    school.record(BackupProved(sha256=sha256, ok=True))
    assert not wanting(school, on(19))


def test_a_read_only_person_may_back_up(school, tmp_path):
    from storage import people

    people.add_person(school, "Ben Ode", "read_only", "seven tall paper boats", FLOOR)
    with open_vault(school.folder, passphrase="seven tall paper boats", user="Ben Ode") as reader:
        backup.backup(reader, tmp_path / "a.dslb")
        assert [row.by for row in backups.state(reader, on(20)).made] == ["Ben Ode"]
