"""What must hold of a vault, a backup and a restored vault after a crash, given what was acknowledged before it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from practice.acts import ChildAdded
from practice.errors import WrongPassphrase
from storage import backup_check, container
from storage.desk import triage
from storage.keys import hkdf
from storage.vault import Vault, exists, open_vault
from storage.views import erasures, record, reports
from tests.conftest import PASSPHRASE, PERSON
from tests.faults import in_register
from tests.faults.operations import BEN, ERASED, NEW
from tests.storage.decrypted import traces

_ANOTHER = ChildAdded(legal_forename="After", legal_surname="Thistlewood")


class Wrong(Exception):
    """What a state lost, or that it cannot be used."""


def expect(right: bool, what: str) -> None:
    if not right:
        raise Wrong(what)


def reopened(folder: Path, said: Counter[str]) -> Vault:
    """Open a vault with the passphrase of its time: with the new one for certain where that was acknowledged."""
    try:
        return open_vault(folder, passphrase=PASSPHRASE if not said["passphrase new"] else NEW, user=PERSON)
    except WrongPassphrase:
        if said["passphrase new"]:
            raise
        return open_vault(folder, passphrase=NEW, user=PERSON)


def check_vault(folder: Path, said: Counter[str], entry: str = "entry", *, rebuild: bool = True) -> None:
    """Raise Wrong unless a vault opens without an alarm, is whole, holds what was acknowledged, and can be written.

    Without `rebuild` it is checked once only, after one act more: its very database was found whole before.
    """
    words = [line.split(maxsplit=1) for line in said]
    with reopened(folder, said) as vault:
        expect(vault.alarm is None, f"alarm: {vault.alarm}")
        if rebuild:
            report = vault.verify(rebuild=True)
            expect(report.ok, f"problems: {report.problems}")
        entries = [each[1] for each in words if each[0] == entry]
        expect(len(record.by_ids(vault, entries)) == len(entries), "an acknowledged entry is lost")
        drafts = [int(each[1]) for each in words if each[0] == "draft"]
        kept = vault.drafts.get("log") if drafts else None
        expect(not drafts or (kept is not None and int(kept.fields["text"]) >= max(drafts)), "a draft is lost")
        triage.take_in(vault)
        left = {each[1] for each in words if each[0] == "report"}
        expect(left <= {row.id for row in reports.reports(vault)}, "a sealed report is lost")
        header = vault._header
        generation = max([int(each[1]) for each in words if each[0] == "generation"], default=0)
        expect(header.compartments["children"].generation >= generation, "a rotation came undone")
        vault.record(_ANOTHER, child="01932f7e-7b1c-7000-8000-000000000001")
        expect(vault.verify().ok, "the vault is not whole after one act more")
    if said["person Ben Ode"]:
        open_vault(folder, passphrase=BEN, user="Ben Ode").close()


def check_backup(root: Path, said: Counter[str]) -> None:
    """Raise Wrong unless the file under the backup's name is a whole backup, the newest acknowledged or a later one."""
    promised = max([int(line.split()[1]) for line in said if line.startswith("backup ")], default=0)
    file = root / "backups" / "a.dslb"
    if not file.exists():
        expect(not promised, "an acknowledged backup is lost")
        return
    with open_vault(root / "vault", passphrase=PASSPHRASE) as vault:
        found = container.read(file)
        work = root / "work"
        work.mkdir()
        header = backup_check.header_of(found, work)
        backup_check.check_manifest(found, header, vault.compartment_key)
        key = backup_check.unwrap(found, header.slots[0], vault.person_keys)
        container.extract(found, "children.db", work / "x.db")
        held = backup_check.check_database(work / "x.db", hkdf(key, "database"))
        expect(held.seq >= promised, "the backup is an older one than was acknowledged")


def check_erasure(folder: Path, said: Counter[str]) -> None:
    """Raise Wrong unless the record is whole, or gone without a trace."""
    with reopened(folder, said) as vault:
        state = [row.state for row in erasures.rows(vault)]
        words = traces(vault, (ERASED,))
        if state == ["erased"]:
            expect(not words, f"after the erasure a word stands {words} times")
            return
        expect(not said["erased"], "an acknowledged erasure is undone")
        expect(len(record.search(vault, ERASED)) == 6, "the record is neither whole nor erased")


def _named(said: Counter[str], kind: str) -> set[str]:
    return {line.split()[1] for line in said if line.startswith(f"{kind} ")}


def check(name: str, root: Path, said: Counter[str], *, rebuild: bool = True) -> None:
    """Raise Wrong or ConsoleError where a state is not as it must be.

    A state that holds with more acknowledged holds with less. Without `rebuild` the views are not worked out afresh,
    for databases that were found whole already.
    """
    check_vault(root / "vault", said, rebuild=rebuild)
    if name == "register":
        found = in_register.faults(root / "vault", _named(said, "adult"), rebuild=rebuild)
        expect(not found, f"the register: {found}")
    if name == "erasure":
        check_erasure(root / "vault", said)
    if name == "backup":
        check_backup(root, said)
    if name == "restore":
        if exists(root / "restored"):
            check_vault(root / "restored", said, "restored-entry", rebuild=rebuild)
        else:
            expect(not said["restored"], "a restored vault is lost")
