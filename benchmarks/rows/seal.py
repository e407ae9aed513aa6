"""Signing and sealing alone, as an approval does it for three partners, beside jwcrypto doing no more than that."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.frame import Pair, Row
from benchmarks.rows.approve import preparing

ORDER = 8.51


def prepare(folder: Path, _size: int) -> AbstractContextManager[Pair]:
    return preparing(folder, whole=False)


ROW = Row(
    "seal",
    "one entry signed and sealed for three partners, its address and form checked, as an approval does it",
    "jwcrypto signing and sealing the same bytes three times",
    1.5,
    prepare,
    sizes=(0,),
    rounds=40,
)
