"""Views: tables derived from acts, each with its fold and its queries; `catalogue` names them, and each loads alone."""
