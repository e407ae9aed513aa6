"""Runs the fault and attack harnesses at their larger sizes and writes their figures into docs/security.md.

`make prove` (SIZE=prove, about half an hour) or `make prove SIZE=full` (a night). Every harness runs in the suite
too, at a size that fits there.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- figures of make prove: begin -->", "<!-- figures of make prove: end -->"
HARNESSES = (
    "tests/faults/test_power_cut.py",
    "tests/faults/test_failing_writes.py",
    "tests/faults/test_kill.py",
    "tests/faults/test_kill_operations.py",
    "tests/faults/test_kill_machines.py",
    "tests/faults/test_kill_visits.py",
    "tests/faults/test_random_operations.py",
    "tests/faults/test_flips.py",
    "tests/storage/test_erasure.py",
    "tests/storage/test_ledger_chain.py",
    "tests/faults/test_plaintext_writes.py",
    "tests/faults/test_fuzz.py",
    "tests/faults/test_date_spellings.py",
    "tests/faults/test_term_of_reviews.py",
    "tests/faults/test_slot_sets.py",
    "tests/storage/test_machines.py",
    "tests/storage/test_machines_property.py",
    "tests/storage/test_machines_simulation.py",
)


def table(figures: list[dict[str, str]], size: str, seconds: float) -> str:
    """Return the figures as Markdown, with where and at which size they were taken."""
    where = f"{platform.system()}, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        f"Run by `make prove SIZE={size}` on {time.strftime('%Y-%m-%d')}: {where}, {seconds / 60:.0f} minutes.",
        "",
        "| harness | tried, and what was found |",
        "|---|---|",
    ]
    return "\n".join(lines + [f"| {each['what']} | {each['figure']} |" for each in figures])


def main() -> int:
    """Run every harness; the page is written only where all of them held."""
    size = os.environ.get("SIZE", "prove")
    chosen = sys.argv[1:] or list(HARNESSES)
    with tempfile.TemporaryDirectory() as work:
        kept = Path(work) / "figures"
        environment = os.environ | {"DSL_CONSOLE_PROVE": size, "DSL_CONSOLE_FIGURES": str(kept)}
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-s", *chosen]
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        figures = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    text = table(figures, size, time.monotonic() - started)
    print(text)
    if status == 0 and not sys.argv[1:]:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
