"""A PostgreSQL server of one's own, from the system's packages: for tests and measures, in a folder that goes again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
SECONDS = 60
OTHERS = ("postgres", "nobody")


def binaries() -> Path | None:
    """Where initdb and postgres are, of the newest version installed."""
    found = [path for place in PLACES for path in Path("/").glob(place.lstrip("/")) if (path / "initdb").exists()]
    if found:
        return max(found, key=lambda path: [int(part) for part in path.parent.name.split("-") if part.isdigit()])
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def missing() -> str:
    """Why there can be no server here; nothing where there can."""
    if os.name != "posix":
        return "PostgreSQL is tried on Linux and macOS"
    return "" if binaries() else "PostgreSQL is not installed (on Debian: apt install postgresql)"


def _as_another() -> dict[str, Any]:
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    other = next(names[name] for name in OTHERS if name in names)
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


class Server:
    """One server on a socket in a short folder of its own; as durable as PostgreSQL is by itself."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make the cluster under `folder`, or where temporary files lie; raises OSError or CalledProcessError."""
        found = binaries()
        assert found is not None
        self._bin, self._as, self._numbers = found, _as_another(), count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
        self.data = self.folder / "data"
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        how = ["--auth=trust", "--username=hub", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        self.run("initdb", "-D", str(self.data), *how)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def replica(self) -> Server:
        """A streaming replica of this server, which follows it from now on."""
        other = Server.__new__(Server)
        other._bin, other._as, other._numbers = self._bin, self._as, self._numbers
        other.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=self.folder.parent))
        other.data, other._process = other.folder / "data", None
        if self._as:
            os.chown(other.folder, self._as["user"], self._as["group"])
        self.run("pg_basebackup", "-D", str(other.data), "-R", "-c", "fast", "--no-sync")
        other.start()
        return other

    def promote(self) -> None:
        """Make a replica the server that takes writes."""
        self.run("pg_ctl", "promote", "-D", str(self.data), "-t", str(SECONDS))

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's own programs as the server's user; what it printed."""
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGHOST": str(self.folder), "PGUSER": "hub"},
            check=True,
            capture_output=True,
            text=True,
            **self._as,
        )
        return done.stdout

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "shared_buffers=64MB")
        options = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                **self._as,
            )
        ends = time.monotonic() + SECONDS
        while True:
            try:
                self.run("psql", "-d", "template1", "-c", "SELECT 1")
                return
            except subprocess.CalledProcessError:
                if time.monotonic() > ends or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The server's first process, whose children do its work."""
        return self._process.pid if self._process is not None else 0

    def stop(self, how: str = "immediate") -> None:
        """Stop: `fast` as its operator would, `immediate` as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self.run("pg_ctl", "stop", "-D", str(self.data), "-m", how, "-t", str(SECONDS))
            self._process.wait(SECONDS)
        self._process = None

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, name: str, *statements: str) -> str:
        """Run statements in a database; what they printed, without frame or headings."""
        return self.run(
            "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", name, *(x for s in statements for x in ("-c", s))
        )

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://hub@/{name}?host={self.folder}"

    def database(self, template: str = "template1") -> str:
        """A new database; its address."""
        name = f"hub{next(self._numbers)}"
        self.sql("template1", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)


def with_tables(url: str) -> str:
    """Make the hub's tables in a database, and no more: no epoch, no key; its address."""
    from sync.hub.invites import status

    status(url)
    return url


def name_of(url: str) -> str:
    """The name of the database at an address."""
    return url.split("@/", 1)[1].split("?", 1)[0]
