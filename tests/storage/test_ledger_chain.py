"""The chain of acts: whatever is done to a line shows (storage: §5, §6.6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from practice.acts import ChildLeft, RecordOpened
from practice.day_words import stated_day
from practice.errors import IntegrityAlarm
from storage import chain as checks
from storage import ledger
from storage.engine import memory_engine
from storage.ledger import Author, Draft
from tests.faults.sizes import say, size

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGNING = Ed25519PrivateKey.generate()
AUTHOR = Author("robin", "01900000-0000-7000-8000-000000000001", SIGNING, secrets.token_bytes(32))
ACTS = size(100, 1000, 1000)
EVERY = size(1, 20, 1)
"""Each act of the chain is changed, or each so-many-th."""
AFTER_SEQ = "captured_at, recorded_at, author, kind, child, entry, event, clock, digest, signature, mac"
KEYS = {"robin": [SIGNING.public_key().public_bytes_raw()]}


@pytest.fixture(scope="module")
def chain():
    engine = memory_engine()
    with engine.begin() as connection:
        for statement in ledger.SCHEMA:
            connection.exec_driver_sql(statement)
        for number in range(ACTS):
            draft = Draft(ChildLeft(leaving_date=f"2026-10-{number % 28 + 1:02}"), child=f"child-{number}")
            ledger.append(connection, AUTHOR, [draft], NOON + timedelta(minutes=number))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def changed(chain):
    """The chain in a transaction that is taken back."""
    savepoint = chain.begin_nested()
    yield chain
    savepoint.rollback()


def faults(connection, *, anchor: ledger.Link | None) -> list[str]:
    _count, problems = checks.verify_chain(connection, AUTHOR.audit_key)
    found = [problem.kind for problem in problems]
    if anchor is not None:
        try:
            checks.check_head(connection, AUTHOR.device, anchor.seq, anchor.mac)
        except IntegrityAlarm:
            found.append("anchor")
    return found


TEXT = ("id", "device", "captured_at", "recorded_at", "author", "kind", "child", "entry", "event", "clock")


def copied(seq: int, to: int) -> list[str]:
    """Return what puts an act in once more, under another id and number."""
    return [
        "INSERT INTO bodies SELECT act || 'b', salt, body FROM bodies"
        f" WHERE act = (SELECT id FROM acts WHERE seq = {seq})",
        f"INSERT INTO acts (id, device, seq, {AFTER_SEQ}) SELECT id || 'b', device, {to}, {AFTER_SEQ}"
        f" FROM acts WHERE seq = {seq}",
    ]


def mutations():
    """Every single-row mutation: what it is called, and the statements that do it."""
    for seq in range(1, ACTS + 1, EVERY):
        for field in TEXT:
            yield f"{field} of {seq}", [f"UPDATE acts SET {field} = coalesce({field}, '') || 'x' WHERE seq = {seq}"]
        for field in ("digest", "mac"):
            yield f"{field} of {seq}", [f"UPDATE acts SET {field} = randomblob(32) WHERE seq = {seq}"]
        yield f"number of {seq}", [f"UPDATE acts SET seq = {ACTS * 10} WHERE seq = {seq}"]
        body = f"(SELECT id FROM acts WHERE seq = {seq})"
        yield f"text of {seq}", [f"UPDATE bodies SET body = CAST(body || ' ' AS BLOB) WHERE act = {body}"]
        yield f"salt of {seq}", [f"UPDATE bodies SET salt = randomblob(32) WHERE act = {body}"]
        yield f"no text of {seq}", [f"DELETE FROM bodies WHERE act = {body}"]
        remove = [f"DELETE FROM bodies WHERE act = {body}", f"DELETE FROM acts WHERE seq = {seq}"]
        yield f"{seq} removed", remove
        shift = [f"UPDATE acts SET seq = -seq + 1 WHERE seq > {seq}", "UPDATE acts SET seq = -seq WHERE seq < 0"]
        yield f"{seq} removed and renumbered", [*remove, *shift]
        yield f"{seq} duplicated", copied(seq, ACTS + 1)
        room = [f"UPDATE acts SET seq = -seq - 1 WHERE seq >= {seq}", "UPDATE acts SET seq = -seq WHERE seq < 0"]
        yield f"{seq} put in again and renumbered", [*room, *copied(seq + 1, seq)]
        if seq < ACTS:
            swap = [
                f"UPDATE acts SET seq = -1 WHERE seq = {seq}",
                f"UPDATE acts SET seq = {seq} WHERE seq = {seq + 1}",
                f"UPDATE acts SET seq = {seq + 1} WHERE seq = -1",
            ]
            yield f"{seq} swapped", swap


def truncations():
    for seq in range(0, ACTS, EVERY):
        yield (
            f"cut after {seq}",
            [
                f"DELETE FROM bodies WHERE act IN (SELECT id FROM acts WHERE seq > {seq})",
                f"DELETE FROM acts WHERE seq > {seq}",
            ],
        )


def missed(chain, kinds, anchor) -> tuple[int, list[str]]:
    count, unseen = 0, []
    chain.rollback()  # within one transaction each change would take longer to take back than the one before
    for name, statements in kinds:
        for statement in statements:
            chain.exec_driver_sql(statement)
        if not faults(chain, anchor=anchor):
            unseen.append(name)
        chain.rollback()
        count += 1
    return count, unseen


def test_an_untouched_chain_is_whole(chain):
    assert faults(chain, anchor=ledger.head(chain, AUTHOR.device)) == []
    assert checks.verify_chain(chain, AUTHOR.audit_key)[0] == ACTS
    assert checks.verify_signatures(chain, KEYS) == []


def test_no_single_mutation_is_missed(chain):
    count, unseen = missed(chain, [*mutations(), *truncations()], ledger.head(chain, AUTHOR.device))
    say(f"changes of one act in a chain of {ACTS}", f"{count} mutations, {len(unseen)} missed")
    assert unseen == []


def test_two_acts_exchanged_in_the_order_in_which_they_came_are_told(chain):
    places = [row[0] for row in chain.exec_driver_sql("SELECT n FROM acts WHERE seq IN (7, 8) ORDER BY seq")]
    assert checks.verify_chain(chain, AUTHOR.audit_key, order=True) == (ACTS, [])
    for seq, place in ((7, -1), (8, places[0]), (7, places[1])):
        chain.exec_driver_sql(f"UPDATE acts SET n = {place} WHERE seq = {seq}")
    (problem,) = checks.verify_chain(chain, AUTHOR.audit_key, order=True)[1]
    assert problem.text.startswith("Act number 8 of ")
    assert problem.text.endswith(" does not stand in its place.")
    chain.rollback()


def test_no_changed_signature_is_missed(chain):
    unseen, count = [], 0
    for seq in range(1, ACTS + 1, EVERY):
        savepoint = chain.begin_nested()
        chain.exec_driver_sql(f"UPDATE acts SET signature = randomblob(64) WHERE seq = {seq}")
        if [str(seq) in problem.text for problem in checks.verify_signatures(chain, KEYS)] != [True]:
            unseen.append(seq)
        savepoint.rollback()
        count += 1
    say(f"signatures changed in a chain of {ACTS}", f"{count}, {len(unseen)} missed")
    assert unseen == []


@given(
    st.lists(st.none() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=11)
)
def test_a_line_is_written_as_json_is(fields):
    assert (
        ledger.line_bytes(fields, b"\xff\0")
        == json.dumps([*fields, "ff00"], ensure_ascii=False, separators=(",", ":")).encode()
    )


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=20), min_size=9, max_size=9))
def test_the_database_writes_a_line_as_the_ledger_does(chain, fields):
    line = [fields[0], fields[1] or "", 7, *fields[2:], ""]
    names = (*TEXT[:2], "seq", *TEXT[2:], "digest")
    given_ = ", ".join(f"? AS {name}" for name in names)
    statement = f"SELECT {checks.LINE} FROM (SELECT {given_}) a"
    written = chain.exec_driver_sql(statement, (*line, b"\xff\0")).scalar_one()
    assert written == ledger.line_bytes(line, b"\xff\0")


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_lines_mac_is_hmac(key, data):
    within, around = checks._states(key)
    within.update(data)
    around.update(within.digest())
    assert around.digest() == hmac.digest(key, data, "sha256")


def test_an_act_is_verified_within_ten_microseconds(chain):
    """Measured in this process's own time, since other programs run beside a test."""
    rounds = size(20, 50, 500)
    started = time.process_time()
    for _ in range(rounds):
        checks.verify_chain(chain, AUTHOR.audit_key)
    each = (time.process_time() - started) / rounds / ACTS * 1e6
    say("verifying one act", f"{each:.1f} microseconds, over {rounds * ACTS} acts")
    assert each < 30, "as written here it takes 5 to 10; other programs of the machine share its caches"


OTHER = Author("ada", "01900000-0000-7000-8000-000000000000", SIGNING, AUTHOR.audit_key)


def told_one_by_one(connection, erased) -> list[str]:
    """What verifying has to say of a ledger, worked out act by act with a look for each body."""
    said, device, texts = [], "", 0
    columns = "id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest, mac"
    for row in connection.exec_driver_sql(f"SELECT {columns} FROM acts ORDER BY device, seq").all():
        if row.device != device:
            device, seq, before = row.device, 0, ledger.genesis(row.device)
        seq += 1
        if row.seq != seq:
            said.append(f"Acts are missing before number {row.seq} of this record's chain.")
            seq = row.seq
        elif ledger.next_mac(AUTHOR.audit_key, before, row[:11], row.digest) != row.mac:
            said.append(f"Act number {seq} is not as it was recorded on {stated_day(row.recorded_at[:10])}.")
        before = row.mac
        body = connection.exec_driver_sql("SELECT salt, body FROM bodies WHERE act = ?", (row.id,)).first()
        which = f"The text of act number {seq} of {stated_day(row.recorded_at[:10])}"
        texts += body is not None
        if body is None:
            said += [] if row.id in erased else [f"{which} is missing."]
        elif hashlib.sha256(body.salt + body.body).digest() != row.digest:
            said.append(f"{which} was changed.")
        elif row.id in erased:
            said.append(f"{which} was erased, and is here.")
    stray = connection.exec_driver_sql("SELECT count(*) FROM bodies").scalar_one() - texts
    many = "A text stands" if stray == 1 else f"{stray} texts stand"
    return said + ([f"{many} in the record without an act."] if stray else [])


@pytest.fixture(scope="module")
def two_machines():
    """Two machines' acts, taken in by turns; the second one's clock goes back, so its ids do not ascend."""
    engine = memory_engine()
    with engine.begin() as connection:
        for statement in ledger.SCHEMA:
            connection.exec_driver_sql(statement)
        for number in range(12):
            author = (AUTHOR, OTHER)[number % 3 == 0]
            ledger.append(connection, author, [Draft(RecordOpened(), child=f"child-{number}")], NOON)
        first, last = (f"(SELECT id FROM acts WHERE device = '{OTHER.device}' AND seq = {seq})" for seq in (1, 3))
        a, b = (connection.exec_driver_sql(each[1:-1]).scalar_one() for each in (first, last))
        for table, column in (("acts", "id"), ("bodies", "act")):
            for old, new in ((a, "x"), (b, a), ("x", b)):
                connection.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))
        chain_again(connection, OTHER)
        yield connection
    engine.dispose()


def chain_again(connection, author) -> None:
    """Write a device's MACs anew over its lines as they are."""
    columns = "id, device, seq, captured_at, recorded_at, author, kind, child, entry, event, clock, digest"
    before = ledger.genesis(author.device)
    statement = f"SELECT {columns} FROM acts WHERE device = ? ORDER BY seq"
    for row in connection.exec_driver_sql(statement, (author.device,)).all():
        before = ledger.next_mac(author.audit_key, before, row[:11], row.digest)
        connection.exec_driver_sql("UPDATE acts SET mac = ? WHERE id = ?", (before, row.id))


DONE = (
    "DELETE FROM bodies WHERE act = {}",
    "UPDATE bodies SET act = {} || 'x' WHERE act = {}",
    "UPDATE bodies SET act = '!' || {} WHERE act = {}",
    "UPDATE bodies SET body = CAST(body || ' ' AS BLOB) WHERE act = {}",
    "INSERT OR IGNORE INTO bodies SELECT 'zz' || act, salt, body FROM bodies WHERE act = {}",
    "DELETE FROM acts WHERE id = {}",
    "UPDATE acts SET digest = randomblob(32) WHERE id = {}",
    "UPDATE acts SET child = 'another' WHERE id = {}",
    "UPDATE acts SET seq = seq + 40 WHERE id = {}",
    "UPDATE acts SET id = id || 'y' WHERE id = {}",
)


@given(
    st.lists(st.tuples(st.sampled_from(DONE), st.integers(0, 11)), max_size=4), st.sets(st.integers(0, 11), max_size=2)
)
def test_two_machines_acts_read_side_by_side_are_told_of_as_one_by_one(two_machines, done, erased):
    ids = [row[0] for row in two_machines.exec_driver_sql("SELECT id FROM acts ORDER BY n").all()]
    gone = {ids[place] for place in erased}
    savepoint = two_machines.begin_nested()
    try:
        for statement, place in done:
            two_machines.exec_driver_sql(statement.replace("{}", f"'{ids[place]}'"))
        count, problems = checks.verify_chain(two_machines, AUTHOR.audit_key, erased=gone)
        assert sorted(problem.text for problem in problems) == sorted(told_one_by_one(two_machines, gone))
        assert count == two_machines.exec_driver_sql("SELECT count(*) FROM acts").scalar_one()
    finally:
        savepoint.rollback()


def test_without_the_anchor_cut_ends_go_unseen(chain):
    """The control: what the anchor is for."""
    count, unseen = missed(chain, truncations(), None)
    assert len(unseen) == count == len(range(0, ACTS, EVERY))


def test_another_audit_key_fits_no_line(chain):
    _count, problems = checks.verify_chain(chain, secrets.token_bytes(32))
    assert len(problems) == ACTS


def test_a_line_made_anew_by_a_reader_fails_its_signature(changed):
    """Whoever reads holds the audit key and could chain a false line; signing it needs the author's own key."""
    changed.exec_driver_sql(f"DELETE FROM acts WHERE seq = {ACTS}")
    changed.exec_driver_sql("DELETE FROM bodies WHERE act NOT IN (SELECT id FROM acts)")
    forger = Author("robin", AUTHOR.device, Ed25519PrivateKey.generate(), AUTHOR.audit_key)
    ledger.append(changed, forger, [Draft(RecordOpened(), child="child-1")], NOON)
    assert checks.verify_chain(changed, AUTHOR.audit_key)[1] == []
    problems = checks.verify_signatures(changed, KEYS)
    assert [problem.kind for problem in problems] == ["signature"]
    assert str(ACTS) in problems[0].text


def test_a_signature_of_somebody_unknown_is_reported(chain):
    assert len(checks.verify_signatures(chain, {})) == ACTS


def test_captured_is_when_it_was_written_and_recorded_when_it_entered(changed):
    corridor = NOON - timedelta(hours=3)
    acts, end = ledger.append(
        changed, AUTHOR, [Draft(RecordOpened(), child="c", captured_at=corridor)], NOON + timedelta(days=1)
    )
    assert (acts[0].captured_at, acts[0].recorded_at) == (corridor, NOON + timedelta(days=1))
    stored = changed.exec_driver_sql(f"SELECT captured_at, recorded_at, clock FROM acts WHERE seq = {ACTS + 1}").one()
    assert stored == ("2026-11-21T09:00:00.000000Z", "2026-11-22T12:00:00.000000Z", "")
    assert end.seq == ACTS + 1


def test_a_clock_that_went_back_marks_the_act_and_clamps_nothing(changed):
    acts, _ = ledger.append(changed, AUTHOR, [Draft(RecordOpened(), child="c")], NOON - timedelta(days=1))
    assert acts[0].recorded_at == NOON - timedelta(days=1)
    assert changed.exec_driver_sql(f"SELECT clock FROM acts WHERE seq = {ACTS + 1}").scalar_one() == "uncertain"
    assert faults(changed, anchor=None) == []


def test_a_time_without_an_offset_is_refused(changed):
    with pytest.raises(ValueError, match="offset"):
        ledger.append(changed, AUTHOR, [Draft(RecordOpened())], datetime(2026, 11, 21, 12))  # noqa: DTZ001


def test_nothing_to_append_leaves_the_chain(changed):
    end = ledger.head(changed, AUTHOR.device)
    assert ledger.append(changed, AUTHOR, [], NOON) == ([], end)
