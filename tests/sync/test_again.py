"""What has left and is not settled: asked after, sealed anew, sent again to who lost it (protocol: rules 5 to 10)."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from exchange import COUNCIL, PASSPHRASE, TEXT, Hub, Place

from storage import secrets_table
from storage.vault import open_vault
from sync import again, agreements, contracts, corrections, partners
from sync.identity import fresh_encryption_key
from sync.membership import connect, own_keys


def reopened(place: Place, folder: Path) -> None:
    place.vault = open_vault(folder, passphrase=PASSPHRASE)


def test_a_partner_that_was_put_back_asks_for_all_and_gets_it_once(
    school: Place, council: Place, tmp_path: Path
) -> None:
    council.sync()
    kept, folder = tmp_path / "kept", council.vault.folder
    council.vault.close()
    shutil.copytree(folder, kept)
    reopened(council, folder)
    share = school.share(school.entry(school.child()), COUNCIL)
    taken_back = school.share(school.entry(school.child("Ben"), "About somebody else."), COUNCIL)
    for place in (school, council, school):
        place.sync()
    corrections.withdraw(school.vault, taken_back, "Another child.")
    for place in (school, council, school):
        place.sync()
    assert school.state(share) == "acknowledged"

    council.vault.close()
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    reopened(council, folder)
    assert council.items() == []
    (said,) = council.sync().errors
    assert "partners are asked for it again" in said
    assert "has lost part of its record" in school.sync().errors[0]
    council.sync()
    assert sorted((item.state, item.text) for item in council.items()) == [("waiting", TEXT), ("withdrawn", "")]
    school.sync()
    assert (school.state(share), school.state(taken_back)) == ("acknowledged", "withdrawn")
    for place in (council, school):
        assert place.sync().errors == []
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_what_nobody_collected_in_time_is_sent_again_and_the_dsl_is_told(
    post: Hub, school: Place, council: Place
) -> None:
    share = school.share(school.entry(school.child()), COUNCIL)
    school.sync()
    with sqlite3.connect(post.database) as database:
        database.execute("UPDATE ledger SET state = 'expired' WHERE state = 'queued'")
        database.execute("DELETE FROM bodies")
    database.close()
    report = school.sync()
    assert "did not collect an entry in time. It is sent again; telephone them" in report.errors[0]
    assert (report.sent, school.state(share)) == (1, "delivered")
    assert council.sync().received == 1
    assert school.sync().acknowledged == 1


def gone_at(post: Hub, state: str, class_: str) -> None:
    """The hub's time is over for what of a class nobody acknowledged."""
    with sqlite3.connect(post.database) as database:
        database.execute(
            "UPDATE ledger SET state = ? WHERE state IN ('queued', 'collected') AND class = ?", (state, class_)
        )
        database.execute("DELETE FROM bodies")
    database.close()


def test_what_was_collected_and_never_answered_is_sent_again(
    post: Hub, school: Place, council: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The council's receipt expired at the hub: it answers the same entry once more, and holds it once."""
    share, other = (school.share(school.entry(school.child(name), name), COUNCIL) for name in ("Aisha", "Ben"))
    for place in (school, council):
        place.sync()
    gone_at(post, "expired", "control")
    written, write = [], type(school.vault).write
    with monkeypatch.context() as patched, connect(school.vault) as client:
        patched.setattr(type(school.vault), "write", lambda vault: written.append(1) or write(vault))
        assert again.ask_after(school.vault, client) == []
        assert len(written) == 1, "all that was collected is noted in one transaction"
        assert again.ask_after(school.vault, client) == []
        assert len(written) == 1, "and once"
    assert school.sync().errors == []
    assert [school.state(each) for each in (share, other)] == ["delivered"] * 2
    assert [each.detail for each in school.outbox("delivered")] == ["collected"] * 2
    school.clock.ahead = timedelta(days=31)
    said = school.sync().errors
    assert ["said nothing for 30 days. It is sent again; telephone them" in each for each in said] == [True] * 2
    assert council.sync().received == 0, "it is here already"
    assert school.sync().acknowledged == 2
    assert [school.state(each) for each in (share, other)] == ["acknowledged"] * 2
    assert len(council.items()) == 2
    assert school.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_word_that_nobody_collected_in_time_is_said_anew(post: Hub, school: Place, council: Place) -> None:
    partners.verify_partner(school.vault, COUNCIL, partners.own_words(council.vault))
    contract = contracts.add_contract(
        school.vault, COUNCIL, "Early help", "public_task", contracts.today(school.vault) + timedelta(days=90)
    )
    agreements.offer(school.vault, contract)
    school.set_exchange("inventory", "due")
    school.sync()
    gone_at(post, "expired", "control")
    school.sync()
    said = council.sync().errors
    assert any("offers an agreement" in each for each in said)
    assert any("asked what we hold of theirs" in each for each in said)
    school.sync()
    ends = {(each.type, each.state) for each in school.outbox() if each.type != "receipt"}
    kinds = ("contract-offer", "inventory?")
    assert ends == {(kind, state) for kind in kinds for state in ("expired", "acknowledged")}


def test_an_agreement_that_ended_is_ended_at_the_hub_too(school: Place, council: Place) -> None:
    today = contracts.today(school.vault)
    contract = contracts.add_contract(school.vault, COUNCIL, "Early help", "public_task", today)
    share = school.share(school.entry(school.child()), COUNCIL, contract)
    school.sync()
    assert school.state(share) == "delivered"
    contracts.end(school.vault, contract, "The family has moved.")
    assert school.sync().errors == []
    assert (school.state(share), school.reason(share)) == ("withheld", "The agreement has ended.")
    assert council.sync().received == 0


def test_what_a_partner_could_not_open_is_sealed_for_its_new_key(school: Place, council: Place) -> None:
    share = school.share(school.entry(school.child()), COUNCIL)
    keys = replace(own_keys(council.vault), encryption=fresh_encryption_key(), retired=())
    with council.vault.write() as unit:
        secrets_table.put(unit.connection, secrets_table.ORGANISATION, keys.to_secret())
    school.sync()
    assert any("sealed for a key that we do not hold" in each for each in council.sync().errors)
    school.sync()
    assert (school.state(share), school.reason(share)) == ("refused", "unknown-key")
    assert school.sync().sent == 0, "the same key would not open it either"
    with connect(council.vault, None) as client:
        client.put_keys(keys.public_key_set(2, name="The council", kind="social_care"), 1)
    assert school.sync().sent == 1
    assert council.sync().received == 1
    assert school.sync().acknowledged == 1
    assert school.state(share) == "acknowledged"
    assert school.vault.verify(rebuild=True, signatures=True).problems == []
