"""Merge another agency's chronology into a child's record, and say which entries tell of the same event (R-74)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from practice.acts import ConcernLogged, EntriesLinked, build
from practice.errors import Refused
from practice.merging import STOPPED, Prepared, on_share_default
from storage.ids import new_id
from storage.ledger import Draft
from storage.merging.reading import read_chronology
from storage.views import children, links, record

if TYPE_CHECKING:
    from storage.vault import Vault

RULES = ("never", "ask", "yes")
Said = list[tuple[int, str]]


@dataclass
class Merged:
    """What an import did, or would do: the new entries, and what a person should look at, by line of the file."""

    entries: list[str] = field(default_factory=list)
    rows: int = 0
    there_already: int = 0
    duplicates: Said = field(default_factory=list)
    repaired: Said = field(default_factory=list)
    stopped: Said = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    proposed: int = 0
    on_share: str = "ask"
    dry_run: bool = False


def import_chronology(
    vault: Vault,
    data: bytes,
    child_id: str,
    source: str,
    *,
    mapping: Mapping[str, str] | None = None,
    on_share: str = "",
    sheet: str = "",
    not_about_staff: Collection[int] = (),
    dry_run: bool = False,
) -> Merged:
    """Take another agency's chronology into a child's record, each row an entry that keeps all of its cells.

    Rows that stand there already from the same file are left; exact duplicates are marked and kept. A row that looks
    as if it were about an adult on the staff is stopped unless its line is in `not_about_staff`. `on_share` is the
    owner's rule, by default never for the police and otherwise ask. Raises Refused; then nothing was imported.
    """
    child = children.get(vault, child_id)
    if not source.strip():
        raise Refused("Whose chronology is it? Nothing was imported.", hint="Name the agency with --source.")
    rule = on_share or on_share_default(source)
    if rule not in RULES:
        raise Refused(f"«{rule}» is no rule for sharing on. Nothing was imported.", hint=", ".join(RULES))
    found = read_chronology(data, mapping or {}, vault.clock().astimezone().replace(tzinfo=None), sheet)
    batch = hashlib.sha256(data).hexdigest()
    there = links.lines_of(vault, batch, child.id)
    merged = Merged(
        rows=len(found.rows),
        there_already=sum(row.line in there for row in found.rows),
        repaired=found.warnings,
        empty=found.empty,
        columns=found.columns,
        kept=found.kept,
        on_share=rule,
        dry_run=dry_run,
    )
    drafts = _drafts(vault, child.id, source.strip(), batch, found.rows, there, set(not_about_staff), merged)
    if drafts and not dry_run:
        with vault.write() as unit:
            unit.record_many(drafts)
    if not dry_run:
        merged.proposed = len(links.links(vault, child.id, states=("proposed",)))
    return merged


def seal_stopped(
    vault: Vault,
    data: bytes,
    source: str,
    lines: Collection[int],
    *,
    mapping: Mapping[str, str] | None = None,
    sheet: str = "",
) -> list[int]:
    """Seal rows that were stopped to the adults' inbox, each as a report that only its readers open; return the lines.

    Nothing of them is kept in the children's record. Raises Refused where there is no adults' register here.
    """
    from storage import reports

    card = reports.card_of(vault.folder)
    reports.check_about("adult", card)
    found = read_chronology(data, mapping or {}, vault.clock().astimezone().replace(tzinfo=None), sheet)
    sealed = []
    for row in found.rows:
        if not row.stopped or row.line not in lines:
            continue
        text = "\n".join(f"{header}: {value}" for header, value in row.cells if value.strip())
        fields = {
            "adult_as_written": "Not said: an adult who works here",
            "text": f"From a chronology of {source}, line {row.line}.\n{text}",
            "happened": row.occurred.text,
            "reporter": vault.person.name,
        }
        reports.leave(vault.folder, fields, about="adult")
        sealed.append(row.line)
    return sealed


def _drafts(
    vault: Vault,
    child_id: str,
    source: str,
    batch: str,
    rows: list[Prepared],
    there: Collection[int],
    about_children: Collection[int],
    merged: Merged,
) -> list[Draft]:
    known = {
        (row.occurred.start, row.occurred.end, " ".join(row.text.split())): row.id
        for row in reversed(record.chronology(vault, child_id))
    }
    drafts = []
    for row in rows:
        if row.line in there:
            continue
        if row.stopped and row.line not in about_children:
            merged.stopped.append((row.line, STOPPED))
            continue
        entry = new_id()
        same = known.setdefault(row.same, entry)
        repeats = same if same != entry else ""
        if repeats:
            merged.duplicates.append((row.line, repeats))
        merged.entries.append(entry)
        drafts.append(Draft(_body(row, source, batch, merged.on_share, repeats), child_id, entry))
    return drafts


def _body(row: Prepared, source: str, batch: str, rule: str, repeats: str) -> ConcernLogged:
    imported = {
        "batch": batch,
        "line": row.line,
        "source": source,
        "on_share": rule,
        "cells": row.cells,
        "duplicate_of": repeats,
        "outcome": row.outcome,
    }
    fields = {
        "entry_kind": "agency_contact",
        "text": row.text,
        "childs_words": row.childs_words,
        "occurred": row.occurred,
        "place": row.place,
        "seen_by": row.who,
        "how_known": "other_agency",
        "immediate_action": row.action,
        "imported": imported,
    }
    made: ConcernLogged = build(ConcernLogged, fields)
    return made


def link(vault: Vault, one: str, two: str, *, same: bool = True, reason: str = "") -> links.LinkRow:
    """Say that two entries of one child tell of the same event, or that they do not, and return the link."""
    first, second = (record.get(vault, each) for each in links.pair(one, two))
    if first.id == second.id:
        raise Refused("An entry is not linked with itself. Nothing was changed.")
    if first.child_id != second.child_id:
        raise Refused("These entries are in two children's records. Nothing was changed.")
    state = "confirmed" if same else "declined"
    body = build(EntriesLinked, {"other": second.id, "state": state, "reason": reason})
    vault.record(body, child=first.child_id, entry=first.id)
    return links.LinkRow((first.id, second.id), reason, state, vault.person.name)
