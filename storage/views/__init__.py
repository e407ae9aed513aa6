"""Views: tables derived from acts, each with its fold and its queries; importing this registers them all."""

from storage.views import children, entries, organisation, reports, reviews, sharing

__all__ = ["children", "entries", "organisation", "reports", "reviews", "sharing"]
