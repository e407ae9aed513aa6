"""From a passphrase that was accepted to Today: the database opened, and all that Today and its frame show read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.frame import Pair, Row, timed
from benchmarks.raw import asked
from benchmarks.vaults import PASSPHRASE, vault_of

ORDER = 2.5


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from dsl_console.frame import frame_state
    from storage.engine import make_engine
    from storage.keys import hkdf
    from storage.unlocking import unlock
    from storage.vault import open_vault, utc_now
    from storage.views.today import today

    with vault_of(folder / "vault", size) as (vault, _ids):
        key = hkdf(vault.compartment_key, "database")
    unlocked = unlock(folder / "vault", PASSPHRASE)

    def ours() -> None:
        """What the console does once the passphrase was accepted."""
        with open_vault(folder / "vault", unlocked=unlocked) as opened:
            frame_state(opened)
            view = today(opened, utc_now())
        assert view.act_today

    with asked() as statements:
        ours()

    def theirs() -> None:
        """The same questions through one connection, their answers fetched and let go."""
        engine = make_engine(folder / "vault" / "children.db", key, query_only=True)
        try:
            with engine.connect() as connection:
                for statement, parameters in statements:
                    fetched: list[Any] = list(connection.exec_driver_sql(statement, parameters).fetchall())
                    del fetched
        finally:
            engine.dispose()

    yield Pair(lambda: timed(ours), lambda: timed(theirs))


ROW = Row(
    "today",
    "passphrase accepted → Today's contents, without Argon2id",
    "a raw SQLCipher open and the same queries",
    2.0,
    prepare,
    sizes=(10_000, 100_000),
    rounds=9,
    most=0.4,
    note="Today: none of the entries has a decision, which is the worst that can be; in a school nearly all have one.",
)
