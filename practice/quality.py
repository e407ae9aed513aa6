"""What a record still lacks: listed, never demanded, so that capture is never blocked (R-01, R-03)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from practice.acts.record import Completed, ConcernLogged

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
_NOTICE_MEANS = (
    ("police_at", "when the police attended"),
    ("school_at", "when the school had the notice"),
    ("told", "who was told, and when"),
)
NOT_SAFE = ("not_told_reason", "why it is not safe to tell")
NO_DATE = ("occurred", "when it happened")
PHRASES = dict((NO_DATE, *_BLANK_MEANS, *_NOTICE_MEANS, NOT_SAFE))
"""Each field's name, and what it is called where it is asked for."""


def missing(concern_fields: Mapping[str, object]) -> list[str]:
    """Return the names of the fields that a concern lacks, in the order of the form; empty when whole.

    Takes the fields of a concern by name. Only entries about what happened to a child are asked for these; a meeting
    or a contact is not. An Operation Encompass notice is asked for its own (R-68).
    """
    kind = str(concern_fields.get("entry_kind") or "")
    if kind == "operation_encompass":
        asked: tuple[tuple[str, str], ...] = _NOTICE_MEANS
    elif kind in _ASKED_KINDS:
        asked = _BLANK_MEANS
    else:
        return []
    get = concern_fields.get
    found = [name for name, _ in asked if _blank(get(name))]
    if _unknown_date(get("occurred")):
        found.insert(0, NO_DATE[0])
    if "not_safe" in (get("child_told"), get("parent_told")) and _blank(get("not_told_reason")):
        found.append(NOT_SAFE[0])
    left = get("left_blank")
    return [name for name in found if name not in left] if left and isinstance(left, (tuple, list)) else found


def unfinished(concern_fields: Mapping[str, object]) -> list[str]:
    """Return what is missing from a concern, each as a short phrase, in the order of the form; empty when whole."""
    return [PHRASES[name] for name in missing(concern_fields)]


def completed(concern: ConcernLogged, later: Iterable[Completed]) -> tuple[ConcernLogged, tuple[str, ...]]:
    """Return a concern with what was filled in later, and the names of what was left blank on purpose."""
    left: dict[str, None] = {}
    for each in later:
        given = each.model_dump(exclude_none=True, exclude={"left_blank"})
        concern = concern.model_copy(update={name: getattr(each, name) for name in given})
        left |= dict.fromkeys(each.left_blank)
    return concern, tuple(left)


def _blank(value: object) -> bool:
    return not value.strip() if isinstance(value, str) else not value


def _unknown_date(value: object) -> bool:
    if isinstance(value, dict):
        return value.get("precision") == "unknown"
    return getattr(value, "precision", "") == "unknown"
