"""The names that stand in a child's record, and their masks (R-64, R-75).

They are read from the acts, in their order: a mask is given when a name is first known, and stays with that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from practice.acts import Act, ChildAdded, ChildChanged, Exported, GlossaryTermSet
from practice.glossary import Glossary, Term, TermKind, base_of, next_form, next_mask
from practice.text import drawn
from storage import ledger
from storage.views import children

if TYPE_CHECKING:
    from storage.vault import Vault

_OWN = "Child 1"
_KINDS = (*sorted(children.CHILDREN.kinds), GlossaryTermSet.act_kind)
_SAYING = {"legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "former_names", "middle_names"}
_FORMS = 600
"""As many names of one child as there are forms of a mask."""


@dataclass
class Labels:
    """Every mask that was given in one child's record: what stands, by name, and whose each mask ever was."""

    own: dict[str, Term] = field(default_factory=dict)
    marked: dict[str, Term] = field(default_factory=dict)
    given: dict[str, Term] = field(default_factory=dict)
    apart: dict[str, list[Term]] = field(default_factory=dict)
    """By mask, whom else it stood for on a machine apart, with the mask that each has had since."""

    def know_own(self, names: Iterable[str]) -> None:
        """Give each of the child's own names that has no mask yet one of its own."""
        for name in names:
            known = {each.casefold() for each in (*self.own, *self.marked)}
            if name.casefold() not in known and len(self.own) < _FORMS:
                mine = (mask for mask, term in self.given.items() if term.name == name and base_of(mask) == _OWN)
                mask = next(mine, next_form(_OWN, self.given) if _OWN in self.given else _OWN)
                self.own[name] = self.given[mask] = Term(name, mask)

    def mark(self, body: GlossaryTermSet) -> None:
        """Mark a name, or mark it no longer; a mask that is another name's already gives way to the next free one."""
        if body.removed:
            self.marked.pop(body.name, None)
            return
        holder = self.given.get(body.mask)
        mask = body.mask if holder is None or holder.name == body.name else self._free(body)
        if mask != body.mask:
            self.apart[body.mask] = [
                *(each for each in self.apart.get(body.mask, ()) if each.name != body.name),
                Term(body.name, mask, body.always),
            ]
        self.own.pop(body.name, None)
        self.marked.pop(body.name, None)
        self.marked[body.name] = self.given[mask] = Term(body.name, mask, body.always)

    def _free(self, body: GlossaryTermSet) -> str:
        """Return another mask for a name: the one that it had, or the next one of the person or the kind."""
        mine = [mask for mask, term in self.given.items() if term.name == body.name and alike(mask, body.mask)]
        if mine:
            return mine[-1]
        if "-" in body.mask:
            return next_form(body.mask, self.given)
        return next_mask(body.mask.partition(" ")[0], self.given)

    @property
    def standing(self) -> list[Term]:
        """What is masked: the child's own names first, then whatever was marked, by mask."""
        marked = sorted(self.marked.values(), key=lambda term: (term.kind, len(term.mask), term.mask))
        return [*self.own.values(), *marked]

    @property
    def former(self) -> list[Term]:
        """What is masked no longer, and still stands under its mask in older copies."""
        standing = {term.mask for term in self.standing}
        return [term for mask, term in self.given.items() if mask not in standing]


def before(found: Labels) -> dict[str, list[str]]:
    """Return, by name, the masks that it had on a machine apart and that stand for somebody else (R-64)."""
    masks: dict[str, list[str]] = {}
    for mask, others in found.apart.items():
        for term in others:
            masks.setdefault(term.name, []).append(mask)
    return masks


def alike(mask: str, other: str) -> bool:
    """Say whether two masks are forms of one person's, or both a person's only one of the same kind."""
    if "-" in mask or "-" in other:
        return base_of(mask) == base_of(other)
    return mask.partition(" ")[0] == other.partition(" ")[0]


def labels(vault: Vault, child_id: str) -> Labels:
    """Return every mask that was given in a child's record; raises NotFound for a child who is not there."""
    children.known(vault, child_id)
    with vault.read() as connection:
        acts = sorted(ledger.acts_where(connection, "child", [child_id], _KINDS), key=lambda act: act.order)
    found, own = Labels(), list[str]()
    for place, act in enumerate(acts):
        body = act.body
        if isinstance(body, GlossaryTermSet):
            found.mark(body)
        elif isinstance(body, ChildAdded) or (isinstance(body, ChildChanged) and _SAYING & body.changes.keys()):
            own += _own_names(child_id, acts[: place + 1])
        found.know_own(own)
    return found


@dataclass(frozen=True)
class MaskedCopy:
    """A copy in which names were masked: its act, when it was made, of what kind, and the masks that it bears."""

    act: str
    at: datetime
    what: str
    form: str
    hashes: tuple[str, ...]
    terms: tuple[Term, ...]


def masked_copies(vault: Vault, child_id: str) -> list[MaskedCopy]:
    """Return the copies of a child's record that went out with names masked, in their order."""
    with vault.read() as connection:
        acts = sorted(ledger.acts_where(connection, "child", [child_id], ["exported"]), key=lambda act: act.order)
    found = []
    for act in acts:
        if isinstance(body := act.body, Exported) and body.masks:
            terms = tuple(Term(each.name, each.mask) for each in body.masks)
            hashes = tuple(each for each in (body.content, body.sha256) if each)
            found.append(MaskedCopy(act.id, act.recorded_at, body.what, body.form, hashes, terms))
    return found


def marked(vault: Vault, child_id: str) -> list[Term]:
    """Return the names that somebody marked in a child's record, by mask."""
    found = labels(vault, child_id)
    return [term for term in found.standing if term.name in found.marked]


def glossary(vault: Vault, child_id: str) -> Glossary:
    """Return a child's glossary: the child's own names first, as Child 1, then whatever was marked."""
    found = labels(vault, child_id)
    return Glossary(found.standing, found.former)


def outward(vault: Vault, child_id: str) -> Glossary:
    """Return what is masked in every outward copy about a child (R-64)."""
    return Glossary(term for term in marked(vault, child_id) if term.always)


def _own_names(child_id: str, acts: Sequence[Act]) -> Iterator[str]:
    """Yield a child's names as a text has them: the one in use, each whole name, each forename and surname."""
    for row in children.CHILDREN.fold(child_id, acts).get("children", []):
        whole = [" ".join(drawn(name).split()) for name in row["names"] if name != children.NAMELESS]
        parts = [part for name in whole for part in (name, *name.split(" "))]
        forename = whole[0].split(" ")[0] if whole else ""
        listed = dict.fromkeys(part.strip(".,-'\u2019") for part in [forename, *parts])
        masks = {kind.value.casefold() for kind in TermKind}
        kept = [part for part in listed if sum(map(str.isalnum, part)) > 1 and part.casefold() not in masks]
        yield from kept[:20]
