"""A locked machine delivers and fetches sealed files with the transport key alone (design: §1.4; protocol: §4)."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from exchange import COUNCIL, SCHOOL, Hub, Meddling, Place

from practice.errors import HubUnreachable, Refused
from sync import contracts, run, unattended


def test_a_locked_machine_delivers_and_fetches_and_a_person_takes_it_in(
    post: Hub, school: Place, council: Place
) -> None:
    with pytest.raises(Refused, match="may not exchange while it is locked"):
        unattended.run(school.vault.folder)
    school.sync()
    mine = council.share(council.entry(council.child()), SCHOOL)
    council.sync()
    share = school.share(school.entry(school.child()), COUNCIL)
    moved = unattended.run(school.vault.folder)
    assert (moved.sent, moved.received, moved.queued) == (1, 1, 0)
    assert (school.state(share), school.items()) == ("queued", []), "nothing is believed before a person unlocked"
    again = unattended.run(school.vault.folder)
    assert (again.sent, again.received) == (0, 0)
    assert council.sync().acknowledged == 0, "and nothing was acknowledged for us"
    assert [item.sender for item in council.items()] == ["The primary"]

    report = run.take_in(school.vault)
    assert (report.sent, report.received, report.errors) == (1, 1, [])
    assert school.state(share) == "delivered"
    assert [item.state for item in school.items()] == ["waiting"]
    assert run.take_in(school.vault) == run.SyncReport()
    report = school.sync()
    assert (report.received, report.acknowledged) == (0, 1)
    assert council.sync().acknowledged == 1
    assert council.state(mine) == "acknowledged"
    assert school.vault.verify(rebuild=True, signatures=True).problems == []


def test_what_lies_beside_the_vault_is_not_believed_when_it_was_changed(
    post: Hub, school: Place, council: Place
) -> None:
    school.sync()
    share = school.share(school.entry(school.child()), COUNCIL)
    unattended.run(school.vault.folder)
    (path,) = (school.vault.folder / "spool" / "receipts").iterdir()
    found = json.loads(path.read_bytes())
    path.write_text(json.dumps(found | {"receipt": found["receipt"][:-8] + "AAAAAAAA"}))
    (school.vault.folder / "spool" / "inbox" / "0000").write_text("[" * 10_000)
    report = run.take_in(school.vault)
    assert report.errors == ["A receipt that lay beside the vault does not hold; what it named is offered again."]
    assert school.state(share) == "queued"
    assert (school.sync().sent, school.state(share)) == (1, "delivered")


def test_nothing_leaves_a_locked_machine_past_its_agreement_or_without_the_hub(
    post: Hub, school: Place, council: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = contracts.today(school.vault)
    contract = contracts.add_contract(school.vault, COUNCIL, "Early help", "public_task", today)
    school.sync()
    school.share(school.entry(school.child()), COUNCIL, contract)
    now = unattended.time.time
    with monkeypatch.context() as later:
        later.setattr(unattended.time, "time", lambda: now() + timedelta(days=2).total_seconds())
        assert unattended.run(school.vault.folder).sent == 0
    post.stop()
    with pytest.raises(HubUnreachable):
        unattended.run(school.vault.folder)
    post.start()
    other = Meddling(_restored)
    with pytest.raises(HubUnreachable, match="restored"):
        unattended.run(school.vault.folder, transport=other)
    assert unattended.run(school.vault.folder).queued == 0
    assert council.sync().received == 1


def _restored(request: httpx.Request, true: httpx.Response) -> httpx.Response | None:
    if request.url.path != "/v1/inbox":
        return None
    return httpx.Response(200, json=json.loads(true.content) | {"epoch": "01990000-0000-7000-8000-000000000000"})
