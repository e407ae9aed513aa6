"""`settings`: what can be set, as the console's own screen shows it; from one table, `screens.settings_schema`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dsl_console import config
from dsl_console.cli.options import Command, Group
from dsl_console.cli.output import joined, out, print_json
from dsl_console.cli.session import Session
from practice.errors import NotFound, Refused
from screens.settings_schema import BY_KEY, MACHINE, SETTINGS, SHARING, Setting, typed_value, value_words


@click.group(cls=Group, short_help="Theme, locking, telephone numbers, backups.")
def settings() -> None:
    """What can be set: on this machine (theme, locking, folders), and in the record (telephone numbers)."""


def _json(setting: Setting, value: object) -> dict[str, Any]:
    return {"name": setting.key, "value": value, "kept": setting.kept, "says": setting.says}


@settings.command("list", cls=Command)
@click.option(
    "--numbers",
    is_flag=True,
    help="Also the school's telephone numbers and rules of sharing, which stand in the record.",
)
@click.pass_obj
def list_(session: Session, numbers: bool) -> None:
    """List the settings with their values; those of this machine need no passphrase."""
    kept, faults = config.load(config.settings_file())
    for fault in faults:
        session.note(fault)
    found: list[tuple[Setting, object]] = [(each, getattr(kept, each.key)) for each in SETTINGS if each.kept == MACHINE]
    if numbers:
        with session.opened() as vault:
            from storage.views.organisation import sharing_rules

            phones, rules = vault.school.phones, sharing_rules(vault)
        found += [
            (each, getattr(rules if each.kept == SHARING else phones, each.key))
            for each in SETTINGS
            if each.kept != MACHINE
        ]
    if session.json:
        print_json([_json(setting, value) for setting, value in found])
        return
    for setting, value in found:
        out(joined([setting.key, value_words(setting, value), setting.says]))


@settings.command("set", cls=Command)
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.pass_obj
def set_(session: Session, name: str | None, value: str | None) -> None:
    """Keep one setting: NAME as `settings list` shows it. "none" empties a folder or a number. A telephone number is
    recorded for everybody."""
    chosen = session.need(name, "NAME", "Setting").strip()
    setting = BY_KEY.get(chosen)
    if setting is None:
        raise NotFound(f"There is no setting «{chosen}».", hint="dsl-console settings list shows them.")
    text = session.need(value, "VALUE", setting.label)
    if text.strip() == "none" and setting.kind in {"folder", "telephone", "categories"}:
        text = ""
    try:
        stored = typed_value(setting, text)
    except ValueError as fault:
        raise Refused(f"{fault} Nothing was changed.") from None
    if setting.kept == MACHINE:
        _keep(setting, stored)
    else:
        with session.opened(writes=True) as vault:
            from storage.desk.school import set_phones
            from storage.desk.sharing_rules import set_rules

            if setting.kept == SHARING:
                set_rules(vault, **{setting.key: stored})
            else:
                set_phones(vault, **{setting.key: str(stored)})
    session.done(setting.key, "set", f"{setting.label}: {value_words(setting, stored)}.")


def _keep(setting: Setting, value: object) -> None:
    """Write the settings file, with this value in the place of the one before."""
    if setting.kind == "folder" and value:
        value = str(Path(str(value)).expanduser().absolute())
    path = config.settings_file()
    kept, _faults = config.load(path)
    if fault := config.fault(setting.key, value):
        raise Refused(f"{fault[:1].upper()}{fault[1:]}. Nothing was changed.")
    config.save(path, replace(kept, **{setting.key: value}))  # type: ignore[arg-type]


@settings.command("keys", cls=Command)
@click.argument("action", required=False)
@click.argument("key", required=False)
@click.pass_obj
def keys(session: Session, action: str | None, key: str | None) -> None:
    """List what every key does, or give an ACTION another KEY; "own" gives it its own back."""
    from screens.actions import TABLE, key_name
    from screens.key_rules import changed_keys, fault, keys_of

    path = config.settings_file()
    kept, _faults = config.load(path)
    if not action:
        rows = [{"action": each.id, "keys": keys_of(each, kept.keys), "does": each.command} for each in TABLE.values()]
        if session.json:
            print_json(rows)
            return
        for each in TABLE.values():
            shown = " ".join(key_name(one) for one in keys_of(each, kept.keys))
            out(joined([each.id, shown or "no key", each.command, "changed" if each.id in kept.keys else ""]))
        return
    chosen = TABLE.get(action.strip())
    if chosen is None or chosen.id == "back":
        raise NotFound(f"There is no action «{action}» whose key may be changed.", hint="dsl-console settings keys")
    wanted = session.need(key, "KEY", f"Key for {chosen.command}").strip().lower()
    wanted = chosen.keys if wanted == "own" else wanted
    if wanted != chosen.keys and (why := fault(chosen, wanted, kept.keys)):
        raise Refused(f"{why} Nothing was changed.")
    config.save(path, replace(kept, keys=changed_keys(chosen, wanted, kept.keys)))
    session.done(chosen.id, "set", f"{chosen.command}: {wanted or 'no key'}.")
