/**
 * The lock on what is personal: a PIN with counted tries, or a passkey.
 *
 * Guarantees: the data key is random and kept only wrapped, by a key that takes both the PIN (PBKDF2-SHA-256) or the passkey's own secret (WebAuthn PRF)
 * and a key of this browser that is not extractable; a try is counted before it is judged, waits grow, and the tenth wrong one erases the wallet. Without
 * the data key no binding can be read, and without a binding none of the keys proves anything. Deliberately absent: a way back; a new binding takes two minutes.
 */

import { concat, randomBytes, utf8, type Bytes } from "../bytes.js";
import { Fault } from "../fault.js";
import type { Database } from "./idb.js";

const ROUNDS = 600_000;
const FREE_TRIES = 5;
/** The wrong try that erases. */
export const MOST_TRIES = 10;
const FIRST_WAIT = 60;

interface Wrapped {
  salt: Bytes;
  iv: Bytes;
  key: Bytes;
}

interface LockRecord {
  device: CryptoKey;
  pin: Wrapped | null;
  passkey: (Wrapped & { credential: Bytes }) | null;
  tries: number;
  /** Not before this second. */
  waitUntil: number;
}

/** What the lock screen has to know. */
export interface LockState {
  passkey: boolean;
  pin: boolean;
  tries: number;
  waitUntil: number;
}

const RECORD = "lock";

async function stored(database: Database): Promise<LockRecord | undefined> {
  return database.get<LockRecord>("plain", RECORD);
}

function save(database: Database, record: LockRecord): Promise<void> {
  return database.put([{ store: "plain", key: RECORD, value: record }]);
}

/** How the lock stands; `null` if the wallet is new. */
export async function lockState(database: Database): Promise<LockState | null> {
  const record = await stored(database);
  if (record === undefined) return null;
  return { passkey: record.passkey !== null, pin: record.pin !== null, tries: record.tries, waitUntil: record.waitUntil };
}

/** Whether a PIN is six to twelve digits and not one that everybody tries first. */
export function goodPin(pin: string): boolean {
  const steps = [...pin].slice(1).map((digit, at) => Number(digit) - Number(pin[at]));
  return /^[0-9]{6,12}$/.test(pin) && new Set(steps).size > 1;
}

/** Digits as she typed them, in any script, as ASCII. */
export function plainDigits(text: string): string {
  return text.replace(/[०-९]/g, (digit) => String(digit.charCodeAt(0) - 0x0966)).replace(/\s/g, "");
}

/** Makes the data key and locks it with a PIN; gives it for this session. */
export async function create(database: Database, pin: string): Promise<CryptoKey> {
  const device = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const data = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
  const salt = randomBytes(16);
  const wrapped = await wrap(data, await wrappingKey(device, await stretch(pin, salt)), salt);
  await save(database, { device, pin: wrapped, passkey: null, tries: 0, waitUntil: 0 });
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", data));
  return sessionKey(raw);
}

/** Opens the lock with the PIN. Throws `refused` with `pin-wrong`, `pin-wait` or `wallet-erased`. */
export async function openWithPin(database: Database, pin: string, now: number): Promise<CryptoKey> {
  const record = await stored(database);
  if (record?.pin == null) throw new Fault("unbound", "there is no wallet");
  if (now < record.waitUntil) throw new Fault("refused", "wait before the next try", "pin-wait");
  const tries = record.tries + 1;
  const waitUntil = tries < FREE_TRIES ? 0 : now + FIRST_WAIT * 2 ** (tries - FREE_TRIES);
  // Counted before it is judged: whoever ends the program in between has still used a try.
  await save(database, { ...record, tries, waitUntil });
  const key = await unwrap(record.pin, await wrappingKey(record.device, await stretch(pin, record.pin.salt)));
  if (key !== null) {
    await save(database, { ...record, tries: 0, waitUntil: 0 });
    return key;
  }
  if (tries < MOST_TRIES) throw new Fault("refused", "the PIN is wrong", "pin-wrong");
  await database.clear();
  throw new Fault("refused", "too many wrong tries; the wallet was erased", "wallet-erased");
}

/** Sets another PIN; the session's data key must be given by the old one. */
export async function changePin(database: Database, old: string, next: string, now: number): Promise<void> {
  await openWithPin(database, old, now);
  const record = await stored(database);
  if (record?.pin == null) throw new Fault("unbound", "there is no wallet");
  const raw = await unwrapRaw(record.pin, await wrappingKey(record.device, await stretch(old, record.pin.salt)));
  if (raw === null) throw new Fault("refused", "the PIN is wrong", "pin-wrong");
  const salt = randomBytes(16);
  const pin = await wrapRaw(raw, await wrappingKey(record.device, await stretch(next, salt)), salt);
  await save(database, { ...record, pin });
}

/** Adds a passkey beside the PIN, if this phone's passkeys can keep a secret (WebAuthn Level 3, PRF). */
export async function addPasskey(database: Database, pin: string, title: string, now: number): Promise<void> {
  await openWithPin(database, pin, now);
  const record = await stored(database);
  if (record?.pin == null) throw new Fault("unbound", "there is no wallet");
  const raw = await unwrapRaw(record.pin, await wrappingKey(record.device, await stretch(pin, record.pin.salt)));
  const made = (await navigator.credentials.create({
    publicKey: {
      rp: { name: title }, user: { id: randomBytes(16), name: title, displayName: title }, challenge: randomBytes(32),
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { residentKey: "preferred", userVerification: "required", authenticatorAttachment: "platform" },
      extensions: { prf: {} } as AuthenticationExtensionsClientInputs,
    },
  })) as PublicKeyCredential | null;
  if (made === null || raw === null) throw new Fault("platform", "no passkey was made");
  const [salt, credential] = [randomBytes(32), new Uint8Array(made.rawId)];
  const secret = await passkeySecret(credential, salt);
  const wrapped = await wrapRaw(raw, await wrappingKey(record.device, secret), salt);
  await save(database, { ...record, passkey: { ...wrapped, credential } });
}

/** Opens the lock with the passkey. */
export async function openWithPasskey(database: Database): Promise<CryptoKey> {
  const record = await stored(database);
  if (record?.passkey == null) throw new Fault("unbound", "there is no passkey");
  const secret = await passkeySecret(record.passkey.credential, record.passkey.salt);
  const key = await unwrap(record.passkey, await wrappingKey(record.device, secret));
  if (key === null) throw new Fault("refused", "the passkey does not open this wallet", "pin-wrong");
  await save(database, { ...record, tries: 0, waitUntil: 0 });
  return key;
}

/** Whether this browser may have passkeys at all. */
export async function passkeysPossible(): Promise<boolean> {
  if (typeof PublicKeyCredential === "undefined") return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
}

async function passkeySecret(credential: Bytes, salt: Bytes): Promise<Bytes> {
  const got = (await navigator.credentials.get({
    publicKey: {
      challenge: randomBytes(32), userVerification: "required", allowCredentials: [{ type: "public-key", id: credential }],
      extensions: { prf: { eval: { first: salt } } } as AuthenticationExtensionsClientInputs,
    },
  })) as PublicKeyCredential | null;
  const results = got?.getClientExtensionResults() as { prf?: { results?: { first?: ArrayBuffer } } } | undefined;
  const first = results?.prf?.results?.first;
  if (first === undefined) throw new Fault("platform", "this phone's passkeys cannot keep a secret");
  return new Uint8Array(first);
}

async function stretch(pin: string, salt: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, key, 256));
}

/** Takes what she knows or has, and what this browser has. */
async function wrappingKey(device: CryptoKey, secret: Bytes): Promise<CryptoKey> {
  const bits = await crypto.subtle.sign("HMAC", device, concat(utf8("vinimay wallet lock 1"), secret));
  return crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function wrap(data: CryptoKey, wrapping: CryptoKey, salt: Bytes): Promise<Wrapped> {
  return wrapRaw(new Uint8Array(await crypto.subtle.exportKey("raw", data)), wrapping, salt);
}

async function wrapRaw(raw: Bytes, wrapping: CryptoKey, salt: Bytes): Promise<Wrapped> {
  const iv = randomBytes(12);
  return { salt, iv, key: new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, raw)) };
}

async function unwrapRaw({ iv, key }: Wrapped, wrapping: CryptoKey): Promise<Bytes | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, wrapping, key));
  } catch {
    return null;
  }
}

async function unwrap(wrapped: Wrapped, wrapping: CryptoKey): Promise<CryptoKey | null> {
  const raw = await unwrapRaw(wrapped, wrapping);
  return raw === null ? null : sessionKey(raw);
}

/** The data key as a session holds it: it cannot be taken out again. */
function sessionKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}
