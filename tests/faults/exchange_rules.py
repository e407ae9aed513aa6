"""What two organisations do, and what must hold whatever befalls them (protocol: §4, §5).

`Exchange` does a step on the real code, then looks at what both sides and the hub hold. What a person may do is what
the product lets them: its refusals are no faults. Each broken promise is a `Broken` with its sentence.
"""

from __future__ import annotations

import json
from contextlib import suppress

from practice.errors import HubUnreachable, Refused
from storage import outbox
from storage.desk.concerns import amend, log_concern
from storage.vault import Vault
from storage.views import arrivals, sharing
from sync import contracts, corrections, inbox, inventory, not_sharing, renewing, shares
from tests.faults.exchange_world import FAULTS, Fault, Side, World

Step = tuple[str, int, int, int]
ROUNDS = 14
MONTH = 32 * 86_400
UNSAID = ("proposed", "held", "agreed", "not_shared")
MOVES = {
    "queued": {"offered", "delivered", "withheld", "superseded", "acknowledged", "refused", "expired"},
    "offered": {"queued", "delivered", "withheld", "superseded", "acknowledged", "refused", "expired"},
    "delivered": {"queued", "offered", "withheld", "superseded", "acknowledged", "refused", "expired"},
    "acknowledged": {"refused", "superseded"},
    "refused": {"acknowledged", "superseded"},
    "expired": {"acknowledged", "superseded", "refused"},
    "withheld": {"acknowledged", "refused", "superseded"},
    "superseded": set(),
}
"""Where the outbox may go from each state (§4): a partner's word comes late, a new epoch offers again."""


class Broken(AssertionError):
    """A promise of the protocol that was not kept."""


class Memory:
    """What an observer of one side knows of it, from before its last restore and since."""

    def __init__(self) -> None:
        self.approved: dict[tuple[str, int], set[str]] = {}
        """What a person approved or took back, by (entry, revision): the texts; blank for a withdrawal."""
        self.taken: dict[str, int] = {}
        """The highest revision that this side ever took in, by entry."""
        self.forget()

    def forget(self) -> None:
        """This side was put back: what it holds begins anew."""
        self.states: dict[str, str] = {}
        self.highest: dict[str, int] = {}
        self.withdrawn: dict[str, int] = {}
        self.items: set[str] = set()
        self.under: set[str] = set()
        self.ended = False
        self.unsent: set[str] = set()
        """What had not left when the agreement ended."""
        self.acts = 0


class Exchange:
    """One run: a world, what was seen in it, and what is still to be done by a person."""

    def __init__(self, world: World) -> None:
        self.world, self.sides = world, world.sides
        self.seen = (Memory(), Memory())
        self.looked_at: list[Vault | None] = [None, None]
        self.said = 0
        self.entries: dict[tuple[int, int], str] = {}
        self.renewing: set[int] = set()
        self.done: dict[str, int] = {}
        self.struck = 0

    # -- steps ---------------------------------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """Do one step, then look at everything."""
        name, who, first, second = step
        self.world.now.seconds += 1
        before = self.said
        with suppress(Refused):
            getattr(self, f"do_{name}")(self.sides[who], first, second)
            self.done[name] = self.done.get(name, 0) + 1
        assert self.said >= before
        self.look()

    def do_share(self, side: Side, which: int, _: int) -> None:
        """Record an entry and share it; one that went is amended and corrected, one that waits is left."""
        self.said += 1
        text = f"What happened, {side.number}.{which}.{self.said}"
        with side.at_work():
            entry = self.entries.get((side.number, which), "")
            if not entry or not sharing.entry_is_here(side.vault, entry):
                child = side.sql("SELECT id FROM children")[0][0]
                fields = {"text": text, "when": "19/11/2026", "category": "physical"}
                entry = log_concern(side.vault, fields, child_id=child)[0]
                self.entries[side.number, which] = entry
            else:
                amend(side.vault, entry, text, "More was said.")
            self._approve(side, self._proposed(side, entry, which))

    def _proposed(self, side: Side, entry: str, which: int) -> str:
        mine = [each for each in sharing.shares(side.vault, entry_id=entry) if each.org == side.other]
        if mine and mine[0].state in not_sharing.OPEN:
            return mine[0].id
        if mine and mine[0].state in corrections.LEFT and not mine[0].recovered:
            return corrections.correct(side.vault, mine[0].id, "More was said.")
        return shares.propose(side.vault, entry, side.other, self.world.contract if which % 2 else "")

    def _approve(self, side: Side, share: str) -> None:
        digest = shares.preview(side.vault, share).digest
        shares.approve(side.vault, share, digest, "public_task", "told", "not_safe", "She needs to be seen.")

    def do_withdraw(self, side: Side, which: int, _: int) -> None:
        """Take back what was shared last of an entry."""
        with side.at_work():
            for share in sharing.shares(side.vault, entry_id=self.entries.get((side.number, which), "x")):
                if share.state in corrections.LEFT:
                    corrections.withdraw(side.vault, share.id, "It was somebody else.")
                    return

    def do_sync(self, side: Side, kind: int, at: int) -> None:
        """Sync, while a fault may strike."""
        fault = self._fault(kind, at)
        side.sync(fault)
        self.struck += fault.struck

    def do_locked(self, side: Side, kind: int, at: int) -> None:
        """Let the machine exchange while it is locked."""
        fault = self._fault(kind, at)
        side.locked(fault)
        self.struck += fault.struck

    def _fault(self, kind: int, at: int) -> Fault:
        names = ["", "", "killed", "killed", *FAULTS]
        name = names[kind % len(names)]
        return Fault(name, at % FAULTS[name]) if name else Fault()

    def do_answer(self, side: Side, no: int, _: int) -> None:
        """A person takes the oldest waiting entry in, or refuses it."""
        waiting = side.sql("SELECT id FROM items WHERE state = 'waiting' ORDER BY arrived_at")
        with side.at_work():
            for (item,) in waiting[:1]:
                if no % 4 == 3:
                    inbox.refuse(side.vault, item, "We know no such child.")
                else:
                    inbox.accept(side.vault, item, side.sql("SELECT id FROM children")[0][0])

    def do_end(self, side: Side, _: int, __: int) -> None:
        """End the agreement."""
        with side.at_work():
            contracts.end(side.vault, self.world.contract, "The family has moved.")

    def do_renew(self, side: Side, kind: int, at: int) -> None:
        """Make the keys anew, every other time since they were stolen."""
        fault = self._fault(kind, at)
        self.renewing.add(side.number)
        self._renew(side, fault, compromised=bool(at % 2))
        self.struck += fault.struck

    def _renew(self, side: Side, fault: Fault, *, compromised: bool) -> None:
        with side.at_work(fault):
            try:
                renewing.renew(side.vault, "Every year", compromised=compromised, transport=side.line)
                self.renewing.discard(side.number)
            except HubUnreachable:
                assert fault.struck, "the hub was there"

    def do_copy(self, side: Side, what: int, _: int) -> None:
        """Make a copy of this side, or of the hub."""
        if what % 3 == 2:
            self._copy_hub()
        else:
            side.make_copy(self.world.root / f"copy-{side.number}")

    def _copy_hub(self) -> None:
        import shutil

        target = self.world.root / "copy-hub"
        shutil.rmtree(target, ignore_errors=True)
        self.world.hub_copy = shutil.copytree(self.world.office.folder, target)

    def do_put_back(self, side: Side, what: int, how: int) -> None:
        """Put the copy back."""
        if what % 3 == 2:
            if self.world.hub_copy is not None:
                self.world.office.put_back(self.world.hub_copy, by_operator=bool(how % 2))
        elif side.copy is not None:
            side.put_back(restored=bool(how % 2))
            self.seen[side.number].forget()

    def do_show_again(self, side: Side, number: int, times: int) -> None:
        """The hub shows this side an old message as if it were new."""
        for _ in range(1 + times % 3):
            self.world.office.show_again(side.org, number)

    def do_shuffle(self, side: Side, _: int, __: int) -> None:
        """The hub turns round the order of what waits for this side."""
        self.world.office.shuffle(side.org)

    def do_clock(self, side: Side, whose: int, hours: int) -> None:
        """A clock is put forward or back."""
        moved = (-24, -1, 1, 24)[hours % 4] * 3600
        self.world.now.ahead[2 if whose % 3 == 2 else side.number] = moved

    def do_wait(self, _: Side, days: int, __: int) -> None:
        """Days go by; after so many a message expires at the hub, and an agreement is due for review."""
        self.world.now.seconds += (1, 9, 45)[days % 3] * 86_400
        self.world.office.sweep()

    def do_spool(self, side: Side, _: int, __: int) -> None:
        """What lies beside the vault is lost."""
        for path in sorted((side.folder / "spool").rglob("*")):
            if path.is_file() and path.name != "lock":
                path.unlink()

    def do_look_at(self, side: Side, how: int, _: int) -> None:
        """A person looks at what came back from the partner."""
        with side.at_work():
            for share in inventory.open_shares(side.vault)[:1]:
                if how % 2:
                    inventory.leave(side.vault, share.id, "It is known.")
                else:
                    inventory.take_in(side.vault, share.id, side.sql("SELECT id FROM children")[0][0])

    # -- what must hold at any moment ----------------------------------------------------------------------------------

    def look(self) -> None:
        """Look at each side after a step, if anything was committed there since: the other only adds to what it may."""
        changed = [side for side in self.sides if self._changed(side)]
        with self.sides[0].vault.read(), self.sides[1].vault.read():
            for side in changed:
                self._approved(side, self.seen[side.number])
            for side in changed:
                self._arrived(side, self.seen[side.number], self.seen[1 - side.number])
            for side in changed:
                self._moved(side, self.seen[side.number], self.seen[1 - side.number])

    def _changed(self, side: Side) -> bool:
        """Say whether a side is to be looked at: it was opened anew, or something was committed there."""
        committed, opened = side.vault.changed(), self.looked_at[side.number] is not side.vault
        self.looked_at[side.number] = side.vault
        return committed or opened

    def _approved(self, side: Side, seen: Memory) -> None:
        for entry, rev, payload in side.sql("SELECT entry_id, rev, payload FROM shares WHERE approved_at IS NOT NULL"):
            seen.approved.setdefault((entry, rev), set()).add(json.loads(payload)["body"]["event"])
        for entry, rev in side.sql("SELECT eid, rev FROM outbox WHERE type = 'withdrawal'"):
            seen.approved.setdefault((entry, rev), set()).add("")
        if "clock" not in self.done and any(len(said) > 1 for said in seen.approved.values()):
            raise Broken("two texts went out as one revision")
        (acts,) = side.sql("SELECT count(*) FROM acts")[0]
        if acts < seen.acts:
            raise Broken("acts have vanished")
        seen.acts = acts

    def _arrived(self, side: Side, seen: Memory, theirs: Memory) -> None:
        """What is shown was approved, stands once, is never older than before, and nothing comes after the end."""
        live: dict[str, set[str]] = {}
        found = set()
        now: dict[str, int] = {}
        for item, eid, rev, state, payload, ctr in side.sql("SELECT id, eid, rev, state, payload, ctr FROM items"):
            found.add(item)
            now[eid] = max(now.get(eid, 0), rev)
            said = "" if state == "withdrawn" else json.loads(payload)["body"].get("event", "")
            if said not in theirs.approved.get((eid, rev), set()):
                raise Broken("something is shown that nobody approved")
            if state == "withdrawn":
                seen.withdrawn[eid] = max(seen.withdrawn.get(eid, 0), rev)
            elif rev < seen.withdrawn.get(eid, 0):
                raise Broken("what was taken back is shown again")
            if state in ("waiting", "accepted"):
                live.setdefault(eid, set()).add(f"{rev} {item}")
            if ctr == self.world.contract and seen.ended and state != "withdrawn" and f"{item} {rev}" not in seen.under:
                raise Broken("something came under an agreement that had ended")
            seen.under.add(f"{item} {rev}")
        twice = (
            "SELECT 1 FROM acts JOIN bodies ON act = id WHERE kind IN ('item_arrived', 'item_corrected')"
            " GROUP BY entry, CAST(body AS TEXT) ->> 'rev' HAVING count(*) > 1"
        )
        if side.sql(twice):
            raise Broken("one revision was taken in twice")
        for eid, rev in now.items():
            if rev < seen.highest.get(eid, 0):
                raise Broken("an older revision took the place of a newer one")
            seen.highest[eid] = rev
            seen.taken[eid] = max(seen.taken.get(eid, 0), rev)
        if not seen.items <= found:
            raise Broken("an entry that had come has vanished")
        seen.items = found
        for eid, standing in live.items():
            texts = [theirs.approved[eid, int(each.split()[0])] for each in standing]
            if len(standing) > 1 and not any(len(each) > 1 for each in texts):
                raise Broken("an entry stands twice")
        if not seen.ended and side.sql("SELECT 1 FROM contracts WHERE id = ? AND ended", self.world.contract):
            seen.ended = True
            unsent = (
                "SELECT mid FROM outbox WHERE ctr = ? AND class = 'data' AND attempts = 0"
                " AND state IN ('queued', 'withheld')"
            )
            seen.unsent = {mid for (mid,) in side.sql(unsent, self.world.contract)}

    def _moved(self, side: Side, seen: Memory, theirs: Memory) -> None:
        """States move only as they may, and say only what is so."""
        for mid, state, kind, eid, rev in side.sql("SELECT mid, state, type, eid, rev FROM outbox"):
            before = seen.states.get(mid, state)
            if state != before and state not in MOVES[before]:
                raise Broken(f"a message went from {before} to {state}")
            if mid in seen.unsent and state not in ("queued", "withheld", "superseded"):
                raise Broken("something left under an agreement that had ended")
            if state == "delivered" and mid not in self.world.office.stored:
                raise Broken("a message counts as delivered that the hub never had")
            if state == "acknowledged" and kind in ("entry", "correction") and theirs.taken.get(eid, 0) < rev:
                raise Broken("a message counts as acknowledged that the partner never had")
            seen.states[mid] = state

    # -- what must hold in the end -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let both sides sync without faults, and persons do what they are asked to; then all must be right.

        What was collected under an agreement that is over, and whose answer is lost, cannot be sent again: its end is
        the hub's time for it.
        """
        self._come_to_rest(over_too=False)
        if any(self._under_way(side, over_too=True) for side in self.sides):
            self.world.now.seconds += MONTH
            self.world.office.sweep()
            self._come_to_rest(over_too=True)
        for side in self.sides:
            self._agrees(side, self.sides[1 - side.number])
        ended = "SELECT ended FROM contracts WHERE id = ?"
        if len({side.sql(ended, self.world.contract)[0] for side in self.sides}) > 1:
            raise Broken("one side does not know that the agreement has ended")

    def _come_to_rest(self, *, over_too: bool) -> None:
        for _ in range(ROUNDS):
            for side in self.sides:
                if side.number in self.renewing:
                    self._renew(side, Fault(), compromised=False)
                report = side.sync()
                assert report is not None
                if any("Make keys anew" in each for each in report.errors):
                    self._renew(side, Fault(), compromised=False)
                self.look()
            left = [self._under_way(side, over_too=over_too) for side in self.sides]
            if not any(left) and not self.world.office.waiting():
                return
        raise Broken(f"it never comes to rest: {left}")

    def _under_way(self, side: Side, *, over_too: bool) -> list[tuple]:
        """Return what has no end yet; what an agreement that is over keeps here has one, and also what it let go,
        unless `over_too`."""
        with side.vault.read() as connection:
            waiting = outbox.messages(connection, *outbox.OPEN)
            due = outbox.exchange(connection, "inventory") == "due"
        today = contracts.today(side.vault)
        kept = {row.id for row in sharing.contracts(side.vault) if contracts.fault(row, today)}
        found = [
            (each.type, each.state, each.detail)
            for each in waiting
            if not (each.class_ == "data" and each.ctr in kept and (each.state in outbox.WAITING or not over_too))
            and not (each.share is None and each.state == "delivered")
        ]
        return [*found, ("inventory",)] if due else found

    def _agrees(self, side: Side, other: Side) -> None:
        """The partner's record of our entries is what we last approved of each."""
        ours: dict[str, tuple[int, str]] = {}
        taken_back = "SELECT max(rev) FROM outbox WHERE share = ? AND type = 'withdrawal'"
        for share in sharing.shares(side.vault):
            if (
                share.org == side.other
                and share.rev
                and share.state not in ("proposed", "held", "agreed", "not_shared")
            ):
                rev = share.rev
                for (sent,) in side.sql(taken_back, share.id):
                    rev = max(rev, sent or 0)
                if rev > ours.get(share.entry_id, (0, ""))[0]:
                    ours[share.entry_id] = (rev, share.state)
        theirs: dict[str, tuple[int, str]] = {}
        for row in arrivals.items(other.vault):
            if row.rev >= theirs.get(row.eid, (0, ""))[0]:
                theirs[row.eid] = (row.rev, row.state)
        for entry, (rev, state) in ours.items():
            held = theirs.get(entry, (0, ""))
            if state in ("acknowledged", "withdrawn") and held[0] != rev:
                raise Broken(f"{NAMED[side.number]}: {state} at {rev}, and the partner holds {held}")
            if state == "withdrawn" and held[1] != "withdrawn":
                raise Broken(f"{NAMED[side.number]}: taken back, and the partner holds {held}")
            if state in ("queued", "offered", "delivered", "expired") and not self._ended(side):
                raise Broken(f"{NAMED[side.number]}: {state} for ever")
        for entry, held in theirs.items():
            if held[0] > ours.get(entry, (0, ""))[0]:
                raise Broken(f"{NAMED[side.number]}: the partner holds {held}, and here is {ours.get(entry)}")

    def _ended(self, side: Side) -> bool:
        today = contracts.today(side.vault)
        return any(contracts.fault(row, today) for row in sharing.contracts(side.vault))


NAMED = ("the school's entry", "the council's entry")
