"""`python -m benchmarks [ROW]... [--rounds N] [--sizes N,N] [--processor] [--keep]`: measure, print, and write
docs/performance.md."""

from __future__ import annotations

import argparse
import compileall
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from benchmarks import frame, rows

PACKAGES = ("dsl_console", "screens", "storage", "sync", "practice", "benchmarks")


def all_rows() -> list[frame.Row]:
    """Every row, in the order of their modules' `ORDER`."""
    modules = [
        importlib.import_module(f"{rows.__name__}.{found.name}") for found in pkgutil.iter_modules(rows.__path__)
    ]
    return [module.ROW for module in sorted(modules, key=lambda module: module.ORDER)]


def main() -> int:
    known = all_rows()
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"one of {', '.join(row.key for row in known)}; else all"
    )
    parser.add_argument("--rounds", type=int, help="measures of each side, instead of each row's own")
    parser.add_argument("--sizes", help="numbers of entries, with commas, instead of each row's own")
    parser.add_argument("--processor", action="store_true", help="measure processor time: for a busy machine")
    parser.add_argument("--keep", action="store_true", help="put these rows in the place of the page's older ones")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - {row.key for row in known}:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    if asked.processor:
        frame.by_processor()
    for package in PACKAGES:  # as pip compiles what it installs, the references among them
        compileall.compile_dir(frame.ROOT / package, quiet=1)
    # A temporary directory may lie in memory, where a commit costs nothing; the checkout lies on a disk.
    scratch = frame.ROOT / "build"
    scratch.mkdir(exist_ok=True)
    results = []
    for row in known:
        if asked.rows and row.key not in asked.rows:
            continue
        if why := row.missing():
            print(f"{row.key}: left out, since {why}", file=sys.stderr, flush=True)
            continue
        sizes = tuple(map(int, asked.sizes.split(","))) if asked.sizes and row.sizes != (0,) else row.sizes
        for size in sizes:
            with tempfile.TemporaryDirectory(prefix="bench-", dir=scratch) as folder:
                result = frame.run(row, size, Path(folder), asked.rounds)
            print("  ".join(filter(None, frame.line(result))), file=sys.stderr, flush=True)
            results.append(result)
    print(frame.printed(results))
    if asked.keep:
        frame.splice(results)
    elif asked.rows or asked.rounds or asked.sizes or asked.processor:
        print("docs/performance.md was left as it is: only a whole run writes it, or --keep.", file=sys.stderr)
    else:
        frame.write_page(results)
    return 0 if all(result.held for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
