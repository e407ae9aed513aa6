"""Why a share is lawful: the bases in their order, and which are greyed for whom (R-61, R-62)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from practice.acts import SharingRulesSet
from practice.profile import profile
from practice.vocabulary import LawfulBasis

INDEPENDENT_KINDS = frozenset({"independent", "independent_school", "voluntary", "work_related_learning"})


class BasisChoice(BaseModel):
    """One lawful basis as a person chooses it; `why_not` is the reason where it is greyed, else blank."""

    model_config = ConfigDict(frozen=True)
    code: LawfulBasis
    label: str
    when: str
    default: bool
    why_not: str


def allowed_bases(org_kind: str = "school", nation: str = "england") -> list[BasisChoice]:
    """Return every basis in the order of R-61 for a kind of organisation; exactly one is the default.

    A school is a state school unless it says `independent_school`; charities and the like stand with independent ones,
    every other kind with public bodies. A greyed basis stays in the list with its reason.
    """
    sort = "independent" if org_kind in INDEPENDENT_KINDS else "state"
    return [
        BasisChoice(
            code=rule.code,
            label=rule.code.label,
            when=rule.when,
            default=sort in rule.default_for,
            why_not=rule.why_not if sort in rule.greyed_for else "",
        )
        for rule in profile(nation).sharing.bases
    ]


def default_basis(org_kind: str = "school", nation: str = "england") -> LawfulBasis:
    """Return the basis that is offered first to a kind of organisation."""
    return next(choice.code for choice in allowed_bases(org_kind, nation) if choice.default)


def basis_fault(basis: str, org_kind: str = "school", nation: str = "england") -> str:
    """Return why a basis cannot be used by a kind of organisation, in one sentence, or blank where it can."""
    for choice in allowed_bases(org_kind, nation):
        if choice.code == basis:
            return choice.why_not
    return "That is not one of the lawful bases: choose one from the list."


def consent_text(nation: str = "england") -> str:
    """Return the words about consent, which is never a gate where there is harm or risk of harm (R-62)."""
    return profile(nation).sharing.consent


def special_category_condition(nation: str = "england") -> str:
    """Return the condition under which special-category data is shared (R-61)."""
    return profile(nation).sharing.special_category_condition


def needs_second(rules: SharingRulesSet, categories: Iterable[str], basis: str) -> bool:
    """Say whether the school's rule asks for a second approver; where a life is in danger it never does."""
    if basis == LawfulBasis.VITAL_INTERESTS or rules.second_approver == "off":
        return False
    return rules.second_approver == "all" or bool(set(categories) & set(rules.second_categories))
