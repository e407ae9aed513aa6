"""The dialog that approves a share: it names who receives what, and asks what R-60 asks (R-60 to R-63)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from practice.errors import ConsoleError, Refused
from practice.front_sheet import heed_code
from practice.vocabulary import LawfulBasis, Told, label_of
from screens.widgets.answer import AnswerField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.heed import HeedLines
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from practice.sharing import BasisChoice
    from screens.console import Console
    from screens.share_entry import Opened
    from sync.shares import Approved


HEEDED = "Read: the copy reaches none of them"


def basis_option(choice: BasisChoice) -> Option:
    """Return a lawful basis as a line of the list; a greyed one says why it is."""
    said = choice.why_not or choice.when
    # No colour of its own under the cursor, whose ground is another one.
    line = Content.assemble((choice.label, "bold"), (f"  {said}", "$text-disabled") if choice.why_not else f"  {said}")
    return Option(line, id=choice.code.value, disabled=bool(choice.why_not))


def told_of(found: Opened) -> tuple[str, str]:
    """Return what the record says about who was told: the child, a parent."""
    concern = found.detail.concern
    return concern.child_told, concern.parent_told


class ApproveDialog(FormDialog[str]):
    """Asks for the lawful basis, who was told and why; dismissed with "approved", "urgent" or "agreed" (a second
    yes is asked), or "stale" where bytes changed."""

    VERB = "Approve"
    DEFAULT_CSS = """
    ApproveDialog #basis { height: auto; max-height: 6; width: 1fr; margin: 0; }
    ApproveDialog.-narrow #basis { max-height: 4; margin: 0; }
    ApproveDialog #consent { margin: 1 0; color: $text-muted; }
    ApproveDialog .label { color: $text-muted; }
    """

    def __init__(self, found: Opened) -> None:
        size = len(found.payload.encode())
        super().__init__(
            f"Approve for {found.share.partner}",
            f"{found.share.partner} receives this entry about {found.share.child}, with the child's name and date of "
            f"birth: exactly the {size:,} bytes shown. It is sealed for them now and leaves at the next sync.",
        )
        self._found = found

    def fields(self) -> ComposeResult:
        from practice.sharing import consent_text, special_category_condition

        nation = self._found.nation
        if self._found.read_first:
            yield HeedLines("\n".join(self._found.read_first))
            yield Field("Reaches none?", ChoiceField([(HEEDED, "yes")], prompt="Read the lines above", id="heeded"))
        yield PlainText("Lawful basis", classes="label")
        yield OptionList(id="basis", compact=True)
        yield PlainText(f"{consent_text(nation)} Condition: {special_category_condition(nation)}", id="consent")
        yield Field("Child told?", ChoiceField(Told.choices(), prompt="Choose", id="child-told"))
        yield Field("Parent told?", ChoiceField(Told.choices(), prompt="Choose", id="parent-told"))
        wait = [("It cannot wait: I ring them as well", "yes")]
        yield Field("Urgent?", ChoiceField(wait, prompt="No: the batch of the day", id="urgent"))
        yield Field("Reason", AnswerField(id="reason", placeholder="Why this is shared, and why anybody was not told"))

    def on_mount(self) -> None:
        from practice.sharing import allowed_bases

        school = cast("Console", self.app).school
        bases = allowed_bases(school.organisation if school else "school", self._found.nation)
        listed = self.query_one("#basis", OptionList)
        listed.add_options([basis_option(choice) for choice in bases])
        agreed = self._found.contract.basis if self._found.contract else ""
        open_codes = [choice.code.value for choice in bases if not choice.why_not]
        wanted = agreed if agreed in open_codes else next(choice.code.value for choice in bases if choice.default)
        listed.highlighted = listed.get_option_index(wanted)
        child, parent = told_of(self._found)
        self.query_one("#child-told", ChoiceField).code = child
        self.query_one("#parent-told", ChoiceField).code = parent
        listed.focus()

    def on_option_list_option_selected(self) -> None:
        """Enter on a basis takes it and goes on."""
        self.focus_next()

    def confirm(self) -> None:
        from sync.shares import approve

        listed = self.query_one("#basis", OptionList)
        child, parent = self.query_one("#child-told", ChoiceField), self.query_one("#parent-told", ChoiceField)
        reason = self.query_one("#reason", AnswerField)
        vault = cast("Console", self.app).vault
        said = self._found.read_first
        if said and not self.query_one("#heeded", ChoiceField).code:
            self.ask("Read what the front sheet says, and say so.", self.query_one("#heeded"))
        elif listed.highlighted is None:
            self.ask("Which lawful basis?", listed)
        elif not child.code:
            self.ask("Was the child told? If not, say why in the reason.", child)
        elif not parent.code:
            self.ask("Was a parent told? If not, say why in the reason.", parent)
        elif not reason.text.strip():
            self.ask("The reason is needed: it is kept with the share.", reason)
        elif vault is not None:
            basis = listed.get_option_at_index(listed.highlighted).id or ""
            share = self._found.share
            self.busy("Sealing it for the partner.")
            self.run(
                approve,
                vault,
                share.id,
                share.digest,
                basis,
                child.code,
                parent.code,
                reason.text.strip(),
                heeded=heed_code(said),
                urgent=bool(self.query_one("#urgent", ChoiceField).code),
                then=self._done,
                failed=self._refused,
            )

    def _done(self, approved: Approved) -> None:
        urgent = bool(self.query_one("#urgent", ChoiceField).code)
        self.finish("agreed" if approved.state == "agreed" else "urgent" if urgent else "approved")

    def _refused(self, error: ConsoleError) -> None:
        if isinstance(error, Refused) and ("Preview the share again" in error.hint or "front sheet" in error.message):
            self.dismiss("stale")
        else:
            self.failed(error)


class SecondDialog(FormDialog[str]):
    """Shows what the first approver answered and asks for the second yes; dismissed like `ApproveDialog`."""

    VERB = "Say yes too"

    def __init__(self, found: Opened) -> None:
        share, size = found.share, len(found.payload.encode())
        theirs = f"{share.agreed_by} approved exactly the {size:,} bytes shown, about {share.child}. "
        if not found.others:
            theirs += "Nobody else who approves is here now: your yes alone is enough, and that is recorded. "
        super().__init__(
            f"A second yes for {share.partner}",
            f"{theirs}With your yes they are sealed now and leave at the next sync. If not: go back, and h holds it or "
            "x decides not to share.",
        )
        self._found = found

    def fields(self) -> ComposeResult:
        share = self._found.share
        told = f"Child: {label_of(Told, share.child_told)} · Parent: {label_of(Told, share.parent_told)}"
        urgent = "\nUrgent: they are rung as well" if share.urgent else ""
        yield PlainText(f"{label_of(LawfulBasis, share.basis)} · {told}{urgent}\nReason: {share.reason}", id="first")
        if self._found.read_first:
            yield HeedLines("\n".join(self._found.read_first))
            yield Field("Reaches none?", ChoiceField([(HEEDED, "yes")], prompt="Read the lines above", id="heeded"))

    def on_mount(self) -> None:
        self.query_one("#confirm").focus()

    def confirm(self) -> None:
        from sync.shares import second

        share, said, vault = self._found.share, self._found.read_first, cast("Console", self.app).vault
        if said and not self.query_one("#heeded", ChoiceField).code:
            self.ask("Read what the front sheet says, and say so.", self.query_one("#heeded"))
        elif vault is not None:
            done = "urgent" if share.urgent else "approved"
            code = heed_code(said)
            self.run(
                second,
                vault,
                share.id,
                share.digest,
                heeded=code,
                then=lambda _done: self.finish(done),
                failed=self._refused,
            )

    def _refused(self, error: ConsoleError) -> None:
        if "Preview the share again" in error.hint:
            self.dismiss("stale")
        else:
            self.failed(error)
