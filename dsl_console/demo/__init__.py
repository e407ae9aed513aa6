"""The made-up school, its hub and its partners, on this machine and in a temporary folder."""
