"""A vault at the least cost, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsl_console.cli.main import root
from practice.acts import Phones, SchoolSet
from storage.desk.children import add_child
from storage.keys import FLOOR
from storage.vault import create
from tests.cli.school import PASSPHRASE, Answer, School


@pytest.fixture(scope="session")
def first_vault(tmp_path_factory: pytest.TempPathFactory) -> School:
    """The vault that each test copies."""
    folder = tmp_path_factory.mktemp("first")
    passphrase_file = folder / "passphrase"
    passphrase_file.write_text(PASSPHRASE + "\n", encoding="utf-8")
    school = SchoolSet(name="Kestrel Primary", phones=Phones(front_door="01632 960001"))
    vault, _ = create(folder / "vault", school=school, user="R. Khan", passphrase=PASSPHRASE, kdf=FLOOR)
    with vault:
        children = {
            name: add_child(vault, name=name, date_of_birth=born, upn=upn, reg_group=group)[0]
            for name, born, upn, group in (
                ("Ada Lowe", "2016-05-03", "B999200023218", "5B"),
                ("Sam Penrose", "2015-09-01", "", "6A"),
                ("Sam Penfold", "2017-01-20", "", "4A"),
                ("Zoë O'Brien", "2018-02-02", "", "3A"),
            )
        }
    return School(folder / "vault", passphrase_file, children)


@pytest.fixture
def school(first_vault: School, tmp_path: Path) -> School:
    """A fresh copy of the vault."""
    shutil.copytree(first_vault.folder, tmp_path / "vault")
    return School(tmp_path / "vault", first_vault.passphrase_file, first_vault.children)


@pytest.fixture
def bare() -> Callable[..., Answer]:
    """The program without a vault."""

    def run(*arguments: str, typed: str = "", status: int = 0) -> Answer:
        done = CliRunner().invoke(root, list(arguments), input=typed or None)
        assert done.exit_code == status, (done.stdout, done.stderr)
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run
