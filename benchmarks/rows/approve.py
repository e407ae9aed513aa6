"""Approving one entry for three partners: checked, signed, sealed, recorded and queued, beside jwcrypto alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.exchange import places
from benchmarks.frame import Pair, Row, timed

ORDER = 8.5


@contextmanager
def preparing(folder: Path, *, whole: bool) -> Iterator[Pair]:
    """One entry for three partners: approved as a whole, or its frozen bytes signed and sealed alone."""
    from jwcrypto.jwe import JWE
    from jwcrypto.jws import JWS

    from storage.views import sharing
    from sync import envelope, partners, shares
    from sync.membership import own_keys

    with places(folder, 4) as (_database, (school, *others)):
        keys = own_keys(school.vault)
        sets = [partners.key_set_of(sharing.partner(school.vault, other.org)) for other in others]
        made = school.frozen([other.org for other in others])
        payloads = [shares.preview(school.vault, share).payload.encode() for share, _ in made]

        def approve() -> float:
            frozen = school.frozen([other.org for other in others])
            return timed(lambda: [school.approve(share, digest) for share, digest in frozen])

        def seal() -> None:
            for payload, reader in zip(payloads, sets, strict=True):
                said = json.loads(payload)
                mid, ctr = said["mid"], said["ctr"]
                envelope.seal(
                    payload, sender=keys, recipient=reader, mid=mid, ctr=ctr, class_="data", exp=4_000_000_000
                )

        def sign_and_seal() -> None:
            for payload, reader in zip(payloads, sets, strict=True):
                signed = JWS(payload)
                signed.add_signature(keys.signing, None, '{"alg":"EdDSA"}')
                sealed = JWE(signed.serialize(compact=True).encode(), '{"alg":"ECDH-ES","enc":"A256GCM"}')
                sealed.add_recipient(reader.encryption[0])
                assert len(sealed.serialize(compact=True)) < envelope.MAX_ENVELOPE

        yield Pair(approve if whole else lambda: timed(seal), lambda: timed(sign_and_seal))


def prepare(folder: Path, _size: int) -> AbstractContextManager[Pair]:
    return preparing(folder, whole=True)


ROW = Row(
    "approve",
    "one entry approved for three partners: signed, sealed, recorded, queued",
    "jwcrypto signing and sealing the same bytes three times",
    1.5,
    prepare,
    sizes=(0,),
    rounds=15,
    note="approve: each approval is also an act, committed with a sync of the disk, and a file in the spool.",
)
