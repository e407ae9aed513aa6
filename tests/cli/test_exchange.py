"""A share by command: from one vault to another, through a hub that is a process of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsl_console.cli.main import root
from practice.acts import SchoolSet
from storage.desk.children import add_child
from storage.keys import FLOOR
from storage.vault import create
from tests.cli.school import HOSTILE, PASSPHRASE, School, serving

US, THEM = "urn:scx:gb:urn:100123", "urn:scx:gb:la:301"


@pytest.fixture
def council(tmp_path: Path, first_vault: School) -> School:
    """A partner with a vault of its own."""
    about = SchoolSet(name="Tarn Borough", organisation="social_care")
    vault, _ = create(tmp_path / "council", school=about, user="P. Ray", passphrase=PASSPHRASE, kdf=FLOOR)
    with vault:
        child = add_child(vault, name="Ada Lowe", date_of_birth="2016-05-03")[0]
    return School(tmp_path / "council", first_vault.passphrase_file, {"Ada Lowe": child})


def invite(database: Path, org: str) -> str:
    done = CliRunner().invoke(root, ["hub", "invite", org, "--database", str(database), "--json"])
    answer = json.loads(done.stdout)
    assert answer["agency"] == org
    return answer["code"]


def make_partners(school: School, council: School, database: Path, url: str) -> None:
    """Join both to the hub, let each add the other, and compare the words."""
    for place, org in ((school, US), (council, THEM)):
        done = place.run("hub", "enrol", url, "-", "--json", typed=invite(database, org)).json
        assert (done["id"], done["state"]) == (org, "enrolled")
    school.run("partner", "add", "301", "--name", "Tarn Borough", "--kind", "social-care", "--json")
    council.run("partner", "add", US)
    words = council.run("hub", "status", "--json").json["fingerprint"]
    listed = school.run("partner", "list", "--json").json
    assert [(each["id"], each["name"], each["kind"], each["verified"]) for each in listed] == [
        (THEM, "Tarn Borough", "social_care", False)
    ]
    assert listed[0]["fingerprint"] == words
    school.run("partner", "verify", "Tarn Borough", "--words", "not these words at all", status=1)
    assert school.run("partner", "verify", "Tarn Borough", "--words", words, "--json").json["state"] == "verified"
    assert school.run("partner", "list", "--json").json[0]["verified"] is True


def approve(school: School, share: str, *more: str, status: int = 0) -> str:
    frozen = school.run("share", "preview", share, "--json").json
    assert hashlib.sha256(frozen["payload"].encode()).hexdigest() == frozen["digest"]
    answers = ["--basis", "public-task", "--child-told", "told", "--parent-told", "not-safe", "--reason", "-"]
    done = school.run(
        *["share", "approve", share, "--digest", frozen["digest"], *answers, "--json", *more],
        typed="She needs to be seen.",
        status=status,
    )
    return done.json["state"] if status == 0 else ""


def test_a_share_goes_out_is_accepted_and_its_receipt_comes_back(
    school: School, council: School, tmp_path: Path
) -> None:
    database = tmp_path / "hub.db"
    with serving(database) as url:
        port = url.rsplit(":", 1)[1]
        make_partners(school, council, database, url)
        entry = school.log(HOSTILE, "--when", "yesterday", "--category", "physical")
        share = school.run("share", "propose", entry, "--to", "Tarn Borough", "--json").json
        assert share["state"] == "proposed"
        plain = school.run("share", "preview", share["id"]).out
        assert HOSTILE in plain
        assert "Digest: " in plain
        assert '"event"' in plain
        assert approve(school, share["id"]) == "queued"
    down = school.run("sync", "--json", status=5)
    assert down.error["status"] == 5
    assert school.run("share", "list", "--json").json[0]["state"] == "queued"
    with serving(database, port):
        report = school.run("sync", "--json").json
        assert (report["sent"], report["queued"], report["refused"], report["errors"]) == (1, 0, 0, [])
        assert council.run("sync", "--json").json["received"] == 1
        (item,) = council.run("inbox", "list", "--json").json
        assert (item["from"], item["state"], item["text"]) == ("Kestrel Primary", "waiting", HOSTILE)
        assert item["child_hint"] == {"name": "Ada Lowe", "date_of_birth": "2016-05-03"}
        assert HOSTILE in council.run("inbox", "list").out
        accepted = council.run("inbox", "accept", item["id"], "--child", "Ada Lowe", "--json").json
        assert accepted["state"] == "accepted"
        council.run("sync")
        assert school.run("sync", "--json").json["acknowledged"] >= 1
    received = council.run("chronology", "Ada Lowe", "--json").json["entries"]
    assert [(each["text"], each["source"]) for each in received] == [(HOSTILE, "Kestrel Primary")]
    (listed,) = school.run("share", "list", "--json").json
    assert (listed["state"], listed["entry_id"], listed["approved_by"]) == ("acknowledged", entry, "R. Khan")
    shared = school.run("chronology", "Ada Lowe", "--json").json["entries"][0]["shared"]
    assert shared == [{"partner": "Tarn Borough", "state": "acknowledged"}]
    assert HOSTILE in council.run("chronology", "Ada Lowe").out


def test_shares_are_held_refused_and_cancelled_and_agreements_end(
    school: School, council: School, tmp_path: Path
) -> None:
    database = tmp_path / "hub.db"
    with serving(database) as url:
        make_partners(school, council, database, url)
    agreement = school.run(
        *["contract", "add", "Tarn Borough", "--purpose", "-", "--basis", "public_task", "--review", "2099-07-01"],
        *["--categories", "neglect,physical", "--json"],
        typed="Early help.",
    ).json["id"]
    listed = school.run("contract", "list", "--json").json
    assert [(each["id"], each["categories"], each["ended"]) for each in listed] == [
        (agreement, ["neglect", "physical"], False)
    ]
    ids = {}
    for state in ("held", "not_shared", "withheld", "queued"):
        entry = school.log(f"For {state}.")
        made = school.run("share", "propose", entry, "--to", THEM, "--contract", agreement, "--json").json
        ids[state] = made["id"]
    for state, word in (("held", "hold"), ("not_shared", "refuse")):
        done = school.run("share", word, ids[state], "--reason", "-", "--json", typed="Not now.").json
        assert done == {"id": ids[state], "state": state}
    for state in ("withheld", "queued"):
        approve(school, ids[state])
    school.run("share", "cancel", ids["withheld"], "--reason", "-", typed="A mistake.")
    states = {each["id"]: each["state"] for each in school.run("share", "list", "--json").json}
    assert states == {ident: state for state, ident in ids.items()}
    school.run("share", "approve", ids["held"], "--digest", "0" * 64, "--json", status=2)
    ended = school.run("contract", "end", agreement, "--reason", "-", "--json", typed="Over.").json
    assert (ended["state"], ended["withheld"]) == ("ended", 1)
    removed = school.run("partner", "remove", "Tarn Borough", "--reason", "-", "--json", typed="Closed.").json
    assert removed == {"id": THEM, "state": "removed"}


def test_before_a_hub_was_joined_sharing_says_what_to_do(school: School) -> None:
    assert "hub enrol" in school.run("sync", "--json", status=1).error["hint"]
    assert school.run("hub", "status", "--json").json["joined"] is False
    assert school.run("share", "list", "--json").json == []
    assert school.run("inbox", "list", "--json").json == []
    school.run("share", "preview", "none", "--json", status=1)
    school.run("inbox", "accept", "none", "--child", "Ada Lowe", "--json", status=1)


def test_a_share_goes_by_hand_and_by_a_folder_without_a_hub(school: School, council: School, tmp_path: Path) -> None:
    files = {place: tmp_path / name for place, name in ((US, "ours.keys"), (THEM, "theirs.keys"))}
    school.run("partner", "keys", str(files[US]), status=1)
    words = school.run("partner", "keys", str(files[US]), "--code", "100123").err.splitlines()[1].strip()
    council.run("partner", "keys", str(files[THEM]), "--code", THEM)
    assert words in council.run("partner", "add", "--keys", str(files[US])).err
    school.run("partner", "add", "301", "--keys", str(files[US]), status=1)
    school.run("partner", "add", "301", "--keys", str(files[THEM]), "--name", "Tarn Borough")
    share = school.run("share", "propose", school.log(HOSTILE), "--to", "301", "--json").json["id"]
    approve(school, share)
    there, back = tmp_path / "there.scx", tmp_path / "back.scx"
    assert school.run("bundle", "write", "301", str(there), "--json").json["messages"] == 1
    taken = council.run("bundle", "take", str(there), "--answer", str(back), "--json").json
    assert (taken["received"], taken["from"], taken["answered"]) == (1, US, 1)
    assert "   1  receipts for what was sent" in school.run("bundle", "take", str(back)).out
    assert school.run("share", "list", "--json").json[0]["state"] == "acknowledged"
    assert HOSTILE.encode() not in there.read_bytes() + back.read_bytes()
    # From now on by a folder that both see.
    (tmp_path / "shared").mkdir()
    school.run("partner", "carrier", "301", "--folder", str(tmp_path / "gone"), status=1)
    school.run("partner", "carrier", "301", "--folder", str(tmp_path / "shared"), "--hand", status=2)
    for place, org in ((school, THEM), (council, US)):
        place.run("partner", "carrier", org, "--folder", str(tmp_path / "shared"))
    assert school.run("partner", "list", "--json").json[0]["way"] == "folder"
    assert f"by the folder {tmp_path / 'shared'}" in school.run("partner", "list").out
    share = school.run("share", "propose", school.log("Later."), "--to", "301", "--json").json["id"]
    approve(school, share)
    assert school.run("sync", "--unattended", "--json", status=1).error["status"] == 1
    assert school.run("sync", "--json").json["sent"] == 1
    assert council.run("sync", "--json").json["received"] == 1
    assert school.run("sync", "--unattended", "--json").json["received"] >= 1
    assert school.run("sync", "--json").json["acknowledged"] == 1
    school.run("partner", "carrier", "301", "--sftp", "sftp://host", "--host-key", "x", status=1)
