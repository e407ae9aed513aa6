"""What each role may do inside a compartment (R-114): policy, checked by the program in this one place.

The keys decide who can read a compartment at all; inside it a role is a rule of the program, not of cryptography, and
the screen that grants a role says so.
"""

from __future__ import annotations

from practice.errors import NotAllowed
from practice.vocabulary import Role

MANAGES_PEOPLE = frozenset({Role.DSL, Role.HEAD})
_PEOPLE = frozenset(
    {
        "person_added",
        "person_removed",
        "person_role_changed",
        "keys_rotated",
        "child_granted",
        "child_withdrawn",
        "machine_added",
        "machine_removed",
    }
)
STRANGER = "stranger"
"""In the place of a person's id: whoever tried to unlock under a name that opens nothing."""
_OWN = frozenset(
    {
        "person_key_changed",
        "recovery_replaced",
        "record_opened",
        "audit_read",
        "glass_broken",
        "unlock_failed",
        "exported",
        "backup_made",
        "backup_proved",
        "machine_heard",
        "machine_renewed",
    }
)

POLICY = "A role is a rule of this program, not of cryptography: whoever holds the key could read with other means."


GLASS_HOURS = 8
"""How long a child outside a read-only person's list stays open once the reason was given."""
READS_GIVEN = "This role reads, and finds only the children it was given; for another it must give a reason."


def finds_only_given(role: str) -> bool:
    """Say whether a role finds only the children that it was given."""
    return role == Role.READ_ONLY


def may_approve(role: str) -> bool:
    """Say whether a role may approve that an entry leaves (R-65)."""
    return role != Role.READ_ONLY


def sees_glass(role: str) -> bool:
    """Say whether a role is shown that somebody opened a child outside their list."""
    return role in MANAGES_PEOPLE


def check_may_replace_recovery(role: str) -> None:
    """Raise NotAllowed where this role may not make a new recovery code; whoever used the old one always gets one."""
    if role not in MANAGES_PEOPLE:
        raise NotAllowed(
            "Only the DSL or the headteacher may make a new recovery code. Nothing was changed.",
            hint="Ask one of them to do it.",
        )


def check_may_read_audit(role: str) -> None:
    """Raise NotAllowed where this role may not read who opened which records."""
    if role not in MANAGES_PEOPLE:
        raise NotAllowed(
            "Only the DSL or the headteacher may read who opened which records.", hint="Ask one of them to look."
        )


def check_may_triage(role: str) -> None:
    """Raise NotAllowed where this role may not read sealed reports: they may be about any child."""
    if role == Role.READ_ONLY:
        raise NotAllowed("Sealed reports are for the safeguarding team; your role here reads children's records.")


def check_may_see_retention(role: str) -> None:
    """Raise NotAllowed where this role may not see which records fall due: it finds only some of them."""
    if finds_only_given(role):
        raise NotAllowed(
            "Which records fall due is for the safeguarding team; your role here reads children's records."
        )


def check_may_make_register(role: str) -> None:
    """Raise NotAllowed unless this role makes the adults' register and takes its key back: the headteacher (R-40)."""
    if role != Role.HEAD:
        raise NotAllowed(
            "Only the headteacher makes the adults' register, and takes its key from somebody. Nothing was changed.",
            hint="The headteacher makes it in their first session, and says who else may read it.",
        )


def check_may_hold_register(role: str) -> None:
    """Raise NotAllowed where this role can never hold the register's key."""
    if role == Role.READ_ONLY:
        raise NotAllowed("The read-only role cannot be let into the adults' register. Nothing was changed.")


def check_may_let_in(role: str, other: str) -> None:
    """Raise NotAllowed unless a holder of this role may give the register's key to another role.

    The headteacher says who reads it (R-40); another holder may only let a headteacher in, so that a new one is not
    left outside.
    """
    check_may_hold_register(other)
    if Role.HEAD not in (role, other):
        raise NotAllowed(
            "Only the headteacher says who reads the adults' register. Nothing was changed.",
            hint="Another holder of its key may let a headteacher in, and nobody else.",
        )


def check_may_record(role: str, act_kind: str) -> None:
    """Raise NotAllowed where this role may not record an act of this kind."""
    if act_kind in _OWN:
        return
    if act_kind in _PEOPLE and role not in MANAGES_PEOPLE:
        raise NotAllowed(
            "Only the DSL or the headteacher may change who can open this vault. Nothing was changed.",
            hint="Ask one of them to do it.",
        )
    if role == Role.READ_ONLY:
        raise NotAllowed(
            "Your role here is to read, so this was not recorded.",
            hint="Leave a note for the safeguarding team, or tell the DSL in person now.",
        )
