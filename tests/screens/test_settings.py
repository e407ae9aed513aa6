"""Settings: one list from one table; what is kept holds at once and stays."""

from __future__ import annotations

import json
from dataclasses import fields

from conftest import settled, wait_for, wait_until, words_on

from dsl_console import config
from screens.settings_schema import BY_KEY, SETTINGS, found_by, span_words, value_words
from screens.widgets.fields import ChoiceField
from storage.reports import read_card


def test_every_setting_of_the_file_is_in_the_table():
    kept = {each.name for each in fields(config.Settings)} - {"keys"}
    assert kept == {each.key for each in SETTINGS if each.kept == "machine"}
    usual = config.Settings()
    for setting in SETTINGS:
        if setting.kept == "machine":
            assert not config.fault(setting.key, getattr(usual, setting.key))
            assert value_words(setting, getattr(usual, setting.key))
        for code, words in setting.choices:
            assert words
            if setting.number:
                assert not config.fault(setting.key, int(code))


def test_words_find_a_setting_and_spans_are_said_as_people_say_them():
    assert [each.key for each in found_by("lock draft")] == ["lock_after"]
    assert [each.key for each in found_by("high contrast")] == ["theme"], "what may be chosen is found too"
    assert [each.key for each in found_by("  ")] == [each.key for each in SETTINGS]
    assert [span_words(each) for each in (30, 90, 60, 120, 3600)] == [
        "30 seconds",
        "90 seconds",
        "1 minute",
        "2 minutes",
        "1 hour",
    ]
    assert value_words(BY_KEY["lock_after"], 90) == "90 seconds", "a value of the file that the screen does not offer"


async def test_a_setting_is_found_changed_and_kept(console, vault, tmp_path):
    file = tmp_path / "settings.toml"
    async with console(size=(80, 24)) as pilot:
        app = pilot.app
        app.settings_file = file
        app.open("settings")
        await settled(pilot)
        assert "Enter Change" in words_on(app), "while the search field has the focus too"
        await pilot.press(*"hide", "enter")
        await settled(pilot)
        app.screen.query_one("#value", ChoiceField).code = "60"
        await pilot.press("ctrl+s")
        await wait_for(pilot, "Hide after: 1 minute. It holds from now on.")
        assert app.idle.hide_after.total_seconds() == 60
        assert config.load(file)[0].hide_after == 60
        await pilot.press("escape", *"theme", "enter")
        await settled(pilot)
        app.screen.query_one("#value", ChoiceField).code = "console-light"
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.theme == "console-light")
        await pilot.press("escape", *"keys log a concern", "enter")
        await wait_for(pilot, "A key for Record: Log a concern")
        await pilot.press("f3")
        await wait_for(pilot, "F3 is Record: Find a child or words")
        await pilot.press("ctrl+d")
        await wait_for(pilot, "Record: Log a concern: Ctrl+D. It holds from now on.")
        assert config.load(file)[0].keys == {"log": "ctrl+d"}
        await pilot.press("delete")
        await wait_for(pilot, "Record: Log a concern: F2. It holds from now on.")
        assert config.load(file)[0].keys == {}
        await pilot.press("escape", *"front", "enter")
        await settled(pilot)
        await pilot.press("x", "ctrl+s")
        assert "That does not read as a telephone number." in words_on(app)
        await pilot.press("backspace", *"01632 960 777", "ctrl+s")
        await wait_for(pilot, "Immediate danger: 999 · Front door 01632 960 777")
        assert vault.school.phones.front_door == "01632 960 777"
        await pilot.press("escape", *"backup folder", "enter")
        await settled(pilot)
        await pilot.press(*"nowhere", "ctrl+s")
        await wait_for(pilot, "Write the whole path, from its beginning.")
        assert app.backup_folder == ""
        await pilot.press("escape", "escape", *"shared folder", "enter")
        await settled(pilot)
        await pilot.press(*str(tmp_path), "ctrl+s")
        await wait_for(pilot, "The report card is in the folder")
        words = json.loads((tmp_path / "report-card.json").read_text("utf-8"))
        assert all(word in words_on(app) for word in read_card(tmp_path).words.split())
        assert words["school"] == "Oakfield Academy"
