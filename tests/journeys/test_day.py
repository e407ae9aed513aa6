"""The whole day on the made-up school, with the hub as a process of its own; and a day that must not hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from dsl_console.demo.day import Day, NotHeld, Step
from dsl_console.demo.run import invite_code

ROOT = Path(__file__).parents[2]


def test_the_day_holds_from_the_first_concern_to_the_partners_receipt(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "dsl_console", "demo", "--headless", "--json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    steps = [json.loads(line) for line in run.stdout.splitlines()]
    assert [step["step"] for step in steps if not step["ok"]] == []
    assert len(steps) == 16
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_does_not_hold_ends_the_day(tmp_path: Path) -> None:
    day = Day(tmp_path, invite_code)

    def fails() -> str:
        raise NotHeld("it did not")

    day.steps = lambda: [("one", lambda: "fine"), ("two", fails), ("three", lambda: "never")]  # type: ignore[method-assign]
    assert list(day.run()) == [Step("one", True, "fine"), Step("two", False, "it did not")]
