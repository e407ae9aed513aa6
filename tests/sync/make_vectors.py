"""Write tests/sync/vectors.json: envelopes that other implementations must open, or refuse, as we do.

Run from the root: `PYTHONPATH=. python tests/sync/make_vectors.py`. The keys are made up here and serve no one.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any, Literal

from sync import envelope, identity
from sync.hub import jose
from sync.identity import KeySet, OrgKeys, read_key_set

CTR = "b3f1a6b27c5d4e0f9a8b7c6d5e4f3a2b"
EXP = 1_800_000_000
IAT = 1_790_000_000


def main() -> None:
    school, council = identity.generate("urn:scx:gb:urn:100123"), identity.generate("urn:scx:gb:la:301")
    sets = {
        "urn:scx:gb:urn:100123": school.public_key_set(1, name="Invented School", kind="school", iat=IAT),
        "urn:scx:gb:la:301": council.public_key_set(1, name="Invented Council", kind="social_care", iat=IAT),
    }
    read = {org: read_key_set(jws, None) for org, jws in sets.items()}

    def message(number: int, type_: str, body: dict[str, Any]) -> bytes:
        return envelope.build_payload(
            mid=f"01932f7e-7b1c-7000-8000-{number:012x}",
            from_=school.org,
            to=council.org,
            ctr=CTR,
            type_=type_,
            eid=f"entry-{number}",
            rev=IAT + number,
            prev=None,
            iat=IAT,
            body=body,
        )

    def payload(number: int, event: str) -> bytes:
        body = {"event": event, "occurred": {"text": "?22 May 2026"}, "recorded_at": "2026-11-21T09:00:00+00:00"}
        return message(number, "entry", body)

    def sealed(data: bytes, recipient: KeySet, keys: OrgKeys = school) -> str:
        said = json.loads(data)
        class_: Literal["data", "control"] = "data" if said["type"] == "entry" else "control"
        return envelope.seal(data, sender=keys, recipient=recipient, mid=said["mid"], ctr=CTR, class_=class_, exp=EXP)

    texts = ["She said [he hit me] [Yr 9] [red]x[/red]", "", "Caf\u00e9 \u2019 \U0001f9e1\nsecond line", "long " * 2000]
    good = [(data, sealed(data, read[council.org])) for data in (payload(i, text) for i, text in enumerate(texts, 1))]
    several = KeySet(
        **{**vars(read[council.org]), "encryption": (read[council.org].encryption[0], read[school.org].encryption[0])}
    )
    good.append((payload(9, "several readers"), sealed(payload(9, "several readers"), several)))
    moment = "2026-11-21T15:00:00+00:00"
    answer = {
        "status": "stored",
        "code": None,
        "re": "01932f7e-7b1c-7000-8000-000000000001",
        "eid": "entry-1",
        "rev": 1,
    }
    bodies = {
        "receipt": answer | {"role": "Designated Safeguarding Lead", "at": moment},
        "withdrawal": {"reason": "It was about another child.", "re": answer["re"], "role": "DSL", "at": moment},
        "resync?": {"role": "DSL"},
    }
    good += [
        (data, sealed(data, read[council.org]))
        for data in (message(number, type_, body) for number, (type_, body) in enumerate(bodies.items(), 20))
    ]
    token = good[0][1]
    head, _, rest = token.partition(".")
    header = json.loads(jose.unb64u(head))

    def altered(**change: object) -> str:
        text = json.dumps({**header, **change}, sort_keys=True, separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).rstrip(b"=").decode() + "." + rest

    bad = [
        ("algorithm", "alg none", altered(alg="none")),
        ("algorithm", "alg RSA1_5", altered(alg="RSA1_5")),
        ("algorithm", "zip", altered(zip="DEF")),
        ("algorithm", "crit", altered(crit=["exp"])),
        ("schema", "a member that does not belong", altered(name="x")),
        ("bad-signature", "header changed after sealing", altered(scx={**header["scx"], "exp": EXP + 1})),
        ("bad-signature", "last byte of the tag changed", token[:-2] + ("AA" if token[-2:] != "AA" else "BA")),
        ("schema", "cut short", token[: len(token) // 2]),
    ]
    # What a party could try: sealing another's signed words for a third reader, or signing with keys nobody published.
    stranger = identity.generate(school.org)
    retired = KeySet(**{**vars(read[council.org]), "encryption": (identity.fresh_encryption_key(),)})
    rewrapped = envelope._wrap(
        jose.sign(good[0][0], school.signing, "scx+jws"),
        read[council.org].encryption,
        {
            **header["scx"],
            "mid": "01932f7e-7b1c-7000-8000-0000000000ff",
        },
    )
    elsewhere = json.loads(good[0][0]) | {"to": "urn:scx:demo:police"}
    moved = envelope._wrap(
        jose.sign(jose.canonical(elsewhere), school.signing, "scx+jws"), read[council.org].encryption, header["scx"]
    )
    bad += [
        (
            "unknown-key",
            "signed by a key that is not in the sender's key set",
            sealed(payload(30, "x"), read[council.org], stranger),
        ),
        ("unknown-key", "sealed for a key that the reader does not hold", sealed(payload(31, "x"), retired)),
        ("schema", "signed words under another mid", rewrapped),
        ("not-ours", "words that were signed for another organisation, sealed for this one", moved),
    ]
    fresh, second = sets[school.org], school.public_key_set(2, name="Invented School", kind="school", iat=IAT)
    head, claims, _ = second.split(".")
    key_sets = [
        ("another serial under an old signature", ".".join((head, claims, fresh.split(".")[2]))),
        ("signed for another purpose", jose.sign(jose.unb64u(claims), school.identity, "scx+jws")),
        ("signed by the signing key", jose.sign(jose.unb64u(claims), school.signing, identity.KEY_SET_TYPE)),
    ]
    found = {
        "about": "Keys made up for these vectors. Each `good` opens to `payload`; each `refused` gives `code`.",
        "keys": {keys.org: json.loads(keys.to_secret()) for keys in (school, council)},
        "key_sets": sets,
        "words": {org: identity.fingerprint_words(known.identity_thumbprint) for org, known in read.items()},
        "good": [{"reader": council.org, "payload": data.decode(), "jose": text} for data, text in good],
        "refused": [{"reader": council.org, "code": code, "why": why, "jose": text} for code, why, text in bad],
        "key_sets_refused": [{"why": why, "jws": text} for why, text in key_sets],
    }
    place = Path(__file__).parent / "vectors.json"
    place.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
