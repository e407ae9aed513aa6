"""The dialogs of Partners for whoever does without a hub: which way messages go, and bundles carried by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from practice.text import visible
from screens.partners_dialogs import vault_of
from screens.widgets.fields import ChoiceField, Field
from screens.widgets.form_dialog import FormDialog
from screens.widgets.text import PlainText

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow, WayRow
    from sync.report import SyncReport

WAYS = (
    ("By the hub", "hub"),
    ("By a folder that both see", "folder"),
    ("By an SFTP server", "sftp"),
    ("By hand, in sealed bundles", "hand"),
)
WHERE = {
    "hub": "Both must have joined the same hub. Nothing more is needed.",
    "folder": "The folder's whole path: one that SharePoint or OneDrive keeps alike, a share, a stick.",
    "sftp": "sftp://user@host/folder, and the fingerprint of the server's key as its operator reads it: SHA256:…",
    "hand": "b then writes what waits into one sealed file, for secure e-mail or a stick, and takes theirs in.",
}


def path_typed(text: str) -> Path:
    """Return a path as a person types or drops it."""
    return Path(text.strip().strip("'\"")).expanduser()


def set_way(vault: Vault, partner: PartnerRow, way: str, place: str, host_key: str) -> str:
    """Set the way and return what to say; blocks."""
    from storage.views import sharing
    from sync import ways

    line = ""
    if way == "folder":
        ways.by_folder(vault, partner, str(path_typed(place)))
    elif way == "sftp":
        line = ways.by_sftp(vault, partner, place, host_key)
    else:
        (ways.by_hub if way == "hub" else ways.by_hand)(vault, partner)
    said = f"Messages to and from {visible(partner.name)} go {ways.words(sharing.ways(vault).get(partner.org))}."
    return f"{said} Give this line to the server's operator: {line}" if line else said


class WayDialog(FormDialog[str]):
    """Asks which way messages to and from a partner go."""

    VERB = "Set"

    def __init__(self, partner: PartnerRow, way: WayRow | None) -> None:
        super().__init__(
            f"Which way to {partner.name}?",
            "Whatever carries the messages can read none of them. Only the partner's receipt says that they have one.",
        )
        self._partner = partner
        self._way = way

    def fields(self) -> ComposeResult:
        way = self._way
        yield Field("Way", ChoiceField(WAYS, value=way.way if way else "hub", blank=False, id="way"))
        yield Field("Where", Input(way.place if way else "", max_length=4096, id="place"))
        yield Field("Server's key", Input(way.host_key if way else "", max_length=100, id="host_key"))
        yield PlainText(WHERE[way.way if way else "hub"], id="where", classes="muted")

    def on_mount(self) -> None:
        self._follow()
        self.query_one("#way").focus()

    @on(ChoiceField.Changed)
    def _follow(self) -> None:
        way = self.query_one("#way", ChoiceField).code
        self.query_one("#place", Input).disabled = way not in ("folder", "sftp")
        self.query_one("#host_key", Input).disabled = way != "sftp"
        self.query_one("#where", PlainText).show(WHERE.get(way, ""))

    def confirm(self) -> None:
        way, place = self.query_one("#way", ChoiceField).code, self.query_one("#place", Input)
        if way in ("folder", "sftp") and not place.value.strip():
            self.ask("Where? " + WHERE[way], place)
            return
        key = self.query_one("#host_key", Input).value
        then = self._stay if way == "sftp" else self.finish
        self.run(set_way, vault_of(self), self._partner, way, place.value, key, then=then, failed=self.failed)

    def _stay(self, words: str) -> None:
        """Show the line for the server's operator for as long as it takes to pass it on."""
        self.query_one("#where", PlainText).show("The way is set. Esc leaves this.")
        self.say(words, "good")


DEEDS = (
    ("Write what waits for them", "write"),
    ("Take their bundle in", "take"),
    ("Write our own public keys", "keys"),
    ("Add a partner from their keys", "add"),
)
ASKS = {
    "write": "A new file: all that has no receipt yet, sealed for them alone, and our receipts.",
    "take": "The file that they sent: entries go to the inbox, receipts to what we sent. Twice does no harm.",
    "keys": "A new file for a partner who is at no hub with us. It is public; they compare its words with you.",
    "add": "The key set or the bundle that they handed over. Compare its words by telephone afterwards: w.",
}


def do_by_hand(vault: Vault, deed: str, partner: PartnerRow | None, file: Path, code: str = "") -> str:
    """Do one of the deeds and return what to say; `code` is the organisation's own, for its first keys. Blocks."""
    from sync import bundles, partners

    if deed == "keys":
        words = bundles.hand_keys(vault, file, code)
        return f"Written. They compare these words with you over the telephone: {words}."
    if deed == "add":
        row = partners.add_by_keys(vault, bundles.key_set_in(file))
        return f"{visible(row.name)} was added. Compare the words by telephone: w."
    if deed == "take":
        report, sender = bundles.take(vault, file)
        return taken_words(report, sender)
    assert partner is not None
    count = bundles.write(vault, partner, file)
    sealed = f"{count} sealed {'message' if count == 1 else 'messages'}"
    return f"{sealed} for {visible(partner.name)} written. Handed over is not received: ring if it cannot wait."


def taken_words(report: SyncReport, sender: PartnerRow) -> str:
    """Say what a bundle brought."""
    entries = f"{report.received} {'entry' if report.received == 1 else 'entries'}"
    receipts = f"{report.acknowledged} {'receipt' if report.acknowledged == 1 else 'receipts'}"
    return " ".join([f"From {visible(sender.name)}: {entries} to be matched, {receipts}.", *report.errors])


class BundleDialog(FormDialog[str]):
    """Asks what is to be carried by hand, and in which file."""

    VERB = "Do it"

    def __init__(self, partner: PartnerRow | None, code: str | None = None) -> None:
        """`code` is the organisation's own, as far as it is known, where it has no keys yet; None where it has."""
        about = f" for {partner.name}" if partner else ""
        super().__init__(f"By hand{about}", "Sealed files and public keys, for secure e-mail or a stick.")
        self._partner = partner
        self._code = code

    def fields(self) -> ComposeResult:
        deeds = DEEDS if self._partner else DEEDS[1:]
        yield Field("What", ChoiceField(deeds, value=deeds[0][1] if self._partner else "keys", blank=False, id="deed"))
        yield Field("File", Input(placeholder="The file's whole path", max_length=4096, id="file"))
        if self._code is not None:
            hint = "Your school's URN, or a council's number"
            yield Field("Our own code", Input(self._code, placeholder=hint, max_length=200, id="own_code"))
        yield PlainText("", id="asks", classes="muted")

    def on_mount(self) -> None:
        self._follow()
        self.query_one("#deed").focus()

    @on(ChoiceField.Changed)
    def _follow(self) -> None:
        self.query_one("#asks", PlainText).show(ASKS.get(self.query_one("#deed", ChoiceField).code, ""))

    def confirm(self) -> None:
        file = self.query_one("#file", Input)
        if not file.value.strip():
            self.ask("Which file?", file)
            return
        deed = self.query_one("#deed", ChoiceField).code
        own = next(iter(self.query("#own_code").results(Input)), None)
        code = own.value.strip() if own is not None else ""
        if deed == "keys" and own is not None and not code:
            self.ask("Which code do partners know you by? The keys are made for it.", own)
            return
        self.busy("One moment.")
        self.run(
            do_by_hand,
            vault_of(self),
            deed,
            self._partner,
            path_typed(file.value),
            code,
            then=self.finish,
            failed=self.failed,
        )
