"""Agreements that both sides sign; nothing leaves under one before both have (R-66; protocol: §3, rule 10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from exchange import COUNCIL, SCHOOL, Place

from practice.errors import Refused
from screens.partners_lines import Agreement, draw_agreement, terms_words
from screens.sync_job import report_words
from storage.desk.concerns import log_concern
from storage.views import sharing
from sync import agreements, contracts, membership, partners, shares


def only(place: Place) -> sharing.ContractRow:
    (row,) = sharing.contracts(place.vault)
    return row


def offered(school: Place, council: Place) -> str:
    review = contracts.today(school.vault) + timedelta(days=90)
    terms = ("Early help", "public_task", review, ("physical",), "Seven years")
    contract = contracts.add_contract(school.vault, COUNCIL, *terms)
    with pytest.raises(Refused, match="not compared"):
        agreements.offer(school.vault, contract)
    partners.verify_partner(school.vault, COUNCIL, membership.own_words(council.vault))
    agreements.offer(school.vault, contract)
    with pytest.raises(Refused, match="offered already"):
        agreements.offer(school.vault, contract)
    return contract


def test_both_sign_and_then_it_carries_what_it_covers_and_nothing_else(school: Place, council: Place) -> None:
    contract = offered(school, council)
    child = school.child()
    entry = school.entry(child)
    with pytest.raises(Refused, match="not accepted the agreement yet"):
        shares.propose(school.vault, entry, COUNCIL, contract)
    report = school.sync()
    assert (report.sent, report.answers) == (0, 1)
    assert report_words(report) == "No entry waited to leave, and none came in. 1 receipt or notice sent."
    assert council.sync().errors == ["The primary offers an agreement; Partners shows it."]
    theirs = only(council)
    assert (theirs.id, theirs.standing, theirs.org, theirs.retention) == (contract, "received", SCHOOL, "Seven years")
    assert theirs.digest == only(school).digest
    with pytest.raises(Refused, match="You have not accepted"):
        shares.propose(council.vault, council.entry(council.child()), SCHOOL, contract)
    agreements.accept(council.vault, contract)
    with pytest.raises(Refused, match="does not wait"):
        agreements.decline(council.vault, contract, "Too late.")
    council.sync()
    assert "has accepted an agreement" in school.sync().errors[0]
    assert only(school).standing == only(council).standing == "accepted"

    share = school.share(entry, COUNCIL, contract)
    other = log_concern(school.vault, {"text": "Late again.", "category": "neglect"}, child_id=child)[0]
    with pytest.raises(Refused, match="does not cover"):
        shares.propose(school.vault, other, COUNCIL, contract)
    contracts.end(council.vault, contract, "We have closed the case.")
    council.sync()
    assert any("has ended an agreement" in each for each in school.sync().errors)
    assert only(school).ended
    assert only(school).ended_reason == "Ended by Northfield Invented Council"
    assert (school.state(share), school.reason(share)) == ("refused", "contract-revoked")
    assert council.sync().received == 0
    for place in (school, council):
        assert place.vault.verify(rebuild=True, signatures=True).problems == []


def test_a_declined_agreement_carries_nothing(school: Place, council: Place) -> None:
    contract = offered(school, council)
    school.sync()
    council.sync()
    asked = terms_words(only(council))
    for said in ("Early help", "Public task", "Physical abuse", "Seven years", "Nothing leaves under it after"):
        assert said in asked
    with pytest.raises(Refused, match="reason"):
        agreements.decline(council.vault, contract, " ")
    agreements.decline(council.vault, contract, "Another team deals with this.")
    council.sync()
    school.sync()
    assert only(school).standing == "declined"
    assert only(school).declined_reason == only(council).declined_reason == "Another team deals with this."
    drawn = "\n".join(line.plain for line in draw_agreement(Agreement(only(school), date(2026, 11, 23)), 60))
    assert "because: Another team deals with this." in drawn
    assert Agreement(only(school), date(2026, 11, 23)).turn == "declined"
    with pytest.raises(Refused, match="was declined"):
        shares.propose(school.vault, school.entry(school.child()), COUNCIL, contract)
