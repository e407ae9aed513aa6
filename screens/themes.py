"""The console's own themes; style sheets name only the variables that each of them sets.

Every pair of text and ground that a style sheet may use is listed in `TEXT_PAIRS`; a test holds each at 4.5:1.
"""

from __future__ import annotations

from textual.theme import Theme

from screens.theme_parts import whole
from screens.themes_clear import HIGH_CONTRAST, HIGH_CONTRAST_LIGHT, colour_blind

TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    ("foreground", "background"),
    ("foreground", "surface"),
    ("foreground", "panel"),
    ("text-muted", "background"),
    ("text-muted", "surface"),
    ("text-muted", "panel"),
    ("text-disabled", "panel"),
    ("text-disabled", "background"),
    ("text-primary", "background"),
    ("text-primary", "surface"),
    ("text-primary", "panel"),
    ("text-success", "background"),
    ("text-success", "surface"),
    ("text-warning", "background"),
    ("text-warning", "surface"),
    ("text-warning", "panel"),
    ("text-error", "background"),
    ("text-error", "surface"),
    ("text-accent", "background"),
    ("text-accent", "surface"),
    ("emergency-foreground", "emergency-background"),
    ("footer-key-foreground", "panel"),
    ("footer-description-foreground", "panel"),
    ("block-cursor-foreground", "block-cursor-background"),
    ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ("text-muted", "block-cursor-blurred-background"),
    ("text-primary", "block-cursor-blurred-background"),
    ("text-warning", "block-cursor-blurred-background"),
    ("text-error", "block-cursor-blurred-background"),
    ("text-success", "block-cursor-blurred-background"),
    ("button-foreground", "button-background"),
    ("button-foreground", "button-focus-background"),
    ("button-primary-foreground", "button-primary-background"),
    ("input-selection-foreground", "input-selection-background"),
)
"""Text and the ground it stands on, by the names of their variables."""

DARK = whole(
    name="console-dark",
    dark=True,
    primary="#7db3d8",
    secondary="#93a8bd",
    accent="#d3b57a",
    warning="#e3b566",
    error="#f08d84",
    success="#8fc99d",
    foreground="#d9e0e7",
    background="#12171d",
    surface="#181f27",
    panel="#212a34",
    boost="#263240",
    variables={
        "text-muted": "#9dabb9",
        "text-disabled": "#8c99a7",
        "text-primary": "#8cc0e4",
        "emergency-background": "#3a2326",
        "emergency-foreground": "#f4d9d4",
        "block-cursor-foreground": "#f3f7fa",
        "block-cursor-background": "#2c5675",
        "block-cursor-blurred-background": "#27333f",
        "block-hover-background": "#1e2731",
        "button-background": "#2a3542",
        "button-focus-background": "#2c5675",
        "button-primary-foreground": "#0d1217",
        "button-primary-background": "#7db3d8",
        "border": "#5b93bb",
        "border-blurred": "#33404d",
        "input-selection-background": "#2c5675",
        "input-selection-foreground": "#f3f7fa",
        "scrollbar": "#3a4856",
        "scrollbar-hover": "#4c5d6e",
        "scrollbar-background": "#181f27",
    },
)

LIGHT = whole(
    name="console-light",
    dark=False,
    primary="#1f5f8b",
    secondary="#4a5d70",
    accent="#7a5600",
    warning="#7a5200",
    error="#a3271f",
    success="#1f6a38",
    foreground="#1b2228",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e7e4dc",
    boost="#efece5",
    variables={
        "text-muted": "#505b66",
        "text-disabled": "#59636d",
        "text-primary": "#1a5680",
        "text-warning": "#744e00",
        "text-accent": "#744e00",
        "emergency-background": "#f6dcd8",
        "emergency-foreground": "#701711",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#1f5f8b",
        "block-cursor-blurred-background": "#d5dfe6",
        "block-hover-background": "#ece9e2",
        "button-background": "#dedad0",
        "button-focus-background": "#c3d6e4",
        "button-primary-foreground": "#ffffff",
        "button-primary-background": "#1f5f8b",
        "border": "#1f5f8b",
        "border-blurred": "#c2bdb1",
        "input-selection-background": "#b9d3e5",
        "input-selection-foreground": "#10161b",
        "scrollbar": "#bdb8ac",
        "scrollbar-hover": "#a39d8f",
        "scrollbar-background": "#f3f1ec",
    },
)

COLOUR_BLIND = colour_blind(DARK)
THEMES: dict[str, Theme] = {
    theme.name: theme for theme in (DARK, LIGHT, HIGH_CONTRAST, HIGH_CONTRAST_LIGHT, COLOUR_BLIND)
}
DEFAULT = DARK.name
