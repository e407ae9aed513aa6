"""How this organisation shares: second approvers, the working day, and whom to ring at a partner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.acts import PartnerContactSet, SharingRulesSet, build
from practice.errors import Refused
from practice.text import has_control
from practice.vocabulary import ConcernCategory
from storage.views import organisation, sharing

if TYPE_CHECKING:
    from storage.vault import Vault


def set_rules(vault: Vault, **changes: object) -> SharingRulesSet:
    """Change how this organisation shares, for everybody, and return the rules as they are now."""
    now = organisation.sharing_rules(vault).model_dump(mode="json") | changes
    unknown = [each for each in now["second_categories"] if each not in set(ConcernCategory)]
    if unknown:
        raise Refused(
            f"«{unknown[0]}» is no category that this program knows. Nothing was changed.",
            hint="Choose from: " + ", ".join(ConcernCategory) + ".",
        )
    if now["day_ends"] <= now["day_begins"]:
        raise Refused("The working day would end before it begins. Nothing was changed.")
    rules: SharingRulesSet = build(SharingRulesSet, now)
    vault.record(rules)
    return rules


def set_contact(vault: Vault, org: str, contact: str, telephone: str) -> None:
    """Record whom to ring at a partner's when something cannot wait."""
    partner = sharing.partner(vault, org)
    if telephone and sum(letter.isdigit() for letter in telephone) < 3:
        raise Refused("That does not read as a telephone number. Nothing was changed.")
    if has_control(contact) or has_control(telephone):
        raise Refused("That holds characters that cannot be shown. Nothing was changed.")
    fields = {"org": partner.org, "contact": contact, "telephone": telephone}
    vault.record(build(PartnerContactSet, fields))
