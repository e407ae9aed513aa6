"""The questions of the Machines screen: a new machine, its code and words, a folder, a file, whose people stand."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Button, Input

from practice.text import visible
from screens.backups_folder import folder_fault
from screens.base import Calls
from screens.widgets.dialogs import Dialog, back_button
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from storage.joining import Invitation, Request
    from storage.vault import Vault

LOOKS_EVERY = 2.0
"""Seconds between two looks into the folder whether the other machine has asked."""
SHARED = "A share, or a stick that is carried to and fro. What lies there is encrypted and bears no name."


class FolderDialog(FormDialog[str]):
    """Which folder the machines share."""

    VERB = "Sync"

    def __init__(self, folder: str, vault: Path) -> None:
        super().__init__("Which folder do the machines share?", SHARED)
        self.first, self.vault_folder = folder, vault

    def fields(self) -> ComposeResult:
        yield Input(self.first, placeholder="a share, such as S:\\Safeguarding", max_length=4096)

    def confirm(self) -> None:
        text = str(Path(self.query_one(Input).value.strip()).expanduser())
        self.fetch(folder_fault, text, self.vault_folder, then=lambda fault: self._checked(text, fault))

    def _checked(self, text: str, fault: str) -> None:
        if fault:
            self.ask(fault.replace("backups", "those files").replace("a backup", "they"), self.query_one(Input))
        else:
            self.finish(text)


class FileDialog(FormDialog[str]):
    """The whole path of a file."""

    def __init__(self, heading: str, placeholder: str) -> None:
        super().__init__(heading, "The whole path of the file. What it holds is encrypted.")
        self.placeholder = placeholder

    def fields(self) -> ComposeResult:
        yield Input(placeholder=self.placeholder, max_length=4096)

    def confirm(self) -> None:
        text = self.query_one(Input).value.strip()
        if not text or not Path(text).expanduser().is_absolute():
            self.ask("Write the whole path, from its beginning.", self.query_one(Input))
        else:
            self.finish(str(Path(text).expanduser()))


class AddDialog(FormDialog["tuple[Invitation, Path]"]):
    """The other machine's name, this one's where it has none, and the folder that both reach."""

    VERB = "Make the code"

    def __init__(self, vault: Vault, folder: str, first: bool) -> None:
        super().__init__(
            "Let another machine in",
            "A code is made, good for two days, to be typed there. Then words are compared on both screens, and only "
            "then are the keys handed over.",
        )
        self.vault, self.folder, self.first = vault, folder, first

    def fields(self) -> ComposeResult:
        if self.first:
            yield Field("This machine", Input(id="own", placeholder="such as Office", max_length=60))
        yield Field("The other one", Input(id="name", placeholder="such as Laptop", max_length=60))
        yield Field("Folder", Input(self.folder, id="folder", placeholder="a share or a stick", max_length=4096))

    def confirm(self) -> None:
        name, folder = (self.query_one(f"#{each}", Input).value.strip() for each in ("name", "folder"))
        own = self.query_one("#own", Input).value.strip() if self.first else ""
        if self.first and not own:
            self.ask("What is this machine called?", "#own")
        elif not name:
            self.ask("What is the other machine called?", "#name")
        else:
            self.fetch(
                folder_fault,
                folder or "-",
                self.vault.folder,
                then=lambda fault: self._checked(name, own, folder, fault),
            )

    def _checked(self, name: str, own: str, folder: str, fault: str) -> None:
        if fault:
            self.ask(fault, "#folder")
            return
        from storage.joining import invite

        self.busy("One moment.")
        place = Path(folder).expanduser()
        self.run(invite, self.vault, place, name, own, then=lambda made: self.finish((made, place)), failed=self.failed)


class ShowCode(Calls, Dialog[bool]):
    """The one-time code, to be typed on the other machine; dismissed with True once that one has asked."""

    BINDINGS = [Binding("escape,ctrl+s", "dismiss(False)", "Done", tooltip="I have written it down")]
    AUTO_FOCUS = ""
    """Nothing: an Enter too many must not clear a code that is shown once."""
    DEFAULT_CSS = """
    ShowCode .code {
        width: auto; text-style: bold; color: $text-accent; height: auto; margin: 0 0 1 0; padding: 0 2;
        border: round $border-blurred;
    }
    """

    def __init__(self, vault: Vault, made: Invitation, folder: Path) -> None:
        super().__init__()
        self.vault, self.made, self.folder = vault, made, folder

    def compose(self) -> ComposeResult:
        sentence = (
            f"Start dsl-console on «{visible(self.made.name)}», choose «A vault of ours is on another machine: "
            "join it», and type this code there. It is shown only now, and is good until "
            f"{self.made.until.astimezone():%a %d %b %H:%M}."
        )
        where = PlainText(f"The folder, as seen from here: {self.folder}")
        code = PlainText(self.made.code, classes="code")
        yield from self.framed("The code", sentence, [code, where], back_button("Done"))

    def on_mount(self) -> None:
        self.say("The words appear here once it has asked. With a stick: leave this, and press c when it is back.")
        self.set_interval(LOOKS_EVERY, self._look)

    def _look(self) -> None:
        from storage.joining import request

        self.fetch(request, self.vault, self.folder, then=self._looked, failed=lambda _: None)

    def _looked(self, asked: Request | None) -> None:
        if asked is not None and self.is_current:
            self.dismiss(True)

    def on_button_pressed(self, _: Button.Pressed) -> None:
        """Leave it."""
        self.dismiss(False)


class WordsDialog(FormDialog["Request"]):
    """The words of the machine that asks; a person confirms that the other screen shows the same."""

    VERB = "They are the same"
    DEFAULT_CSS = """
    WordsDialog .words {
        width: auto; max-width: 100%; text-style: bold; color: $text-accent; height: auto; margin: 1 0 0 0;
        padding: 0 2; border: round $border-blurred;
    }
    """

    def __init__(self, vault: Vault, folder: str) -> None:
        super().__init__(
            "Are the words the same?",
            "Read them on the other machine's screen, or have them read to you. If one differs, somebody else answered:"
            " go back, and make a new code.",
        )
        self.vault, self.folder = vault, folder
        self.asked: Request | None = None

    def fields(self) -> ComposeResult:
        yield Field("Folder", Input(self.folder, id="folder", placeholder="where the code was left", max_length=4096))
        yield PlainText("", classes="words")

    def on_mount(self) -> None:
        self.query_one(".words").display = False
        self.query_one("#folder" if not self.folder else "#back").focus()  # it comes by itself: no Enter compares
        self.set_interval(LOOKS_EVERY, self._look)
        self._look()

    @property
    def _place(self) -> Path:
        return Path(self.query_one("#folder", Input).value.strip()).expanduser()

    @on(Input.Changed)
    def _elsewhere(self) -> None:
        self.asked = None
        self.query_one(".words").display = False

    def _look(self) -> None:
        from storage.joining import request

        if self.asked is None and not self._busy and self.query_one("#folder", Input).value.strip():
            self.fetch(request, self.vault, self._place, then=partial(self._found, self._place), failed=self.failed)

    def _found(self, place: Path, asked: Request | None) -> None:
        if place != self._place:
            return  # another folder was written meanwhile: these are not its words
        self.asked = asked
        shown = self.query_one(".words", PlainText)
        shown.display = asked is not None
        if asked is None:
            self.say("The other machine has not asked yet. Its words appear here once it has.")
        else:
            shown.show(asked.words)
            self.say(f"«{visible(asked.name)}» asks.")

    def confirm(self) -> None:
        from storage.joining import welcome

        if self.asked is None:
            self._look()
            return
        self.busy("The keys and the record are being handed over.")
        self.run(welcome, self.vault, self._place, self.asked, then=self._welcomed, failed=self.failed)

    def _welcomed(self, _machine: str) -> None:
        if self.asked is not None:
            self.finish(self.asked)


class PeopleDialog(FormDialog[bool]):
    """Whose list of people stands."""

    VERB = "This one stands"

    def __init__(self, vault: Vault, other: str, differences: list[str]) -> None:
        """Take what the two lists differ in as sentences."""
        changed = f"Who opens this record was changed here and on «{other}» while they were apart."
        again = "What the other list held and the chosen one does not is to be done again."
        super().__init__("Whose list of people stands?", " ".join([changed, *map(visible, differences), again]))
        self.vault, self.other = vault, other

    def fields(self) -> ComposeResult:
        choices = [("The one on this machine", "here"), (f"The one on «{self.other}»", "there")]
        yield Field("Which", ChoiceField(choices, prompt="Choose", id="which"))

    def confirm(self) -> None:
        which = self.query_one("#which", ChoiceField).code
        if not which:
            self.ask("Which of the two stands?", "#which")
            return
        from storage.carrying import settle_people

        self.busy("One moment.")
        self.run(settle_people, self.vault, here=which == "here", then=lambda _: self.finish(True), failed=self.failed)


class HubDialog(FormDialog[str]):
    """A hub as a carrier between the machines: its address and an invite code of the mailbox's own."""

    VERB = "Use this hub"
    DEFAULT_CSS = "HubDialog .now { color: $text-muted; height: auto; margin: 0 0 1 0; }"

    def __init__(self, vault: Vault, now: str) -> None:
        super().__init__(
            "Carry between the machines by a hub too?",
            "It learns sizes and times, and nothing of what is carried or which machine wrote. Its operator makes an "
            "invite code for a mailbox of the machines' own, such as urn:scx:gb:urn:100123-machines. A new code shuts "
            "out a machine that was removed.",
        )
        self.vault, self.now = vault, now

    def fields(self) -> ComposeResult:
        now = f"Now: {self.now}" if self.now else "Now: by the folder and the stick alone."
        yield PlainText(now, classes="now")
        yield Field("Address", Input(id="url", placeholder="https://hub.example; empty to stop using it"))
        yield Field("Code", Input(id="code", placeholder="as the hub's operator gave it", max_length=200))

    def confirm(self) -> None:
        from sync.mailbox import close_mailbox, open_mailbox

        url, code = (self.query_one(f"#{each}", Input).value.strip() for each in ("url", "code"))
        if not url and not self.now:
            self.ask("Which hub? Its operator gives you the address.", "#url")
        elif not url:
            self.busy("One moment.")
            said = "Nothing is carried by the hub any more."
            self.run(close_mailbox, self.vault, then=lambda _: self.finish(said), failed=self.failed)
        elif not code:
            self.ask("The mailbox needs an invite code of its own.", "#code")
        else:
            self.busy("The hub is being asked.")
            self.run(open_mailbox, self.vault, url, code, then=self._opened, failed=self.failed)

    def _opened(self, _org: str) -> None:
        self.finish("The hub is used from now on. The other machines hear of it at their next sync by folder or stick.")
