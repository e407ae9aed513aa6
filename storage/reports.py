"""Sealed reports: anyone may leave one with the inbox's public key alone, and nobody can read it back (design: §1.4).

A report lies in the vault's `spool/reports`, or in a shared folder, as one sealed file named by its id. It is never an
act: at the next unlock it is opened, and a person matches it to a child (storage.desk.triage). One about an adult who
works here looks the same and is sealed to the adults' inbox alone (R-39): only a holder of that register's key opens it
(storage.desk.adult_reports).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from practice.acts import AdultReportArrived, ConcernLogged, ReportArrived, build
from practice.compartments import ADULTS, CHILDREN
from practice.errors import IntegrityAlarm, NotFound, Refused
from practice.vocabulary import ReportAbout
from practice.words import spoken
from storage.atomic import private_folder, write_atomic
from storage.drafts import inbox_info
from storage.header import read_header
from storage.ids import new_id
from storage.keys import b64, unb64
from storage.sealed import SEALED_LIMIT, XWingPublic, canonical, seal
from storage.types import utc_text
from storage.visits.terms import COVER, terms_of

SUFFIX = ".report"
CARD_NAME = "report-card.json"
CARD_LIMIT = 16 * 1024
PHONES = ("front_door", "out_of_hours", "lado", "chair_of_governors")
_CARD_FORMAT = "dsl-console/report-card"
_FIELDS = ("child_as_written", "text", "childs_words", "happened", "reporter", "reporter_role", "told_dsl", "concern")
ADULT_FIELDS = (
    *("adult_as_written", "adult_role", "self_referral", "text", "context", "place", "happened", "reporter"),
    *("reporter_role", "asks_anonymous"),
)
Report = ReportArrived | AdultReportArrived
_IN_PERSON = "Tell the DSL in person now, and write it on paper."


def spool(vault_folder: Path) -> Path:
    """Return the folder in which a vault's own sealed reports wait; on a visit, what comes back to the school."""
    return vault_folder / (Path("sealed") if (vault_folder / COVER).exists() else Path("spool")) / "reports"


# -- the card ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """What somebody needs to leave a report: whose vault, its inbox's public key, and the telephone numbers."""

    vault: str
    school: str
    inbox: XWingPublic
    phones: dict[str, str]
    adults: XWingPublic | None = None
    """The adults' inbox, where the vault has that register."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything on the card, so that a changed number is seen as well as a changed key."""
        parts = [self.vault, self.school, b64(self.inbox.raw), sorted(self.phones.items())]
        if self.adults is not None:
            parts.append(b64(self.adults.raw))
        return hashlib.sha256(canonical("dsl-console/report-card/v1", *parts)).hexdigest()

    @property
    def words(self) -> str:
        """Eight words that are compared once with those that the DSL's own machine shows."""
        return spoken(self.fingerprint, "dsl-console report card v1")

    def phone(self, name: str) -> str:
        """Return a telephone number, or words that say there is none."""
        return self.phones.get(name) or "number not set"


def card_of(vault_folder: Path) -> Card:
    """Return the card of the vault in this folder, from its header: no key is needed. Raises NotFound."""
    header = read_header(vault_folder)
    phones = {name: header.public[name] for name in PHONES if header.public.get(name)}
    if (visit := terms_of(header)) is not None:  # nobody on the laptop reads it back, as at school
        return Card(visit.school, header.public.get("school", ""), visit.inbox_key, phones)
    here = (vault_folder / f"{ADULTS}.db").exists()  # it stands on one machine, and is read there
    adults = header.compartments.get(ADULTS) if here else None
    school, inbox = header.public.get("school", ""), header.compartments[CHILDREN].inbox
    return Card(header.vault, school, inbox, phones, adults.inbox if adults else None)


def write_card(vault_folder: Path, folder: Path) -> Card:
    """Write the vault's card into a folder, for machines without a vault, and return it; raises Refused."""
    card = card_of(vault_folder)
    content = {
        "format": _CARD_FORMAT,
        "v": 1,
        "vault": card.vault,
        "school": card.school,
        "inbox": b64(card.inbox.raw),
        "phones": card.phones,
    }
    if card.adults is not None:
        content["adults"] = b64(card.adults.raw)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / CARD_NAME, json.dumps(content, ensure_ascii=False, indent=1).encode(), mode=0o644)
    except OSError as error:
        raise Refused(
            f"The card could not be written ({type(error).__name__}). Nothing else was changed.",
            hint="Choose a folder that you may write to.",
        ) from None
    return card


def read_card(folder: Path) -> Card:
    """Return the card in a folder; raises NotFound, or IntegrityAlarm where it is not one."""
    path = folder / CARD_NAME
    try:
        with path.open("rb") as file:
            stored = file.read(CARD_LIMIT + 1)
    except OSError:
        raise NotFound(
            f"There is no report card ({CARD_NAME}) in that folder. Nothing was stored.", hint=_IN_PERSON
        ) from None
    try:
        content = json.loads(stored)
        if len(stored) > CARD_LIMIT or content["format"] != _CARD_FORMAT or content["v"] != 1:
            raise ValueError
        texts = [content["vault"], content["school"], *content["phones"].values()]
        if not all(isinstance(text, str) and len(text) <= 400 for text in texts) or not content["vault"]:
            raise ValueError
        phones = {name: content["phones"][name] for name in PHONES if content["phones"].get(name)}
        adults = XWingPublic(unb64(content["adults"])) if "adults" in content else None
        return Card(content["vault"], content["school"], XWingPublic(unb64(content["inbox"])), phones, adults)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, IntegrityAlarm):
        raise IntegrityAlarm(
            "The report card is damaged, or was made by a newer dsl-console. Nothing was stored.",
            hint=f"{_IN_PERSON} Then ask the DSL for a new card.",
        ) from None


# -- leaving a report --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sealed:
    """A report that was left: its id, and when. Nobody has read it yet."""

    id: str
    at: datetime
    about: str = "child"

    @property
    def words(self) -> str:
        """What its writer is told."""
        if self.about == ReportAbout.ADULT:
            return (
                f"Sealed at {self.at.astimezone():%H:%M}. Nobody has read it yet, and only the headteacher, and whom "
                "the headteacher lets in, can. Tell the headteacher in person now."
            )
        return (
            f"Sealed at {self.at.astimezone():%H:%M}. Nobody has read it yet: tell the DSL in person now if a child is "
            "in danger."
        )


def check_about(about: str, card: Card) -> None:
    """Raise Refused, saying whom to tell instead, where a report about this person cannot be left (R-39)."""
    if about == ReportAbout.ADULT and card.adults is None:
        raise Refused(
            "There is no adults' register here to leave a concern about an adult in. Nothing was stored.",
            title="Tell the headteacher",
            hint="Tell the headteacher in person now.",
        )
    if about == ReportAbout.HEADTEACHER:
        raise Refused(
            "A concern about the headteacher is not kept here. Nothing was stored.",
            title="Ring the chair of governors",
            hint=(
                f"Ring the chair of governors now: {card.phone('chair_of_governors')}; "
                f"or the LADO: {card.phone('lado')}."
            ),
        )
    if about not in (ReportAbout.CHILD, ReportAbout.ADULT):
        raise Refused("Say first whom it is about: a child, an adult who works here, or the headteacher.")


def checked(fields: dict[str, Any], form: Literal["report", "note"] = "report") -> ReportArrived:
    """Return a report's fields, validated and bounded; raises Refused for the first fault."""
    report: ReportArrived = build(ReportArrived, {**fields, "form": form, "report": "new"})
    if not report.child_as_written:
        raise Refused("Which child is it about? Nothing was sealed yet.", hint="Write the name as you know it.")
    if not report.text.strip() and not report.childs_words.strip():
        raise Refused("There is nothing written yet, so nothing was sealed.", hint="Write what happened first.")
    if not report.reporter:
        raise Refused("Who are you? Nothing was sealed yet.", hint="The DSL must know whom to ask.")
    return report


def checked_adult(fields: dict[str, Any]) -> AdultReportArrived:
    """Return the fields of a report about an adult, validated and bounded; raises Refused for the first fault."""
    report: AdultReportArrived = build(AdultReportArrived, {**fields, "report": "new"})
    if not report.adult_as_written:
        raise Refused("Whom is it about? Nothing was sealed yet.", hint="Write the name as you know it.")
    if not report.text.strip():
        raise Refused("There is nothing written yet, so nothing was sealed.", hint="Write what happened first.")
    if not report.reporter and not report.asks_anonymous:
        raise Refused(
            "Who are you? Nothing was sealed yet.", hint="Write your name, or say that you ask to stay anonymous."
        )
    return report


def _checked_about(about: str, fields: dict[str, Any], form: Literal["report", "note"]) -> Report:
    return checked_adult(fields) if about == ReportAbout.ADULT else checked(fields, form)


def note_fields(concern: ConcernLogged, child_as_written: str, writer: str) -> dict[str, Any]:
    """Return the fields of a note from a concern that was written without the vault's key."""
    further = concern.model_dump(mode="json", exclude_defaults=True) | {"text": ""}
    further.pop("childs_words", None)
    return {
        "child_as_written": child_as_written,
        "text": concern.text,
        "childs_words": concern.childs_words,
        "happened": concern.occurred.text,
        "reporter": writer,
        "concern": further,
    }


def _sealed(card: Card, report: Report, at: datetime, ident: str = "") -> tuple[str, bytes]:
    report_id = ident or new_id()
    adult = isinstance(report, AdultReportArrived)
    wanted = ADULT_FIELDS if adult else _FIELDS
    fields = {name: value for name, value in report.model_dump(mode="json").items() if name in wanted}
    content: dict[str, Any] = {"v": 1, "id": report_id, "captured_at": utc_text(at), "fields": fields}
    content |= {"kind": "adult_report"} if adult else {"kind": "report", "form": getattr(report, "form", "report")}
    stored = json.dumps(content, ensure_ascii=False).encode()
    if adult:
        assert card.adults is not None  # check_about saw to it
        sealed = seal(stored, card.adults, inbox_info(card.vault, ADULTS))
    else:
        sealed = seal(stored, card.inbox, inbox_info(card.vault, CHILDREN))
    if len(sealed) > SEALED_LIMIT:
        raise Refused("The report is longer than one can be, so it was not sealed. Shorten the text.")
    return report_id, sealed


def _store(
    card: Card, folder: Path, report: Report, clock: Callable[[], datetime], mode: int, ident: str = ""
) -> Sealed:
    at = clock()
    report_id, sealed = _sealed(card, report, at, ident)
    path = folder / (report_id + SUFFIX)
    try:
        write_atomic(path, sealed, mode=mode)
    except OSError as error:
        if not _stands(path, sealed):
            raise Refused(
                f"The report could not be stored ({type(error).__name__}). Nothing was kept.", hint=_IN_PERSON
            ) from None
    about = ReportAbout.ADULT if isinstance(report, AdultReportArrived) else ReportAbout.CHILD
    return Sealed(report_id, at, about)


def _stands(path: Path, sealed: bytes) -> bool:
    """Say whether the file is there after all: some network folders refuse only the last step, syncing the folder."""
    try:
        return path.read_bytes() == sealed
    except OSError:
        return False


def _now() -> datetime:
    return datetime.now(UTC)


def leave(
    vault_folder: Path,
    fields: dict[str, Any],
    *,
    about: str = "child",
    form: Literal["report", "note"] = "report",
    clock: Callable[[], datetime] = _now,
    ident: str = "",
) -> Sealed:
    """Seal a report into a vault's own spool, whether it is locked or open elsewhere; needs no key, reads nothing.

    `fields`: child_as_written, text, childs_words, happened (when, as written), reporter, reporter_role, told_dsl, and
    for a note `concern`. With `ident`, a report of that id is one report however often it is left. Raises Refused,
    saying what to do instead; then nothing was stored.
    """
    card = card_of(vault_folder)
    check_about(about, card)
    return _store(card, private_folder(spool(vault_folder)), _checked_about(about, fields, form), clock, 0o600, ident)


def seal_to_folder(
    card: Card,
    folder: Path,
    fields: dict[str, Any],
    *,
    about: str = "child",
    form: Literal["report", "note"] = "report",
    clock: Callable[[], datetime] = _now,
) -> Sealed:
    """Seal a report into a shared folder from any machine that has the school's card; fields and errors as `leave`.

    The file is ciphertext and is collected by another account, so it is readable by all who may see the folder.
    """
    check_about(about, card)
    report = _checked_about(about, fields, form)
    if not folder.is_dir():
        raise NotFound("The shared folder is not there. Nothing was stored.", hint=_IN_PERSON)
    return _store(card, folder, report, clock, 0o644)
