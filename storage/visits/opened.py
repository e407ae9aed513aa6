"""An open visit set: whose records it holds, what may be recorded on it, and which time counts.

The clock alone is not believed: time never counts as earlier than what the set has seen already, and while it is open
the machine's own running clock counts too. So turning the clock back wins nothing but the time during which the set was
shut; whoever copies the whole folder and puts it back can do more, as `docs/security.md` says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from practice.acts import Amended, BodyMapDrawn
from practice.errors import IntegrityAlarm, Refused
from practice.visits import SLACK, check_may_record
from storage import ledger, secrets_table
from storage.keys import unb64
from storage.types import from_utc_text, utc_text
from storage.visits.terms import Terms, ended

if TYPE_CHECKING:
    from storage.ledger import Draft
    from storage.vault import Vault

_CHILDREN, _MASKED, UNTIL, _SEEN = "visit/children", "visit/masked", "visit/until", "visit/seen"
"""Under which names a set keeps its children, the entries with masked names, its end, and the time that it has seen."""


def running_seconds() -> float:
    """Return the clock that runs while the machine does, through its sleep where the platform has such a clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) if boot is not None else time.monotonic()


class Visit:
    """An open visit set: its terms, its children, and the time that counts."""

    def __init__(self, vault: Vault, terms: Terms, running: Callable[[], float] = running_seconds) -> None:
        self.terms = terms
        self._vault, self._running = vault, running
        with vault.read() as connection:
            held = {name: secrets_table.get(connection, name) for name in (_CHILDREN, _MASKED, UNTIL, _SEEN)}
            # The school's own acts say nothing here: a machine there may have had a clock that was ahead.
            own = "SELECT max(recorded_at) FROM acts WHERE device = ?"
            last = connection.exec_driver_sql(own, (terms.device,)).scalar()
        if held[UNTIL] != terms.until.encode():
            raise IntegrityAlarm("This visit set's header does not agree with its database, so it was not opened.")
        self.children: frozenset[str] = frozenset(json.loads(held[_CHILDREN] or b"[]"))
        self.masked: frozenset[str] = frozenset(json.loads(held[_MASKED] or b"[]"))
        seen = [from_utc_text(text) for text in (terms.packed_at, last, (held[_SEEN] or b"").decode()) if text]
        self._seen, self._since = max(seen), running()

    def now(self) -> datetime:
        """Return the time that counts: the clock's, but never before what this set has seen."""
        ran = timedelta(seconds=max(0.0, self._running() - self._since))
        return max(self._vault.clock(), self._seen + ran)

    @property
    def clock_back(self) -> bool:
        """Whether the laptop's clock stands before what this set has seen."""
        return self.now() - self._vault.clock() > SLACK

    @property
    def over(self) -> bool:
        """Whether the visit has ended."""
        return self.now() >= self.terms.ends

    def check(self) -> None:
        """Raise Refused once the visit has ended."""
        if self.over:
            raise ended()

    def check_drafts(self, drafts: Sequence[Draft]) -> None:
        """Raise Refused for acts that have no place on a visit, or would write a masked text over the real one."""
        for draft in drafts:
            check_may_record(draft.body.act_kind, draft.child, self.children)
            amends = isinstance(draft.body, Amended) or (isinstance(draft.body, BodyMapDrawn) and draft.body.sees)
            if amends and draft.entry in self.masked:
                raise Refused(
                    "Another child's name is masked in this entry, so it is amended at school, where it stands whole.",
                    title="Not on a visit",
                    hint="Log what you want to add as an entry of its own; nothing was recorded.",
                )

    def chain_keys(self) -> dict[str, list[bytes]]:
        """Return the key that signed what was packed, whoever wrote it."""
        return {ledger.chain_keys(self.terms.origin, ""): [unb64(self.terms.origin_key)]}

    def keep_time(self, connection: Connection) -> None:
        """Keep what time has been seen, in the open transaction."""
        secrets_table.put(connection, _SEEN, utc_text(self.now()).encode())


def keep(connection: Connection, terms: Terms, children: tuple[str, ...], masked: set[str]) -> None:
    """Keep inside a set what its header does not say, in the transaction that makes it."""
    secrets_table.put(connection, _CHILDREN, json.dumps(sorted(children)).encode())
    secrets_table.put(connection, _MASKED, json.dumps(sorted(masked)).encode())
    secrets_table.put(connection, UNTIL, terms.until.encode())
