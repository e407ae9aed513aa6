"""Review sessions: begun, walked over days and by several people, ended with a minute (R-81)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from practice.acts import Act, MinuteKept, SessionBegun, SessionEnded
from practice.errors import NotFound
from practice.minutes import Reviewed, minute_text
from storage.types import Json, UtcText, from_utc_text
from storage.views import organisation
from storage.views.base import Rows, View, ViewTable, string, table_of, typed, view
from storage.views.children import ChildTable
from storage.views.reviews import HeldTable

if TYPE_CHECKING:
    from storage.vault import Vault


class SessionTable(ViewTable, table=True):
    """A session; its minute and who ended it, once that is done."""

    __tablename__ = "review_sessions"
    id: str = string(primary_key=True)
    scope: str = string()
    about: str = string()
    queue: Any = typed(Json)
    begun_by: str = string()
    begun_at: datetime = typed(UtcText)
    ended_by: str = string()
    ended_at: datetime | None = typed(UtcText, nullable=True)
    minute: str = string()


def _fold(key: str, acts: Sequence[Act]) -> Rows:
    born = next((act for act in acts if isinstance(act.body, SessionBegun)), None)
    if born is None:
        return {}
    assert isinstance(born.body, SessionBegun)
    row: dict[str, Any] = {
        "id": key,
        "scope": born.body.scope,
        "about": born.body.about,
        "queue": list(born.body.queue),
        "begun_by": born.author,
        "begun_at": born.recorded_at,
        "ended_by": "",
        "ended_at": None,
        "minute": "",
    }
    for act in acts:
        if isinstance(act.body, SessionEnded):
            minute = "\n".join(act.body.minute)
            row |= {"ended_by": act.author, "ended_at": act.recorded_at, "minute": minute}
        elif isinstance(act.body, MinuteKept):
            row |= {
                "ended_by": act.body.ended_by,
                "ended_at": from_utc_text(act.body.ended_at),
                "minute": "\n".join(act.body.minute),
            }
    return {"review_sessions": [row]}


SESSIONS = view(
    View(
        name="sessions",
        column="entry",
        tables=((SessionTable, "id"),),
        fold=_fold,
    )
)


@dataclass(frozen=True)
class SessionRow:
    """A session as it stands: the children still to come, and what was decided of the others.

    `minute` is what was signed, or, while the session is open, what would be signed now.
    """

    id: str
    scope: str
    about: str
    begun_by: str
    begun_at: datetime
    ended_by: str
    ended_at: datetime | None
    queue: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]
    reviewed: tuple[Reviewed, ...]
    minute: str

    @property
    def open(self) -> bool:
        """Whether it can be gone on with."""
        return self.ended_at is None


def sessions(vault: Vault, *, ended: bool = False) -> list[SessionRow]:
    """Return the open sessions, the oldest first; with `ended` those that were ended too, the newest first."""
    table = table_of(SessionTable)
    statement = select(table).order_by(table.c.begun_at.desc() if ended else table.c.begun_at)
    if not ended:
        statement = statement.where(table.c.ended_at.is_(None))
    with vault.read() as connection:
        rows = list(connection.execute(statement))
    return [_session(vault, row) for row in rows]


def get(vault: Vault, session_id: str) -> SessionRow:
    """Return one session; raises NotFound."""
    table = table_of(SessionTable)
    with vault.read() as connection:
        row = connection.execute(select(table).where(table.c.id == session_id)).first()
    if row is None:
        raise NotFound("There is no review session with that id.", hint="dsl-console review sessions lists them.")
    return _session(vault, row)


def _session(vault: Vault, row: Any) -> SessionRow:
    held, children = table_of(HeldTable), table_of(ChildTable)
    with vault.read() as connection:
        names = organisation.names(connection)
        known = {
            each.id: each
            for each in connection.execute(
                select(children.c.id, children.c.name, children.c.date_of_birth).where(children.c.id.in_(row.queue))
            )
        }
        statement = select(held).where(held.c.session == row.id).order_by(held.c.recorded_at, held.c.act_id)
        done = {each.child_id: each for each in connection.execute(statement)}
    reviewed = []
    for child_id, each in done.items():
        child = known.get(child_id)
        born = child.date_of_birth if child else None
        reviewed.append(
            Reviewed(
                child.name if child else "",
                date.fromisoformat(born) if born else None,
                each.decision,
                each.reason,
                date.fromisoformat(each.next) if each.next else None,
                date.fromisoformat(each.held_on),
                names.get(each.author, ""),
            )
        )
    queue = tuple((child, known[child].name) for child in row.queue if child in known)
    left = tuple(each for each in queue if each[0] not in done)
    by = names.get(row.begun_by, "")
    minute = row.minute or minute_text(
        vault.school.name, row.scope, row.about, row.begun_at, by, reviewed, [name for _, name in left]
    )
    return SessionRow(
        id=row.id,
        scope=row.scope,
        about=row.about,
        begun_by=by,
        begun_at=row.begun_at,
        ended_by=names.get(row.ended_by, ""),
        ended_at=row.ended_at,
        queue=queue,
        left=left,
        reviewed=tuple(reviewed),
        minute=minute,
    )
