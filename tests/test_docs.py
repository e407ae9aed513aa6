"""The documents tell of every command, as it is now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest

ROOT = Path(__file__).resolve().parents[1]
HAS_COMMANDS = (ROOT / "dsl_console" / "cli" / "main.py").is_file()
needs_commands = pytest.mark.skipif(not HAS_COMMANDS, reason="the command line is not there yet")


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "scripts" / "make_docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small() -> click.Group:
    """A command line of two commands and a hidden one."""

    @click.group()
    def root() -> None:
        """The whole."""

    @root.group()
    def share() -> None:
        """Sharing."""

    @share.command()
    @click.argument("entry")
    @click.option("--to", metavar="PARTNER", help="Who is to | receive it.")
    def propose(entry: str, to: str) -> None:
        """Propose an entry to a partner."""

    @root.command()
    def verify() -> None:
        """Check everything that is stored."""

    @root.command(hidden=True)
    def inner() -> None:
        """Not for people."""

    return root


def test_the_page_tells_of_every_command_and_no_hidden_one(make_docs: ModuleType, small: click.Group) -> None:
    text = make_docs.page(small)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["share propose", "verify"]
    assert "dsl-console share propose [OPTIONS] ENTRY" in text
    assert "Propose an entry to a partner." in text
    assert "| `--to PARTNER` | Who is to \\| receive it. |" in text
    assert "{ok, acts, problems: [{kind, text}], adults}" in text


@needs_commands
def test_every_command_is_described(make_docs: ModuleType) -> None:
    described = set(re.findall(r"^## (.*)$", make_docs.PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    built = dict(make_docs.commands(make_docs.load_root()))
    assert built
    assert described == set(built)
    assert [words for words, context in built.items() if not context.command.help] == []
    assert [words for words in built if not re.fullmatch(r"[a-z -]+", words)] == []
    assert set(make_docs.SHAPES) <= set(built)


@needs_commands
def test_every_option_says_what_it_is_for(make_docs: ModuleType) -> None:
    silent = [
        f"{words} {parameter.opts[0]}"
        for words, context in make_docs.commands(make_docs.load_root())
        for parameter in context.command.params
        if isinstance(parameter, click.Option) and not parameter.hidden and not parameter.help
    ]
    assert silent == []


@needs_commands
def test_the_page_is_what_the_command_line_says_now(make_docs: ModuleType) -> None:
    assert make_docs.PAGE.read_text(encoding="utf-8") == make_docs.page(make_docs.load_root()), "run make docs"
