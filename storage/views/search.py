"""Finding entries as people ask: words and phrases, names, dates, categories, agencies; newest first (R-70).

Filters may stand among the words: `category:neglect agency:police kind:strength from:1/9/25 to:31/10/25 on:Tuesday`.
A name that a child has, or had, finds the entries about that child that hold the other words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from practice.dates import Occurred, parse_when
from practice.errors import Refused
from practice.names import fold, match_key
from practice.text import INVISIBLE, drawn
from practice.vocabulary import Coded, ConcernCategory, EntryKind
from storage.views.record import QUERY_LIMIT
from storage.views.record_rows import Hit
from storage.views.searched import search_query

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storage.vault import Vault

_FILTER = re.compile(r'(?<!\S)(category|agency|kind|from|to|on):(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_WORD = re.compile(r'"[^"]*"?|\S+')
CONTEXT = 160


@dataclass(frozen=True)
class Narrow:
    """What the entries found are narrowed to; blank is no narrowing. Codes may be the beginning of a code or label."""

    child_id: str = ""
    category: str = ""
    agency: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def any(self) -> bool:
        """Whether there is any narrowing but to a child."""
        return replace(self, child_id="") != Narrow()


def asked(words: str, now: datetime, narrow: Narrow | None = None) -> tuple[str, Narrow]:
    """Return the words without their filters, and what the filters say; a date that cannot be read is Refused."""
    narrow = narrow or Narrow()
    for found in _FILTER.finditer(words):
        name, value = found[1].casefold(), found[2] if found[2] is not None else found[3]
        if name in ("category", "agency", "kind"):
            text: dict[str, Any] = {name: value}
            narrow = replace(narrow, **text)
            continue
        span = _span(parse_when(value, now))
        if span is None:
            raise Refused(
                f"«{value}» is no date that can be read, so nothing was searched.", hint="Write it day first."
            )
        if name in ("from", "on"):
            narrow = replace(narrow, first=span[0])
        if name in ("to", "on"):
            narrow = replace(narrow, last=span[1])
    return " ".join(_FILTER.sub(" ", words).split()), narrow


def _span(occurred: Occurred) -> tuple[date, date] | None:
    if occurred.start is None:
        return None
    return date.fromisoformat(occurred.start[:10]), date.fromisoformat((occurred.end or occurred.start)[:10])


def find(vault: Vault, words: str, narrow: Narrow | None = None, limit: int = 50) -> list[Hit]:
    """Return entries that fit, the newest recorded first: by their words, by a child's name, by the day they name.

    Raises Refused for a query over 200 characters, or a filter that says nothing.
    """
    if len(words) > QUERY_LIMIT:
        raise Refused(f"A search takes at most {QUERY_LIMIT} characters. Nothing was searched.")
    now = vault.clock().astimezone().replace(tzinfo=None)
    plain, narrow = asked(drawn(words), now, narrow)
    clauses, values = _clauses(narrow)
    with vault.read() as connection:
        found: dict[int, Hit] = {}
        query = search_query(plain)
        if query or narrow.any:
            found |= _run(connection, query, clauses, values, limit)
        if plain and len(found) < limit:
            for rest, ids in _by_names(connection, plain):
                more = [*clauses, f"e.child_id IN ({','.join('?' * len(ids))})"]
                found |= _run(connection, search_query(rest), more, [*values, *ids], limit)
            day = _span(parse_when(plain, now)) if any(map(str.isdigit, plain)) and len(plain) > 4 else None
            if day:
                more, spans = _clauses(replace(narrow, first=day[0], last=day[1]))
                found |= _run(connection, "", more, spans, limit)
    return [found[pk] for pk in sorted(found, reverse=True)[:limit]]


def _clauses(narrow: Narrow) -> tuple[list[str], list[Any]]:
    """Return the conditions that a narrowing is, and their values; raises Refused for a code that begins none."""
    clauses: list[str] = []
    values: list[Any] = []
    if narrow.child_id:
        clauses.append("e.child_id = ?")
        values.append(narrow.child_id)
    for column, wanted, vocabulary in (
        ("category", narrow.category, ConcernCategory),
        ("kind", narrow.kind, EntryKind),
    ):
        if wanted:
            fits = _codes(wanted, vocabulary)
            marks = ",".join("?" * len(fits))
            among = f"(SELECT 1 FROM json_each(e.further_categories) WHERE value IN ({marks}))"  # noqa: S608
            further = f" OR EXISTS {among}"
            clauses.append(f"(e.{column} IN ({marks}){further if column == 'category' else ''})")
            values += fits * (2 if column == "category" else 1)
    if narrow.agency:
        clauses.append("(e.agency LIKE ? OR e.source LIKE ?)")
        values += [f"%{narrow.agency}%"] * 2
    if narrow.first:
        clauses.append("e.occurred_sort >= ?")
        values.append(narrow.first.isoformat())
    if narrow.last:
        clauses.append("e.occurred_sort < ?")
        values.append((narrow.last + timedelta(days=1)).isoformat())
    return clauses, values


def _codes(wanted: str, vocabulary: type[Coded]) -> list[str]:
    folded = "_".join(wanted.casefold().replace("-", " ").replace("_", " ").split())
    fits = [
        member.value
        for member in vocabulary
        if member.value.startswith(folded) or "_".join(member.label.casefold().split()).startswith(folded)
    ]
    if not fits:
        raise Refused(
            f"«{wanted}» begins no code that this program knows, so nothing was searched.",
            hint="One of: " + ", ".join(vocabulary) + ".",
        )
    return fits


def _run(
    connection: Connection, query: str, clauses: Sequence[str], values: Sequence[Any], limit: int
) -> dict[int, Hit]:
    """Return the newest entries that fit, by their row number; without words each begins with its own."""
    conditions = [*(["entry_search MATCH ?"] if query else []), *clauses]
    shown = "snippet(entry_search, -1, '⟪', '⟫', ' … ', 16)" if query else f"substr(e.text, 1, {CONTEXT})"
    source = "entry_search JOIN entries e ON e.pk = entry_search.rowid" if query else "entries e"
    newest = "entry_search.rowid" if query else "e.pk"  # the index gives its hits in this order without sorting them
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = (
        f"SELECT e.pk, e.id, e.child_id, coalesce(c.name, ''), e.occurred, {shown} FROM {source}"  # noqa: S608
        f" LEFT JOIN children c ON c.id = e.child_id{where} ORDER BY {newest} DESC LIMIT ?"
    )
    rows = connection.exec_driver_sql(statement, (*([query] if query else []), *values, limit))
    return {row[0]: Hit._make(row[1:]) for row in rows}


def _by_names(connection: Connection, plain: str) -> list[tuple[str, list[str]]]:
    """Return the words that are left, and the children, where some of the words are a child's names, now or before."""
    words = _WORD.findall(plain)
    names = [word for word in words if not word.startswith('"') and sum(map(str.isalpha, word)) > 1]
    found: dict[str, list[str]] = {}
    for child_id, known in _named(connection, names):
        parts = {part for name in known for part in (*fold(name).split(), *map(match_key, name.split()))}
        mine = {word for word in names if _is_name(word, parts, last=word == words[-1])}
        if mine:
            rest = " ".join(word for word in words if word not in mine)
            found.setdefault(rest, []).append(child_id)
    best = min((len(rest.split()) for rest in found), default=0)
    return [(rest, ids[:500]) for rest, ids in found.items() if len(rest.split()) == best]


def _is_name(word: str, parts: set[str], *, last: bool) -> bool:
    folded = fold(word).split()
    return bool(folded) and all(
        part in parts or (last and len(part) > 2 and any(each.startswith(part) for each in parts)) for part in folded
    )


def _named(connection: Connection, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the children of whom a word may be a name, each with all names that they are, or were, known by."""
    import json

    if not names:
        return []
    likes = [f"%{fold(name).split()[0]}%" for name in names if fold(name)]
    spelt = [f"%{name}%" for name in names]
    condition = " OR ".join(["sort_name LIKE ?"] * len(likes) + ["names LIKE ?"] * len(spelt) + ["names GLOB ?"])
    rows = connection.exec_driver_sql(
        f"SELECT id, names FROM children WHERE {condition} LIMIT 2000",  # noqa: S608
        (*likes, *spelt, f"*[{INVISIBLE}]*"),  # such a name is compared as it is seen
    )
    return [(row[0], json.loads(row[1])) for row in rows]
