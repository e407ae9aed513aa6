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
from storage.places import Platform, check_open, check_place, in_cloud, mount_type, on_network
from storage.types import Flag, Json, UtcText, from_utc_text, utc_text
from storage.vault import create
from tests.conftest import PASSPHRASE, PERSON, SCHOOL

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/export /net/nfs nfs4 rw 0 0
//server/staff /net/staff\\040share cifs rw 0 0
school@host: /srv/dsl/remote fuse.sshfs rw 0 0
remote: /srv/dsl/drive fuse.rclone rw 0 0
tmpfs /net/nfs/local tmpfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/dsl/vault", "ext4"),
        ("/net/nfs", "nfs4"),
        ("/net/nfs/a/b", "nfs4"),
        ("/net/nfsother", "ext4"),
        ("/net/nfs/local/vault", "tmpfs"),
        ("/net/staff share/vault", "cifs"),
        ("/srv/dsl/remote/vault", "fuse.sshfs"),
        ("/srv/dsl/drive", "fuse.rclone"),
    ],
)
def test_the_longest_mount_point_decides(folder, kind):
    assert mount_type(folder, MOUNTS) == kind
    linux = Platform("linux", mounts=lambda: MOUNTS, resolve=str)
    assert on_network(Path(folder), linux) == (kind not in ("ext4", "tmpfs"))


@pytest.mark.parametrize(
    "name", ["OneDrive", "OneDrive - Example School", "Dropbox", "Google Drive", "iCloud Drive", "Nextcloud"]
)
def test_a_folder_that_a_cloud_copies_is_refused_and_nothing_is_made(tmp_path, name):
    folder = tmp_path / name / "vault"
    with pytest.raises(Refused):
        create(folder, school=SCHOOL, user=PERSON, passphrase=PASSPHRASE)
    assert not folder.exists()


MAC_MOUNTS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
//dsl@server/staff on /Volumes/staff share (smbfs, nodev, nosuid, mounted by dsl)
/dev/disk5s1 on /Volumes/STICK (msdos, local, nodev, nosuid)
broken
"""


@pytest.mark.parametrize(
    ("folder", "network"),
    [
        ("/home of dsl/Library/Application Support/dsl-console/vault", False),
        ("/Volumes/staff share/vault", True),
        ("/Volumes/staff share", True),
        ("/Volumes/STICK/vault", False),
    ],
)
def test_on_macos_the_mount_that_is_not_local_is_the_network(folder, network):
    mac = Platform("darwin", mounts=lambda: MAC_MOUNTS, resolve=str)
    assert on_network(Path(folder), mac) == network


@pytest.mark.parametrize(
    ("folder", "network", "cloud"),
    [
        (r"C:\People\dsl\AppData\Local\dsl-console\vault", False, False),
        (r"\\server\staff\vault", True, False),
        ("//server/staff/vault", True, False),
        (r"\\?\UNC\server\staff\vault", True, False),
        (r"\\?\C:\vaults\vault", False, False),
        (r"S:\vault", True, False),
        (r"C:\People\dsl\OneDrive - Example School\vault", False, True),
        (r"C:\Work Files\vault", False, True),
        (r"c:\work files\sub\vault", False, True),
        (r"C:\Work Files of ours\vault", False, False),
        (r"G:\My Drive\vault", False, True),
    ],
)
def test_windows_shares_mapped_drives_and_onedrive(folder, network, cloud):
    windows = Platform(
        "win32",
        drive_type=lambda root: 4 if root.upper().startswith("S:") else 3,
        environment={"OneDriveCommercial": r"C:\Work Files"},
        resolve=str,
    )
    assert on_network(Path(folder), windows) == network
    assert in_cloud(Path(folder), windows) == cloud


def test_a_link_into_a_share_is_the_share():
    linux = Platform("linux", mounts=lambda: MOUNTS, resolve=lambda path: path.replace("/srv/dsl/link", "/net/nfs"))
    assert on_network(Path("/srv/dsl/link/vault"), linux)


def test_a_vault_that_was_moved_onto_a_share_is_not_opened_and_one_in_a_cloud_draws_a_caution():
    linux = Platform("linux", mounts=lambda: MOUNTS, resolve=str)
    with pytest.raises(Refused, match="not opened"):
        check_open(Path("/net/nfs/vault"), linux)
    assert "cloud" in check_open(Path("/srv/dsl/Dropbox/vault"), linux)
    assert check_open(Path("/srv/dsl/vault"), linux) == ""


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
