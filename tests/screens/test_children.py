"""The list of children: found by any name, added by hand, quick with two thousand."""

from __future__ import annotations

import time

import pytest
from conftest import HOSTILE, picture, settled, wait_for, words_on
from textual.widgets import Input

from screens.child import ChildScreen
from screens.child_new import NewChildDialog
from screens.children import ChildrenScreen, fitting
from screens.log_concern import LogScreen
from storage.desk import children, concerns, reviews
from storage.views import children as known
from tests import builder


async def listed(pilot) -> ChildrenScreen:
    pilot.app.open("children")
    await settled(pilot)
    return pilot.app.screen


async def test_an_empty_list_says_what_to_do_first(console):
    async with console() as pilot:
        await listed(pilot)
        shown = words_on(pilot.app)
        assert "No children yet: import the roll (dsl-console children import FILE) or press Ctrl+N." in shown


async def test_each_child_stands_with_what_tells_them_apart(console, vault):
    child, _ = children.add_child(
        vault, legal_forename="Amira", legal_surname="Khan", date_of_birth="2016-05-03", year_group="6", reg_group="6A"
    )
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    concerns.log_concern(vault, {"text": "x"}, new_child="[red]Milo[/red] Tester")
    reviews.set_status(vault, child, "child_in_need")
    async with console(size=(200, 50)) as pilot:
        await listed(pilot)
        line = next(line for line in picture(pilot.app).splitlines() if "Amira Khan" in line)
        for words in ("Year 6, 6A", "3 May 2016", "Child in need", "2 to decide"):
            assert words in line
        assert "[red]Milo[/red] Tester (provisional)" in picture(pilot.app)


async def test_typing_narrows_and_enter_opens(console, vault):
    made = [children.add_child(vault, legal_forename=name, legal_surname="Stone")[0] for name in ("Ada", "Ben", "Cara")]
    async with console() as pilot:
        await listed(pilot)
        await pilot.press("b", "e")
        await settled(pilot)
        assert "1 of 3" in words_on(pilot.app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ChildScreen)
        assert pilot.app.screen.wanted.child_id == made[1]
        await pilot.press("escape")
        assert pilot.app.screen.query_one("#words", Input).value == "be"
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen.query_one("#words", Input).value == "", "Escape empties the field before it leaves"
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, ChildrenScreen)


async def test_the_arrows_move_while_typing_and_f2_takes_the_child(console, vault):
    made = [children.add_child(vault, legal_forename=name, legal_surname="Stone")[0] for name in ("Ada", "Ben", "Cara")]
    async with console() as pilot:
        await listed(pilot)
        await pilot.press("down", "down", "f2")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LogScreen)
        assert pilot.app.screen.form.picker.child.id == made[2]


async def test_a_child_is_added_with_n_and_a_mistyped_upn_is_told(console):
    async with console() as pilot:
        await listed(pilot)
        await pilot.press("tab", "n")
        await settled(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, NewChildDialog)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "A child needs a name." in words_on(pilot.app)
        dialog.query_one("#name", Input).value = "Ada Stone"
        dialog.query_one("#born Input", Input).value = "3 May 2016"
        dialog.query_one("#reg_group", Input).value = "6A"
        dialog.query_one("#upn", Input).value = "A123"
        dialog.query_one("#provisional").code = "no"
        await pilot.press("ctrl+s")
        await settled(pilot)
        (child,) = known.all_children(pilot.app.vault)
        assert (child.name, str(child.date_of_birth), child.reg_group) == ("Ada Stone", "2016-05-03", "6A")
        assert child.provisional
        assert isinstance(pilot.app.screen, ChildScreen)
        assert any("UPN" in each.message for each in pilot.app._notifications)


async def test_what_is_added_elsewhere_appears_and_the_cursor_stays(console, vault):
    children.add_child(vault, legal_forename="Mia", legal_surname="Middle")
    async with console() as pilot:
        screen = await listed(pilot)
        assert screen.current.name == "Mia Middle"
        children.add_child(vault, legal_forename="Abe", legal_surname="Aardman")
        await wait_for(pilot, "Abe Aardman")
        assert screen.current.name == "Mia Middle"


@pytest.fixture
def many(vault) -> None:
    children.import_roster(vault, builder.as_csv(builder.children(2000, 7)))


async def test_two_thousand_children_are_quick(console, vault, many):
    async with console() as pilot:
        screen = await listed(pilot)
        assert "2,000 children" in words_on(pilot.app)
        began = time.perf_counter()
        screen._narrow(first=False)
        all_of_them = time.perf_counter() - began
        began = time.perf_counter()
        fitting(screen.lines, "ab")
        a_filter = time.perf_counter() - began
        assert all_of_them < 0.25
        assert a_filter < 0.25
        await pilot.press("tab", "end")
        await settled(pilot)
        assert screen.rows.cursor == 1999
        assert screen.current.name in picture(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_it_fits(console, vault, size):
    children.add_child(vault, legal_forename="Amira", legal_surname="Khan", date_of_birth="2016-05-03")
    async with console(size=size) as pilot:
        await listed(pilot)
        assert "To decide" in picture(pilot.app)
        assert "3 May 2016" in picture(pilot.app)
