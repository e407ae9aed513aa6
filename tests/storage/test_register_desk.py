"""What a holder does in the register: every step on the real store, and that reading is recorded (R-40 to R-46)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from practice.acts import AdultConcernLogged, SchoolSet
from practice.adults import EntryState
from practice.compartments import ADULTS
from practice.errors import NotFound, Refused
from storage import shape, vault
from storage.desk import register as desk
from storage.keys import FLOOR
from storage.register import create_register
from storage.views import record
from storage.views import register as views
from sync import shares

HEAD = "green lamp quiet river"
ODD = "She said [he hit me] [Yr 9] [red]x[/red]"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def register(tmp_path_factory, clock):
    folder: Path = tmp_path_factory.mktemp("desk") / "vault"
    made, _code = vault.create(
        folder,
        school=SchoolSet(name="Thornfield"),
        user="Hana Reed",
        passphrase=HEAD,
        role="head",
        kdf=FLOOR,
        clock=clock,
    )
    opened, _code = create_register(made, HEAD)
    with made, opened:
        yield opened
        report = opened.verify(rebuild=True, signatures=True)
        assert report.ok, report.problems


def log(register, name="Ray Moss", **fields):
    known = [adult for adult in views.adults(register) if adult.name == name]
    fields = {"text": ODD, "when": "18 Nov 2026 10:15", "shared_by": "Kim Dale"} | fields
    if known:
        return desk.log_concern(register, fields, adult_id=known[0].id)
    return desk.log_concern(register, fields, new_adult={"name": name, "role": "Coach", "works_as": "supply"})


def test_a_low_level_concern_is_logged_amended_and_decided_with_its_rationale(register):
    kept = log(register, place="Sports hall", context="A trip", action="Spoke to him")
    assert kept.state is EntryState.UNDECIDED
    with pytest.raises(Refused, match="whether the harm threshold"):
        desk.decide(register, kept.entry, "words_of_advice", "Reminded of the code.", threshold="")
    with pytest.raises(Refused):
        desk.decide(register, kept.entry, "words_of_advice", "  ", threshold="not_met")
    desk.amend(register, kept.entry, ODD + " twice", "Heard again.")
    assert desk.decide(register, kept.entry, "words_of_advice", "Reminded.", threshold="not_met").state == "decided"
    row = views.entry(register, kept.entry)
    assert (row.text, [each["text"] for each in row.versions]) == (ODD + " twice", [ODD, ODD + " twice"])
    assert row.occurred.start == "2026-11-18T10:15"
    assert row.decision["reason"] == "Reminded."
    desk.decide(register, kept.entry, "training", "Agreed with him.", threshold="not_met")
    assert [step["decision"] for step in views.entry(register, kept.entry).steps] == ["words_of_advice", "training"]


def test_who_asked_to_stay_anonymous_is_named_on_purpose_only(register):
    row = views.entry(register, log(register, asks_anonymous=True, shared_role="TA").entry)
    assert "Kim" not in views.shared_by(row)
    assert views.shared_by(row, reveal=True) == "Kim Dale, TA"


def test_where_the_threshold_may_be_met_nothing_is_decided_before_the_lado(register):
    kept = log(register, "Jo Pike", met=["harmed"])
    assert kept.state is EntryState.STOP
    assert views.entry(register, kept.entry).entry_kind == "allegation"
    for threshold in ("not_met", "may_be_met"):
        with pytest.raises(Refused, match="LADO"):
            desk.decide(register, kept.entry, "no_action", "He is nice.", threshold=threshold)
    desk.amend(register, kept.entry, "More was said.", "Capture is never blocked.")
    with pytest.raises(Refused, match="to whom"):
        desk.lado_called(register, kept.entry, "", "10:40", "Refer.")
    assert desk.lado_called(register, kept.entry, "A. Officer", "today 10:40", "Refer.").state == "undecided"
    with pytest.raises(Refused, match="reference"):
        desk.decide(register, kept.entry, "lado_referred", "As advised.", threshold="may_be_met")
    given = {"threshold": "may_be_met", "reference": "L/7"}
    with pytest.raises(Refused, match="still to come"):
        desk.decide(register, kept.entry, "lado_referred", "As advised.", on=date(2026, 11, 21), **given)
    desk.decide(
        register,
        kept.entry,
        "lado_referred",
        "As advised.",
        threshold="may_be_met",
        on=date(2026, 11, 20),
        reference="L/7",
    )
    assert views.entry(register, kept.entry).state is EntryState.DECIDED


def test_crossing_the_threshold_at_a_decision_opens_an_allegation_that_keeps_the_link(register):
    low = log(register, "Pat Orr")
    kept = desk.decide(register, low.entry, "training", "It was worse.", threshold="not_met", met=["risk"])
    assert kept.state is EntryState.STOP
    allegation, first = views.entry(register, kept.entry), views.entry(register, low.entry)
    assert (allegation.entry_kind, allegation.opened_from, first.became) == ("allegation", low.entry, kept.entry)
    assert (allegation.text, allegation.rationale) == (ODD, "It was worse."), "not under what happened"
    assert (first.decision, first.crossing.rationale, first.opening) == (None, "It was worse.", None)
    for act in (
        lambda: desk.decide(register, low.entry, "no_action", "Done.", threshold="not_met"),
        lambda: desk.decide(register, low.entry, "no_action", "Done.", threshold="may_be_met"),
        lambda: desk.lado_called(register, low.entry, "A", "now", "b"),
    ):
        with pytest.raises(Refused, match="became an allegation"):
            act()


class AsBefore(AdultConcernLogged):
    """An act as it was stored while the rationale still stood at the end of what happened."""

    def to_bytes(self):
        return super().to_bytes().replace(b'"v":2', b'"v":1')


def test_an_allegation_of_the_version_before_is_read_with_its_rationale_apart(register):
    low = log(register, "Jo Ash")
    of = views.entry(register, low.entry)
    said = f"{of.text}\n\nWhy it may meet the harm threshold: It was worse.\n\nTwice."
    body = AsBefore(adult=of.adult.id, entry_kind="allegation", text=said, occurred=of.occurred, opened_from=of.id)
    register.record(body, entry="of-before")
    with register.write() as unit:
        unit.connection.exec_driver_sql("ALTER TABLE register_entries DROP COLUMN rationale")
        unit.connection.exec_driver_sql("PRAGMA user_version=2")
    shape.migrate(register._writer, ADULTS)
    row = views.entry(register, "of-before")
    assert (row.text, row.rationale) == (ODD, "It was worse.\n\nTwice.")
    assert row.versions[0]["text"] == ODD
    kept = log(register, "Jo Ash", text=said).entry
    assert views.entry(register, kept).text == said, "a concern of its own keeps its words"


def test_a_self_referral_is_ones_own_and_one_that_crosses_gets_an_allegation_beside_it(register):
    kept = log(register, "Sam Hill", entry_kind="self_referral", asks_anonymous=True, shared_by="")
    row = views.entry(register, kept.entry)
    assert (row.entry_kind, row.shared_by, row.asks_anonymous) == ("self_referral", "Sam Hill", False)
    crossed = log(register, "Sam Hill", entry_kind="self_referral", met=["offence"])
    allegation = views.entry(register, crossed.entry)
    assert (crossed.state, allegation.entry_kind) == (EntryState.STOP, "allegation")
    assert views.entry(register, allegation.opened_from).entry_kind == "self_referral"


def test_patterns_are_shown_with_their_entries_and_looking_is_recorded(register):
    ids = {log(register, "Vi Lunt", place="Minibus", activity="Swimming").entry for _ in range(2)}
    found = desk.found_patterns(register, "Vi Lunt")
    assert {each.rule: set(each.entries) for each in found} == {"person": ids, "place": ids, "activity": ids}
    desk.patterns_reviewed(register, "Two lifts in the minibus; route changed.", "Vi Lunt")
    desk.patterns_reviewed(register, "Nothing further.")
    school, one = views.pattern_reviews(register)
    assert (one.adult, set(one.entries), school.adult) == ("Vi Lunt", ids, "")
    with pytest.raises(Refused):
        desk.patterns_reviewed(register, " ")


def test_retention_is_the_schools_own_rule_and_runs_from_the_day_somebody_left(register):
    log(register, "Al Finch")
    assert not desk.retention(register)
    desk.left(register, "Al Finch", date(2019, 7, 20))
    assert [(held.adult.name, held.until) for held in desk.retention(register)] == [("Al Finch", None)]
    desk.set_retention(register, 6, "Staff records policy, 2026")
    assert [(held.until, held.due) for held in desk.retention(register)] == [(date(2025, 7, 20), True)]
    assert not desk.retention(register, date(2025, 7, 20))[0].due


def test_reading_is_recorded_once_a_quarter_and_so_is_reading_that_list(register, clock):
    kept = log(register)
    for _ in range(3):
        assert desk.opened(register, "entry", kept.entry) == ""
    desk.opened(register, "list")
    clock.now += timedelta(minutes=15)
    desk.opened(register, "entry", kept.entry)
    said = [(row.what, row.about) for row in desk.trail(register) if row.entry == kept.entry]
    assert said == [("read an entry", "Ray Moss")] * 2
    rows = desk.trail(register)
    assert [row.what for row in rows][:2] == ["read this list", "read this list"]
    assert {row.person for row in rows} == {"Hana Reed"}
    assert [row.about for row in rows if row.what == "let somebody in"] == ["Hana Reed"]


def test_its_entries_are_unknown_to_every_function_of_the_childrens_record(register):
    children = register.vault
    kept = log(register, text="Only the register knows of the harbour")
    for look in (record.get, record.detail):
        with pytest.raises(NotFound):
            look(children, kept.entry)
    assert record.search(children, "harbour") == []
    with pytest.raises(NotFound):
        shares.propose(children, kept.entry, "any partner")
    with children.read() as connection:
        kinds = set(connection.exec_driver_sql("SELECT DISTINCT kind FROM acts").scalars())
        tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    assert not [name for name in kinds | tables if "adult" in name or "register" in name or "lado" in name]


def test_an_adult_is_put_right_and_found_by_name(register):
    log(register, "Bo Cray")
    log(register, "Bo Crayford")
    assert views.resolve(register, "bo cray").name == "Bo Cray"
    with pytest.raises(NotFound, match="several"):
        views.resolve(register, "bo cr")
    desk.change_adult(register, "Bo Crayford", "Bo Crawford", "Teacher", "staff", "Misspelt.")
    assert views.resolve(register, "crawford").named == "Bo Crawford, Teacher"
