"""The demo's scene: a school of 420 made-up children, a hub, a social-care team and a police unit."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from dsl_console.demo.hub import HubProcess
from practice.acts import Phones, SchoolSet
from practice.errors import ConsoleError
from storage import vault as vaults
from storage.desk import children as roll
from storage.desk import concerns
from storage.desk import reviews as reviewing
from storage.keys import FLOOR
from storage.vault import Vault
from storage.views import children, record
from sync import partners

PASSPHRASE = "green lamp quiet river"  # noqa: S105  (the demo's own, shown on its screen; the school is made up)
SCHOOL = "urn:scx:demo:thornfield-down"
SOCIAL_CARE = "urn:scx:demo:children-social-care"
POLICE = "urn:scx:demo:police-protection-unit"


@dataclass
class Setting:
    """Everything that stands in the temporary folder."""

    folder: Path
    hub: HubProcess
    school: Vault
    social_care: Vault
    police: Vault

    def vaults(self) -> list[Vault]:
        """Return the three vaults."""
        return [self.school, self.social_care, self.police]

    def close(self) -> None:
        """Close the vaults and stop the hub."""
        for vault in self.vaults():
            vault.close()
        self.hub.stop()


def make_vault(folder: Path, name: str, kind: str, user: str, phones: Phones | None = None) -> Vault:
    """Make one made-up organisation's vault, at the least cost that the key derivation may have."""
    organisation = SchoolSet(name=name, organisation=kind, phones=phones or Phones())
    vault, _code = vaults.create(folder, school=organisation, user=user, passphrase=PASSPHRASE, kdf=FLOOR)
    return vault


def make_school(folder: Path) -> Vault:
    """Make the school's vault."""
    phones = Phones(front_door="01632 960 101", out_of_hours="01632 960 102", lado="01632 960 103")
    return make_vault(folder, "Thornfield Down Primary School", "school", "Ruth Oyelaran", phones)


def make_partners(folder: Path) -> tuple[Vault, Vault]:
    """Make the vaults of the social-care team and the police unit."""
    care = make_vault(folder / "social-care", "Thornshire Children's Social Care", "social_care", "Amir Haddad")
    police = make_vault(folder / "police", "Thornshire Police Protection Unit", "police", "Gwen Pryce")
    return care, police


def roll_file() -> bytes:
    """Return the CSV of the school's roll."""
    return files("dsl_console.demo").joinpath("school.csv").read_bytes()


def enrol(setting: Setting, invite: Callable[[str], str]) -> None:
    """Join all three to the hub, and make each known to the other, the words compared."""
    orgs = {SCHOOL: setting.school, SOCIAL_CARE: setting.social_care, POLICE: setting.police}
    for org, vault in orgs.items():
        partners.enrol(vault, setting.hub.url, invite(org))
    for one, other in ((SCHOOL, SOCIAL_CARE), (SCHOOL, POLICE), (SOCIAL_CARE, SCHOOL), (POLICE, SCHOOL)):
        vault = orgs[one]
        partners.add_partner(vault, other, name=orgs[other].school.name, kind=orgs[other].school.organisation)
        partners.verify_partner(vault, other, words=partners.own_words(orgs[other]))


# -- the school's past -------------------------------------------------------------------------------------------------


@dataclass
class DemoClock:
    """A clock that stands where it is set, so that the made-up past is recorded when it happened."""

    moment: datetime

    def __call__(self) -> datetime:
        """Return where the clock stands, and go on by a second."""
        self.moment += timedelta(seconds=1)
        return self.moment


def record_past(vault: Vault, now: datetime) -> int:
    """Record twelve weeks of made-up entries, decisions and reviews; return how many entries."""
    past = tomllib.loads(files("dsl_console.demo").joinpath("past.toml").read_text("utf-8"))
    clock, real = DemoClock(now), vault.clock
    vault.clock = clock
    try:
        steps = [(_moment(now, each), "entry", each) for each in past["entry"]]
        steps += [(now - timedelta(weeks=each["weeks"]), "review", each) for each in past["review"]]
        count = 0
        for moment, what, fields in sorted(steps, key=lambda step: step[0]):
            if moment >= now - timedelta(minutes=30):
                continue
            clock.moment = moment + timedelta(minutes=20)
            child = children.resolve(vault, fields["child"]).id
            if what == "review":
                reviewing.set_status(vault, child, fields["status"])
                continue
            _record_entry(vault, child, moment, fields)
            count += 1
        return count
    finally:
        vault.clock = real


def _moment(now: datetime, fields: dict[str, Any]) -> datetime:
    today: date = now.astimezone().date()
    monday = today - timedelta(days=today.weekday())
    day = monday - timedelta(weeks=fields["week"]) + timedelta(days=fields["day"])
    return datetime.combine(day, time.fromisoformat(fields["time"])).astimezone()


def _record_entry(vault: Vault, child: str, moment: datetime, fields: dict[str, Any]) -> None:
    logged = {
        "text": fields["text"],
        "childs_words": fields.get("words", ""),
        "when": f"{moment:%d/%m/%Y %H:%M}",
        "category": fields.get("category", ""),
        "how_known": fields.get("how", ""),
        "entry_kind": fields.get("kind", "concern"),
    }
    entry = concerns.log_concern(vault, logged, child_id=child)[0]
    if fields.get("decision"):
        concerns.decide(vault, entry, fields["decision"], fields["reason"])


def import_roll(vault: Vault) -> roll.ImportReport:
    """Take in the made-up roll; raises ConsoleError unless it is the 420 children."""
    report = roll.import_roster(vault, roll_file())
    if report.joined != 420:
        raise ConsoleError(f"The demo's roll gave {report.joined} children in the place of 420.")
    return report


def propose_some(vault: Vault) -> None:
    """Propose two of the past's entries, so that something waits for approval."""
    from sync import contracts, shares

    review = vault.clock().astimezone().date() + timedelta(days=200)
    contract = contracts.add_contract(
        vault, SOCIAL_CARE, "One chronology for children with a plan or a referral.", "public_task", review
    )
    for name, partner, under in (("Kabir Uddin", SOCIAL_CARE, contract), ("Idris Abdullahi", POLICE, "")):
        child = children.resolve(vault, name)
        newest = record.chronology(vault, child.id)[-1]
        shares.propose(vault, newest.id, partner, under)
