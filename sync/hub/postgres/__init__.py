"""The PostgreSQL store: for a hub of several workers, and one whose database fails over (protocol: §6)."""
