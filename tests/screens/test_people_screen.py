"""People & keys as a DSL uses it: somebody is let in, given another role, removed; passphrases, codes and keys."""

from __future__ import annotations

import asyncio

import keyring
import pytest
from conftest import HOSTILE, PASSPHRASE, USER, press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, Select, TextArea

from dsl_console.supervisor import LOCKED
from practice.errors import WrongPassphrase
from screens.people_dialogs import CodeDialog
from storage import locks, people
from storage.desk import children
from storage.keys import FLOOR
from storage.vault import open_vault
from storage.views.organisation import granted
from tests.storage.test_device_secret import Keyring

BEN = "seven tall paper boats"
NEW = "under the old stone bridge"


@pytest.fixture(autouse=True)
def at_the_floor(monkeypatch):
    monkeypatch.setattr(people, "calibrate", lambda: FLOOR)


async def opened(pilot) -> None:
    pilot.app.do("people")
    await settled(pilot)


async def fill(pilot, **fields: str) -> None:
    for name, text in fields.items():
        widget = pilot.app.screen.query_one(f"#{name}")
        if isinstance(widget, Select):
            widget.value = text
        else:
            pilot.app.screen.query_one(f"#{name}", Input).value = text
    await press(pilot, "ctrl+s")


async def test_somebody_is_let_in_with_a_passphrase_of_their_own(console, folder):
    async with console() as pilot:
        await opened(pilot)
        assert "1 person can open this record." in words_on(pilot.app)
        assert "not of cryptography" in words_on(pilot.app)
        await press(pilot, "n")
        assert "not of cryptography" in words_on(pilot.app)
        await fill(pilot, name=HOSTILE, role="deputy", new="short", again="short")
        assert "12 characters" in words_on(pilot.app)
        await fill(pilot, new=BEN, again=NEW)
        assert "not the same" in words_on(pilot.app)
        await fill(pilot, name=USER, again=BEN)
        await wait_for(pilot, "already")
        await fill(pilot, name=HOSTILE)
        await wait_for(pilot, "2 people can open this record.")
        assert HOSTILE in words_on(pilot.app)
    open_vault(folder, passphrase=BEN, user=HOSTILE).close()


def sentence(pilot) -> str:
    """Return what a dialog says, however it is folded."""
    return pilot.app.screen.query(".dialog--sentence").first().text


async def test_removing_names_the_consequence_and_makes_the_keys_anew(console, folder):
    async with console() as pilot:
        people.add_person(pilot.app.vault, "Ben Ode", "deputy", BEN, FLOOR)
        await opened(pilot)
        await press(pilot, "d")
        assert "cannot remove yourself" in words_on(pilot.app)
        await press(pilot, "down", "d")
        assert "Nobody else need do anything" in words_on(pilot.app)
        before = pilot.app.vault.compartment_key
        pilot.app.screen.query_one(TextArea).text = "Left in July."
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Ben Ode was removed, and the keys were made anew.")
        assert pilot.app.vault.compartment_key != before
        assert "1 person can open this record." in words_on(pilot.app)
    with pytest.raises(WrongPassphrase):
        open_vault(folder, passphrase=BEN, user="Ben Ode")


async def test_where_another_has_it_open_the_rotation_waits_and_the_screen_says_so(console, vault):
    async with console() as pilot:
        people.add_person(pilot.app.vault, "Ben Ode", "deputy", BEN, FLOOR)
        await opened(pilot)
        await press(pilot, "down", "d")
        pilot.app.screen.query_one(TextArea).text = "Left in July."
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Rotation is due")
        assert "could not be made anew now" in words_on(pilot.app)


async def test_the_console_of_who_is_removed_ends_and_lets_go_of_the_record(console, folder, monkeypatch):
    monkeypatch.setattr(locks, "_WAIT_SECONDS", 20.0)  # the removal waits for it: no longer than a poll or two
    async with console() as pilot:
        people.add_person(pilot.app.vault, "Ben Ode", "dsl", BEN, FLOOR)
        with open_vault(folder, passphrase=BEN, user="Ben Ode") as ben:
            person = pilot.app.vault.person.id
            removed = await asyncio.to_thread(people.remove_person, ben, person, "Left in July.")
        assert removed.rotation_due == ()
        await wait_until(pilot, lambda: pilot.app.return_code == LOCKED)


async def test_a_role_is_granted_on_a_screen_that_says_what_it_is_and_a_child_is_given(console):
    async with console() as pilot:
        vault = pilot.app.vault
        child, _ = children.add_child(vault, name="Mia Hart")
        sue = people.add_person(vault, "Sue Sen", "deputy", BEN, FLOOR)
        await opened(pilot)
        await press(pilot, "down", "g")
        assert "finds every child already" in words_on(pilot.app)
        await press(pilot, "r")
        assert "Another role for Sue Sen" in words_on(pilot.app)
        assert "not of cryptography" in words_on(pilot.app)
        assert "only the children it was given" in words_on(pilot.app)
        assert pilot.app.screen.query_one("#role", Select)._options[0][1] == "dsl", "no role is no answer"
        await fill(pilot, role="read_only")
        await wait_for(pilot, "Sue Sen is Read only from their next unlock.")
        await press(pilot, "g")
        pilot.app.screen.query_one("#child Input", Input).value = "mia"
        await settled(pilot)
        await press(pilot, "down", "enter", "ctrl+s")
        await wait_for(pilot, "Added to their list.")
        assert granted(vault, sue) == {child}
        assert "finds 1 given child" in words_on(pilot.app)
        await press(pilot, "g")
        assert "On it now: Mia Hart." in sentence(pilot)
        await press(pilot, "escape", "v")
        assert "Nobody's role, keys or children change by it." in sentence(pilot)
        await press(pilot, "ctrl+s")
        assert "Up to and including which day?" in words_on(pilot.app)
        await press(pilot, *"in 2 weeks", "ctrl+s")
        await wait_for(pilot, "Sam Okafor covers Sue Sen until Sat 5 Dec 2026. Today says so.")
        await wait_for(pilot, "covered by Sam Okafor until Sat 5 Dec 2026")


async def test_my_passphrase_is_changed_and_the_keys_are_made_anew(console, folder):
    async with console() as pilot:
        await opened(pilot)
        await press(pilot, "p")
        await fill(pilot, old="not this one", new=NEW, again=NEW)
        await wait_for(pilot, "not your present passphrase")
        await fill(pilot, old=PASSPHRASE)
        await wait_for(pilot, "Your new passphrase opens the record")
        await press(pilot, "a")
        pilot.app.screen.query_one(TextArea).text = "Yearly."
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "The keys were made anew; every passphrase stays")
    open_vault(folder, passphrase=NEW).close()


async def test_a_code_is_shown_once_and_opens_the_record_from_the_lock_screen(console, folder):
    async with console() as pilot:
        await opened(pilot)
        await press(pilot, "c")
        assert "opens nothing any more once the new one is shown" in sentence(pilot)
        await press(pilot, "tab", "enter")
        code = pilot.app.screen._code
        assert isinstance(pilot.app.screen, CodeDialog)
        assert code.split("-")[0] in words_on(pilot.app)
        await press(pilot, "ctrl+s")
        assert code.split("-")[0] not in words_on(pilot.app)
    async with console(unlocked=False) as pilot:
        await wait_for(pilot, "I have a recovery code")
        await settled(pilot)
        await press(pilot, "ctrl+r")
        await fill(pilot, code="AAAA-" * 7 + "AAAA", new=NEW, again=NEW)
        await wait_for(pilot, "That recovery code does not open this vault")
        await press(pilot, "escape")
        await wait_for(pilot, "tries are left before")
        await press(pilot, "ctrl+r")
        await fill(pilot, code=code.lower().replace("-", " "), new=NEW, again=NEW)
        await wait_for(pilot, "The new recovery code")
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: pilot.app.vault is not None)
        pilot.app.vault.close()
    open_vault(folder, passphrase=NEW).close()


async def test_the_second_factor_is_switched_on_and_off_after_saying_what_follows(console, folder):
    backend = Keyring()
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        async with console() as pilot:
            await opened(pilot)
            await press(pilot, "s")
            assert "only the recovery code" in words_on(pilot.app)
            await fill(pilot, present=NEW)
            await wait_for(pilot, "not your present passphrase")
            await fill(pilot, present=PASSPHRASE)
            await wait_for(pilot, "needs this machine's keyring too now")
            await wait_for(pilot, "passphrase and keyring")
            secrets = backend.secrets
            await press(pilot, "s")
            assert "Switch off" in words_on(pilot.app)
            await fill(pilot, present=PASSPHRASE)
            await wait_for(pilot, "Your passphrase opens it alone.")
        assert (len(secrets), backend.secrets) == (1, [])
    finally:
        keyring.set_keyring(before)
    open_vault(folder, passphrase=PASSPHRASE).close()
