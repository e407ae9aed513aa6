"""`backup`, `backup drill` and `restore`: a copy that is known to be good, and the way back from it (R-116)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsl_console import config
from dsl_console.cli.init import asked_kdf, new_passphrase
from dsl_console.cli.options import Command, ShowGroup
from dsl_console.cli.output import out, print_json
from dsl_console.cli.people import NEW_PASSPHRASE
from dsl_console.cli.session import Session, read_passphrase
from practice.day_words import stated_day
from practice.errors import IntegrityAlarm, NotFound, Refused
from practice.text import counted, visible

if TYPE_CHECKING:
    from storage.backup import BackupReport
    from storage.vault import Vault


@click.group(cls=ShowGroup, short_help="Make a backup, checked before it counts.")
@click.argument("file", required=False)
@click.option("--scheduled", is_flag=True, help="Today's backup into the folder of the settings, where it is due.")
@click.pass_context
def backup(context: click.Context, file: str | None, scheduled: bool) -> None:
    """Write the whole vault into one encrypted file, open it again and check it, then say that it is done.

    The file has a key of its own; it opens with the passphrases and the recovery code of this day. Put it on a stick,
    another drive or a network share.
    """
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    if scheduled:
        _scheduled(session)
        return
    with session.opened(writes=True) as vault:
        from storage.backup import backup as make

        report = make(vault, Path(session.need(file, "FILE", "File for the backup")), session.note)
    _tell(session, report)


def _scheduled(session: Session) -> None:
    settings, _faults = config.load(config.settings_file())
    if not settings.backup_folder:
        raise Refused(
            "No folder for backups is set, so none was made.",
            hint="Choose one on the Backups screen, or name a file: dsl-console backup FILE",
        )
    with session.opened(writes=True) as vault:
        from storage.backup import scheduled_backup
        from storage.views.backups import due

        if not due(vault, vault.clock()):
            session.done("", "not_due", "Today's backup was made already.")
            return
        folder = Path(settings.backup_folder).expanduser()
        report = scheduled_backup(vault, folder, settings.backup_keep, progress=session.note)
    _tell(session, report)


def _tell(session: Session, report: BackupReport) -> None:
    if session.json:
        print_json(
            {
                "id": report.sha256,
                "state": "made",
                "file": str(report.path),
                "acts": report.acts,
                "bytes": report.size,
                "sha256": report.sha256,
                "head": {"device": report.device, "seq": report.seq, "mac": report.mac},
                "unopened": list(report.carried),
            }
        )
        return
    session.note("The backup was opened again, every page and act was checked, and it ends where the record ends.")
    for name in report.carried:
        session.note(f"It carries the {name}' register as it is: encrypted, and not opened.")
    out(f"{report.path}")
    out(f"{report.acts} acts, {report.size:,} bytes, SHA-256 {report.sha256}")


@backup.command(cls=Command, short_help="Prove a backup by restoring it.")
@click.argument("file", required=False)
@click.pass_obj
def drill(session: Session, file: str | None) -> int:
    """Restore the latest backup (or FILE) into a private folder, check it whole, record the result, and remove it.

    Exits 4 where the backup did not come back whole.
    """
    with session.opened(writes=True) as vault:
        from storage.drill import drill as prove

        done = prove(vault, Path(file) if file else _latest(vault), session.note)
    if session.json:
        print_json(
            {
                "id": done.sha256,
                "state": "proved" if done.ok else "failed",
                "file": str(done.file),
                "acts": done.acts,
                "problem": done.problem,
                "register": done.register,
            }
        )
    elif done.ok:
        out(f"Proved: {done.file} came back whole, {done.acts} acts.")
        session.note("The adults' register in it was opened and checked too." if done.register else "")
    else:
        out(f"Not good: {done.problem}")
        session.note("Make a new backup now, and keep the older ones.")
    return 0 if done.ok else IntegrityAlarm.status


def _latest(vault: Vault) -> Path:
    from storage.views.backups import state

    made = state(vault, vault.clock()).made
    if not made:
        raise NotFound("No backup has been made of this vault yet.", hint="Make one: dsl-console backup FILE")
    return Path(made[0].place)


@click.command(cls=Command, short_help="Make a vault from a backup.")
@click.argument("file", required=False)
@click.option("--to", metavar="DIR", help="The empty folder for the vault.")
@click.option("--recovery", is_flag=True, help="Open it with the recovery code, and set a new passphrase.")
@click.option("--code-file", metavar="FILE", help="A file whose text is the recovery code.")
@click.option("--erasures", metavar="FILE", help="The list of what was erased since, where it is not beside FILE.")
@NEW_PASSPHRASE
@click.option(
    "--confirm-old-machine-gone",
    "confirmed",
    is_flag=True,
    help="After a restore: let the exchange with partners go on, since the old machine is no longer in use.",
)
@click.pass_obj
def restore(
    session: Session,
    file: str | None,
    to: str | None,
    recovery: bool,
    code_file: str | None,
    erasures: str | None,
    new_file: str | None,
    confirmed: bool,
) -> None:
    """Make a vault from a backup in an empty folder, with a passphrase of the day on which it was made.

    The restored vault is a new device. Nothing leaves it and nothing is fetched until somebody confirms that the old
    machine is gone.
    """
    if confirmed:
        _confirm(session)
        return
    source = Path(session.need(file, "FILE", "Backup file")).expanduser()
    folder = Path(session.need(to, "--to", "Empty folder for the vault"))
    from storage.container import read

    read(source)
    code, user = "", session.user
    if recovery:
        user = session.need(session.user, "--as", "Your name, as it stands in the vault")
        code = read_passphrase(code_file) if code_file else session.hidden("Recovery code", "--code-file")
        passphrase = new_passphrase(session, new_file, "Your new passphrase")
    else:
        passphrase = session.passphrase()
    from storage import restore as restoring

    report = restoring.restore(
        source,
        folder,
        passphrase=passphrase,
        user=user,
        code=code,
        kdf=asked_kdf(),
        erasures=Path(erasures).expanduser() if erasures else None,
        progress=session.note,
    )
    if session.json:
        print_json(
            {
                "id": report.vault,
                "state": "restored",
                "vault": str(report.folder),
                "acts": report.acts,
                "made_at": report.made_at,
                "device": report.device,
                "to_repeat": len(report.to_repeat),
                **({"recovery_code": report.recovery_code} if report.recovery_code else {}),
            }
        )
        return
    out(f"Restored: {report.acts} acts, as they stood on {stated_day(report.made_at[:10])}, into {report.folder}")
    if report.recovery_code:
        session.note("The recovery code was used up. The new one, shown only now; keep it on paper in a locked place:")
        out(report.recovery_code)
    if report.to_repeat:
        erased = counted(len(report.to_repeat), "record was", "records were")
        session.note(f"{erased} erased after this backup was made, and here again:")
        for name in report.to_repeat:
            session.note(f"    {visible(name)}")
        session.note("Erase them again now: dsl-console children repeat-erasures")
    session.note(
        "Nothing is exchanged with partners yet. When the old machine is surely gone: dsl-console restore"
        " --confirm-old-machine-gone"
    )


def _confirm(session: Session) -> None:
    with session.opened(writes=True) as vault:
        from storage.restore import confirm_old_machine_gone

        changed = confirm_old_machine_gone(vault)
        ident = vault.id
    session.done(
        ident,
        "confirmed" if changed else "not_held",
        "Recorded. The exchange with partners goes on." if changed else "Nothing was held.",
    )
