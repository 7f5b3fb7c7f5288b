/**
 * A guardianship: an SD-JWT VC by the identity registry that lets one of her keys decide for a ward.
 *
 * Guarantees: signed by a registry that the directory vouches for, for this very key, of our kind, not ended; what goes with a consent
 * shows the ward's pseudonym at that provider and nothing else.
 */

import { digest, hash64 } from "../bytes.js";
import { untrusted } from "../fault.js";
import { UnverifiedJws } from "../jose/jws.js";
import { bare, jwkShape, type SigningKey } from "../jose/keys.js";
import { closed, dotted, entityId, integer, list, numericDate, text, word, type Of } from "../json/shape.js";
import { LIMITS } from "../json/strict.js";
import { takeApart, type RegistryKeys } from "./binding.js";

const payloadShape = closed({
  iss: entityId,
  vct: word("urn:vinimay:guardianship:1"),
  iat: numericDate,
  exp: numericDate,
  cnf: closed({ jwk: jwkShape }),
  purposes: list(dotted),
  depth: integer(1, 1),
  status: closed({ status_list: closed({ idx: integer(), uri: text(/^https:/) }) }),
  _sd_alg: word("sha-256"),
  _sd: list(text(/^[A-Za-z0-9_-]{43}$/)),
});
/** The clear claims. */
export type GuardianshipClaims = Of<typeof payloadShape>;

/** Checks a guardianship that came for one of the wallet's keys. */
export async function receiveGuardianship(token: string, registries: RegistryKeys, holder: SigningKey, now: number): Promise<GuardianshipClaims> {
  const { jwt, disclosures } = takeApart(token);
  const unverified = UnverifiedJws.parse(jwt, LIMITS.binding);
  const claimed = unverified.claimed(payloadShape, "the guardianship");
  const key = registries(claimed.iss, unverified.kid ?? "", claimed.iat);
  const claims = await unverified.verify("dc+sd-jwt", key, payloadShape, "the guardianship");
  if (JSON.stringify(bare(claims.cnf.jwk)) !== JSON.stringify(bare(holder.jwk))) throw untrusted("the guardianship names another key");
  if (claims.exp <= now) throw untrusted("the guardianship has ended");
  const hashes = await Promise.all(disclosures.map((one) => hash64(one.encoded)));
  if (!hashes.every((hash) => claims._sd.includes(hash))) throw untrusted("a disclosure belongs to no digest");
  return claims;
}

/** Whether she may decide about a purpose: one that is named, or lies below one that is. */
export function covers(claims: GuardianshipClaims, purpose: string): boolean {
  return claims.purposes.some((family) => purpose === family || purpose.startsWith(`${family}.`));
}

/** What names it in a consent: the digest of the signed part. */
export function guardianshipDigest(token: string): Promise<string> {
  return digest(takeApart(token).jwt);
}

/** Shows the ward's pseudonym of one sector and nothing else. */
export function showWard(token: string, sector: string): string {
  const { jwt, disclosures } = takeApart(token);
  const shown = disclosures.filter((one) => one.name === `sub_${sector}`);
  if (shown.length !== 1) throw untrusted("the guardianship names nobody in this department's sector");
  return [jwt, ...shown.map((one) => one.encoded), ""].join("~");
}
