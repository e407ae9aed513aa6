"""What the school says of itself: the telephone numbers that stand before everybody, also before unlock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.acts import Phones, SchoolSet, build
from practice.compartments import CHILDREN
from storage.header import public_settings
from storage.people import editing

if TYPE_CHECKING:
    from storage.vault import Vault


def set_phones(vault: Vault, **phones: str) -> SchoolSet:
    """Set telephone numbers (front_door, out_of_hours, lado, chair_of_governors) and return the school as it is now.

    The header holds them too, so that a reporter without a key can read them. Cards that were written before carry
    the old numbers, and say so by their words.
    """
    school = vault.school
    numbers = build(SchoolSet, {"name": school.name, "phones": school.phones.model_dump() | phones}).phones
    assert isinstance(numbers, Phones)
    changed = school.model_copy(update={"phones": numbers})
    with editing(vault.folder) as header:
        header.public = public_settings(changed)
        header.generation += 1
        with vault.write() as unit:
            unit.record(changed)
            header.write(vault.folder, {CHILDREN: vault.compartment_key})
            vault.take_header(header)
    return changed
