"""What all commands have in common on the command line: `--json`, codes, days, and words that are also groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from dsl_console.cli.session import Session
from practice.vocabulary import Coded

if TYPE_CHECKING:
    TextType = click.ParamType[str]
    DateType = click.ParamType[date]
else:  # an older click has no such generic
    TextType = DateType = click.ParamType


HEEDED = "The code of what the front sheet says of who must not be told: that it was read."


def json_option() -> click.Option:
    """Make the option that every command has; the session knows of it before anything is read."""
    return click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        help="Print the answer as JSON, and an error as {error, hint, status}.",
    )


class Command(click.Command):
    """A command of ours: it has `--json`."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.params.append(json_option())


class Group(click.Group):
    """A word before other words."""

    command_class = Command


class ShowGroup(Group):
    """A word that shows one thing by its id and also stands before other words: `entry ID` and `entry move ID`.

    Its first parameter is the id. A word of its own in that place is the command; anything else is the id.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"invoke_without_command": True, "no_args_is_help": False, **keywords})
        self.params.append(json_option())

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Leave the place of the id blank before a command's own words."""
        if arguments and arguments[0] in self.commands:
            return super().parse_args(context, ["", *arguments])
        context.allow_interspersed_args = True
        return super().parse_args(context, arguments)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Leave the id out of the path to a command below: `glossary mark CHILD`, never `glossary CHILD mark`."""
        mine = super().get_params(ctx)
        return mine if ctx.command is self else [each for each in mine if not isinstance(each, click.Argument)]

    def collect_usage_pieces(self, context: click.Context) -> list[str]:
        """Tell of the showing alone: the commands are listed below it."""
        return click.Command.collect_usage_pieces(self, context)


class Listing(Group):
    """A word that lists by itself and also stands before other words; it has `--json` both ways."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"invoke_without_command": True, "no_args_is_help": False, **keywords})
        self.params.append(json_option())


def codes(vocabulary: Iterable[Coded]) -> str:
    """Return the codes of a vocabulary for a help text."""
    return ", ".join(member.value for member in vocabulary)


class Code(TextType):
    """A code of a closed vocabulary; dashes, capitals, labels and the beginning of only one of them will do."""

    name = "code"

    def __init__(self, *vocabulary: Coded) -> None:
        self.vocabulary = vocabulary

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code; fails with the codes that there are."""
        wanted = _folded(value)
        for member in self.vocabulary:
            if wanted in (_folded(member.value), _folded(member.label)):
                return member.value
        begun = {
            member.value
            for member in self.vocabulary
            if wanted and (_folded(member.value).startswith(wanted) or _folded(member.label).startswith(wanted))
        }
        if len(begun) == 1:
            return begun.pop()
        raise click.BadParameter(f"«{value}» is not one of: {codes(self.vocabulary)}.", ctx, param)


def _folded(text: str) -> str:
    return "_".join(text.replace("-", " ").replace("_", " ").casefold().split())


class Day(DateType):
    """A single day, `YYYY-MM-DD` or as people write it, day first."""

    name = "day"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; fails where the words do not name one single day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            from practice.dates import parse_when

            read = parse_when(value, datetime.now().astimezone())
            if value.strip() and read.start and read.start[:10] == (read.end or read.start)[:10]:
                return date.fromisoformat(read.start[:10])
        raise click.BadParameter(f"«{value}» is not one day: write 2026-11-21 or 21/11/2026.", ctx, param)


def text_option(flag: str, help_text: str, **keywords: Any) -> Callable[[Any], Any]:
    """Make an option that takes a note: typing it draws a caution, `-` reads it from standard input."""

    def taken(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        session = context.find_object(Session)
        if value is None or session is None or context.resilient_parsing:
            return value
        if value == "-":
            return session.standard_input()
        session.caution()
        return value

    return click.option(flag, metavar="TEXT", callback=taken, help=help_text, **keywords)


def challenge_options(command: Any) -> Any:
    """Add what every challenge says: whose decision it is, its stage, and by when an answer is asked for (R-90)."""
    by = click.option("--by", "answer_by", metavar="DAY", help="By when an answer is asked for.")
    stage = click.option("--stage", metavar="S", help="The stage; left out, the first one.")
    to = click.option("--to", metavar="WHO", help="Whose decision it is: name, role, agency.")
    return to(stage(by(command)))
