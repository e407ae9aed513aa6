"""The small pieces of JOSE, beside the slow and plain way to say the same."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.hub.jose import JoseFault, b64u, length_of, unb64u
from sync.hub.routing import is_mid

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def plainly(text: str) -> bytes | None:
    """Read it, write it again, and compare."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


@given(st.one_of(st.text(LETTERS, max_size=9), st.text(LETTERS + "+/= \n\0é", max_size=9), st.text(max_size=5)))
@example("QQ")
@example("QR")
@example("QUI")
@example("QUJ")
@example("Q")
@example("QUJD\n")
def test_base64url_is_read_in_its_one_spelling_only(text: str) -> None:
    expected = plainly(text)
    if expected is None:
        for read in (unb64u, length_of):
            with pytest.raises(JoseFault):
                read(text)
    else:
        assert unb64u(text) == expected
        assert length_of(text) == len(expected)


@given(st.binary(max_size=80))
def test_base64url_is_written_as_it_is_read(data: bytes) -> None:
    assert b64u(data) == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert unb64u(b64u(data)) == data


def by_uuid(text: str) -> bool:
    try:
        found = UUID(text)
    except ValueError:
        return False
    return found.version == 7 and str(found) == text


@given(st.uuids().map(str), st.sampled_from("0123456789abcdefABg-"), st.integers(0, 35))
@example("01932f7e-7b1c-7000-8000-000000000001", "7", 14)
@example("01932f7e-7b1c-7000-8000-000000000001", "c", 19)
@example("01932f7e-7b1c-7000-8000-000000000001", "F", 3)
def test_an_id_is_a_uuid_of_version_7(text: str, letter: str, at: int) -> None:
    for tried in (text, text[:at] + letter + text[at + 1 :], text[:14] + "7" + text[15:], text + "\n", f"{{{text}}}"):
        assert is_mid(tried) == by_uuid(tried)
    assert not is_mid(None)
