// What this wallet asks of cryptography, by jose and Node alone; and the callbacks that the OpenID libraries want.
import { createHash, randomBytes, webcrypto } from 'node:crypto';

// Node 18 has it without the global name.
globalThis.crypto ??= webcrypto;
const jose = await import('jose');

export const now = () => Math.floor(Date.now() / 1000);
export const sha256 = (data) => createHash('sha256').update(data).digest();
export const digest = (data) => `sha256:${sha256(data).toString('hex')}`;
export const base64url = (data) => Buffer.from(data).toString('base64url');
export const instant = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** A UUID of version 7 (RFC 9562 §5.7). */
export function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export async function newKey() {
  const { privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  return jose.exportJWK(privateKey);
}

export function publicPart({ kty, crv, x, y }) {
  return { kty, crv, x, y };
}

/** did:jwk with the members in the order of RFC 8785, as the method's examples have them. */
export function didOf(jwk) {
  const { kty, crv, x, y } = jwk;
  return `did:jwk:${base64url(JSON.stringify({ crv, kty, x, y }))}`;
}

export async function sign(jwk, header, payload) {
  const key = await jose.importJWK(jwk, 'ES256');
  return new jose.CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(key);
}

/** Signs what is already `header.payload`. */
export async function signatureOver(jwk, data) {
  const key = await jose.importJWK(jwk, 'ES256');
  const [header, payload] = data.split('.');
  const signed = await new jose.FlattenedSign(Buffer.from(payload, 'base64url'))
    .setProtectedHeader(JSON.parse(Buffer.from(header, 'base64url').toString()))
    .sign(key);
  if (`${signed.protected}.${signed.payload}` !== data) throw new Error('the library writes its header otherwise');
  return signed.signature;
}

export async function verify(token, jwk, typ) {
  const key = await jose.importJWK(jwk, jwk.alg ?? (jwk.kty === 'OKP' ? 'EdDSA' : 'ES256'));
  const { payload } = await jose.jwtVerify(token, key, { typ, clockTolerance: 10 });
  return payload;
}

export const header = (token) => jose.decodeProtectedHeader(token);
export const unverified = (token) => jose.decodeJwt(token);
export const thumbprint = (jwk) => jose.calculateJwkThumbprint(jwk, 'sha256');

/** ECDH-ES with A256GCM to a key of somebody else. */
export async function seal(jwk, plaintext, more = {}, agreement = {}) {
  const key = await jose.importJWK(jwk, 'ECDH-ES');
  return new jose.CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: jwk.kid, ...more })
    .setKeyManagementParameters(agreement)
    .encrypt(key);
}

/** A key of a set by its thumbprint, whatever it calls itself. */
export async function keyOf(jwks, kid) {
  for (const jwk of jwks.keys) if ((await thumbprint(jwk)) === kid) return jwk;
  throw new Error(`no key ${kid}`);
}

/** The callbacks of @openid4vc; `keys` are the private keys that it may sign with, `signers` finds those of others. */
export function callbacks({ fetch, keys = [], verifyJwt }) {
  return {
    fetch,
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: (bytes) => randomBytes(bytes),
    clientAuthentication: () => {},
    verifyJwt,
    decryptJwe: () => ({ decrypted: false }),
    async signJwt(signer, { header, payload }) {
      const own = keys.find((key) => key.x === signer.publicJwk.x);
      return { jwt: await sign(own, header, payload), signerJwk: publicPart(own) };
    },
    async encryptJwe({ publicJwk, alg, enc, apu, apv }, plaintext) {
      const bytes = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64url'));
      const agreement = { apu: bytes(apu), apv: bytes(apv) };
      return { encryptionJwk: publicJwk, jwe: await seal(publicJwk, plaintext, { alg, enc }, agreement) };
    },
  };
}

