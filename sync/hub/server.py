"""Serve the hub: one process on a file, several on PostgreSQL; TLS except on the machine itself (protocol: §6)."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from practice.errors import Refused
from sync.hub.api import Hub, application
from sync.hub.invites import close, invite, new_epoch, status
from sync.hub.limits import Limits
from sync.hub.metrics import Tally
from sync.hub.opening import is_postgres, open_store
from sync.hub.patience import patient
from sync.hub.sqlite_writer import database_path
from sync.hub.workers import serve_together

__all__ = ["HubServer", "close", "invite", "make_server", "new_epoch", "serve", "status"]
STOP_SECONDS = 10


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class HubServer(uvicorn.Server):
    """A uvicorn server that says when it is ready, and lets long polls end when it stops."""

    def __init__(self, config: uvicorn.Config, hub: Hub, listener: socket.socket, lock: FileLock | None) -> None:
        super().__init__(config)
        self.hub = hub
        self.ready: Callable[[str], None] | None = None
        self._listener = listener
        self._lock = lock
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if config.is_ssl else 'http'}://{shown}:{port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready is not None:
            self.ready(self.url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.hub.stop()
        await super().shutdown(sockets)

    def serve_until_stopped(self) -> None:
        """Serve until told to stop by a signal or by `should_exit`; what was asked before is answered."""
        try:
            self.run(sockets=[self._listener])
        finally:
            self._listener.close()
            if self._lock is not None:
                self._lock.release()


def check_address(host: str, certificate: Path | None, certificate_key: Path | None) -> None:
    """Raise Refused where the hub may not serve: beyond this machine without TLS, or with a certificate amiss."""
    if certificate is None and not is_loopback(host):
        raise Refused(
            "The hub serves other machines only over TLS. It was not started.",
            hint="Give a certificate and its key, or serve on 127.0.0.1 behind a proxy that does TLS.",
        )
    if certificate is not None and not (certificate.is_file() and certificate_key and certificate_key.is_file()):
        raise Refused("The certificate or its key is not there. The hub was not started.")


def make_server(
    database: str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    limits: Limits | None = None,
    listener: socket.socket | None = None,
    answers: Tally | None = None,
) -> HubServer:
    """A server bound to its address but not yet serving; Refused if it may not, or cannot, serve there.

    A worker brings the listener and the tally that all of them share.
    """
    check_address(host, certificate, certificate_key)
    limits = limits or Limits()
    lock = None if is_postgres(database) else _only_one(database_path(database))
    own = listener is None
    try:
        listener = listener or bound(host, port)
        try:
            hub = Hub(open_store(database, limits), limits, answers)
        except BaseException:
            if own:
                listener.close()
            raise
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    config = uvicorn.Config(
        application(hub),
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        server_header=False,
        ws="none",
        http=patient(limits.head_seconds),
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=4000,
        ssl_certfile=certificate,
        ssl_keyfile=certificate_key,
    )
    return HubServer(config, hub, listener, lock)


def _only_one(path: Path) -> FileLock:
    """Hold the file for one hub."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The thread that serves releases it, which need not be the one that took it.
    lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as fault:
        raise Refused("Another hub already serves this database. This one was not started.") from fault
    return lock


def serve(
    database: str,
    host: str,
    port: int,
    ready: Callable[[str], None],
    *,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    limits: Limits | None = None,
    workers: int = 1,
) -> None:
    """Serve until interrupted; `ready` is called with the hub's URL once it answers. Port 0 takes a free one."""
    log_to_stderr()
    if workers > 1:
        check_address(host, certificate, certificate_key)
        listener, answers = _shared(database, host, port, workers, limits or Limits())

        def worker(number: int) -> HubServer:
            answers.worker = number
            return make_server(
                database,
                host,
                certificate=certificate,
                certificate_key=certificate_key,
                limits=limits,
                listener=listener,
                answers=answers,
            )

        serve_together(workers, worker, ready)
        return
    server = make_server(database, host, port, certificate=certificate, certificate_key=certificate_key, limits=limits)
    server.ready = ready
    with stopping_quietly():
        server.serve_until_stopped()


def _shared(database: str, host: str, port: int, workers: int, limits: Limits) -> tuple[socket.socket, Tally]:
    """What several workers share: the listener, and the memory in which they count."""
    if not is_postgres(database):
        raise Refused(
            "Only one process serves a file. The hub was not started.",
            hint="Leave --workers out, or give a PostgreSQL database.",
        )
    if not hasattr(os, "fork"):
        raise Refused("Several workers need Linux or macOS. The hub was not started.", hint="Leave --workers out.")
    open_store(database, limits)
    return bound(host, port), Tally(workers)


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """uvicorn raises the signal again once it has stopped; an asked-for stop is no fault, so that one is let pass."""
    kinds = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    previous = {kind: signal.getsignal(kind) for kind in kinds}
    for kind in previous:
        signal.signal(kind, lambda *_: None)
    try:
        yield
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; Refused where there can be none."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Named as TCP, since asyncio sends small answers without delay only on sockets that say so.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as fault:
        raise Refused(
            "The hub cannot listen at that address: it is in use, or not of this machine.",
            hint="Give another --port, or --port 0 for a free one.",
        ) from fault
    return listener


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"at": int(record.created), "level": record.levelname.lower(), "text": record.getMessage()})


def log_to_stderr() -> None:
    """One JSON object a line, on standard error: faults by their class, never a value from a request."""
    log = logging.getLogger("sync.hub")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_AsJson())
        log.addHandler(handler)
        log.propagate = False
    log.setLevel(logging.INFO)
