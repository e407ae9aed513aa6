"""Themes: text stands out from its ground at 4.5:1, and style sheets name variables only."""

import math
import re
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.widgets import Input, OptionList

import screens
from screens.themes import TEXT_PAIRS, THEMES
from screens.widgets.long_list import LongList
from screens.widgets.record_list import RecordList


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


AAA = [name for name in THEMES if "contrast" in name]


@pytest.mark.parametrize("name", AAA)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_high_contrast_holds_seven_to_one(name: str, text: str, ground: str):
    colours = {**THEMES[name].to_color_system().generate(), **THEMES[name].variables}
    assert contrast(Color.parse(colours[text]), Color.parse(colours[ground])) >= 7


@pytest.mark.parametrize("name", AAA)
async def test_the_row_under_the_cursor_stands_out_in_high_contrast(name: str):
    """A list whose rows keep their colours, one whose cursor has the focus, and both without it."""

    class Lists(App[None]):
        def compose(self) -> ComposeResult:
            drawn = [("bold", "bold"), (" muted", "$text-muted"), (" late", "$text-warning"), (" bad", "$text-error")]
            yield LongList(lambda row, width: [Content.assemble(row, *drawn)], id="long")
            yield RecordList(lambda row, width: [Content.assemble(row, *drawn)], id="short")
            yield OptionList(*(Content.assemble(row, *drawn) for row in "ab"), compact=True)
            yield Input(id="elsewhere")

    app = Lists()
    app.register_theme(THEMES[name])
    app.theme = name
    async with app.run_test(size=(60, 24)) as pilot:
        rows = ["a ", "b "]
        app.query_one(LongList).show_keys(rows, lambda start, limit: rows[start : start + limit], {0: rows})
        app.query_one("#short", RecordList).show(rows)
        app.query_one(OptionList).highlighted = 0
        for focused in ("#long", "#short", "#elsewhere"):
            app.query_one(focused).focus()
            await pilot.pause()
            for listed in (app.query_one(LongList), app.query_one("#short"), app.query_one(OptionList)):
                under, beside = ([part for part in listed.render_line(y) if part.text] for y in (0, 1))
                around = {shown(part)[1] for part in beside}
                assert len(around) == 1
                for part in under:
                    ink, ground = shown(part)
                    assert not part.text.strip() or contrast(ink, ground) >= 7, (focused, listed, part)
                    # Textual's own lists underline what they chose, in the colour of its letters.
                    marked = contrast(ground, *around) >= 3 or part.style.underline or not part.text.strip()
                    assert marked if isinstance(listed, OptionList) else contrast(ground, *around) >= 3


def shown(part: Segment) -> tuple[Color, Color]:
    """The colour of a part's letters and of their ground, as a terminal shows them."""
    ink, ground = (Color.from_rich_color(each) for each in (part.style.color, part.style.bgcolor))
    return (ground, ink) if part.style.reverse else (ink, ground)


# Linear-light matrices of Machado, Oliveira and Fernandes (2009), severity 1.
SEEN_AS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
STATES = ("text-success", "text-warning", "text-error")


def seen(color: Color, eyes: str) -> tuple[float, float, float]:
    """The colour as these eyes see it, in CIE Lab."""

    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    before = [linear(value) for value in (color.r, color.g, color.b)]
    red, green, blue = (min(max(sum(row[at] * before[at] for at in range(3)), 0), 1) for row in SEEN_AS[eyes])
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883

    def root(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    return 116 * root(y) - 16, 500 * (root(x) - root(y)), 200 * (root(y) - root(z))


def nearest(theme: str) -> float:
    """How near the two nearest states are, for the eyes that see them nearest."""
    colours = [Color.parse(THEMES[theme].variables[name]) for name in STATES]
    pairs = [(0, 1), (0, 2), (1, 2)]
    return min(
        math.dist(seen(colours[one], eyes), seen(colours[other], eyes)) for eyes in SEEN_AS for one, other in pairs
    )


def test_states_stay_apart_whatever_colours_one_sees():
    assert nearest("console-colour-blind") >= 25
    assert nearest("console-dark") < 25, "the measure tells a theme that does not"


def test_every_theme_may_be_chosen_in_the_settings():
    from screens.settings_schema import BY_KEY

    assert [value for value, _ in BY_KEY["theme"].choices] == list(THEMES)
