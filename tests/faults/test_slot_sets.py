"""Every set of people who might hold a compartment: who is in it gets its key, and nobody else (storage: §6.10)."""

from __future__ import annotations

import hashlib
import json
import time
from itertools import combinations

import pytest

from practice.compartments import ADULTS, CHILDREN
from practice.errors import IntegrityAlarm
from storage.header import FILE_NAME, Compartment, Header, _canonical
from storage.keys import PersonKeys, Slot, new_key
from storage.opening import compartment_key, wrap
from storage.sealed import XWingPrivate
from storage.vault import open_vault
from tests.conftest import PASSPHRASE
from tests.faults.sizes import say

ROLES = ("dsl", "deputy", "head", "read_only")


def test_only_who_is_in_the_set_gets_the_key_whatever_the_set():
    people = {role: PersonKeys.generate() for role in ROLES}
    slots = {
        role: Slot(f"id-{role}", role, role, bytes(16), None, keys.xwing.public(), keys.signing_public)
        for role, keys in people.items()
    }
    tried, wrong = 0, []
    for count in range(len(ROLES) + 1):
        for held in combinations(ROLES, count):
            header = Header("v", 1, list(slots.values()), [], {})
            for name in (CHILDREN, ADULTS):
                header.compartments[name] = Compartment(1, {}, XWingPrivate.generate().public())
            keys = {CHILDREN: new_key(), ADULTS: new_key()}
            for role in ROLES:
                wrap(header, CHILDREN, keys[CHILDREN], slots[role])
                if role in held:
                    wrap(header, ADULTS, keys[ADULTS], slots[role])
            for role in ROLES:
                # Whoever is without the key puts another's, or that of the children, in the place of their own.
                given = header.compartments[ADULTS].wrapped
                stolen = [*given.values(), header.compartments[CHILDREN].wrapped[slots[role].id]]
                tries = [None] if role in held else [None, *stolen]
                for put in tries:
                    if put is not None:
                        given[slots[role].id] = put
                    try:
                        got = compartment_key(header, ADULTS, slots[role], people[role])
                    except IntegrityAlarm:
                        got = None
                    tried += 1
                    if got != (keys[ADULTS] if role in held else None):
                        wrong.append((held, role))
                if role not in held:
                    given.pop(slots[role].id, None)
    say("sets of people who hold the adults' register", f"16 sets, {tried} tries, {len(wrong)} wrong")
    assert wrong == []


@pytest.mark.parametrize("kdf", [(2**31, 3, 4), (65536, 10**9, 4), (65536, 3, 2**20), (8, 1, 1), (-1, 3, 4)])
def test_a_cost_out_of_bounds_is_refused_at_once(vault_folder, kdf):
    path = vault_folder / FILE_NAME
    content = json.loads(path.read_bytes())
    content.pop("sha256")
    content["slots"][0]["kdf"] = dict(zip(("memory_kib", "iterations", "lanes"), kdf, strict=True))
    content["sha256"] = hashlib.sha256(_canonical(content)).hexdigest()
    path.write_text(json.dumps(content))
    took = []
    for _ in range(3):
        started = time.process_time()
        with pytest.raises(IntegrityAlarm, match="cost"):
            open_vault(vault_folder, passphrase=PASSPHRASE)
        took.append(time.process_time() - started)
    memory, rounds, lanes = kdf
    say(
        f"a header that asks for {memory:,} KiB, {rounds} rounds and {lanes} lanes",
        f"refused in {min(took) * 1000:.1f} ms",
    )
    assert min(took) < 0.01
