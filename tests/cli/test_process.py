"""The real program as a process: its streams, its exit statuses, and a person at a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.school import HOSTILE, PASSPHRASE, School

ROOT = Path(__file__).resolve().parents[2]


def run(
    school: School, *arguments: str, typed: bytes = b"", passphrase: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a shell would, without a terminal of its own."""
    env = {**os.environ, "DSL_CONSOLE_VAULT": str(school.folder), "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    if passphrase:
        env["DSL_CONSOLE_PASSPHRASE_FILE"] = str(school.passphrase_file)
    command = [sys.executable, "-m", "dsl_console", *arguments]
    return subprocess.run(
        command, input=typed, capture_output=True, env=env, start_new_session=True, check=False, timeout=120
    )


def test_a_day_through_pipes(school: School) -> None:
    text = f"{HOSTILE} Zoë “quoted” 日本"
    logged = run(school, "log", "Ada Lowe", "--text", "-", "--when", "yesterday", "--json", typed=text.encode())
    assert (logged.returncode, logged.stderr) == (0, b"")
    ident = json.loads(logged.stdout)["id"]
    read = run(school, "chronology", "Ada Lowe")
    assert text in read.stdout.decode()
    missing = run(school, "entry", "none", "--json")
    assert missing.returncode == 1
    assert json.loads(missing.stderr)["status"] == 1
    assert json.loads(run(school, "entry", ident, "--json").stdout)["current"]["text"] == text


def test_the_passphrase_is_a_line_of_input_where_there_is_no_terminal_and_no_file(school: School) -> None:
    done = run(school, "children", "list", typed=f"{PASSPHRASE}\n".encode(), passphrase=False)
    assert done.returncode == 0
    assert b"Ada Lowe" in done.stdout
    wrong = run(school, "children", "list", typed=b"not this one at all\n", passphrase=False)
    assert wrong.returncode == 3
    refused = run(school, "log", "Ada Lowe", "--text", "-", typed=b"Bruise.", passphrase=False)
    assert refused.returncode == 2
    assert b"--passphrase-file" in refused.stderr


def test_a_reader_that_goes_away_changes_no_exit_status(school: School) -> None:
    school.log("A line.\n" * 5000)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "dsl_console", *school.before(), "chronology", "Ada Lowe"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(timeout=120) == 0
    assert error == b""


def test_asking_for_help_loads_no_database() -> None:
    code = (
        "import sys; from dsl_console.__main__ import main; main(['log', '--help']); "
        "heavy = {'sqlmodel', 'sqlalchemy', 'pydantic', 'textual', 'httpx'} & set(sys.modules); "
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: dsl-console log" in done.stdout


NOT_FOR_LOG = {
    "storage.views.reviews",
    "storage.views.sharing",
    "storage.views.sharing_tables",
    "storage.views.register",
    "storage.views.sessions",
    "storage.papers",
    "storage.documents",
    "storage.roster",
    "practice.acts.adults",
    "sync",
    "textual",
    "rich",
    "httpx",
    "jwcrypto",
}


def test_logging_loads_only_the_views_that_it_reads_and_writes(school: School) -> None:
    arguments = [*school.before(), "log", "Ada Lowe", "--text", "-", "--when", "today"]
    code = (
        "import sys; from dsl_console.__main__ import main; assert main(sys.argv[1:]) == 0; "
        "print('\\n'.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, input=b"A bruise.\n", capture_output=True, check=False
    )
    loaded = set(done.stderr.decode().split())
    assert "storage.views.entries" in loaded, done.stderr
    assert not loaded & NOT_FOR_LOG


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal of this sort")
def test_a_person_at_a_terminal_is_asked_for_everything(school: School) -> None:
    import pty

    child, master = pty.fork()
    if child == 0:
        command = [sys.executable, "-m", "dsl_console", "--vault", str(school.folder), "log"]
        os.chdir(ROOT)
        os.execvpe(command[0], command, {**os.environ, "TERM": "dumb"})
    answers = [
        (b"Passphrase", PASSPHRASE),
        (b"Child", "Sam"),
        (b"Several children fit", "Wilf Tarn"),
        (b"Not on the roll", "y"),
        (b"What happened?", f"{HOSTILE}\nSecond line.\n"),
        (b"own words", "It was him.\n"),
        (b"When did it happen", "yesterday"),
        (b"Category", "physical abuse"),
        (b"How is it known", ""),
    ]
    seen = b""
    for prompt, answer in answers:
        seen = _until(master, prompt)
        os.write(master, f"{answer}\n".encode())
    rest = _until(master, None)
    os.close(master)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, (seen, rest)
    assert b"No one else has been told." in rest
    entry = school.run("chronology", "Wilf Tarn", "--json").json["entries"][0]
    assert entry["text"] == f"{HOSTILE}\nSecond line."
    assert (entry["childs_words"], entry["category"]) == ("It was him.", "physical")
    assert entry["occurred"]["text"] == "yesterday"


def _until(master: int, prompt: bytes | None) -> bytes:
    """Read what the program shows until the prompt stands there, or it ends."""
    seen = b""
    while prompt is None or prompt not in seen:
        try:
            part = os.read(master, 65536)
        except OSError:
            part = b""
        if not part:
            assert prompt is None, seen
            return seen
        seen += part
    return seen
