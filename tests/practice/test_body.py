"""The figure, its parts, and words that rebuild a map (R-09)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from practice.acts.body import Mark
from practice.body import BACK, FIGURE, HEIGHT, MIDDLE, VIEWS, WIDTH, Cell, cells_in, drawn, find, parts, site
from practice.body_words import map_words, mark_words

CELLS = [Cell(view, x, y) for view in VIEWS for x, y in sorted(parts())]


def test_the_figure_is_whole_and_every_part_has_both_sides():
    for figure in (FIGURE, BACK):
        assert len(figure) == HEIGHT
        assert {len(line) for line in figure} == {WIDTH}
    assert all((2 * MIDDLE - x, y) in parts() for x, y in parts())
    assert {y for _, y in parts()} == set(range(HEIGHT))


def test_left_and_right_are_the_childs_own():
    assert site(Cell("front", 4, 10)) == "right forearm"
    assert site(Cell("back", 4, 10)) == "left back of the forearm"
    assert site(Cell("front", 22, 10)) == "left forearm"
    assert site(Cell("front", 13, 7)) == "middle of the chest"
    assert site(Cell("front", 9, 7)) == "chest, right side"
    assert site(Cell("front", 0, 0)) == ""


@pytest.mark.parametrize("cell", CELLS[::7])
def test_a_site_in_words_is_found_again(cell):
    found = find(cell.view, site(cell).upper())
    assert found is not None
    assert site(found) == site(cell)


@given(st.lists(st.sampled_from(CELLS), max_size=30))
def test_the_words_alone_rebuild_the_map(cells):
    marks = tuple(Mark(view=cell.view, x=cell.x, y=cell.y, words="Near [front 1,11?]") for cell in cells)
    assert cells_in("\n".join(map_words(marks))) == cells


def test_a_mark_tells_all_that_was_looked_for():
    mark = Mark(
        view="front", x=11, y=3, length_cm=2.5, width_cm=1, shape="oval", colours=("blue", "yellow [edge]"),
        skin_broken="no", swelling="yes", clean="no", heat="", pain="yes", movement="holds it still",
        words="Seen\ntwice",
    )  # fmt: skip
    assert mark_words(mark) == (
        "front, right cheek [front 11,3]; 2.5 × 1 cm, oval; colour blue and yellow [edge]; "
        "skin not broken, swollen, dirty, painful; movement: holds it still. Seen twice"
    )
    assert map_words(()) == ["No mark was seen."]


@pytest.mark.parametrize("wrong", [{"x": 0, "y": 0}, {"x": 99}, {"length_cm": -1}, {"pain": "perhaps"}, {"z": 1}])
def test_a_mark_lies_on_the_body_and_says_only_what_a_mark_can(wrong):
    with pytest.raises(ValidationError):
        Mark(**({"view": "front", "x": 11, "y": 3} | wrong))


def test_later_layers_are_drawn_over_earlier_ones():
    cell = Cell("back", 10, 10)
    lines = drawn([[(cell, "·")], [(cell, "●")]])
    assert lines[11][WIDTH + 1 + 10] == "●"
    assert "·" not in lines[11][WIDTH:]
