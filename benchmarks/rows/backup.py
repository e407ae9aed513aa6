"""Backup: written, opened again and checked whole, beside SQLCipher's own export alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Pair, Row, timed
from benchmarks.vaults import vault_of

ORDER = 8


@contextmanager
def prepare(folder: Path, size: int) -> Iterator[Pair]:
    from storage.backup import backup
    from storage.engine import connect
    from storage.keys import hkdf, new_key

    with vault_of(folder / "vault", size) as (vault, _ids):
        vault.checkpoint()
        made, target = folder / "exported.db", folder / "made.dslb"

        def export() -> None:
            """The export as its documentation shows it, into a new file each time."""
            connection = connect(vault.folder / "children.db", hkdf(vault.compartment_key, "database"))
            try:
                secret = "x'" + new_key().hex() + "'"
                connection.execute("ATTACH DATABASE ? AS made KEY ?", (str(made), secret))
                connection.execute("SELECT sqlcipher_export('made')").fetchone()
                connection.execute("DETACH DATABASE made")
            finally:
                connection.close()

        def theirs() -> float:
            made.unlink(missing_ok=True)
            return timed(export)

        yield Pair(lambda: timed(lambda: backup(vault, target)), theirs)


ROW = Row(
    "backup",
    "backup: written, opened again, every page and act checked",
    "sqlcipher_export alone",
    2.0,
    prepare,
    sizes=(10_000, 100_000),
    rounds=5,
    warm_up=1,
)
