"""Runs the fault and attack harnesses at their larger sizes and keeps their figures in docs/security.md.

`make prove` (SIZE=prove, an hour or two) or `make prove SIZE=full` (hours). Every harness runs in the suite too, at
a size that fits there. What a test found is written down as soon as it has passed, so that a run may be broken off and
begun again: it goes on with the tests that have no figure yet of this size and this commit.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"
RECORD = ROOT / "docs" / "proved.json"
BEGIN, END = "<!-- figures of make prove: begin -->", "<!-- figures of make prove: end -->"
SIZES = ("full", "prove")
"""The sizes whose figures are kept, the larger first."""
HARNESSES = (
    "tests/faults/test_kill.py",
    "tests/faults/test_kill_operations.py",
    "tests/faults/test_kill_machines.py",
    "tests/faults/test_kill_visits.py",
    "tests/faults/test_hub_kill.py",
    "tests/faults/test_hub_cursor.py",
    "tests/faults/test_hub_sync.py",
    "tests/faults/test_hub_week.py",
    "tests/faults/test_hub_term.py",
    "tests/faults/test_power_cut.py",
    "tests/faults/test_failing_writes.py",
    "tests/faults/test_random_operations.py",
    "tests/faults/test_flips.py",
    "tests/storage/test_ledger_chain.py",
    "tests/storage/test_erasure.py",
    "tests/faults/test_plaintext_writes.py",
    "tests/faults/test_slot_sets.py",
    "tests/faults/test_fuzz.py",
    "tests/faults/test_date_spellings.py",
    "tests/faults/test_term_of_reviews.py",
    "tests/faults/test_exchange_model.py",
    "tests/faults/test_exchange_faults.py",
    "tests/faults/test_exchange_restores.py",
    "tests/faults/test_exchange_hostile.py",
    "tests/faults/test_exchange_full.py",
    "tests/storage/test_machines.py",
    "tests/storage/test_machines_property.py",
    "tests/storage/test_machines_simulation.py",
    "tests/sync/test_carriers.py",
    "tests/sync/test_files_run.py",
    "tests/sync/test_slow_line.py",
    "tests/sync/test_hub_canaries.py",
    "tests/sync/test_hub_schema.py",
    "tests/sync/test_examples.py",
)
LOOK_SECONDS = 10
Record = dict[str, dict[str, dict[str, Any]]]
"""By test, then by size: `commit`, `date`, `where`, `seconds`, and `figures` as pairs of what and how much."""


def git(*arguments: str) -> str:
    """Return what git says of this folder; blank where it says nothing."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def commit() -> str:
    """Return the commit that is tried, with a `+` where files besides the figures differ from it."""
    changed = set(git("diff", "--name-only", "HEAD").splitlines())
    kept = {path.relative_to(ROOT).as_posix() for path in (PAGE, RECORD)}
    return git("rev-parse", "--short=8", "HEAD") + ("+" if changed - kept else "")


def read() -> Record:
    """Return the figures so far, without those of tests that are no more."""
    found: Record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    return {test: each for test, each in found.items() if _exists(test)}


def _exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.exists() and f"def {name.partition('[')[0]}(" in path.read_text("utf-8")


def run(harness: str, size: str, record: Record, at: str) -> int:
    """Run what of a harness has no figure yet at this size and commit, and take its figures in; pytest's status."""
    done = [test for test, each in record.items() if each.get(size, {}).get("commit") == at]
    passed_over = [f"--deselect={test}" for test in done if test.partition("::")[0] == harness]
    with tempfile.TemporaryDirectory() as work:
        kept = Path(work) / "figures"
        environment = os.environ | {"DSL_CONSOLE_PROVE": size, "DSL_CONSOLE_FIGURES": str(kept)}
        command = [sys.executable, "-m", "pytest", "-p", "tests.faults.sizes", "-p", "no:cacheprovider", "-s", "-v"]
        temporary = [f"--basetemp={os.environ['BASETEMP']}"] if "BASETEMP" in os.environ else []
        process = subprocess.Popen([*command, *temporary, *passed_over, harness], cwd=ROOT, env=environment)
        status, taken = None, 0
        while status is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = process.wait(LOOK_SECONDS)
            found = kept.read_text("utf-8").splitlines() if kept.exists() else []
            if len(found) > taken:
                _take([json.loads(line) for line in found], size, record, at)
                taken = len(found)
    return 0 if status == 5 and passed_over else status  # every test of it has its figure


def _take(lines: list[dict[str, Any]], size: str, record: Record, at: str) -> None:
    """Take the figures of the tests that passed into the record, and write it and the page."""
    where = f"{platform.system()}, {platform.machine()}, Python {platform.python_version()}"
    passed = {line["test"]: line["seconds"] for line in lines if "seconds" in line}
    for test, seconds in passed.items():
        figures = [[line["what"], line["figure"]] for line in lines if line["test"] == test and "what" in line]
        if figures:
            taken = {"commit": at, "date": time.strftime("%Y-%m-%d"), "where": where, "seconds": seconds}
            record.setdefault(test, {})[size] = {**taken, "figures": figures}
    RECORD.write_text(json.dumps(dict(sorted(record.items())), indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table(record)}\n{END}{rest.partition(END)[2]}", "utf-8")


def table(record: Record) -> str:
    """Return the figures as Markdown: of each test those of the largest size that it has finished."""
    order = {harness: number for number, harness in enumerate(HARNESSES)}
    tests = sorted(record, key=lambda test: order.get(test.partition("::")[0], len(order)))
    best = {test: next(size for size in SIZES if size in record[test]) for test in tests}
    where = sorted({record[test][size]["where"] for test, size in best.items()})
    lines = [f"Each by the commit that is named, on {'; '.join(where)}.", ""]
    lines += ["| harness | tried, and what was found | size | on | commit |", "|---|---|---|---|---|"]
    for test, size in best.items():
        kept = record[test][size]
        lines += [f"| {what} | {said} | {size} | {kept['date']} | {kept['commit']} |" for what, said in kept["figures"]]
    smaller = [what for test, size in best.items() if size != "full" for what, _ in record[test][size]["figures"]]
    ran = {test.partition("::")[0] for test in tests}
    never = [f"`{harness}`" for harness in HARNESSES if harness not in ran]
    if smaller or never:
        lines += ["", f"**Not yet run at full size**: {'; '.join([*smaller, *never])}."]
    return "\n".join(lines)


def main() -> int:
    """Run every harness, or those that are named; the status of the last that did not hold."""
    size, at, status = os.environ.get("SIZE", "prove"), commit(), 0
    if size not in SIZES:
        raise SystemExit(f"SIZE is one of {', '.join(SIZES)}.")
    record = read()
    for harness in sys.argv[1:] or HARNESSES:
        started = time.monotonic()
        ended = run(harness, size, record, at)
        print(f"== {harness}: {'held' if ended == 0 else f'status {ended}'}, {time.monotonic() - started:.0f} s")
        status = ended or status
    return status


if __name__ == "__main__":
    raise SystemExit(main())
