"""A read-only person opens a child who was not given to them: with a reason on screen, which the DSL sees on Today."""

from __future__ import annotations

from conftest import HOSTILE, picture, settled, wait_for, words_on

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from screens.break_glass import GlassDialog
from storage.desk import children, concerns
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import open_vault
from storage.views.today import today

SUE = "three blue kettles sing"


async def test_another_child_is_opened_with_a_reason_that_the_dsl_sees(vault, folder, clock):
    children.add_child(vault, name="Mia Hart")
    add_person(vault, "Sue Sen", "read_only", SUE, FLOOR)
    with open_vault(folder, passphrase=SUE, user="Sue Sen", clock=clock) as hers:
        app = DslConsole(folder, settings=Settings(), clock=clock, vault=hers)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settled(pilot)
            await pilot.press("f7")
            await settled(pilot)
            await pilot.press(*"mia")
            await wait_for(pilot, "Nobody who was given to you has a name like that.")
            assert "Ctrl+O Not given to me" in words_on(app)
            await pilot.press("ctrl+o")
            await settled(pilot)
            assert "sees them on Today" in words_on(app)
            await pilot.press("ctrl+s")
            assert "A reason is needed: the DSL reads it on Today." in words_on(app)
            await pilot.press(*"seen", "ctrl+s")
            await wait_for(pilot, "No child has exactly that name or UPN.")
            assert isinstance(app.screen, GlassDialog), "what was typed stays"
            app.screen.query_one("#child").value = "Mia Hart"
            app.screen.query_one("#reason").text = HOSTILE
            await pilot.press("ctrl+s")
            await wait_for(pilot, "Nothing is in this record yet.")
            assert "Mia Hart" in picture(app)
            assert "No review status yet." in words_on(app), "and not which key sets one"
            await pilot.press("f2")
            await wait_for(pilot, "Tell the DSL in person")
            assert app.screen.NAME == "child", "no form is filled in that would not be recorded"
            concerns.log_concern(vault, {"text": "No coat."}, child_id=app.screen.wanted.child_id)
            await pilot.press("f6")
            await wait_for(pilot, "Read Mia Hart")
            assert "Decide" not in words_on(app), "on Today stands what she can do"
    view = today(vault, clock())
    lines = [line for line in (*view.act_today, *view.this_week, *view.later) if line.kind == "glass"]
    assert [(line.child, line.words) for line in lines] == [("Mia Hart", f"Sue Sen: {HOSTILE}")]
