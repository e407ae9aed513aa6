"""A stranger's partner, in Python and in Node, exchanges with a school's real vault over a hub in its own process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange import COUNCIL, POLICE, SCHOOL, TEXT, WORDS, Place

from sync import partners
from sync.hub.server import invite
from tests.faults.sizes import say

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "partner"
VECTORS = ROOT / "tests" / "sync" / "vectors.json"


class HubProcess:
    """`dsl-console hub serve`, as an operator starts it."""

    def __init__(self, folder: Path) -> None:
        self.database = str(folder / "hub.db")
        command = [sys.executable, "-m", "dsl_console", "hub", "serve", "--database", self.database, "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=folder)
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path_factory.mktemp("hub"))
    yield hub
    hub.process.terminate()
    assert hub.process.wait(15) == 0


@pytest.fixture(scope="module")
def school(served: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("school") / "vault", SCHOOL, "Northfield Invented Primary", "school")
    place.join(served)
    yield place
    place.vault.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node example with its one package, as `npm ci` installs it from the lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on this machine, so the Node example was not run")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 20:
        pytest.skip(f"Node {version.strip()} is here and the example needs 20, so it was not run")
    folder = tmp_path_factory.mktemp("node") / "partner"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--prefer-offline"]
    try:
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not fetch the jose package within a minute, so the Node example was not run")
    if found.returncode and any(word in found.stderr for word in ("ENOTFOUND", "ECONN", "EAI_AGAIN", "ETIMEDOUT")):
        pytest.skip("no package registry can be reached, so the Node example was not run")
    assert found.returncode == 0, found.stderr
    return folder


def run(*command: str | Path) -> list[dict]:
    """Run an example and return the JSON lines that it printed."""
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]


def exchange(command: list[str | Path], org: str, served: HubProcess, school: Place) -> None:
    """Join, read what the school shared, answer, send; each side sees the other's words and receipts."""
    (joined,) = run(*command, "enrol", served.url, invite(served.database, org))
    assert joined == {"done": org}
    known = partners.add_partner(school.vault, org)
    assert known.kind in ("social_care", "police")
    share = school.share(school.entry(school.child()), org)
    assert school.sync().sent == 1
    read, done = run(*command, "read")
    assert (read["type"], read["from"], read["body"]["childs_voice"]) == ("entry", SCHOOL, WORDS)
    assert (read["body"]["event"], done) == (TEXT, {"done": 1})
    said = f"Seen at home [today] by {org} \u2019"
    run(*command, "send", SCHOOL, "Aisha Example", said)
    report = school.sync()
    assert (report.acknowledged, report.received, report.errors) == (1, 1, [])
    assert school.state(share) == "acknowledged"
    (item,) = [each for each in school.items("waiting") if each.org == org]
    assert (item.text, item.hint_name) == (said, "Aisha Example")
    school.accept(item.id, school.child("Aisha", f"Of {known.kind}".title()))
    assert school.sync().sent == 0
    receipts = run(*command, "read")
    assert [each["body"]["status"] for each in receipts[:-1]] == ["stored", "shown"], "what was acknowledged is gone"


def test_a_partner_in_under_200_lines_of_python_exchanges_with_a_school(
    served: HubProcess, school: Place, tmp_path: Path
) -> None:
    source = (EXAMPLES / "python" / "partner.py").read_text("utf-8")
    assert len(source.splitlines()) < 200
    assert not [
        word for word in ("practice", "storage", "sync", "screens", "dsl_console") if f"import {word}" in source
    ]
    # Outside the checkout nothing of ours is on the path, only what is installed.
    copy = shutil.copy(EXAMPLES / "python" / "partner.py", tmp_path)
    exchange([sys.executable, "-P", copy, tmp_path / "partner.json"], COUNCIL, served, school)
    assert (tmp_path / "partner.json").stat().st_mode & 0o077 == 0


def test_a_partner_in_node_exchanges_with_a_school(
    served: HubProcess, school: Place, node: Path, tmp_path: Path
) -> None:
    exchange(["node", node / "partner.mjs", tmp_path / "partner.json"], POLICE, served, school)


def test_node_opens_and_refuses_the_published_vectors_as_python_does(node: Path, tmp_path: Path) -> None:
    found = json.loads(VECTORS.read_text("utf-8"))
    (done,) = run("node", node / "partner.mjs", "vectors", VECTORS)
    assert done["done"] == {"opened": len(found["good"]), "refused": len(found["refused"])}
    bad = len(found["refused"])
    # The control: vectors that are wrong do not pass.
    found["refused"][0]["jose"] = found["good"][0]["jose"]
    (tmp_path / "wrong.json").write_text(json.dumps(found))
    wrong = subprocess.run(
        ["node", node / "partner.mjs", "vectors", tmp_path / "wrong.json"], capture_output=True, check=False
    )
    assert wrong.returncode != 0
    said = f"{len(found['good'])} opened, {bad} refused; a wrong one is noticed"
    say("F19: the published vectors in Node, with another library", said)


def test_the_lock_file_names_no_registry() -> None:
    locked = json.loads((EXAMPLES / "node" / "package-lock.json").read_text("utf-8"))
    assert all("resolved" not in each for each in locked["packages"].values())
    assert all(each.get("integrity") for name, each in locked["packages"].items() if name)
