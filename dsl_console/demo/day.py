"""The whole day as a script: log, review, approve, sync, read back, each step with what was seen (design: §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dsl_console.demo import setting as scene
from dsl_console.demo.hub import HubProcess
from dsl_console.demo.setting import PASSPHRASE, POLICE, SOCIAL_CARE, Setting
from practice.errors import ConsoleError, HubUnreachable, Refused
from storage import vault as vaults
from storage.desk import concerns, reviews
from storage.desk.concerns import log_concern
from storage.vault import Vault
from storage.views import arrivals, children, record, sharing
from storage.views import reviews as plans
from storage.views.today import today
from sync import contracts, inbox, not_sharing, shares
from sync.run import sync

HOSTILE = "She said [he hit me] [Yr 9] [red]x[/red]"
CHILD = "Maeve Bevan"
TWIN = "Ahmed Abdullahi"


class NotHeld(Exception):
    """A step did not come out as it must."""


@dataclass(frozen=True)
class Step:
    """One step of the day, whether it held, and what was seen."""

    step: str
    ok: bool
    detail: str


def hold(condition: object, otherwise: str) -> None:
    """Raise NotHeld unless the condition holds."""
    if not condition:
        raise NotHeld(otherwise)


@dataclass
class Day:
    """The day's steps and what they hand to one another."""

    folder: Path
    invite: Callable[[Path, str], str]
    scene: Setting | None = None
    entries: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)

    @property
    def school(self) -> Vault:
        """The school's vault."""
        assert self.scene is not None
        return self.scene.school

    @property
    def care(self) -> Vault:
        """The social-care team's vault."""
        assert self.scene is not None
        return self.scene.social_care

    @property
    def child(self) -> children.ChildRow:
        """The child whom the day is about."""
        return children.resolve(self.school, CHILD)

    def run(self) -> Iterator[Step]:
        """Yield each step's outcome; the first one that does not hold is the last."""
        try:
            for name, act in self.steps():
                try:
                    yield Step(name, True, act())
                except (NotHeld, ConsoleError) as fault:
                    yield Step(name, False, str(fault))
                    return
        finally:
            if self.scene is not None:
                self.scene.close()

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Return the steps in their order."""
        return [
            ("Set up: a school's vault, a hub in a process of its own, two partners", self.set_up),
            ("Import the roll from a CSV", self.import_roll),
            ("Join the hub and compare the partners' words", self.join),
            ("Log concerns, one of a child who is not on the roll", self.log),
            ("Read back: chronology, search, the text whole", self.read_back),
            ("Decide, amend, and move an entry from the wrong child", self.decide),
            ("Review what is due", self.review),
            ("Propose, preview and approve: exactly those bytes are signed", self.approve),
            ("Hold one share, decide against another", self.hold_and_refuse),
            ("Sync while the hub is down: everything stays queued", self.sync_down),
            ("Sync again: the hub acknowledges", self.sync_up),
            ("The partner takes it in once, matches it, and answers", self.partner),
            ("The receipt comes back", self.receipt),
            ("The partner's own entry joins the school's chronology", self.reply),
            ("Lock, unlock, verify: pages, chain, signatures, views", self.verify),
            ("Nothing lies in the clear: vaults, spool and hub", self.scan),
        ]

    # -- the steps ---------------------------------------------------------------------------------------------------

    def set_up(self) -> str:
        """Make the vaults and start the hub."""
        hub = HubProcess(self.folder / "hub" / "hub.sqlite")
        (self.folder / "hub").mkdir(mode=0o700)
        hub.start()
        self.scene = Setting(
            self.folder, hub, scene.make_school(self.folder / "school"), *scene.make_partners(self.folder)
        )
        return f"{self.school.school.name}; hub at {hub.url}"

    def import_roll(self) -> str:
        """Take in the roll and record the weeks before today."""
        report = scene.import_roll(self.school)
        past = scene.record_past(self.school, self.school.clock() - timedelta(days=3))
        return f"{report.joined} children, {len(report.warnings)} warnings; {past} entries of the weeks before"

    def join(self) -> str:
        """Enrol all three."""
        assert self.scene is not None
        database = self.folder / "hub" / "hub.sqlite"
        scene.enrol(self.scene, lambda org: self.invite(database, org))
        known = sharing.partners(self.school)
        hold(len(known) == 2 and all(partner.verified for partner in known), "A partner's words did not agree.")
        return ", ".join(partner.name for partner in known)

    def log(self) -> str:
        """Log three concerns."""
        fields = {
            "text": f"Maeve came to the office at break, crying. {HOSTILE}",
            "childs_words": "He hit me and then he said sorry.",
            "when": "today",
            "category": "physical",
            "how_known": "told_by_child",
            "place": "School office",
        }
        self.entries["main"] = log_concern(self.school, fields, child_id=self.child.id)[0]
        twin = children.resolve(self.school, TWIN).id
        wrong = {"text": "Told his teacher that he has no bed of his own.", "when": "yesterday 14:30"}
        self.entries["wrong"] = log_concern(self.school, wrong, child_id=twin)[0]
        new = {"text": "Came with an uncle who did not know his date of birth.", "when": "this morning"}
        self.entries["new"] = log_concern(self.school, new, new_child="Tobiasz Wren-Ashby")[0]
        waiting = {line.subject for line in today(self.school, self.school.clock()).act_today}
        hold(set(self.entries.values()) <= waiting, "A concern without a decision is missing from Today.")
        return "3 recorded; each stands on Today until it has a decision; no one else has been told"

    def read_back(self) -> str:
        """Find the words again."""
        found = record.chronology(self.school, self.child.id)
        hold(any(HOSTILE in entry.text for entry in found), "The text did not come back whole.")
        hits = record.search(self.school, "crying")
        hold(self.entries["main"] in {hit.entry_id for hit in hits}, "The search did not find the concern.")
        return f"{len(found)} entries in the chronology; search finds it among {len(hits)}"

    def decide(self) -> str:
        """Decide, amend and move."""
        concerns.decide(self.school, self.entries["main"], "referral_social_care", "She told us that she was hit.")
        new_text = f"Maeve came to the office at break, crying, with her coat on. {HOSTILE}"
        concerns.amend(self.school, self.entries["main"], new_text, "Added what she wore.")
        right = children.resolve(self.school, "Idris Abdullahi")
        concerns.move(self.school, self.entries["wrong"], right.id, "Logged under the wrong brother.")
        detail = record.detail(self.school, self.entries["main"])
        hold(len(detail.versions) == 2 and detail.decisions, "A version or the decision is missing.")
        wrong_child = children.resolve(self.school, TWIN).id
        left = {entry.id for entry in record.chronology(self.school, wrong_child)}
        hold(self.entries["wrong"] not in left, "The moved entry is still under the wrong child.")
        hold(record.traces(self.school, wrong_child), "The wordless trace is missing.")
        return "2 versions kept side by side; the moved entry leaves a wordless trace with both children"

    def review(self) -> str:
        """Hold every review that is due."""
        on = self.school.clock().astimezone().date()
        due = plans.due(self.school, on)
        hold(due, "No review is due, although some must be.")
        for row in due:
            reviews.hold(self.school, row.child_id, "Stay at this level", "Nothing new since last time.")
        hold(not plans.due(self.school, on), "A review that was held is still due.")
        return f"{len(due)} reviews held, each with its decision, reason and next date"

    def approve(self) -> str:
        """Propose the main entry to social care under a contract, and approve what was previewed."""
        concerns.promote(
            self.school, self.entries["main"], "The first time she spoke of being hit.", "turning_point", "negative"
        )
        contract = contracts.add_contract(
            self.school,
            SOCIAL_CARE,
            "One chronology for a child in need.",
            "public_task",
            self.school.clock().date() + timedelta(days=200),
        )
        share = shares.propose(self.school, self.entries["main"], SOCIAL_CARE, contract)
        preview = shares.preview(self.school, share)
        try:
            shares.approve(self.school, share, "0" * 64, "public_task", "told", "not_safe", "Risk of harm.")
        except Refused:
            pass
        else:
            raise NotHeld("An approval of other bytes than those shown was taken.")
        shares.approve(self.school, share, preview.digest, "public_task", "told", "not_safe", "Risk of harm.")
        self.shared["main"] = share
        hold(sharing.share(self.school, share).state == "queued", "The approved share is not queued.")
        return f"{len(preview.payload.encode()):,} bytes frozen, shown and signed; state: queued"

    def hold_and_refuse(self) -> str:
        """Hold one and refuse one, each with its reason."""
        held = shares.propose(self.school, self.entries["new"], SOCIAL_CARE)
        not_sharing.hold(self.school, held, "The child's name is not certain yet.")
        refused = shares.propose(self.school, self.entries["wrong"], POLICE)
        not_sharing.refuse(self.school, refused, "No offence is suspected; early help first.")
        states = {share.id: share.state for share in sharing.shares(self.school)}
        hold((states[held], states[refused]) == ("held", "not_shared"), "The decisions are not in the record.")
        return "both decisions stand in the record with their reasons"

    def sync_down(self) -> str:
        """Stop the hub and try."""
        assert self.scene is not None
        self.scene.hub.stop()
        try:
            sync(self.school)
        except HubUnreachable as fault:
            said = fault.message
        else:
            raise NotHeld("A sync without a hub did not say so.")
        hold(sharing.share(self.school, self.shared["main"]).state == "queued", "Something was shown as sent.")
        return said

    def sync_up(self) -> str:
        """Start the hub again and send."""
        assert self.scene is not None
        self.scene.hub.start()
        report = sync(self.school)
        hold((report.sent, report.queued) == (1, 0), f"Sent {report.sent}, still queued {report.queued}.")
        again = sync(self.school)
        hold(again.sent == 0, "A second sync sent something again.")
        return f"sent {report.sent}; a second sync sends nothing"

    def partner(self) -> str:
        """The partner syncs, matches by hand and answers."""
        report = sync(self.care)
        hold(report.received == 1, f"The partner received {report.received}.")
        hold(sync(self.care).received == 0, "The partner received it a second time.")
        item = arrivals.items(self.care, states=["waiting"])[0]
        hold(HOSTILE in item.text and item.hint_name == CHILD, "The entry did not arrive whole.")
        from storage.desk.children import add_child

        child, _ = add_child(self.care, name=CHILD, date_of_birth=item.hint_date_of_birth)
        inbox.accept(self.care, item.id, child)
        entry = record.chronology(self.care, child)[0]
        hold(entry.source == self.school.school.name, "The source was not kept.")
        sync(self.care)
        self.entries["care child"] = child
        return f"in the partner's chronology with its source: {entry.source}"

    def receipt(self) -> str:
        """The school takes in the receipt."""
        report = sync(self.school)
        share = sharing.share(self.school, self.shared["main"])
        hold(share.state == "acknowledged", f"The share's state is {share.state}.")
        return f"{report.acknowledged} entry receipted; state: acknowledged"

    def reply(self) -> str:
        """Social care shares an entry of its own; the school reads it in the one chronology."""
        fields = {
            "text": "Visited at home at 17:30. Mother and Maeve seen apart. A friend of the mother's has moved out.",
            "when": "today",
            "entry_kind": "visit",
            "how_known": "seen",
        }
        entry = log_concern(self.care, fields, child_id=self.entries["care child"])[0]
        share = shares.propose(self.care, entry, scene.SCHOOL)
        digest = shares.preview(self.care, share).digest
        shares.approve(self.care, share, digest, "public_task", "told", "told", "The school sees her daily.")
        sync(self.care)
        sync(self.school)
        item = arrivals.items(self.school, states=["waiting"])[0]
        inbox.accept(self.school, item.id, self.child.id)
        sources = {each.source for each in record.chronology(self.school, self.child.id)}
        hold(self.care.school.name in sources, "The partner's entry is not in the chronology.")
        return f"one chronology, {len(sources)} sources"

    def verify(self) -> str:
        """Close every vault and open it again; verify all of it."""
        assert self.scene is not None
        acts = 0
        for name in ("school", "social_care", "police"):
            vault: Vault = getattr(self.scene, name)
            vault.close()
            vault = vaults.open_vault(vault.folder, passphrase=PASSPHRASE)
            setattr(self.scene, name, vault)
            report = vault.verify(rebuild=True, signatures=True)
            hold(report.ok, "; ".join(problem.text for problem in report.problems))
            acts += report.acts
        return f"{acts} acts of three vaults are as they were recorded"

    def scan(self) -> str:
        """Look for names in every file."""
        words = ["Bevan", "Maeve", "Wren-Ashby", "Abdullahi"]
        needles = [word.encode(code) for word in words for code in ("utf-8", "utf-16-le", "utf-16-be")]
        looked = 0
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                looked += 1
                content = path.read_bytes()
                hold(not any(needle in content for needle in needles), f"A name lies in the clear in {path.name}.")
        return f"{looked} files, no name found"
