"""A day of the real commands, its every write recorded; run as `python -m tests.faults.whole_day FOLDER LOG`.

Twenty words that stand nowhere else are put into everything that a person can type. A keyring that keeps what it is
given in a list stands in for the operating system's; it is printed in the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CANARIES = (
    *("quillanova", "zebedeeson", "marrowfield", "xylographer", "brontellic", "sarcophagine", "wimplewood"),
    *("thrumbledon", "oxyrhynch", "gallivanter", "perispomenon", "nidifugous", "flocculent", "hobbledehoy"),
    *("jentacular", "kakorrhaphia", "lamprophony", "mumpsimus", "nudiustertian", "ultracrepidarian"),
)
LEAK = "leak.tmp"
"""The control: a file with a word in it, which is gone before anybody looks."""
PASSPHRASE = f"{CANARIES[18]} over {CANARIES[19]} slate"


def keyring_of_a_list() -> list[str]:
    """Put a keyring in the place of the operating system's; return the list that it keeps everything in."""
    import keyring
    from keyring.backend import KeyringBackend

    kept: list[str] = []

    class Listing(KeyringBackend):
        priority = 1

        def set_password(self, service: str, username: str, password: str) -> None:
            kept.append(f"{service} {username} {password}")

        def get_password(self, service: str, username: str) -> str | None:
            of = [each.rsplit(" ", 1)[1] for each in kept if each.startswith(f"{service} {username} ")]
            return of[-1] if of else None

    keyring.set_keyring(Listing())
    return kept


def day(folder: Path, passphrase_file: Path) -> None:
    """What a DSL and a colleague do in a day, by command."""
    from click.testing import CliRunner

    from dsl_console.cli.main import root

    def run(*arguments: str, typed: str = "") -> Any:
        before = ["--vault", str(folder / "vault"), "--passphrase-file", str(passphrase_file)]
        done = CliRunner().invoke(root, [*before, *arguments, "--json"], input=typed or None)
        assert done.exit_code == 0, (arguments, done.stderr)
        return json.loads(done.stdout)

    c = CANARIES
    child = run("children", "add", f"{c[0]} {c[1]}", "--dob", "2016-05-03")["id"]
    arguments = ["--words", f"He said {c[3]}", "--where", f"The {c[4]} room", "--action", f"Gave {c[5]} tea"]
    arguments += ["--from", f"{c[6]}, nurse, {c[7]}", "--told", f"{c[8]}@09:00"]
    entry = run("log", child, "--text", "-", *arguments, typed=f"She was {c[2]} and {c[9]} at lunch")["id"]
    run("amend", entry, "--text", "-", "--reason", f"It was {c[10]}", typed=f"She was {c[2]} and {c[11]}")
    run("decide", entry, "--decision", "in_school_support", "--reason", f"Because {c[12]}")
    run("review", "set", child, "--status", "early_help")
    run("review", "hold", child, "--decision", f"Go on with {c[13]}", "--reason", f"As {c[14]}")
    said = ["--child", f"{c[0]} M", "--from", c[15], "--role", f"{c[16]} lead", "--told-dsl", "yes"]
    run("report", "--about", "child", *said, "--text", "-", "--when", "today", typed=f"He had a {c[17]}")
    assert run("search", c[2])
    assert run("chronology", child)["entries"]
    assert run("verify", "--rebuild")["ok"]
    run("backup", str(folder / "made.dslb"))
    run("backup", "drill", str(folder / "made.dslb"))


def with_the_store(folder: Path) -> None:
    """What only the console does: a draft, the head in the keyring, a sort that needs room, a rotation."""
    from storage import keyring_head, rotation
    from storage.vault import open_vault

    with open_vault(folder / "vault", passphrase=PASSPHRASE) as vault:
        vault.drafts.seal("log", {"text": " ".join(CANARIES)})
        assert keyring_head.keep(vault)
        with vault.read() as connection:
            statement = (
                "SELECT body FROM bodies, (SELECT 1 FROM acts LIMIT 40), (SELECT 1 FROM acts) ORDER BY hex(body)"
            )
            assert len(connection.exec_driver_sql(statement).all()) > 1000
        rotation.rotate(vault, f"After {CANARIES[13]}")


def main(folder: Path, log: Path) -> None:
    from practice.acts import SchoolSet
    from storage.keys import FLOOR
    from storage.vault import create
    from tests.faults.operations import derive_once
    from tests.faults.shim import Recorder

    derive_once()
    kept = keyring_of_a_list()
    passphrase_file = folder / "passphrase"
    passphrase_file.write_text(PASSPHRASE)
    passphrase_file.chmod(0o600)
    recorder = Recorder()
    recorder.begin(Path("/"), log)  # everything that is written anywhere
    made, _code = create(
        folder / "vault", school=SchoolSet(name="Example"), user="Robin Vale", passphrase=PASSPHRASE, kdf=FLOOR
    )
    made.close()
    day(folder, passphrase_file)
    with_the_store(folder)
    (folder / LEAK).write_bytes(CANARIES[2].encode("utf-16-le"))
    (folder / LEAK).unlink()
    recorder.end()
    print("\n".join(kept))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
