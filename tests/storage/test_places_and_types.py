"""Where a vault may stand, what a column keeps, and identifiers (storage: §1, §8)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.errors import Refused
from storage.ids import new_id
from storage.places import _NETWORK_TYPES, check_place, mount_type
from storage.types import Flag, Json, UtcText, from_utc_text, utc_text
from storage.vault import create
from tests.conftest import PASSPHRASE, PERSON, SCHOOL

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/export /mnt/nfs nfs4 rw 0 0
//server/staff /mnt/staff\\040share cifs rw 0 0
school@host: /home/dsl/remote fuse.sshfs rw 0 0
remote: /home/dsl/drive fuse.rclone rw 0 0
tmpfs /mnt/nfs/local tmpfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/dsl/vault", "ext4"),
        ("/mnt/nfs", "nfs4"),
        ("/mnt/nfs/a/b", "nfs4"),
        ("/mnt/nfsother", "ext4"),
        ("/mnt/nfs/local/vault", "tmpfs"),
        ("/mnt/staff share/vault", "cifs"),
        ("/home/dsl/remote/vault", "fuse.sshfs"),
        ("/home/dsl/drive", "fuse.rclone"),
    ],
)
def test_the_longest_mount_point_decides(folder, kind):
    assert mount_type(folder, MOUNTS) == kind
    assert (kind in _NETWORK_TYPES) == (kind not in ("ext4", "tmpfs"))


@pytest.mark.parametrize(
    "name", ["OneDrive", "OneDrive - Example School", "Dropbox", "Google Drive", "iCloud Drive", "Nextcloud"]
)
def test_a_folder_that_a_cloud_copies_is_refused_and_nothing_is_made(tmp_path, name):
    folder = tmp_path / name / "vault"
    with pytest.raises(Refused):
        create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE)
    assert not folder.exists()


def test_a_local_folder_will_do(tmp_path):
    check_place(tmp_path / "one drive of ours")
    check_place(Path("relative"))


def test_a_vault_is_not_made_twice_nor_with_a_weak_passphrase(vault_folder, tmp_path):
    with pytest.raises(Refused):
        create(vault_folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE)
    with pytest.raises(Refused):
        create(tmp_path / "new", school=SCHOOL, user=PERSON, passphrase="password1234")
    assert not (tmp_path / "new").exists()


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_keeps_its_moment(moment):
    if not 1 < moment.year < 9999:
        return
    text = utc_text(moment)
    assert len(text) == 27
    assert from_utc_text(text) == moment.astimezone(UTC)


@given(st.lists(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)), min_size=2))  # noqa: DTZ001
def test_stored_times_sort_as_text(moments):
    assert sorted(map(utc_text, moments)) == [utc_text(moment) for moment in sorted(moments)]


def test_a_naive_time_is_refused_and_an_offset_is_not_dropped():
    with pytest.raises(ValueError, match="offset"):
        UtcText().process_bind_param(datetime(2026, 11, 21, 12), None)  # noqa: DTZ001
    summer = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    assert UtcText().process_bind_param(summer, None) == "2026-07-01T11:00:00.000000Z"


def test_flags_and_json_read_back():
    assert [Flag().process_bind_param(value, None) for value in (True, False, None)] == [1, 0, None]
    assert [Flag().process_result_value(value, None) for value in (1, 0, None)] == [True, False, None]
    assert Json().process_bind_param({"b": 1, "a": "é"}, None) == '{"a":"é","b":1}'
    assert Json().process_result_value('{"a":"é"}', None) == {"a": "é"}


def test_ids_sort_by_the_time_they_were_made_from_any_thread():
    made: list[list[str]] = [[] for _ in range(4)]

    def make(into: list[str]) -> None:
        into.extend(new_id() for _ in range(5000))

    threads = [threading.Thread(target=make, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ids == sorted(ids) for ids in made)
    together = {each for ids in made for each in ids}
    assert len(together) == 20_000
    assert all(each[14] == "7" and each[19] in "89ab" for each in together)
