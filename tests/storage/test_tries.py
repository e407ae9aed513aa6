"""At most ten tries in five minutes, whatever is restarted or set (design: §4)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from practice.errors import NotAllowed, WrongPassphrase
from storage import room
from storage.tries import LIMIT, WINDOW_SECONDS, Tries


class Clocks:
    """A wall clock, a running clock and a boot, all in the test's hand."""

    def __init__(self) -> None:
        self.wall, self.running, self.boot = 1_800_000_000.0, 500.0, "a"

    def tries(self, folder: Path) -> Tries:
        return Tries(folder, lambda: self.wall, lambda: self.running, lambda: self.boot)

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds

    def restart(self, off_for: float) -> None:
        self.wall += off_for
        self.running, self.boot = 1.0, self.boot + "a"


def wrong(tries: Tries) -> None:
    with pytest.raises(WrongPassphrase), tries.attempt():
        raise WrongPassphrase("no")


def test_the_right_one_works_after_nine_wrong_ones(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT - 1):
        wrong(clocks.tries(tmp_path))
    with clocks.tries(tmp_path).attempt():
        pass
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))


def test_the_eleventh_is_refused_before_anything_is_derived(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))
    with pytest.raises(NotAllowed) as refused, clocks.tries(tmp_path).attempt():
        pytest.fail("it was checked")
    assert "5 minutes" in refused.value.message
    assert refused.value.status == 3


def test_a_full_disk_sets_no_try_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.keep(tmp_path)
    write_atomic = room.write_atomic

    def full(path: Path, data: bytes) -> None:
        if (tmp_path / room.NAME).exists():
            raise OSError(28, "No space left on device")
        write_atomic(path, data)

    monkeypatch.setattr(room, "write_atomic", full)
    clocks = Clocks()
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))
    with pytest.raises(NotAllowed), clocks.tries(tmp_path).attempt():
        pytest.fail("it was checked")


def test_five_minutes_later_it_goes_on(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))
    clocks.go_on(WINDOW_SECONDS + 1)
    wrong(clocks.tries(tmp_path))


def test_setting_the_clock_forward_does_not_help(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))
    clocks.wall += 86_400
    with pytest.raises(NotAllowed), clocks.tries(tmp_path).attempt():
        pass


def test_a_restart_does_not_help_and_a_clock_set_back_does_not_lock_for_ever(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT):
        wrong(clocks.tries(tmp_path))
    clocks.restart(off_for=20)
    with pytest.raises(NotAllowed), clocks.tries(tmp_path).attempt():
        pass
    clocks.wall -= 86_400
    with pytest.raises(NotAllowed), clocks.tries(tmp_path).attempt():
        pass
    clocks.go_on(WINDOW_SECONDS + 1)
    with clocks.tries(tmp_path).attempt():
        pass


def test_another_fault_is_not_counted(tmp_path: Path) -> None:
    clocks = Clocks()
    for _ in range(LIMIT * 2):
        with pytest.raises(ValueError, match="disk"), clocks.tries(tmp_path).attempt():
            raise ValueError("disk")
    wrong(clocks.tries(tmp_path))


def test_a_thousand_tries_take_eight_hours(tmp_path: Path) -> None:
    clocks = Clocks()
    started, made = clocks.running, 0
    while made < 1000:
        try:
            with clocks.tries(tmp_path).attempt():
                raise WrongPassphrase("no")
        except WrongPassphrase:
            made += 1
        except NotAllowed:
            clocks.go_on(10)
    hours = (clocks.running - started) / 3600
    print(f"1,000 tries take {hours:.1f} h")
    assert hours >= 8


def test_parallel_openers_share_one_count(tmp_path: Path) -> None:
    refused = []

    def try_some() -> None:
        for _ in range(LIMIT):
            try:
                with Tries(tmp_path).attempt():
                    raise WrongPassphrase("no")
            except WrongPassphrase:
                pass
            except NotAllowed:
                refused.append(1)

    threads = [threading.Thread(target=try_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 2 * LIMIT
