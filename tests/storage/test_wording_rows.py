"""The school's own rows of the wording list: set, silenced, asked again, and the same after a replay."""

from __future__ import annotations

import pytest

from practice.errors import NotFound, Refused
from storage.desk.wording import add_row, coach, school_rows, silence
from storage.vault import Vault


def test_rows_are_added_silenced_and_asked_again(vault: Vault) -> None:
    assert [found.rule for found in coach(vault).check("Often low.")] == ["how_often", "vague"]
    add_row(vault, "our_hub", ["the hub", " "], "Which room?")
    silence(vault, "how_often")
    silence(vault, "our_hub")
    silence(vault, "our_hub", silenced=False)
    assert [found.rule for found in coach(vault).check("Often in the hub, low.")] == ["our_hub", "vague"]
    silence(vault, "how_often", silenced=False)
    assert school_rows(vault).silenced == frozenset()
    assert vault.verify(rebuild=True).ok


@pytest.mark.parametrize(
    ("name", "phrases", "question"),
    [("vague", ["x"], "?"), ("own", [" ", "--"], "?"), ("own", ["x"], " "), (" ", ["x"], "?")],
)
def test_a_row_that_could_ask_nothing_is_refused(vault: Vault, name: str, phrases: list[str], question: str) -> None:
    with pytest.raises(Refused):
        add_row(vault, name, phrases, question)
    with pytest.raises(NotFound):
        silence(vault, "nothing_such")
    assert school_rows(vault).added == ()
