/** Published keys with the time in which each counts (OpenID Federation 1.1 §8.7). */

import { untrusted } from "../fault.js";
import { verifyingKey, type Jwk, type VerifyingKey } from "../jose/keys.js";

/** Keys by id. */
export class Keys {
  private constructor(private readonly entries: Map<string, VerifyingKey>) {}

  /** Takes a published set; keys of a kind that this browser cannot read are left out, and verify nothing. */
  static async of(jwks: Jwk[]): Promise<Keys> {
    const read = await Promise.all(jwks.map((jwk) => (jwk.kty === "OKP" ? verifyingKey(jwk).catch(() => null) : verifyingKey(jwk))));
    const entries = new Map<string, VerifyingKey>();
    for (const key of read) {
      if (key === null) continue;
      if (entries.has(key.kid)) throw untrusted("a key stands twice");
      entries.set(key.kid, key);
    }
    return new Keys(entries);
  }

  /** The key of this id if it counted at that instant. A key revoked as compromised counts for nothing here. */
  at(kid: string | null, seconds: number): VerifyingKey {
    const key = this.entries.get(kid ?? "");
    if (key === undefined || !counted(key.jwk, seconds)) throw untrusted("signed with a key that is not listed");
    return key;
  }

  /** The key of this id, whenever it counted. */
  ever(kid: string | null): VerifyingKey {
    const key = this.entries.get(kid ?? "");
    if (key === undefined) throw untrusted("signed with a key that is not listed");
    return key;
  }
}

function counted(jwk: Jwk, at: number): boolean {
  const within = (jwk.iat === undefined || jwk.iat <= at) && (jwk.exp === undefined || at < jwk.exp);
  if (jwk.revoked === undefined) return within;
  return within && ["superseded", "unspecified"].includes(jwk.revoked.reason) && at < jwk.revoked.revoked_at;
}
