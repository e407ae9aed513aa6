"""The database as it is opened: the traps of storage §1, each with its fix."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy.exc import DBAPIError

from practice.errors import IntegrityAlarm, Refused
from storage.engine import _PRAGMAS, connect, looks_plain, make_engine, memory_engine, plain_errors

KEY = secrets.token_bytes(32)


@pytest.fixture
def path(tmp_path):
    connection = connect(tmp_path / "x.db", KEY)
    connection.execute("CREATE TABLE notes (text TEXT NOT NULL) STRICT")
    connection.execute("INSERT INTO notes VALUES ('Ada Thistlewood said so')")
    connection.close()
    return tmp_path / "x.db"


def test_every_setting_reads_back(path):
    connection = connect(path, KEY)
    for name, wanted in _PRAGMAS.items():
        assert str(connection.execute(f"PRAGMA {name}").fetchone()[0]).lower() == str(wanted), name
    assert connection.execute("PRAGMA cipher_page_size").fetchone()[0] == "4096"
    assert connection.execute("PRAGMA cipher_hmac_algorithm").fetchone()[0] == "HMAC_SHA512"
    assert connection.execute("PRAGMA cipher_plaintext_header_size").fetchone()[0] == "0"
    connection.close()


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_never_taken_as_a_passphrase(tmp_path, length):
    with pytest.raises(Refused):
        connect(tmp_path / "x.db", bytes(length))
    assert not (tmp_path / "x.db").exists()


def test_the_file_is_not_plain_and_another_key_alarms(path):
    assert not looks_plain(path)
    assert b"Thistlewood" not in path.read_bytes()
    with pytest.raises(IntegrityAlarm):
        connect(path, secrets.token_bytes(32))
    assert connect(path, KEY).execute("SELECT count(*) FROM notes").fetchone() == (1,)


def test_a_plain_file_is_known_as_one_and_not_opened(tmp_path):
    plain = sqlite3.connect(tmp_path / "x.db")
    plain.execute("CREATE TABLE t (x)")
    plain.close()
    assert looks_plain(tmp_path / "x.db")
    with pytest.raises(IntegrityAlarm):
        connect(tmp_path / "x.db", KEY)


def test_temporary_tables_and_sorts_stay_in_memory(path):
    connection = connect(path, KEY)
    assert connection.execute("PRAGMA temp_store").fetchone() == (2,)
    compiled = {row[0] for row in connection.execute("PRAGMA compile_options")}
    assert "TEMP_STORE=0" not in compiled
    connection.close()


DAMAGED = """
import sys
from pathlib import Path
from practice.errors import ConsoleError
from storage.engine import connect
for key in sys.argv[2:]:
    try:
        connection = connect(Path(sys.argv[1]), bytes.fromhex(key))
        print(connection.execute("SELECT sum(length(text)) FROM notes").fetchall())
    except Exception as error:
        print(type(error).__name__)
"""


def test_nothing_is_written_to_standard_error_for_a_damaged_page_or_a_wrong_key(path):
    connection = connect(path, KEY)
    connection.executemany("INSERT INTO notes VALUES (?)", [("x" * 900,) for _ in range(200)])
    connection.close()
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(stored)
    command = [sys.executable, "-c", DAMAGED, str(path), KEY.hex(), secrets.token_hex(32)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split() == ["DatabaseError", "IntegrityAlarm"]


def test_the_key_and_the_values_stay_out_of_what_is_printed(path):
    engine = make_engine(path, KEY)
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES (?), (?)", ("Ada Thistlewood", None))
    shown = " ".join((str(raised.value), repr(raised.value), repr(engine), engine.url.render_as_string(False)))
    assert "Thistlewood" not in shown
    assert KEY.hex() not in shown
    engine.dispose()


def test_plain_sentences_never_repeat_a_value(path):
    engine = make_engine(path, KEY)
    with pytest.raises(Refused) as raised, plain_errors(), engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES (?), (?)", ("Ada Thistlewood", None))
    assert "Thistlewood" not in raised.value.message + raised.value.hint
    assert raised.value.__cause__ is None
    engine.dispose()


def test_vacuum_works_and_a_transaction_that_fails_leaves_nothing(path):
    engine = make_engine(path, KEY)
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:  # noqa: PT012
        connection.exec_driver_sql("INSERT INTO notes VALUES ('half')")
        connection.exec_driver_sql("CREATE TABLE more (x TEXT) STRICT")
        raise ZeroDivisionError
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 1
    engine.dispose()


def test_a_savepoint_takes_back_its_own_part_only(path):
    engine = make_engine(path, KEY)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES ('kept')")
        with pytest.raises(ZeroDivisionError), connection.begin_nested():  # noqa: PT012
            connection.exec_driver_sql("INSERT INTO notes VALUES ('taken back')")
            raise ZeroDivisionError
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one() == 2
    engine.dispose()


def test_a_reading_engine_cannot_write(path):
    engine = make_engine(path, KEY, query_only=True)
    with pytest.raises(Refused), plain_errors(), engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES ('no')")
    engine.dispose()


def test_a_second_writer_is_told_that_another_is_writing(path):
    first, second = make_engine(path, KEY), make_engine(path, KEY)
    with second.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("PRAGMA busy_timeout=1")
    with first.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES ('first')")
        with pytest.raises(Refused) as raised, plain_errors(), second.begin():
            pass
    assert "Another dsl-console" in raised.value.message
    first.dispose()
    second.dispose()


def test_deleted_text_leaves_no_trace_in_the_pages(tmp_path):
    connection = connect(tmp_path / "x.db", KEY)
    connection.execute("CREATE VIRTUAL TABLE f USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
    connection.execute("INSERT INTO f (f, rank) VALUES ('secure-delete', 1)")
    for number in range(50):
        connection.execute("INSERT INTO f VALUES (?)", (f"word{number} xylograph{number}",))
    connection.execute("DELETE FROM f")
    dump = "".join(repr(row) for row in connection.execute("SELECT block FROM f_data"))
    assert "xylograph" not in dump
    connection.close()


def test_a_memory_engine_has_no_file():
    engine = memory_engine()
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA database_list").all() == [(0, "main", "")]
    engine.dispose()
