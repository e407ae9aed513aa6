"""Drafts: sealed at each pause, and never in the clear (design: §4)."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime

import pytest

from practice.errors import Refused
from storage import room
from storage.drafts import inbox_info
from storage.keys import FLOOR
from storage.people import add_person, remove_person
from storage.sealed import seal
from storage.vault import open_vault
from tests.conftest import PASSPHRASE, PERSON

BEN = "seven tall paper boats"
FIELDS = {"child": "Ada Thistlewood", "text": "She said [he hit me]", "when": "yesterday"}


def test_a_draft_survives_and_is_read_back_as_it_stood(vault_folder, passphrase):
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        vault.drafts.seal("concern", FIELDS | {"text": "half"})
        vault.drafts.seal("concern", FIELDS)
        vault.drafts.seal("review", {"reason": "x"})
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        assert vault.drafts.get("concern").fields == FIELDS
        assert [draft.name for draft in vault.drafts.all()] == ["review", "concern"]
        vault.drafts.drop("concern")
        vault.drafts.drop("concern")
        assert vault.drafts.get("concern") is None


@pytest.fixture
def ben(vault_folder, passphrase):
    """Somebody else's open vault, beside the first person's."""
    with open_vault(vault_folder, passphrase=passphrase) as vault:
        add_person(vault, "Ben Ode", "deputy", BEN, FLOOR)
    with open_vault(vault_folder, passphrase=BEN, user="Ben Ode") as vault:
        yield vault


def test_a_draft_is_its_writers_alone_and_is_not_written_over_by_a_colleagues(ben, vault_folder, passphrase):
    with open_vault(vault_folder, passphrase=passphrase, user=PERSON) as ann:
        ann.drafts.seal("log", FIELDS)
        assert (ben.drafts.get("log"), ben.drafts.all()) == (None, [])
        ben.drafts.seal("log", {"text": "of another child"})
        assert (ann.drafts.get("log").fields, ben.drafts.get("log").fields["text"]) == (FIELDS, "of another child")
        ben.drafts.drop("log")
        assert [draft.fields for draft in ann.drafts.all()] == [FIELDS]
        taken = vault_folder / "drafts" / f"log.{ben.person.id}.draft"
        taken.write_bytes((vault_folder / "drafts" / f"log.{ann.person.id}.draft").read_bytes())
        assert ben.drafts.get("log") is None, "a renamed file is still its writer's"
        ann.drafts.forget(lambda draft: draft.name == "log")
        assert ann.drafts.all() == []


def test_what_was_begun_by_nobody_who_still_opens_the_vault_is_gone_on_with_by_whoever_opens_it(
    ben, vault_folder, passphrase
):
    (vault_folder / "drafts" / "log.draft").write_bytes(
        sealed_for(ben, {"name": "log", "saved_at": NOW, "fields": FIELDS})
    )
    ben.drafts.seal("review", {"reason": "x"})
    ben.close()
    with open_vault(vault_folder, passphrase=passphrase, user=PERSON) as ann:
        assert [draft.name for draft in ann.drafts.all()] == ["log"]
        remove_person(ann, ben.person.id, "Left in July.")
        assert {draft.name for draft in ann.drafts.all()} == {"log", "review"}
        assert [ann.drafts.get(name).fields for name in ("log", "review")] == [FIELDS, {"reason": "x"}]
        assert {path.name for path in (vault_folder / "drafts").iterdir()} == {
            f"log.{ann.person.id}.draft",
            f"review.{ann.person.id}.draft",
        }
        ann.drafts.drop("log")
        assert ann.drafts.get("log") is None


def test_nothing_of_it_lies_on_the_disk_in_the_clear(vault):
    vault.drafts.seal("concern", FIELDS)
    files = list((vault.folder / "drafts").iterdir())
    assert [file.name for file in files] == [f"concern.{vault.person.id}.draft"]
    for text in FIELDS.values():
        for encoded in (text.encode(), text.encode("utf-16-le")):
            assert encoded not in files[0].read_bytes()
    if os.name == "posix":
        assert files[0].stat().st_mode & 0o077 == 0


def test_two_drafts_of_different_length_are_of_one_size(vault):
    vault.drafts.seal("short", {"text": "a"})
    vault.drafts.seal("long", {"text": "a" * 700})
    sizes = {file.stat().st_size for file in (vault.folder / "drafts").iterdir()}
    assert len(sizes) == 1


def sealed_for(vault, content) -> bytes:
    """What anybody who can write to the folder may leave there: sealing needs the public key only."""
    stored = content if isinstance(content, bytes) else json.dumps(content).encode()
    return seal(stored, vault.drafts._inbox, inbox_info(vault.id, "children"))


NOW = datetime.now(UTC).isoformat()
HOSTILE = {
    "no json": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "a list": [1, 2],
    "nothing": {},
    "another name": {"name": "other", "saved_at": NOW, "fields": {}},
    "a naive time": {"name": "bad", "saved_at": "2026-11-21T12:00:00", "fields": {}},
    "a time that is none": {"name": "bad", "saved_at": 7, "fields": {}},
    "fields that are none": {"name": "bad", "saved_at": NOW, "fields": "text"},
}


@pytest.mark.parametrize("content", HOSTILE)
def test_a_draft_that_is_none_hides_no_other(vault, content):
    vault.drafts.seal("concern", FIELDS)
    (vault.folder / "drafts" / "bad.draft").write_bytes(sealed_for(vault, HOSTILE[content]))
    assert [draft.name for draft in vault.drafts.all()] == ["concern"]


def test_a_damaged_one_is_left_where_it_is_and_the_others_are_read(vault):
    vault.drafts.seal("concern", FIELDS)
    vault.drafts.seal("review", {"reason": "x"})
    path = vault.folder / "drafts" / f"review.{vault.person.id}.draft"
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    (vault.folder / "drafts" / "large.draft").write_bytes(bytes(400_000))
    assert [draft.name for draft in vault.drafts.all()] == ["concern"]
    assert path.exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "x" * 61, "x.draft", "con cern"])
def test_a_name_that_could_leave_the_folder_is_refused(vault, name):
    with pytest.raises(Refused):
        vault.drafts.seal(name, FIELDS)


def test_a_draft_as_large_as_a_note_is_kept_and_a_larger_one_refused(vault):
    vault.drafts.seal("concern", {"text": "é" * 32768, "childs_words": "x" * 65536})
    assert len(vault.drafts.get("concern").fields["text"]) == 32768
    with pytest.raises(Refused):
        vault.drafts.seal("concern", {"text": "x" * 400_000})
    assert len(vault.drafts.get("concern").fields["text"]) == 32768, "the one before stays"


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "Free some room"), (errno.EIO, "drive is plugged in")])
def test_a_draft_that_the_disk_does_not_take_is_held_and_kept_as_soon_as_it_can_be(vault, monkeypatch, number, hint):
    def fails(*_: object) -> None:
        raise OSError(number, "")

    vault.drafts.seal("log", {"text": "Half"})
    with monkeypatch.context() as broken:
        broken.setattr(room, "write_atomic", fails)
        with pytest.raises(Refused, match="held while this program runs") as caught:
            vault.drafts.seal("log", {"text": "Half a thought"})
        assert hint in caught.value.hint
        assert vault.drafts.get("log").fields["text"] == "Half a thought", "the form was left, and is opened again"
        assert [draft.fields["text"] for draft in vault.drafts.all()] == ["Half a thought"]
        assert not vault.drafts.keep_unkept()
    assert vault.drafts.keep_unkept()
    with open_vault(vault.folder, passphrase=PASSPHRASE) as again:
        assert again.drafts.get("log").fields["text"] == "Half a thought"
    vault.drafts.drop("log")
    assert vault.drafts.get("log") is None


def test_a_full_disk_takes_a_draft_in_the_room_that_the_vault_keeps(vault, monkeypatch):
    kept, write_atomic = vault.folder / room.NAME, room.write_atomic

    def full(path, data):
        if kept.exists():
            raise OSError(errno.ENOSPC, "")
        write_atomic(path, data)

    assert kept.stat().st_size == room.SIZE
    monkeypatch.setattr(room, "write_atomic", full)
    vault.drafts.seal("log", {"text": "Half a thought"})
    assert not kept.exists()
    vault.close()
    with open_vault(vault.folder, passphrase=PASSPHRASE) as again:
        assert again.drafts.get("log").fields["text"] == "Half a thought"
        assert kept.exists(), "it is taken again where there is room"
