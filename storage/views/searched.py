"""The full-text index over the entries, as a reader sees their words: what is invisible in them cuts no word in two.

The index reads its text from `entry_searched`: an entry's own columns, or, where something invisible stands in them,
the same without it. Such a word is found by its pieces too, as it would be where a zero-width space stands for a blank.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import Connection

from practice.text import drawn, pieces
from storage.views.base import ViewTable, chunks, insertion, marks, string, table_of

_COLUMNS = "text, childs_words, pieces"
SEARCH_SCHEMA = (
    "CREATE VIEW entry_searched AS SELECT e.pk AS pk, e.id AS id, coalesce(w.text, e.text) AS text,"
    " coalesce(w.childs_words, e.childs_words) AS childs_words, coalesce(w.pieces, '') AS pieces"
    " FROM entries e LEFT JOIN entry_words w ON w.entry_id = e.id",
    f"CREATE VIRTUAL TABLE entry_search USING fts5({_COLUMNS}, content='entry_searched', content_rowid='pk',"
    " tokenize='unicode61 remove_diacritics 2', prefix='2 3')",
    "INSERT INTO entry_search (entry_search, rank) VALUES ('secure-delete', 1)",
)


class WordsTable(ViewTable, table=True):
    """What is indexed of an entry in whose words something invisible stands; no other has a row."""

    __tablename__ = "entry_words"
    entry_id: str = string(primary_key=True)
    text: str = string()
    childs_words: str = string()
    pieces: str = string()


def words_rows(entry_id: str, text: str, childs_words: str) -> list[dict[str, str]]:
    """Return an entry's row of that table, or none."""
    seen, said = drawn(text), drawn(childs_words)
    if seen == text and said == childs_words:
        return []
    cut = " ".join(filter(None, (pieces(text), pieces(childs_words))))
    return [{"entry_id": entry_id, "text": seen, "childs_words": said, "pieces": cut}]


def unindex(connection: Connection, keys: Sequence[str]) -> None:
    """Take entries out of the index; their rows must stand still."""
    _index(connection, keys, f"INSERT INTO entry_search (entry_search, rowid, {_COLUMNS}) SELECT 'delete',")


def reindex(connection: Connection, keys: Sequence[str]) -> None:
    """Put entries into the index as their rows stand."""
    _index(connection, keys, f"INSERT INTO entry_search (rowid, {_COLUMNS}) SELECT")


def _index(connection: Connection, keys: Sequence[str], start: str) -> None:
    for chunk in chunks(keys):
        statement = f"{start} pk, {_COLUMNS} FROM entry_searched WHERE id IN ({marks(chunk)})"
        connection.exec_driver_sql(statement, chunk)


def check_search(connection: Connection) -> None:
    """Compare the search index with the entries; raises DatabaseError. Nothing is written, yet it needs the writer."""
    connection.exec_driver_sql("INSERT INTO entry_search (entry_search, rank) VALUES ('integrity-check', 1)")


def _in_word(character: str) -> bool:
    """Letters, figures, and the marks that stand upon them: an accent typed apart does not cut a name in two."""
    return character.isalnum() or unicodedata.category(character).startswith("M")


def search_query(words: str) -> str:
    """Return the full-text query for what a person typed: every word, phrases kept, the last word as a beginning."""
    parts: list[str] = []
    words = drawn(words)
    for at, piece in enumerate(words.split('"')):
        tokens = "".join(character if _in_word(character) else " " for character in piece).split()
        if at % 2 and tokens:
            parts.append('"' + " ".join(tokens) + '"')
        else:
            parts += [f'"{token}"' for token in tokens]
    if parts and not words.rstrip().endswith('"'):
        parts[-1] += "*"
    return " ".join(parts)


def index_as_seen(connection: Connection) -> None:
    """Make the index of an older database anew, once, so that what is invisible in a word no longer hides it."""
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'entry_searched'").first():
        return
    table = table_of(WordsTable)
    table.create(connection, checkfirst=True)
    rows = connection.exec_driver_sql("SELECT id, text, childs_words FROM entries").fetchall()
    statement, read = insertion(WordsTable)
    if made := [read(row) for each in rows for row in words_rows(*each)]:
        connection.exec_driver_sql(statement, made)
    connection.exec_driver_sql("DROP TABLE entry_search")
    for each in SEARCH_SCHEMA:
        connection.exec_driver_sql(each)
    connection.exec_driver_sql("INSERT INTO entry_search (entry_search) VALUES ('rebuild')")
