"""Mark names in a child's record, read it anonymised, and name an anonymised text again (R-64, R-75)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.acts import GlossaryTermSet, Unmasked, build
from practice.errors import NotFound, Refused
from practice.glossary import (
    ALWAYS,
    SOMEBODY,
    Glossary,
    Occurrence,
    Term,
    TermKind,
    base_of,
    check_term,
    masks_in,
    maybe_names,
    next_form,
    next_mask,
)
from practice.text import drawn
from storage.views import children, record
from storage.views import glossary as views
from storage.views.record_rows import EntryRow

if TYPE_CHECKING:
    from storage.vault import Vault


@dataclass(frozen=True)
class Place:
    """One place in an entry where a name stands; the mask is blank where it only may be one."""

    entry: EntryRow
    field: str
    text: str
    found: Occurrence


def mark(vault: Vault, child_id: str, name: str, kind: str, *, same_as: str = "", always: bool | None = None) -> str:
    """Mark a name and return its mask; `same_as` is the mask of the same person, whose other name it is.

    A name that was marked before gets the mask again that it had, and no other name ever does.

    A reporter, a place and a third party are masked in every outward copy unless `always` says otherwise. Raises
    Refused for a name that is there already, or could not be named again without loss.
    """
    name = " ".join(drawn(name).split())
    labels = views.labels(vault, child_id)
    if any(term.name.casefold() == name.casefold() for term in labels.standing):
        raise Refused(f"«{name}» stands in the glossary already. Nothing was changed.")
    if kind not in set(TermKind):
        raise Refused(f"«{kind}» is no kind of name.", hint="Choose one of: " + ", ".join(TermKind) + ".")
    taken = [*labels.given, "Child 1"]
    if same_as and same_as not in taken:
        raise Refused(f"There is no «{same_as}» in this glossary. Nothing was changed.")
    mask = next_form(same_as, taken) if same_as else next_mask(kind, taken)
    mask = next((term.mask for term in labels.former if term.name == name and views.alike(term.mask, mask)), mask)
    check_term(name, mask)
    hidden = kind in ALWAYS if always is None else always
    body = build(GlossaryTermSet, {"name": name, "mask": mask, "always": hidden})
    vault.record(body, child=child_id)
    return mask


def unmark(vault: Vault, child_id: str, name: str) -> None:
    """Take a name out of a child's glossary; raises NotFound, and Refused for the child's own names."""
    term = next((each for each in views.marked(vault, child_id) if each.name == name), None)
    if term is None:
        if name in views.labels(vault, child_id).own:
            raise Refused("The child's own names are always masked. Nothing was changed.")
        raise NotFound(f"«{name}» does not stand in this child's glossary.")
    body = GlossaryTermSet(name=term.name, mask=term.mask, always=term.always, removed=True)
    vault.record(body, child=child_id)


def anonymised(entries: list[EntryRow], glossary: Glossary) -> list[EntryRow]:
    """Return entries with every name masked in every text of theirs; who recorded them becomes a plain word."""
    return [
        entry._replace(
            text=glossary.anonymise(entry.text),
            childs_words=glossary.anonymise(entry.childs_words),
            action=glossary.anonymise(entry.action),
            outcome=glossary.anonymise(entry.outcome),
            source=glossary.anonymise(entry.source),
            agency=glossary.anonymise(entry.agency),
            recorded_by=SOMEBODY,
            child="Child 1",
        )
        for entry in entries
    ]


def nameless(row: children.ChildRow) -> children.ChildRow:
    """Return a child as the anonymised view shows them."""
    return replace(
        row,
        name="Child 1",
        sort_name="child 1",
        legal_name="Child 1",
        names=(),
        date_of_birth=None,
        upn="",
        reg_group="",
    )


def places(vault: Vault, child_id: str) -> list[Place]:
    """Return every place where a name stands in a child's entries, and where one may stand unmarked, in order."""
    glossary = views.glossary(vault, child_id)
    found = []
    for entry in record.chronology(vault, child_id):
        texts = {
            "text": entry.text,
            "childs_words": entry.childs_words,
            "action": entry.action,
            "outcome": entry.outcome,
        }
        for name, text in texts.items():
            each = sorted([*glossary.occurrences(text), *maybe_names(text, glossary)], key=lambda place: place.start)
            found += [Place(entry, name, text, place) for place in each]
    return found


@dataclass(frozen=True)
class Doubt:
    """A mask in a text that two machines gave apart: whom it stands for here, and whom in copies of another machine."""

    mask: str
    name: str
    others: tuple[Term, ...]

    @property
    def words(self) -> str:
        """Say whom it may stand for."""
        others = " and ".join(f"«{each.name}», who is {each.mask} now" for each in self.others)
        return f"{self.mask} was given on two machines apart: to «{self.name}», and to {others}."


def copy_of(vault: Vault, child_id: str, wanted: str) -> views.MaskedCopy:
    """Return the masked copy with this act's id, or the beginning of one of its hashes; raises NotFound, Refused."""
    wanted = wanted.strip().casefold()
    copies = views.masked_copies(vault, child_id)
    found = [
        each
        for each in copies
        if each.act == wanted or (len(wanted) >= 8 and any(known.startswith(wanted) for known in each.hashes))
    ]
    if not found:
        raise NotFound(
            "No copy with masked names went out of this record under that id or hash. Nothing was named.",
            hint="The foot of a copy says its content's hash: its first 8 characters will do.",
        )
    return found[-1]


def doubts(vault: Vault, child_id: str, text: str) -> list[Doubt]:
    """Return the masks in a text that may stand for somebody else where it comes from another machine's copy."""
    labels = views.labels(vault, child_id)
    found = {mask[:1].upper() + mask[1:].lower() for mask in masks_in(text)}
    masks = found | {base_of(mask) for mask in found}
    return [
        Doubt(mask, labels.given[mask].name, tuple(others))
        for mask, others in labels.apart.items()
        if mask in masks and mask in labels.given
    ]


def unmask(vault: Vault, child_id: str, text: str, reason: str, *, copy: str = "") -> str:
    """Return an anonymised text with its names again; that it was done, and why, is in the record first (R-64).

    `copy` says from which copy the text is, by its act or hash: then it is named by the masks that the copy bears.
    """
    labels = views.labels(vault, child_id)
    standing, former = labels.standing, labels.former
    if copy:
        bears = copy_of(vault, child_id, copy).terms
        former = [term for term in (*standing, *former) if term.mask not in {each.mask for each in bears}]
        standing = list(bears)
    vault.record(build(Unmasked, {"reason": reason}), child=child_id)
    return Glossary(standing, former).named(text)
