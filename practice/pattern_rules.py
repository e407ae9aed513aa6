"""The form of a pattern rule: data that a school can read, add to and silence (R-85)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from practice.errors import Refused
from practice.text import LINE_LIMIT
from practice.vocabulary import EntryKind

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LINE_LIMIT)]
Count = Annotated[int, Field(ge=1, le=100)]
Days = Annotated[int, Field(ge=1, le=365)]
RULES_LIMIT = 40
SIZE_LIMIT = 64 * 1024
Shape = Literal[
    "count_within",
    "rising",
    "weekday",
    "after_kind",
    "after_holiday",
    "siblings",
    "silence",
    "overdue",
    "no_voice",
]
NEEDED: dict[str, tuple[str, ...]] = {
    "count_within": ("entries", "days"),
    "rising": ("entries", "days", "before_days", "times"),
    "weekday": ("entries", "days", "percent"),
    "after_kind": ("entries", "days", "percent", "after_kinds", "within_days"),
    "after_holiday": ("entries", "days", "percent", "school_days"),
    "siblings": ("entries", "days", "children"),
    "silence": ("entries", "days", "school_days"),
    "overdue": ("school_days",),
    "no_voice": ("entries",),
}
"""What each shape cannot do without."""


class Rule(BaseModel):
    """One rule; what its shape does not use is refused, so that a slip of the pen is not taken for an effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    shape: Shape
    label: Words
    sentence: Words
    source: Words
    confirm: bool = True
    kinds: frozenset[Code] = frozenset()
    categories: frozenset[Code] = frozenset()
    low_level: bool = False
    entries: Count | None = None
    days: Days | None = None
    not_only: frozenset[Code] = frozenset()
    distinct_categories: Count = 1
    before_days: Days | None = None
    before_entries: Count = 1
    times: Annotated[float, Field(ge=1, le=20)] | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    after_kinds: frozenset[Code] = frozenset()
    within_days: Annotated[int, Field(ge=1, le=14)] | None = None
    school_days: Annotated[int, Field(ge=1, le=200)] | None = None
    children: Annotated[int, Field(ge=2, le=20)] | None = None
    until_days: Days = 365

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in NEEDED[self.shape] if not getattr(self, name)]
        if missing:
            raise ValueError(f"the rule {self.code} of the shape {self.shape} needs {', '.join(missing)}")
        unknown = (self.kinds | self.after_kinds) - set(EntryKind)
        if unknown:
            raise ValueError(f"the rule {self.code} names a kind of entry that there is not: {sorted(unknown)[0]}")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    edition: str = ""
    silence: tuple[Code, ...] = ()
    rules: tuple[Rule, ...] = Field(default=(), max_length=RULES_LIMIT)


@lru_cache
def default_rules() -> tuple[Rule, ...]:
    """Return the rules that are shipped."""
    text = resources.files("practice").joinpath("data", "patterns.toml").read_text(encoding="utf-8")
    return _File.model_validate(tomllib.loads(text)).rules


def read_rules(data: bytes) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return a school's own rules and the codes that it silences, from TOML; raises Refused, naming the fault."""
    if len(data) > SIZE_LIMIT:
        raise Refused("The file is larger than 64 KiB. Nothing was changed.")
    try:
        file = _File.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]) or "the file"
        words = str(first["msg"]).removeprefix("Value error, ")
        raise Refused(f"The rules cannot be taken in ({where}: {words}). Nothing was changed.") from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"The file is not TOML that can be read ({type(error).__name__}). Nothing was changed.") from None
    codes = [rule.code for rule in file.rules]
    if len(set(codes)) < len(codes):
        raise Refused("Two rules of the file have the same code. Nothing was changed.")
    return file.rules, file.silence


def rules_in_force(own: Iterable[Any] = (), silenced: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Return the shipped rules with a school's own in their place or after them, without those it silenced."""
    rules = {rule.code: rule for rule in default_rules()}
    rules |= {rule.code: rule for rule in (Rule.model_validate(each) for each in own)}
    quiet = set(silenced)
    return tuple(rule for code, rule in rules.items() if code not in quiet)
