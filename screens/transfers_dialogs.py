"""The questions of file transfers: opening one, the copies, what went and how, the receipt, an effort, who was told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input

from practice.dates import day_words
from practice.front_sheet import heed_code
from practice.text import counted, visible
from screens.widgets.answer import AnswerField
from screens.widgets.child_picker import ChildPicker
from screens.widgets.fields import ChoiceField, Field, WhenField
from screens.widgets.heed import HeedLines
from screens.widgets.vault_form import VaultForm

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow
    from storage.views.transfers import TransferRow


class _TransferForm(VaultForm["TransferRow"]):
    """A form about a transfer."""


class OpenTransferDialog(_TransferForm):
    """Asks whose file goes, since when and where to; or whose came, and where from."""

    awaits_read = True

    def __init__(self, child_id: str = "") -> None:
        super().__init__("A file that goes, or came", "The day is the one on which the child left, or the file came.")
        self._child_id = child_id

    def fields(self) -> ComposeResult:
        ways = [("It goes to the next school", "out"), ("It came from the school before", "in")]
        yield Field("Child", ChildPicker(provisional=False, id="child"))
        yield Field("Which way", ChoiceField(ways, value="out", blank=False, id="way"))
        yield Field("Day", WhenField(empty="today", hint="left blank: today", id="day"))
        yield Field("School", Input(max_length=400, id="school"))
        yield Field("Its DSL", Input(placeholder="the named person there", max_length=200, id="dsl"))
        yield Field("Contact", Input(placeholder="telephone or e-mail", max_length=200, id="contact"))

    def on_mount(self) -> None:
        if self._child_id:
            from storage.views.children import get

            self.fetch(get, self.vault, self._child_id, then=self._chosen)
        else:
            self.query_one("#child Input").focus()
            self.now_read()

    def _chosen(self, child: ChildRow) -> None:
        self.query_one(ChildPicker).choose(child)
        self.query_one("#way").focus()
        self.now_read()

    def confirm(self) -> None:
        from storage.desk.transfers import came, open_

        child = self.query_one(ChildPicker).child
        if child is None:
            self.ask("Which child? Type two letters of the name and choose.", "#child Input")
            return
        day, read = self.past("day")
        if not read:
            return
        day = day or self.today()
        school, dsl = self.text("school"), self.text("dsl")
        comes = self.query_one("#way", ChoiceField).code == "in"
        if comes and not school:
            self.ask("Which school sent it?", "#school")
            return
        self.busy("One moment.")
        if comes:
            self.run(came, self.vault, child.id, day, school, dsl, then=self.finish, failed=self.failed)
            return
        more = {"school": school, "dsl": dsl, "contact": self.text("contact")}
        self.run(open_, self.vault, child.id, day, then=self.finish, failed=self.failed, **more)


class ChangeTransferDialog(_TransferForm):
    """Asks which school, who there, what was told in advance, and whether no next school is known."""

    VERB = "Change"

    def __init__(self, row: TransferRow) -> None:
        sentence = (
            f"{visible(row.child)}, left {day_words(row.leaving)}. Would the next school be helped by knowing now?"
        )
        super().__init__("Where the file goes", sentence)
        self._row = row

    def fields(self) -> ComposeResult:
        row = self._row
        known = [("A next school is known, or asked for", "no"), ("No next school is known", "yes")]
        yield Field("School", Input(row.school, max_length=400, id="school"))
        yield Field("Its DSL", Input(row.dsl, placeholder="the named person there", max_length=200, id="dsl"))
        yield Field("Contact", Input(row.contact, placeholder="telephone or e-mail", max_length=200, id="contact"))
        yield Field("Told in advance", AnswerField(row.in_advance, placeholder="what, or why nothing", id="advance"))
        yield Field(
            "Next school", ChoiceField(known, value="yes" if row.no_destination else "no", blank=False, id="none")
        )

    def on_mount(self) -> None:
        self.query_one("#school").focus()

    def confirm(self) -> None:
        from storage.desk.transfers import change

        row = self._row
        now = {name: self.text(name) for name in ("school", "dsl", "contact")} | {"in_advance": self.text("advance")}
        changes: dict[str, str | bool] = {name: text for name, text in now.items() if text != getattr(row, name)}
        none = self.query_one("#none", ChoiceField).code == "yes"
        if none != row.no_destination:
            changes["no_destination"] = none
        if not changes:
            self.ask("What is otherwise now?", "#school")
            return
        self.busy("One moment.")
        self.run(change, self.vault, row.id, then=self.finish, failed=self.failed, **changes)


def front_words(vault: Vault, child_id: str) -> list[str]:
    """Return what is read before a copy goes out; blocks."""
    from storage.views.front_sheet import read_out

    return read_out(vault, child_id)


def packed(vault: Vault, transfer_id: str, folder: Path, heeded: str) -> str:
    """Write the copies and say what they are; blocks."""
    from storage.desk.transfers import pack

    made = pack(vault, transfer_id, folder, heeded=heeded)
    cautions = " ".join(dict.fromkeys(text for copy in made for text in copy.cautions))
    written = counted(len(made), "file was", "files were")
    return f"{written} written, each recorded. Send them, then press s. {cautions}".strip()


class PackDialog(VaultForm[str]):
    """Asks into which new folder the copies go, after what must be read was read."""

    VERB = "Write"
    awaits_read = True

    def __init__(self, row: TransferRow) -> None:
        super().__init__(
            "Write the copies that go",
            f"{visible(row.child)}: the whole record as PDF and as JSON, and the chronology. They are not encrypted: "
            "keep the folder where only those may read it who may know it, and empty it once the receipt is in.",
        )
        self._row = row
        self._said: list[str] = []

    def fields(self) -> ComposeResult:
        yield HeedLines(id="heed")
        heeded = ChoiceField([("Read: the copy reaches none of them", "yes")], prompt="Read the lines above", id="read")
        yield Field("Reaches none?", heeded, id="heeded")
        yield Field("New folder", Input(max_length=4096, id="folder"))

    def on_mount(self) -> None:
        self.query_one("#heeded").display = False
        self.query_one("#folder", Input).value = str(Path("~") / f"transfer-{self.today().isoformat()}")
        self.fetch(front_words, self.vault, self._row.child_id, then=self._show)
        self.query_one("#folder").focus()

    def _show(self, said: list[str]) -> None:
        self._said = said
        self.query_one("#heed", HeedLines).say(said)
        self.query_one("#heeded").display = bool(said)
        if said:
            self.query_one("#read").focus()
        self.now_read()

    def confirm(self) -> None:
        if self._said and not self.query_one("#read", ChoiceField).code:
            self.ask("Read what the front sheet says, and say so.", "#read")
        elif not self.text("folder"):
            self.ask("Into which new folder?", "#folder")
        else:
            self.busy("The copies are being written.")
            folder = Path(self.text("folder")).expanduser()
            code = heed_code(self._said)
            self.run(packed, self.vault, self._row.id, folder, code, then=self.finish, failed=self.failed)


def sent_from(vault: Vault, transfer_id: str, folder: str, method: str, school: str, dsl: str) -> TransferRow:
    """Record that a folder's files went; blocks."""
    from storage.desk.transfers import files_in, sent

    return sent(vault, transfer_id, files_in(Path(folder).expanduser()), method, school=school, dsl=dsl)


class SentDialog(_TransferForm):
    """Asks to whom the file went, how, and which folder's files it was."""

    def __init__(self, row: TransferRow) -> None:
        super().__init__("The file went", f"{visible(row.child)}: each file of the folder is listed with its hash.")
        self._row = row

    def fields(self) -> ComposeResult:
        yield Field("School", Input(self._row.school, max_length=400, id="school"))
        yield Field("Its DSL", Input(self._row.dsl, placeholder="the named person there", max_length=200, id="dsl"))
        yield Field("How", Input(placeholder="by hand, secure mail, the council's portal", max_length=200, id="method"))
        folder = str(Path("~") / f"transfer-{self.today().isoformat()}")
        yield Field("Folder", Input(folder, max_length=4096, id="folder"))

    def on_mount(self) -> None:
        missing = next((name for name in ("school", "dsl") if not getattr(self._row, name)), "method")
        self.query_one(f"#{missing}").focus()

    def confirm(self) -> None:
        texts = {name: self.text(name) for name in ("school", "dsl", "method", "folder")}
        asks = {"school": "Which school?", "dsl": "Who there?", "method": "How did it go?", "folder": "Which folder?"}
        missing = next((name for name, text in texts.items() if not text), None)
        if missing:
            self.ask(asks[missing], f"#{missing}")
            return
        self.busy("The files are being read.")
        more = (texts["folder"], texts["method"], texts["school"], texts["dsl"])
        self.run(sent_from, self.vault, self._row.id, *more, then=self.finish, failed=self.failed)


class ReceiptDialog(_TransferForm):
    """Asks who confirmed it, in which role, when and how."""

    def __init__(self, row: TransferRow) -> None:
        whose = (
            "The receipt that you gave." if row.direction == "in" else "Who there confirmed that the whole file came?"
        )
        super().__init__("The receipt", f"{visible(row.child)}. {whose}")
        self._row = row

    def fields(self) -> ComposeResult:
        yield Field("Who", Input(max_length=200, id="name"))
        yield Field("Role", Input(placeholder="DSL, deputy, office", max_length=200, id="role"))
        yield Field("How", Input(placeholder="by telephone, signed, by mail", max_length=200, id="how"))
        yield Field("On which day", WhenField(empty="today", hint="left blank: today", id="day"))

    def on_mount(self) -> None:
        self.query_one("#name").focus()

    def confirm(self) -> None:
        from storage.desk.transfers import received

        texts = [self.text(name) for name in ("name", "role", "how")]
        for name, text, question in zip(
            ("name", "role", "how"), texts, ("Who?", "In which role?", "How?"), strict=True
        ):
            if not text:
                self.ask(question, f"#{name}")
                return
        day, read = self.past("day")
        if read:
            self.busy("One moment.")
            self.run(received, self.vault, self._row.id, *texts, day, then=self.finish, failed=self.failed)


class EffortDialog(_TransferForm):
    """Asks who was asked where the child is, and what came of it."""

    def __init__(self, row: TransferRow) -> None:
        super().__init__("An effort to find the child", f"{visible(row.child)}: each effort is kept with its day.")
        self._row = row

    def fields(self) -> ComposeResult:
        yield Field("Who was asked", Input(placeholder="a parent, the council, a school", max_length=200, id="who"))
        yield Field("What came of it", AnswerField(id="what"))

    def on_mount(self) -> None:
        self.query_one("#who").focus()

    def confirm(self) -> None:
        from storage.desk.transfers import effort

        if not self.text("who"):
            self.ask("Who was asked?", "#who")
        elif not self.text("what"):
            self.ask("What was done, and what came of it?", "#what")
        else:
            self.busy("One moment.")
            texts = self.text("who"), self.text("what")
            self.run(effort, self.vault, self._row.id, *texts, then=self.finish, failed=self.failed)


class ReadDialog(_TransferForm):
    """Asks who was told of a file that came."""

    def __init__(self, row: TransferRow) -> None:
        super().__init__("The file was read", f"{visible(row.child)}: those who must know are told.")
        self._row = row

    def fields(self) -> ComposeResult:
        yield Field("Who was told", Input(max_length=400, id="told"))
        yield Field("Note", AnswerField(id="note"))

    def on_mount(self) -> None:
        self.query_one("#told").focus()

    def confirm(self) -> None:
        from storage.desk.transfers import reviewed

        if not self.text("told"):
            self.ask("Who was told? Where nobody must be, write that.", "#told")
        else:
            self.busy("One moment.")
            texts = self.text("told"), self.text("note")
            self.run(reviewed, self.vault, self._row.id, *texts, then=self.finish, failed=self.failed)
