"""Verifying the chain of acts, beside SHA-256 and HMAC over the very same bytes and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 9


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage import chain, ledger, secrets_table

    with vault_of(folder / "vault", size) as (vault, _ids), vault.long_read() as connection:
        key = secrets_table.get(connection, secrets_table.AUDIT) or b""
        lines = [
            (row[12], ledger.line_bytes(row[:11], row[11]), row[13], row[14])
            for row in connection.exec_driver_sql(
                "SELECT a.id, a.device, a.seq, a.captured_at, a.recorded_at, a.author, a.kind, a.child, a.entry,"
                " a.event, a.clock, a.digest, a.mac, b.salt, b.body FROM acts a JOIN bodies b ON b.act = a.id"
                " ORDER BY a.device, a.seq"
            )
        ]

        def ours() -> None:
            count, problems = chain.verify_chain(connection, key, order=True)
            assert (count, problems) == (len(lines), [])

        def theirs() -> None:
            before = b""
            for mac, line, salt, body in lines:
                hmac.digest(key, before + line, "sha256")
                hashlib.sha256(salt + body).digest()
                before = mac

        yield Pair(lambda: timed(ours), lambda: timed(theirs))


ROW = Row(
    "verify",
    "verify every act (chain and bodies; signatures apart)",
    "sha256 and HMAC of the same bytes, already in memory",
    5.0,
    prepare,
    sizes=(10_000, 100_000),
    rounds=5,
    warm_up=1,
)
