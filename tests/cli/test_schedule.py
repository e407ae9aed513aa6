"""The ready-made files that run a sync while the vault is locked are of their form and call the real command."""

from __future__ import annotations

import configparser
import plistlib
from pathlib import Path
from xml.etree import ElementTree

FOLDER = Path(__file__).parents[2] / "examples" / "schedule"
WORDS = ["sync", "--unattended", "--jitter", "25"]


def ini(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(FOLDER / name)
    return parser


def test_each_runs_the_command_on_school_days():
    service, timer = ini("dsl-console-sync.service"), ini("dsl-console-sync.timer")
    assert service["Service"]["ExecStart"].split()[1:] == WORDS
    assert timer["Timer"]["OnCalendar"] == "Mon..Fri 16:15"
    plist = plistlib.loads((FOLDER / "dsl-console-sync.plist").read_bytes())
    assert plist["ProgramArguments"][1:] == WORDS
    assert [each["Weekday"] for each in plist["StartCalendarInterval"]] == [1, 2, 3, 4, 5]
    task = ElementTree.parse(FOLDER / "dsl-console-sync.xml").getroot()
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    assert task.find(".//t:Arguments", space).text.split() == WORDS
    assert len(task.find(".//t:DaysOfWeek", space)) == 5


def test_the_command_takes_those_words_and_asks_for_no_passphrase(school):
    said = school.run("sync", "--unattended", "--json", status=1).err
    assert "may not exchange while it is locked yet" in said
    school.run("sync", "--jitter", "3", status=2)
