"""Body maps in the record: one for an occasion, amended with a reason, laid over each other (R-09)."""

from __future__ import annotations

import json

import pytest
from pypdf import PdfReader

from practice.body import cells_in
from practice.errors import Refused
from storage.desk import body_maps as desk
from storage.desk.concerns import move
from storage.documents.export import export
from storage.documents.gather import Wanted
from storage.views import body_maps
from tests.conftest import add_child, add_concern

CHEEK = {"view": "front", "site": "right cheek", "length_cm": 2, "colours": ["blue"], "words": "Like [x] <b>"}


@pytest.fixture
def child(vault) -> str:
    return add_child(vault)


def test_a_map_stands_with_its_words_and_is_amended_with_a_reason(vault, child):
    entry = add_concern(vault, child, "A mark.")
    desk.draw(vault, entry, [CHEEK])
    one = body_maps.of_entry(vault, entry)[0]
    assert (one.by, one.role, one.child_id) == ("Robin Vale", "Designated Safeguarding Lead", child)
    with pytest.raises(Refused, match="already"):
        desk.draw(vault, entry, [])
    desk.draw(vault, entry, [CHEEK, {"view": "back", "x": 10, "y": 10}], reason="I looked again")
    assert [len(each.marks) for each in body_maps.of_entry(vault, entry)] == [2]
    assert vault.verify(rebuild=True).problems == []


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([{"view": "front", "site": "tail"}], "no part of the front"),
        ([{"view": "front", "x": 0, "y": 0}], "does not lie on the figure"),
        ([{"view": "side", "x": 11, "y": 3}], "cannot be recorded"),
        ([CHEEK] * 61, "cannot be recorded"),
        (["x"], "not an object"),
    ],
)
def test_what_is_no_mark_is_refused_with_a_sentence(vault, child, marks, said):
    entry = add_concern(vault, child, "A mark.")
    with pytest.raises(Refused, match=said):
        desk.draw(vault, entry, marks)
    assert body_maps.of_entry(vault, entry) == []


def test_several_days_lie_over_each_other_the_newest_brightest(vault, child):
    for day in ("2026-11-03", "2026-11-02", "2026-11-01"):
        desk.draw(vault, add_concern(vault, child, day, day=day), [CHEEK])
    maps = body_maps.of_child(vault, child)
    assert [each.occurred.start for each in maps] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert [layer[0][1] for layer in desk.overlay(maps)] == ["×", "○", "●"]
    assert "●" in "\n".join(desk.picture_of_all(maps))
    assert "A" in desk.picture(maps[0])[4]


def test_a_map_goes_where_its_entry_goes(vault, child):
    entry = add_concern(vault, child, "A mark.")
    desk.draw(vault, entry, [CHEEK])
    other = add_child(vault, "Bea")
    move(vault, entry, other, "It was Bea")
    assert body_maps.of_child(vault, child) == []
    assert [each.entry_id for each in body_maps.of_child(vault, other)] == [entry]


def test_maps_are_printed_in_every_copy(vault, child, tmp_path):
    desk.draw(vault, add_concern(vault, child, "A mark."), [CHEEK])
    paths = {
        form: export(vault, Wanted(child, "record"), tmp_path / f"c.{form}").path for form in ("pdf", "html", "csv")
    }
    reader = PdfReader(paths["pdf"])
    shown = " ".join(page.extract_text() for page in reader.pages)
    kids = [kid.get_object() for kid in reader.trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object()["/K"]]
    assert [kid["/Alt"] for kid in kids if kid["/S"] == "/Figure"]
    for text in (shown, paths["html"].read_text("utf-8"), paths["csv"].read_text("utf-8-sig")):
        assert cells_in(" ".join(text.split())), "the words are there"
    assert "FRONT" in shown
    assert '<pre aria-hidden="true">' in paths["html"].read_text("utf-8")
    assert "laid over each other" not in shown, "there is one day alone"
    desk.draw(vault, add_concern(vault, child, "Another."), [{"view": "back", "site": "left calf"}])
    page = export(vault, Wanted(child, "record"), tmp_path / "two.html").path.read_text("utf-8")
    overlaid = page[page.index("Body maps laid over each other") :]
    assert [overlaid.count(mark) > 1 for mark in ("●", "○")] == [True, True]
    assert "entry 2: back, left calf" in overlaid
    path = export(vault, Wanted(child, "record"), tmp_path / "c.json").path
    assert json.loads(path.read_text("utf-8"))["entries"][0]["body_maps"][0]["marks"][0]["words"] == "Like [x] <b>"


def test_marked_names_are_masked_in_the_words_of_a_map(vault, child, tmp_path):
    from storage.desk.glossary import mark

    mark(vault, child, "Mrs Vole", "Reporter")
    desk.draw(vault, add_concern(vault, child, "A mark."), [CHEEK | {"words": "Mrs Vole saw it first."}])
    page = export(vault, Wanted(child, "record"), tmp_path / "c.html").path.read_text("utf-8")
    assert "Vole" not in page
    assert "saw it first." in page
