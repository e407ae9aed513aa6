"""A question to a partner's entry, and what partners give back after a restore, on their screens (protocol: rule 8)."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from conftest import press, settled, wait_for, words_on

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from storage.restore import HOLD, confirm_old_machine_gone
from storage.vault import open_vault
from storage.views import record, sharing
from sync import inventory, partners
from tests.sync.exchange import COUNCIL, PASSPHRASE, SCHOOL, Hub, Place


@pytest.fixture
def places(tmp_path: Path):
    """A school and a council that know each other."""
    hub = Hub(tmp_path)
    school = Place(tmp_path / "school", SCHOOL, "The primary", "school")
    council = Place(tmp_path / "council", COUNCIL, "Northfield [red]Services", "social_care")
    for place in (school, council):
        place.join(hub)
    partners.add_partner(school.vault, COUNCIL)
    partners.add_partner(council.vault, SCHOOL)
    yield school, council
    for place in (school, council):
        place.vault.close()
    hub.stop()


@asynccontextmanager
async def console_of(place: Place):
    app = DslConsole(place.vault.folder, settings=Settings(), vault=place.vault)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settled(pilot)
        yield pilot


async def test_a_question_is_written_read_as_bytes_and_comes_in_beneath_the_entry_that_it_asks_about(places):
    school, council = places
    entry = school.entry(school.child(), "He came in wet through.")
    school.share(entry, COUNCIL)
    for place in (school, council):
        place.sync()
    theirs = council.items()[0].id
    async with console_of(council) as pilot:
        pilot.app.open("inbox", item=theirs)
        await wait_for(pilot, "It stands in no chronology yet")
        assert pilot.app.why_not("inbox.reply") == "Match it to a child first, or ring them."
        council.accept(theirs, council.child())
        pilot.app.open("inbox", item=theirs)
        await wait_for(pilot, "Matched to Aisha Example")
        await press(pilot, "q")
        await wait_for(pilot, "Ask or answer The primary")
        await press(pilot, *"Who saw [him]?", "ctrl+s")
        await wait_for(pilot, "The exact bytes")
        assert "Who saw [him]?" in words_on(pilot.app)
    (share,) = sharing.shares(council.vault)
    council.approve(share.id)
    for place in (council, school):
        place.sync()
    async with console_of(school) as pilot:
        await wait_for(pilot, "Reply")
        pilot.app.open("inbox", item=school.items()[0].id)
        await wait_for(pilot, "It asks about, or answers, your entry")
        shown = words_on(pilot.app)
        assert shown.index("Who saw [him]?") < shown.index("He came in wet through.") < shown.index("Written by")
        assert "answers your entry about this child" in shown


async def test_what_partners_give_back_stands_beside_the_record_and_a_person_takes_it_in_or_leaves_it(places, tmp_path):
    school, council = places
    folder, copy = school.vault.folder, tmp_path / "copy"
    school.vault.close()
    shutil.copytree(folder, copy)
    school.vault = open_vault(folder, passphrase=PASSPHRASE)
    child = school.child()
    entries = [school.entry(child, words) for words in ("Lost with the [disk]", "Lost as well")]
    for entry in entries:
        school.share(entry, COUNCIL)
    for place in (school, council, school):
        place.sync()
    school.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    school.vault = open_vault(folder, passphrase=PASSPHRASE)
    again = school.child()
    school.set_exchange(HOLD, "2026-11-22T00:00:00Z")
    assert confirm_old_machine_gone(school.vault)
    for place in (school, council, school):
        place.sync()
    async with console_of(school) as pilot:
        await wait_for(pilot, "given back by Northfield [red]Services")
        pilot.app.open("recovered", share=next(row.id for row in inventory.open_shares(school.vault)))
        await wait_for(pilot, "Lost: it is not in this record.")
        first = inventory.open_shares(school.vault)[0]
        await press(pilot, "t")
        await wait_for(pilot, "You had sent it about Aisha Example.")
        await press(pilot, *"aisha", "enter", "ctrl+s")
        await wait_for(pilot, "It is in the record again.")
        await press(pilot, "x", *"Written twice", "ctrl+s")
        await wait_for(pilot, "Nothing came back that you have not looked at.")
        assert pilot.app.why_not("recovered.take") == "Nothing came back."
    assert [row.id for row in record.chronology(school.vault, again)] == [first.entry_id]
    assert inventory.open_shares(school.vault) == []
