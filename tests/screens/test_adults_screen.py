"""The adults' register on screen: made in the headteacher's first session, unlocked by itself, the LADO stop (R-40)."""

from __future__ import annotations

import shutil
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from conftest import HOSTILE, PASSPHRASE, press, settled, wait_for, wait_until, words_on
from textual.widgets import Input, Select, TextArea

from dsl_console.app import DslConsole
from dsl_console.config import Settings
from practice.acts import MachineAdded, Phones, SchoolSet
from practice.dates import parse_when
from screens import adults
from screens.adult_entry import Found, content_of
from screens.adult_lists import Line, draw
from screens.adults_dialogs import LadoDialog, StopDialog
from screens.people_dialogs import CodeDialog
from screens.widgets.mark_list import MarkList
from storage import machines, register, reports
from storage.desk import adult_reports, triage
from storage.ids import new_id
from storage.keys import FLOOR
from storage.people import add_person, people
from storage.replication.identity import Identity
from storage.vault import create, open_vault
from storage.views import register as views

DSL = "under the old stone bridge"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A vault with a headteacher and a DSL, and no register yet."""
    folder = tmp_path_factory.mktemp("head") / "vault"
    phones = Phones(front_door="01234 567890", lado="01234 567899")
    vault, _ = create(
        folder,
        school=SchoolSet(name="Oakfield Academy", phones=phones),
        user="Hana Reed",
        passphrase=PASSPHRASE,
        role="head",
        kdf=FLOOR,
    )
    with vault:
        add_person(vault, "Dara Lowe", "dsl", DSL, FLOOR)
    return folder


@pytest.fixture
def school(template, tmp_path, clock):
    """Run the app on a copy: `async with school("Hana Reed") as pilot`; `.folder` is the copy."""
    folder = shutil.copytree(template, tmp_path / "vault")

    @asynccontextmanager
    async def run(name, size=(120, 36)):
        passphrase = PASSPHRASE if name == "Hana Reed" else DSL
        held = open_vault(folder, passphrase=passphrase, user=name, clock=clock)
        app = DslConsole(folder, settings=Settings(), clock=clock, vault=held)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield pilot
        held.close()

    run.folder = folder
    return run


def put(pilot, **fields):
    for name, text in fields.items():
        widget = pilot.app.screen.query_one(f"#{name}")
        if isinstance(widget, Select):
            widget.value = text
        elif isinstance(widget, TextArea):
            widget.text = text
        else:
            (widget if isinstance(widget, Input) else widget.query_one(Input)).value = text


async def test_the_head_makes_it_first_thing_and_nothing_is_decided_before_the_lado(school):
    async with school("Hana Reed") as pilot:
        await wait_for(pilot, "There is no adults' register yet.")
        put(pilot, passphrase=PASSPHRASE)
        pilot.app.screen.query_one("#passphrase").focus()
        await press(pilot, "enter")
        assert "May the DSL read it? Choose" in words_on(pilot.app)
        put(pilot, dsl="no", passphrase=PASSPHRASE)
        pilot.app.screen.query_one("#passphrase").focus()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, CodeDialog))
        await press(pilot, "enter")
        assert "nothing else" in words_on(pilot.app), "an Enter too many must not clear the code"
        await press(pilot, "tab", "ctrl+s")
        await wait_for(pilot, "Nothing is recorded yet.")
        await press(pilot, "n")
        put(pilot, adult="new", name="Ray Moss", text=HOSTILE)
        pilot.app.screen.query_one(MarkList).mark(["harmed"])
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, StopDialog))
        assert "01234 567899" in words_on(pilot.app)
        await press(pilot, "ctrl+s")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, LadoDialog))
        await press(pilot, "escape")
        assert HOSTILE in words_on(pilot.app)
        await press(pilot, "d")
        assert "Stop: the LADO first" in words_on(pilot.app)
        await press(pilot, "l")
        put(pilot, spoke_to="A. Officer", at="today 16:50", advice="Refer it in writing.")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "It is still to be decided.")
        await press(pilot, "d")
        put(pilot, threshold="may_be_met", decision="lado_referred", reason="As the LADO advised.")
        await press(pilot, "ctrl+s")
        assert "needs its date and its reference" in words_on(pilot.app)
        put(pilot, on="20 Nov", reference="L/7")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "L/7")
        pilot.app.open("adults")
        await press(pilot, "a", *"Lent")
        pilot.app.screen.before_lock()()
        assert [each.fields["reason"] for each in pilot.app.register.drafts.all()] == ["Lent"], "sealed to the register"
        assert pilot.app.vault.drafts.all() == []
        with register.open_with(pilot.app.vault, pilot.app.vault.person_keys) as opened:
            assert opened.verify(rebuild=True, signatures=True).ok
            decision = views.entries(opened)[0].decision
            assert (decision["reference"], decision["on"]) == ("L/7", "2026-11-20"), "a referral lies behind, not ahead"


async def test_news_of_the_record_while_the_register_is_made_moves_nothing(school, monkeypatch):
    make, ask = adults.made, register.way_in

    def made(*args):
        got = make(*args)
        screen.app.call_from_thread(screen.refresh_record)  # as news of any commit does, its own act's as well
        return got

    def slow_way_in(vault):
        way = ask(vault)
        time.sleep(0.5 if way == "open" else 0)
        return way

    monkeypatch.setattr(adults, "made", made)
    monkeypatch.setattr(register, "way_in", slow_way_in)
    async with school("Hana Reed") as pilot:
        await wait_for(pilot, "There is no adults' register yet.")
        screen = pilot.app.screen
        put(pilot, dsl="no", passphrase=PASSPHRASE)
        screen.query_one("#passphrase").focus()
        await press(pilot, "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, CodeDialog))
        await press(pilot, "ctrl+s")
        assert screen.focused is screen.query_one("#entries")
        await press(pilot, "n")
        assert pilot.app.screen.NAME == "adult_log"


def test_why_a_concern_became_an_allegation_stands_apart_on_both():
    at = datetime(2026, 11, 20, 10, 3, tzinfo=UTC)
    occurred = parse_when("18 Nov 2026", at.replace(tzinfo=None))
    crossing = views.Crossing("b", HOSTILE, "hana", at)
    same = {"adult": views.AdultRow("x", "Ray Moss", "", "", None), "text": "What was seen", "occurred": occurred}
    same |= {"recorded_at": at, "recorded_by": "hana", "entry_kind": "low_level", "threshold": "", "met": ()}
    same |= dict.fromkeys(("context", "place", "activity", "action", "shared_by", "shared_role", "opened_from"), "")
    concern = views.EntryRow(id="a", **same, asks_anonymous=False, rationale="", crossing=crossing)
    allegation = views.EntryRow(id="b", **same, asks_anonymous=False, rationale=HOSTILE, crossing=None)
    said = "What was seen\n\nDecided by Hana Reed, Fri 20 Nov 2026: the harm threshold may be met"
    for row, more in ((concern, ", and an allegation opened"), (allegation, "")):
        assert f"{said}{more}\n{HOSTILE}" in content_of(Found(row, {"hana": "Hana Reed"}), "Kim").plain


def test_what_was_found_at_a_look_for_patterns_is_read_whole_at_any_width():
    finding = f"Two lifts in one car park within a week; both are with the LADO now. {HOSTILE}"
    lines = draw(Line(finding, muted=True), 40)
    assert max(line.cell_length for line in lines) <= 40
    assert " ".join(" ".join(line.plain for line in lines).split()) == finding


async def test_it_asks_for_the_passphrase_again_each_time_and_keeps_what_was_being_written(school):
    with open_vault(school.folder, passphrase=PASSPHRASE, user="Hana Reed") as vault:
        register.create_with(vault, vault.person_keys)[0].close()
        machines.name_this(vault, "Office")
        other = {**Identity.generate().public(), "device": new_id(), "name": "Laptop [red]"}
        vault.record(MachineAdded(**other))
        reports.leave(school.folder, {"adult_as_written": HOSTILE, "text": "x", "reporter": "Kim"}, about="adult")
    async with school("Hana Reed") as pilot:
        pilot.app.do("adults")
        await wait_for(pilot, "an unlock of its own")
        assert HOSTILE not in words_on(pilot.app)
        put(pilot, passphrase=DSL)
        await press(pilot, "enter")
        await wait_for(pilot, "That passphrase does not open this vault.")
        put(pilot, passphrase=PASSPHRASE)
        await press(pilot, "enter")
        await wait_for(pilot, "A report about")
        assert HOSTILE in words_on(pilot.app)
        await press(pilot, "m")
        put(pilot, machine=other["machine"], travels="yes")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "It travels to «Laptop [red]» with the next sync")
        out = school.folder / "spool" / "register" / "out"
        assert [path.name for path in out.iterdir()] == [f"{other['machine']}.0"]
        await press(pilot, "c")
        await wait_for(pilot, "Make a new recovery code for the register?")
        await press(pilot, "tab", "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, CodeDialog))
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "The code before opens nothing any more.")
        await press(pilot, "n")
        put(pilot, adult="new", name="Ray Moss", text="Half a sentence")
        await press(pilot, "f6")
        assert pilot.app.register is None
        pilot.app.do("adults")
        await wait_for(pilot, "an unlock of its own")
        put(pilot, passphrase=PASSPHRASE)
        await press(pilot, "enter")
        await wait_for(pilot, "A report about")
        await press(pilot, "n")
        await wait_for(pilot, "put back")
        assert "Half a sentence" in words_on(pilot.app)
        assert [draft.name for draft in pilot.app.vault.drafts.all()] == []
        await press(pilot, "escape", "enter")
        await press(pilot, "ctrl+s")
        put(pilot, adult="new", role="Coach")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "It stands in the register.")
        await press(pilot, "ctrl+t")
        put(pilot, what="Thank you; it is looked into.")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Told by Hana Reed; recorded Sat 21 Nov 2026")
        await press(pilot, "escape")
        entry = views.entries(pilot.app.register)[0].id
        pilot.app.open("adult_entry", entry_id=entry)
        await settled(pilot)
        await press(pilot, "e")
        put(pilot, text=f"{HOSTILE} and more")
        pilot.app.screen.before_lock()()
        await press(pilot, "escape", "e")
        await wait_for(pilot, "put back")
        assert pilot.app.screen.query_one("#text", TextArea).text == f"{HOSTILE} and more"
        assert pilot.app.register.drafts.get(pilot.app.screen.kept_as) is None, "once"
        await press(pilot, "escape", "escape", "h")
        dara = next(each.id for each in people(pilot.app.vault) if each.name == "Dara Lowe")
        put(pilot, who=dara)
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Dara Lowe can open the register now")
        await press(pilot, "t")
        await wait_for(pilot, "read the list")
        await press(pilot, "escape", "w")
        await wait_for(pilot, "The school has set no rule of its own")
        await press(pilot, "e")
        put(pilot, name="[b]Ray[/b] Moss", works_as="supply")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "[b]Ray[/b] Moss, Coach")
        await press(pilot, "l")
        put(pilot, day="August 2019")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "Which day was the last?")
        put(pilot, day="31 August 2019")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "left Sat 31 Aug 2019")
        await press(pilot, "y")
        put(pilot, years="6", source="Our policy")
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "to be looked at · Supply · left Sat 31 Aug 2019, kept until Sun 31 Aug 2025")
        await press(pilot, "escape", "p")
        await wait_for(pilot, "Nothing has enough in common")
        await press(pilot, "r", "ctrl+s")
        assert "What you found is needed" in words_on(pilot.app)
        await press(pilot, "escape")
        await press(pilot, "f8")
        assert "Ray Moss" not in words_on(pilot.app)


async def test_a_report_about_an_adult_is_left_from_the_lock_screen(school):
    with open_vault(school.folder, passphrase=PASSPHRASE, user="Hana Reed") as vault:
        register.create_with(vault, vault.person_keys)[0].close()
    app = DslConsole(school.folder, settings=Settings())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+n")
        await press(pilot, "2")
        assert "ring the chair of governors" in words_on(app)
        await press(pilot, "ctrl+s")
        assert "Which adult?" in words_on(app)
        put(pilot, adult=HOSTILE, text="He was alone with a pupil", anonymous="yes")
        await press(pilot, "ctrl+s")
        assert "only the headteacher" in words_on(app)
    with open_vault(school.folder, passphrase=PASSPHRASE, user="Hana Reed") as vault:
        assert triage.take_in(vault).new == []
        with register.open_with(vault, vault.person_keys) as opened:
            adult_reports.take_in(opened)
            (row,) = views.reports(opened)
            assert (row.adult_as_written, row.asks_anonymous, row.reporter) == (HOSTILE, True, "")


async def test_who_does_not_hold_its_key_is_offered_nothing_of_it(school):
    with open_vault(school.folder, passphrase=PASSPHRASE, user="Hana Reed") as vault:
        register.create_with(vault, vault.person_keys)[0].close()
    reports.leave(school.folder, {"adult_as_written": "Ray Moss", "text": "x", "reporter": "Kim"}, about="adult")
    async with school("Dara Lowe") as pilot:
        assert "report" not in words_on(pilot.app).lower().replace("no report", "")
        offered = [each.title for each in pilot.app.get_system_commands(pilot.app.screen)]
        assert offered
        assert not [title for title in offered if "dult" in title]
        pilot.app.do("adults")
        await settled(pilot)
        assert "You do not hold the key" in words_on(pilot.app)
        assert pilot.app.screen.NAME == "today"
