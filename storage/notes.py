"""The names under which this machine notes what is still to be done after an erasure; looked up at every unlock."""

from __future__ import annotations

FINISH = "erasure/unfinished"
"""Something outside the database is still to be removed after an erasure."""
REPEAT = "erasure/repeat"
"""How many records an older backup brought back that were erased since."""
