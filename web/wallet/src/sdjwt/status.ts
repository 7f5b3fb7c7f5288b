/**
 * Whether a binding still holds: its end, and its place in the registry's token status list (draft-ietf-oauth-status-list).
 *
 * Guarantees: a list counts only if the binding's own registry signed it, under the address that the binding names, and it has not ended; at most
 * 1 MB is inflated. Deliberately absent: suspended bindings; they may hold again and are not replaced.
 */

import { decodeBase64url, type Bytes } from "../bytes.js";
import type { Party } from "../citizen/party.js";
import { untrusted } from "../fault.js";
import { SKEW } from "../federation/chain.js";
import { UnverifiedJws } from "../jose/jws.js";
import { closed, entityId, integer, numericDate, text } from "../json/shape.js";
import { LIMITS } from "../json/strict.js";
import type { BoundKey } from "../store/vault.js";
import { bindingClaims, type RegistryKeys } from "./binding.js";

const listShape = closed({
  iss: entityId, sub: text(/^https:/), iat: numericDate, exp: numericDate, ttl: integer(),
  status_list: closed({ bits: integer(2, 2), lst: text(/^[A-Za-z0-9_-]+$/) }),
});
const MOST = 1 << 20;
/** Revoked for good, of two bits. */
const INVALID = 1;

/** Key ids of bindings that have ended or were revoked. A list that cannot be read or checked ends nothing. */
export async function ended(held: BoundKey[], party: Party, keys: RegistryKeys, now: number): Promise<Set<string>> {
  const lists = new Map<string, Promise<Bytes | null>>();
  const listed = (uri: string) => {
    const known = lists.get(uri) ?? statusList(uri, party, keys, now).catch(() => null);
    lists.set(uri, known);
    return known;
  };
  const gone = new Set<string>();
  for (const bound of held) {
    const { exp, iss, status } = bindingClaims(bound.token);
    const { idx, uri } = status.status_list;
    const bits = exp > now && iss === party.member.entity ? await listed(uri) : null;
    if (exp <= now || (bits !== null && ((bits[idx >> 2] ?? 0) >> (2 * (idx & 3)) & 3) === INVALID)) gone.add(bound.kid);
  }
  return gone;
}

async function statusList(uri: string, party: Party, keys: RegistryKeys, now: number): Promise<Bytes> {
  const token = UnverifiedJws.parse((await party.read(uri)).text.trim(), LIMITS.status_list);
  const claimed = token.claimed(listShape, "the status list");
  const claims = await token.verify("statuslist+jwt", keys(claimed.iss, token.kid ?? "", claimed.iat), listShape, "the status list");
  if (claims.sub !== uri || claims.iss !== party.member.entity) throw untrusted("the status list is another one");
  if (claims.exp + SKEW < now || claims.iat > now + SKEW) throw untrusted("the status list is not of this time");
  const packed = decodeBase64url(claims.status_list.lst);
  if (packed === null) throw untrusted("the status list is not base64url");
  return inflate(packed);
}

async function inflate(packed: Bytes): Promise<Bytes> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > MOST) {
      await reader.cancel();
      throw untrusted("the status list is longer than allowed");
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
