"""Actions: owner, day, closed only with follow-up, outcome and reason; those of decisions among them (R-02, R-03)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from practice.errors import NotFound, Refused
from storage import flags, looking
from storage.desk import actions as desk
from storage.desk import concerns
from storage.desk.granting import set_cover
from storage.keys import FLOOR
from storage.people import add_person
from storage.vault import Vault, open_vault
from storage.views import record
from storage.views.actions import actions
from storage.views.today import today
from tests.conftest import PERSON, add_child, add_concern

BEN = "seven tall paper boats"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(vault: Vault) -> None:
    vault.clock = lambda: NOW


def test_an_action_is_asked_for_changed_and_closed_only_whole(vault: Vault) -> None:
    child = add_child(vault)
    entry = add_concern(vault, child, "No coat")
    made = desk.add(vault, child, "Ring home about a coat", due=date(2026, 11, 16), about=entry)
    assert (made.owner, made.state, made.late_school_days) == (PERSON, "open", 4)
    other = desk.add(vault, child, "Find a coat", owner="Ms Brook, year 5", due=date(2026, 12, 1))
    assert (other.owner, other.owner_id, other.asked_by) == ("Ms Brook, year 5", "", PERSON)
    assert [row.id for row in actions(vault, NOW.date())] == [made.id, other.id]
    moved = desk.change(vault, other.id, "She is away", owner="me", due=date(2026, 11, 25))
    assert (moved.owner, moved.due) == (PERSON, date(2026, 11, 25))
    with pytest.raises(Refused, match="without what follows and why it is closed"):
        desk.done(vault, made.id, " ", "She has one", "")
    desk.done(vault, made.id, "Look again on Monday", "She has one", "Her mother brought it")
    with pytest.raises(Refused, match="closed already"):
        desk.done(vault, made.id, "a", "b", "c")
    with pytest.raises(Refused, match="another child's record"):
        desk.add(vault, add_child(vault, "Noor", "Vale"), "Look", about=entry)
    with pytest.raises(NotFound):
        desk.done(vault, "none", "a", "b", "c")
    closed = next(row for row in actions(vault, NOW.date(), done=True) if row.state == "done")
    assert (closed.follow_up, closed.outcome, closed.reason) == (
        "Look again on Monday",
        "She has one",
        "Her mother brought it",
    )
    assert vault.verify(rebuild=True).ok


def test_what_a_decision_asked_for_is_closed_the_same_way(vault: Vault) -> None:
    child = add_child(vault)
    entry = add_concern(vault, child, "No coat")
    concerns.decide(vault, entry, "advice_call", "Ring the duty team", due=date(2026, 11, 10))
    (row,) = actions(vault, NOW.date())
    assert (row.kind, row.about, row.what, row.late_school_days) == (
        "decision",
        entry,
        "Call for advice: Ring the duty team",
        8,
    )
    assert "overdue" in {flag.rule for flag in flags.flags(vault)}
    with pytest.raises(Refused, match="a new decision changes it"):
        desk.change(vault, row.id, "later", due=date(2026, 12, 1))
    desk.done(vault, row.id, "Early help", "They advised early help", "The call was made")
    assert actions(vault, NOW.date()) == []
    assert record.detail(vault, entry).decisions[0].outcome == "They advised early help"
    assert flags.flags(vault) == []
    assert vault.verify(rebuild=True).ok


def test_today_shows_mine_and_what_i_asked_others_for_once_it_is_late(vault: Vault) -> None:
    child = add_child(vault)
    desk.add(vault, child, "Mine and late", due=date(2026, 11, 18))
    desk.add(vault, child, "Mine this week", due=date(2026, 11, 24))
    desk.add(vault, child, "Mine one day")
    desk.add(vault, child, "Hers and late", owner="Ms Brook", due=date(2026, 11, 18))
    desk.add(vault, child, "Hers to come", owner="Ms Brook", due=date(2026, 11, 24))
    view = today(vault, NOW)
    lines = {
        name: [(line.kind, line.words) for line in getattr(view, name)] for name in ("act_today", "this_week", "later")
    }
    assert ("action", "Mine and late") in lines["act_today"]
    assert {("action", "Mine this week"), ("asked", "Ms Brook: Hers and late")} <= set(lines["this_week"])
    assert ("action", "Mine one day") in lines["later"]
    assert not any("Hers to come" in words for part in lines.values() for _, words in part)


def test_what_is_due_of_a_colleague_who_is_away_or_was_not_here_for_a_school_day_is_everybodys(vault, vault_folder):
    child = add_child(vault)
    ben = add_person(vault, "Ben Ode", "deputy", BEN, FLOOR)
    desk.add(vault, child, "Mine to do", due=NOW.date())
    desk.add(vault, child, "Ring home", owner="Ben Ode", due=NOW.date())
    desk.add(vault, child, "Send the school nurse", owner="Ms Brook, year 5", due=NOW.date())
    desk.add(vault, child, "Not due", owner="Ben Ode", due=NOW.date() + timedelta(days=5))

    def red(of: Vault, days: int = 0) -> set[str]:
        view = today(of, NOW + timedelta(days=days))
        return {line.words for line in view.act_today if line.kind in ("action", "asked")}

    assert red(vault) == {"Mine to do", "Ben Ode, not here yet: Ring home"}
    with open_vault(vault_folder, passphrase=BEN, user="Ben Ode", clock=lambda: NOW) as bens:
        looking.look(bens)  # a Friday
        assert red(vault) == {"Mine to do"}
        assert red(bens) == {"Ring home"}
        assert "Ben Ode" not in str(red(vault, days=3)), "on Monday he missed no school day yet"
        since = "not here since Fri 20 Nov 2026"
        assert f"Ben Ode, {since}: Ring home" in red(vault, days=4)
    set_cover(vault, ben, vault.person.id, NOW.date())
    assert red(vault) == {"Mine to do", "Ring home"}, "who covers sees it as their own"
    set_cover(vault, vault.person.id, ben, NOW.date())
    with open_vault(vault_folder, passphrase=BEN, user="Ben Ode", clock=lambda: NOW) as bens:
        assert red(bens) == {
            "Mine to do",
            "Ring home",
            f"Ms Brook, year 5, asked by {PERSON}, away: Send the school nurse",
        }
