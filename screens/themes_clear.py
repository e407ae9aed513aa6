"""Themes for eyes that need more: high contrast, dark and light, and colours that stay apart for everybody.

High contrast holds every text at 7:1 (WCAG AAA), and a row under a cursor that has no colour of its own is drawn
reversed: its ground is then what its text was, at 7:1 from the rows around it (WCAG asks for 3:1). What Textual's own
lists have chosen without the focus is underlined. The colour-blind theme tells states apart by blue, yellow and orange,
and by lightness (after Okabe and Ito), never by red against green; the words beside them say it in any case.
"""

from __future__ import annotations

from textual.theme import Theme

from screens.theme_parts import whole

HIGH_CONTRAST = whole(
    name="console-contrast",
    dark=True,
    primary="#66d9ff",
    secondary="#ffffff",
    accent="#ffe45c",
    warning="#ffe45c",
    error="#ffb3a8",
    success="#8dffa8",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    boost="#262626",
    variables={
        "text-muted": "#ffffff",
        "text-disabled": "#c9c9c9",
        "text-primary": "#8fe3ff",
        "emergency-background": "#ffffff",
        "emergency-foreground": "#7a0000",
        "footer-key-foreground": "#ffe45c",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffe45c",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#1f2a33",
        "block-cursor-blurred-text-style": "bold underline",
        "row-cursor-text-style": "reverse",
        "block-hover-background": "#262626",
        "button-background": "#262626",
        "button-focus-background": "#004a66",
        "button-primary-foreground": "#000000",
        "button-primary-background": "#66d9ff",
        "button-focus-text-style": "bold reverse",
        "border": "#ffffff",
        "border-blurred": "#c9c9c9",
        "input-selection-background": "#ffe45c",
        "input-selection-foreground": "#000000",
        "input-cursor-background": "#ffe45c",
        "scrollbar": "#ffffff",
        "scrollbar-active": "#ffe45c",
        "scrollbar-background": "#333333",
    },
)

HIGH_CONTRAST_LIGHT = whole(
    name="console-contrast-light",
    dark=False,
    primary="#003d66",
    secondary="#000000",
    accent="#4d2e00",
    warning="#4d2e00",
    error="#7a0000",
    success="#00401a",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ebebeb",
    boost="#e0e0e0",
    variables={
        "text-muted": "#000000",
        "text-disabled": "#3d3d3d",
        "emergency-background": "#7a0000",
        "emergency-foreground": "#ffffff",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#00304f",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#dbe8f0",
        "block-cursor-blurred-text-style": "bold underline",
        "row-cursor-text-style": "reverse",
        "block-hover-background": "#e0e0e0",
        "button-background": "#dcdcdc",
        "button-focus-background": "#b8dcf2",
        "button-primary-foreground": "#ffffff",
        "button-primary-background": "#003d66",
        "button-focus-text-style": "bold reverse",
        "border": "#000000",
        "border-blurred": "#3d3d3d",
        "input-selection-background": "#00304f",
        "input-selection-foreground": "#ffffff",
        "scrollbar": "#000000",
        "scrollbar-active": "#003d66",
        "scrollbar-background": "#d6d6d6",
    },
)


def colour_blind(dark: Theme) -> Theme:
    """Return the dark theme with states in blue, yellow and orange."""
    success, warning, error = "#6db7ff", "#fff3a0", "#f08a24"
    return Theme(
        name="console-colour-blind",
        dark=True,
        primary="#9fd0f5",
        secondary=dark.secondary,
        accent="#e6c9e8",
        warning=warning,
        error=error,
        success=success,
        foreground=dark.foreground,
        background=dark.background,
        surface=dark.surface,
        panel=dark.panel,
        boost=dark.boost,
        variables={
            **dark.variables,
            "text-primary": "#9fd0f5",
            "text-success": success,
            "text-warning": warning,
            "text-error": error,
            "text-accent": "#e6c9e8",
            "footer-key-foreground": "#9fd0f5",
        },
    )
