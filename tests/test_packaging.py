"""What is shipped: the five packages with their data, and nothing that belongs to one machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ["dsl_console", "screens", "storage", "sync", "practice"]
NOT_SHIPPED = {".pyc", ".pyo"}

# Homes of people and of build machines; a path such as ~/.local/share is nobody's in particular.
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:home|root|Users|work|opt|mnt|media)/\w|\b[A-Z]:\\+Users\\")
REGISTRY = re.compile(
    r"https?://(?:[\w.-]*pypi[\w.-]*|[\w.-]*pythonhosted[\w.-]*|[\w.-]*artifactory[\w.-]*|[\w.-]*nexus[\w.-]*)(?::\d+)?(?:/|\b)"
    r"|--(?:extra-)?index-url[ =]|--find-links[ =]|^\s*(?:extra-)?index-url\s*=",
    re.IGNORECASE | re.MULTILINE,
)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked_texts() -> dict[str, str]:
    """Every tracked file that is text, by its name."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so it is not known which files are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    texts = {}
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        data = path.read_bytes() if path.is_file() else b""
        if b"\0" not in data:
            texts[name] = data.decode("utf-8", "replace")
    return texts


def shipped_files() -> set[str]:
    """Every file under the five packages that a wheel must hold."""
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in NOT_SHIPPED and "__pycache__" not in path.parts
    }


def test_the_five_packages_are_named_everywhere_alike() -> None:
    found = sorted(
        path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in {"tests", "benchmarks"}
    )
    settings = project()["tool"]
    assert found == sorted(PACKAGES)
    assert settings["hatch"]["build"]["targets"]["wheel"]["packages"] == PACKAGES
    assert settings["mypy"]["packages"] == PACKAGES
    assert settings["importlinter"]["root_packages"] == PACKAGES
    assert settings["coverage"]["run"]["source"] == PACKAGES


def test_the_floors_stand_in_the_order_of_the_design() -> None:
    contracts = {contract["name"]: contract for contract in project()["tool"]["importlinter"]["contracts"]}
    assert contracts["Five floors"]["layers"] == ["dsl_console", "screens", "sync", "storage", "practice"]


def test_no_file_names_a_registry() -> None:
    texts = tracked_texts()
    assert "pyproject.toml" in texts
    assert [name for name, text in texts.items() if REGISTRY.search(text)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    texts = tracked_texts()
    assert [name for name, text in texts.items() if MACHINE_PATH.search(text) or f"{ROOT}/" in text] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "open('" + "/" + "home/ada/vault')"),
        (MACHINE_PATH, "C:" + "\\Users\\ada"),
        (REGISTRY, "pip install " + "--index-url" + " x"),
        (REGISTRY, "https://" + "pypi.example.org/simple"),
    ],
)
def test_the_checks_themselves_see_a_fault(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_windows_runs_the_same_checks_in_the_same_order() -> None:
    steps = re.findall(r'@echo "== ([\w, -]+)" &&', (ROOT / "Makefile").read_text(encoding="utf-8"))
    script = (ROOT / "scripts" / "test.ps1").read_text(encoding="utf-8")
    assert steps[-2:] == ["pytest on rules, store, exchange and commands", "pytest on screens and processes"]
    assert re.findall(r"Invoke-Step '([\w, -]+)'", script) == steps


def test_the_windows_scripts_are_plain_ascii() -> None:
    scripts = list((ROOT / "scripts").glob("*.ps1"))
    assert len(scripts) == 3
    assert [path.name for path in scripts if not path.read_bytes().isascii()] == []


def test_the_wheel_holds_the_packages_and_their_data(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            ".",
            "--no-deps",
            "--no-build-isolation",
            "--quiet",
            "-w",
            str(tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("dsl_console-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in names if name.partition("/")[0] in PACKAGES}
    assert inside == shipped_files()
    assert {name.partition("/")[0] for name in names - inside} == {
        wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    }
    assert any(name.endswith("licenses/LICENSE") for name in names)
