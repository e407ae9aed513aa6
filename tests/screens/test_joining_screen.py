"""A machine joins on screen: the code, the words on both screens, the first copy; and a lost one is removed."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Button, Input, TextArea

from dsl_console.app import DslConsole
from screens.first_run import FirstRunScreen
from screens.join import JoinScreen
from screens.machines import MachinesScreen
from screens.machines_dialogs import ShowCode, WordsDialog
from screens.today import TodayScreen
from screens.widgets.fields import ChoiceField
from storage import joining, machines, people
from storage.keys import FLOOR
from storage.views import children, record
from tests.conftest import add_child, add_concern
from tests.screens.conftest import HOSTILE, PASSPHRASE, settled, wait_for, wait_until, words_on

BEN = "seven tall paper boats"


def put(pilot, name: str, text: str) -> None:
    pilot.app.screen.query_one(f"#{name}", Input).value = text


async def test_a_new_machine_joins_from_the_first_run(vault, clock, tmp_path: Path):
    entry = add_concern(vault, add_child(vault), HOSTILE)
    people.add_person(vault, "Ben Ode [red]", "deputy", BEN, FLOOR)
    shared = tmp_path / "shared"
    shared.mkdir()
    made = joining.invite(vault, shared, "Laptop", "Office")
    app = DslConsole(tmp_path / "laptop", clock=clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "A vault of ours is on another machine: join it")
        await pilot.press("ctrl+o")
        await settled(pilot)
        assert isinstance(app.screen, JoinScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, FirstRunScreen)
        app.screen.query_one("#join", Button).press()
        await wait_for(pilot, "Which machine lets this one in?")
        put(pilot, "shared", str(shared))
        put(pilot, "code", joining.new_code())
        app.screen.query_one("#continue", Button).press()
        await wait_for(pilot, "No invitation with that code")
        put(pilot, "code", made.code.lower())
        app.screen.query_one("#continue", Button).press()
        await wait_for(pilot, "Are these words on the other screen too?")
        asked = joining.request(vault, shared)
        assert asked.words in words_on(app)
        assert not (tmp_path / "laptop" / "header.json").exists()
        joining.welcome(vault, shared, asked)
        await wait_for(pilot, "Who opens the record here?")
        person = next(row.id for row in people.people(vault) if row.name.startswith("Ben"))
        app.screen.query_one("#who", ChoiceField).code = person
        put(pilot, "passphrase", PASSPHRASE)
        app.screen.query_one("#continue", Button).press()
        await wait_for(pilot, "does not open this vault")
        assert not (tmp_path / "laptop" / "header.json").exists()
        put(pilot, "passphrase", BEN)
        app.screen.query_one("#continue", Button).press()
        await wait_until(pilot, lambda: isinstance(app.screen, TodayScreen), 30)
        await settled(pilot)
        assert len(app.screen_stack) == 2, "the first run lies under Today"
        assert app.vault.person.name == "Ben Ode [red]"
        assert [child.name for child in children.all_children(app.vault)] == ["Ada Thistlewood"]
        assert record.get(app.vault, entry).text == HOSTILE
        app.vault.close()


async def test_a_machine_is_let_in_and_a_lost_one_removed(console, tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir()
    async with console() as pilot:
        app = pilot.app
        add_concern(app.vault, add_child(app.vault), "as it was")
        app.open("people")
        await settled(pilot)
        await pilot.press("m")
        await settled(pilot)
        assert isinstance(app.screen, MachinesScreen)
        await pilot.press("n")
        await settled(pilot)
        put(pilot, "own", "Office")
        put(pilot, "name", "Laptop")
        put(pilot, "folder", str(shared))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: isinstance(app.screen, ShowCode))
        await wait_for(pilot, "The code")
        code = app.screen.made.code
        await pilot.press("enter")
        assert code in words_on(app), "an Enter too many must not clear the code"
        words = joining.ask(shared, code, tmp_path / "laptop", app.vault.clock())
        await wait_until(pilot, lambda: isinstance(app.screen, WordsDialog))
        await wait_for(pilot, words)
        assert app.focused.id == "back", "an Enter meant for something else must not say that the words are the same"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "«Laptop» was let in")
        laptop, _ = joining.join(shared, code, tmp_path / "laptop", passphrase=PASSPHRASE, clock=app.vault.clock)
        laptop.close()
        app.screen.query_one("#machine-list").focus()
        await pilot.press("down")
        await wait_until(pilot, lambda: not app.why_not("machines.remove"))
        generation = app.vault._header.generation
        await pilot.press("d")
        await wait_for(pilot, "Remove «Laptop»?")
        app.screen.query_one(TextArea).text = "left on a bus"
        await pilot.press("tab")
        app.screen.query_one("#confirm", Button).press()
        await wait_for(pilot, "«Laptop» gets nothing more. The keys are new.")
        assert app.vault._header.generation > generation
        assert [row.name for row in machines.states(app.vault)] == ["Office"]
