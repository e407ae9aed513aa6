"""Words that two people compare over the telephone, in the place of a fingerprint's figures."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from importlib.resources import files

STRETCHING = 100_000
"""Stretching makes a false key with the same words dearer by this factor and costs the reader 30 ms."""
WORDS = 8


@cache
def word_list() -> tuple[str, ...]:
    """Return the 256 words of a fingerprint, in their fixed order."""
    return tuple(files("practice").joinpath("data/words.txt").read_text("utf-8").split())


@lru_cache(maxsize=64)
def spoken(fingerprint: str, purpose: str) -> str:
    """Return eight words: PBKDF2-HMAC-SHA-256 of the fingerprint, salted with its purpose, a word for each byte."""
    digest = hashlib.pbkdf2_hmac("sha256", fingerprint.encode(), purpose.encode(), STRETCHING, WORDS)
    return " ".join(word_list()[byte] for byte in digest)
