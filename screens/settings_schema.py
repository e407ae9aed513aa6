"""Every setting, declared once: what it is called, what it does, which values it takes, and where it is kept.

The settings file, the screen and the commands all come from it. No textual here: the commands read it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from practice.vocabulary import ConcernCategory

MACHINE, RECORD, SHARING = "machine", "record", "sharing"
"""Where a setting is kept: in this person's settings file on this machine, or in the record, for everybody, or
among the rules of sharing, which stand in the record too."""
ON, OFF = "on", "off"


@dataclass(frozen=True)
class Setting:
    """One setting. `kind` is choice, switch, seconds, count, folder or telephone.

    `choices` are (value, words); of seconds and counts they are the values that the screen offers, and any other from
    `least` to `most` may stand in the file.
    """

    key: str
    area: str
    label: str
    says: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 0
    kept: str = MACHINE

    @property
    def number(self) -> bool:
        """Whether its value is a whole number."""
        return self.kind in {"seconds", "count"}


def span_words(seconds: int) -> str:
    """Return a span of seconds in words: `90 seconds`, `2 minutes`, `1 hour`."""
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds:
            count = seconds // size
            return f"{count} {word}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def _spans(*seconds: int) -> tuple[tuple[str, str], ...]:
    return tuple((str(each), span_words(each)) for each in seconds)


SWITCH = ((ON, "On"), (OFF, "Off"))
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "theme",
        "Screen",
        "Theme",
        "The colours of the console.",
        "choice",
        (
            ("console-dark", "Dark"),
            ("console-light", "Light"),
            ("console-contrast", "High contrast, dark"),
            ("console-contrast-light", "High contrast, light"),
            ("console-colour-blind", "Safe for colour blindness"),
        ),
    ),
    Setting(
        "initials", "Screen", "Initials", "Today shows initials in the place of children's names.", "switch", SWITCH
    ),
    Setting("animations", "Screen", "Animations", "Things slide and fade; off is calmer and faster.", "switch", SWITCH),
    Setting(
        "hide_after",
        "Locking",
        "Hide after",
        "So long without a key or the mouse, and the screen hides; your passphrase brings it back.",
        "seconds",
        _spans(30, 60, 120, 180, 300, 600),
        30,
        3600,
    ),
    Setting(
        "lock_after",
        "Locking",
        "Lock after",
        "So long without a key or the mouse, and the record locks; the draft on screen is kept.",
        "seconds",
        _spans(60, 120, 300, 600, 900, 1800),
        60,
        3600,
    ),
    Setting(
        "front_door",
        "Telephone numbers",
        "Front door",
        "Your local children's social care by day; it stands at the top of every screen.",
        "telephone",
        kept=RECORD,
    ),
    Setting(
        "out_of_hours",
        "Telephone numbers",
        "Out of hours",
        "The same by night and at weekends; it stands at the top of every screen.",
        "telephone",
        kept=RECORD,
    ),
    Setting(
        "lado",
        "Telephone numbers",
        "LADO",
        "The council's designated officer; shown to whoever is worried about the headteacher.",
        "telephone",
        kept=RECORD,
    ),
    Setting(
        "chair_of_governors",
        "Telephone numbers",
        "Chair of governors",
        "Shown to whoever is worried about the headteacher, before any passphrase.",
        "telephone",
        kept=RECORD,
    ),
    Setting(
        "second_approver",
        "Sharing",
        "Second approver",
        "Whether a share needs another approver's yes. One who is away never holds it up.",
        "choice",
        (("off", "Not asked"), ("all", "For every share"), ("some", "For the categories below")),
        kept=SHARING,
    ),
    Setting(
        "second_categories",
        "Sharing",
        "For which",
        "The categories for which a second approver is asked, with commas between: sexual, radicalisation.",
        "categories",
        kept=SHARING,
    ),
    Setting(
        "day_begins",
        "Sharing",
        "Day begins",
        "From when partners can be expected to answer: an urgent share's hour counts within the working day.",
        "choice",
        tuple((each, each) for each in ("07:30", "08:00", "08:30", "09:00", "09:30")),
        kept=SHARING,
    ),
    Setting(
        "day_ends",
        "Sharing",
        "Day ends",
        "The close of the day: what no partner has collected by then stands red on Today, with the number to ring.",
        "choice",
        tuple((each, each) for each in ("15:30", "16:00", "16:30", "17:00", "17:30", "18:00")),
        kept=SHARING,
    ),
    Setting(
        "backup_folder",
        "Backups",
        "Backup folder",
        "A backup is made there at the first lock of each day: a stick, another drive or a network share.",
        "folder",
    ),
    Setting(
        "backup_keep",
        "Backups",
        "Backups kept",
        "The newest so many daily backups stay; older ones give way.",
        "count",
        tuple((str(count), f"{count} backups") for count in (7, 14, 30, 60, 100)),
        2,
        1000,
    ),
    Setting(
        "reports_folder",
        "Sealed reports",
        "Shared folder",
        "Where other machines of the school leave sealed notes; they are collected while the record is open.",
        "folder",
    ),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}


def value_words(setting: Setting, value: object) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, bool):
        return "On" if value else "Off"
    if setting.kind == "seconds" and isinstance(value, int):
        return span_words(value)
    if setting.kind == "categories":
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) and value else "none"
    if setting.kind in {"folder", "telephone"}:
        return str(value) or ("none" if setting.kind == "folder" else "not set")
    return dict(setting.choices).get(str(value), str(value))


def typed_value(setting: Setting, text: str) -> object:
    """Return what is stored for a chosen or typed text; raises ValueError where it is none of the setting's values."""
    text = text.strip()
    if setting.kind == "switch":
        if text not in (ON, OFF):
            raise ValueError(f"{setting.label} is on or off.")
        return text == ON
    if setting.number:
        if not text.isdecimal() or len(text) > 9 or not setting.least <= int(text) <= setting.most:
            unit = " seconds" if setting.kind == "seconds" else ""
            raise ValueError(f"{setting.label} is a number from {setting.least} to {setting.most}{unit}.")
        return int(text)
    if setting.kind == "choice" and text not in dict(setting.choices):
        raise ValueError(f"{setting.label} is one of: {', '.join(code for code, _ in setting.choices)}.")
    if setting.kind == "categories":
        return tuple(_categories(text))
    if setting.kind == "telephone" and text and sum(letter.isdigit() for letter in text) < 3:
        raise ValueError("That does not read as a telephone number. Leave it empty if you do not have it.")
    return text


def _categories(text: str) -> Iterator[str]:
    """Yield the categories in a typed line; raises ValueError for one that there is not."""
    for part in text.split(","):
        code = "_".join(part.replace("-", " ").split()).lower()
        if code and code not in set(ConcernCategory):
            raise ValueError(f"«{part.strip()}» is no category. Choose from: {', '.join(ConcernCategory)}.")
        if code:
            yield code


def found_by(words: str) -> Iterator[Setting]:
    """Yield the settings whose area, name, sentence or choices hold every word; all of them for a blank."""
    wanted = words.casefold().split()
    for setting in SETTINGS:
        among = " ".join(label for _, label in setting.choices) if setting.kind == "choice" else ""
        said = f"{setting.area} {setting.label} {setting.says} {among}".casefold()
        if all(word in said for word in wanted):
            yield setting
