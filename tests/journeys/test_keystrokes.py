"""How many keys a concern costs beyond its text, on an unlocked console: twelve at most."""

from __future__ import annotations

from pathlib import Path

from dsl_console.app import DslConsole
from practice.acts import SchoolSet
from storage.desk.children import add_child
from storage.keys import FLOOR
from storage.vault import create
from storage.views import children, record
from tests.screens.conftest import settled, wait_for

TEXT = "Came in without a coat [again] and said she was cold."
MOST = 12


async def test_a_concern_costs_at_most_twelve_keys_beyond_its_text(tmp_path: Path) -> None:
    school = SchoolSet(name="Oakfield Academy")
    vault, _ = create(
        tmp_path / "vault", school=school, user="Sam Okafor", passphrase="copper lantern over wet slate", kdf=FLOOR
    )
    for name in ("Maeve Bevan", "Kabir Uddin", "Rosa Quillan"):
        add_child(vault, name=name)
    app = DslConsole(vault.folder, vault=vault)
    keys: list[str] = []
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)

        async def press(*pressed: str) -> None:
            keys.extend(pressed)
            await pilot.press(*pressed)
            await settled(pilot)

        await press("f2")
        await press("m", "a")
        await wait_for(pilot, "Maeve Bevan", seconds=60)
        await press("enter")
        await pilot.press(*TEXT)
        await press("ctrl+s")
        await wait_for(pilot, "No one else has been told.", seconds=60)
        child = children.resolve(vault, "Maeve Bevan")
        assert [entry.text for entry in record.chronology(vault, child.id)] == [TEXT]
    vault.close()
    assert keys == ["f2", "m", "a", "enter", "ctrl+s"]
    assert len(keys) <= MOST
