"""The idle clock: wall time, so that sleep counts."""

from datetime import UTC, datetime, timedelta

from dsl_console.idle import Idle


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_it_hides_then_warns_then_locks():
    clock = Clock()
    idle = Idle(clock, hide_after=120, lock_after=300)
    clock.pass_by(119)
    assert not idle.must_hide()
    clock.pass_by(1)
    assert idle.must_hide()
    assert not idle.must_lock()
    clock.pass_by(120)
    assert idle.words() == ""
    clock.pass_by(18)
    assert idle.words() == "Locks in 0:42"
    clock.pass_by(42)
    assert idle.must_lock()


def test_a_touch_begins_again_and_sleep_counts():
    clock = Clock()
    idle = Idle(clock, hide_after=120, lock_after=300)
    clock.pass_by(200)
    idle.heard()
    assert not idle.must_hide()
    clock.pass_by(3600 * 8)
    assert idle.must_lock()


def test_a_clock_that_goes_back_neither_locks_at_once_nor_never():
    clock = Clock()
    idle = Idle(clock, hide_after=120, lock_after=300)
    clock.pass_by(-3600)
    assert not idle.must_hide()
    clock.pass_by(300)
    assert idle.must_lock()
