"""Views: tables derived from acts, each with its fold and its queries; importing this registers them all."""

from storage.views import (
    actions,
    arrivals,
    body_maps,
    children,
    entries,
    flags,
    front_sheet,
    holidays,
    links,
    machines,
    organisation,
    register,
    reports,
    reviews,
    sessions,
    sharing,
)

__all__ = [
    "actions",
    "arrivals",
    "body_maps",
    "children",
    "entries",
    "flags",
    "front_sheet",
    "holidays",
    "links",
    "machines",
    "organisation",
    "register",
    "reports",
    "reviews",
    "sessions",
    "sharing",
]
