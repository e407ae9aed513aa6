"""Which way messages to and from each partner go: the hub, a folder, an SFTP server, or by hand (protocol: §7)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.acts import PartnerCarried, build
from practice.errors import Refused
from practice.text import visible
from storage import secrets_table
from storage.views import sharing
from sync.membership import own_keys

if TYPE_CHECKING:
    from storage.vault import Vault
    from storage.views.sharing import PartnerRow, WayRow
    from sync.carriers.files import FileCarrier

SFTP_KEY = "sftp"
"""Under which name the vault keeps the private key that it shows SFTP servers."""
DONE_BY_US = ("folder", "sftp")


@dataclass(frozen=True)
class Place:
    """One folder or server, and the partners whose messages go there."""

    way: str
    place: str
    host_key: str
    orgs: frozenset[str]

    @property
    def key(self) -> str:
        """Return the name under which it is kept how far the exchange with this place has come."""
        return "way-" + hashlib.sha256(f"{self.way} {self.place}".encode()).hexdigest()[:24]


def places(vault: Vault) -> list[Place]:
    """Return the folders and servers in use, each once, with the partners that were not removed."""
    here = {row.org for row in sharing.partners(vault)}
    found: dict[tuple[str, str, str], set[str]] = {}
    for row in sharing.ways(vault).values():
        if row.way in DONE_BY_US and row.org in here:
            found.setdefault((row.way, row.place, row.host_key), set()).add(row.org)
    return [Place(*where, frozenset(orgs)) for where, orgs in sorted(found.items())]


def names(vault: Vault, orgs: Collection[str]) -> str:
    """Return partners' names, to stand in a sentence."""
    return ", ".join(visible(row.name) for row in sharing.partners(vault, removed=True) if row.org in orgs)


def carrier(vault: Vault, place: Place) -> FileCarrier:
    """Return the carrier of a place; nothing is asked of it yet."""
    secret = sftp_secret(vault) if place.way == "sftp" else b""
    return carrier_of(place, own_keys(vault).org, secret)


def carrier_of(place: Place, org: str, secret: bytes) -> FileCarrier:
    """Return the carrier of a place for an organisation, also without its vault."""
    if place.way == "sftp":
        from sync.carriers.sftp import sftp_carrier

        return sftp_carrier(place.place, place.host_key, secret, org)
    from sync.carriers.folder import folder_carrier

    return folder_carrier(place.place, org)


def sftp_secret(vault: Vault) -> bytes:
    """Return the private key that this organisation shows SFTP servers; made at the first need."""
    from sync.carriers.sftp import new_key

    with vault.read() as connection:
        kept = secrets_table.get(connection, SFTP_KEY)
    if kept is not None:
        return kept
    with vault.write() as unit:
        made = secrets_table.get(unit.connection, SFTP_KEY) or new_key()
        secrets_table.put(unit.connection, SFTP_KEY, made)
    return made


# -- what a person sets ------------------------------------------------------------------------------------------------


def by_hub(vault: Vault, partner: PartnerRow) -> None:
    """Let messages go by the hub again."""
    _record(vault, partner, "hub")


def by_hand(vault: Vault, partner: PartnerRow) -> None:
    """Let messages be carried by people, in sealed bundles."""
    _record(vault, partner, "hand")


def by_folder(vault: Vault, partner: PartnerRow, folder: str) -> str:
    """Let messages go by a folder, which must be there; return its whole path."""
    from sync.carriers.folder import checked_folder

    place = checked_folder(folder)
    if place == str(vault.folder) or place.startswith(f"{vault.folder}/"):
        raise Refused("That folder is the vault's own. Nothing was changed.", hint="Choose one that the partner sees.")
    _record(vault, partner, "folder", place)
    return place


def by_sftp(vault: Vault, partner: PartnerRow, address: str, host_key: str) -> str:
    """Let messages go by an SFTP server whose host key was compared; return our public key for its operator."""
    from sync.carriers import sftp

    server = sftp.parse(address)
    if not sftp.FINGERPRINT.fullmatch(host_key.strip()):
        raise Refused(
            "That is no fingerprint of a host key. Nothing was changed.",
            hint="Ask the server's operator for it; it looks like SHA256:… with 43 characters.",
        )
    line = sftp.public_line(sftp_secret(vault))
    _record(vault, partner, "sftp", server.url, host_key.strip())
    return line


def _record(vault: Vault, partner: PartnerRow, way: str, place: str = "", host_key: str = "") -> None:
    own_keys(vault)  # whoever holds no keys of the organisation exchanges nothing, on any way
    vault.record(build(PartnerCarried, {"org": partner.org, "way": way, "place": place, "host_key": host_key}))


def words(row: WayRow | None) -> str:
    """Say in a few words which way messages go."""
    if row is None:
        return "by the hub"
    return {
        "folder": f"by the folder {visible(row.place)}",
        "sftp": f"by SFTP, {visible(row.place)}",
        "hand": "by hand, in sealed bundles",
    }[row.way]
