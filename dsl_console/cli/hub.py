"""`hub`: run a hub, invite organisations to it, join one (protocol: §2, §6)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dsl_console import folders
from dsl_console.cli.options import Command, Group
from dsl_console.cli.output import indented, joined, out, print_json
from dsl_console.cli.session import Session
from practice.errors import Refused

DATABASE_HELP = (
    "The hub's database: a file, sqlite:///file or postgresql://host/name. Left out, a file in the data folder."
)


@click.group(cls=Group, short_help="Serve, invite, join a hub.")
def hub() -> None:
    """The hub: serve one, invite organisations to it, join one, and see how it stands."""


def _database(given: str | None) -> str:
    return given or str(folders.data_dir() / "hub" / "hub.db")


def _ready(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


@hub.command(cls=Command)
@click.option("--database", metavar="URL", help=DATABASE_HELP)
@click.option("--host", metavar="HOST", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535, clamp=False),
    default=8443,
    show_default=True,
    help="The port to listen at; 0 takes a free one.",
)
@click.option("--certificate", metavar="FILE", type=click.Path(path_type=Path), help="TLS certificate, PEM.")
@click.option("--certificate-key", metavar="FILE", type=click.Path(path_type=Path), help="The certificate's key, PEM.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64, clamp=False),
    default=1,
    show_default=True,
    help="How many processes serve; more than one needs PostgreSQL.",
)
def serve(
    database: str | None, host: str, port: int, certificate: Path | None, certificate_key: Path | None, workers: int
) -> None:
    """Serve a hub until interrupted; prints {url} on one line when it is ready. It needs no vault.

    Other machines than this one are served only over TLS.
    """
    try:
        from sync.hub.server import serve as serve_hub
    except ImportError as missing:
        raise Refused(
            f"Serving a hub needs a part that is not installed ({missing.name}). Nothing was started.",
            hint="Install dsl-console with its extra: dsl-console[hub].",
        ) from None
    serve_hub(
        _database(database),
        host,
        port,
        _ready,
        certificate=certificate,
        certificate_key=certificate_key,
        workers=workers,
    )


@hub.command(cls=Command)
@click.argument("org", required=False)
@click.option("--database", metavar="URL", help=DATABASE_HELP)
@click.pass_obj
def invite(session: Session, org: str | None, database: str | None) -> None:
    """Make a one-time code, good for seven days, with which an organisation may join this hub."""
    from sync.hub.invites import invite as make_invite
    from sync.identity import normalise_org

    agency = normalise_org(session.need(org, "ORG", "The organisation's code (such as urn:scx:gb:urn:100123)"))
    code = make_invite(_database(database), agency)
    if session.json:
        print_json({"agency": agency, "code": code})
        return
    session.note(f"Give this code to {agency}; it works once, within seven days:")
    out(code)


@hub.command(cls=Command)
@click.argument("org", required=False)
@click.option("--database", metavar="URL", help=DATABASE_HELP)
@click.pass_obj
def close(session: Session, org: str | None, database: str | None) -> None:
    """Take no more messages for an organisation that has left; what waits for it can still be fetched."""
    from sync.hub.invites import close as close_org
    from sync.identity import normalise_org

    agency = normalise_org(session.need(org, "ORG", "The organisation's code"))
    close_org(_database(database), agency)
    session.done(agency, "closed", f"{agency} gets no more messages.")


@hub.command(cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--database", metavar="URL", help=DATABASE_HELP)
@click.pass_obj
def backup(session: Session, file: Path | None, database: str | None) -> None:
    """Copy the hub's database while it serves, and check the copy. It holds the hub's own key: keep it safe.

    After it was put back, run hub new-epoch before the hub serves again. A hub on PostgreSQL is backed up with
    PostgreSQL's own tools: pg_dump, or pg_basebackup with archived WAL.
    """
    from sync.hub.invites import backup as back_up

    target = Path(session.need(str(file) if file else None, "FILE", "The new file"))
    size = back_up(_database(database), target)
    session.done(str(target), "backed_up", f"Copied and checked: {size:,} bytes.", bytes=size)


@hub.command("new-epoch", cls=Command)
@click.option("--database", metavar="URL", help=DATABASE_HELP)
@click.pass_obj
def new_epoch(session: Session, database: str | None) -> None:
    """Start a new epoch after the hub's database was put back, while the hub is stopped.

    Senders then offer again whatever no partner has confirmed. Hubs on PostgreSQL need not be stopped for it.
    """
    from sync.hub.invites import new_epoch as start_epoch
    from sync.hub.opening import is_postgres

    where = _database(database)
    epoch = start_epoch(where)
    then = "Hubs that serve take it up." if is_postgres(where) else "Start the hub again."
    session.done(epoch, "new_epoch", f"A new epoch has begun. {then}")


@hub.command(cls=Command)
@click.argument("url", required=False)
@click.argument("code", required=False)
@click.pass_obj
def enrol(session: Session, url: str | None, code: str | None) -> None:
    """Join a hub with the invite code that its operator gave you."""
    where = session.need(url, "URL", "The hub's address")
    invited = session.need(code, "CODE", "Invite code")
    with session.opened(writes=True) as vault:
        from sync import partners

        joined_hub = partners.enrol(vault, where, invited)
        words = partners.own_words(vault)
    session.note("The words of your own key, which partners ask you to read to them over the telephone:")
    session.note(indented(words))
    session.done(joined_hub.org, "enrolled", f"Joined as {joined_hub.org}.", url=joined_hub.url, fingerprint=words)


@hub.command(cls=Command)
@click.option("--database", metavar="URL", help="Count what the hub with this database holds, instead.")
@click.pass_obj
def status(session: Session, database: str | None) -> None:
    """Show which hub this organisation joined, what waits for it, and the words of your own key."""
    if database:
        from sync.hub.invites import status as counts

        found = counts(database)
    else:
        found = _membership(session)
    if session.json:
        print_json(found)
        return
    for name, value in found.items():
        if value not in (None, ""):
            out(joined([f"{name.replace('_', ' ')}:", str(value)], " "))


def _membership(session: Session) -> dict[str, object]:
    with session.opened() as vault:
        from storage import outbox
        from storage.views import organisation
        from sync import partners

        enrolled = organisation.hub(vault)
        with vault.read() as connection:
            last_sync = outbox.exchange(connection, "last_sync")
            queued = outbox.waiting_entries(connection)
        words = partners.own_words(vault) if enrolled else ""
    return {
        "joined": enrolled is not None,
        "url": enrolled.url if enrolled else None,
        "org": enrolled.org if enrolled else None,
        "fingerprint": words or None,
        "last_sync": last_sync or None,
        "queued": queued,
    }
