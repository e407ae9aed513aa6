"""What frames every screen: the header, the emergency line and the footer of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets._toast import ToastRack

from practice.organisations import front_door_words, is_school
from practice.text import visible
from screens.actions import BACK, EVERYWHERE, TABLE, Action, key_name

if TYPE_CHECKING:
    from screens.base import ConsoleScreen
    from screens.console import Console

PARTNER_ROLES = {"dsl": "lead", "deputy": "deputy lead", "head": "head of service", "read_only": "read only"}
ROLES = {"dsl": "DSL", "deputy": "deputy DSL", "head": "headteacher", "read_only": "read only"}


def role_word(role: str, organisation: str) -> str:
    """Return a role in a word or two, as it is called in that sort of organisation."""
    return (ROLES if is_school(organisation) else PARTNER_ROLES).get(role, role)


def cut(text: str, width: int) -> str:
    """Return the text in at most `width` cells, marked with an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


class HeaderLine(Widget):
    """Screen's name, where one is in its list, school, person; when it locks and the sync state on the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HeaderLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def render(self) -> Content:
        console = cast("Console", self.app)
        screen = cast("ConsoleScreen", self.screen)
        heading = visible(getattr(screen, "heading", ""))
        place, right, lock = "", console.sync_words, console.lock_words
        vault = console.vault
        if vault is not None and not console.hidden:
            kind = console.school.organisation if console.school else ""
            role = role_word(vault.person.role, kind)
            school = f"{console.school.name} · " if console.school else ""
            place = visible(f"{school}{vault.person.name}, {role}")
        elif console.hidden:
            right = ""
        width = self.size.width
        visit = console.visit_words
        where = "" if console.hidden else getattr(screen, "place_words", "")
        taken = (cell_len(visit) + 4 if visit else 0) + (cell_len(where) + 2 if where else 0)
        heading = cut(heading, max(width - taken, 1))
        left = width - cell_len(heading) - taken
        lock = cut(lock, max(left - 3, 0))
        left -= cell_len(lock) + 3 if lock else 0
        right = right if cell_len(right) + 3 <= left else cut(right, max(left - 3, 0))
        left -= cell_len(right) + 3 if right else 0
        place = cut(place, max(left - 2, 0)) if left > 8 else ""
        left -= cell_len(place) + 2 if place else 0
        parts: list[tuple[str, str] | str] = [(heading, "$text-primary bold")]
        if where:
            parts += ["  ", where]
        if visit:
            parts += ["  ", (f" {visit} ", "bold reverse $text-warning")]
        if place:
            parts += ["  ", (place, "$text-muted")]
        parts.append(" " * max(left, 0))
        if right:
            parts += ["   ", right]
        if lock:
            parts += ["   ", (lock, "bold $text-warning")]
        return Content.assemble(*parts)


def emergency_words(front_door: str, out_of_hours: str, *, known: bool, organisation: str = "") -> list[str]:
    """Return the parts of the emergency line; while the screen is hidden, it says only 999."""
    if not known:
        return ["Immediate danger: 999"]
    label = front_door_words(organisation)
    words = [
        "Immediate danger: 999",
        f"{label} {front_door}" if front_door else f"{label}: not set (Ctrl+P, Settings)",
    ]
    if out_of_hours:
        words.append(f"Out of hours {out_of_hours}")
    return words


OUTSIDE = ("front_door", "out_of_hours", "organisation")
"""What the line needs of what a locked vault says to anybody."""


class EmergencyLine(Widget):
    """The line that never scrolls away: 999 and the school's own numbers; wraps between numbers, never cut."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    EmergencyLine {
        height: auto; background: $emergency-background; color: $emergency-foreground;
        padding: 0 1; text-style: bold;
    }
    """

    def words(self) -> list[str]:
        """Return the parts of the line as they stand now."""
        console = cast("Console", self.app)
        if console.hidden:
            return emergency_words("", "", known=False)
        if console.school is None:
            front, out, kind = (visible(console.outside.get(name, "")) for name in OUTSIDE)
            return emergency_words(front, out, known=bool(front), organisation=kind)
        phones, kind = console.school.phones, console.school.organisation
        return emergency_words(visible(phones.front_door), visible(phones.out_of_hours), known=True, organisation=kind)

    def lines(self, width: int) -> list[str]:
        """Return the line folded between its parts."""
        lines = [""]
        for part in self.words():
            joined = f"{lines[-1]} · {part}" if lines[-1] else part
            if cell_len(joined) <= width or not lines[-1]:
                lines[-1] = joined
            else:
                lines.append(part)
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def on_click(self) -> None:
        """Where a number is missing, a click leads to where it is set."""
        console = cast("Console", self.app)
        if any("not set" in part for part in self.words()):
            console.do("settings")

    def render(self) -> Content:
        return Content("\n".join(self.lines(self.size.width)))


class Key(NamedTuple):
    """One key of the footer as it stands now."""

    action: Action
    shown_key: str
    reason: str

    def label(self, *, narrow: bool) -> str:
        """What stands after the key."""
        return self.action.short or self.action.label if narrow else self.action.label

    def cells(self, *, narrow: bool) -> int:
        """How wide it is, in cells."""
        return cell_len(self.shown_key) + 1 + cell_len(self.label(narrow=narrow))


def fold(keys: list[Key], width: int, *, narrow: bool, breaks: int) -> list[list[tuple[int, Key]]]:
    """Lay keys out in rows of at most this width, with a new row at the place `breaks` unless that is the first."""
    gap = 1 if narrow else 2
    rows: list[list[tuple[int, Key]]] = [[]]
    column = 0
    for place, key in enumerate(keys):
        cells = key.cells(narrow=narrow)
        if rows[-1] and (column + cells > width or place == breaks):
            rows.append([])
            column = 0
        rows[-1].append((column, key))
        column += cells + gap
    return rows


class KeyBar(Widget):
    """The footer: this screen's keys, then those that work everywhere; wraps, so that none is cut off.

    A key that cannot work now is greyed, and its tooltip and its press say why.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar { height: auto; background: $panel; color: $foreground; padding: 0 1; }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_resize(self) -> None:
        """Keep passing notices clear of the keys, however many rows those take."""
        for rack in self.screen.query(ToastRack):
            rack.styles.margin = (0, 0, self.outer_size.height, 0)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self.refresh(layout=True)

    def shown_keys(self) -> list[Key]:
        """Return the keys that stand in the footer now, the screen's own first."""
        console = cast("Console", self.app)
        own: dict[str, Key] = {}
        general: dict[str, Key] = {}
        for key, active in self.screen.active_bindings.items():
            action = TABLE.get(active.binding.id or "")
            if action is None or not action.shown or action.id in own or action.id in general:
                continue
            if action.id == "back" and not getattr(self.screen, "SHOWS_BACK", True):
                continue
            if action.opens and action.opens == getattr(self.screen, "NAME", ""):
                continue
            group = general if active.node is self.app else own
            group[action.id] = Key(action, key_name(key), console.why_not(action.id))
        enter = getattr(self.screen, "FIELD_ENTER", "")
        if enter and enter not in own and isinstance(self.screen.focused, Input):
            own = {enter: Key(TABLE[enter], key_name("enter"), console.why_not(enter))} | own
        order = list(TABLE)
        general_keys = sorted(general.values(), key=lambda key: order.index(key.action.id))
        listed = [*(key for name, key in own.items() if name != "back"), *([own["back"]] if "back" in own else [])]
        keys = [*listed, *general_keys]
        return [key for key in keys if not key.reason] if console.hidden else keys

    def rows(self, width: int) -> tuple[bool, list[list[tuple[int, Key]]]]:
        """Return whether the short labels are used, and the rows of keys, each with the column where it begins.

        The layout of fewest rows; among those the one with long labels, and with the keys that work everywhere
        on a row of their own, where the eye finds them on every screen.
        """
        keys = self.shown_keys()
        everywhere = next((place for place, key in enumerate(keys) if key.action in (BACK, *EVERYWHERE)), 0)
        layouts = [
            (narrow, fold(keys, width, narrow=narrow, breaks=breaks))
            for narrow in (False, True)
            for breaks in (everywhere, 0)
        ]
        return min(layouts, key=lambda layout: len(layout[1]))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(len(self.rows(width)[1]), 1)

    def render(self) -> Content:
        narrow, rows = self.rows(self.size.width)
        lines = []
        for row in rows:
            line, column = Content(), 0
            for start, key in row:
                style = "$text-disabled" if key.reason else "$footer-description-foreground"
                key_style = "$text-disabled" if key.reason else "bold $footer-key-foreground"
                line += Content(" " * (start - column)) + Content.assemble(
                    (key.shown_key, key_style), (f" {key.label(narrow=narrow)}", style)
                )
                column = start + key.cells(narrow=narrow)
            lines.append(line)
        return Content("\n").join(lines)

    def key_at(self, x: int, y: int) -> Key | None:
        """Return the key under a place of the content, if there is one."""
        narrow, rows = self.rows(self.size.width)
        if not 0 <= y < len(rows):
            return None
        for start, key in rows[y]:
            if start <= x < start + key.cells(narrow=narrow):
                return key
        return None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        offset = event.get_content_offset(self)
        key = self.key_at(offset.x, offset.y) if offset else None
        tooltip = Content(key.reason or key.action.tooltip) if key else None
        if tooltip != self.tooltip:
            self.tooltip = tooltip

    def on_click(self, event: events.Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        key = self.key_at(offset.x, offset.y) if offset else None
        if key is not None:
            cast("Console", self.app).do(key.action.id)
