/**
 * The resident binding: received, checked, and presented (RFC 9901; OpenID4VP 1.0, appendix B.3).
 *
 * Guarantees: a binding that is kept was signed by an identity registry that the directory vouches for, names the wallet's own key,
 * and each of its disclosures belongs to exactly one of its digests; what is presented discloses the claims named and no others.
 */

import { decodeBase64url, fromUtf8, hash64 } from "../bytes.js";
import { untrusted } from "../fault.js";
import { UnverifiedJws, signJws } from "../jose/jws.js";
import { bare, jwkShape, type SigningKey, type VerifyingKey } from "../jose/keys.js";
import { closed, entityId, integer, list, maybe, messageIdText, numericDate, text, word, type Of } from "../json/shape.js";
import { LIMITS, parseStrict } from "../json/strict.js";

/** Type of a resident binding. */
export const BINDING_VCT = "urn:vinimay:resident-binding:1";
const MOST_DISCLOSURES = 64;

const statusShape = closed({ status_list: closed({ idx: integer(), uri: text(/^https:/) }) });
const payloadShape = closed({
  iss: entityId,
  vct: text(),
  iat: numericDate,
  exp: numericDate,
  cnf: closed({ jwk: jwkShape }),
  assurance_level: word("low", "substantial", "high"),
  mode: word("self", "assisted"),
  assisted: maybe(closed({ operator: entityId, session: messageIdText, person: text(), until: numericDate })),
  status: statusShape,
  _sd_alg: word("sha-256"),
  _sd: list(text(/^[A-Za-z0-9_-]{43}$/)),
});
/** The clear claims. */
export type BindingClaims = Of<typeof payloadShape>;

/** A disclosure as it stands, with what it says. */
export interface Disclosure {
  readonly encoded: string;
  readonly name: string;
  readonly value: string;
}

/** An SD-JWT, taken apart: the issuer's token, disclosures, and no key binding. */
export function takeApart(token: string): { jwt: string; disclosures: Disclosure[] } {
  if (token.length > LIMITS.binding.bytes || !token.endsWith("~")) throw untrusted("a credential is not an SD-JWT");
  const [jwt = "", ...encoded] = token.slice(0, -1).split("~");
  if (encoded.length > MOST_DISCLOSURES || new Set(encoded).size !== encoded.length) {
    throw untrusted("a credential has too many or repeated disclosures");
  }
  return { jwt, disclosures: encoded.map(disclosure) };
}

function disclosure(encoded: string): Disclosure {
  const bytes = decodeBase64url(encoded);
  if (bytes === null) throw untrusted("a disclosure is not base64url");
  const parts = parseStrict(fromUtf8(bytes), { ...LIMITS.binding, depth: 8 });
  const [salt, name, value] = Array.isArray(parts) ? parts : [];
  const right = Array.isArray(parts) && parts.length === 3 && typeof salt === "string" && salt.length >= 22;
  if (!right || typeof name !== "string" || typeof value !== "string" || name === "_sd" || name === "...") {
    throw untrusted("a disclosure is not salt, name and text");
  }
  return { encoded, name, value };
}

/** Finds the key of an identity registry that counted at an instant; throws if there is none. */
export type RegistryKeys = (registry: string, kid: string, at: number) => VerifyingKey;

/** Checks a binding that came for one of the wallet's keys. */
export async function receiveBinding(token: string, registries: RegistryKeys, holder: SigningKey): Promise<BindingClaims> {
  const { jwt, disclosures } = takeApart(token);
  const unverified = UnverifiedJws.parse(jwt, LIMITS.binding);
  const claimed = unverified.claimed(payloadShape, "the binding");
  if (unverified.kid === null) throw untrusted("the binding names no key");
  const key = registries(claimed.iss, unverified.kid, claimed.iat);
  const claims = await unverified.verify("dc+sd-jwt", key, payloadShape, "the binding");
  if (claims.vct !== BINDING_VCT) throw untrusted("the credential is no resident binding");
  if (JSON.stringify(bare(claims.cnf.jwk)) !== JSON.stringify(bare(holder.jwk))) throw untrusted("the binding names another key");
  await checkDigests(claims._sd, disclosures);
  return claims;
}

async function checkDigests(digests: string[], disclosures: Disclosure[]): Promise<void> {
  if (new Set(digests).size !== digests.length) throw untrusted("a digest stands twice");
  const hashes = await Promise.all(disclosures.map((one) => hash64(one.encoded)));
  if (!hashes.every((hash) => digests.includes(hash))) throw untrusted("a disclosure belongs to no digest");
  if (new Set(disclosures.map((one) => one.name)).size !== disclosures.length) throw untrusted("a claim is disclosed twice");
}

/** The clear claims of a binding that was checked when it was received. */
export function bindingClaims(token: string): BindingClaims {
  return UnverifiedJws.parse(takeApart(token).jwt, LIMITS.binding).claimed(payloadShape, "the binding");
}

/** To whom, for what and when a binding is presented. */
export interface KeyBinding {
  aud: string;
  nonce: string;
  iat: number;
  /** Hashes of OpenID4VP `transaction_data`. */
  transactionHashes?: string[];
}

/** Whether a binding can disclose a claim. */
export function conceals(token: string, name: string): boolean {
  return takeApart(token).disclosures.some((one) => one.name === name);
}

/** Presents exactly these concealed claims, bound by the holder's key. */
export async function present(token: string, disclose: string[], to: KeyBinding, key: SigningKey): Promise<string> {
  const { jwt, disclosures } = takeApart(token);
  const shown = disclosures.filter((one) => disclose.includes(one.name));
  if (shown.length !== disclose.length) throw untrusted("the binding lacks a claim that is to be shown");
  const whole = [jwt, ...shown.map((one) => one.encoded), ""].join("~");
  const hashes = to.transactionHashes ?? [];
  const claims = {
    iat: to.iat, aud: to.aud, nonce: to.nonce, sd_hash: await hash64(whole),
    ...(hashes.length > 0 ? { transaction_data_hashes: hashes, transaction_data_hashes_alg: "sha-256" } : {}),
  };
  return whole + (await signJws("kb+jwt", key, "absent", claims));
}
