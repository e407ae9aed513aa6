"""The person's settings: a small TOML file beside the vault's folder."""

from __future__ import annotations

import os
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from dsl_console import folders
from practice.errors import Refused
from screens.settings_schema import BY_KEY, Setting


@dataclass(frozen=True)
class Settings:
    """What a person may set.

    `hide_after` and `lock_after` are idle seconds, `keys` maps an action's id to its keys. At the first lock of each
    day a backup goes into `backup_folder`, where one is named; the newest `backup_keep` of them stay.
    `reports_folder` is the shared folder in which sealed reports are left.
    """

    theme: str = BY_KEY["theme"].choices[0][0]
    hide_after: int = 120
    lock_after: int = 300
    initials: bool = False
    animations: bool = False
    reports_folder: str = ""
    backup_folder: str = ""
    backup_keep: int = 14
    keys: dict[str, str] = field(default_factory=dict)


def reports_folders(settings: Settings) -> tuple[Path, ...]:
    """Return the shared folder from which sealed reports are collected, if one is set."""
    return (Path(settings.reports_folder),) if settings.reports_folder else ()


def settings_file() -> Path:
    """Return where the settings lie."""
    return folders.data_dir() / "settings.toml"


def fault(name: str, value: Any) -> str:
    """Return why a setting cannot have this value, or an empty text."""
    if name == "keys":
        whole = isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)
        return "" if whole else "keys must give each action its keys as text"
    setting = BY_KEY[name]
    if setting.number:
        return _number_fault(setting, value)
    if setting.kind == "choice" and value not in dict(setting.choices):
        return f"{name} must be one of {', '.join(code for code, _ in setting.choices)}"
    if setting.kind == "switch" and not isinstance(value, bool):
        return f"{name} must be true or false"
    if setting.kind == "folder" and not (isinstance(value, str) and (not value or Path(value).is_absolute())):
        return f"{name} must be the whole path of a folder"
    return ""


def _number_fault(setting: Setting, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and setting.least <= value <= setting.most:
        return ""
    unit = "seconds" if setting.kind == "seconds" else "backups"
    return f"{setting.key} must be a number of {unit} from {setting.least} to {setting.most}"


def check(values: dict[str, Any]) -> tuple[Settings, list[str]]:
    """Return the settings that the values give, and a sentence for each value that was left out."""
    settings, faults = Settings(), []
    names = {each.name for each in fields(Settings)}
    for name, value in values.items():
        found = fault(name, value) if name in names else f"{name} is not a setting"
        if found:
            faults.append(f"Settings: {found}; the usual value is used.")
        else:
            settings = replace(settings, **{name: value})
    return settings, faults


def load(path: Path) -> tuple[Settings, list[str]]:
    """Return the settings of a file and what is wrong with it; a broken file never keeps the console shut."""
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [f"The settings cannot be read ({type(error).__name__}); the usual ones are used."]
    if len(stored) > 64 * 1024:
        return Settings(), ["The settings file is too long; the usual settings are used."]
    try:
        return check(tomllib.loads(stored.decode()))
    except ValueError:
        return Settings(), ["The settings file is not valid TOML; the usual settings are used."]


def save(path: Path, settings: Settings) -> None:
    """Write the settings in one step: the old file or the new one, never a piece."""
    import tomli_w

    checked, faults = check(asdict(settings))
    if faults:
        raise Refused(faults[0], title="The settings were not saved")
    body = tomli_w.dumps(asdict(checked)).encode()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise Refused(
            f"The settings could not be saved ({type(error).__name__}).", hint="The old ones are kept."
        ) from None
