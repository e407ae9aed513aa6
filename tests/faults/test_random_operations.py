"""Any sequence of operations, then a crash, then an opening: what is there is what a model says (storage: §6.18).

A process of its own draws fifty operations, names each before it begins and again once it is acknowledged, and is
killed among them. The record must be the model of those acknowledged, or of those and the one that was under way.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from practice.acts import AdultAdded, AdultConcernLogged, AdultDecided, Amended, ChildAdded, ConcernLogged, Decided
from storage import register
from storage.desk import register as desk
from storage.ids import new_id
from storage.ledger import Draft
from storage.register import Register
from storage.vault import Vault, open_vault
from storage.views import children, record
from storage.views import register as views
from tests.conftest import PASSPHRASE
from tests.faults import in_register
from tests.faults.processes import ROOT
from tests.faults.sizes import say, size
from tests.faults.work import OCCURRED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its workers")
SEQUENCES = size(3, 100, 500)
LENGTH = 50
Operation = dict[str, str]


class Children:
    """The children's record: children, concerns, amendments, decisions, drafts."""

    @staticmethod
    def opened(folder: Path) -> Vault:
        return open_vault(folder, passphrase=PASSPHRASE)

    @staticmethod
    def close(vault: Vault) -> None:
        vault.close()

    @staticmethod
    def drawn(model: dict[str, Any], turns: random.Random) -> Operation:
        """Draw what is done next, given what there is."""
        kinds = ["child", "draft", "reopen", "checkpoint"]
        kinds += ["concern"] * 3 if model["children"] else []
        kinds += ["amend", "amend", "decide"] if model["entries"] else []
        kinds += ["drop"] if model["drafts"] else []
        kind = turns.choice(kinds)
        text = f"[x] {turns.random()} " * turns.choice((1, 1, 40, 300))
        made = {"kind": kind, "id": new_id(), "text": text.strip()}
        if kind == "concern":
            made["of"] = turns.choice(sorted(model["children"]))
        elif kind in {"amend", "decide"}:
            made["of"] = turns.choice(sorted(model["entries"]))
        elif kind in {"draft", "drop"}:
            made["of"] = turns.choice(sorted(model["drafts"])) if kind == "drop" else f"draft-{turns.randrange(3)}"
        return made

    @staticmethod
    def modelled(model: dict[str, Any], done: Operation) -> None:
        """Take an operation into the model."""
        kind = done["kind"]
        if kind == "child":
            model["children"][done["id"]] = f"Kit {done['id'][-6:]}"
        elif kind == "concern":
            model["entries"][done["id"]] = [done["of"], [done["text"]], ""]
        elif kind == "amend":
            model["entries"][done["of"]][1].append(done["text"])
        elif kind == "decide":
            model["entries"][done["of"]][2] = "monitor_with_review_date"
        elif kind == "draft":
            model["drafts"][done["of"]] = done["text"]
        elif kind == "drop":
            model["drafts"].pop(done["of"])

    @staticmethod
    def empty() -> dict[str, Any]:
        return {"children": {}, "entries": {}, "drafts": {}}

    @staticmethod
    def do(vault: Vault, operation: Operation) -> None:
        """Do an operation on the real vault."""
        kind, of, text = operation["kind"], operation.get("of", ""), operation["text"]
        if kind == "child":
            vault.record(ChildAdded(legal_forename="Kit", legal_surname=operation["id"][-6:]), child=operation["id"])
        elif kind == "concern":
            vault.record(ConcernLogged(text=text, occurred=OCCURRED), child=of, entry=operation["id"])
        elif kind in {"amend", "decide"}:
            row = record.get(vault, of)
            body = Amended(sees=row.version, text=text, reason="x") if kind == "amend" else None
            vault.record(body or Decided(decision="monitor_with_review_date", reason="x"), child=row.child_id, entry=of)
        elif kind == "draft":
            vault.drafts.seal(of, {"text": text})
        elif kind == "drop":
            vault.drafts.drop(of)
        elif kind == "checkpoint":
            vault.checkpoint()

    @staticmethod
    def found(vault: Vault) -> dict[str, Any]:
        """Return what the vault holds, in the shape of the model."""
        entries = {}
        with vault.read() as connection:
            ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM entries")]
        for row in record.by_ids(vault, ids):
            texts = [version.text for version in record.detail(vault, row.id).versions]
            entries[row.id] = [row.child_id, texts, row.decision]
        return {
            "children": {child.id: child.name for child in children.all_children(vault)},
            "entries": entries,
            "drafts": {draft.name: draft.fields["text"] for draft in vault.drafts.all()},
        }


class Adults:
    """The adults' register: adults, concerns, amendments, decisions, who left."""

    @staticmethod
    def opened(folder: Path) -> Register:
        vault = open_vault(folder, passphrase=PASSPHRASE)
        return register.open_with(vault, vault.person_keys)

    @staticmethod
    def close(held: Register) -> None:
        held.close()
        held.vault.close()

    @staticmethod
    def drawn(model: dict[str, Any], turns: random.Random) -> Operation:
        """Draw what is done next, given what there is."""
        kinds = ["new", "reopen", "checkpoint", *(["concern", "concern", "left", "change"] if model["adults"] else [])]
        kinds += ["amend", "amend", "decide"] if model["entries"] else []
        kind = turns.choice(kinds)
        made = {"kind": kind, "id": new_id(), "text": f"[x] {turns.random()} " * turns.choice((1, 1, 40, 300))}
        if kind in {"concern", "left", "change"}:
            made["of"] = turns.choice(sorted(model["adults"]))
        elif kind in {"amend", "decide"}:
            made["of"] = turns.choice(sorted(model["entries"]))
        return made | {"text": made["text"].strip()}

    @staticmethod
    def modelled(model: dict[str, Any], done: Operation) -> None:
        """Take an operation into the model."""
        kind, of, text = done["kind"], done.get("of", ""), done["text"]
        if kind == "new":
            model["adults"][done["id"]] = [f"Kit {done['id'][-6:]}", ""]
            model["entries"][done["id"][::-1]] = [done["id"], [text], ""]
        elif kind == "concern":
            model["entries"][done["id"]] = [of, [text], ""]
        elif kind == "amend":
            model["entries"][of][1].append(text)
        elif kind == "decide":
            model["entries"][of][2] = "training"
        elif kind == "left":
            model["adults"][of][1] = "2026-07-31"
        elif kind == "change":
            model["adults"][of][0] = text[:60].strip()

    @staticmethod
    def empty() -> dict[str, Any]:
        return {"adults": {}, "entries": {}}

    @staticmethod
    def do(held: Register, operation: Operation) -> None:
        """Do an operation on the real register."""
        kind, of, text = operation["kind"], operation.get("of", ""), operation["text"]
        if kind == "new":
            ident = operation["id"]
            added = Draft(AdultAdded(name=f"Kit {ident[-6:]}"), None, ident)
            logged = AdultConcernLogged(adult=ident, text=text, occurred=OCCURRED)
            with held.write() as unit:
                unit.record_many([added, Draft(logged, None, ident[::-1])])
        elif kind == "concern":
            held.record(AdultConcernLogged(adult=of, text=text, occurred=OCCURRED), entry=operation["id"])
        elif kind == "amend":
            desk.amend(held, of, text, "x")
        elif kind == "decide":
            held.record(AdultDecided(decision="training", reason="x"), entry=of)
        elif kind == "left":
            desk.left(held, of, date(2026, 7, 31))
        elif kind == "change":
            desk.change_adult(held, of, text[:60], "", "", "x")
        elif kind == "checkpoint":
            held.checkpoint()

    @staticmethod
    def found(held: Register) -> dict[str, Any]:
        """Return what the register holds, in the shape of the model."""
        adults = {row.id: [row.name, str(row.leaving_date or "")] for row in views.adults(held)}
        entries = {
            row.id: [row.adult.id, [each["text"] for each in row.versions], (row.decision or {}).get("decision", "")]
            for row in views.entries(held)
        }
        return {"adults": adults, "entries": entries}


WORLDS: dict[str, Any] = {"children": Children, "adults": Adults}


def work(name: str, folder: Path, seed: int) -> None:
    """Draw and do the operations; a line before each, and one after."""
    world = WORLDS[name]
    turns, model = random.Random(seed), world.empty()
    vault = world.opened(folder)
    for _ in range(LENGTH):
        operation = world.drawn(model, turns)
        os.write(1, b"begin " + json.dumps(operation).encode() + b"\n")
        if operation["kind"] == "reopen":
            world.close(vault)
            vault = world.opened(folder)
        else:
            world.do(vault, operation)
        world.modelled(model, operation)
        os.write(1, b"done\n")
    os.write(1, b"end\n")
    signal.pause()


def nursery() -> None:
    """Fork a process for each world, folder and seed on standard input."""
    from tests.faults.operations import derive_once

    derive_once()
    for line in sys.stdin:
        name, rest = line.rstrip("\n").split(" ", 1)
        folder, seed = rest.rsplit(" ", 1)
        child = os.fork()
        if child == 0:
            try:
                work(name, Path(folder), int(seed))
            finally:
                os._exit(1)
        os.write(1, f"born {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def killed(
    process: subprocess.Popen[bytes], name: str, folder: Path, seed: int
) -> tuple[dict[str, Any], Operation | None]:
    """Let a sequence run until it is killed; the model of what was acknowledged, and what was under way."""
    turns = random.Random(seed + 1)
    world = WORLDS[name]
    after, model, pending, pid, told = turns.randrange(LENGTH + 1), world.empty(), None, 0, 0
    process.stdin.write(f"{name} {folder} {seed}\n".encode())
    process.stdin.flush()
    while (line := process.stdout.readline()) != b"dead\n":
        word, _, rest = line.decode().rstrip("\n").partition(" ")
        if word == "born":
            pid = int(rest)
        elif word == "begin":
            pending = json.loads(rest)
        elif word == "done":
            world.modelled(model, pending)
            pending, told = None, told + 1
        if (told == after or word == "end") and pid:
            select.select([], [], [], turns.uniform(0, 0.004))
            os.kill(pid, signal.SIGKILL)
            pid = 0
    return model, pending


@pytest.mark.parametrize("name", list(WORLDS))
def test_after_a_crash_the_record_is_what_the_model_says(vault_template, tmp_path, name):
    world, template = WORLDS[name], vault_template
    if name == "adults":
        template = tmp_path / "adults"
        in_register.make(template)
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.faults.test_random_operations import nursery; nursery()"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    wrong, operations, sequences = [], 0, SEQUENCES if name == "children" else size(1, 100, 500)
    for seed in range(sequences):
        folder = Path(shutil.copytree(template, tmp_path / "vault"))
        model, pending = killed(process, name, folder, seed)
        operations += sum(len(each) for each in model.values())
        vault = world.opened(folder)
        held = world.found(vault)
        if held != model and pending is not None:
            world.modelled(model, pending)
        if held != model or vault.alarm is not None or not vault.verify(rebuild=True).ok:
            wrong.append((seed, pending))
        world.close(vault)
        shutil.rmtree(folder)
    process.stdin.close()
    process.stdout.close()
    process.wait(30)
    where = "" if name == "children" else " (the adults' register)"
    say(
        f"random operations, a crash, an opening{where}",
        f"{sequences} sequences of up to {LENGTH}, {len(wrong)} not as the model",
    )
    assert wrong == []
    assert operations > sequences


def test_a_record_without_its_last_act_is_not_the_model(vault):
    """The control."""
    world, turns = Children, random.Random(5)
    model = world.empty()
    for _ in range(12):
        operation = world.drawn(model, turns)
        if operation["kind"] != "reopen":
            world.do(vault, operation)
        world.modelled(model, operation)
    assert world.found(vault) == model
    world.modelled(model, {"kind": "child", "id": new_id(), "text": ""})
    assert world.found(vault) != model
