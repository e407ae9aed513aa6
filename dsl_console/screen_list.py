"""Every screen of the console by its name: its module and class, imported when it is first opened."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, cast

from textual.screen import Screen

SCREENS: dict[str, str] = {
    "unlock": "screens.unlock:UnlockScreen",
    "first_run": "screens.first_run:FirstRunScreen",
    "join": "screens.join:JoinScreen",
    "from_backup": "screens.from_backup:FromBackupScreen",
    "report": "screens.report:ReportScreen",
    "triage": "screens.triage:TriageScreen",
    "today": "screens.today:TodayScreen",
    "hide": "screens.hide:HideScreen",
    "help": "screens.help:HelpScreen",
    "find": "screens.find:FindScreen",
    "log": "screens.log_concern:LogScreen",
    "children": "screens.children:ChildrenScreen",
    "child": "screens.child:ChildScreen",
    "body_map": "screens.body_map:BodyMapScreen",
    "keys": "screens.keys:KeysScreen",
    "quality": "screens.quality:QualityScreen",
    "retention": "screens.retention:RetentionScreen",
    "timeline": "screens.timeline:TimelineScreen",
    "compare": "screens.compare:CompareScreen",
    "export": "screens.export:ExportScreen",
    "front_sheet": "screens.front_sheet:FrontSheetScreen",
    "entry": "screens.entry:EntryScreen",
    "links": "screens.links:LinksScreen",
    "names": "screens.names:NamesScreen",
    "wording_rows": "screens.wording_rows:WordingRowsScreen",
    "unfinished": "screens.unfinished:UnfinishedScreen",
    "what_now": "screens.what_now:WhatNowScreen",
    "decide": "screens.decide:DecideScreen",
    "amend": "screens.amend:AmendScreen",
    "move": "screens.move_entry:MoveScreen",
    "review": "screens.review:ReviewScreen",
    "review_child": "screens.review_child:ReviewChildScreen",
    "papers": "screens.papers:PapersScreen",
    "minute": "screens.minute:MinuteScreen",
    "calendar": "screens.calendar:CalendarScreen",
    "actions": "screens.to_do:ToDoScreen",
    "meetings": "screens.meetings:MeetingsScreen",
    "transfers": "screens.transfers:TransfersScreen",
    "flags": "screens.flags:FlagsScreen",
    "share": "screens.share:ShareScreen",
    "share_entry": "screens.share_entry:ShareEntryScreen",
    "inbox": "screens.inbox:InboxScreen",
    "sync": "screens.sync:SyncScreen",
    "partners": "screens.partners:PartnersScreen",
    "cases": "screens.cases:CasesScreen",
    "case": "screens.case:CaseScreen",
    "recovered": "screens.recovered:RecoveredScreen",
    "backups": "screens.backups:BackupsScreen",
    "access": "screens.access:AccessScreen",
    "people": "screens.people:PeopleScreen",
    "same_child": "screens.same_child:SameChildScreen",
    "machines": "screens.machines:MachinesScreen",
    "visits": "screens.visits:VisitsScreen",
    "visit_here": "screens.visit_here:VisitHereScreen",
    "apart": "screens.apart:ApartScreen",
    "adults": "screens.adults:AdultsScreen",
    "adult_log": "screens.adult_log:AdultLogScreen",
    "adult_entry": "screens.adult_entry:AdultEntryScreen",
    "adult_decide": "screens.adult_decide:AdultDecideScreen",
    "adult_report": "screens.adult_report:AdultReportScreen",
    "adult_people": "screens.adult_people:AdultPeopleScreen",
    "adult_patterns": "screens.adult_lists:AdultPatternsScreen",
    "adult_trail": "screens.adult_lists:AdultTrailScreen",
    "settings": "screens.settings:SettingsScreen",
}
"""Each screen's name, its module and class; imported when it is first opened."""


def has_screen(name: str) -> bool:
    """Say whether this program holds a screen of that name."""
    return name in SCREENS and importlib.util.find_spec(SCREENS[name].partition(":")[0]) is not None


def screen_class(name: str) -> type[Screen[Any]]:
    """Import a screen's class."""
    module, _, cls = SCREENS[name].partition(":")
    return cast("type[Screen[Any]]", getattr(importlib.import_module(module), cls))
