"""Keys made anew under the compared identity, and what partners give back to who was restored (rules 8, 9)."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from exchange import COUNCIL, PASSPHRASE, SCHOOL, Meddling, Place

from practice.errors import HubUnreachable, Refused
from storage.desk.concerns import amend, log_concern
from storage.restore import HOLD, confirm_old_machine_gone
from storage.vault import open_vault
from storage.views import record, sharing
from sync import corrections, inventory, partners, renewing
from sync.hub import jose
from sync.identity import generate
from sync.membership import own_keys


def exchange(*places: Place) -> list[str]:
    return [sentence for place in (*places, *places) for sentence in place.sync().errors]


def test_keys_are_announced_and_the_retired_still_read(school: Place, council: Place) -> None:
    partners.verify_partner(council.vault, SCHOOL, partners.own_words(school.vault))
    before = own_keys(school.vault)
    in_flight = council.share(council.entry(council.child(), "Sealed for the old key"), SCHOOL)
    council.sync()
    mine = school.share(school.entry(school.child(), "Signed by the old key"), COUNCIL)
    with pytest.raises(Refused, match="needs its reason"):
        renewing.renew(school.vault, " ")
    assert renewing.renew(school.vault, "Every year") == renewing.Renewed(2, 1)
    after = own_keys(school.vault)
    assert after.identity_thumbprint == before.identity_thumbprint
    assert jose.thumbprint(after.signing) != jose.thumbprint(before.signing)
    assert [jose.thumbprint(key) for key in after.retired] == [jose.thumbprint(before.encryption)]
    assert exchange(school, council) == []
    row = sharing.partner(council.vault, SCHOOL)
    assert (partners.key_set_of(row).serial, row.verified) == (2, True), "the identity that was compared vouches"
    assert [item.text for item in school.items()] == ["Sealed for the old key"]
    assert (school.state(mine), council.state(in_flight)) == ("acknowledged", "acknowledged")
    assert school.vault.verify(rebuild=True, signatures=True).problems == []


def test_compromised_keys_read_nothing_more_and_what_waits_is_sealed_anew(school: Place, council: Place) -> None:
    lost = council.share(council.entry(council.child(), "Sealed for the stolen key"), SCHOOL)
    council.sync()
    mine = school.share(school.entry(school.child(), "Waits here"), COUNCIL)
    stolen = own_keys(school.vault)
    renewing.renew(school.vault, "The laptop was stolen", compromised=True)
    after = own_keys(school.vault)
    assert after.retired == ()
    (old, new) = [each for each in school.outbox() if each.type == "entry"]
    assert (old.state, new.state, new.mid != old.mid) == ("superseded", "queued", True)
    for _ in range(3):
        exchange(school, council)
    known = partners.key_set_of(sharing.partner(council.vault, SCHOOL))
    assert jose.thumbprint(stolen.signing) in known.revoked
    assert jose.thumbprint(stolen.signing) not in {jose.thumbprint(key) for key in known.signing}
    assert [item.text for item in council.items()] == ["Waits here"]
    assert [item.text for item in school.items()] == ["Sealed for the stolen key"], "sealed anew by the council"
    assert (school.state(mine), council.state(lost)) == ("acknowledged", "acknowledged")


def test_a_lost_answer_is_asked_for_again_with_the_same_keys(school: Place, council: Place) -> None:
    def cut(request: httpx.Request, _answer: httpx.Response) -> httpx.Response | None:
        return httpx.Response(503, json={}) if request.method == "PUT" else None

    with pytest.raises(HubUnreachable):
        renewing.renew(school.vault, "Every year", transport=Meddling(cut))
    council.sync()
    council.share(council.entry(council.child(), "For the key that nobody was told of"), SCHOOL)
    council.sync()
    report = school.sync()
    assert report.received == 1, "the new key was kept before the hub heard of it"
    assert "The keys that were being made anew are in use now, and partners are told of them." in report.errors
    assert partners.own_key_set(school.vault) == partners.key_set_of(sharing.partner(council.vault, SCHOOL)).jws
    assert exchange(school, council) == []


@pytest.fixture
def restored(school: Place, council: Place, tmp_path: Path) -> dict[str, str]:
    """A school that was put back to a moment before most of what the council holds of it; some ids."""
    child = school.child()
    (kept_entry,) = log_concern(school.vault, {"text": "As it was first", "when": "yesterday 14:00"}, child_id=child)
    kept = school.share(kept_entry, COUNCIL)
    exchange(school, council)
    folder, copy = school.vault.folder, tmp_path / "copy"
    school.vault.close()
    shutil.copytree(folder, copy)
    school.vault = open_vault(folder, passphrase=PASSPHRASE)
    amend(school.vault, kept_entry, "As it was amended", "Clearer")
    newer = corrections.correct(school.vault, kept, "Clearer")
    school.approve(newer)
    lost_entry = school.entry(child, "Recorded after the backup")
    school.share(lost_entry, COUNCIL)
    exchange(school, council)
    school.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    school.vault = open_vault(folder, passphrase=PASSPHRASE, clock=school.clock)
    school.set_exchange(HOLD, "2026-11-22T00:00:00Z")
    assert confirm_old_machine_gone(school.vault)
    return {"child": child, "kept": kept_entry, "lost": lost_entry, "share": kept}


def test_what_a_restore_lost_comes_back_from_the_partner_and_a_person_decides(
    school: Place, council: Place, restored: dict[str, str]
) -> None:
    said = exchange(school, council, school)
    assert any("asked what they hold" in each for each in said)
    assert any("2 given back" in each for each in said)
    assert any("2 newer than here" in each for each in said)
    assert [each for each in said if "not known here" in each or "does not know any more" in each] == []
    came = {row.entry_id: row for row in inventory.open_shares(school.vault)}
    assert set(came) == {restored["kept"], restored["lost"]}
    assert came[restored["kept"]].id == restored["share"]
    assert inventory.here_text(school.vault, came[restored["kept"]]) == "As it was first"
    assert inventory.here_text(school.vault, came[restored["lost"]]) == ""
    with pytest.raises(Refused, match="Whose entry"):
        inventory.take_in(school.vault, came[restored["lost"]].id)
    assert inventory.take_in(school.vault, came[restored["lost"]].id, restored["child"]) == restored["lost"]
    happened = record.get(school.vault, restored["kept"]).occurred.start
    school.clock.ahead = timedelta(days=3)
    inventory.take_in(school.vault, came[restored["kept"]].id)
    assert record.get(school.vault, restored["kept"]).occurred.start == happened, (
        "yesterday is not read by today's date"
    )
    assert {row.text for row in record.chronology(school.vault, restored["child"])} == {
        "As it was amended",
        "Recorded after the backup",
    }
    assert inventory.open_shares(school.vault) == []
    with pytest.raises(Refused, match="looked at already"):
        inventory.leave(school.vault, came[restored["kept"]].id, "Again")
    corrections.withdraw(school.vault, came[restored["lost"]].id, "It can be taken back again")
    exchange(school, council)
    assert [item.eid for item in council.items("withdrawn")] == [restored["lost"]]
    assert school.exchange("inventory") == "asked", "once"
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_what_was_erased_here_does_not_come_back_from_a_partner(school: Place, council: Place) -> None:
    share = school.share(school.entry(school.child(), "Erased since"), COUNCIL)
    exchange(school, council)
    entry = sharing.share(school.vault, share).entry_id
    with school.vault.write() as unit:  # what an erasure leaves: the lines of the ledger, and no words
        unit.connection.exec_driver_sql(
            "DELETE FROM bodies WHERE act IN (SELECT id FROM acts WHERE entry = ?)", (entry,)
        )
        unit.connection.exec_driver_sql("DELETE FROM outbox WHERE eid = ?", (entry,))
        unit.connection.exec_driver_sql("DELETE FROM shares WHERE entry_id = ?", (entry,))
        unit.connection.exec_driver_sql("DELETE FROM entries WHERE id = ?", (entry,))
    council.accept(council.items()[0].id, council.child())
    council.sync()
    assert "not known here; it changed nothing" in school.sync().errors[0], "and nobody is asked"
    school.set_exchange("inventory", "due")
    said = exchange(school, council, school)
    assert any("1 given back" in each for each in said)
    assert inventory.open_shares(school.vault) == []


def test_what_a_partner_lost_is_offered_again_after_the_comparison(school: Place, council: Place, tmp_path) -> None:
    council.sync()
    folder, copy = council.vault.folder, tmp_path / "copy"
    council.vault.close()
    shutil.copytree(folder, copy)
    council.vault = open_vault(folder, passphrase=PASSPHRASE)
    share = school.share(school.entry(school.child(), "The council loses this"), COUNCIL)
    exchange(school, council)
    council.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    council.vault = open_vault(folder, passphrase=PASSPHRASE)
    council.set_exchange("acked_through", "1000000")  # so that it does not notice by itself
    school.set_exchange("inventory", "due")
    said = exchange(school, council, school)
    assert any("1 offered to them again" in each for each in said)
    council.sync()
    assert [item.text for item in council.items()] == ["The council loses this"]
    assert school.state(share) == "acknowledged"


def test_a_hub_that_swaps_a_partners_keys_gets_nothing_sealed_for_them(school: Place, council: Place) -> None:
    """Keys that hold in themselves, by an identity that nobody compared: nothing leaves until somebody has compared."""
    school.share(school.entry(school.child(), "Sealed for the council alone"), COUNCIL)
    swapped = generate(COUNCIL).public_key_set(9, name="The council", kind="social_care")

    def swap(request: httpx.Request, _: httpx.Response) -> httpx.Response | None:
        if request.url.path != f"/v1/orgs/{COUNCIL}/keys":
            return None
        return httpx.Response(200, headers={"content-type": "application/jose"}, content=swapped)

    before = school.outbox()[0].envelope
    report = school.sync(transport=Meddling(swap))
    assert "identity key" in " ".join(report.errors)
    (message,) = school.outbox()
    assert (message.state, message.envelope, report.sent) == ("queued", before, 0)
    assert sharing.partner(school.vault, COUNCIL).changed
    school.sync()
    council.sync()
    assert council.items() == [], "nor once the hub shows the true keys again: the words are compared first"
    partners.verify_partner(school.vault, COUNCIL, partners.own_words(council.vault))
    school.sync()
    council.sync()
    assert len(council.items()) == 1
