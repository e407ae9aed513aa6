"""The README's pictures: those that the script takes, with the words for who cannot see them; nothing is fetched."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def make_pictures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "scripts" / "make_pictures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_pictures"] = module
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_every_picture_that_is_taken_and_says_what_it_shows(make_pictures: ModuleType) -> None:
    shown = re.findall(r"!\[(.*?)\]\(docs/pictures/(.*?)\.svg\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted((each.shows, each.name) for each in make_pictures.PICTURES)


def test_every_picture_is_there_and_no_other(make_pictures: ModuleType) -> None:
    there = {path.stem for path in make_pictures.FOLDER.glob("*.svg")}
    assert there == {each.name for each in make_pictures.PICTURES}


def test_a_picture_fetches_nothing_and_shows_what_its_keys_lead_to(make_pictures: ModuleType) -> None:
    for each in make_pictures.PICTURES:
        svg = (make_pictures.FOLDER / f"{each.name}.svg").read_text(encoding="utf-8")
        assert re.findall(r"https?://[^\"<\s]*", svg) == ["http://www.w3.org/2000/svg"]
        words = re.sub(r"<[^>]*>", " ", svg).replace("&#160;", " ").replace("&#x27;", "'")
        assert " ".join(each.until.split()) in " ".join(words.split()), each.name


def test_far_fonts_are_taken_out(make_pictures: ModuleType) -> None:
    import io

    from rich.console import Console

    console = Console(record=True, file=io.StringIO())
    console.print("words")
    svg = console.export_svg(title="t")
    assert "https://" in svg
    assert "https://" not in make_pictures.without_far_fonts(svg)
    assert "words" in make_pictures.without_far_fonts(svg)
