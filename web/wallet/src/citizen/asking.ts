/**
 * What she asks of members herself: who used my data, my notices, tie my number to my name.
 *
 * Guarantees: to a department that asks she proves the key that it knows, to others the general one; disclosed is that member's own pseudonym and
 * nothing else, except where she ties a number: there her name and birth date are shown to that department alone.
 */

import { messageId } from "../bytes.js";
import { Fault, untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import { signJws } from "../jose/jws.js";
import { conceals, present } from "../sdjwt/binding.js";
import type { BoundKey, Vault } from "../store/vault.js";
import { Party, readJson } from "./party.js";
import { historyShape, linkedShape, nonceAnswer, noticesShape, type HistoryUse, type Notice, type Preferences } from "./shapes.js";
import type { Question } from "./unheard.js";

/** What one member told, and when; kept for reading offline. */
export interface KeptHistory {
  member: string;
  asked: number;
  uses: HistoryUse[];
}

/** What one member sent word of. */
export interface KeptNotices {
  member: string;
  notices: Notice[];
  preferences: Preferences | null;
}

/** The binding that a member knows her by. */
export async function boundFor(vault: Vault, member: string): Promise<BoundKey> {
  const bindings = await vault.bindings();
  const bound = bindings.find((one) => one.use.consumer === member) ?? bindings.find((one) => one.use.kind === "general");
  if (bound === undefined) throw new Fault("unbound", "the wallet has no binding yet");
  return bound;
}

/** Whether a member can know her by a pseudonym of its sector. */
export async function knowable(vault: Vault, member: Member): Promise<boolean> {
  return conceals((await boundFor(vault, member.entity)).token, `sub_${member.sector}`);
}

/** A presentation over a fresh nonce of this member: what it knows her by, and more where she says more. */
export async function proven(vault: Vault, federation: Federation, party: Party, more: string[] = []): Promise<string> {
  const bound = await boundFor(vault, party.member.entity);
  const pseudonym = `sub_${party.member.sector}`;
  // A registry that names nobody in that sector gives no pseudonym; the key alone is proven then.
  return presentOver(vault, federation, party, bound, conceals(bound.token, pseudonym) ? [pseudonym, ...more] : more);
}

/** A presentation of one binding over a fresh nonce of a member, showing these claims alone. */
export async function presentOver(vault: Vault, federation: Federation, party: Party, bound: BoundKey, disclosed: string[]): Promise<string> {
  const key = await vault.signingKey(bound.kid);
  const { nonce } = readJson(await party.post(party.citizen("nonce"), "application/json", ""), nonceAnswer, "the nonce");
  return present(bound.token, disclosed, { aud: party.member.entity, nonce, iat: federation.now() }, key);
}

/** Asks one member who used her data. */
export async function askHistory(vault: Vault, federation: Federation, member: Member): Promise<KeptHistory> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  const told = readJson(await party.json(party.citizen("history"), { binding }), historyShape, "the history");
  if (told.member !== member.entity) throw untrusted(`${member.entity} told another member's history`);
  const kept: KeptHistory = { member: member.entity, asked: federation.now(), uses: told.uses };
  await vault.write(`history:${member.entity}`, kept);
  return kept;
}

/** As many notices as a member tells at once. */
const MOST_SEEN = 200;

/** Asks one member for her notices, and says which it keeps since it asked last: only those have arrived. */
export async function askNotices(vault: Vault, federation: Federation, member: Member): Promise<KeptNotices> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  const before = await vault.read<KeptNotices>(`notices:${member.entity}`);
  const seen = (before?.notices ?? []).filter((notice) => !notice.seen).map((notice) => notice.id).slice(0, MOST_SEEN);
  const asked = seen.length === 0 ? { binding } : { binding, seen };
  const told = readJson(await party.json(party.citizen("notices"), asked), noticesShape, "the notices");
  if (told.member !== member.entity) throw untrusted(`${member.entity} told another member's notices`);
  const kept: KeptNotices = { member: member.entity, notices: told.notices, preferences: told.preferences };
  await vault.write(`notices:${member.entity}`, kept);
  return kept;
}

/** Messages to her; a department that asks knows her by its key as well. */
export const NOTICES: Question = {
  ask: askNotices,
  knows: async (vault, member) => (await boundFor(vault, member.entity)).use.kind === "consumer" || knowable(vault, member),
  told: async (vault, member) => ((await vault.read<KeptNotices>(`notices:${member}`))?.notices ?? []).length > 0,
};

/** What she wants to hear, and where: a number or address that is absent stays as it is kept there, `null` is forgotten. */
export interface Wanted extends Pick<Preferences, "level" | "language"> {
  phone?: string | null;
  email?: string | null;
}

/** Chooses how much one member is to tell her: a signed order, so that nobody else can quieten it. */
export async function choose(vault: Vault, federation: Federation, member: Member, wanted: Wanted): Promise<void> {
  const party = new Party(member);
  const key = await vault.signingKey((await boundFor(vault, member.entity)).kid);
  const now = federation.now();
  const { level, language, ...where } = wanted;
  const claims = { v: 1, iss: key.did, aud: member.entity, iat: now, jti: messageId(now), level, language, ...where };
  const order = await signJws("dx-preferences+jwt", key, "did", claims);
  await party.json(party.citizen("preferences"), { binding: await proven(vault, federation, party), order });
}

/** Fetches the evidence of one use, as one document that anybody can verify off line. */
export async function askBundle(vault: Vault, federation: Federation, member: Member, exchange: string): Promise<string> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  return (await party.json(party.citizen("bundles"), { binding, exchange })).text;
}

/** Ties her name in a department's sector to her number there. */
export async function tieNumber(vault: Vault, federation: Federation, member: Member, number: string): Promise<void> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party, ["given_name", "family_name", "birthdate"]);
  readJson(await party.json(party.citizen("links"), { binding, local_number: number }), linkedShape, "the answer");
}
