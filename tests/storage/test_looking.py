"""What is new since a person last looked, and the twelve weeks by category."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.keys import FLOOR
from storage.looking import look
from storage.people import add_person
from storage.vault import Vault, open_vault
from storage.views.today import today
from tests.conftest import add_child, add_concern

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_each_person_is_told_what_others_did_since_they_last_looked(vault: Vault) -> None:
    vault.clock = lambda: NOW
    child = add_child(vault)
    assert look(vault).since is None
    add_concern(vault, child, "mine")
    assert look(vault).words == ()
    add_person(vault, "Ben Ode", "deputy", "under the old stone bridge", FLOOR)
    with open_vault(vault.folder, passphrase="under the old stone bridge", user="Ben Ode") as ben:
        ben.clock = vault.clock
        assert look(ben).since is None
        for text in ("one", "two"):
            add_concern(ben, child, text)
        news = look(vault)
        assert (news.since, news.words) == (NOW, ("2 entries by colleagues",))
        assert look(vault).words == ()
        assert look(ben).words == ()
    assert vault.verify(rebuild=True).ok


def test_the_twelve_weeks_are_told_by_category(vault: Vault) -> None:
    vault.clock = lambda: NOW
    child = add_child(vault)
    for category in ("neglect", "neglect", "bullying", ""):
        add_concern(vault, child, "x", category=category)
    view = today(vault, NOW)
    assert view.twelve_weeks == [0] * 11 + [4]
    assert [(code, sum(counts)) for code, counts in view.by_category] == [("neglect", 2), ("", 1), ("bullying", 1)]
