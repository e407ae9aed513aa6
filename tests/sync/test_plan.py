"""What the exchange decides, without a hub: offers, answers, receipts and arrivals (protocol: §5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.outbox import Message
from sync import plan
from sync.plan import Step, after_offer, after_receipt, arrival, closed_by, next_rev, to_offer

MESSAGE = Message("m1", "s1", "org", "ctr", "data", "entry", "e1", 5, "queued", "", "", "", 0, "")


def test_revisions_go_up_even_when_the_clock_does_not() -> None:
    assert next_rev(None, 1000) == 1000
    assert next_rev(1000, 10) == 1001
    assert next_rev(1000, 2000) == 2000


def test_a_fault_keeps_entries_here_and_lets_receipts_flow() -> None:
    receipt = replace(MESSAGE, mid="m2", class_="control", type="receipt")
    other = replace(MESSAGE, mid="m3", ctr="other", state="offered")
    gone = replace(MESSAGE, mid="m4", state="delivered")
    split = to_offer([MESSAGE, receipt, other, gone], {"ctr": "past its review"}, {})
    assert [each.mid for each in split.ready] == ["m2", "m3"]
    assert split.kept == {"m1": "past its review"}
    assert [each.mid for each in to_offer([MESSAGE, receipt], {}, {"org": "removed"}).ready] == ["m2"]


@pytest.mark.parametrize(
    ("state", "status", "problem", "then"),
    [
        ("offered", 201, None, Step("delivered")),
        ("offered", 200, None, Step("delivered")),
        ("offered", 409, "other-bytes", Step("refused", "other-bytes")),
        ("offered", 410, "recipient-closed", Step("refused", "recipient-closed")),
        ("offered", 422, "expired", Step("expired", "expired")),
        ("offered", 429, "rate", None),
        ("offered", 503, "storage", None),
        ("offered", 403, "unknown", None),
        ("offered", 302, "moved", None),
        ("acknowledged", 201, None, None),
        ("withheld", 201, None, None),
        ("refused", 409, "other-bytes", None),
    ],
)
def test_the_hubs_word(state: str, status: int, problem: str | None, then: Step | None) -> None:
    assert after_offer(state, status, problem) == then


@pytest.mark.parametrize(
    ("state", "detail", "attempts", "status", "code", "then"),
    [
        ("delivered", "", 1, "stored", None, Step("acknowledged", "stored")),
        ("offered", "", 1, "stored", None, Step("acknowledged", "stored")),
        ("queued", "", 1, "stored", None, Step("acknowledged", "stored")),
        ("queued", "", 0, "stored", None, None),
        ("withheld", "", 0, "stored", None, None),
        ("withheld", "", 1, "stored", None, Step("acknowledged", "stored")),
        ("expired", "", 1, "stored", None, Step("acknowledged", "stored")),
        ("acknowledged", "stored", 1, "stored", None, None),
        ("acknowledged", "stored", 1, "shown", None, Step("acknowledged", "shown")),
        ("acknowledged", "shown", 1, "stored", None, None),
        ("acknowledged", "shown", 1, "refused", "unmatched-case", None),
        ("acknowledged", "stored", 1, "refused", "unmatched-case", Step("refused", "unmatched-case")),
        ("acknowledged", "stored", 1, "refused", "schema", None),
        ("delivered", "", 1, "refused", "unknown-key", Step("refused", "unknown-key")),
        ("refused", "schema", 1, "stored", None, Step("acknowledged", "stored")),
        ("refused", "unmatched-case", 1, "stored", None, None),
        ("superseded", "", 1, "stored", None, None),
    ],
)
def test_a_partners_word(
    state: str, detail: str, attempts: int, status: str, code: str | None, then: Step | None
) -> None:
    assert after_receipt(state, detail, attempts, status, code) == then


WORDS = st.tuples(
    st.sampled_from(["stored", "shown", "refused"]), st.sampled_from([None, "schema", "unknown-key", "unmatched-case"])
)


@given(st.lists(WORDS, max_size=6))
def test_receipts_shown_again_in_any_order_settle_nothing_anew(words: list[tuple[str, str | None]]) -> None:
    def told(start: tuple[str, str], said: list[tuple[str, str | None]]) -> tuple[str, str]:
        for status, code in said:
            step = after_receipt(start[0], start[1], 1, status, code)
            start = (step.state, step.detail) if step else start
        return start

    once = told(("delivered", ""), words)
    assert once == ("delivered", "") or once[0] in ("acknowledged", "refused")
    final = ("acknowledged", "shown"), ("refused", "unmatched-case")
    if once in final:
        assert told(once, words) == once, "a person's word is not undone by a replay"


def test_a_receipt_closes_the_older_open_deliveries_of_its_entry_and_no_others() -> None:
    receipted = replace(MESSAGE, mid="m9", rev=7, state="delivered", attempts=1)
    older = replace(MESSAGE, mid="m2", rev=5, state="delivered", attempts=1)
    offered = replace(older, mid="m3", state="offered")
    others = [
        replace(older, mid="m4", rev=8),
        replace(older, mid="m5", eid="e2"),
        replace(older, mid="m6", org="other"),
        replace(older, mid="m7", state="withheld"),
        replace(older, mid="m8", attempts=0, state="queued"),
        receipted,
    ]
    assert closed_by(receipted, [older, offered, *others]) == [older, offered]


def test_the_highest_revision_wins_whatever_the_order() -> None:
    assert arrival([], 5, "a") == "new"
    assert arrival([(5, "a")], 5, "a") == "duplicate"
    assert arrival([(5, "a")], 5, "b") == "conflict"
    assert arrival([(5, "a"), (5, "b")], 5, "b") == "duplicate"
    assert arrival([(5, "a")], 4, "c") == "stale"
    assert arrival([(5, "a")], 6, "c") == "new"


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from("ab")), max_size=20))
def test_every_revision_is_taken_in_at_most_once(messages: list[tuple[int, str]]) -> None:
    known: list[tuple[int, str]] = []
    for rev, digest in messages:
        if arrival(known, rev, digest) in ("new", "conflict"):
            known.append((rev, digest))
    assert len(set(known)) == len(known)
    if messages:
        assert max(rev for rev, _ in known) == max(rev for rev, _ in messages)


def test_content_is_the_same_in_another_envelope() -> None:
    first = {"type": "entry", "body": {"event": "x", "kind": "concern"}, "mid": "1", "iat": 1, "pad": "0"}
    second = {"pad": "000", "body": {"kind": "concern", "event": "x"}, "type": "entry", "mid": "2", "iat": 9}
    assert plan.content(first) == plan.content(second)
    assert plan.content(first) != plan.content(second | {"body": {"event": "y", "kind": "concern"}})


def test_only_what_no_receipt_closed_is_offered_again() -> None:
    states = ("queued", "offered", "delivered", "acknowledged", "refused", "withheld", "superseded")
    messages = [replace(MESSAGE, mid=state, state=state) for state in states]
    assert [each.mid for each in plan.offered_again(messages)] == ["delivered"]


def test_a_page_that_was_taken_in_is_not_read_again() -> None:
    assert plan.unread([1, 2, 3, 7], 2) == [3, 7]


def test_a_clock_that_is_wrong_is_named_in_the_size_that_a_person_sees() -> None:
    assert plan.clock_words(119) == plan.clock_words(-120) == []
    for offset, said in (
        (180, "3 minutes behind the hub's"),
        (-7200, "2 hours ahead of"),
        (-86_400 * 3, "3 days ahead"),
    ):
        assert said in plan.clock_words(offset)[0]
