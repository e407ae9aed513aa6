"""The compartments of a vault: databases with a key each, which never meet (R-40)."""

CHILDREN = "children"
ADULTS = "adults"
