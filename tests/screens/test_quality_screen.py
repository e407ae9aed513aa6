"""Record quality on screen: a sample drawn, a record rated with what it shows beside, and the trend (R-82)."""

from __future__ import annotations

from conftest import press, settled, wait_for, words_on
from textual.widgets import Input, Select

from practice.record_audit import Criterion
from screens.quality import QualityScreen, RateDialog, draw, trend_text
from storage.desk import children, concerns
from storage.views.quality import RatedRow


async def test_a_sample_is_drawn_and_rated(console, vault):
    child = children.add_child(vault, legal_forename="[red]Ada[/red]", legal_surname="Lowe")[0]
    concerns.log_concern(vault, {"text": "Seen.", "when": "3 Nov 2026"}, child_id=child)
    async with console(size=(80, 24)) as pilot:
        pilot.app.do("quality")
        await settled(pilot)
        assert isinstance(pilot.app.screen, QualityScreen)
        assert "n draws a sample" in words_on(pilot.app)
        assert pilot.app.why_not("quality.rate")
        await press(pilot, "n")
        pilot.app.screen.query_one("#size", Input).value = "x"
        await press(pilot, "ctrl+s")
        assert "Write a number" in words_on(pilot.app)
        pilot.app.screen.query_one("#size", Input).value = "3"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "0 of 1 rated")
        assert "[red]Ada[/red] Lowe" in words_on(pilot.app)
        await press(pilot, "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, RateDialog)
        assert "0 of 1 entries chosen, the newest of Tue 3 Nov 2026." in words_on(pilot.app)
        dialog.query_one("#r-language", Select).value = "green"
        await press(pilot, "ctrl+s")
        await wait_for(pilot, "1 of 1 rated")
        assert "Language: green" in words_on(pilot.app)
        await wait_for(pilot, "Language: Nov 2026: 0 red, 0 amber, 1 green", 5)


def test_every_rating_stands_whole_on_its_line_at_every_width():
    ratings = {each.value: "amber" for each in Criterion}
    row = RatedRow("c1", "Kit Marlow", False, ratings, {}, "", None, "")
    for width in (50, 78, 116, 196):
        lines = [line.plain for line in draw(row, width)]
        assert all(len(line) <= width for line in lines), "blanks at its end would cut the last word"
        said = " ".join(lines)
        assert all(f"{each.label}: amber" in said for each in Criterion)
    assert len(draw(row, 78)) > len(draw(row, 196)) == 2


def test_a_months_counts_are_never_parted():
    months = [f"{name} 2026: 1 red, 2 amber, 3 green" for name in ("Jun", "Jul", "Sep", "Oct", "Nov")]
    for width in (76, 114, 194):
        lines = trend_text([("Language", months), ("Right access", months[:1])], width).plain.splitlines()
        assert all(len(line) <= width for line in lines)
        assert all(any(month in line for line in lines) for month in months)
    assert lines[-1] == f"Right access: {months[0]}"
