"""SFTP as a carrier: an OpenSSH server whose host key was compared once and is the only one believed (protocol: §7).

A file is written under a temporary name, brought to the server's disk and renamed, so that a reader sees it whole or
not at all. asyncssh is asked for when it is needed: it comes with the extra `sftp`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from practice.errors import Refused
from sync.carriers.contract import CarrierAway
from sync.carriers.files import MOST_FILES, FileCarrier

if TYPE_CHECKING:
    import asyncssh

T = TypeVar("T")
CONNECT_SECONDS = 10
CALL_SECONDS = 60
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
LATER = "Nothing was lost: what was to be sent stays queued. Try again later."


@dataclass(frozen=True)
class Server:
    """Where an SFTP server is, whom it knows us as, and the folder there."""

    user: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The address as it is kept and shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sftp://{quote(self.user)}@{host}:{self.port}{quote(self.path)}"


def parse(text: str) -> Server:
    """Read `sftp://user@host:port/folder`; raises Refused for anything else, and for a password in it."""
    try:
        parts = urlsplit(text.strip())
        server = Server(unquote(parts.username or ""), parts.hostname or "", parts.port or 22, unquote(parts.path))
        good = parts.scheme == "sftp" and server.user and server.host and not (parts.query or parts.fragment)
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or parts.password is not None or not server.path.isprintable() or len(text) > 1000:
        raise Refused(
            "That is not written as the address of an SFTP folder. Nothing was changed.",
            hint="Write it as sftp://user@host/folder, with :port after the host where it is not 22, and no password.",
        )
    return Server(server.user, server.host, server.port, server.path.rstrip("/") or "/")


def _asyncssh() -> Any:
    try:
        import asyncssh
    except ImportError:
        raise Refused(
            "SFTP needs a part that is not installed. Nothing was changed.",
            hint="Install dsl-console with its extra: dsl-console[sftp].",
        ) from None
    return asyncssh


def new_key() -> bytes:
    """Return a fresh private key with which this organisation shows itself to SFTP servers, in OpenSSH's form."""
    made: bytes = _asyncssh().generate_private_key("ssh-ed25519", comment="dsl-console").export_private_key()
    return made


def public_line(secret: bytes) -> str:
    """Return the public part as the line that the server's operator puts into `authorized_keys`."""
    line: bytes = _asyncssh().import_private_key(secret).export_public_key()
    return line.decode("ascii").strip()


def host_fingerprint(server: Server) -> str:
    """Ask a server for its host key and return its fingerprint, for a person to compare; raises CarrierAway."""
    asyncssh = _asyncssh()

    async def ask() -> str:
        wanted = asyncssh.get_server_host_key(server.host, server.port, config=None)
        key = await asyncio.wait_for(wanted, CONNECT_SECONDS)
        return key.get_fingerprint() if key is not None else ""

    try:
        found = asyncio.run(ask())
    except (OSError, TimeoutError, asyncssh.Error):
        raise CarrierAway("The SFTP server could not be reached.", LATER) from None
    if not FINGERPRINT.fullmatch(found):
        raise CarrierAway("The SFTP server showed no host key.", LATER)
    return str(found)


class SftpFiles:
    """The files under one folder of an SFTP server; the line opens with the first call."""

    def __init__(self, server: Server, host_key: str, secret: bytes) -> None:
        self._server = server
        self._host_key = host_key
        self._secret = secret
        self._runner: asyncio.Runner | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._swapped = False

    def close(self) -> None:
        runner, connection = self._runner, self._connection
        self._runner = self._connection = self._client = None
        if runner is None:
            return

        async def ended() -> None:
            if connection is not None:
                connection.abort()
                await asyncio.wait_for(connection.wait_closed(), CONNECT_SECONDS)

        with suppress(OSError, TimeoutError, _asyncssh().Error):  # the line is gone either way
            runner.run(ended())
        runner.close()

    # -- the line ------------------------------------------------------------------------------------------------------

    async def _opened(self) -> asyncssh.SFTPClient:
        if self._client is not None:
            return self._client
        asyncssh = _asyncssh()
        files = self

        class Pinned(asyncssh.SSHClient):  # type: ignore[misc,name-defined]
            def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: Any) -> bool:
                files._swapped = key.get_fingerprint() != files._host_key
                return not files._swapped

        self._connection = await asyncssh.connect(
            self._server.host,
            self._server.port,
            username=self._server.user,
            client_factory=Pinned,
            client_keys=[asyncssh.import_private_key(self._secret)],
            known_hosts=([], [], []),  # nobody is believed but the pinned key, whatever this account has met before
            preferred_auth="publickey",
            agent_path=None,
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS * 2,
            keepalive_interval=15,
        )
        assert self._connection is not None
        client = await self._connection.start_sftp_client()
        if not await client.isdir(self._server.path):
            raise CarrierAway("The folder on the SFTP server is not there.", LATER)
        self._client = client
        return client

    def _run(self, work: Awaitable[T]) -> T:
        """Run one call to its end; whatever breaks the line is one sentence, and the next call opens another."""
        asyncssh = _asyncssh()
        if self._runner is None:
            self._runner = asyncio.Runner()

        async def whole() -> T:
            return await asyncio.wait_for(work, CALL_SECONDS)

        try:
            return self._runner.run(whole())
        except CarrierAway:
            self.close()
            raise
        except (OSError, TimeoutError, asyncssh.Error, EOFError):
            swapped = self._swapped
            self.close()
            if swapped:
                raise CarrierAway(
                    "The SFTP server showed another host key than the one that was compared. Nothing was sent to it.",
                    "Ring its operator. If they changed it, compare the new one: dsl-console partner carrier.",
                ) from None
            raise CarrierAway("The SFTP server could not be reached, or broke off.", LATER) from None

    # -- files ---------------------------------------------------------------------------------------------------------

    def _at(self, path: str) -> str:
        return f"{self._server.path.rstrip('/')}/{path}"

    def names(self, folder: str) -> Sequence[tuple[str, int]]:
        return self._run(self._names(folder))

    async def _names(self, folder: str) -> list[tuple[str, int]]:
        asyncssh = _asyncssh()
        client = await self._opened()
        found: list[tuple[str, int]] = []
        try:
            async for entry in client.scandir(self._at(folder)):
                regular = entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
                name = entry.filename if isinstance(entry.filename, str) else entry.filename.decode("utf-8", "replace")
                if regular and entry.attrs.size is not None and len(found) < MOST_FILES:
                    found.append((name, int(entry.attrs.size)))
        except asyncssh.SFTPNoSuchFile:
            return []
        return found

    def read(self, path: str, limit: int) -> bytes | None:
        return self._run(self._read(path, limit))

    async def _read(self, path: str, limit: int) -> bytes | None:
        client = await self._opened()
        try:
            async with client.open(self._at(path), "rb") as file:
                data: bytes = await file.read(limit)
        except _asyncssh().SFTPNoSuchFile:
            return None
        return data[:limit]

    def write(self, path: str, data: bytes) -> None:
        self._run(self._write(path, data))

    async def _write(self, path: str, data: bytes) -> None:
        asyncssh = _asyncssh()
        client = await self._opened()
        folder, _, name = path.rpartition("/")
        await client.makedirs(self._at(folder), exist_ok=True)
        temporary = self._at(f"{folder}/.{name}.part")
        async with client.open(temporary, "wb") as file:
            await file.write(data)
            with suppress(asyncssh.SFTPOpUnsupported):  # every OpenSSH since 6.5 can; another server writes through
                await file.fsync()
        try:
            await client.posix_rename(temporary, self._at(path))
        except asyncssh.SFTPOpUnsupported:
            with suppress(asyncssh.SFTPNoSuchFile):
                await client.remove(self._at(path))
            await client.rename(temporary, self._at(path))

    def remove(self, path: str) -> None:
        self._run(self._remove(path))

    async def _remove(self, path: str) -> None:
        client = await self._opened()
        with suppress(_asyncssh().SFTPNoSuchFile):
            await client.remove(self._at(path))


def sftp_carrier(place: str, host_key: str, secret: bytes, org: str) -> FileCarrier:
    """Return a carrier over an SFTP folder; nothing is asked of the server yet."""
    return FileCarrier(SftpFiles(parse(place), host_key, secret), org)
