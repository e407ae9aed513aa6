"""Whatever bytes come in from outside: read, or refused in a sentence, and quickly (storage: §6.17).

Real files are cut, spliced, repeated and changed, and what is JSON is changed field by field with its digest made right
again, as somebody would who knows the format.
"""

from __future__ import annotations

import copy
import gc
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.errors import ConsoleError
from storage import backup, backup_check, calendar_files, container, reports
from storage.anchor import Anchor
from storage.drafts import inbox_info
from storage.header import FILE_NAME, _canonical
from storage.keys import FLOOR, Kdf
from storage.roster.reading import read_roster
from storage.sealed import XWingPrivate, seal, unseal
from storage.tries import Tries
from storage.vault import open_vault, people_of
from tests.conftest import PASSPHRASE, add_child, add_concern
from tests.faults.sizes import say, size
from tests.sync import test_envelope as envelopes

EXAMPLES = size(25, 1500, 50_000)
SECONDS = 1.0
TRIED = {
    "test_a_header_of_any_bytes": "headers",
    "test_a_doctored_header_with_its_digest_made_right": "headers with their digest made right",
    "test_a_backup_of_any_bytes": "backups",
    "test_a_backup_whose_manifest_was_doctored": "backups with another manifest",
    "test_small_files_of_any_bytes": "sealed files, anchors, report cards and counts of tries",
    "test_an_envelope_of_any_bytes_and_one_signed_by_a_hostile_partner": "envelopes, and such as a partner signed",
    "test_imports_of_any_bytes": "school lists and calendars",
}

quietly = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
edits = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "drop", "insert", "repeat", "swap")),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        st.binary(max_size=12),
    ),
    min_size=1,
    max_size=6,
)
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(("", "A" * 70_000, "\x00", "\ud800", "AAAA", "../../x", "children", "-1", "9" * 400)),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def edited(stored: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    """Return bytes after a few changes, each at a place of its own."""
    made = bytearray(stored)
    for kind, first, second, new in changes:
        at, to = int(first * len(made)), int(second * len(made))
        low, high = sorted((at, min(to, at + 4096)))
        if kind == "flip" and made:
            made[at] ^= 1 + (new[0] % 255 if new else 0)
        elif kind == "cut":
            del made[at:]
        elif kind == "drop":
            del made[low:high]
        elif kind == "insert":
            made[at:at] = new
        elif kind == "repeat":
            made[to:to] = made[low:high]
        elif kind == "swap":
            made[low:high] = bytes(reversed(made[low:high]))
    return bytes(made)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value of a JSON document stands."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def doctored(content: Any, data: st.DataObject) -> Any:
    """Return a JSON document with one to three of its values changed, removed or added to."""
    made = copy.deepcopy(content)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(made))))
        if not path:
            continue
        holder = made
        for key in path[:-1]:
            holder = holder[key]
        how = data.draw(st.sampled_from(("set", "remove", "add")))
        if how == "set":
            holder[path[-1]] = data.draw(junk)
        elif how == "remove":
            del holder[path[-1]]
        elif isinstance(holder, dict):
            holder[data.draw(st.text(max_size=8))] = data.draw(junk)
        else:
            holder.append(data.draw(junk))
    return made


@contextmanager
def refused_or_read() -> Iterator[None]:
    """Let only what is said in a sentence pass, within a second of this process's own time.

    What Hypothesis has gathered over thousands of tries is not swept in that second.
    """
    gc.disable()
    started = time.process_time()
    try:
        yield
    except ConsoleError as error:
        said = error.message.rstrip()
    else:
        said = "."
    finally:
        took = time.process_time() - started
        gc.enable()
    assert said.endswith((".", "?"))
    assert took < SECONDS


@pytest.fixture(scope="module")
def files(vault_template, tmp_path_factory) -> Path:
    """A vault, a backup of it, a report card, and a passphrase that costs nothing to try."""
    root = tmp_path_factory.mktemp("files")
    folder = Path(shutil.copytree(vault_template, root / "vault"))
    with open_vault(folder, passphrase=PASSPHRASE) as vault:
        add_concern(vault, add_child(vault), "She said he hit her")
        backup.backup(vault, root / "made.dslb")
    (root / "card").mkdir()
    reports.write_card(folder, root / "card")
    return root


@pytest.fixture(autouse=True)
def _said(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say how much was tried; the figure counts only where the test passed."""
    yield
    if what := TRIED.get(request.node.originalname):
        say(f"{what}, changed", f"{EXAMPLES:,} tried, each read or refused in a sentence within a second")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    derive, known = Kdf.derive, {}

    def once(self: Kdf, passphrase: str, salt: bytes) -> bytes:
        self.check()
        if self != FLOOR:
            return bytes(32)
        if (passphrase, salt) not in known:
            known[passphrase, salt] = derive(self, passphrase, salt)
        return known[passphrase, salt]

    monkeypatch.setattr(Kdf, "derive", once)


def open_whole(folder: Path) -> None:
    """Read a vault's header in every way that the program does, and open it."""
    Tries(folder)._clear()
    people_of(folder)
    reports.card_of(folder)
    open_vault(folder, passphrase=PASSPHRASE).close()


@quietly
@given(changes=edits)
def test_a_header_of_any_bytes(files, changes):
    path = files / "vault" / FILE_NAME
    stored = path.read_bytes()
    path.write_bytes(edited(stored, changes))
    try:
        with refused_or_read():
            open_whole(files / "vault")
    finally:
        path.write_bytes(stored)


@quietly
@given(data=st.data())
def test_a_doctored_header_with_its_digest_made_right(files, data):
    path = files / "vault" / FILE_NAME
    stored = path.read_bytes()
    content = json.loads(stored)
    content.pop("sha256")
    made = doctored(content, data)
    try:
        made["sha256"] = hashlib.sha256(_canonical(made)).hexdigest()
        path.write_text(json.dumps(made), "utf-8")
    except (TypeError, UnicodeEncodeError):
        return
    try:
        with refused_or_read():
            open_whole(files / "vault")
    finally:
        path.write_bytes(stored)


def read_backup(path: Path, work: Path) -> None:
    found = container.read(path)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    header = backup_check.header_of(found, work)
    backup_check.check_manifest(found, header, bytes(32))


@quietly
@given(changes=edits)
def test_a_backup_of_any_bytes(files, tmp_path, changes):
    path = tmp_path / "changed.dslb"
    path.write_bytes(edited((files / "made.dslb").read_bytes(), changes))
    with refused_or_read():
        read_backup(path, tmp_path / "work")


@quietly
@given(data=st.data())
def test_a_backup_whose_manifest_was_doctored(files, tmp_path, data):
    stored = (files / "made.dslb").read_bytes()
    start = len(container.MAGIC)
    length = int.from_bytes(stored[start : start + 4], "big")
    rest = start + 4 + 32 + length
    made = doctored(json.loads(stored[rest - length : rest]), data)
    try:
        manifest = json.dumps(made).encode()
    except (TypeError, UnicodeEncodeError):
        return
    path = tmp_path / "changed.dslb"
    head = container.MAGIC + len(manifest).to_bytes(4, "big") + hashlib.sha256(manifest).digest()
    path.write_bytes(head + manifest + stored[rest:])
    with refused_or_read():
        read_backup(path, tmp_path / "work")


PRIVATE = XWingPrivate.generate()
SEALED = seal(b"It was on Monday", PRIVATE.public(), inbox_info("v", "children"))


@quietly
@given(changes=edits, data=st.data())
def test_small_files_of_any_bytes(files, tmp_path, changes, data):
    """A sealed file, an anchor, a report card and the count of tries."""
    with refused_or_read():
        unseal(edited(SEALED, changes), {PRIVATE.public().key_id: PRIVATE}, inbox_info("v", "children"))
    anchor = tmp_path / "children.anchor"
    anchor.write_bytes(edited((files / "vault" / "children.anchor").read_bytes(), changes))
    with refused_or_read():
        Anchor(anchor, bytes(32)).read()
    card = json.loads((files / "card" / reports.CARD_NAME).read_bytes())
    for stored in (edited(json.dumps(card).encode(), changes), json.dumps(doctored(card, data)).encode()):
        (tmp_path / reports.CARD_NAME).write_bytes(stored)
        with refused_or_read():
            reports.read_card(tmp_path)
    (tmp_path / "tries.json").write_bytes(edited(b'[[1.5, 2.5, "x"], [3.5, 4.5, "x"]]', changes))
    (tmp_path / "failed.json").write_bytes(edited(b'{"x": [1, "2026-11-20T09:00:00", "2026-11-20T09:00:00"]}', changes))
    with refused_or_read(), Tries(tmp_path).attempt("x"):
        pass


TOKEN = envelopes.sealed()
PAYLOAD = json.loads(envelopes.payload_for())


@quietly
@given(changes=edits, data=st.data())
def test_an_envelope_of_any_bytes_and_one_signed_by_a_hostile_partner(changes, data):
    token = edited(TOKEN.encode(), changes).decode("utf-8", "replace")
    with refused_or_read():
        envelopes.opened(token)
    try:
        hostile = envelopes.sealed(json.dumps(doctored(PAYLOAD, data)).encode())
    except (ConsoleError, ValueError, TypeError):
        return
    with refused_or_read():
        envelopes.opened(hostile)


ROLL = "UPN,Legal surname,Legal forename,DOB,Year,Reg\nA123456789012,Thistlewood,Ada,03/05/2016,5,5B\n,Ode,Ben,,4,\n"
DATES = "name,start,end\nAutumn,01/09/2026,18/12/2026\nINSET,02/09/2026,02/09/2026\n"
ICS = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:Autumn term\nDTSTART:20260901\nDTEND:20261219\nEND:VEVENT\n"
    "END:VCALENDAR\n"
)


@quietly
@given(
    changes=edits,
    text=st.text(alphabet='",;\t\n\r\x00=+@aé\ufeff0', max_size=80),
    code=st.sampled_from(("utf-8", "utf-16", "cp1252")),
)
def test_imports_of_any_bytes(changes, text, code):
    for stored, read in ((ROLL, read_roster), (DATES, calendar_files.read_dates), (ICS, calendar_files.read_dates)):
        whole: Callable[[bytes], Any] = read
        for made in (
            edited(stored.encode(code, "replace"), changes),
            edited((stored + text).encode(code, "replace"), changes[:1]),
        ):
            with refused_or_read():
                whole(made)


def test_a_parser_that_lets_its_own_errors_out_is_caught():
    """The control."""
    with pytest.raises(ValueError, match="Expecting"), refused_or_read():
        json.loads("")
