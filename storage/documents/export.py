"""Write a copy to a file: gathered, rendered, recorded as an act, and put in its place whole (R-116)."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.acts import Exported, build
from practice.dates import day_words
from practice.errors import Refused
from practice.initials import written_out
from storage.atomic import replace, sync_file, sync_folder
from storage.desk.front_sheet import check_heeded
from storage.documents import blocks as page_blocks
from storage.documents import csv as csv_form
from storage.documents import html as html_form
from storage.documents.gather import KINDS, Copy, Progress, Wanted, content_json, gather, part_of
from storage.places import in_cloud, on_network
from storage.types import utc_text

if TYPE_CHECKING:
    from storage.vault import Vault

FORMS = {".pdf": "PDF", ".html": "HTML", ".htm": "HTML", ".csv": "CSV", ".json": "JSON"}
GATHERED = 30
"""How many hundredths of the work are done once a copy's content is read; laying it out is the rest."""


@dataclass(frozen=True)
class CopyMade:
    """A copy that went out: its act, where it lies, what it holds, and what is to be heeded."""

    act: str
    path: Path
    form: str
    sha256: str
    content_sha256: str
    entries: int
    size: int
    left_out: tuple[str, ...]
    cautions: tuple[str, ...]


def form_of(path: Path) -> str:
    """Return the form that a file's name asks for; raises Refused for one that the program does not write."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise Refused(
            "A copy is written as .pdf, .html, .csv or .json. Nothing went out.", hint="Name the file with one of them."
        )
    return form


def place_caution(path: Path) -> str:
    """Return what is to be heeded about where a copy would lie; blank where it lies on this machine alone."""
    folder = path.absolute().parent
    if in_cloud(folder):
        return "That folder is copied to a cloud service: the copy would leave this machine, unencrypted."
    if on_network(folder):
        return "That folder is on a network: others may be able to read the copy."
    return ""


def export(
    vault: Vault,
    wanted: Wanted,
    path: Path,
    *,
    heeded: str = "",
    progress: Progress | None = None,
) -> CopyMade:
    """Write a copy of a child's record to `path` (its ending says the form), readable by its owner alone.

    `heeded` is the code of what the front sheet says of who must not be told, once it was read (R-08). The act is in
    the ledger before the file is in its place, so that no copy is anywhere of which the record does not tell; where
    the act cannot be recorded the file is not left. `progress` hears how much of how much is done, and may raise to
    stop it. Raises Refused, NotFound.
    """
    form = form_of(path)
    check_path(path, vault.folder)
    code = check_heeded(vault, [wanted.child_id], heeded)
    made = gather(vault, wanted, part_of(progress, 0, GATHERED))
    if caution := place_caution(path):
        made.cautions.append(caution)
    data = rendered(made, form, part_of(progress, GATHERED, 100))
    digest = hashlib.sha256(data).hexdigest()
    act = _put(vault, made, form, path, data, {"sha256": digest, "content": made.digest, "heeded": code})
    told = (len(made.entries), len(data), tuple(made.left_out), tuple(made.cautions))
    return CopyMade(act, path, form, digest, made.digest, *told)


def check_path(path: Path, vault: Path) -> None:
    """Raise Refused where a copy cannot go there: no folder, or inside the vault."""
    try:
        if path.is_dir():
            raise Refused("That is a folder. Nothing went out.", hint="Name the file too.")
        if not path.absolute().parent.is_dir():
            raise Refused("That folder is not there. Nothing went out.", hint="Make the folder first.")
        if path.absolute().resolve().is_relative_to(vault.resolve()):
            raise Refused("That is inside the vault. Nothing went out.", hint="Choose a folder of your own.")
    except OSError as error:
        raise Refused(f"That place cannot be read ({type(error).__name__}). Nothing went out.") from None


def rendered(made: Copy, form: str, progress: Progress | None = None) -> bytes:
    """Return a copy in one of the forms; it is the same for the same content, but for when it was made."""
    if form == "JSON":
        return _json(made)
    if form == "CSV":
        return csv_form.render(made, progress)
    blocks = page_blocks.blocks_of(made)
    if form == "HTML":
        return html_form.render(made.title, blocks, progress)
    from storage.documents import pdf

    local = made.made_at.astimezone()
    foot = f"Confidential. {made.title}. Copied {day_words(local.date())}. Content {made.digest[:16]}"
    return pdf.render(made.title, foot, blocks, progress)


def _json(made: Copy) -> bytes:
    """Return the content verbatim, with the hash over it and what the initials in it stand for."""
    used: dict[str, str] = {}
    for entry in made.entries:
        for text in (entry.row.text, entry.row.action, entry.row.outcome):
            written_out(text, used)
    content = content_json(made)
    whole: dict[str, Any] = {
        "copied_at": utc_text(made.made_at),
        "copied_by": made.made_by,
        "content_sha256": made.digest,
        "initials": dict(sorted(used.items())),
        "contents": {"kind": KINDS[made.wanted.what], "entries": len(made.entries)},
        **content,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def _put(vault: Vault, made: Copy, form: str, path: Path, data: bytes, hashes: dict[str, str]) -> str:
    masks = [{"name": term.name, "mask": term.mask} for term in made.masks]
    told = {"what": KINDS[made.wanted.what], "form": form, "entries": len(made.entries), "masks": masks}
    fields = {**told, **hashes}
    return put(vault, fields, made.child.id, path, data)


def put(vault: Vault, fields: dict[str, Any], child: str | None, path: Path, data: bytes) -> str:
    """Write a file beside its place, record the act, and rename it into its place; returns the act's id.

    `fields` are those of Exported. Raises Refused where it cannot be written; then no file is left.
    """
    temporary = path.with_name(f".copy.{os.getpid()}.{time.monotonic_ns()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            sync_file(descriptor)
        finally:
            os.close(descriptor)
        act = vault.record(build(Exported, fields), child=child).id
        replace(temporary, path)
    except OSError as error:
        raise Refused(
            f"The copy could not be written there ({type(error).__name__}). No file was left.",
            hint="Choose another folder, or free some room.",
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    with suppress(OSError):
        sync_folder(path.absolute().parent)
    return act
