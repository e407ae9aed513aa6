"""Retention on screen: what is due, a proposal, another person's agreement with the name typed (R-110)."""

from __future__ import annotations

from conftest import press, settled, wait_for, words_on
from textual.widgets import Input

from practice.acts import ChildLeft
from screens.retention import RetentionScreen
from screens.retention_dialogs import AgreeDialog, ProposeDialog
from screens.widgets.answer import AnswerField
from storage.desk import children, erasure
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import open_vault
from storage.views import record
from tests.conftest import add_concern

SECOND = "four words of hers"


async def test_a_record_is_proposed_here_and_erased_once_another_person_agrees(console, vault):
    rows = [("[red]Ada[/red]", "Lowe", "1980-01-01"), ("Ben", "Ode", "1981-01-01")]
    ids = []
    for forename, surname, born in rows:
        fields = {"legal_forename": forename, "legal_surname": surname, "date_of_birth": born}
        ids.append(children.add_child(vault, **fields)[0])
        vault.record(ChildLeft(), child=ids[-1])
    add_concern(vault, ids[1], "Not decided yet")
    async with console(size=(80, 24)) as pilot:
        add_person(vault, "Kim [red]Reed", "deputy", SECOND, FLOOR)
        with open_vault(vault.folder, passphrase=SECOND, user="Kim [red]Reed") as second:
            erasure.propose(second, ids[0], "request", "The parents asked, and [b]it was upheld")
        pilot.app.do("retention")
        await wait_for(pilot, "Ben Ode")
        assert isinstance(pilot.app.screen, RetentionScreen)
        for text in ("[red]Ada[/red] Lowe", "+ 25 years", "Kim [red]Reed", "[b]it was upheld", "has no decision"):
            assert text in words_on(pilot.app), text
        pilot.app.screen.rows.action_move_to(2)
        await settled(pilot)
        assert pilot.app.why_not("retention.agree")
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, ProposeDialog)
        pilot.app.screen.query_one("#reason", AnswerField).text = "Old"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "This record may not be erased")
        await press(pilot, "escape")
        pilot.app.screen.rows.action_move_to(1)
        await settled(pilot)
        await press(pilot, "g")
        await wait_for(pilot, "What was printed or exported is not reached.")
        dialog = pilot.app.screen
        assert isinstance(dialog, AgreeDialog)
        dialog.query_one("#name", Input).value = "Ada"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "is not the child's")
        assert record.count(vault, ids[0]) == 0
        dialog.query_one("#name", Input).value = "[red]ada[/red] lowe"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Erased on")
        assert "Lowe" not in words_on(pilot.app)
    assert [row.state for row in erasure.erasures.rows(vault)] == ["erased"]
