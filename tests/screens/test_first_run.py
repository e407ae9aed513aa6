"""The first run, from an empty folder to Today, as a person goes through it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import NOW, PASSPHRASE, Clock, picture, settled, wait_for, words_on
from textual.widgets import Button, Input, TextArea

from dsl_console.app import DslConsole
from screens.first_run import FirstRunScreen
from screens.today import TodayScreen
from screens.widgets.fields import ChoiceField
from storage.keys import FLOOR
from storage.reports import card_of
from storage.vault import open_vault
from storage.views import children, organisation

ROLL = b"UPN,Legal Surname,Legal Forename,DOB,Year,Reg\n,Khan,Amira,04/05/2014,7,7B\n,Turner,Ben,12/11/2013,8,8A\n"


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DslConsole:
    monkeypatch.setattr("storage.vault.calibrate", lambda: FLOOR)
    return DslConsole(tmp_path / "vault", clock=Clock())


async def put(pilot, name: str, text: str) -> None:
    pilot.app.screen.query_one(f"#{name}", Input).value = text
    await pilot.pause()


async def go_on(pilot) -> None:
    button = pilot.app.screen.query_one("#continue", Button)
    button.press()
    await settled(pilot)


async def to_the_code(pilot) -> list[str]:
    """Answer the first three steps; return the groups of the recovery code."""
    await settled(pilot)
    assert isinstance(pilot.app.screen, FirstRunScreen)
    await put(pilot, "school", "Oakfield Academy")
    await go_on(pilot)
    await put(pilot, "front_door", "01234 567890")
    await put(pilot, "lado", "01632 960777")
    await go_on(pilot)
    await put(pilot, "name", "Sam Okafor")
    await put(pilot, "passphrase", PASSPHRASE)
    await put(pilot, "again", PASSPHRASE)
    await go_on(pilot)
    await wait_for(pilot, "Your recovery code")
    code = pilot.app.screen.query_one("#recovery").text
    return code.split()


async def test_a_school_begins_from_nothing(new: DslConsole, tmp_path: Path):
    async with new.run_test(size=(80, 24)) as pilot:
        groups = await to_the_code(pilot)
        assert len(groups) == 8
        assert all(group in picture(pilot.app) for group in groups)
        assert "step 4 of 7" in picture(pilot.app)
        assert "Front door 01234 567890" in words_on(pilot.app), "as the step of the numbers says"
        await go_on(pilot)
        assert not [group for group in groups if group in picture(pilot.app)], "the code is still on the screen"
        screen = pilot.app.screen
        await put(pilot, "group_a", "WRNG")
        await put(pilot, "group_b", "WRNG")
        await go_on(pilot)
        assert "not what was shown" in words_on(pilot.app)
        first, second = screen.answers.asked
        await put(pilot, "group_a", groups[first].lower())
        await put(pilot, "group_b", groups[second])
        await go_on(pilot)
        await wait_for(pilot, "Bring in the school's roll?")
        assert screen.answers.groups == [], "the code is kept after it was confirmed"
        assert card_of(new.folder).phones == {"front_door": "01234 567890", "lado": "01632 960777"}
        roll = tmp_path / "roll.csv"
        roll.write_bytes(ROLL)
        await put(pilot, "path", str(roll))
        screen.query_one("#try", Button).press()
        await wait_for(pilot, "2 children would join")
        screen.query_one("#take", Button).press()
        await wait_for(pilot, "2 children joined")
        await go_on(pilot)
        await wait_for(pilot, "Which term dates does the school keep?")
        screen.query_one("#nation", ChoiceField).code = "wales"
        screen.query_one("#keep", Button).press()
        await wait_for(pilot, "Kept.")
        await go_on(pilot)
        await wait_for(pilot, "Where does the first backup go?")
        await put(pilot, "backup-folder", "here")
        screen.query_one("#back-up", Button).press()
        await wait_for(pilot, "Write the whole path")
        (tmp_path / "stick").mkdir()
        await put(pilot, "backup-folder", str(tmp_path / "stick"))
        screen.query_one("#back-up", Button).press()
        await wait_for(pilot, "It was opened again and checked whole.")
        assert new.backup_folder == str(tmp_path / "stick")
        await go_on(pilot)
        await wait_for(pilot, "Nothing waits for you.")
        assert isinstance(pilot.app.screen, TodayScreen)
        shown = words_on(pilot.app)
        assert "Front door 01234 567890" in shown
        assert "Oakfield Academy" in shown
        pilot.app.vault.close()
    with open_vault(tmp_path / "vault", passphrase=PASSPHRASE, clock=lambda: NOW) as vault:
        assert [child.name for child in children.all_children(vault)] == ["Amira Khan", "Ben Turner"]
        assert organisation.calendar(vault).nation == "wales"
    assert len(list((tmp_path / "stick").iterdir())) == 1


async def test_the_passphrase_stays_in_no_widget(new: DslConsole):
    async with new.run_test(size=(80, 24)) as pilot:
        await to_the_code(pilot)
        texts = [field.value for field in pilot.app.screen.query(Input)]
        texts += [field.text for field in pilot.app.screen.query(TextArea)]
        texts += [str(value) for value in vars(pilot.app.screen.answers).values()]
        assert not [text for text in texts if PASSPHRASE in text]
        pilot.app.screen.vault_made.close()


async def test_a_weak_or_mistyped_passphrase_makes_nothing(new: DslConsole, tmp_path: Path):
    async with new.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await put(pilot, "school", "Oakfield Academy")
        await go_on(pilot)
        await go_on(pilot)
        await put(pilot, "name", "Sam Okafor")
        await put(pilot, "passphrase", "short")
        assert "Use at least 12 characters, or four words." in words_on(pilot.app)
        await go_on(pilot)
        await put(pilot, "passphrase", PASSPHRASE)
        await put(pilot, "again", PASSPHRASE + "x")
        await go_on(pilot)
        assert "The two are not the same." in words_on(pilot.app)
        assert not (tmp_path / "new").exists()
        await pilot.press("escape")
        await settled(pilot)
        assert "step 2 of 7" in picture(pilot.app)


async def test_a_name_is_needed_before_anything_else(new: DslConsole):
    async with new.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await go_on(pilot)
        assert "The name is needed" in words_on(pilot.app)
        assert "step 1 of 7" in picture(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, FirstRunScreen)


async def test_a_social_care_team_begins_without_a_roll_in_its_own_words(new: DslConsole):
    async with new.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await put(pilot, "school", "Northfield Children's Services")
        pilot.app.screen.query_one("#kind", ChoiceField).code = "social_care"
        await go_on(pilot)
        assert "step 2 of 6" in picture(pilot.app)
        assert "Our front door" in words_on(pilot.app)
        assert "governors" not in words_on(pilot.app)
        await put(pilot, "front_door", "01632 960009")
        await go_on(pilot)
        await put(pilot, "name", "Robin Example")
        await put(pilot, "passphrase", PASSPHRASE)
        await put(pilot, "again", PASSPHRASE)
        roles = [str(label) for label, _ in pilot.app.screen.query_one("#role", ChoiceField)._options]
        assert roles[-1] == "Head of service"
        await go_on(pilot)
        await wait_for(pilot, "Your recovery code")
        groups = pilot.app.screen.query_one("#recovery").text.split()
        await go_on(pilot)
        first, second = pilot.app.screen.answers.asked
        await put(pilot, "group_a", groups[first])
        await put(pilot, "group_b", groups[second])
        await go_on(pilot)
        await wait_for(pilot, "Which term dates do the schools keep?")
        assert "step 5 of 6" in picture(pilot.app)
        await go_on(pilot)
        await wait_for(pilot, "Where does the first backup go?")
        await go_on(pilot)
        await wait_for(pilot, "Our front door 01632 960009")
        assert "Robin Example, lead" in words_on(pilot.app)
        await pilot.press("f7")
        await wait_for(pilot, "match what a partner sent")


async def test_leaving_before_the_code_was_read_back_asks_and_closes_the_record(new: DslConsole):
    async with new.run_test(size=(80, 24)) as pilot:
        await to_the_code(pilot)
        vault = pilot.app.screen.vault_made
        closed = []
        vault.close = lambda close=vault.close: (closed.append(True), close())
        await pilot.press("ctrl+q")
        await settled(pilot)
        assert "The recovery code was not read back yet" in words_on(pilot.app)
        await pilot.press("escape")
        await settled(pilot)
        assert not closed
        assert "Your recovery code" in words_on(pilot.app)
        await pilot.press("ctrl+q")
        await settled(pilot)
        pilot.app.screen.query_one("#confirm", Button).press()
        await settled(pilot)
        assert closed
        assert pilot.app.return_code == 0


async def test_a_record_comes_back_from_a_backup_in_the_place_of_a_new_one(vault, tmp_path: Path):
    from storage.backup import backup

    backup(vault, tmp_path / "a.dslbackup")
    async with DslConsole(tmp_path / "new", clock=Clock()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+b")
        await wait_for(pilot, "Which backup holds the record?")
        await put(pilot, "file", str(tmp_path / "a.dslbackup"))
        await put(pilot, "passphrase", "a wrong one entirely")
        await go_on(pilot)
        await wait_for(pilot, "does not open")
        assert not (tmp_path / "new").exists(), "nothing is left of a try"
        await put(pilot, "passphrase", PASSPHRASE)
        await go_on(pilot)
        await wait_for(pilot, "exchange held: is the old machine gone?")
        assert isinstance(pilot.app.screen, TodayScreen)
        assert pilot.app.vault.device != vault.device
