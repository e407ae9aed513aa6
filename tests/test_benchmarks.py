"""The frame of the benchmarks, without measuring anything: a table that compares unlike things would deceive."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from benchmarks import frame, notes, processes, raw

KEY = bytes(range(32))


def row_of(order: list[str], bound: float = 2.0) -> frame.Row:
    """A row whose sides write down that they ran; ours takes 3 seconds and the reference 2."""

    @contextmanager
    def prepare(_folder: Path, _size: int) -> Iterator[frame.Pair]:
        yield frame.Pair(lambda: order.append("ours") or 3.0, lambda: order.append("reference") or 2.0)

    return frame.Row("a", "a thing", "its reference", bound, prepare, rounds=4, warm_up=1)


def test_both_sides_run_in_turn_and_the_order_changes(tmp_path: Path) -> None:
    order: list[str] = []
    result = frame.run(row_of(order), 1_000, tmp_path)
    assert order[:2] == ["ours", "reference"]
    assert order[2:] == ["reference", "ours", "ours", "reference"] * 2
    assert result.ratio == 1.5
    assert result.held
    assert not frame.run(row_of([], bound=1.4), 1_000, tmp_path).held


def test_the_table_goes_between_the_markers_and_the_rest_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{frame.BEGIN}\nold\n{frame.END}\nafter\n", encoding="utf-8")
    frame.write_page([frame.run(row_of([]), 1_000, tmp_path)], page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{frame.BEGIN}\n")
    assert text.endswith(f"{frame.END}\nafter\n")
    assert "| a thing | 1,000 | 3,000 ms | ±0.000 ms | its reference | 2,000 ms | ×1.50 | ×2 | held |" in text
    assert "old" not in text


def test_a_row_measured_alone_takes_its_older_ones_place(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{frame.BEGIN}\n{frame.END}\nafter\n", encoding="utf-8")
    row = row_of([])
    frame.write_page([frame.run(row, size, tmp_path) for size in (1_000, 10_000)], page)
    kept = page.read_text(encoding="utf-8").splitlines()
    newer = replace(frame.run(row, 10_000, tmp_path), ours=5.0, processor=True)
    other = replace(newer, size=100_000)
    frame.splice([newer, other], page)
    text = page.read_text(encoding="utf-8").splitlines()
    at = next(place for place, each in enumerate(kept) if each.startswith("| a thing | 10,000 |"))
    assert (text[:at], text[at + 2 :]) == (kept[:at], kept[at + 1 :])
    assert text[at].startswith("| a thing | 10,000 | 5,000 ms cpu |")
    assert text[at + 1].startswith("| a thing | 100,000 | 5,000 ms cpu |")


def test_by_processor_the_work_of_other_programs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    had = iter([3.0, 5.0])
    assert frame.timed(lambda: None, lambda: next(had)) < 1
    monkeypatch.setattr(frame, "clock", frame.process_time)
    assert 2 <= frame.timed(lambda: None, lambda: next(had)) < 3


@pytest.mark.skipif(not processes.PROC.is_dir(), reason="only Linux says what each process has had")
def test_the_processor_time_of_a_child_is_its_parents() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert 0 < processes.processor_time(child.pid) < processes.processor_time(os.getpid())
    finally:
        child.communicate(b"\n")


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("mine\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        frame.write_page([], page)
    assert page.read_text(encoding="utf-8") == "mine\n"


def test_the_reference_is_sent_the_same_rows(tmp_path: Path) -> None:
    engine = create_engine(
        "sqlite+pysqlite://",
        module=sqlcipher,
        creator=lambda: raw.connect(tmp_path / "ours.db", KEY),
        poolclass=StaticPool,
    )
    with raw.captured() as sent, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE entries (n INTEGER PRIMARY KEY, text TEXT) STRICT")
        connection.exec_driver_sql("CREATE VIRTUAL TABLE words USING fts5(text)")
        connection.exec_driver_sql("INSERT INTO entries (text) VALUES (?)", [("one",), ("two",)])
        connection.exec_driver_sql("INSERT INTO words (text) VALUES (?)", ("one",))
        connection.exec_driver_sql("SELECT count(*) FROM entries").scalar_one()
    reference = raw.connect(tmp_path / "reference.db")
    sent.grouped().replay(reference)
    with engine.connect() as connection:
        ours = connection.connection.driver_connection
        assert raw.row_counts(ours) == {"entries": 2, "words": 1}
        raw.require_same_rows(ours, reference)
        reference.execute("DELETE FROM entries WHERE n = 2")
        with pytest.raises(RuntimeError, match="entries"):
            raw.require_same_rows(ours, reference)
    assert (tmp_path / "reference.db").read_bytes()[:15] != b"SQLite format 3"
    reference.close()
    engine.dispose()


def test_the_notes_are_the_same_every_time_and_hold_what_is_searched() -> None:
    made = notes.notes(1_000)
    assert made == notes.notes(1_000)
    assert made[:10] == notes.notes(10)
    assert sum(notes.RARE_WORD in note.text for note in made) == 10
    assert sum(notes.PHRASE in note.text for note in made) == 10
    assert len({child.upn for child in notes.children(2_000)}) == 2_000
