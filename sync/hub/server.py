"""Serve the hub: one process, one file; TLS except on the machine itself (protocol: §6)."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from practice.errors import Refused
from sync.hub.api import Hub, application
from sync.hub.invites import close, invite, new_epoch, status
from sync.hub.limits import Limits
from sync.hub.sqlite_writer import database_path
from sync.hub.store_sqlite import Store

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

    def __init__(self, config: uvicorn.Config, hub: Hub, listener: socket.socket, lock: FileLock) -> None:
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
            self._lock.release()


def make_server(
    database: str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    limits: Limits | None = None,
) -> HubServer:
    """A server bound to its address but not yet serving; Refused if it may not, or cannot, serve there."""
    if certificate is None and not is_loopback(host):
        raise Refused(
            "The hub serves other machines only over TLS. It was not started.",
            hint="Give a certificate and its key, or serve on 127.0.0.1 behind a proxy that does TLS.",
        )
    if certificate is not None and not (certificate.is_file() and certificate_key and certificate_key.is_file()):
        raise Refused("The certificate or its key is not there. The hub was not started.")
    limits = limits or Limits()
    path = database_path(database)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The thread that serves releases it, which need not be the one that took it.
    lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as fault:
        raise Refused("Another hub already serves this database. This one was not started.") from fault
    try:
        listener = _listener(host, port)
        try:
            hub = Hub(Store(path, limits), limits)
        except BaseException:
            listener.close()
            raise
    except BaseException:
        lock.release()
        raise
    config = uvicorn.Config(
        application(hub),
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=4000,
        ssl_certfile=certificate,
        ssl_keyfile=certificate_key,
    )
    return HubServer(config, hub, listener, lock)


def serve(
    database: str,
    host: str,
    port: int,
    ready: Callable[[str], None],
    *,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve until interrupted; `ready` is called with the hub's URL once it answers. Port 0 takes a free one."""
    log_to_stderr()
    server = make_server(database, host, port, certificate=certificate, certificate_key=certificate_key, limits=limits)
    server.ready = ready
    kinds = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    previous = {kind: signal.getsignal(kind) for kind in kinds}
    # uvicorn raises the signal again once it has stopped; an asked-for stop is no fault, so that one is let pass.
    for kind in previous:
        signal.signal(kind, lambda *_: None)
    try:
        server.serve_until_stopped()
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)


def _listener(host: str, port: int) -> socket.socket:
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
