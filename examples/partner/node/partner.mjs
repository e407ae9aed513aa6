// A partner of the exchange in Node 20 or newer, with jose and nothing else. See docs/protocol.md.
//
//   node partner.mjs STATE enrol URL CODE       join the hub with an invite code
//   node partner.mjs STATE read                 fetch, verify, answer with a receipt, acknowledge; one JSON line each
//   node partner.mjs STATE send ORG NAME TEXT   send an entry about NAME to ORG
//   node partner.mjs vectors FILE               open and refuse the published test vectors
//
// STATE is a file that holds this partner's private keys: keep it as you keep keys.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as jose from "jose";

const JSON_TYPE = { "content-type": "application/json" };
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const USES = { identity: "EdDSA", transport: "EdDSA", signing: "EdDSA", encryption: "ECDH-ES" };
const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder("utf-8", { fatal: true }).decode(data);
const sha256 = (data) => createHash("sha256").update(data).digest("base64url");
const now = () => Math.floor(Date.now() / 1000);
const fields = (...names) => names.sort().join();
const decoded = (part) => JSON.parse(text(jose.base64url.decode(part)));

// JSON with sorted names and no spaces, which is what the padding is counted on.
function packed(value) {
  const sorted = (each) =>
    Array.isArray(each) ? each.map(sorted)
    : each && typeof each === "object" ? Object.fromEntries(Object.keys(each).sort().map((name) => [name, sorted(each[name])]))
    : each;
  return JSON.stringify(sorted(value));
}

async function named({ kty, crv, x, y }) {
  const jwk = { kty, crv, x, ...(y ? { y } : {}) };
  return { ...jwk, kid: await jose.calculateJwkThumbprint(jwk) };
}

async function sign(payload, key, typ) {
  const { kid } = await named(key);
  return new jose.CompactSign(bytes(payload)).setProtectedHeader({ alg: "EdDSA", kid, typ }).sign(await jose.importJWK(key, "EdDSA"));
}

// The payload, if one of these keys signed it for this purpose.
async function verify(token, keys, typ) {
  const header = jose.decodeProtectedHeader(token);
  if (fields(...Object.keys(header)) !== "alg,kid,typ" || header.typ !== typ) throw new Error("signed for another purpose");
  for (const key of await Promise.all(keys.map(named))) {
    if (key.kid !== header.kid) continue;
    const found = await jose.compactVerify(token, await jose.importJWK(key, header.alg), { algorithms: ["EdDSA", "ES256"] });
    return text(found.payload);
  }
  throw new Error("the key that signed this is not known");
}

// What lies in an envelope for this reader, not yet verified: the outside address and the signed part.
async function unseal(token, reader) {
  const { kid } = await named(reader);
  const allowed = { contentEncryptionAlgorithms: ["A256GCM"] };
  if (token.startsWith("{")) {
    const whole = JSON.parse(token);
    const mine = whole.recipients.find((each) => each.header.kid === kid);
    const one = { ...whole, recipients: [mine] };
    const key = await jose.importJWK(reader, "ECDH-ES+A256KW");
    const found = await jose.generalDecrypt(one, key, { ...allowed, keyManagementAlgorithms: ["ECDH-ES+A256KW"] });
    return { outside: found.protectedHeader.scx, jws: text(found.plaintext) };
  }
  const header = jose.decodeProtectedHeader(token);
  if (fields(...Object.keys(header)) !== "alg,cty,enc,epk,kid,scx,typ") throw new Error("not an envelope of the exchange");
  const key = await jose.importJWK(reader, "ECDH-ES");
  const found = await jose.compactDecrypt(token, key, { ...allowed, keyManagementAlgorithms: ["ECDH-ES"] });
  return { outside: header.scx, jws: text(found.plaintext) };
}

// The signed bytes of an envelope for us; nothing of it is believed before its signature holds.
async function open(token, reader, own, keysOf) {
  const { outside, jws } = await unseal(token, reader);
  const payload = await verify(jws, (await keysOf(outside.from)).signing, "scx+jws");
  const claims = JSON.parse(payload);
  const same = ["mid", "from", "to", "ctr"].every((name) => claims[name] === outside[name]);
  if (outside.to !== own || !same) throw new Error("signed for another organisation, or under another address");
  return payload;
}

async function readKeySet(token) {
  const claimed = decoded(token.split(".")[1]);
  const found = JSON.parse(await verify(token, [claimed.identity], "scx-keys+jws"));
  const usable = async (keys) => (await Promise.all(keys.map(named))).filter((key) => !found.revoked.includes(key.kid));
  const [signing, encryption] = [await usable(found.signing), await usable(found.encryption)];
  return { ...found, signing, encryption, thumb: (await named(found.identity)).kid };
}

class Partner {
  constructor(path) {
    this.path = path;
    this.state = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { pins: {}, seen: {} };
  }

  keep() {
    writeFileSync(this.path, JSON.stringify(this.state), { mode: 0o600 });
  }

  async ask(method, path, body, headers = {}) {
    const answer = await fetch(this.state.url + path, { method, body, headers, redirect: "error" });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`the hub said ${answer.status}: ${said.slice(0, 300)}`);
    return answer.headers.get("content-type").includes("json") ? JSON.parse(said) : said;
  }

  async enrol(url, code) {
    this.state.url = url;
    this.state.org = (await this.ask("POST", "/v1/invite", packed({ code }), JSON_TYPE)).org;
    if (!this.state.keys) {
      this.state.keys = {};
      for (const [use, alg] of Object.entries(USES)) {
        const crv = use === "encryption" ? "X25519" : "Ed25519";
        const { privateKey } = await jose.generateKeyPair(alg, { crv, extractable: true });
        this.state.keys[use] = await jose.exportJWK(privateKey);
      }
      this.keep(); // kept before the hub hears of them, so that a lost answer can be asked for again
    }
    const { identity, transport, signing, encryption } = this.state.keys;
    const known = { org: this.state.org, name: "Example Police Unit", kind: "police", serial: 1, iat: now(), revoked: [] };
    const lists = { identity: await named(identity), signing: [await named(signing)], encryption: [await named(encryption)] };
    const keySet = await sign(packed({ ...known, ...lists }), identity, "scx-keys+jws");
    const value = { code, key_set: keySet, transport: await named(transport) };
    const found = await this.ask("POST", "/v1/enrol", packed(value), JSON_TYPE);
    Object.assign(this.state, { hub: found.hub_id, hubKeys: found.keys });
    this.keep();
    return this.state.org;
  }

  async call(method, path, body, headers = {}, signed = false) {
    const { org, hub, keys } = this.state;
    if (!this.token) {
      const claims = { iss: org, sub: org, aud: hub, iat: now(), exp: now() + 120, jti: randomBytes(16).toString("hex") };
      const client_assertion = await sign(packed(claims), keys.transport, "JWT");
      const form = { grant_type: "client_credentials", client_assertion_type: ASSERTION, client_assertion };
      this.token = (await this.ask("POST", "/oauth2/token", new URLSearchParams(form))).access_token;
    }
    const all = { ...headers, authorization: `Bearer ${this.token}` };
    if (signed) {
      const claims = { aud: hub, htm: method, htu: path, sha256: sha256(body), iat: now(), jti: randomBytes(16).toString("hex") };
      all["scx-signature"] = await sign(packed(claims), keys.signing, "scx-request+jws");
    }
    return this.ask(method, path, body, all);
  }

  // A partner's key set: it holds in itself, and its identity key is the one that was seen first.
  async keysOf(org) {
    const found = await readKeySet(await this.call("GET", `/v1/orgs/${org}/keys`));
    const pin = (this.state.pins[org] ??= { identity: found.thumb, serial: found.serial });
    if (found.org !== org || found.thumb !== pin.identity || found.serial < pin.serial) {
      throw new Error("this is not the key that was compared: telephone them before exchanging anything more");
    }
    pin.serial = found.serial;
    return found;
  }

  async post(to, ctr, type, eid, rev, body) {
    const [mid, from, iat] = [newMid(), this.state.org, now()];
    const claims = { mid, from, to, ctr, type, eid, rev, prev: null, iat, body, pad: "" };
    const bare = bytes(packed(claims)).length;
    claims.pad = "0".repeat((512 - (bare % 512)) % 512);
    const jws = await sign(packed(claims), this.state.keys.signing, "scx+jws");
    const reader = (await this.keysOf(to)).encryption[0];
    const kind = ["entry", "correction"].includes(type) ? "data" : "control";
    const scx = { v: 1, mid, from, to, ctr, class: kind, exp: iat + 30 * 86400 };
    const header = { alg: "ECDH-ES", enc: "A256GCM", kid: reader.kid, typ: "scx+jwe", cty: "scx+jws", scx };
    const token = await new jose.CompactEncrypt(bytes(jws)).setProtectedHeader(header).encrypt(await jose.importJWK(reader, "ECDH-ES"));
    const answer = await this.call("PUT", `/v1/messages/${mid}`, token, { "content-type": "application/jose" });
    const receipt = JSON.parse(await verify(answer.receipt, this.state.hubKeys, "scx-receipt+jws"));
    if (receipt.items[0][0] !== mid || receipt.items[0][1] !== sha256(token)) throw new Error("the receipt is of another message");
    return mid;
  }

  async read() {
    const page = await this.call("GET", "/v1/inbox?limit=100");
    for (const item of page.items) {
      let claims;
      try {
        claims = JSON.parse(await open(item.jose, this.state.keys.encryption, this.state.org, (org) => this.keysOf(org)));
      } catch (fault) {
        console.log(JSON.stringify({ pos: item.pos, refused: fault.name })); // one bad message never blocks the rest
        continue;
      }
      const { type, from, eid, rev, mid, ctr, body } = claims;
      if (["entry", "correction", "withdrawal"].includes(type)) {
        const about = `${from} ${eid}`;
        this.state.seen[about] = Math.max(this.state.seen[about] ?? 0, rev); // the highest revision wins
        const at = new Date().toISOString();
        await this.post(from, ctr, "receipt", eid, rev, { status: "stored", code: null, re: mid, eid, rev, role: "Duty sergeant", at });
      }
      console.log(JSON.stringify({ type, from, eid, rev, body }));
      this.keep(); // taken in for good, before the hub may erase it
    }
    const ack = packed({ pos: page.items.map((item) => item.pos), epoch: page.epoch });
    await this.call("POST", "/v1/inbox:ack", ack, JSON_TYPE, true);
    return page.items.length;
  }

  async send(to, name, event) {
    const at = new Date().toISOString();
    const who = { author_role: "Constable", approved_by_role: "Sergeant", approved_at: at, child: { name } };
    const body = { occurred: { text: "last night" }, recorded_at: at, event, kind: "agency_contact", ...who };
    const mid = await this.post(to, randomBytes(16).toString("hex"), "entry", newMid(), now(), body);
    this.keep();
    return mid;
  }
}

// A UUID version 7: 48 bits of milliseconds, then chance.
function newMid() {
  const data = randomBytes(16);
  data.writeUIntBE(Date.now(), 0, 6);
  data[6] = (data[6] & 0x0f) | 0x70;
  data[8] = (data[8] & 0x3f) | 0x80;
  return data.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Open what must open to exactly these bytes, and refuse the rest.
async function vectors(path) {
  const found = JSON.parse(readFileSync(path, "utf8"));
  const keysOf = (org) => readKeySet(found.key_sets[org]);
  const tried = (each) => open(each.jose, found.keys[each.reader].encryption, each.reader, keysOf).catch(() => null);
  for (const each of found.good) if ((await tried(each)) !== each.payload) throw new Error(`not opened: ${each.why}`);
  for (const each of found.refused) if ((await tried(each)) !== null) throw new Error(`not refused: ${each.why}`);
  for (const each of found.key_sets_refused) {
    if ((await readKeySet(each.jws).catch(() => null)) !== null) throw new Error(`not refused: ${each.why}`);
  }
  return { opened: found.good.length, refused: found.refused.length };
}

const [first, what, ...rest] = process.argv.slice(2);
const partner = first === "vectors" ? null : new Partner(first);
const done = partner ? await { enrol: (u, c) => partner.enrol(u, c), read: () => partner.read(), send: (o, n, t) => partner.send(o, n, t) }[what](...rest) : await vectors(what);
console.log(JSON.stringify({ done }));
