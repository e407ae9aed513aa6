"""Writes docs/commands.md from the command line itself: help texts, arguments, options, and the JSON each prints.

`make docs` writes the page; `python scripts/make_docs.py --check` exits 1 when it is out of date.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "commands.md"
PROGRAM = "dsl-console"
ROOT_GROUP = ("dsl_console.cli.main", "root")

TOP = """\
# Commands

<!-- written by scripts/make_docs.py from the command line itself; run `make docs` after a change -->

`dsl-console [--vault DIR] COMMAND`. Without a command it opens the console. Everything that can be done on a screen can
be done here, line by line.

**Which vault.** `--vault DIR`, else `DSL_CONSOLE_VAULT`, else the platform's data folder.

**Passphrase.** Asked for, or read from the file named by `--passphrase-file F` or `DSL_CONSOLE_PASSPHRASE_FILE`; never
taken from an argument or a variable. Who is asking: `--as NAME` or `DSL_CONSOLE_USER`, needed only where a vault has
several people.

**What is typed stays in the shell's history.** Every command asks for what you leave out, and takes `-` for standard
input; use those for names and notes. Text given as an argument works, and draws a caution on standard error.

**A child** is named by an id, a UPN, or any name that fits one child. If several fit they are listed, and nothing is
done.

**For programs.** Every reading command has `--json` (UTF-8, ISO 8601); every writing command prints `{id, state}` with
`--json`, unless another shape stands below. Messages go to standard error. Keys may be added, never renamed.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed, nothing lost (`sync`: an item was refused) |
| 2 | the command was not written as it must be |
| 3 | wrong passphrase, or not allowed |
| 4 | integrity alarm: something stored is not what was recorded |
| 5 | the hub could not be reached; the work is queued |

With `--json` an error is printed on standard error as `{error, hint, status}`.

Shapes used below:

```
OCCURRED   {text, start, end, precision}     text as the person wrote it
                                             precision: exact | day | approximate | range | unknown
VERSION    {version, text, childs_words, occurred: OCCURRED, recorded_at, recorded_by, reason}
```
"""

SHAPES: dict[str, str] = {
    "init": "{vault, user, recovery_code}",
    "people list": (
        "[{id, name, role, compartments: [name], rotation_due: [name], given: [child id] or null, second_factor}]\n"
        " second_factor: whether their passphrase needs this machine's keyring too"
    ),
    "people second-factor": "{id, state}     state: on | off",
    "people remove": "{id, state, rotation_due: [name]}     rotation_due: keys that could not be made anew now",
    "people code": "{id, state, recovery_code}",
    "recover": "{id, state, recovery_code}",
    "rekey": "{id, state, generation}",
    "audit": (
        "[{id, at, recorded_at, person_id, person, kind, child_id, child, detail}]     kind: record_opened |\n"
        " share_previewed | exported | unlock_failed | glass_broken | audit_read;\n"
        " recorded_at is later than at where it could not be written then"
    ),
    "children import": (
        "{joined, changed, left, unchanged, not_in_file,\n rejected: [{line, reason}], warnings: [{line, text}]}"
    ),
    "children list": "[{id, name, upn, date_of_birth, year_group, status}]",
    "log": (
        "{id, state, also: [id], look_alikes: [{id, why}]}     state: recorded | sealed\n"
        "look_alikes: entries of the child that may tell of the same event; absent where there is none"
    ),
    "unfinished": "[{id, child_id, child, occurred: OCCURRED, recorded_at, recorded_by, unfinished: [text]}]",
    "complete": "{id, state, unfinished: [field]}     state: completed",
    "entry": "{id, child_id, kind, current: VERSION, versions: [VERSION]}",
    "chronology": (
        "{child: {id, name}, entries: [{id, occurred: OCCURRED, recorded_at, source, agency, kind, text,\n"
        " childs_words, category, significance, impact, action, outcome, duplicate_of, links: [id],\n"
        " shared: [{partner, state}]}]}"
    ),
    "visit pack": "{id, state, folder, until, children, acts, masked}     masked: entries in which a name is",
    "visit list": (
        "[{id, state, person, children: [child id], purpose, packed, until, closed, reason, through, waits}]\n"
        " state: out | returned | lost; waits: something that came back waits for a person, or for a part"
    ),
    "visit return": (
        "[{id, state, taken, known, missing, held, why, reports, drafts, refused: [{file, reason}]}]\n"
        " state: returned (the set is destroyed) | taken"
    ),
    "visit held": "{id, why, acts: [{seq, recorded_at, kind, child, text}]}",
    "visit left": "{id, until, left, children: [name], clock_back}",
    "glossary": (
        "{terms: [{name, mask, always}], places: [{entry_id, field, start, end, text, mask}]}\n"
        "places with --places; mask is null where a word only may be a name"
    ),
    "glossary mark": "{id, state, mask}     state: marked",
    "glossary unmask": "{id, state, text}     state: unmasked",
    "chronology import": (
        "{imported, would_import, entries: [id], there_already, duplicates: [{line, of}], repaired: [{line, text}],\n"
        " stopped: [{line, reason}], empty: [line], columns: {field: header}, kept: [header], proposed, on_share,\n"
        " dry_run, sealed_to_adults: [line]}"
    ),
    "search": "[{entry_id, child_id, child, occurred: OCCURRED, snippet}]",
    "calendar import": (
        "{id, state, terms, closures, replaced, skipped: [{line, reason}], moved, dry_run}\n"
        "moved: how many reviews are due on another day now"
    ),
    "calendar show": (
        "{nation, assumed, source, terms: [{kind, name, start, end, own}],\n"
        " closures: [{kind, name, start, end, own}], bank_holidays: [{day, name}]}"
    ),
    "calendar clock": "{step, from, due, reason}",
    "today": (
        "{act_today, this_week, later: [{kind, subject, child_id, child, words, due, overdue_school_days}],\n"
        " new: [text], since, twelve_weeks: [count]}"
    ),
    "holiday list": (
        "[{child_id, child, status, due, reason, brought_forward, waits, contact_by, contact_when, told, note}]"
    ),
    "holiday after": "[{child_id, child, status, entries: [{entry_id, agency, text}], contact_by, why}]",
    "supervision": "{page: [text], notes: [{id, held_on, supervisor, children: [id], reflection, agreed, by}]}",
    "governors": "{from, to, ended, tables: [{heading, lines: [{name, count}], others, withheld}]}",
    "inspection": "{page: [text]}",
    "calendar out": "{id, state, form, sha256}",
    "review begin": "{id, state, left: [{child_id, child}]}",
    "review sessions": (
        "[{id, state, scope, about, begun_by, begun_at, ended_by, ended_at, reviewed, left: [{child_id, child}]}]\n"
        "state: open | ended"
    ),
    "review end": "{id, state, reviewed, left}",
    "review minute": "what review sessions prints of one, and minute; with --out {id, state, form, sha256}",
    "review due": "[{child_id, child, due, status, overdue_school_days, reason}]",
    "share list": (
        "[{id, entry_id, child_id, partner, state, reason, approved_by, approved_at}]\n"
        "state: proposed | held | not_shared | approved | queued | offered | delivered | acknowledged | refused |\n"
        "       expired | withheld | superseded | corrected | withdrawn"
    ),
    "share preview": "{digest, payload, page}     payload: the exact bytes that will be signed; page: the same to read",
    "sync": (
        "{sent, acknowledged, received, queued, refused, held, errors: [text]}\n"
        "sent: acknowledged by the hub in this run"
    ),
    "inbox list": "[{id, from, child_hint: {name, date_of_birth}, occurred: OCCURRED, text, state}]",
    "chronology links": "[{entries: [id], reason, state}]     state: proposed | confirmed | declined",
    "flags": (
        "[{id, child_id, child, rule, label, sentence, entries: [id], state, since, reason}]\nstate: open | considered"
    ),
    "actions": (
        "[{id, kind, child_id, child, entry_id, what, owner, asked_by, asked_at, due, overdue_school_days, state,\n"
        " follow_up, outcome, reason}]     kind: action | decision     state: open | done"
    ),
    "actions add": "{id, state, owner, due}",
    "actions change": "{id, state, owner, due}",
    "flags rules list": "{rules: [{code, shape, label, sentence, source, …, own}], silenced: [code]}",
    "flags rules import": "{id, state, rules, silenced}",
    "hub invite": "{agency, code}",
    "partner list": "[{id, name, kind, fingerprint, verified}]",
    "wording": (
        "[{start, end, text, rule, question, whole}]     offsets in Unicode characters of the input;\n"
        "whole: the question is about the whole text, and its span is one character at the end"
    ),
    "wording rows": "[{row, find: [words], question, source, silenced}]",
    "report": "{id, state}     state: sealed",
    "report card": "{id, state, school, words}     id: the vault's; state: written",
    "report list": (
        "[{id, form, state, child_as_written, child_id, reporter, written_at, arrived_at, answered}]\n"
        "form: report | note     state: waiting | accepted | closed"
    ),
    "report show": (
        "{id, form, state, child_as_written, child_id, reporter, reporter_role, told_dsl, text, childs_words,\n"
        " happened, written_at, arrived_at, reason,\n"
        " answers: [{by, what, at, recorded_at}], candidates: [{id, name}]}"
    ),
    "backup": "{id, state, file, acts, bytes, sha256, head: {device, seq, mac}, unopened: [compartment]}",
    "backup drill": (
        "{id, state, file, acts, problem, register}     state: proved | failed\n"
        "register: whether the adults' register in it was opened and checked too, as for those who hold its key"
    ),
    "restore": (
        "{id, state, vault, acts, made_at, device, to_repeat, recovery_code}     recovery_code with --recovery only\n"
        "to_repeat: how many records were erased since and are here again: children repeat-erasures"
    ),
    "verify": (
        "{ok, acts, problems: [{kind, text}], adults}\n"
        "adults: checked | not_held (not opened: you do not hold its key) | none"
    ),
    "adults create": "{id, state, recovery_code, holders: [name]}     state: created",
    "adults code": "{id, state, recovery_code}     state: replaced",
    "adults recover": "{id, state, recovery_code}     state: recovered",
    "adults holders": "{exists, holders: [name], rotation_due}",
    "adults log": (
        "{id, state}     state: undecided | lado_stop; at the stop also {message, lado}, the LADO's telephone number"
    ),
    "adults self-referral": "{id, state}     as adults log",
    "adults decide": (
        "{id, state}     state: decided | lado_stop; at the stop nothing was decided, and id is the allegation's"
    ),
    "adults lado": "{id, state}     state: undecided | decided",
    "adults list": (
        "[{id, kind, state, adult: {id, name, role, works_as, leaving_date}, occurred: OCCURRED, recorded_at}]\n"
        "kind: low_level | self_referral | allegation     state: lado_stop | undecided | decided | crossed"
    ),
    "adults show": (
        "{id, kind, state, adult, occurred: OCCURRED, recorded_at, recorded_by, text, context, place, activity,\n"
        " action, shared_by, shared_role, asks_anonymous, threshold, met: [code], opened_from,\n"
        " rationale, became, became_rationale, versions, steps}\n"
        "rationale: why it was decided that the harm threshold may be met; became_rationale: that of the allegation\n"
        "shared_by is null where its giver asked to stay anonymous and --reporter is left out"
    ),
    "adults patterns": (
        "[{rule, sentence, entries: [id]}]     rule: person | place | activity | weekday | time\n"
        "with --reviews [{id, at, by, adult, patterns: [text], entries: [id], finding}]"
    ),
    "children retention": (
        "{periods: [{code, label, years}], source, records: [{child_id, child, due, reason, entries,\n"
        " obstacles: [text], proposal: ERASURE or null, came_after}],\n"
        " holds: [{id, child_id, child, kind, reason, until, set_by, set_at}], erased: [ERASURE]}\n"
        "ERASURE: {proposal, child_id, state, basis, reason, proposed_by, proposed_at, agreed_by, agreed_at,\n"
        " ended_by, ended_at, end_reason, acts}     state: proposed | erased | kept"
    ),
    "children erase": "{id, state}; with --due a list of them",
    "children agree-erasure": "{id, state, acts, named: [{where, count}], backups: [path], already_with: [partner]}",
    "children repeat-erasures": "[{id, state, erased_at}]     state: to_repeat | erased",
    "adults retention": "{years, source, adults: [{adult, until, due}]}",
    "adults audit": (
        "[{id, at, person, kind, what, entry, about}]     about: the name of whom it is about, or of who was let in"
    ),
    "adults verify": "{ok, acts, problems: [{kind, text}]}",
    "adults report list": (
        "[{id, state, adult_as_written, self_referral, written_at, arrived_at, answered}]\n"
        "state: waiting | accepted | closed"
    ),
    "adults report show": (
        "what adults report list prints of one, and {adult_role, text, context, place, happened, asks_anonymous,\n"
        " reason, reporter, reporter_role, answers: [{by, what, at, recorded_at}]}"
    ),
    "demo": "[{step, ok, detail}]     with --headless",
}


def load_root() -> click.Group:
    """The program's own group of commands."""
    module, name = ROOT_GROUP
    sys.path.insert(0, str(ROOT))
    group = getattr(importlib.import_module(module), name)
    if not isinstance(group, click.Group):
        raise TypeError(f"{module}:{name} is not a group of commands")
    return group


def commands(group: click.Group, context: click.Context | None = None) -> Iterator[tuple[str, click.Context]]:
    """Each command that a person may type, without hidden ones: its words and its context, in alphabetical order."""
    context = context or click.Context(group, info_name=PROGRAM)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        words = inner.command_path.removeprefix(PROGRAM).strip()
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield words, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def usage(context: click.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def options(context: click.Context) -> list[tuple[str, str]]:
    """Each option as it is written, and its help; arguments stand in the usage line, and every command has --help."""
    records = [
        parameter.get_help_record(context)
        for parameter in context.command.get_params(context)
        if isinstance(parameter, click.Option) and "--help" not in parameter.opts
    ]
    return [record for record in records if record]


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def section(words: str, context: click.Context) -> list[str]:
    """One command's part of the page."""
    lines = [f"## {words}", "", "```", usage(context), "```", ""]
    if help_text := context.command.help:
        lines += [click.formatting.wrap_text(inspect.cleandoc(help_text), width=118, preserve_paragraphs=True), ""]
    if listed := options(context):
        lines += ["| option | |", "|---|---|", *(f"| `{cell(flag)}` | {cell(text)} |" for flag, text in listed), ""]
    if shape := SHAPES.get(words):
        lines += ["JSON:", "", "```", shape, "```", ""]
    return lines


def page(group: click.Group) -> str:
    """The whole page."""
    found = dict(commands(group))
    lines = [TOP]
    everywhere = options(click.Context(group, info_name=PROGRAM))
    if everywhere:
        lines += ["Options before the command:", "", "| option | |", "|---|---|"]
        lines += [*(f"| `{cell(flag)}` | {cell(text)} |" for flag, text in everywhere), ""]
    for words, context in found.items():
        lines += section(words, context)
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    text = page(load_root())
    if "--check" in arguments:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("docs/commands.md is up to date." if fresh else "docs/commands.md is out of date: run make docs.")
        return 0 if fresh else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
