"""The terms of a visit set, under its header's MAC: whose it is and until when it opens. No database is needed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.errors import IntegrityAlarm, Refused
from storage.keys import unb64
from storage.sealed import XWingPublic
from storage.types import from_utc_text

if TYPE_CHECKING:
    from storage.header import Header

PUBLIC = "visit"
"""Under which name the terms stand in a header."""
COVER = "visit.json"
"""The file that says of a set whose it is, without any key, also when its key is destroyed."""


@dataclass(frozen=True)
class Terms:
    """What a set's header says of the visit; keys in base64."""

    id: str
    school: str
    device: str
    origin: str
    origin_key: str
    packed_at: str
    until: str
    inbox: str

    @property
    def ends(self) -> datetime:
        """When the set ends."""
        return from_utc_text(self.until)

    @property
    def inbox_key(self) -> XWingPublic:
        """The school's public key, for which everything that is recorded on the visit is sealed."""
        return XWingPublic(unb64(self.inbox))

    def public(self) -> dict[str, str]:
        """Return the terms as a header keeps them."""
        return {PUBLIC: json.dumps(asdict(self), sort_keys=True)}


def terms_of(header: Header) -> Terms | None:
    """Return the terms in a header; None where it is no visit set's. Raises IntegrityAlarm for damaged ones."""
    stored = header.public.get(PUBLIC)
    if stored is None:
        return None
    try:
        said: dict[str, Any] = json.loads(stored)
        terms = Terms(**{name: str(said[name]) for name in Terms.__dataclass_fields__})
        if terms.ends.tzinfo is None or len(said) != len(Terms.__dataclass_fields__):
            raise ValueError
        terms.inbox_key  # noqa: B018 - raises for a key that is none
    except (ValueError, KeyError, TypeError, IntegrityAlarm):
        raise IntegrityAlarm(
            "This visit set's header was changed, so it was not opened.",
            hint="Bring it back: what was recorded on it is sealed for the school.",
        ) from None
    return terms


def ended() -> Refused:
    """Return the sentence for a set whose time is over, or whose key is destroyed already."""
    return Refused(
        "This visit has ended, and the set's key is destroyed: it opens no more. What was recorded on it is safe.",
        title="The visit has ended",
        hint="Bring it back to school: dsl-console visit return FOLDER takes it in there, without opening it.",
    )


def is_ended(folder: Path) -> bool:
    """Say whether a visit set lies in a folder whose key was destroyed."""
    from storage.header import FILE_NAME

    return (folder / COVER).exists() and not (folder / FILE_NAME).exists()


def check_open(folder: Path, now: datetime) -> None:
    """Raise Refused where a visit set's time is over by the clock, after destroying its key; before any passphrase.

    For any other vault nothing happens. Raises NotFound as `read_header`.
    """
    from storage.header import read_header
    from storage.visits.ending import destroy_key

    if is_ended(folder):
        with contextlib.suppress(
            OSError
        ):  # it may have been cut short; on a stick that cannot be written, the next time
            destroy_key(folder)
        raise ended()
    terms = terms_of(read_header(folder))
    if terms is not None and now >= terms.ends:
        destroy_key(folder)
        raise ended()
