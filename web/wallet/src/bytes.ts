/**
 * Bytes and texts: base64url with one spelling for each byte string, SHA-256, chance.
 *
 * Guarantees: padding, foreign characters and trailing bits are refused (RFC 4648 §5, RFC 7515 §2); chance comes from the
 * platform's generator alone.
 */

/** Bytes that WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

/** The text of UTF-8 bytes. Throws if they are not UTF-8. */
export function fromUtf8(bytes: Bytes): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Writes base64url without padding. */
export function encodeBase64url(bytes: Bytes): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b, c] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const four = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    const count = Math.min(bytes.length - at, 3) + 1;
    for (const value of four.slice(0, count)) text += ALPHABET.charAt(value);
  }
  return text;
}

/** Reads base64url without padding; `null` for anything that is not the one spelling of some bytes. */
export function decodeBase64url(text: string): Bytes | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}

/** One after another. */
export function concat(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** SHA-256. */
export async function sha256(data: string | Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", typeof data === "string" ? utf8(data) : data));
}

/** `sha256:` and 64 lower-case hex digits. */
export async function digest(data: string | Bytes): Promise<string> {
  const hash = await sha256(data);
  return `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** base64url of the SHA-256 over a text. */
export async function hash64(text: string): Promise<string> {
  return encodeBase64url(await sha256(text));
}

/** So many random bytes. */
export function randomBytes(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A nonce of 128 random bits. */
export function nonce(): string {
  return encodeBase64url(randomBytes(16));
}

/** A UUID of version 7 (RFC 9562 §5.7) of this second. */
export function messageId(seconds: number): string {
  const bytes = randomBytes(16);
  const time = BigInt(seconds) * 1000n;
  for (let at = 0; at < 6; at++) bytes[at] = Number((time >> BigInt(8 * (5 - at))) & 0xffn);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
