"""Writes that fail, fall short or are not synced: a plain sentence, nothing lost, reading goes on (storage: §6.3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.failing import ROUNDS
from tests.faults.processes import ROOT
from tests.faults.shim import FAILURES, build, preload
from tests.faults.sizes import SIZE, say, size

STEP = size(0, 10, 1)
"""In the suite every tenth write fails in one run of each kind; else each `STEP`-th write alone too, once and for good,
from the opening of the vault to the last write of a short day.
"""
SHORT = 2
"""The rounds of a day in which one write fails."""
FIRSTS = range(3, 4) if SIZE == "suite" else range(1, 11)
Job = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def job(cheap_template, tmp_path_factory) -> Iterator[Job]:
    """Let the work be done on a disk that fails in some way; what came of it."""
    library = build(tmp_path_factory.mktemp("recorder"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.failing", str(cheap_template), str(tmp_path_factory.mktemp("failing"))],
        env={**os.environ, **preload(library), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def do(
        kind: str, first: int, every: int = 0, *, sticky: bool = False, armed: str = "work", rounds: int = ROUNDS
    ) -> dict[str, Any]:
        job = {"kind": kind, "first": first, "every": every, "sticky": sticky, "from": armed, "rounds": rounds}
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield do
    process.stdin.close()
    process.stdout.close()
    process.wait(30)


def wrong(found: dict[str, Any]) -> list[str]:
    """Return what is not as it must be after a job."""
    if "crash" in found:
        return [found["crash"]]
    bad = [f"{name} {found[name]}" for name in ("lost", "ghosts", "unread", "alarm", "problems") if found[name]]
    sentences = [each.partition(": ")[2] for each in found["refused"]]
    return bad + [each for each in sentences if not each.endswith(".") or "Errno" in each]


@pytest.mark.parametrize("kind", FAILURES)
def test_every_tenth_write_failing_loses_nothing(job: Job, kind: str) -> None:
    found = [job(kind, first, 10, armed="work") for first in FIRSTS] + [job(kind, 1, 10, armed="open")]
    faults = [each for one in found for each in wrong(one)]
    failed, refused = (
        sum(one.get(name, 0) if name == "failed" else len(one.get(name, [])) for one in found)
        for name in ("failed", "refused")
    )
    say(
        f"every tenth write failing ({kind})",
        f"{failed} failures, {refused} refusals in a sentence, {len(faults)} lost or unread",
    )
    assert faults == []
    assert failed > 10


@pytest.mark.parametrize("kind", list(FAILURES) if STEP else ["full"])
def test_writes_failing_in_the_register_lose_nothing_of_it(job: Job, kind: str) -> None:
    found = [job(kind, first, 10, armed="register") for first in FIRSTS]
    faults = [each for one in found for each in wrong(one)]
    failed = sum(one.get("failed", 0) for one in found)
    say(
        f"every tenth write of the adults' register failing ({kind})",
        f"{failed} failures, {len(faults)} lost or unread",
    )
    assert faults == []
    assert failed > 3


def test_a_disk_that_stays_full_refuses_everything_and_loses_nothing(job: Job) -> None:
    found = job("full", 5, sticky=True)
    assert wrong(found) == []
    assert len(found["refused"]) > 10


@pytest.mark.skipif(not STEP, reason="one write at a time: make prove")
@pytest.mark.parametrize("sticky", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("kind", FAILURES)
def test_each_write_failing_alone_loses_nothing(job: Job, kind: str, sticky: bool) -> None:
    first, faults, tried, refused = 1, [], 0, 0
    while (found := job(kind, first, sticky=sticky, armed="open", rounds=SHORT)).get("failed", 1):
        faults += [f"{first}: {each}" for each in wrong(found)]
        refused += bool(found.get("refused"))
        tried, first = tried + 1, first + STEP
        assert tried < 10_000, faults[:3]
    faults += wrong(found)
    say(
        f"one write failing ({kind}, {'for good' if sticky else 'once'})",
        f"{tried} of {first - STEP} tried, {refused} said in a sentence, {len(faults)} lost or unread",
    )
    assert faults == []
