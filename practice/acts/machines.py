"""Acts on the school's machines: which there are, and what each has heard of the others."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from practice.acts.base import Body, Identifier, Line, Reason, kind
from practice.compartments import ADULTS, CHILDREN

MACHINES_LIMIT = 64
"""How many chains of acts a school's machines may have between them, restored ones and old ones counted."""
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{40,2000}={0,2}$")]
"""A public key, base64."""
Mac = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""The MAC of an act, in hexadecimal figures."""
Place = tuple[Annotated[int, Field(ge=0, lt=2**53)], Mac]
"""The number of a chain's last act, and that act's MAC."""


@kind("machine_added")
class MachineAdded(Body):
    """A machine of the school, with its public keys: its own acts stand in the chain of `device`.

    `signing` (Ed25519) signs what it hands on, `encryption` (X-Wing) is what others seal to, `transport` (Ed25519)
    says to a carrier who delivers.
    """

    machine: Identifier
    device: Identifier
    name: Line
    signing: Key
    encryption: Key
    transport: Key


@kind("machine_removed")
class MachineRemoved(Body):
    """A machine was lost or given up: nothing more is sealed to it, and nothing is taken from it."""

    machine: Identifier
    reason: Reason


@kind("machine_renewed")
class MachineRenewed(Body):
    """A machine that had been put back to an earlier state, or copied, goes on in a chain of its own.

    What it recorded under numbers that other acts bear too, from `first` of the chain `device`, was moved there.
    """

    device: Identifier
    first: Annotated[int, Field(ge=1, lt=2**53)]


@kind("machine_heard", CHILDREN, ADULTS)
class MachineHeard(Body):
    """Up to where this machine holds the others' chains; it binds them into its own, and tells them what has come."""

    heads: Annotated[dict[Identifier, Place], Field(max_length=MACHINES_LIMIT)]
