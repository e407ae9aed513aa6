"""Who opened which record, on its screen: read once, narrowed by words, and recorded as read."""

from __future__ import annotations

from conftest import HOSTILE, press, settled, wait_for, words_on

from practice.acts import Exported
from storage import people
from storage.desk import access, children
from storage.keys import FLOOR
from storage.vault import open_vault
from tests.screens.conftest import PASSPHRASE


async def test_the_list_is_narrowed_by_words_opens_the_child_and_is_recorded(console, vault):
    mia, _ = children.add_child(vault, name=f"Mia {HOSTILE}")
    ben, _ = children.add_child(vault, name="Ben Vale")
    for child in (mia, ben):
        access.opened(vault, child)
    vault.record(Exported(what="record", form="pdf", sha256="0" * 64), child=ben)
    async with console(size=(80, 24)) as pilot:
        pilot.app.open("access")
        await wait_for(pilot, "4 lines. That you read this list is recorded.")
        assert f"opened the record of Mia {HOSTILE}" in words_on(pilot.app)
        await pilot.press(*"record, pdf")  # what stands under a line
        await wait_for(pilot, "1 of 4 lines.")
        pilot.app.screen.query_one("#words").value = ""
        await pilot.press(*"copy vale")
        await wait_for(pilot, "1 of 4 lines.")
        await press(pilot, "enter")
        await wait_for(pilot, "Ben Vale")
        assert pilot.app.screen.NAME == "child"
        await press(pilot, "f6")
        pilot.app.open("child", child_id=ben)
        await settled(pilot)
        pilot.app.do("access")
        await wait_for(pilot, "lines about Ben Vale.")
    assert [row.kind for row in access.trail(vault)].count("audit_read") == 3


async def test_a_deputy_is_told_who_may_read_it(console, vault, folder, clock):
    people.add_person(vault, "Bo Dara", "deputy", PASSPHRASE + " too", FLOOR)
    deputy = open_vault(folder, passphrase=PASSPHRASE + " too", user="Bo Dara", clock=clock)
    async with console(unlocked=False) as pilot:
        pilot.app.entered(deputy)
        await settled(pilot)
        pilot.app.open("access")
        await wait_for(pilot, "Only the DSL or the headteacher may read who opened which records.")
    deputy.close()
