"""Pages that are no copy of one child's record: minutes, holiday lists, reports; as PDF or HTML (R-116)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice.dates import day_words, time_words
from practice.errors import Refused
from storage.documents import html as html_form
from storage.documents.blocks import Block
from storage.documents.export import check_path, form_of, place_caution, put

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class Page:
    """A title and its blocks; `count` is of how many children or entries it tells, `mark` lies across every page."""

    title: str
    blocks: tuple[Block, ...]
    count: int = 0
    mark: str = ""


@dataclass(frozen=True)
class PageMade:
    """A page that went out: its act, where it lies, its form, its hash, and what is to be heeded."""

    act: str
    path: Path
    form: str
    sha256: str
    caution: str


def rendered(page: Page, form: str, foot: str) -> bytes:
    """Return a page in one of the two forms."""
    if form == "HTML":
        return html_form.render(page.title, list(page.blocks), mark=page.mark)
    from storage.documents import pdf

    return pdf.render(page.title, foot, list(page.blocks), mark=page.mark)


def write_page(vault: Vault, page: Page, path: Path) -> PageMade:
    """Write a page to `path` (its ending says the form), readable by its owner alone; the act is recorded first.

    Raises Refused for another form than .pdf or .html, or where it cannot be written; then no file is left.
    """
    path = path.expanduser()
    form = form_of(path)
    if form not in ("PDF", "HTML"):
        raise Refused("This page is written as .pdf or .html. Nothing went out.")
    check_path(path, vault.folder)
    local = vault.clock().astimezone()
    mark = f"{page.mark}. " if page.mark else ""
    foot = f"Confidential. {mark}{page.title}. {day_words(local.date())}, {time_words(local)}, {vault.person.name}"
    data = rendered(page, form, foot)
    digest = hashlib.sha256(data).hexdigest()
    act = put(vault, {"what": page.title, "form": form, "sha256": digest, "entries": page.count}, None, path, data)
    return PageMade(act, path, form, digest, place_caution(path))
