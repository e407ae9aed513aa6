"""What a person set: kept in the settings file, and holding from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dsl_console import config
from dsl_console.idle import Idle
from dsl_console.telling import Telling
from practice.errors import ConsoleError, Refused
from screens import themes


class Keeping(Telling):
    """The app as far as its settings go."""

    settings: config.Settings
    settings_file: Path | None
    idle: Idle

    @property
    def report_folders(self) -> tuple[Path, ...]:
        return config.reports_folders(self.settings)

    def act_theme(self) -> None:
        """Take the next theme and keep the choice."""
        names = list(themes.THEMES)
        try:
            self.set_setting("theme", names[(names.index(self.theme) + 1) % len(names)])
        except ConsoleError as error:
            self.report(error)

    def _keep_settings(self, **changed: Any) -> None:
        """Change settings and write them; raises Refused where they cannot be written: they then hold until the end."""
        self.settings = replace(self.settings, **changed)
        if self.settings_file is not None:
            config.save(self.settings_file, self.settings)

    def setting(self, key: str) -> object:
        return getattr(self.settings, key)

    def set_setting(self, key: str, value: object) -> None:
        if fault := config.fault(key, value):
            raise Refused(f"{fault[:1].upper()}{fault[1:]}. Nothing was changed.")
        try:
            self._keep_settings(**{key: value})
        finally:
            self._take_settings()

    def _take_settings(self) -> None:
        """Let the settings hold."""
        kept = self.settings
        self.initials = kept.initials
        self.backup_folder, self.backup_keep = kept.backup_folder, kept.backup_keep
        self.idle.hide_after, self.idle.lock_after = (
            timedelta(seconds=kept.hide_after),
            timedelta(seconds=kept.lock_after),
        )
        self.animation_level = "full" if kept.animations else "none"
        self.theme = kept.theme
        self.set_keymap(kept.keys)
        self.changes += 1  # the screens below draw themselves anew when they come up
