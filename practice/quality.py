"""What a record still lacks: listed, never demanded, so that capture is never blocked (R-01, R-03)."""

from __future__ import annotations

from collections.abc import Mapping

_ASKED_KINDS = frozenset({"", "concern", "observation", "online", "physical_intervention"})
_BLANK_MEANS = (
    ("category", "what it is about (category)"),
    ("how_known", "how it is known"),
    ("childs_words", "the child's own words"),
    ("child_told", "whether the child was told"),
    ("parent_told", "whether a parent or carer was told"),
    ("immediate_action", "what was done at once"),
    ("told", "who was told, and when"),
)


def unfinished(concern_fields: Mapping[str, object]) -> list[str]:
    """Return what is missing from a concern, each as a short phrase, in the order of the form; empty when whole.

    Takes the fields of a concern by name. Only entries about what happened to a child are asked for these; a meeting
    or a contact is not.
    """
    if str(concern_fields.get("entry_kind") or "") not in _ASKED_KINDS:
        return []
    missing = [phrase for name, phrase in _BLANK_MEANS if _blank(concern_fields.get(name))]
    if _unknown_date(concern_fields.get("occurred")):
        missing.insert(0, "when it happened")
    not_safe = "not_safe" in (concern_fields.get("child_told"), concern_fields.get("parent_told"))
    if not_safe and _blank(concern_fields.get("not_told_reason")):
        missing.append("why it is not safe to tell")
    return missing


def _blank(value: object) -> bool:
    return not value.strip() if isinstance(value, str) else not value


def _unknown_date(value: object) -> bool:
    if isinstance(value, Mapping):
        return value.get("precision") == "unknown"
    return getattr(value, "precision", "") == "unknown"
