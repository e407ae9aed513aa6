"""The children as they were read last: a letter typed into a search costs no reading of the whole roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.children import ChildRow


class HeldRoll:
    """Every child of the vault, read again once the record has changed."""

    def __init__(self) -> None:
        self._held: tuple[int, list[ChildRow]] | None = None

    def rows(self, vault: Vault, changes: int) -> list[ChildRow]:
        """Return the children; `changes` counts the changes of the record that the console has seen. Blocks."""
        from storage.views import children

        held = self._held
        if held is None or held[0] != changes:
            held = self._held = changes, children.all_children(vault, include_left=True)
        return held[1]
