"""Answer a flag, and set the school's own pattern rules (R-85)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.acts import FlagAnswered, PatternRulesSet, build
from practice.errors import NotFound, Refused
from practice.pattern_rules import default_rules, read_rules
from storage import flags

if TYPE_CHECKING:
    from storage.vault import Vault


def answer(vault: Vault, flag_id: str, reason: str) -> flags.FlagRow:
    """Record that a flag was considered, and why; it comes back only with an entry that it did not list before."""
    found = next((row for row in flags.flags(vault, considered=True) if row.id == flag_id), None)
    if found is None:
        raise NotFound("There is no flag with that id. Nothing was recorded.", hint="dsl-console flags lists them.")
    if found.state != "open":
        raise Refused("This flag was considered already, and nothing new has come. Nothing was recorded.")
    if not reason.strip():
        raise Refused("Considered, because of what? Write the reason. Nothing was recorded yet.")
    fields = {
        "flag": found.id,
        "rule": found.rule,
        "sentence": found.sentence[:500],
        "entries": found.entries,
        "reason": reason,
    }
    vault.record(build(FlagAnswered, fields), child=found.child_id)
    flags.refresh(vault)
    return found


def set_rules(vault: Vault, data: bytes) -> tuple[int, int]:
    """Set the school's own rules from TOML, in the place of those before; return how many, and how many silenced."""
    rules, silenced = read_rules(data)
    known = {rule.code for rule in default_rules()} | {rule.code for rule in rules}
    if unknown := sorted(set(silenced) - known):
        raise Refused(f"There is no rule «{unknown[0]}» that could be silenced. Nothing was changed.")
    fields = {"rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules], "silenced": silenced}
    vault.record(build(PatternRulesSet, fields))
    flags.refresh(vault)
    return len(rules), len(silenced)
