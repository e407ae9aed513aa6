"""How much of each harness runs: a sample in the suite, much in `make prove`, all of it with `SIZE=full`.

A harness says its figure with `say`; `make prove` loads this file into pytest and gathers the figures of the tests that
passed for docs/security.md, each as soon as it is there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SIZE = os.environ.get("DSL_CONSOLE_PROVE", "suite")
_SIZES = ("suite", "prove", "full")


def size(suite: int, prove: int, full: int) -> int:
    """Return how many of something to try."""
    return (suite, prove, full)[_SIZES.index(SIZE)]


def say(what: str, figure: str) -> None:
    """Print a harness's figure, and keep it where `make prove` asked for it."""
    print(f"{what}: {figure}")
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    _keep({"test": test, "what": what, "figure": figure})


def pytest_runtest_logreport(report: Any) -> None:
    """Keep that a test passed, since only then its figures count."""
    if report.when == "call" and report.passed:
        _keep({"test": report.nodeid, "seconds": round(report.duration, 1)})


def _keep(line: dict[str, Any]) -> None:
    if file := os.environ.get("DSL_CONSOLE_FIGURES"):
        with Path(file).open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(line) + "\n")
