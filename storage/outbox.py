"""What waits to leave: one line per message, sealed when it was approved (protocol: §4).

The table is the truth and is written in the transaction of the approval; it is no view, since an encryption cannot be
replayed. Where the exchange with the hub stands is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from storage.ledger import plain_rows

SCHEMA = (
    """CREATE TABLE outbox (
        mid TEXT PRIMARY KEY,
        share TEXT,
        org TEXT NOT NULL,
        ctr TEXT NOT NULL,
        class TEXT NOT NULL,
        type TEXT NOT NULL,
        eid TEXT,
        rev INTEGER,
        state TEXT NOT NULL,
        detail TEXT NOT NULL,
        made_at TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        envelope TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX outbox_by_state ON outbox (state)",
    "CREATE INDEX outbox_by_entry ON outbox (eid) WHERE eid IS NOT NULL",
    "CREATE TABLE exchange (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)
# Asked for with every share that is shown or approved: without them all is read, and each envelope fills a page.
INDEXES = (
    "CREATE INDEX IF NOT EXISTS outbox_by_share ON outbox (share) WHERE share IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS outbox_withdrawals ON outbox (made_at, share, state)"
    " WHERE type = 'withdrawal' AND share IS NOT NULL",
)
WAITING = ("queued", "offered")
OPEN = ("queued", "offered", "delivered")


@dataclass(frozen=True)
class Message:
    """One line of the outbox; `state` is queued, offered, delivered or one of the final states."""

    mid: str
    share: str | None
    org: str
    ctr: str
    class_: str
    type: str
    eid: str | None
    rev: int | None
    state: str
    detail: str
    made_at: str
    changed_at: str
    attempts: int
    envelope: str


_COLUMNS = "mid, share, org, ctr, class, type, eid, rev, state, detail, made_at, changed_at, attempts, envelope"


def add(connection: Connection, message: Message) -> None:
    """Queue a message in the open transaction."""
    marks = ", ".join("?" * 14)
    values = tuple(message.__dict__.values())
    connection.exec_driver_sql(f"INSERT INTO outbox ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def _found(connection: Connection, clause: str, *values: str) -> list[Message]:
    return [Message(*row) for row in plain_rows(connection, f"SELECT {_COLUMNS} FROM outbox{clause}", values)]  # noqa: S608


def messages(connection: Connection, *states: str) -> list[Message]:
    """Return the messages in these states (all without any), oldest first."""
    clause = f" WHERE state IN ({', '.join('?' * len(states))})" if states else ""
    return _found(connection, f"{clause} ORDER BY made_at, mid", *states)


def message(connection: Connection, mid: str) -> Message | None:
    """Return one message."""
    return next(iter(_found(connection, " WHERE mid = ?", mid)), None)


def of_share(connection: Connection, share: str) -> list[Message]:
    """Return a share's messages, oldest first."""
    return _found(connection, " WHERE share = ? ORDER BY made_at", share)


def of_entry(connection: Connection, org: str, eid: str, class_: str) -> list[Message]:
    """Return the messages of one class about one entry to an organisation, by revision."""
    return _found(connection, " WHERE eid = ? AND org = ? AND class = ? ORDER BY rev, made_at", eid, org, class_)


def mids(connection: Connection, *states: str) -> set[str]:
    """Return the ids of the messages in these states."""
    marks = ", ".join("?" * len(states))
    return {mid for (mid,) in plain_rows(connection, f"SELECT mid FROM outbox WHERE state IN ({marks})", states)}  # noqa: S608


def with_detail(connection: Connection, state: str, detail: str) -> set[str]:
    """Return the ids of the messages in a state that have these words beside them, without their envelopes."""
    statement = "SELECT mid FROM outbox WHERE state = ? AND detail = ?"
    return {mid for (mid,) in plain_rows(connection, statement, (state, detail))}


def waiting_entries(connection: Connection) -> int:
    """Return how many entries the hub has not acknowledged yet."""
    statement = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'offered') AND class = 'data'"
    ((count,),) = plain_rows(connection, statement)
    return int(count)


def waiting_shares(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return by share where its entry waits, queued or offered with no outcome known, and the words beside it."""
    statement = (
        "SELECT share, state, detail FROM outbox"
        " WHERE state IN ('queued', 'offered') AND share IS NOT NULL AND class = 'data'"
    )
    return {share: (state, detail) for share, state, detail in plain_rows(connection, statement)}


def withdrawals(connection: Connection) -> dict[str, str]:
    """Return by share where the message stands that takes it back."""
    statement = "SELECT share, state FROM outbox WHERE type = 'withdrawal' AND share IS NOT NULL ORDER BY made_at"
    return dict(plain_rows(connection, statement))


def mark(connection: Connection, mid: str, state: str, now: str, detail: str = "", *, tried: bool = False) -> None:
    """Move a message to a state."""
    connection.exec_driver_sql(
        "UPDATE outbox SET state = ?, detail = ?, changed_at = ?, attempts = attempts + ? WHERE mid = ?",
        (state, detail, now, int(tried), mid),
    )


def exchange(connection: Connection, name: str) -> str:
    """Return where the exchange with the hub stands: `epoch`, `cursor`, `last_sync` and the like; blank at first."""
    row = next(plain_rows(connection, "SELECT value FROM exchange WHERE name = ?", (name,)), None)
    return str(row[0]) if row else ""


def set_exchange(connection: Connection, name: str, value: str) -> None:
    """Keep where the exchange stands."""
    connection.exec_driver_sql(
        "INSERT INTO exchange (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
