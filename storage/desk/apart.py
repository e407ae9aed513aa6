"""Choose among what was made in two places: keep one, keep both, or write a third; never silently (design: §1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from practice.acts import Amended, ApartSettled, build
from practice.errors import Refused
from storage import ledger
from storage.desk.concerns import read_when
from storage.views import apart
from storage.views.apart import ApartRow

if TYPE_CHECKING:
    from storage.vault import Unit, Vault


def keep(vault: Vault, ident: str, kept: Sequence[str], reason: str) -> str:
    """Let one stand, or several, and set the others aside, readable for ever; return the choice's act id.

    `kept` are the options' act ids. Raises NotFound where nothing waits, Refused for what is no option.
    """
    row = apart.get(vault, ident)
    options = [option.act_id for option in row.options]
    chosen = [act for act in options if act in set(kept)]
    if not chosen or set(kept) - set(options):
        raise Refused("That is none of those that were made apart. Nothing was changed.", hint=", ".join(options))
    with vault.write() as unit:
        return _settle(unit, row, chosen, [act for act in options if act not in chosen], reason)


def write_third(
    vault: Vault, ident: str, text: str, reason: str, *, childs_words: str | None = None, when: str | None = None
) -> str:
    """Write a version in the place of those that were made apart; return its act id.

    For a decision, a status or a review the ordinary commands do it: what is recorded next has seen them both.
    """
    row = apart.get(vault, ident)
    if row.about != "text":
        raise Refused(
            "Only the words of an entry can be written anew here. Nothing was changed.",
            hint="Decide, or review the child, again: it takes the place of both.",
        )
    if not text.strip():
        raise Refused("An entry cannot be amended to nothing. Both stand as they were.", hint="Write the new text.")
    options = [option.act_id for option in row.options]
    shown = next(option.act_id for option in row.options if option.in_force)
    fields = {
        "sees": shown,
        "text": text,
        "childs_words": childs_words,
        "occurred": read_when(vault, when) if when else None,
        "reason": reason,
    }
    amended = build(Amended, fields)
    with vault.write() as unit:
        third = unit.record(amended, child=row.child_id, entry=row.entry_id).id
        _settle(unit, row, [third], options, reason)
    return third


def _settle(unit: Unit, row: ApartRow, kept: Sequence[str], aside: Sequence[str], reason: str) -> str:
    column, key = ("entry", row.entry_id) if row.entry_id else ("child", row.child_id)
    before = [
        act.id
        for act in ledger.acts_where(unit.connection, column, [key], [ApartSettled.act_kind])
        if isinstance(act.body, ApartSettled) and act.body.about == row.about
    ]
    fields = {"about": row.about, "kept": kept, "set_aside": aside, "sees": sorted(before), "reason": reason}
    return unit.record(build(ApartSettled, fields), child=row.child_id, entry=row.entry_id or None).id
