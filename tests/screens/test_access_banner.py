"""A record that is opened while nothing can be written is read all the same, and the screen says so."""

from __future__ import annotations

from conftest import settled, wait_for, words_on

from practice.errors import IntegrityAlarm
from storage.desk import children


async def test_a_banner_says_that_the_opening_could_not_be_recorded(console, vault):
    child, _ = children.add_child(vault, name="Mia Hart")
    async with console() as pilot:
        pilot.app.vault.alarm = IntegrityAlarm("The record is older than its anchor.")
        pilot.app.open("child", child_id=child)
        await settled(pilot)
        assert "Mia Hart" in words_on(pilot.app)
        await wait_for(pilot, "could not be recorded now")
        assert [draft.child for draft in pilot.app.vault.late.waiting] == [child]


async def test_what_the_check_after_an_unlock_finds_stands_on_today(console, vault):
    child, _ = children.add_child(vault, name="Mia Hart")
    with vault.write() as unit:
        unit.connection.exec_driver_sql("UPDATE acts SET author = 'somebody else' WHERE child = ?", (child,))
    async with console() as pilot:
        await wait_for(pilot, "is not as it was recorded")
        assert pilot.app.vault.alarm is None, "what can be read and written goes on"
        await wait_for(pilot, "restore the latest backup elsewhere")
