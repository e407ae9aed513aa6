"""What every kind of act shares: its body, the register of kinds, and how stored bytes are read (design: §1).

An act's body is stored as the exact bytes of its JSON and never changed. A body of an older version is read through
pure upcasters (v → v+1).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from practice.acts import catalogue
from practice.compartments import CHILDREN
from practice.errors import IntegrityAlarm, Refused
from practice.text import LINE_LIMIT, NOTE_LIMIT, tidy, tidy_line


def _note(text: str) -> str:
    size = len(text.encode())
    if size > NOTE_LIMIT:
        raise ValueError(f"the text is {size:,} bytes long; a note holds {NOTE_LIMIT:,}")
    return text


def _tidy(value: object) -> object:
    return tidy(value) if isinstance(value, str) else value


def one_line(value: object) -> object:
    """Bring text to one line before it is checked."""
    return tidy_line(value) if isinstance(value, str) else value


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


Note = Annotated[str, BeforeValidator(_tidy), AfterValidator(_note)]
"""Text of several lines, at most 64 KiB of UTF-8."""
Line = Annotated[str, BeforeValidator(one_line), Field(max_length=LINE_LIMIT)]
"""Text of one line."""
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000), BeforeValidator(_tidy)]
"""Why a person did it: never blank (R-02). The constraints stand next to `str`, or the length is taken unstripped."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]
"""A date, `YYYY-MM-DD`."""
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Reply = Literal["told", "not_yet", "not_safe", ""]
"""Whether a child or a parent was told (R-63); blank where nobody said."""


STRICT = ConfigDict(extra="forbid", frozen=True, defer_build=True)
"""How every model here is built: on first use, since a command needs few of them."""


class Body(BaseModel):
    """What every body shares: strictness, immutability and the name of its kind in the ledger."""

    model_config = STRICT
    act_kind: ClassVar[str] = ""
    act_version: ClassVar[int] = 1
    act_compartments: ClassVar[frozenset[str]] = frozenset()
    """In which compartments an act of this kind may stand."""

    @classmethod
    def check_belongs(cls, compartment: str) -> None:
        """Raise Refused where this kind of act has no place in a compartment: the two never meet (R-40)."""
        if compartment not in cls.act_compartments:
            raise Refused(f"An act of the kind {cls.act_kind} has no place in this compartment. Nothing was recorded.")

    def to_bytes(self) -> bytes:
        """Return the UTF-8 JSON that is stored, hashed and signed."""
        fields = self.model_dump(mode="json", exclude_defaults=True)
        fields["v"] = self.act_version
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


B = TypeVar("B", bound=type[Body])
KINDS: dict[str, type[Body]] = {}
UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def kind(name: str, *compartments: str) -> Callable[[B], B]:
    """Register a body under the name that its acts carry in the ledger; without compartments, for the children's."""

    def register(cls: B) -> B:
        cls.act_kind = name
        cls.act_compartments = frozenset(compartments or (CHILDREN,))
        KINDS[name] = cls
        return cls

    return register


def read_body(act_kind: str, stored: bytes) -> Body:
    """Return the body that the stored bytes hold, brought to the present version.

    Raises IntegrityAlarm where the kind is unknown to this program or the bytes are not of that kind.
    """
    if act_kind not in KINDS:
        catalogue.load(act_kind)
    cls = KINDS.get(act_kind)
    if cls is None:
        raise IntegrityAlarm(
            f"The record holds an act of a kind that this program does not know ({act_kind}).",
            hint="Nothing was lost. Update dsl-console on this machine.",
        )
    try:
        fields = json.loads(str(stored, "utf-8"))
        version = fields.pop("v")
        while version < cls.act_version:
            fields = UPCASTERS[act_kind, version](fields)
            version += 1
        return cls.model_validate(fields)
    except (ValueError, KeyError, AttributeError, ValidationError) as error:
        raise IntegrityAlarm(
            f"An act of the kind {act_kind} cannot be read ({type(error).__name__}).",
            hint="Nothing else was touched. Run dsl-console verify, and restore a backup if it agrees.",
        ) from None


def build(cls: type[Body], fields: dict[str, Any]) -> Any:
    """Return a body from fields that a person filled in; raises Refused, naming the first fault in one sentence."""
    try:
        return cls.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part).replace("_", " ") for part in first["loc"]) or "this"
        if first["type"] == "string_too_short":
            raise Refused(f"The {where} is missing. Nothing was recorded.") from None
        message = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] in {"string_too_long", "too_long"} and isinstance(first["input"], str):
            message = f"it may have {first['ctx']['max_length']:,} characters at most"
        raise Refused(f"The {where} cannot be recorded: {message[:1].lower()}{message[1:]}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of the ledger with its body: who did what, when, about whom."""

    id: str
    device: str
    seq: int
    captured_at: datetime
    recorded_at: datetime
    author: str
    kind: str
    child: str | None = None
    entry: str | None = None
    event: str | None = None
    body: Body
    ordered_at: datetime | None = None
    """Where it stands in time among all acts, where that is later than `recorded_at`: after what its machine had heard
    of the others, however wrong their clocks were."""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Where the act stands among all acts, whatever the order in which they arrived."""
        return (self.ordered_at or self.recorded_at, self.device, self.seq)
