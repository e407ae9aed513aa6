"""The Machines screen, and what was made in two places: carried, shown side by side, chosen."""

from __future__ import annotations

from textual.widgets import Input

from screens.apart import BOTH, ApartScreen
from screens.machines import MachinesScreen
from screens.machines_dialogs import HubDialog
from screens.widgets.fields import ChoiceField
from storage import carrying, machines, whereabouts
from storage.atomic import private_folder
from storage.desk import children as desk
from storage.desk import concerns
from storage.views import apart, children, record
from sync.hub.server import invite
from sync.mailbox import standing
from tests.conftest import add_child, add_concern
from tests.screens.conftest import HOSTILE, PASSPHRASE, settled, wait_for, words_on
from tests.storage.machines import joined
from tests.sync.running_hub import RunningHub


async def palette(pilot, title: str) -> None:
    commands = {each.title: each for each in pilot.app.get_system_commands(pilot.app.screen)}
    commands[title].callback()
    await settled(pilot)


async def test_two_machines_are_carried_between_and_a_choice_is_made(console, vault, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    child = add_child(vault)
    entry = add_concern(vault, child, "as it was")
    with joined(vault, tmp_path, tmp_path / "laptop", "Laptop", vault.clock, PASSPHRASE) as laptop:
        concerns.amend(vault, entry, HOSTILE, "from the desk")
        concerns.amend(laptop, entry, "from the laptop", "clearer")
        carrying.sync(laptop, shared)
        whereabouts.meeting(laptop, child)
        async with console() as pilot:
            await palette(pilot, "Vault: Machines")
            assert isinstance(pilot.app.screen, MachinesScreen)
            assert "2 machines hold this record" in words_on(pilot.app)
            await pilot.press("f")
            await settled(pilot)
            pilot.app.screen.query_one(Input).value = str(shared)
            await pilot.press("ctrl+s")
            await wait_for(pilot, "Handed on:")
            await wait_for(pilot, "has Ada Thistlewood's record open there")
            await pilot.press("c")
            assert any("n invites one" in each.message for each in pilot.app._notifications)
            await pilot.press("f6")
            await wait_for(pilot, "The words of an entry: Sam Okafor")
            await wait_for(pilot, "Laptop: last heard")
            await palette(pilot, "Record: Made in two places")
            assert isinstance(pilot.app.screen, ApartScreen)
            assert HOSTILE in words_on(pilot.app)
            assert "from the laptop" in words_on(pilot.app)
            assert words_on(pilot.app).count("on «Laptop»") == 1
            assert words_on(pilot.app).count("In force until somebody chooses") == 1
            await pilot.press("k")
            await settled(pilot)
            await pilot.press("ctrl+s")
            await wait_for(pilot, "Which of them stands?")
            pilot.app.screen.query_one("#which", ChoiceField).code = BOTH
            pilot.app.screen.query_one("#why").focus()
            await pilot.press(*"both are true", "ctrl+s")
            await wait_for(pilot, "Nothing waits")
            pilot.app.open("child", child_id=child)
            await wait_for(pilot, "This record is open on «Laptop» too")
        assert apart.rows(vault) == []
        assert not record.get(vault, entry).conflict
        assert [row.name for row in machines.others(vault)] == ["Laptop"]


async def test_one_child_or_two_is_said_by_a_person(console, vault):
    add_concern(vault, desk.add_child(vault, name="Kay Birch [red]", provisional=True)[0], "the first")
    add_concern(vault, desk.add_child(vault, name="Kay Birch [red]", provisional=True)[0], "the second")
    desk.add_child(vault, name="Lou Ash", provisional=True)
    desk.add_child(vault, name="Lou Ash")
    async with console(size=(80, 24)) as pilot:
        await palette(pilot, "Record: One child or two")
        await wait_for(pilot, "2 pairs of records may be one child's.")
        assert "Kay Birch [red], date of birth not known" in words_on(pilot.app)
        row = pilot.app.screen.current
        pick = "y" if row.first.name.startswith("Kay") else "down"
        await pilot.press(*dict.fromkeys((pick, "y")))
        await wait_for(pilot, "One child: which record stays?")
        pilot.app.screen.query_one("#stays", ChoiceField).code = "1"
        pilot.app.screen.query_one("#why").focus()
        await pilot.press(*"the office says so", "ctrl+s")
        await wait_for(pilot, "1 entry was moved")
        await wait_for(pilot, "1 pair of records may be one child's.")
        await pilot.press("x")
        await wait_for(pilot, "Two children?")
        await pilot.press(*"a cousin", "tab")
        pilot.app.screen.query_one("#confirm").press()
        await wait_for(pilot, "No two records look like one child's.")
    assert [each.name for each in children.all_children(vault)].count("Kay Birch [red]") == 1


async def test_a_hub_carries_between_the_machines_and_is_left_again(console, vault, tmp_path):
    """What is missing is asked for, a code that does not hold is refused, and the hub is used until it is not."""
    hub = RunningHub(private_folder(tmp_path / "hub"))
    try:
        with joined(vault, tmp_path, tmp_path / "laptop", "Laptop", vault.clock, PASSPHRASE):
            async with console() as pilot:
                await palette(pilot, "Vault: Machines")
                await wait_for(pilot, "2 machines hold this record")
                await pilot.press("h")
                await wait_for(pilot, "Now: by the folder and the stick alone.")
                await pilot.press("ctrl+s")
                await wait_for(pilot, "Which hub? Its operator gives you the address.")
                pilot.app.screen.query_one("#url", Input).value = hub.url
                await pilot.press("ctrl+s")
                await wait_for(pilot, "The mailbox needs an invite code of its own.")
                pilot.app.screen.query_one("#code", Input).value = "no-such-code"
                await pilot.press("ctrl+s")
                await wait_for(pilot, "ask whoever runs the hub for a new one. Nothing was changed.")
                assert isinstance(pilot.app.screen, HubDialog)
                assert standing(vault) is None
                code = invite(hub.database, "urn:scx:gb:urn:100123-machines")
                pilot.app.screen.query_one("#code", Input).value = code
                await pilot.press("ctrl+s")
                await wait_for(pilot, "The hub is used from now on.")
                await wait_for(pilot, f"Hub: {hub.url}, not used from here yet")
                assert standing(vault).url == hub.url
                await pilot.press("h")
                await wait_for(pilot, f"Now: Hub: {hub.url}")
                await pilot.press("ctrl+s")
                await wait_for(pilot, "Nothing is carried by the hub any more.")
                assert standing(vault) is None
    finally:
        hub.stop()
