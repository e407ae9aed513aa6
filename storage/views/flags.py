"""What was answered to flags (R-85): a view; the flags themselves are a cache, in `storage.flags`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from practice.acts import Act, FlagAnswered
from storage.types import Json, UtcText
from storage.views.base import Rows, View, ViewTable, string, typed, view


class AnswerTable(ViewTable, table=True):
    """A flag that was considered, with the entries that it rested on then."""

    __tablename__ = "flag_answers"
    act_id: str = string(primary_key=True)
    child_id: str = string(index=True)
    flag: str = string()
    rule: str = string()
    sentence: str = string()
    entries: Any = typed(Json)
    reason: str = string()
    recorded_at: datetime = typed(UtcText)
    author: str = string()


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    return {
        "flag_answers": [
            {
                "act_id": act.id,
                "child_id": key,
                "flag": act.body.flag,
                "rule": act.body.rule,
                "sentence": act.body.sentence,
                "entries": list(act.body.entries),
                "reason": act.body.reason,
                "recorded_at": act.recorded_at,
                "author": act.author,
            }
            for act in acts
            if isinstance(act.body, FlagAnswered)
        ]
    }


FLAG_ANSWERS = view(
    View(
        name="flag_answers",
        column="child",
        tables=((AnswerTable, "child_id"),),
        fold=_fold,
    )
)
