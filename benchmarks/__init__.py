"""Paired measures of speed: each row beside its reference, in one run (`make bench`)."""
