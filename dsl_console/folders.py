"""Where the program's data lie on this machine. Little is imported: the process that keeps the terminal asks it too."""

from __future__ import annotations

import os
from pathlib import Path

APP = "dsl-console"
VAULT_VARIABLE = "DSL_CONSOLE_VAULT"


def data_dir() -> Path:
    """Return the folder of the program's data: this machine's own, never a roaming profile."""
    import platformdirs

    return Path(platformdirs.user_data_dir(APP, appauthor=False, roaming=False))


def vault_folder(option: str | Path | None = None) -> Path:
    """Return the vault's folder: the option, else `DSL_CONSOLE_VAULT`, else the platform's data folder."""
    chosen = option or os.environ.get(VAULT_VARIABLE)
    return Path(chosen).expanduser() if chosen else data_dir() / "vault"
