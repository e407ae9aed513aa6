"""A slow line that breaks: a sync goes on where the one before was cut off (F15).

Everything arrives late by half of the time that an answer takes, and in 2 per cent of its packets the line breaks.
Both organisations sync over it until each entry is with the partner and receipted.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import httpx
import pytest
from exchange import COUNCIL, Hub, Place
from ways import SlowLine

from practice.errors import HubUnreachable
from sync import run
from sync.carriers.hub import HubClient
from sync.carriers.wire import trusted
from tests.faults.sizes import say, size

ENTRIES = size(5, 40, 200)
ROUND_TRIP = size(20, 400, 400) / 1000
LOSS, PACKET = 0.02, 1400
TEXT = "She said that he had hit her, and showed a mark. " * 120
MOST_SYNCS = 2000


class Offered:
    """What was offered, by message, and what was offered once more although the hub's proof had arrived."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times: Counter[str] = Counter()
        self.proved: set[str] = set()
        self.needless = 0
        real = HubClient.send_batch

        def send_batch(client: HubClient, items, head=None):
            self.times.update(mid for mid, _ in items)
            self.needless += sum(mid in self.proved for mid, _ in items)
            result = real(client, items, head)
            self.proved |= {mid for mid, outcome in result.outcomes.items() if outcome.stored}
            return result

        monkeypatch.setattr(HubClient, "send_batch", send_batch)


class Through(httpx.HTTPTransport):
    """The way to the hub by another port."""

    def __init__(self, port: int) -> None:
        super().__init__(trust_env=False, verify=trusted(trust_env=False))
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self.port)
        return super().handle_request(request)


def tried(place: Place, line: SlowLine) -> bool:
    """Sync once; False where the line broke under it."""
    try:
        place.sync(transport=Through(line.port))
    except HubUnreachable:
        return False
    return True


@pytest.fixture
def line(post: Hub):
    made = SlowLine(urlsplit(post.url).port or 0, LOSS, 17, PACKET, ROUND_TRIP / 2)
    yield made
    made.close()


def shared(school: Place) -> list[str]:
    child = school.child()
    return [school.share(school.entry(child, f"{number}. {TEXT}"), COUNCIL) for number in range(ENTRIES)]


def test_a_sync_over_a_slow_line_that_breaks_goes_on_where_it_was(
    school: Place, council: Place, line: SlowLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares, offered = shared(school), Offered(monkeypatch)
    syncs = broken = 0
    while (any(school.state(each) != "acknowledged" for each in shares) or not line.cuts) and syncs < MOST_SYNCS:
        for place in (school, council):
            broken += not tried(place, line)
            syncs += 1
    arrived = Counter(item.eid for item in council.items())
    lost, doubled = ENTRIES - len(arrived), sum(arrived.values()) - len(arrived)
    say(
        f"a slow line ({ROUND_TRIP * 1000:.0f} ms, {LOSS:.0%} of its packets break it)",
        f"{ENTRIES} entries of {len(TEXT) // 1000} KB, {syncs} syncs, {broken} cut off, {lost} lost, {doubled} doubled,"
        f" {offered.needless} offered again after their proof had arrived",
    )
    assert (lost, doubled, offered.needless) == (0, 0, 0)
    assert line.cuts, "the line did break"


def test_a_sync_that_begins_anew_each_time_is_noticed(
    school: Place, council: Place, line: SlowLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what a request has proved counts only once the whole sync is through."""
    shares, offered = shared(school), Offered(monkeypatch)
    monkeypatch.setattr(run._Run, "_take_outcomes", lambda *_: [])
    syncs = 0
    while not offered.needless and syncs < MOST_SYNCS:
        tried(school, line)
        syncs += 1
    say("control: a sync that begins anew each time", f"{offered.needless} offered again (must not be 0)")
    assert offered.needless
    assert {school.state(each) for each in shares} == {"offered"}
