"""The Unique Pupil Number and its check letter (practice: §10). A bad one warns and never rejects a child."""

from __future__ import annotations

import re

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_PERMANENT = re.compile(rf"[{LETTERS}][0-9]{{12}}")
_TEMPORARY = re.compile(rf"[{LETTERS}][0-9]{{11}}[{LETTERS}]")


def normalise(text: str) -> str:
    """Return the text in capitals without spaces, dots or hyphens, as a UPN is stored and compared."""
    return re.sub(r"[\s.\-]", "", text).upper()


def check_letter(rest: str) -> str:
    """Return the first letter that belongs to the twelve characters after it (the last may be a letter)."""
    values = [LETTERS.index(each) if each in LETTERS else int(each) for each in rest]
    return LETTERS[sum(weight * value for weight, value in enumerate(values, start=2)) % 23]


def check_upn(text: str) -> str | None:
    """Return a sentence about what is wrong with a UPN, or None where it is right or blank."""
    upn = normalise(text)
    if not upn:
        return None
    if len(upn) != 13:
        return f"The UPN has {len(upn)} characters and should have 13: check it at its source."
    if not (_PERMANENT.fullmatch(upn) or _TEMPORARY.fullmatch(upn)):
        return "The UPN is not a letter followed by 12 digits (a temporary one ends in a letter): check it."
    if check_letter(upn[1:]) != upn[0]:
        return "The UPN's check letter does not fit its digits, so one of them is mistyped: check it at its source."
    return None


def is_temporary(text: str) -> bool:
    """Say whether this is a temporary UPN, which may change and so never matches a child by itself."""
    return bool(_TEMPORARY.fullmatch(normalise(text)))
