"""The program's way in: what it closes before anything else, and what a fault may print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dsl_console import __main__ as way_in
from dsl_console.cli.main import root

ROOT = Path(__file__).resolve().parents[2]


def run_python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_closes_the_ways_out_before_textual_is_there():
    done = run_python(
        "import sys, os, faulthandler\n"
        "from dsl_console.__main__ import harden\n"
        "harden()\n"
        "assert 'textual' not in sys.modules\n"
        "assert not [name for name in os.environ if name.upper().startswith('TEXTUAL')]\n"
        "assert not faulthandler.is_enabled()\n"
        "assert os.umask(0) == 0o077\n"
        "import resource\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "import textual.constants\n"
        "assert textual.constants.LOG_FILE is None\n"
        "print('closed')\n",
        TEXTUAL_LOG="/tmp/never",
        TEXTUAL="devtools",
        TEXTUAL_PRESS="ctrl+q",
        PYTHONFAULTHANDLER="1",
    )
    assert done.stdout == "closed\n", done.stderr


def test_a_fault_prints_class_file_and_line_and_no_value():
    done = run_python(
        "from dsl_console.__main__ import harden\n"
        "harden()\n"
        "def note():\n"
        "    raise ValueError('Amira Khan said so')\n"
        "import threading\n"
        "thread = threading.Thread(target=note)\n"
        "thread.start(); thread.join()\n"
        "note()\n"
    )
    assert done.returncode == 1
    assert done.stderr.count("ValueError") == 2
    assert "Amira" not in done.stderr
    assert "line 4, in note" in done.stderr


def test_the_vault_may_be_named_first():
    assert way_in.vault_option(["--vault", "here", "list"]) == ("here", ["list"])
    assert way_in.vault_option(["--vault=here"]) == ("here", [])
    assert way_in.vault_option(["list", "--vault", "here"]) == (None, ["list", "--vault", "here"])


def test_a_name_without_a_command_is_told_where_it_is_chosen(capsys):
    with pytest.raises(SystemExit) as ended:
        root.main(["--as", "Ada"])
    assert ended.value.code == 2
    assert "chosen on its lock screen" in capsys.readouterr().err
