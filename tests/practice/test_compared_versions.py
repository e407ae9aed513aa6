"""What changed between two versions: both can be put together again from it (R-05)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from practice.compare import Piece, changes, in_words

words = st.lists(st.sampled_from(["he", "hit", "me", " ", "\n", ".", "[x]", "é", "", "  "]), max_size=25).map("".join)


def sides(pieces):
    old = "".join(piece.text for piece in pieces if piece.kind != "added")
    return old, "".join(piece.text for piece in pieces if piece.kind != "removed")


@settings(max_examples=80, deadline=None)
@given(words, words)
def test_both_versions_stand_in_the_pieces(old, new):
    assert sides(changes(old, new)) == (old, new)


def test_only_what_changed_is_marked():
    assert changes("A blue bruise.", "A red bruise.") == [
        Piece("same", "A "),
        Piece("removed", "blue"),
        Piece("added", "red"),
        Piece("same", " bruise."),
    ]
    assert in_words(changes("He said no", "He said yes")) == "He said {-no-}{+yes+}"
    assert changes("same", "same") == [Piece("same", "same")]


def test_a_very_long_note_is_compared_by_its_lines():
    old = "\n".join(f"line {number} of a long note" for number in range(1500))
    new = old.replace("line 700 of", "row 700 of")
    pieces = changes(old, new)
    assert sides(pieces) == (old, new)
    assert [piece.text for piece in pieces if piece.kind == "added"] == ["row 700 of a long note\n"]
