"""A partner of the exchange in one file: jwcrypto and httpx, nothing of dsl-console. See docs/protocol.md.

python partner.py STATE enrol URL CODE       join the hub with an invite code
python partner.py STATE read                 fetch, verify, answer with a receipt, acknowledge; one JSON line each
python partner.py STATE send ORG NAME TEXT   send an entry about NAME to ORG

STATE is a file that holds this partner's private keys: keep it as you keep keys. A real partner keeps them, and what it
has taken in, in its own database, and answers "shown" once a person has matched the entry to a child.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import httpx
from jwcrypto.common import JWException
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

USES = {"identity": "Ed25519", "transport": "Ed25519", "signing": "Ed25519", "encryption": "X25519"}
JSON, JOSE = {"content-type": "application/json"}, {"content-type": "application/jose"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def packed(value: dict) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def public(key: JWK) -> dict:
    return {**key.export_public(as_dict=True), "kid": key.thumbprint()}


def sign(payload: bytes, key: JWK, typ: str) -> str:
    token = JWS(payload)
    token.add_signature(key, None, json.dumps({"alg": "EdDSA", "kid": key.thumbprint(), "typ": typ}), None)
    return token.serialize(compact=True)


def verify(token: str, keys: list[dict], typ: str) -> bytes:
    """The payload, if one of these keys signed it for this purpose; an exception otherwise."""
    header = json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))
    if set(header) != {"alg", "kid", "typ"} or header["alg"] not in ("EdDSA", "ES256") or header["typ"] != typ:
        raise ValueError("signed for another purpose")
    key = next(each for each in (JWK(**each) for each in keys) if each.thumbprint() == header["kid"])
    checker = JWS()
    checker.allowed_algs = [header["alg"]]
    checker.deserialize(token, key)
    return checker.payload


def new_mid() -> str:
    """A UUID version 7: 48 bits of milliseconds, then chance."""
    number = time.time_ns() // 1_000_000 << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Partner:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = json.loads(path.read_text()) if path.exists() else {"keys": {}, "pins": {}, "seen": {}}
        self.keys = {use: JWK(**key) for use, key in self.state["keys"].items()}
        self.http, self.token = httpx.Client(base_url=self.state.get("url", ""), timeout=30), ""

    def keep(self) -> None:
        self.path.touch(0o600)
        self.path.write_text(json.dumps(self.state))

    def enrol(self, url: str, code: str) -> str:
        self.http.base_url = self.state["url"] = url
        org = self.state["org"] = self.ask("POST", "/v1/invite", packed({"code": code}), JSON)["org"]
        if not self.keys:
            self.keys = {use: JWK.generate(kty="OKP", crv=curve) for use, curve in USES.items()}
            self.state["keys"] = {use: key.export_private(as_dict=True) for use, key in self.keys.items()}
            self.keep()  # kept before the hub hears of them, so that a lost answer can be asked for again
        known = {"org": org, "name": "Example Children's Services", "kind": "social_care", "serial": 1, "revoked": []}
        known |= {use: [public(self.keys[use])] for use in ("encryption", "signing")}
        known |= {"identity": public(self.keys["identity"]), "iat": int(time.time())}
        key_set = sign(packed(known), self.keys["identity"], "scx-keys+jws")
        value = {"code": code, "key_set": key_set, "transport": public(self.keys["transport"])}
        found = self.ask("POST", "/v1/enrol", packed(value), JSON)
        self.state |= {"hub": found["hub_id"], "hub_keys": found["keys"]}
        return org

    def ask(self, method: str, path: str, content: bytes = b"", headers: dict | None = None) -> dict | str:
        answer = self.http.request(method, path, content=content, headers=headers or {})
        if answer.status_code >= 300:
            raise SystemExit(f"the hub said {answer.status_code}: {answer.text[:300]}")
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    def call(self, method: str, path: str, content: bytes = b"", headers: dict | None = None, signed: bool = False):
        now, org, hub = int(time.time()), self.state["org"], self.state["hub"]
        if not self.token:
            claims = {"iss": org, "sub": org, "aud": hub, "iat": now, "exp": now + 120, "jti": secrets.token_hex(16)}
            assertion = sign(packed(claims), self.keys["transport"], "JWT")
            form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
            answer = self.http.post("/oauth2/token", data={**form, "client_assertion": assertion})
            self.token = answer.raise_for_status().json()["access_token"]
        headers = {**(headers or {}), "authorization": f"Bearer {self.token}"}
        if signed:
            claims = {"aud": hub, "htm": method, "htu": path, "sha256": b64(sha256(content).digest())}
            claims |= {"iat": now, "jti": secrets.token_hex(16)}
            headers["scx-signature"] = sign(packed(claims), self.keys["signing"], "scx-request+jws")
        return self.ask(method, path, content, headers)

    def keys_of(self, org: str) -> dict:
        """A partner's key set: it holds in itself, and its identity key is the one that was seen first."""
        token = self.call("GET", f"/v1/orgs/{quote(org, safe=':')}/keys")
        claimed = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        found = json.loads(verify(token, [claimed["identity"]], "scx-keys+jws"))
        thumb = JWK(**found["identity"]).thumbprint()
        pin = self.state["pins"].setdefault(org, {"identity": thumb, "serial": found["serial"]})
        if found["org"] != org or thumb != pin["identity"] or found["serial"] < pin["serial"]:
            raise ValueError("this is not the key that was compared: telephone them before exchanging anything more")
        pin["serial"] = found["serial"]
        for use in ("signing", "encryption"):
            found[use] = [key for key in found[use] if JWK(**key).thumbprint() not in found["revoked"]]
        return found

    def post(self, to: str, ctr: str, kind: str, eid: str, rev: int, body: dict) -> str:
        mid, now, own = new_mid(), int(time.time()), self.state["org"]
        claims = {"mid": mid, "from": own, "to": to, "ctr": ctr, "type": kind, "eid": eid, "rev": rev, "prev": None}
        claims |= {"iat": now, "body": body, "pad": ""}
        claims["pad"] = "0" * (-len(packed(claims)) % 512)
        reader = JWK(**self.keys_of(to)["encryption"][0])
        sort = "data" if kind in ("entry", "correction") else "control"
        scx = {"v": 1, "mid": mid, "from": own, "to": to, "ctr": ctr, "class": sort, "exp": now + 30 * 86400}
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": reader.thumbprint(), "typ": "scx+jwe", "cty": "scx+jws"}
        sealed = JWE(sign(packed(claims), self.keys["signing"], "scx+jws"), json.dumps({**header, "scx": scx}))
        sealed.add_recipient(reader)
        token = sealed.serialize(compact=True)
        answer = self.call("PUT", f"/v1/messages/{mid}", token.encode(), JOSE)
        receipt = json.loads(verify(answer["receipt"], self.state["hub_keys"], "scx-receipt+jws"))
        if [mid, b64(sha256(token.encode()).digest())] != receipt["items"][0][:2]:
            raise SystemExit("the hub's receipt is of another message: it counts as not sent")
        return mid

    def open(self, token: str) -> dict:
        """The signed claims of an envelope for us; nothing of it is believed before its signature holds."""
        header, sealed = json.loads(urlsafe_b64decode(token.partition(".")[0] + "==")), JWE()
        if set(header) != {"alg", "enc", "kid", "epk", "typ", "cty", "scx"} or header["alg"] != "ECDH-ES":
            raise ValueError("not an envelope of the exchange")
        outside = header["scx"]
        sealed.allowed_algs = ["ECDH-ES", "A256GCM"]
        sealed.deserialize(token, self.keys["encryption"])
        claims = json.loads(verify(sealed.payload.decode(), self.keys_of(outside["from"])["signing"], "scx+jws"))
        same = all(claims[name] == outside[name] for name in ("mid", "from", "to", "ctr"))
        if outside["to"] != self.state["org"] or not same:
            raise ValueError("signed for another organisation, or under another address")
        return claims

    def read(self) -> int:
        page = self.call("GET", "/v1/inbox?limit=100")
        for item in page["items"]:
            try:
                claims = self.open(item["jose"])
            except (JWException, ValueError, KeyError, StopIteration) as fault:  # one bad message never blocks the rest
                print(json.dumps({"pos": item["pos"], "refused": type(fault).__name__}))
                continue
            seen, about = self.state["seen"], f"{claims['from']} {claims['eid']}"
            if claims["type"] in ("entry", "correction", "withdrawal"):
                # The highest revision wins, whatever the order of arrival.
                seen[about] = max(seen.get(about, 0), claims["rev"])
                now = datetime.now(UTC).isoformat(timespec="seconds")
                body = {"status": "stored", "code": None, "re": claims["mid"], "eid": claims["eid"]}
                body |= {"rev": claims["rev"], "role": "Duty social worker", "at": now}
                self.post(claims["from"], claims["ctr"], "receipt", claims["eid"], claims["rev"], body)
            print(json.dumps({name: claims[name] for name in ("type", "from", "eid", "rev", "body")}))
            self.keep()  # taken in for good, before the hub may erase it
        ack = packed({"pos": [item["pos"] for item in page["items"]], "epoch": page["epoch"]})
        self.call("POST", "/v1/inbox:ack", ack, JSON, signed=True)
        return len(page["items"])

    def send(self, to: str, name: str, text: str) -> str:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        body = {"occurred": {"text": "today"}, "recorded_at": now, "event": text, "kind": "agency_contact"}
        body |= {"author_role": "Social worker", "approved_by_role": "Team manager", "approved_at": now}
        body |= {"child": {"name": name}}
        return self.post(to, secrets.token_hex(16), "entry", new_mid(), int(time.time()), body)


if __name__ == "__main__":
    partner, what, rest = Partner(Path(sys.argv[1])), sys.argv[2], sys.argv[3:]
    said = {"enrol": partner.enrol, "read": partner.read, "send": partner.send}[what](*rest)
    partner.keep()
    print(json.dumps({"done": said}))
