"""What may be imported where, seen from `sys.modules` of a fresh process, where indirect imports show too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {"dsl_console", "screens", "storage", "sync", "practice"}
TERMINAL = {"textual", "rich"}
HEAVY = {"pydantic", "sqlmodel", "sqlalchemy", "keyring", "httpx", "jwcrypto"}
FIRST_PAINT = ["dsl_console.__main__", "dsl_console.app", "screens.unlock"]

WALK = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith(".__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""

ONE = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(script: str, *names: str) -> set[str]:
    """The names in `sys.modules` of a fresh interpreter that ran the script over these names."""
    done = subprocess.run(
        [sys.executable, "-c", script, *names], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("package", ["practice", "storage", "sync"])
def test_the_lower_floors_never_load_the_terminal(package: str) -> None:
    loaded = modules_after(WALK, package)
    assert package in loaded
    assert not tops(loaded) & TERMINAL


def test_every_module_of_a_floor_is_walked() -> None:
    loaded = modules_after(WALK, "storage", "sync", "practice")
    for package in ("storage", "sync", "practice"):
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            assert name in loaded or name.endswith(".__main__"), name


def test_the_hub_knows_nothing_of_ours_but_practice() -> None:
    ours = {name for name in modules_after(WALK, "sync.hub") if name.partition(".")[0] in FLOORS}
    strangers = {name for name in ours if name != "sync" and not name.startswith(("sync.hub", "practice"))}
    assert "sync.hub" in ours
    assert not strangers


def test_practice_stands_on_pydantic_alone() -> None:
    allowed = tops(modules_after(ONE, "pydantic.fields")) | sys.stdlib_module_names
    added = {name for name in tops(modules_after(WALK, "practice")) if not name.startswith("_sysconfigdata")}
    assert added - allowed == {"practice"}


@pytest.mark.parametrize("module", [name for name in FIRST_PAINT if exists(name)])
def test_nothing_heavy_is_loaded_before_the_first_paint(module: str) -> None:
    loaded = modules_after(ONE, module)
    assert module in loaded
    assert not tops(loaded) & HEAVY


def test_the_process_that_keeps_the_terminal_loads_the_standard_library_only() -> None:
    added = tops(modules_after(ONE, "dsl_console.supervisor") - modules_after(ONE, "json"))
    assert {name for name in added - sys.stdlib_module_names if not name.startswith("_sysconfig")} == {"dsl_console"}


def test_the_check_itself_sees_a_heavy_import() -> None:
    assert {"sqlmodel", "sqlalchemy"} <= tops(modules_after(ONE, "sqlmodel"))
    assert "textual" in tops(modules_after(WALK, "textual.app"))
