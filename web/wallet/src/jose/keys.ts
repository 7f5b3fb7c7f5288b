/**
 * Public keys as the federation publishes them, and the citizen's own (RFC 7517, RFC 7638, RFC 8037).
 *
 * Guarantees: P-256 and Ed25519 alone; a `kid` that is there is the thumbprint; the algorithm belongs to the key and is never
 * read from a token; private members make a key unreadable.
 */

import { decodeBase64url, hash64, type Bytes } from "../bytes.js";
import { untrusted } from "../fault.js";
import { closed, keyId, maybe, numericDate, text, word, type Of } from "../json/shape.js";

/** A published key. */
export const jwkShape = closed({
  kty: word("EC", "OKP"),
  crv: word("P-256", "Ed25519"),
  x: text(/^[A-Za-z0-9_-]{43}$/),
  y: maybe(text(/^[A-Za-z0-9_-]{43}$/)),
  kid: maybe(keyId),
  use: maybe(text()),
  alg: maybe(text()),
  iat: maybe(numericDate),
  exp: maybe(numericDate),
  revoked: maybe(closed({ revoked_at: numericDate, reason: text() })),
});
/** A published key. */
export type Jwk = Of<typeof jwkShape>;

/** A key that verifies signatures of one algorithm. */
export interface VerifyingKey {
  readonly kid: string;
  readonly alg: "ES256" | "EdDSA";
  readonly jwk: Jwk;
  verifies(signed: Bytes, signature: Bytes): Promise<boolean>;
}

/** The members that make the key, in the order of RFC 7638. */
export function required(jwk: Jwk): string {
  return jwk.kty === "EC"
    ? JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })
    : JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x });
}

/** The key alone, as proofs carry it. */
export function bare(jwk: Jwk): { kty: string; crv: string; x: string; y?: string } {
  return jwk.kty === "EC" ? { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y ?? "" } : { kty: jwk.kty, crv: jwk.crv, x: jwk.x };
}

/** RFC 7638 thumbprint. */
export function thumbprint(jwk: Jwk): Promise<string> {
  return hash64(required(jwk));
}

async function checkedKid(jwk: Jwk): Promise<string> {
  const kid = await thumbprint(jwk);
  if (jwk.kid !== undefined && jwk.kid !== kid) throw untrusted("a key's id is not its thumbprint");
  const point = jwk.kty === "EC" ? jwk.crv === "P-256" && jwk.y !== undefined : jwk.crv === "Ed25519" && jwk.y === undefined;
  if (!point || decodeBase64url(jwk.x) === null || (jwk.y !== undefined && decodeBase64url(jwk.y) === null)) {
    throw untrusted("a key is not P-256 or Ed25519");
  }
  return kid;
}

/** Takes a public key that is to verify signatures. Throws if it is meant for something else, or this browser lacks Ed25519. */
export async function verifyingKey(jwk: Jwk): Promise<VerifyingKey> {
  const kid = await checkedKid(jwk);
  const alg = jwk.kty === "EC" ? "ES256" : "EdDSA";
  if ((jwk.use !== undefined && jwk.use !== "sig") || (jwk.alg !== undefined && jwk.alg !== alg)) {
    throw untrusted("a key is meant for another use");
  }
  const [generated, used] =
    alg === "ES256"
      ? [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }]
      : [{ name: "Ed25519" }, { name: "Ed25519" }];
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("jwk", bare(jwk), generated, true, ["verify"]);
  } catch {
    throw untrusted(alg === "EdDSA" ? "this browser cannot read Ed25519 keys" : "a key's point is not valid");
  }
  return {
    kid, alg, jwk,
    verifies: (signed, signature) => crypto.subtle.verify(used, key, signature, signed),
  };
}

/** A key to which something can be sealed. */
export interface SealingKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** Takes a public key that is to receive sealed parts. */
export async function sealingKey(jwk: Jwk): Promise<SealingKey> {
  const kid = await checkedKid(jwk);
  if ((jwk.use !== undefined && jwk.use !== "enc") || (jwk.alg !== undefined && jwk.alg !== "ECDH-ES") || jwk.kty !== "EC") {
    throw untrusted("a key is meant for another use");
  }
  try {
    return { kid, key: await crypto.subtle.importKey("jwk", bare(jwk), { name: "ECDH", namedCurve: "P-256" }, true, []) };
  } catch {
    throw untrusted("a key's point is not valid");
  }
}

/** One of the citizen's keys: its private part cannot leave the browser. */
export interface SigningKey {
  readonly kid: string;
  readonly jwk: Jwk;
  readonly did: string;
  readonly pair: CryptoKeyPair;
}

/** Makes a key whose private part is not extractable. */
export async function generateKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  return signingKey(pair);
}

/** Reads the public part of a pair that was kept. */
export async function signingKey(pair: CryptoKeyPair): Promise<SigningKey> {
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const jwk: Jwk = jwkShape({ kty: "EC", crv: "P-256", x, y }, "the key");
  return { kid: await thumbprint(jwk), jwk, did: did(jwk), pair };
}

/** The one spelling of a key as `did:jwk` (RFC 8785 over the required members). */
export function did(jwk: Jwk): string {
  const bytes = new TextEncoder().encode(required(jwk));
  return `did:jwk:${btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

/** Signs bytes: r and s, 64 bytes (RFC 7518 §3.4). */
export async function sign(key: SigningKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.pair.privateKey, bytes));
}
