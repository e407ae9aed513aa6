"""Meetings and file transfers on their screens: planned, recorded, sent and receipted by keyboard."""

from __future__ import annotations

from datetime import date

from conftest import HOSTILE, press, settled, wait_for, words_on

from storage.desk import children, concerns, transfers
from storage.desk import front_sheet as sheet
from storage.desk import meetings as desk
from storage.views.meetings import meetings
from storage.views.record import chronology


async def test_a_meeting_is_planned_and_recorded_and_stands_on_today_and_in_the_record(console, vault):
    child, _ = children.add_child(vault, name="Mia Hart")
    other, _ = children.add_child(vault, name="Otto Hart")
    sheet.add_line(vault, other, "sibling", child=child)
    made = desk.plan(vault, child, "strategy_discussion", date(2026, 11, 20), place=HOSTILE, no_report=True)
    async with console() as pilot:
        await wait_for(pilot, "to be recorded: ")
        await press(pilot, "enter")
        await wait_for(pilot, "1 planned.")
        assert HOSTILE in words_on(pilot.app)
        await press(pilot, "r")
        await wait_for(pilot, "Our actions")
        await press(pilot, *"A. Reed", "tab", "ctrl+s")
        await wait_for(pilot, "What was decided? Where nothing was, write that.")
        await press(pilot, *"Enquiries begin", "tab", *"No [b]", "tab", *"Ring; me; Friday", "ctrl+s")
        await wait_for(pilot, "Whose decision")
        await press(pilot, *"A. Reed", "ctrl+s")
        await wait_for(pilot, "The challenge is in the record, and its answer asked for.")
        await wait_for(pilot, "Must follow, and nobody planned it (1)")
        assert "at the latest Fri 11 Dec 2026" in words_on(pilot.app)
        await press(pilot, "n")
        await wait_for(pilot, "Plan a meeting")
        await settled(pilot)
        await press(pilot, *"Fri 4 Dec 2026", "ctrl+s")
        await wait_for(pilot, "Within 15 working days after the strategy discussion on Fri 20 Nov 2026")
        await press(pilot, "enter")
        await wait_for(pilot, "brothers and sisters: Otto Hart")
        assert "Initial child protection conference Fri 4 Dec 2026" in words_on(pilot.app)
        assert "Enquiries begin" in words_on(pilot.app)
    (row,) = meetings(vault)
    assert (row.meeting_type, row.report_due) == ("initial_conference", date(2026, 12, 2))
    assert [entry.kind for entry in chronology(vault, child)] == ["meeting", "challenge"]
    assert made.id != row.id


async def test_a_file_is_written_sent_and_receipted(console, vault, tmp_path):
    child, _ = children.add_child(vault, name="Mia Hart")
    concerns.log_concern(vault, {"text": HOSTILE}, child_id=child)
    made = transfers.open_(vault, child, date(2026, 11, 18), school="Hill School")
    async with console() as pilot:
        pilot.app.open("transfers", transfer_id=made.id)
        await wait_for(pilot, "To be sent (1)")
        assert "Within 5 days of leaving on Wed 18 Nov 2026: Mon 23 Nov 2026 in calendar days" in words_on(pilot.app)
        for key, heading, field in (("p", "Write the copies that go", "folder"), ("s", "The file went", "folder")):
            await press(pilot, key)
            await wait_for(pilot, heading)
            await settled(pilot)
            pilot.app.screen.query_one(f"#{field}").value = str(tmp_path / "copies")
            if key == "s":
                pilot.app.screen.query_one("#dsl").value = "B. Moss"
                pilot.app.screen.query_one("#method").value = "by hand"
            await press(pilot, "ctrl+s")
            await wait_for(pilot, "3 files were written" if key == "p" else "Sent, and the receipt is not in (1)")
        await press(pilot, "r")
        await wait_for(pilot, "confirmed that the whole file came")
        await press(pilot, *"B. Moss", "tab", *"DSL", "tab", *"signed", "ctrl+s")
        await wait_for(pilot, "The receipt is in the record.")
    (row,) = [each for each in transfers.transfers(vault, everything=True) if each.id == made.id]
    assert (row.state, len(row.sent["contents"])) == ("done", 3)
