"""Settings: one list, searched by words; Enter changes the line, and what is kept holds at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from practice.acts import SharingRulesSet
from practice.errors import ConsoleError
from practice.text import visible
from screens.actions import Action, bindings
from screens.backups_folder import folder_fault
from screens.base import ConsoleScreen
from screens.keys import PressDialog, WordsInput, keep_key, key_rows, why_not_key
from screens.keys import Row as KeyRow
from screens.keys import draw as draw_key
from screens.people_dialogs import CodeDialog
from screens.settings_schema import MACHINE, OFF, ON, RECORD, SHARING, Setting, found_by, typed_value, value_words
from screens.widgets.chrome import cut
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.record_list import RecordList
from screens.widgets.text import StateLine
from screens.wording import READ_ONLY, may_write

if TYPE_CHECKING:
    from screens.console import Console
    from storage.reports import Card
    from storage.vault import Vault

KEYS = "Keys: what each does"
CARD = (
    "With it, machines of the school without this record seal notes into that folder: dsl-console report --to FOLDER. "
    "Each asks once for these words; read them out. A new telephone number or new keys make another card: keep the "
    "folder again."
)


@dataclass(frozen=True)
class Row:
    """An area's heading, or one setting with its value."""

    heading: str = ""
    setting: Setting | None = None
    value: object = ""
    first: bool = False
    key: KeyRow | None = None
    """An action with its keys, under the heading of the keys."""

    @property
    def name(self) -> str:
        """What tells the row from the others, however the list is narrowed."""
        if self.key is not None:
            return self.key.action.id
        return self.setting.key if self.setting else self.heading


def draw(row: Row, width: int) -> list[Content]:
    """Draw a heading, or a setting: its name and value, and what it does."""
    if row.key is not None:
        return draw_key(row.key, width)
    if row.setting is None:
        heading = Content.styled(row.heading, "bold $text-primary")
        return [heading] if row.first else [Content(""), heading]
    label_width = 22
    value = cut(visible(value_words(row.setting, row.value)), max(width - label_width - 4, 10))
    label = cut(row.setting.label, label_width)
    unset = row.value == "" and row.setting.kind == "telephone"
    folded = Content.styled(row.setting.says, "$text-muted").wrap(max(width - 6, 20))
    return [
        Content.assemble(
            "  ",
            (label, "bold"),
            " " * (label_width - cell_len(label) + 1),
            (value, "$text-warning" if unset else ""),
        ),
        *(Content("    ") + line for line in folded),
    ]


def keep_in_record(vault: Vault, setting: Setting, value: object) -> None:
    """Write a telephone number or a rule of sharing into the record. Blocks."""
    from storage.desk.school import set_phones
    from storage.desk.sharing_rules import set_rules

    if setting.kept == SHARING:
        set_rules(vault, **{setting.key: value})
    else:
        set_phones(vault, **{setting.key: str(value)})


def rules_of(vault: Vault) -> SharingRulesSet:
    """Read how this organisation shares. Blocks."""
    from storage.views.organisation import sharing_rules

    return sharing_rules(vault)


class SettingDialog(FormDialog[str]):
    """One setting's value; dismissed with a sentence once it is kept."""

    VERB = "Keep"

    def __init__(self, setting: Setting, value: object) -> None:
        super().__init__(setting.label, setting.says + (" For everybody." if setting.kept != MACHINE else ""))
        self.setting, self.value = setting, value

    @property
    def console(self) -> Console:
        """The app, by the type that screens know."""
        return cast("Console", self.app)

    def fields(self) -> ComposeResult:
        """Yield the field that the setting's kind needs."""
        yield Field(self.setting.label, self._widget())

    def _widget(self) -> Widget:
        setting = self.setting
        if not setting.choices:
            hints = {"folder": "The whole path; empty for none", "categories": "sexual, radicalisation; empty for none"}
            hint = hints.get(setting.kind, "Empty where it is not known")
            text = ", ".join(self.value) if isinstance(self.value, tuple) else str(self.value)
            return Input(visible(text), placeholder=hint, max_length=4096, id="value")
        stored = (ON if self.value else OFF) if isinstance(self.value, bool) else str(self.value)
        choices = [(words, code) for code, words in setting.choices]
        if stored not in dict(setting.choices):
            choices.append((value_words(setting, self.value), stored))
        return ChoiceField(choices, value=stored, blank=False, id="value")

    def on_mount(self) -> None:
        self.query_one("#value").focus()

    def confirm(self) -> None:
        """Keep the value, where it is one that the setting takes."""
        field = self.query_one("#value")
        text = field.code if isinstance(field, ChoiceField) else cast("Input", field).value
        try:
            value = typed_value(self.setting, text)
        except ValueError as fault:
            self.ask(str(fault), field)
            return
        vault = self.console.vault
        if vault is None:
            return
        if self.setting.kept != MACHINE:
            self.busy("Recording…")
            self.run(keep_in_record, vault, self.setting, value, then=lambda _: self._kept(value), failed=self.failed)
        elif self.setting.kind == "folder" and value:
            path = str(Path(str(value)).expanduser())
            self.fetch(folder_fault, path, vault.folder, then=lambda fault: self._checked(path, fault))
        else:
            self._keep(value)

    def _checked(self, path: str, fault: str) -> None:
        """Keep a folder unless something stands against it; a share that hangs does not hold the screen."""
        if fault:
            self.ask(fault, "#value")
        else:
            self._keep(path)

    def _keep(self, value: object) -> None:
        try:
            self.console.set_setting(self.setting.key, value)
        except ConsoleError as error:
            self.failed(error)
        else:
            self._kept(value)

    def _kept(self, value: object) -> None:
        self.finish(f"{self.setting.label}: {value_words(self.setting, value)}. It holds from now on.")


class SettingsScreen(ConsoleScreen):
    """The list, and a field that narrows it."""

    NAME = "settings"
    HEADING = "Settings"
    HELP = (
        "Everything that can be set, and at its end what every key does. Type a word to narrow the list, move with the "
        "arrows, and Enter changes the line; Delete gives an action its own key back. What is kept holds at once. The "
        "telephone numbers and the rules of sharing are the school's own: they change for everybody, and the change is "
        "recorded."
    )
    CSS_PATH = "settings.tcss"
    FIELD_ENTER = "settings.change"
    BINDINGS = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self.rules = SharingRulesSet()

    def body(self) -> ComposeResult:
        yield WordsInput(
            placeholder="A word of the setting or of what a key does; Enter changes the line",
            id="words",
            max_length=100,
        )
        yield StateLine("", id="done")
        yield RecordList[Row](draw, skip=lambda row: bool(row.heading), id="settings")

    def on_mount(self) -> None:
        self.query_one("#words").focus()

    def value_of(self, setting: Setting) -> object:
        """Return what is set now."""
        if setting.kept == SHARING:
            return getattr(self.rules, setting.key)
        if setting.kept == RECORD:
            school = self.console.school
            return getattr(school.phones, setting.key) if school else ""
        return self.console.setting(setting.key)

    def refresh_record(self) -> None:
        """Read the rules of sharing, and show the settings."""
        if self.console.vault is not None:
            self.fetch(rules_of, self.vault, then=self._read)
        self._list()

    def _read(self, rules: SharingRulesSet) -> None:
        if rules != self.rules:
            self.rules = rules
            self._list()

    def _list(self) -> None:
        """Show the settings that the words fit, under their areas."""
        words = self.query_one("#words", Input).value
        rows: list[Row] = []
        for setting in found_by(words):
            if not any(row.heading == setting.area for row in rows):
                rows.append(Row(heading=setting.area, first=not rows))
            rows.append(Row(setting=setting, value=self.value_of(setting)))
        if keys := key_rows(words, self.kept_keys):
            rows.append(Row(heading=KEYS, first=not rows))
            rows += [Row(key=each) for each in keys]
        listed: RecordList[Row] = self.query_one("#settings", RecordList)
        listed.empty = "No setting and no key is called that. Try another word."
        listed.show(rows, keep=lambda row: row.name)
        self.refresh_bindings()

    def refresh_chrome(self) -> None:
        """Draw the frame again; the school's numbers come with it."""
        super().refresh_chrome()
        self.refresh_record()

    @on(Input.Changed, "#words")
    def _typed(self) -> None:
        self.query_one("#settings", RecordList).cursor = 0
        self._list()

    @on(Input.Submitted, "#words")
    def _submitted(self) -> None:
        self.action_do("settings.change")

    def on_key(self, event: events.Key) -> None:
        """While the field has the focus, the arrows move in the list."""
        if self.focused is self.query_one("#words"):
            self.query_one("#settings", RecordList).steered(event)

    @property
    def kept_keys(self) -> dict[str, str]:
        """The keys that were changed."""
        return dict(cast("dict[str, str]", self.console.setting("keys")))

    @property
    def row(self) -> Row | None:
        """The line under the cursor."""
        row: Row | None = self.query_one("#settings", RecordList).current
        return row

    @property
    def current(self) -> Setting | None:
        """The setting under the cursor."""
        return self.row.setting if self.row else None

    def why_not(self, action_id: str) -> str:
        setting, key = self.current, self.row.key if self.row else None
        if action_id == "settings.reset":
            return why_not_key(key, reset=True) if key else "This gives an action its own key back: no key stands here."
        if action_id == "settings.change":
            if key is not None:
                return why_not_key(key, reset=False)
            if setting is None:
                return "No setting is called that."
            if setting.kept != MACHINE and not may_write(self.vault):
                return READ_ONLY
        return ""

    @on(RecordList.Opened)
    def _clicked(self) -> None:
        self.action_do("settings.change")

    def act_change(self) -> None:
        """Change the setting, or the key, under the cursor."""
        if self.row and (row := self.row.key):
            self.app.push_screen(PressDialog(row.action, self.kept_keys), lambda key: self._keep_key(row.action, key))
        elif setting := self.current:
            dialog = SettingDialog(setting, self.value_of(setting))
            self.app.push_screen(dialog, lambda sentence: self._changed(setting, sentence))

    def act_reset(self) -> None:
        """Give the action under the cursor its own key back."""
        if self.row and (row := self.row.key):
            self._keep_key(row.action, row.action.keys)

    def _keep_key(self, action: Action, key: str | None) -> None:
        if key is None:
            return
        try:
            said = keep_key(self.console, action, key)
        except ConsoleError as error:
            self.console.report(error)
            return
        self.query_one("#done", StateLine).say(said, "good")
        self._list()

    def _changed(self, setting: Setting, sentence: str | None) -> None:
        if sentence:
            self.query_one("#done", StateLine).say(sentence, "good")
            self.refresh_record()
            if setting.key == "reports_folder" and (folder := self.value_of(setting)):
                self._write_card(Path(str(folder)))

    def _write_card(self, folder: Path) -> None:
        """Write the card with which other machines seal notes into that folder, and show its words."""
        from storage.reports import write_card

        self.run(write_card, self.vault.folder, folder, then=self._card, failed=self._no_card)

    def _card(self, card: Card) -> None:
        self.app.push_screen(CodeDialog("-".join(card.words.split()), "The report card is in the folder", CARD))

    def _no_card(self, error: ConsoleError) -> None:
        self.query_one("#done", StateLine).say(f"{error.message} {error.hint}".strip(), "bad")

    def act_back(self) -> None:
        """Empty the field first; then leave."""
        words = self.query_one("#words", Input)
        if words.value:
            words.value = ""
            words.focus()
        else:
            self.console.back()
