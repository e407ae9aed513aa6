"""What every theme derives from its few colours, so that each names only what is its own."""

from __future__ import annotations

from typing import Any

from textual.theme import Theme


def whole(*, variables: dict[str, str], **colours: Any) -> Theme:
    """Return a theme with every variable that a style sheet may name: those given, and those derived from them."""
    foreground, primary = colours["foreground"], variables.get("text-primary", colours["primary"])
    derived = {
        "text": foreground,
        "text-primary": primary,
        "text-success": colours["success"],
        "text-warning": colours["warning"],
        "text-error": colours["error"],
        "text-accent": colours["accent"],
        "footer-key-foreground": primary,
        "footer-description-foreground": foreground,
        "block-cursor-text-style": "none",
        "block-cursor-blurred-text-style": "none",
        "row-cursor-text-style": "none",
        "block-cursor-blurred-foreground": foreground,
        "button-foreground": foreground,
        "button-color-foreground": variables["button-primary-foreground"],
        "button-focus-text-style": "bold",
        "input-cursor-background": foreground,
        "input-cursor-foreground": colours["background"],
        "scrollbar-active": variables["border"],
        "scrollbar-hover": variables["scrollbar"],
        **dict.fromkeys(
            ("scrollbar-background-hover", "scrollbar-background-active", "scrollbar-corner-color"),
            variables["scrollbar-background"],
        ),
    }
    return Theme(variables={**derived, **variables}, **colours)
