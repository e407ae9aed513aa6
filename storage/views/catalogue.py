"""Where every view is: its module, the kinds of act that make it, and the compartments in which it stands.

One table as data, so that a command loads only the views whose acts it records or whose rows it reads; mapping all of
them would cost every command a third of its time. A view's module takes its kinds from here, and a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from practice.compartments import ADULTS, CHILDREN


@dataclass(frozen=True)
class Place:
    """One view: the module of `storage.views` that folds it, its kinds of act, and its compartments."""

    module: str
    kinds: frozenset[str]
    compartments: frozenset[str] = frozenset({CHILDREN})


def _place(module: str, kinds: str, *compartments: str) -> Place:
    return Place(module, frozenset(kinds.split()), frozenset(compartments or (CHILDREN,)))


PLACES = {
    "entries": _place(
        "entries",
        "amended apart_settled completed concern_logged decided decision_closed entry_moved item_accepted item_arrived"
        " item_corrected item_returned item_withdrawn promoted removal_agreed removal_ended removal_proposed",
    ),
    "organisation": _place(
        "organisation",
        "calendar_set child_granted child_withdrawn cover_set glass_broken hub_enrolled pattern_rules_set person_added"
        " person_key_changed person_removed person_role_changed retention_set school_set sharing_rules_set"
        " wording_row_set",
        CHILDREN,
        ADULTS,
    ),
    "actions": _place("actions", "action_added action_changed action_done entry_moved"),
    "items": _place(
        "arrivals",
        "item_accepted item_arrived item_corrected item_refused item_returned item_seen item_withdrawn",
    ),
    "body_maps": _place("body_maps", "body_map_drawn"),
    "cases": _place(
        "cases",
        "case_answered case_declined case_matched case_offered case_received case_unlinked entry_moved identity_heard"
        " identity_looked_at identity_told",
    ),
    "children": _place("children", "child_added child_changed child_left erased erasure_repeated"),
    "erasures": _place("erasures", "erased erasure_ended erasure_proposed erasure_repeated"),
    "holds": _place("erasures", "hold_lifted hold_set"),
    "flag_answers": _place("flags", "flag_answered"),
    "front_sheet": _place("front_sheet", "front_sheet_line"),
    "reviews": _place("reviews", "apart_settled children_compared review_held review_set"),
    "holidays": _place("holidays", "holiday_planned"),
    "supervision": _place("holidays", "supervision_held"),
    "links": _place("links", "entries_linked"),
    "machines": _place("machines", "machine_added machine_removed machine_renewed restored"),
    "meetings": _place("meetings", "entry_moved meeting_cancelled meeting_changed meeting_held meeting_planned"),
    "quality": _place("quality", "quality_audit_begun quality_rated"),
    "register adults": _place("register_tables", "adult_added adult_changed adult_left", ADULTS),
    "register entries": _place(
        "register_tables", "adult_amended adult_concern_logged adult_decided lado_called", ADULTS
    ),
    "register reports": _place(
        "register_tables",
        "adult_report_accepted adult_report_answered adult_report_arrived adult_report_closed",
        ADULTS,
    ),
    "register reviews": _place("register_tables", "adult_patterns_reviewed", ADULTS),
    "register settings": _place("register_tables", "adult_retention_set", ADULTS),
    "reports": _place("reports", "report_accepted report_answered report_arrived report_closed"),
    "sessions": _place("sessions", "minute_kept session_begun session_ended"),
    "partners": _place(
        "sharing_tables",
        "contract_added contract_answered contract_ended contract_offered contract_received partner_added"
        " partner_carried partner_contact_set partner_removed partner_verified",
    ),
    "shares": _place(
        "sharing_tables",
        "share_agreed share_approved share_cancelled share_corrected share_held share_previewed share_progressed"
        " recovered_settled share_proposed share_recovered share_refused share_withdrawn",
    ),
    "transfers": _place(
        "transfers",
        "transfer_changed transfer_effort transfer_ended transfer_opened transfer_received transfer_reviewed"
        " transfer_sent entry_moved",
    ),
    "visits": _place("visits", "visit_lost visit_packed visit_returned visit_settled"),
}
"""Every view by its name, in the order in which a replay makes them."""


def made_by(kinds: Iterable[str], compartment: str) -> Iterator[str]:
    """Yield the names of a compartment's views that acts of these kinds make."""
    wanted = set(kinds)
    for name, place in PLACES.items():
        if compartment in place.compartments and not wanted.isdisjoint(place.kinds):
            yield name
