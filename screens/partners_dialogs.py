"""The dialogs of Partners: join the hub, add a partner, compare words by telephone, add an agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from practice.text import visible
from practice.vocabulary import ConcernCategory, PartnerKind
from screens.widgets.answer import AnswerField, DayField
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.mark_list import MarkList
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from screens.console import Console
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow


def vault_of(dialog: FormDialog[str]) -> Vault:
    """Return the open vault; a dialog over an open screen always has one."""
    vault = cast("Console", dialog.app).vault
    assert vault is not None
    return vault


class EnrolDialog(FormDialog[str]):
    """Asks for the hub's address and the invite code, and joins."""

    VERB = "Join"

    def __init__(self) -> None:
        super().__init__(
            "Join the hub",
            "The hub carries sealed entries between you and your partners; it cannot read them. Its operator "
            "gives you the address and a code that works once.",
        )

    def fields(self) -> ComposeResult:
        yield Field("Address", Input(placeholder="https://hub.example.org", max_length=400, id="url"))
        yield Field("Invite code", Input(max_length=400, id="code"))

    def on_mount(self) -> None:
        self.query_one("#url").focus()

    def confirm(self) -> None:
        from sync.partners import enrol

        url, code = self.query_one("#url", Input), self.query_one("#code", Input)
        if not url.value.strip():
            self.ask("Which address? The hub's operator gave it to you.", url)
        elif not code.value.strip():
            self.ask("The invite code is needed; it works once.", code)
        else:
            self.busy("Asking the hub.")
            self.run(
                enrol,
                vault_of(self),
                url.value.strip(),
                code.value.strip(),
                then=lambda done: self.finish(f"Joined the hub as {done.org}. Now add a partner: n."),
                failed=self.failed,
            )


class AddDialog(FormDialog[str]):
    """Asks for a partner's code, name and kind, and fetches its keys."""

    VERB = "Add"

    def __init__(self) -> None:
        super().__init__(
            "Add a partner", "Their keys are fetched from the hub. Then compare the words of the key by telephone."
        )

    def fields(self) -> ComposeResult:
        codes = "A school's URN, a council's number, or a full code"
        yield Field("Code", Input(placeholder=codes, max_length=200, id="org"))
        yield Field("Name", Input(placeholder="As they call themselves, if left blank", max_length=200, id="name"))
        yield Field("Kind", ChoiceField(PartnerKind.choices(), prompt="As their keys say", id="kind"))

    def on_mount(self) -> None:
        self.query_one("#org").focus()

    def confirm(self) -> None:
        from sync.partners import add_partner

        org = self.query_one("#org", Input)
        if not org.value.strip():
            self.ask("Which organisation? For example 301 for a council, or a school's six-digit URN.", org)
            return
        self.busy("Asking the hub for their keys.")
        self.run(
            add_partner,
            vault_of(self),
            org.value.strip(),
            self.query_one("#name", Input).value.strip(),
            self.query_one("#kind", ChoiceField).code,
            then=lambda row: self.finish(f"{row.name} was added. Compare the words by telephone: w."),
            failed=self.failed,
        )


def large_words(text: str) -> Content:
    """Return the words numbered, spaced widely, four in a line: to be read aloud."""
    words = text.split()
    lines = []
    for start in range(0, len(words), 4):
        parts: list[tuple[str, str] | str] = []
        for place, word in enumerate(words[start : start + 4], start=start + 1):
            parts += [(f"{place} ", "$text-muted"), (f"{word:<14}", "bold")]
        lines.append(Content.assemble(*parts))
    return Content("\n").join(lines)


COMPARE = (
    "Ring them on a number you already have, not one from a message. Read the words over the telephone: you "
    "read yours, they read theirs. If a word differs, share nothing and tell the hub's operator."
)
CHANGED = (
    "Their key has changed since you compared it, and nothing leaves to them. Ring them on a number you already have: "
    "if no new machine explains it, or a word differs, go back and tell the hub's operator."
)


class CompareDialog(FormDialog[str]):
    """Shows our words to be read out, and takes those that the partner reads to us."""

    VERB = "They agree"
    DEFAULT_CSS = """
    CompareDialog .words { height: auto; margin: 0 0 1 0; padding: 0 2; }
    CompareDialog .label { color: $text-muted; }
    """

    def __init__(self, partner: PartnerRow) -> None:
        super().__init__(f"Compare words with {partner.name}", CHANGED if partner.changed else COMPARE)
        self._partner = partner
        self._then = " What waited for them leaves with the next sync." if partner.changed else ""

    def fields(self) -> ComposeResult:
        yield PlainText("Ours, which you read to them", classes="label")
        yield Static("…", id="ours", classes="words")
        yield PlainText("Theirs, which you hear them read from their own screen", classes="label")
        yield Static("…", id="theirs", classes="words")
        yield Field("Type theirs", Input(placeholder="the eight words, as you hear them", max_length=400, id="words"))

    def on_mount(self) -> None:
        self.fetch(both_words, vault_of(self), self._partner.org, then=self._show, failed=self.failed)
        self.query_one("#words").focus()

    def _show(self, found: tuple[str, str]) -> None:
        self.query_one("#ours", Static).update(large_words(found[0]))
        self.query_one("#theirs", Static).update(large_words(found[1]))

    def confirm(self) -> None:
        from sync.partners import verify_partner

        words = self.query_one("#words", Input)
        if not words.value.strip():
            self.ask("Type the eight words as they read them to you.", words)
            return
        self.run(
            verify_partner,
            vault_of(self),
            self._partner.org,
            words.value,
            then=lambda row: self.finish(f"Compared with {row.name}.{self._then}"),
            failed=self.failed,
        )


def both_words(vault: Vault, org: str) -> tuple[str, str]:
    """Return our own words and the partner's."""
    from sync.partners import own_words, words

    return own_words(vault), words(vault, org)


class ContractDialog(FormDialog[str]):
    """Asks for an agreement's purpose, lawful basis, review date and categories."""

    VERB = "Add"
    DEFAULT_CSS = """
    ContractDialog MarkList { height: 6; width: 1fr; }
    """

    def __init__(self, partner: PartnerRow) -> None:
        super().__init__(
            f"Agreement with {partner.name}",
            "For regular sharing. Nothing is sent under it past its review date. A single share needs none.",
        )
        self._partner = partner

    def fields(self) -> ComposeResult:
        yield Field("Purpose", AnswerField(placeholder="What the sharing is for", id="purpose"))
        yield Field("Lawful basis", ChoiceField([], prompt="Choose", id="basis"))
        yield Field("Review date", DayField(id="review"))
        yield Field("Kept for", Input(placeholder="How long each side keeps it", max_length=400, id="retention"))
        yield Field("Categories", MarkList(ConcernCategory.choices(), id="categories"))
        yield PlainText("Space marks a category; none marked means any.", classes="muted")

    def on_mount(self) -> None:
        from datetime import timedelta

        from practice.sharing import allowed_bases

        console = cast("Console", self.app)
        bases = allowed_bases(console.school.organisation if console.school else "school")
        field = self.query_one("#basis", ChoiceField)
        field.set_options([(choice.label, choice.code.value) for choice in bases if not choice.why_not])
        field.code = next(choice.code.value for choice in bases if choice.default)
        year = console.now().date() + timedelta(days=364)
        self.query_one("#review", DayField).propose(year, "In a year, unless you agreed otherwise.")
        self.query_one("#purpose").focus()

    def confirm(self) -> None:
        from sync.contracts import add_contract

        purpose, basis = self.query_one("#purpose", AnswerField), self.query_one("#basis", ChoiceField)
        review = self.query_one("#review", DayField)
        if not purpose.text.strip():
            self.ask("What is the sharing for?", purpose)
        elif not basis.code:
            self.ask("Which lawful basis?", basis)
        elif review.question or review.day is None:
            self.ask(review.question or "When is it reviewed?", review.query_one(Input))
        else:
            self.run(
                add_contract,
                vault_of(self),
                self._partner.org,
                purpose.text.strip(),
                basis.code,
                review.day,
                self.query_one("#categories", MarkList).codes,
                self.query_one("#retention", Input).value.strip(),
                then=lambda _id: self.finish(f"The agreement with {self._partner.name} was added."),
                failed=self.failed,
            )


class TelephoneDialog(FormDialog[str]):
    """Keeps whom to ring at a partner's; dismissed with the sentence to say."""

    VERB = "Keep"

    def __init__(self, partner: PartnerRow) -> None:
        super().__init__(
            f"Ring {partner.name}",
            "The number stands on Today, Share and Sync beside what they did not answer in time.",
        )
        self._partner = partner

    def fields(self) -> ComposeResult:
        yield Field("Telephone", Input(visible(self._partner.telephone), placeholder="Empty for none", id="telephone"))
        yield Field("Ask for", Input(visible(self._partner.contact), placeholder="A name or a desk", id="contact"))

    def on_mount(self) -> None:
        self.query_one("#telephone").focus()

    def confirm(self) -> None:
        from storage.desk.sharing_rules import set_contact

        contact, number = (self.query_one(f"#{name}", Input).value.strip() for name in ("contact", "telephone"))
        self.run(
            set_contact,
            vault_of(self),
            self._partner.org,
            contact,
            number,
            then=lambda _none: self.finish("The number is kept." if number else "No number is kept now."),
            failed=self.failed,
        )


class RenewDialog(FormDialog[str]):
    """Makes our own signing and encryption keys anew; dismissed with the sentence to say."""

    VERB = "Make them anew"

    def __init__(self) -> None:
        super().__init__(
            "Our own keys anew",
            "New signing and encryption keys are made, and every partner is told: by the hub now, by folders and "
            "bundles with the next sync. The identity key stays: nobody has to compare words again. Where the old keys "
            "are in other hands they are void at once.",
        )

    def fields(self) -> ComposeResult:
        old = [("Yes: void them, and read nothing with them", "yes")]
        yield Field(
            "In other hands?", ChoiceField(old, prompt="No: they are kept to read what is on its way", id="void")
        )
        yield Field("Reason", AnswerField(id="reason", placeholder="Why they are made anew"))

    def on_mount(self) -> None:
        self.query_one("#void").focus()

    def confirm(self) -> None:
        from sync.renewing import renew

        reason = self.query_one("#reason", AnswerField)
        if not reason.text.strip():
            self.ask("The reason is needed: it is kept with the record.", reason)
            return
        self.busy("Making the keys anew.")
        self.run(
            renew,
            vault_of(self),
            reason.text.strip(),
            compromised=bool(self.query_one("#void", ChoiceField).code),
            then=lambda made: self.finish(
                "Made anew. Partners at the hub see them now, others are told with the next sync."
                if made.at_hub
                else "Made anew. Every partner is told with the next sync."
            ),
            failed=self.failed,
        )
