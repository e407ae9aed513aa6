"""A school, a social-care team and a police unit exchange for a week over a hub on either store; everything breaks.

Connections are cut before and after requests, the hub's processes are killed under a sync, PostgreSQL ends as by a
power cut, the hub's database is put back as it was days before (F5), and each vault's and each client's clock is wrong
by up to a day. In the end each of the three holds one chronology of each child: all that it recorded, all that was
shared with it, each once, as it was corrected last.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from benchmarks.postgres import Server, name_of
from practice.errors import HubUnreachable
from storage.desk.concerns import amend, log_concern
from storage.views import record, sharing
from storage.views.record_rows import EntryRow
from sync import corrections, membership, partners, replies, run
from sync.carriers.hub import HubClient
from sync.carriers.wire import trusted
from tests.faults.sizes import SIZE, say, size
from tests.faults.test_hub_kill import KilledHub
from tests.sync.exchange import COUNCIL, POLICE, SCHOOL, Place

SERVE = """
import sys
from sync.hub.server import serve
serve(sys.argv[1], "127.0.0.1", {port}, lambda url: print(url, flush=True), workers={workers})
"""
KINDS = {SCHOOL: "school", COUNCIL: "social_care", POLICE: "police"}
CHILDREN = (("Aisha", "Example"), ("Brandon", "Example"))
WRONG = {SCHOOL: timedelta(hours=1), COUNCIL: timedelta(hours=-1), POLICE: timedelta(days=1)}
DAYS = 7
ENDED = "PostgreSQL ended"
SAID = ("entry", "correction", "withdrawal")
"""What a partner's receipt must have closed when nobody has anything left to say."""


class Cut(httpx.BaseTransport):
    """The real way to the hub, which breaks off: before the hub hears anything, or before its answer is heard."""

    def __init__(self, random: Random, chance: float) -> None:
        self._real = httpx.HTTPTransport(trust_env=False, verify=trusted(trust_env=False))
        self._random, self._chance = random, chance
        self.cuts = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._random.random() < self._chance:
            self.cuts += 1
            raise httpx.ConnectError("cut")
        answer = self._real.handle_request(request)
        if self._random.random() < self._chance:
            self.cuts += 1
            answer.close()
            raise httpx.ReadError("cut")
        return answer

    def close(self) -> None:
        self._real.close()


def day_of(row: EntryRow) -> str:
    """The day on which an entry happened."""
    return row.occurred.start[:10]


@dataclass
class Truth:
    """What is to stand in each chronology at the end: for each place and child, texts with the day they happened."""

    texts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def add(self, org: str, child: str, text: str, day: str) -> None:
        self.texts.setdefault((org, child), {})[text] = day

    def change(self, org: str, child: str, old: str, new: str) -> None:
        held = self.texts[org, child]
        held[new] = held.pop(old)

    def remove(self, org: str, child: str, text: str) -> None:
        del self.texts[org, child][text]


class Week:
    """Three organisations, their hub, what they did, and what broke."""

    def __init__(self, folder: Path, server: Server | None, seed: int) -> None:
        """Begin at a hub on this server, or on SQLite without one."""
        self.random, self.server, self.truth, self.broke = Random(seed), server, Truth(), Counter[str]()
        self.folder, self.port, self.backup = folder, 0, ""
        folder.mkdir()
        self.database = server.database("made") if server else str(folder / "hub.db")
        self.hub = self.serve()
        self.places = {org: Place(folder / kind, org, f"Invented {kind}", kind) for org, kind in KINDS.items()}
        self.ids: dict[tuple[str, str], str] = {}
        self.sent: list[tuple[str, str, str, dict[str, str]]] = []
        for place in self.places.values():
            place.join(self)
            place.clock.ahead = WRONG[place.org]
            for forename, surname in CHILDREN:
                self.ids[place.org, f"{forename} {surname}"] = place.child(forename, surname)
        for place in self.places.values():
            for other in self.places:
                if other != place.org:
                    partners.add_partner(place.vault, other)

    @property
    def url(self) -> str:
        return self.hub.url

    def serve(self) -> KilledHub:
        hub = KilledHub(self.database, SERVE.format(port=self.port, workers=2 if self.server else 1))
        self.port = int(hub.url.rsplit(":", 1)[1])
        return hub

    # What people do

    def record_and_share(self, place: Place, number: int) -> None:
        child = f"{self.random.choice(CHILDREN)[0]} Example"
        text = f"{KINDS[place.org]} {number}: she said [he hit me]"
        fields = {"text": text, "when": f"{place.clock():%d/%m/%Y}", "category": "physical"}
        (entry,) = log_concern(place.vault, fields, child_id=self.ids[place.org, child])
        day = day_of(record.get(place.vault, entry))
        self.truth.add(place.org, child, text, day)
        others = [org for org in self.places if org != place.org]
        chosen = self.random.sample(others, self.random.randint(1, 2))
        shares = {}
        for org in chosen:
            shares[org] = place.share(entry, org)
            self.truth.add(org, child, text, day)
        self.sent.append((place.org, child, text, shares))

    def change_something(self, place: Place) -> None:
        """Correct or take back one entry, at everyone who had it and has it by now."""
        mine = [
            one
            for one in self.sent
            if one[0] == place.org and all(place.state(share) == "acknowledged" for share in one[3].values())
        ]
        if not mine:
            return
        one = self.random.choice(mine)
        _, child, text, shares = one
        self.sent.remove(one)
        entry = sharing.share(place.vault, next(iter(shares.values()))).entry_id
        if self.random.random() < 0.5:
            newer = f"{text}, and later [he pushed me]"
            amend(place.vault, entry, newer, "She told us more.")
            self.truth.change(place.org, child, text, newer)
            for org, share in shares.items():
                place.approve(corrections.correct(place.vault, share, "She told us more."))
                self.truth.change(org, child, text, newer)
        else:
            for org, share in shares.items():
                corrections.withdraw(place.vault, share, "It is about another child.")
                self.truth.remove(org, child, text)

    def answer_something(self, place: Place, number: int) -> None:
        """Ask back about one entry that came in."""
        items = [item for item in place.items("accepted") if not item.answers]
        if not items:
            return
        item = self.random.choice(items)
        text = f"{KINDS[place.org]} asks {number}: where was she?"
        entry, share = replies.reply(place.vault, item.id, text)
        place.approve(share)
        day = day_of(record.get(place.vault, entry))
        child = next(name for (org, name), id_ in self.ids.items() if org == place.org and id_ == item.child_id)
        for org in (place.org, item.org):
            self.truth.add(org, child, text, day)

    def match(self, place: Place) -> None:
        """A person matches what waits by the name that came with it."""
        for item in place.items("waiting"):
            place.accept(item.id, self.ids[place.org, item.hint_name])

    # What breaks

    def sync(self, place: Place, chance: float) -> None:
        cut = Cut(self.random, chance)
        with suppress(HubUnreachable):
            place.sync(transport=cut)
        self.broke["connections cut"] += cut.cuts

    def restore(self) -> None:
        """Put the hub's database back as it was at the first kill: what was sent since then is gone from it."""
        first, self.broke["hub put back"] = not self.backup, self.broke["hub put back"] + bool(self.backup)
        if self.server is None:
            self.backup = str(self.folder / "then")
            self._restore_files(Path(self.backup), first)
            return
        name = name_of(self.database)
        self.backup = f"{name}_then"
        if first:
            self.server.sql("template1", f"CREATE DATABASE {self.backup} TEMPLATE {name}")
            return
        self.server.sql("template1", f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {self.backup}")

    def _restore_files(self, then: Path, first: bool) -> None:
        """Keep SQLite's files, or put them back, without a word to the hub: the mark beside them stays."""
        then.mkdir(exist_ok=True)
        source, target = (self.folder, then) if first else (then, self.folder)
        for old in target.glob("hub.db*"):
            if not old.name.endswith(".epoch"):
                old.unlink()
        for each in source.glob("hub.db*"):
            if not each.name.endswith(".epoch"):
                shutil.copy(each, target)

    def sync_under(self, place: Place, fault: str) -> None:
        """A sync while the hub, or its database, ends in the middle of it."""
        broken = threading.Event()

        def end() -> None:
            self.hub.kill()
            if self.server and fault == ENDED:
                self.server.stop("immediate")
            broken.set()

        timer = threading.Timer(self.random.uniform(0.01, 0.2), end)
        timer.start()
        while not broken.is_set():
            self.sync(place, 0.0)
        timer.join()
        if self.server and fault == ENDED:
            self.server.start()
        else:
            self.restore()
        self.hub = self.serve()
        self.broke[fault] += 1

    def run(self, days: int, entries: int, faults: int) -> None:
        moments = [(day, org) for day in range(days) for org in self.places]
        breaking = self.random.sample(moments, min(faults, len(moments)))
        under = {
            moment: ("hub killed", ENDED)[at % 2 if self.server else 0]
            for at, moment in enumerate(sorted(breaking, key=moments.index))
        }
        number = 0
        for day in range(days):
            for org, place in self.places.items():
                place.clock.ahead = WRONG[org] + timedelta(days=day)
                for _ in range(entries):
                    number += 1
                    self.record_and_share(place, number)
                self.change_something(place)
                self.answer_something(place, number)
            for org, place in self.places.items():
                if (day, org) in under:
                    self.sync_under(place, under[day, org])
                self.sync(place, 0.08)
                self.match(place)
        self.settle()

    def settle(self) -> None:
        """Nothing breaks any more: after a few syncs nobody has anything left to say."""
        for _ in range(12):
            busy = False
            for place in self.places.values():
                report = place.sync()
                self.match(place)
                busy = busy or bool(report.sent or report.received or report.acknowledged or report.queued)
            if not busy:
                return
        pytest.fail("the three never came to rest")


@pytest.fixture
def wrong_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each client's clock is wrong too: what it signs would be refused if it did not learn the hub's."""
    wrong = iter([3600, -3600, 86_400] * 10_000)

    def connect(vault: object, transport: httpx.BaseTransport | None = None) -> HubClient:
        client, ahead = membership.connect(vault, transport), next(wrong)
        client._wire.clock = lambda: time.time() + ahead
        return client

    monkeypatch.setattr(run, "connect", connect)


def check(week: Week) -> tuple[int, list[str]]:
    """How many entries stand in the three records together, and what is amiss."""
    amiss, entries = [], 0
    for (org, child), wanted in week.truth.texts.items():
        place = week.places[org]
        rows = record.chronology(place.vault, week.ids[org, child])
        held = Counter(row.text for row in rows if not row.text.startswith("Taken back by"))
        entries += len(rows)
        amiss += [f"{KINDS[org]} lacks {text}" for text in wanted if not held[text]]
        amiss += [f"{KINDS[org]} has {text} {n} times" for text, n in held.items() if n != 1 or text not in wanted]
        days = [day_of(row) for row in rows]
        if days != sorted(days):
            amiss.append(f"{KINDS[org]} is out of order")
        for row in rows:
            if row.text in wanted and day_of(row) != wanted[row.text]:
                amiss.append(f"{KINDS[org]} has another day for {row.text}")
    for org, place in week.places.items():
        amiss += [f"{KINDS[org]}: {problem}" for problem in place.vault.verify(rebuild=True, signatures=True).problems]
        amiss += [f"{KINDS[org]} still has {message.mid}" for message in place.outbox("queued", "offered")]
        unanswered = [each.type for each in place.outbox("delivered") if each.type in SAID]
        amiss += [f"{KINDS[org]} has no receipt for {words}" for words in unanswered]
    return entries, amiss


IN_PROVE = pytest.mark.skipif(SIZE == "suite", reason="the suite has a week on PostgreSQL; make prove has both")


@pytest.mark.usefixtures("wrong_clocks")
@pytest.mark.parametrize("store", ["postgresql", pytest.param("sqlite", marks=IN_PROVE)])
def test_three_organisations_hold_one_chronology_after_a_week_of_faults(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    server: Server | None = request.getfixturevalue("postgres") if store == "postgresql" else None
    entries, broke, weeks = 0, Counter[str](), size(1, 5, 25)
    for number in range(weeks):
        week = Week(tmp_path / str(number), server, number)
        try:
            week.run(size(3, DAYS, DAYS), size(1, 3, 6), size(3, 8, 12))
            found, amiss = check(week)
        finally:
            week.hub.kill()
            for place in week.places.values():
                place.vault.close()
        assert not amiss, "\n".join(amiss)
        entries += found
        broke += week.broke
    said = ", ".join(f"{what} {count} times" for what, count in sorted(broke.items()))
    say(
        f"a school, social care and the police over a hub on {'PostgreSQL' if server else 'SQLite'}",
        f"{weeks} weeks, {entries:,} entries in the three records, each right; {said}; clocks wrong by up to a day",
    )
    assert broke["hub killed"]
    assert broke["hub put back"]
    assert bool(broke[ENDED]) is bool(server)
    assert broke["connections cut"]
