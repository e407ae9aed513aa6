"""Safeguarding rules: pure functions over records and data files (floor 1)."""
