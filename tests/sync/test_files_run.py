"""Entries go by a folder, a server or a bundle as they go by the hub: once each, whatever breaks on the way (§7)."""

from __future__ import annotations

import functools
import json
import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from exchange import COUNCIL, PASSPHRASE, POLICE, SCHOOL, TEXT, WORDS, Killed, Place
from ways import FaultyFiles, SftpWay, running

from practice.errors import Refused
from storage import outbox
from storage.vault import open_vault
from storage.views import record, sharing
from storage.views.today import today
from sync import agreements, bundles, contracts, files_run, partners, renewing, run, unattended, ways
from sync.carriers import sftp
from sync.carriers.files import FileCarrier, folder_of
from sync.carriers.folder import FolderFiles
from tests.faults.sizes import say, size

SEEDS = size(1, 20, 100)
BROKE: list[int] = []
"""How often each run broke off."""


def meet(one: Place, other: Place, *, name: str = "") -> None:
    """Two organisations that know each other by key sets handed over, without any hub."""
    partners.add_by_keys(one.vault, partners.own_key_set(other.vault, other.org), other.org, name)
    partners.add_by_keys(other.vault, partners.own_key_set(one.vault, one.org), one.org)


def via(place: Place, org: str, folder: Path) -> None:
    ways.by_folder(place.vault, sharing.partner(place.vault, org), str(folder))


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    school = Place(tmp_path / "school", SCHOOL, "Northfield Invented Primary", "school")
    council = Place(tmp_path / "council", COUNCIL, "Northfield Invented Council", "social_care")
    for place in (school, council):
        partners.own_key_set(place.vault, place.org)
    meet(school, council, name="The council")
    yield school, council
    school.vault.close()
    council.vault.close()


@pytest.fixture
def by_folder(pair: tuple[Place, Place], shared: Path) -> tuple[Place, Place]:
    school, council = pair
    via(school, COUNCIL, shared)
    via(council, SCHOOL, shared)
    return pair


def inbox(shared: Path, org: str) -> Path:
    return shared / folder_of(org) / "in"


def detail(place: Place, share: str) -> str:
    return next(each.detail for each in place.outbox() if each.share == share)


def test_the_whole_way_and_back_by_a_folder_without_any_hub(by_folder: tuple[Place, Place], shared: Path) -> None:
    school, council = by_folder
    share = school.share(school.entry(school.child()), COUNCIL)
    report = school.sync()
    assert (report.sent, report.queued, report.errors) == (1, 0, [])
    assert (school.state(share), detail(school, share)) == ("delivered", "folder")
    (file,) = inbox(shared, COUNCIL).iterdir()
    assert TEXT.encode() not in file.read_bytes()
    assert file.suffix == ".jwe"
    report = council.sync()
    assert (report.received, report.errors) == (1, [])
    assert list(inbox(shared, COUNCIL).iterdir()) == [], "what was taken in for good is taken away"
    (item,) = council.items()
    assert (item.text, item.childs_words, item.sender) == (TEXT, WORDS, "Northfield Invented Primary")
    report = school.sync()
    assert (report.acknowledged, report.errors) == (1, [])
    assert (school.state(share), school.reason(share)) == ("acknowledged", "stored")
    entry = council.accept(item.id, council.child("Aisha", "Invented"))
    council.sync()
    assert school.sync().acknowledged == 1
    assert (school.reason(share), record.chronology(council.vault, council.items()[0].child_id)[0].id) == (
        "shown",
        entry,
    )
    for place in (school, council):
        assert place.spooled() == set()
        assert place.vault.verify(rebuild=True, signatures=True).problems == []
        assert place.sync() == run.SyncReport(), "nothing more is to be said by either side"
    assert [path.name for path in shared.rglob("*.jwe")] == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_faults_of_every_kind_lose_nothing_and_show_nothing_twice(
    by_folder: tuple[Place, Place], shared: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    school, council = by_folder
    chance, broke = random.Random(seed), []

    def faulty(_vault, place):
        org = SCHOOL if COUNCIL in place.orgs else COUNCIL
        return FileCarrier(FaultyFiles(FolderFiles(shared), shared, 0.08, chance), org)

    sent = [school.share(school.entry(school.child("Aisha", f"Number {n}")), COUNCIL) for n in range(2)]
    sent.append(council.share(council.entry(council.child()), SCHOOL))
    with monkeypatch.context() as context:
        context.setattr(ways, "carrier", faulty)
        for _ in range(60):
            broke += [sentence for place in (school, council) for sentence in place.sync().errors]
            if [school.state(each) for each in sent[:2]] + [council.state(sent[2])] == ["acknowledged"] * 3:
                break
    assert broke, "the control: it did break off"
    for place in (school, council):
        place.clock.ahead = timedelta(days=4)
    for _ in range(3):
        assert [
            sentence for place in (school, council) for sentence in place.sync().errors if "left" not in sentence
        ] == []
    assert [school.state(each) for each in sent[:2]] == ["acknowledged"] * 2
    assert council.state(sent[2]) == "acknowledged"
    assert len(council.items()) == 2
    assert len(school.items()) == 1
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []
    BROKE.append(len(broke))
    if len(BROKE) == SEEDS:
        say("a shared folder that fails in every way", f"{SEEDS} runs, {sum(BROKE)} breaks, 0 lost or shown twice")


def test_a_sync_that_is_killed_between_two_steps_is_taken_up_again(
    by_folder: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    school, council = by_folder
    child, other = school.child(), council.child()
    points = ("before-send", "lost-response", "taken-in", "before-ack")
    for count, point in enumerate(points, 1):
        share = school.share(school.entry(child), COUNCIL)
        mine = council.share(council.entry(other), SCHOOL)
        council.sync()
        with monkeypatch.context() as context:
            context.setattr(files_run, "reached", functools.partial(_killed, point))
            with pytest.raises(Killed):
                school.sync()
        for place in (school, council, school, council):
            place.sync()
        assert (school.state(share), council.state(mine)) == ("acknowledged", "acknowledged"), point
        assert (len(school.items()), len(council.items())) == (count, count)


def _killed(at: str, point: str) -> None:
    if point == at:
        raise Killed(point)


def test_a_lost_file_a_new_folder_and_a_folder_that_is_away(by_folder: tuple[Place, Place], shared: Path) -> None:
    school, council = by_folder
    share = school.share(school.entry(school.child()), COUNCIL)
    shared.rename(shared.with_name("unplugged"))
    report = school.sync()
    assert (report.sent, report.queued) == (0, 1)
    assert report.errors == [
        "The council: The folder for this exchange is not there. Nothing was lost: what was to be sent stays queued."
        " Put the stick in, or look at the folder, and sync again."
    ]
    assert school.state(share) == "queued"
    assert sharing.share(school.vault, share).kept == "The folder for this exchange is not there."
    shared.with_name("unplugged").rename(shared)
    assert school.sync().sent == 1
    # Another stick, or the folder emptied: what has no receipt lies there again, under the same id.
    (before,) = inbox(shared, COUNCIL).iterdir()
    content = before.read_bytes()
    shutil.rmtree(shared / folder_of(COUNCIL))
    shutil.rmtree(shared / folder_of(SCHOOL))
    assert school.sync().errors == []
    assert [path.read_bytes() for path in inbox(shared, COUNCIL).iterdir()] == [content]
    # Damaged there: laid down anew at once. Gone: it may be on its way, and is laid down again after some days.
    before.write_bytes(content[:500])
    school.sync()
    assert before.read_bytes() == content
    before.unlink()
    school.sync()
    assert (detail(school, share), list(inbox(shared, COUNCIL).iterdir())) == ("collected", [])
    school.clock.ahead = timedelta(days=4)
    school.sync()
    assert (detail(school, share), before.read_bytes()) == ("folder", content)
    # The partner took it in before, and a copy of it came late: nothing is shown twice.
    copy = before.with_name(f"{before.stem} (1).jwe")
    shutil.copyfile(before, copy)
    assert council.sync().received == 1
    copy.write_bytes(content)
    assert (council.sync().received, len(council.items())) == (0, 1)
    assert school.sync().acknowledged == 1


def test_what_has_ended_is_taken_out_of_the_folder_and_a_correction_replaces(
    by_folder: tuple[Place, Place], shared: Path
) -> None:
    school, council = by_folder
    contract = contracts.add_contract(school.vault, COUNCIL, "Early help", "public_task", contracts.today(school.vault))
    share = school.share(school.entry(school.child()), COUNCIL, contract)
    school.sync()
    assert len(list(inbox(shared, COUNCIL).iterdir())) == 1
    contracts.end(school.vault, contract, "It is over.")
    school.sync()
    assert (school.state(share), [path.name for path in inbox(shared, COUNCIL).iterdir()]) == ("withheld", [])
    assert council.sync().received == 0


def test_a_restored_vault_asks_for_what_it_took_away_from_the_folder(
    by_folder: tuple[Place, Place], shared: Path, tmp_path: Path
) -> None:
    school, council = by_folder
    council.share(council.entry(council.child()), SCHOOL)
    school.sync()
    shutil.copytree(school.vault.folder, tmp_path / "older")
    council.sync()
    assert school.sync().received == 1
    council.sync()
    school.vault.close()
    shutil.rmtree(school.vault.folder)
    shutil.copytree(tmp_path / "older", school.vault.folder)
    again = Place.__new__(Place)
    from storage.vault import open_vault

    again.org, again.clock = SCHOOL, school.clock
    again.vault = open_vault(school.vault.folder, passphrase="four plain invented words", clock=school.clock)
    try:
        assert again.items() == []
        assert again.sync().errors[0].startswith("More was taken from the folder than this vault holds")
        council.sync()
        assert again.sync().received == 1
    finally:
        again.vault.close()


def test_nobody_vouches_for_a_stranger_in_a_folder_and_a_swapped_key_stops(
    by_folder: tuple[Place, Place], shared: Path, tmp_path: Path
) -> None:
    school, council = by_folder
    council.sync()
    stranger = Place(tmp_path / "stranger", POLICE, "An Invented Unit", "police")
    partners.own_key_set(stranger.vault, POLICE)
    partners.add_by_keys(stranger.vault, partners.own_key_set(school.vault))
    via(stranger, SCHOOL, shared)
    stranger.share(stranger.entry(stranger.child()), SCHOOL)
    assert stranger.sync().sent == 1
    assert school.sync().errors == ["A message from an organisation that is no partner here was left lying."]
    assert len(list(inbox(shared, SCHOOL).iterdir())) == 1
    partners.add_by_keys(school.vault, partners.own_key_set(stranger.vault), name="The police")
    assert (school.sync().received, [item.sender for item in school.items()]) == (1, ["The police"])
    stranger.vault.close()
    # Whoever can write there lays another identity's keys down for the council: everything stops until it is compared.
    other = Place(tmp_path / "other", COUNCIL, "Northfield Invented Council", "social_care")
    (shared / folder_of(COUNCIL) / "keys.jws").write_text(partners.own_key_set(other.vault, COUNCIL))
    share = school.share(school.entry(school.child()), COUNCIL)
    assert "identity key of The council has changed" in " ".join(school.sync().errors)
    assert school.state(share) == "queued"
    (line,) = [each for each in today(school.vault, school.clock()).act_today if each.kind == "keys"]
    assert line.words == "nothing leaves until you compare words by telephone: The council has another key"
    other.vault.close()


def test_a_locked_machine_delivers_to_a_folder_and_copies_what_lies_there(
    by_folder: tuple[Place, Place], shared: Path
) -> None:
    school, council = by_folder
    with pytest.raises(Refused, match="may not exchange while it is locked"):
        unattended.run(school.vault.folder)
    school.sync()
    council.share(council.entry(council.child()), SCHOOL)
    council.sync()
    share = school.share(school.entry(school.child()), COUNCIL)
    moved = unattended.run(school.vault.folder)
    assert (moved.sent, moved.received, moved.queued, moved.errors) == (1, 1, 0, [])
    assert (school.state(share), school.items()) == ("queued", []), "nothing is believed before a person unlocked"
    assert len(list(inbox(shared, SCHOOL).iterdir())) == 1, "and nothing was taken away"
    assert unattended.run(school.vault.folder).received == 0
    assert council.sync().received == 1
    assert run.take_in(school.vault).received == 1
    assert [item.state for item in school.items()] == ["waiting"]
    report = school.sync()
    assert (report.received, report.acknowledged, list(inbox(shared, SCHOOL).iterdir())) == (0, 1, [])
    assert council.sync().acknowledged == 1
    shared.rename(shared.with_name("away"))
    assert unattended.run(school.vault.folder).errors == ["The folder for this exchange is not there."]


def test_a_bundle_goes_by_hand_and_its_receipts_come_back(pair: tuple[Place, Place], tmp_path: Path) -> None:
    school, council = pair
    row = sharing.partner(school.vault, COUNCIL)
    share = school.share(school.entry(school.child()), COUNCIL)
    assert school.sync().errors == [
        "1 sealed message waits to be carried to The council by hand: dsl-console bundle write."
    ]
    assert bundles.write(school.vault, row, tmp_path / "one.scx") == 1
    assert (school.state(share), detail(school, share)) == ("delivered", "hand")
    report, sender = bundles.take(council.vault, tmp_path / "one.scx")
    assert (report.received, sender.org, report.errors) == (1, SCHOOL, [])
    assert bundles.take(council.vault, tmp_path / "one.scx")[0].received == 0
    # The first answer is lost: the next bundle holds the entry again, and the next answer its receipt.
    assert bundles.write(school.vault, row, tmp_path / "two.scx") == 1
    bundles.take(council.vault, tmp_path / "two.scx")
    back = tmp_path / "back.scx"
    bundles.write(council.vault, sharing.partner(council.vault, SCHOOL), back)
    back.write_bytes(back.read_bytes().replace(b"\n", b"\r\n"))
    assert bundles.take(school.vault, back)[0].acknowledged == 1
    assert (school.state(share), len(council.items())) == ("acknowledged", 1)
    with pytest.raises(Refused, match="Nothing waits"):
        bundles.write(school.vault, row, tmp_path / "three.scx")
    with pytest.raises(Refused, match="already"):
        bundles.write(school.vault, row, tmp_path / "two.scx")
    whole = (tmp_path / "two.scx").read_bytes()
    for number, content in enumerate(
        (b"", b"x", whole[:-70], whole[: len(whole) // 2], whole.replace(b"eyJ", b"eyK", 1))
    ):
        odd = tmp_path / f"odd{number}.scx"
        odd.write_bytes(content)
        with pytest.raises(Refused, match="no whole bundle"):
            bundles.take(council.vault, odd)
    with pytest.raises(Refused, match="for another organisation"):
        bundles.take(school.vault, tmp_path / "two.scx")
    ways.by_folder(school.vault, row, str(tmp_path))
    with pytest.raises(Refused, match="do not go by hand"):
        bundles.write(school.vault, row, tmp_path / "four.scx")
    assert json.loads(whole.partition(b"\n")[0])["count"] == 1
    assert TEXT.encode() not in whole


def test_the_whole_way_by_the_systems_own_sftp_server(pair: tuple[Place, Place], tmp_path: Path) -> None:
    school, council = pair
    with running("sftp", tmp_path / "sftp") as server:
        assert isinstance(server, SftpWay)
        lines = [
            ways.by_sftp(place.vault, sharing.partner(place.vault, org), server.url, server.fingerprint)
            for place, org in ((school, COUNCIL), (council, SCHOOL))
        ]
        share = school.share(school.entry(school.child()), COUNCIL)
        assert "could not be reached, or broke off" in school.sync().errors[0], "the operator does not know our key yet"
        (server.folder / "authorized").write_text("\n".join(lines) + "\n")
        assert lines[0].startswith("ssh-ed25519 ")
        assert school.sync().sent == 1
        assert unattended.run(school.vault.folder).queued == 0
        assert council.sync().received == 1
        assert (school.sync().acknowledged, school.state(share)) == (1, "acknowledged")
        with pytest.raises(Refused, match="no fingerprint"):
            ways.by_sftp(school.vault, sharing.partner(school.vault, COUNCIL), server.url, "MD5:aa")
        assert sftp.parse(sharing.ways(school.vault)[COUNCIL].place).path == str(server.root)


def test_a_partner_may_go_by_a_folder_while_others_go_by_the_hub(
    post, school: Place, council: Place, shared: Path, tmp_path: Path
) -> None:
    """`school` and `council` have joined a hub; what goes by the folder is never offered to it."""
    via(school, COUNCIL, shared)
    police = Place(tmp_path / "police", POLICE, "An Invented Unit", "police")
    police.join(post)
    partners.add_partner(school.vault, POLICE)
    one = school.share(school.entry(school.child()), COUNCIL)
    two = school.share(school.entry(school.child("Sam")), POLICE)
    report = school.sync()
    assert (report.sent, report.errors) == (2, [])
    assert (detail(school, one), detail(school, two)) == ("folder", "")
    assert (council.sync().received, police.sync().received) == (0, 1)
    via(council, SCHOOL, shared)
    assert council.sync().received == 1
    assert school.sync().acknowledged == 2
    # Back to the hub: what comes next goes there.
    ways.by_hub(school.vault, sharing.partner(school.vault, COUNCIL))
    ways.by_hub(council.vault, sharing.partner(council.vault, SCHOOL))
    three = school.share(school.entry(school.child("Kim")), COUNCIL)
    assert school.sync().sent == 1
    assert (council.sync().received, school.sync().acknowledged, school.state(three)) == (1, 1, "acknowledged")
    police.vault.close()
    with school.vault.read() as connection:
        assert outbox.waiting_entries(connection) == 0


def test_keys_without_a_hub_are_kept_when_one_is_joined(post, tmp_path: Path) -> None:
    place = Place(tmp_path / "school", SCHOOL, "Northfield Invented Primary", "school")
    with pytest.raises(Refused, match="made for its own code"):
        partners.own_key_set(place.vault)
    own = partners.read_key_set(partners.own_key_set(place.vault, "100123"), None)
    with pytest.raises(Refused, match="exchanges as"):
        partners.own_key_set(place.vault, "100124")
    place.join(post)
    assert partners.own_words(place.vault) == partners.fingerprint_words(own.identity_thumbprint)
    place.vault.close()


def stolen(school: Place, council: Place) -> tuple[str, str]:
    """What the council has sealed for keys that the school then makes anew, since they were stolen: an entry and an
    agreement that it offers; and an entry that waits at the school."""
    partners.verify_partner(council.vault, SCHOOL, partners.own_words(school.vault))
    review = contracts.today(council.vault) + timedelta(days=90)
    agreements.offer(council.vault, contracts.add_contract(council.vault, SCHOOL, "Early help", "public_task", review))
    return (
        council.share(council.entry(council.child(), "Sealed for the stolen key"), SCHOOL),
        school.share(school.entry(school.child(), "Waits here"), COUNCIL),
    )


def all_arrived(school: Place, council: Place, lost: str, mine: str) -> None:
    assert [item.text for item in council.items()] == ["Waits here"]
    assert [item.text for item in school.items()] == ["Sealed for the stolen key"], "sealed anew by the council"
    assert [row.standing for row in sharing.contracts(school.vault)] == ["received"], "said again"
    assert (school.state(mine), council.state(lost)) == ("acknowledged", "acknowledged")
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_keys_are_made_anew_without_a_hub_and_lie_in_the_folder(by_folder: tuple[Place, Place]) -> None:
    school, council = by_folder
    lost, mine = stolen(school, council)
    council.sync()
    made = renewing.renew(school.vault, "The laptop was stolen", compromised=True)
    assert (made.told, made.at_hub) == (1, False)
    said = [sentence for _ in range(4) for place in (school, council) for sentence in place.sync().errors]
    assert any("sealed for a key that we do not hold" in each for each in said)
    assert any("asked for everything again" in each for each in said)
    all_arrived(school, council, lost, mine)


def test_keys_are_made_anew_without_a_hub_and_go_with_a_bundle(pair: tuple[Place, Place], tmp_path: Path) -> None:
    school, council = pair
    for place, other in ((school, COUNCIL), (council, SCHOOL)):
        ways.by_hand(place.vault, sharing.partner(place.vault, other))
    lost, mine = stolen(school, council)

    def carry(one: Place, other: Place, number: int) -> None:
        bundles.write(one.vault, sharing.partner(one.vault, other.org), tmp_path / f"{number}.scx")
        bundles.take(other.vault, tmp_path / f"{number}.scx")

    bundles.write(council.vault, sharing.partner(council.vault, SCHOOL), tmp_path / "first.scx")
    renewing.renew(school.vault, "The laptop was stolen", compromised=True)
    bundles.take(school.vault, tmp_path / "first.scx")
    for number, (one, other) in enumerate([(school, council), (council, school)] * 2):
        carry(one, other, number)
    carry(school, council, 9)
    all_arrived(school, council, lost, mine)


def test_keys_that_only_the_folder_knows_are_said_to_be_lost(by_folder: tuple[Place, Place], tmp_path: Path) -> None:
    """A vault that was put back to before its keys were made anew: partners seal for a key that it does not hold."""
    school, council = by_folder
    council.sync()
    folder, copy = school.vault.folder, tmp_path / "copy"
    school.vault.close()
    shutil.copytree(folder, copy)
    school.vault = open_vault(folder, passphrase=PASSPHRASE)
    newest = renewing.renew(school.vault, "Every year").serial
    for place in (school, council):
        place.sync()
    school.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    school.vault = open_vault(folder, passphrase=PASSPHRASE)
    assert any("Make keys anew" in each for each in school.sync().errors)
    assert renewing.renew(school.vault, "They were lost").serial > newest
    for place in (school, council):
        place.sync()
    share = council.share(council.entry(council.child(), "For the newest key"), SCHOOL)
    for place in (council, school, council):
        assert [each for each in place.sync().errors if "Make keys anew" in each] == []
    assert council.state(share) == "acknowledged"
