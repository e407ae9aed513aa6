"""A child is found by two letters of any name, a nickname, a former name, how it sounds, or the UPN."""

from __future__ import annotations

import pytest

from practice.errors import NotFound
from storage.vault import Vault
from storage.views import children
from tests.conftest import add_child


@pytest.fixture
def roll(vault: Vault) -> Vault:
    add_child(vault, "Katharine", "Vale", date_of_birth="2016-05-03", reg_group="5B")
    add_child(vault, "Stephen", "Phelps", upn="B999200023218")
    add_child(vault, "Siobhán", "O'Dowd", former_names=("Siobhán Harker",))
    add_child(vault, "Christopher", "Marlow", preferred_forename="Topher", date_of_birth="2016-05-03")
    add_child(vault, "Christine", "Marlow", date_of_birth="2016-05-03")
    return vault


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ka", "Katharine Vale"),
        ("kit v", "Katharine Vale"),
        ("katie", "Katharine Vale"),
        ("catherine vail", "Katharine Vale"),
        ("steven", "Stephen Phelps"),
        ("steve", "Stephen Phelps"),
        ("filips", "Stephen Phelps"),
        ("b9992000", "Stephen Phelps"),
        ("shivaun", "Siobhán O'Dowd"),
        ("odowd", "Siobhán O'Dowd"),
        ("harker", "Siobhán O'Dowd"),
        ("marlwo", "Christine Marlow"),
        ("topher", "Topher Marlow"),
    ],
)
def test_a_child_is_found_however_the_name_is_known(roll: Vault, typed: str, first: str) -> None:
    assert children.find(roll, typed)[0].name == first


def test_own_spellings_come_before_names_that_only_sound_alike(roll: Vault) -> None:
    add_child(roll, "Steven", "Ashdown")
    assert [row.name for row in children.find(roll, "steven")] == ["Steven Ashdown", "Stephen Phelps"]
    assert children.resolve(roll, "steven").name == "Steven Ashdown"
    assert children.find(roll, "xyzzy") == []


def test_a_command_never_takes_a_name_that_only_sounds_alike(roll: Vault) -> None:
    with pytest.raises(NotFound) as caught:
        children.resolve(roll, "Stevan Felps")
    assert "Stephen Phelps" in caught.value.hint
    assert children.find(roll, "Stevan Felps", loosely=False) == []


def test_twins_are_told_apart_before_recording(roll: Vault) -> None:
    twins = children.find(roll, "marlow")
    assert [row.look_alikes for row in twins] == [True, True]
    assert len({row.told_apart for row in twins}) == 2
