"""The ways to a partner as they really are (a hub, a folder, the system's own OpenSSH server), and faults on each."""

from __future__ import annotations

import getpass
import queue
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from running_hub import RunningHub

from sync.carriers import sftp
from sync.carriers.contract import Carrier, CarrierAway
from sync.carriers.files import FileCarrier, Files
from sync.carriers.folder import FolderFiles, folder_carrier
from sync.carriers.hub import HubClient
from sync.carriers.hub_carrier import HubCarrier
from sync.identity import OrgKeys

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


class CuttingProxy:
    """A line that breaks now and then in the middle of what it carries."""

    def __init__(self, port: int, rate: float, seed: int, chunk: int) -> None:
        self.chance, self.rate, self.target, self.chunk, self.cuts = random.Random(seed), rate, port, chunk, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        """Hand on what comes; for each chunk it is drawn whether they break off somewhere within."""
        passed, breaks = 0, self._draw(0)
        with suppress(OSError):
            while data := source.recv(self.chunk):
                if breaks is not None and passed + len(data) >= breaks:
                    sink.sendall(data[: breaks - passed])  # a piece arrives, the rest never
                    self.cuts += 1
                    break
                sink.sendall(data)
                before, passed = passed // self.chunk, passed + len(data)
                if breaks is None and passed // self.chunk > before:
                    breaks = self._draw(passed)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _draw(self, passed: int) -> int | None:
        """Return at which byte the line breaks; None where the next chunk passes whole."""
        return passed + self.chance.randrange(1, self.chunk) if self.chance.random() < self.rate else None


class SlowLine(CuttingProxy):
    """A line on which everything arrives later, however much is on its way, and which breaks now and then."""

    def __init__(self, port: int, rate: float, seed: int, chunk: int, late: float) -> None:
        self.late = late
        super().__init__(port, rate, seed, chunk)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        on_its_way: queue.Queue[tuple[float, bytes]] = queue.Queue()
        threading.Thread(target=self._arrive, args=(on_its_way, sink), daemon=True).start()
        super()._pass(source, _Later(on_its_way, self.late))

    def _arrive(self, on_its_way: queue.Queue, sink: socket.socket) -> None:
        with suppress(OSError):
            while True:
                due, data = on_its_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


class _Later:
    """The near end of a slow line: what is put in comes out later."""

    def __init__(self, on_its_way: queue.Queue, late: float) -> None:
        self._on_its_way, self._late = on_its_way, late

    def sendall(self, data: bytes) -> None:
        self._on_its_way.put((time.monotonic() + self._late, data))

    def shutdown(self, _how: int) -> None:
        self.sendall(b"")


class FaultyFiles:
    """Files that break off before or after the work, are cut short, doubled, listed in any order with wrong sizes."""

    def __init__(self, real: Files, root: Path, rate: float, chance: random.Random) -> None:
        self.real, self.root, self.rate, self.chance = real, root, rate, chance

    def _unlucky(self) -> bool:
        return self.chance.random() < self.rate

    def _break(self) -> None:
        if self._unlucky():
            raise CarrierAway("cut")

    def close(self) -> None:
        self.real.close()

    def names(self, folder: str) -> list[tuple[str, int]]:
        self._break()
        found = list(self.real.names(folder))
        for name, _ in list(found):
            if name.endswith(".jwe") and self._unlucky():
                path = self.root / folder / name
                copy = path.with_name(f"{path.stem} (1).jwe")  # as a synced folder calls a conflict
                with suppress(OSError):
                    shutil.copyfile(path, copy)
                    found.append((copy.name, copy.stat().st_size))
        self.chance.shuffle(found)
        return [(name, size + 1 if self._unlucky() else size) for name, size in found]

    def read(self, path: str, limit: int) -> bytes | None:
        self._break()
        data = self.real.read(path, limit)
        return data[: len(data) // 2] if data and self._unlucky() else data

    def write(self, path: str, data: bytes) -> None:
        self._break()
        if path.endswith(".jwe") and self._unlucky():
            half = self.root / path
            half.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(data[: len(data) // 2])  # a folder that is kept alike shows a file before it is whole
            raise CarrierAway("cut")
        self.real.write(path, data)
        self._break()

    def remove(self, path: str) -> None:
        self._break()
        self.real.remove(path)
        self._break()


class HubWay:
    """A hub, whose clients go through a line that breaks."""

    slow = False

    def __init__(self, folder: Path) -> None:
        self.hub = RunningHub(folder)
        self.pins: dict[str, HubClient] = {}

    def carrier(self, keys: OrgKeys, rate: float = 0.0, seed: int = 0) -> Carrier:
        if keys.org not in self.pins:
            self.pins[keys.org] = self.hub.client(keys)
        url = self.hub.url
        if rate:
            url = f"http://127.0.0.1:{CuttingProxy(int(url.rsplit(':', 1)[1]), rate, seed, 2048).port}"
        return HubCarrier(HubClient(url, keys, pin=self.pins[keys.org].pin))

    def close(self) -> None:
        for client in self.pins.values():
            client.close()
        self.hub.stop()


class FolderWay:
    """A folder on this machine."""

    slow = False

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shared"
        self.root.mkdir(parents=True)

    def carrier(self, keys: OrgKeys, rate: float = 0.0, seed: int = 0) -> FileCarrier:
        if not rate:
            return folder_carrier(str(self.root), keys.org)
        return FileCarrier(FaultyFiles(FolderFiles(self.root), self.root, rate, random.Random(seed)), keys.org)

    def close(self) -> None:
        """Nothing runs."""


class SftpWay(FolderWay):
    """An OpenSSH server of this machine's system, with keys of its own, on loopback."""

    slow = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.made: list[FileCarrier] = []
        if not Path(SSHD).exists():
            pytest.skip("OpenSSH's server is not on this machine (apt install openssh-server), so SFTP was not tried")
        self.secret = sftp.new_key()
        self.host_keys = [self._host_key(folder / f"host_{number}") for number in (1, 2)]
        (folder / "authorized").write_text(sftp.public_line(self.secret) + "\n")
        self.folder = folder
        self.start(0)

    def _host_key(self, path: Path) -> Path:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path

    def start(self, host_key: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        lines = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.host_keys[host_key],
            "AuthorizedKeysFile": self.folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
            "MaxStartups": "1000",
            "Subsystem": "sftp internal-sftp",
        }
        (self.folder / "config").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        with suppress(OSError):
            Path("/run/sshd").mkdir(exist_ok=True)  # what the system's own start of it would make
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", self.folder / "config"], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "listening on" in line:
                break
        else:
            pytest.skip(f"OpenSSH's server does not start for this account, so SFTP was not tried: {''.join(said)}")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.fingerprint = sftp.host_fingerprint(sftp.parse(self.url))

    @property
    def url(self) -> str:
        return f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{self.root}"

    def carrier(self, keys: OrgKeys, rate: float = 0.0, seed: int = 0) -> FileCarrier:
        url = self.url
        if rate:
            url = url.replace(f":{self.port}/", f":{CuttingProxy(self.port, rate, seed, 8192).port}/")
        self.made.append(sftp.sftp_carrier(url, self.fingerprint, self.secret, keys.org))
        return self.made[-1]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def close(self) -> None:
        for carrier in self.made:
            carrier.close()
        self.stop()


KINDS = {"hub": HubWay, "folder": FolderWay, "sftp": SftpWay}


@contextmanager
def running(kind: str, folder: Path) -> Iterator[HubWay | FolderWay | SftpWay]:
    """A way of this kind, as long as it is used."""
    folder.mkdir(parents=True, exist_ok=True)
    way = KINDS[kind](folder)
    try:
        yield way
    finally:
        way.close()
