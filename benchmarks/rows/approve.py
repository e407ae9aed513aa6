"""Approving one entry for three partners: checked, signed, sealed, recorded and queued, beside jwcrypto alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.exchange import places
from benchmarks.frame import Pair, Row, timed

ORDER = 8.5


@contextmanager
def prepare(folder: Path, _size: int) -> Iterator[Pair]:
    from jwcrypto.jwe import JWE
    from jwcrypto.jws import JWS

    from storage.views import sharing
    from sync import envelope, partners, shares
    from sync.membership import own_keys

    with places(folder, 4) as (_database, (school, *others)):
        keys = own_keys(school.vault)
        sets = [partners.key_set_of(sharing.partner(school.vault, other.org)) for other in others]
        recipients = [each.encryption[0] for each in sets]
        made = school.frozen([other.org for other in others])
        payload = shares.preview(school.vault, made[0][0]).payload.encode()

        def ours() -> float:
            frozen = school.frozen([other.org for other in others])
            return timed(lambda: [school.approve(share, digest) for share, digest in frozen])

        def sign_and_seal() -> None:
            for recipient in recipients:
                signed = JWS(payload)
                signed.add_signature(keys.signing, None, '{"alg":"EdDSA"}')
                sealed = JWE(signed.serialize(compact=True).encode(), '{"alg":"ECDH-ES","enc":"A256GCM"}')
                sealed.add_recipient(recipient)
                assert len(sealed.serialize(compact=True)) < envelope.MAX_ENVELOPE

        yield Pair(ours, lambda: timed(sign_and_seal))


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
