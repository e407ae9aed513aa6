"""Themes: text stands out from its ground at 4.5:1, and style sheets name variables only."""

import re
from pathlib import Path

import pytest
from textual.color import Color

import screens
from screens.themes import TEXT_PAIRS, THEMES


def luminance(color: Color) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * channel(color.r) + 0.7152 * channel(color.g) + 0.0722 * channel(color.b)


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself():
    assert contrast(Color.parse("#ffffff"), Color.parse("#000000")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) < 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_stands_out(theme, text: str, ground: str):
    colours = {**theme.to_color_system().generate(), **theme.variables}
    one, other = Color.parse(colours[text]), Color.parse(colours[ground])
    assert one.a == other.a == 1, "a see-through colour has no contrast of its own"
    assert contrast(one, other) >= 4.5


@pytest.mark.parametrize("sheet", sorted(Path(screens.__file__).parent.glob("**/*.tcss")), ids=lambda path: path.name)
def test_style_sheets_name_no_colour(sheet: Path):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\s*[;%\s]|\brgba?\(|\bhsl", text.replace("#body", ""))
    for name, value in re.findall(r"(color|background|border(?:-\w+)?|tint)\s*:\s*([^;]+);", text):
        words = [word for word in value.split() if not re.fullmatch(r"[\d.]+%?", word)]
        allowed = {"none", "outer", "round", "solid", "tall", "heavy", "transparent", "vkey", "hkey", "blank"}
        assert all(word.startswith("$") or word in allowed for word in words), f"{name}: {value}"
