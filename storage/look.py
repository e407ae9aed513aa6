"""A look at an open compartment's record: the block that `OpenCompartment.read` gives.

One sync opens hundreds, most of them within another, so it is a class with two methods over one lasting connection.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.engine import RootTransaction

from storage.engine import DATABASE_ERRORS, plain_error, plain_errors

if TYPE_CHECKING:
    from storage.compartment import OpenCompartment


class Look:
    """One consistent, read-only look; within another of the same thread it is the same look."""

    __slots__ = ("_began", "_of")

    def __init__(self, of: OpenCompartment) -> None:
        self._of = of
        self._began: RootTransaction | None = None

    def __enter__(self) -> Connection:
        of = self._of
        of._read_lock.acquire()
        if of._look is not None:
            return of._look
        try:
            with plain_errors():
                connection = of._open_reading()
                self._began = connection.begin()
        except BaseException:
            of._stop_reading()
            of._read_lock.release()
            raise
        of._look = connection
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        of = self._of
        try:
            if self._began is not None:
                of._look = None
                with plain_errors():
                    self._began.__exit__(kind, fault, trace)
            if isinstance(fault, DATABASE_ERRORS):
                raise plain_error(fault) from None
        except BaseException:
            if of._look is None:
                of._stop_reading()
            raise
        finally:
            of._read_lock.release()
