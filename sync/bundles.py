"""Sealed bundles: all that waits for one partner in one file, carried by a person (protocol: §7).

It is attached to secure e-mail, or put on a stick; nothing in it can be read by who carries it. The partner takes it in
and hands a bundle back, in which its receipts are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from practice.errors import NotFound, Refused
from practice.text import visible
from storage import outbox
from storage.atomic import write_atomic
from storage.restore import check_exchange
from storage.views import sharing
from sync import again, outgoing, partners, plan, sending, spool
from sync.carriers import bundle
from sync.files_run import PlaceRun
from sync.identity import MAX_KEY_SET
from sync.membership import own_keys
from sync.report import SyncReport
from sync.ways import Place

if TYPE_CHECKING:
    from storage.outbox import Message
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow


def write(vault: Vault, partner: PartnerRow, file: Path) -> int:
    """Write a bundle of everything for a partner that has no receipt yet, and return how many messages it holds.

    They count as handed over from now on, and are in the next bundle again until their receipts come. Raises Refused
    where nothing is to be carried, the partner's messages go another way, or the file is there already.
    """
    check_exchange(vault)
    way = sharing.ways(vault).get(partner.org)
    if way is None or way.way != "hand":
        raise Refused(
            f"Messages to {visible(partner.name)} do not go by hand. Nothing was written.",
            hint="dsl-console partner carrier PARTNER --hand changes that; sync carries them otherwise.",
        )
    if file.exists():
        raise Refused("There is a file of that name already. Nothing was written.", hint="Choose another name.")
    with spool.locked(vault):
        keys = own_keys(vault)
        ready, _ = sending.ready(vault, lambda org: org == partner.org)
        found = [*ready, *_unreceipted(vault, partner.org)]
        found = found[: bundle.MOST]
        if not found:
            raise Refused(f"Nothing waits for {visible(partner.name)}. No bundle was written.")
        moment = outgoing.now(vault)
        with vault.write() as unit:
            for message in ready:
                outbox.mark(unit.connection, message.mid, "offered", moment, tried=True)
        content = bundle.pack(keys.org, partner.org, partners.own_key_set(vault), [each.envelope for each in found])
        try:
            write_atomic(file, content, mode=0o644)
        except OSError:
            raise Refused("The bundle could not be written there. What waits is kept.") from None
        _handed_over(vault, [each for each in ready if each in found])
    return len(found)


def _unreceipted(vault: Vault, org: str) -> list[Message]:
    moment = vault.clock()
    with vault.read() as connection:
        there = [each for each in outbox.messages(connection, "delivered") if each.org == org]
    recent = [each for each in there if each.share or PlaceRun.still_said(each, moment)]
    return plan.may_leave(recent, sending.contract_faults(vault), sending.partner_faults(vault))


def _handed_over(vault: Vault, messages: list[Message]) -> None:
    with vault.write() as unit:
        drafts = []
        for message in messages:
            drafts += outgoing.moved(unit.connection, message, "delivered", "hand", outgoing.now(vault))
        if drafts:
            unit.record_many(drafts)
    for message in messages:
        spool.discard(vault, message.mid)


class _Keys:
    def __init__(self, found: bundle.Bundle) -> None:
        self._found = found

    def key_set(self, org: str) -> str:
        """Return the sender's key set, which came with the bundle."""
        if org != self._found.sender:
            raise NotFound("No keys of that organisation came with the bundle.")
        return self._found.key_set


def take(vault: Vault, file: Path) -> tuple[SyncReport, PartnerRow]:
    """Take a partner's bundle in: each message once, however often it comes; return what came, and from whom.

    Raises Refused for a file that is no whole bundle, is for another organisation, or comes from no partner.
    """
    from sync.run import finish

    check_exchange(vault)
    found = bundle.read(file)
    if found.recipient != own_keys(vault).org:
        raise Refused("That bundle is for another organisation. Nothing was taken in.")
    row = next((each for each in sharing.partners(vault) if each.org == found.sender), None)
    if row is None:
        raise Refused(
            "That bundle comes from an organisation that is no partner here. Nothing was taken in.",
            hint=f"Add it first, and compare the words of its key: dsl-console partner add {found.sender} --keys FILE",
        )
    report = SyncReport()
    with spool.locked(vault):
        work = PlaceRun(vault, None, Place("hand", row.org, "", frozenset({row.org})), report, _Keys(found))
        report.note([work.taking.refresh(row)])
        again.open_with_new_keys(vault)
        for token in found.tokens:
            work.take("", token)
        again.ask_unread(vault, row.org.__eq__)
        return finish(vault, report), row


# -- key sets, handed over as files ------------------------------------------------------------------------------------


def hand_keys(vault: Vault, file: Path, code: str = "") -> str:
    """Write our own public key set to a new file, and return the words of our key."""
    if file.exists():
        raise Refused("There is a file of that name already. Nothing was written.", hint="Choose another name.")
    key_set = partners.own_key_set(vault, code)
    try:
        write_atomic(file, key_set.encode("ascii") + b"\n", mode=0o644)
    except OSError:
        raise Refused("The file could not be written there. Nothing was lost.") from None
    return partners.own_words(vault)


def key_set_in(file: Path) -> str:
    """Return the key set that a partner handed over, alone or with a bundle; nothing of it was compared."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_KEY_SET + 1)
    except OSError:
        raise Refused("That file cannot be read. Nothing was added.") from None
    if data.lstrip().startswith(b"{"):
        return bundle.read(file).key_set
    try:
        return data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise Refused("That file is no key set. Nothing was added.") from None
