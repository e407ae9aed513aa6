"""How much of each harness runs: a sample in the suite, much in `make prove`, all of it with `SIZE=full`.

A harness says its figure with `say`; `make prove` gathers the figures for docs/security.md.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

SIZE = os.environ.get("DSL_CONSOLE_PROVE", "suite")
_SIZES = ("suite", "prove", "full")


def size(suite: int, prove: int, full: int) -> int:
    """Return how many of something to try."""
    return (suite, prove, full)[_SIZES.index(SIZE)]


def say(what: str, figure: str) -> None:
    """Print a harness's figure, and keep it where `make prove` asked for it."""
    print(f"{what}: {figure}")
    if file := os.environ.get("DSL_CONSOLE_FIGURES"):
        with Path(file).open("a") as kept:
            kept.write(json.dumps({"what": what, "figure": figure, "size": SIZE, "at": time.time()}) + "\n")
