/**
 * Sealing to one receiver: ECDH-ES on P-256 with A256GCM and nothing else (RFC 7516 §7.1, RFC 7518 §4.6).
 *
 * Guarantees: a fresh key for each sealed part; the header's members are exactly `alg`, `enc`, `epk`, `kid`, `cty`. Deliberately
 * absent: opening; nothing is ever sealed to a wallet.
 */

import { concat, encodeBase64url, randomBytes, sha256, utf8, type Bytes } from "../bytes.js";
import { bare, jwkShape, type SealingKey } from "./keys.js";

const ENC = "A256GCM";

/** Seals a JSON content to a key. */
export async function sealTo(receiver: SealingKey, contentType: string, content: unknown): Promise<string> {
  const ephemeral = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", ephemeral.publicKey);
  const epk = bare(jwkShape({ kty: "EC", crv: "P-256", x, y }, "the ephemeral key"));
  const header = encodeBase64url(utf8(JSON.stringify({ alg: "ECDH-ES", enc: ENC, kid: receiver.kid, cty: contentType, epk })));
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: receiver.key }, ephemeral.privateKey, 256);
  const key = await contentKey(new Uint8Array(shared));
  const iv = randomBytes(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(header) }, key, utf8(JSON.stringify(content)));
  const bytes = new Uint8Array(sealed);
  const [text, tag] = [bytes.slice(0, -16), bytes.slice(-16)];
  return [header, "", encodeBase64url(iv), encodeBase64url(text), encodeBase64url(tag)].join(".");
}

/** One round of the Concat KDF with SHA-256, without party information (NIST SP 800-56A §5.8.1). */
async function contentKey(shared: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", await concatKdf(shared, ENC, "", "", 256), "AES-GCM", false, ["encrypt"]);
}

/** For the example of RFC 7518, appendix C, too. */
export async function concatKdf(shared: Bytes, algorithm: string, apu: string, apv: string, bits: number): Promise<Bytes> {
  const infos = [algorithm, apu, apv].map((info) => concat(bigEndian(utf8(info).length), utf8(info)));
  const hash = await sha256(concat(bigEndian(1), shared, ...infos, bigEndian(bits)));
  return hash.slice(0, bits / 8);
}

function bigEndian(number: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
