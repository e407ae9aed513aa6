"""Words that fit the organisation whose record this is: a school, or a partner with the same program (R-120)."""

from __future__ import annotations

from practice.vocabulary import PartnerKind, Role, label_of

_ROLES = {
    Role.DSL.value: "Safeguarding lead",
    Role.DEPUTY.value: "Deputy safeguarding lead",
    Role.HEAD.value: "Head of service",
}
_FRONT_DOORS = {
    PartnerKind.SOCIAL_CARE.value: "Our front door",
    PartnerKind.POLICE.value: "Children's social care",
}


def is_school(organisation: str) -> bool:
    """Say whether an organisation has a roll, term dates and a headteacher."""
    return organisation in ("", PartnerKind.SCHOOL.value)


def role_words(role: str | None, organisation: str) -> str:
    """Return a role in the words of the organisation: nobody is a DSL or a headteacher in a police unit."""
    found = None if is_school(organisation) else _ROLES.get(role or "")
    return found or label_of(Role, role)


def whom_to_ring(organisation: str, front_door: str, out_of_hours: str) -> list[str]:
    """Return the organisation's own numbers as they stand within a sentence: 999 first, each said whose it is."""
    label = front_door_words(organisation)
    label = f"{label[:1].lower()}{label[1:]}"
    return [
        "999",
        *([f"{label} {front_door}"] if front_door else []),
        *([f"out of hours {out_of_hours}"] if out_of_hours else []),
    ]


def front_door_words(organisation: str) -> str:
    """Return what the first number of the emergency line is called there."""
    return _FRONT_DOORS.get(organisation, "Front door")
