"""`partner` and `contract`: with whom entries are shared, and on what footing (R-61, R-66, R-120)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.options import Code, Command, Day, Group, codes, text_option
from dsl_console.cli.output import day_json, indented, joined, one_line, out, print_json
from dsl_console.cli.session import Session
from practice.dates import day_words
from practice.vocabulary import ConcernCategory, LawfulBasis, PartnerKind, label_of

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow


@click.group(cls=Group, short_help="Partner agencies and their keys.")
def partner() -> None:
    """Partner agencies: add one, compare its key over the telephone, list them, remove one."""


def _chosen(session: Session, vault: Vault, wanted: str | None) -> PartnerRow:
    from storage.views import sharing

    return sharing.partner(vault, session.need(wanted, "PARTNER", "Partner (its code or name)"))


@partner.command(cls=Command)
@click.argument("org", required=False)
@click.option("--name", metavar="NAME", default="", help="What you call it; left out, what it calls itself.")
@click.option("--kind", metavar="KIND", type=Code(*PartnerKind), help=f"What sort it is: {codes(PartnerKind)}.")
@click.option(
    "--keys",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The key set or the bundle that they handed over, where they are at no hub; messages then go by hand.",
)
@click.pass_obj
def add(session: Session, org: str | None, name: str, kind: str | None, keys: Path | None) -> None:
    """Add a partner by its code, and fetch its keys from the hub; or from a file, without a hub."""
    wanted = org if keys else session.need(org, "ORG", "The partner's code (such as urn:scx:gb:la:301)")
    with session.opened(writes=True) as vault:
        from sync import partners

        if keys:
            from sync.bundles import key_set_in

            row = partners.add_by_keys(vault, key_set_in(keys), wanted or "", name, kind or "")
        else:
            row = partners.add_partner(vault, wanted or "", name, kind or "")
        words = partners.words(vault, row.org)
    session.note(f"Before the first share, ring {row.name} on a number you already have and let them read these words:")
    session.note(indented(words))
    session.done(row.org, "added", "The partner was added.")


@partner.command("list", cls=Command)
@click.pass_obj
def list_(session: Session) -> None:
    """List the partner agencies, and whether the words of their keys were compared."""
    with session.opened() as vault:
        from storage.views import sharing
        from sync.identity import fingerprint_words
        from sync.ways import words as way_words

        rows, found = sharing.partners(vault), sharing.ways(vault)
    if session.json:
        print_json(
            [
                {
                    "id": row.org,
                    "name": row.name,
                    "kind": row.kind,
                    "fingerprint": fingerprint_words(row.identity),
                    "verified": row.verified,
                    "changed": row.changed,
                    "contact": row.contact,
                    "telephone": row.telephone,
                    "way": found[row.org].way if row.org in found else "hub",
                    "place": found[row.org].place if row.org in found else None,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        state = "its key has changed: compare again" if row.changed else "compared" if row.verified else "not compared"
        way = one_line(way_words(found.get(row.org)))
        out(joined([row.org, one_line(row.name), label_of(PartnerKind, row.kind), state, way]))
    if not rows:
        session.note("There is no partner yet.")


@partner.command(cls=Command)
@click.argument("partner", required=False)
@click.option("--words", metavar="WORDS", help="The eight words that the partner reads out to you.")
@click.pass_obj
def verify(session: Session, partner: str | None, words: str | None) -> None:
    """Compare the words of a partner's key: ring them on a number you already have, and let them read theirs."""
    with session.opened(writes=True) as vault:
        from sync import partners

        row = _chosen(session, vault, partner)
        heard = session.need(words, "--words", f"The eight words that {row.name} reads out")
        partners.verify_partner(vault, row.org, heard)
    session.done(row.org, "verified", "The words agree: this is their key.")


@partner.command(cls=Command)
@click.argument("partner", required=False)
@click.option("--contact", metavar="NAME", default="", help="Whom to ask for there.")
@click.option("--number", metavar="NUMBER", help="The telephone number; blank takes it away.")
@click.pass_obj
def telephone(session: Session, partner: str | None, contact: str, number: str | None) -> None:
    """Keep the number to ring at a partner's, shown where something was not answered in time."""
    with session.opened(writes=True) as vault:
        from storage.desk.sharing_rules import set_contact

        row = _chosen(session, vault, partner)
        typed = session.need(number, "--number", f"Telephone number of {row.name}") if number is None else number
        set_contact(vault, row.org, contact, typed)
    session.done(row.org, "set", "Kept. It stands beside what they have not answered in time.")


@partner.command("renew-keys", cls=Command)
@click.option("--compromised", is_flag=True, help="The old keys are in other hands: void them, and keep none to read.")
@text_option("--reason", "Why they are made anew.")
@click.pass_obj
def renew_keys(session: Session, compromised: bool, reason: str | None) -> None:
    """Make your own signing and encryption keys anew, put them at the hub, and announce them to every partner.

    The identity key that partners compared stays, and vouches for the new ones. Without a hub they lie in the partners'
    folders and in bundles from the next sync on. Where the hub cannot be reached, the
    same command goes on with the same keys later.
    """
    with session.opened(writes=True) as vault:
        from sync import renewing

        why = session.need_text(reason, "--reason", "Why are they made anew?")
        made = renewing.renew(vault, why, compromised=compromised)
    told = "1 partner is" if made.told == 1 else f"{made.told} partners are"
    where = "at the hub" if made.at_hub else "in use"
    said = f"The new keys are {where}; {told} told with the next sync."
    session.done(str(made.serial), "renewed", said, told=made.told)


@partner.command(cls=Command)
@click.argument("partner", required=False)
@text_option("--reason", "Why nothing more is exchanged.")
@click.pass_obj
def remove(session: Session, partner: str | None, reason: str | None) -> None:
    """Exchange no more with a partner; what is queued for it stays here."""
    with session.opened(writes=True) as vault:
        from sync import partners

        row = _chosen(session, vault, partner)
        partners.remove(vault, row.org, session.need_text(reason, "--reason", "Why?"))
    session.done(row.org, "removed", "Nothing more is exchanged with this partner.")


@partner.command(cls=Command)
@click.argument("partner", required=False)
@click.option("--hub", is_flag=True, help="By the hub that both have joined.")
@click.option("--folder", metavar="DIR", help="By a folder that both see: a synced folder, a share, a stick.")
@click.option("--sftp", metavar="URL", help="By an SFTP server: sftp://user@host/folder.")
@click.option("--host-key", metavar="SHA256:…", help="The fingerprint of the server's key; left out, it is asked for.")
@click.option("--hand", is_flag=True, help="By hand, in sealed bundles: secure e-mail, a stick (bundle write).")
@click.pass_obj
def carrier(
    session: Session,
    partner: str | None,
    hub: bool,
    folder: str | None,
    sftp: str | None,
    host_key: str | None,
    hand: bool,
) -> None:
    """Set which way messages to and from a partner go. Whatever carries them can read none of them."""
    if [hub, bool(folder), bool(sftp), hand].count(True) != 1:
        raise click.UsageError("Name one way: --hub, --folder DIR, --sftp URL or --hand.")
    with session.opened(writes=True) as vault:
        from storage.views import sharing
        from sync import ways

        row = _chosen(session, vault, partner)
        line = ""
        if folder:
            ways.by_folder(vault, row, folder)
        elif sftp:
            line = ways.by_sftp(vault, row, sftp, host_key or _host_key(session, sftp))
        else:
            (ways.by_hub if hub else ways.by_hand)(vault, row)
        words = ways.words(sharing.ways(vault).get(row.org))
    if line:
        session.note("Give this line to the server's operator; with it we are let in:")
        session.note(indented(line))
    session.done(row.org, "carried", f"Messages to and from {one_line(row.name)} go {words}.", public_key=line or None)


def _host_key(session: Session, address: str) -> str:
    """Ask the server for its key, and a person whether it is the one that the operator named."""
    from sync.carriers.sftp import host_fingerprint, parse

    shown = host_fingerprint(parse(address))
    session.note("The server shows this key. Compare it with what its operator reads to you over the telephone:")
    session.note(indented(shown))
    return session.need(None, "--host-key", "The fingerprint as the operator reads it")


@partner.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--code", metavar="ORG", default="", help="This organisation's code, where it has no keys yet.")
@click.pass_obj
def keys(session: Session, file: Path | None, code: str) -> None:
    """Write this organisation's own key set to a file, to be handed to a partner who is at no hub with us."""
    target = Path(session.need(str(file) if file else None, "FILE", "The new file"))
    with session.opened(writes=True) as vault:
        from sync import bundles, partners

        words = bundles.hand_keys(vault, target, code)
        org = partners.joined(vault).org
    session.note("They compare these words with you over the telephone:")
    session.note(indented(words))
    session.done(str(target), "written", f"The key set of {org}. It is public; nobody can read anything with it.")


@click.group(cls=Group, short_help="Agreements with partners.")
def contract() -> None:
    """Regular sharing agreements with partners."""


class _Categories(Code):
    """Categories with commas between them."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the codes with commas between them."""
        return ",".join(Code.convert(self, part, param, ctx) for part in value.split(",") if part.strip())


@contract.command("add", cls=Command)
@click.argument("partner", required=False)
@text_option("--purpose", "What the sharing is for.")
@click.option("--basis", metavar="BASIS", type=Code(*LawfulBasis), help=f"The lawful basis: {codes(LawfulBasis)}.")
@click.option("--review", metavar="DATE", type=Day(), help="Nothing is sent under it after this day.")
@click.option(
    "--categories",
    metavar="C,C",
    type=_Categories(*ConcernCategory),
    default="",
    help="What it covers, with commas between; left out, everything.",
)
@text_option("--retention", "How long what is shared under it is kept.")
@click.pass_obj
def add_contract(
    session: Session,
    partner: str | None,
    purpose: str | None,
    basis: str | None,
    review: date | None,
    categories: str,
    retention: str | None,
) -> None:
    """Record a regular sharing agreement with a partner, and print its id."""
    with session.opened(writes=True) as vault:
        from sync import contracts

        row = _chosen(session, vault, partner)
        why = session.need_text(purpose, "--purpose", "What is the sharing for?")
        lawful = session.need_code(basis, "--basis", f"Lawful basis ({codes(LawfulBasis)})", Code(*LawfulBasis))
        until = session.need_day(review, "--review", "Review date")
        chosen = [each for each in categories.split(",") if each]
        kept = session.need_text(retention, "--retention", "How long?") if retention else ""
        ident = contracts.add_contract(vault, row.org, why, lawful, until, chosen, kept)
    session.done(ident, "added", f"The agreement holds until {day_words(until)}.")


@contract.command("list", cls=Command)
@click.pass_obj
def list_contracts(session: Session) -> None:
    """List the sharing agreements by their review dates."""
    with session.opened() as vault:
        from storage.views import sharing

        names = {row.org: row.name for row in sharing.partners(vault, removed=True)}
        rows = sharing.contracts(vault)
    if session.json:
        print_json([_contract_json(row, names) for row in rows])
        return
    for row in rows:
        basis = label_of(LawfulBasis, row.basis)
        state = "ended" if row.ended else joined([row.standing, f"review {day_words(row.review)}"], ", ")
        out(joined([row.id, one_line(names.get(row.org, row.org)), basis, state, one_line(row.purpose)]))
    if not rows:
        session.note("There is no agreement yet.")


def _contract_json(row: Any, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "partner": names.get(row.org, row.org),
        "org": row.org,
        "purpose": row.purpose,
        "basis": row.basis,
        "review": day_json(row.review),
        "categories": list(row.categories),
        "ended": row.ended,
        "ended_reason": row.ended_reason,
        "retention": row.retention,
        "standing": row.standing,
        "digest": row.digest,
        "declined_reason": row.declined_reason,
    }


@contract.command(cls=Command)
@click.argument("contract", required=False)
@click.pass_obj
def offer(session: Session, contract: str | None) -> None:
    """Offer an agreement to its partner, to be signed by both: nothing leaves under it before they have accepted.

    The partner's key must have been compared by telephone first.
    """
    with session.opened(writes=True) as vault:
        from sync import agreements

        ident = session.need(contract, "CONTRACT", "Agreement's id")
        digest = agreements.offer(vault, ident)
    session.done(ident, "offered", "Offered. It leaves with the next sync.", digest=digest)


@contract.command(cls=Command)
@click.argument("contract", required=False)
@click.pass_obj
def accept(session: Session, contract: str | None) -> None:
    """Accept an agreement that a partner offered: your signature over it goes back with the next sync."""
    with session.opened(writes=True) as vault:
        from sync import agreements

        ident = session.need(contract, "CONTRACT", "Agreement's id")
        agreements.accept(vault, ident)
    session.done(ident, "accepted", "Accepted. They are told with the next sync.")


@contract.command(cls=Command)
@click.argument("contract", required=False)
@text_option("--reason", "Why; the partner reads this.")
@click.pass_obj
def decline(session: Session, contract: str | None, reason: str | None) -> None:
    """Decline an agreement that a partner offered."""
    with session.opened(writes=True) as vault:
        from sync import agreements

        ident = session.need(contract, "CONTRACT", "Agreement's id")
        agreements.decline(vault, ident, session.need_text(reason, "--reason", "Why?"))
    session.done(ident, "declined", "Declined. They are told with the next sync.")


@contract.command(cls=Command)
@click.argument("contract", required=False)
@text_option("--reason", "Why it ends.")
@click.pass_obj
def end(session: Session, contract: str | None, reason: str | None) -> None:
    """End an agreement: what has not left under it stays here."""
    with session.opened(writes=True) as vault:
        from sync import contracts

        row = contracts.get(vault, session.need(contract, "CONTRACT", "Agreement's id"))
        withheld = contracts.end(vault, row.id, session.need_text(reason, "--reason", "Why does it end?"))
    session.note(f"{withheld} entries had not left and were withheld." if withheld else "")
    session.done(row.id, "ended", "The agreement has ended.", withheld=withheld)
