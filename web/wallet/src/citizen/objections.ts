/**
 * She objects to a removal: an order that her key for this department signs, the slip that she gets for it, and the signed record that it was taken.
 *
 * Guarantees: an objection is kept before it is sent, and works offline; it goes out again, signed anew, until the department has it or says itself that it
 * does not take it; it counts as taken only by that department's signed record about this very decision, and as new only by one that came after she
 * objected. Deliberately absent: who hears it.
 */

import { messageId } from "../bytes.js";
import { Fault, untrusted } from "../fault.js";
import type { Federation } from "../federation/directory.js";
import { signJws, UnverifiedJws } from "../jose/jws.js";
import { LIMITS } from "../json/strict.js";
import type { KeptObjection, Vault } from "../store/vault.js";
import { boundFor, proven } from "./asking.js";
import { askBenefits } from "./benefits.js";
import { keptBenefit, type Decided } from "./kept-benefits.js";
import { Party, readJson } from "./party.js";
import { decisionRecord, saysHeard, someHeard } from "./records.js";
import { takenShape } from "./shapes.js";

/** Longest words, characters. */
export const MOST_WORDS = 2_000;

/** Characters as a department counts them. */
export function lengthOf(words: string): number {
  return [...words].length;
}

/** What she said to a decision of one member. */
export async function objectionsTo(vault: Vault, member: string, decision: string): Promise<KeptObjection[]> {
  return (await vault.objections(decision)).filter((kept) => kept.member === member);
}

/** Whether one was heard, or is out of time: then only new words are heard. */
export function onlyNew({ state }: Decided, objections: KeptObjection[]): boolean {
  return (state === "upheld" || state === "removed") && objections.some((kept) => kept.taken !== null);
}

/** Whether these words say something that was not said before. */
export function saysNew(words: string, objections: KeptObjection[]): boolean {
  return objections.every((kept) => kept.taken === null || !kept.words.includes(words.trim()));
}

/** What is shown: one that was refused, until a later one is taken. */
export function toShow(objections: KeptObjection[]): KeptObjection[] {
  return objections.filter((kept, at) => !kept.refused || objections.slice(at).every((later) => later.taken === null));
}

/** Signs an objection and keeps it; nothing is sent yet. */
export async function object(vault: Vault, against: { member: string; decision: string; case: string }, words: string, now: number): Promise<KeptObjection> {
  if (lengthOf(words) > MOST_WORDS) throw new Fault("input", `an objection has at most ${MOST_WORDS} characters`);
  const { member, decision, case: number } = against;
  const unsigned = { id: messageId(now), member, decision, case: number, words, at: now };
  const kept: KeptObjection = { ...unsigned, order: await sign(vault, unsigned, now), taken: null, refused: false };
  await vault.keepObjection(kept);
  return kept;
}

/** The same words by her present key at this moment: what was signed earlier could be refused for its age or its key. */
async function sign(vault: Vault, { id, member, decision, words }: Pick<KeptObjection, "id" | "member" | "decision" | "words">, now: number): Promise<string> {
  const key = await vault.signingKey((await boundFor(vault, member)).kid);
  return signJws("dx-objection+jwt", key, "did", { v: 1, iss: key.did, aud: member, iat: now, jti: id, decision, words });
}

/** Objections that no department has yet. */
export async function unsent(vault: Vault): Promise<KeptObjection[]> {
  return (await vault.objections()).filter((kept) => kept.taken === null && !kept.refused);
}

/** Sends what waits; how many are left. */
export async function sendObjections(vault: Vault, federation: Federation): Promise<number> {
  const sent = await Promise.all((await unsent(vault)).map((kept) => send(vault, federation, kept).then(() => 0, () => 1)));
  return sent.reduce<number>((left, one) => left + one, 0);
}

/** Refusals of these very words, which no later try changes. */
const FINAL = ["conflict", "not-found", "audience-wrong", "request-malformed", "token-malformed"];

/** What a department said to an objection. */
type Answer = Pick<KeptObjection, "order" | "taken" | "refused"> & { code?: string | null };

/**
 * Sends one objection, and asks how the decision stands then: what comes back is taken, or refused for good; throws while it still waits. Carried there
 * twice, it is taken once, with the same slip.
 */
export async function send(vault: Vault, federation: Federation, kept: KeptObjection): Promise<KeptObjection> {
  const party = new Party(await federation.member(kept.member));
  const look = () => askBenefits(vault, federation, party.member).catch(() => null);
  const answer = await deliver(vault, federation, party, kept, look);
  // What another page of this wallet was told meanwhile stays.
  const after = await vault.changeObjection(kept, (now) => {
    if (now.taken === null) Object.assign(now, answer);
  });
  await look();
  return after;
}

async function deliver(vault: Vault, federation: Federation, party: Party, kept: KeptObjection, look: () => Promise<unknown>): Promise<Answer> {
  const binding = await proven(vault, federation, party);
  const seen = kept.seen ?? (await firstSeen(vault, kept, look));
  const order = await sign(vault, kept, federation.now());
  const posted = await party.json(party.citizen("objections"), { binding, objection: order }).catch((error: unknown) => {
    if (error instanceof Fault && error.kind === "refused" && error.party === kept.member && FINAL.includes(error.code ?? "")) return error;
    throw error;
  });
  if (posted instanceof Fault) return { order, taken: null, refused: true, code: posted.code };
  const told = readJson(posted, takenShape, "the slip");
  const record = await decisionRecord(party.member, UnverifiedJws.parse(told.record, LIMITS.record));
  if (told.decision !== kept.decision || told.case !== kept.case || record.decision !== kept.decision || record.case !== kept.case) {
    throw untrusted(`${kept.member} took something else than this objection`);
  }
  const before = await keptBenefit(vault, kept.member, kept.decision);
  const old = (before?.records ?? []).slice(0, seen);
  const older = old.includes(told.record);
  // Once it was heard in vain and she was taken off, the same words are answered with the record of that.
  if (!saysHeard(record) && !(older && record.state === "removed" && someHeard(old, kept.decision))) {
    throw untrusted(`${kept.member} did not sign that this objection is heard`);
  }
  // While one is heard, what she adds is heard with it, and no new record is made of it.
  const known = older && before?.state !== "contested";
  return { order, taken: { slip: told.slip, record: told.record, ...(known ? { known } : {}) }, refused: false };
}

/** How many records there are before it goes out first: they tell a new record from one that is given again. */
async function firstSeen(vault: Vault, kept: KeptObjection, look: () => Promise<unknown>): Promise<number> {
  await look();
  const count = (await keptBenefit(vault, kept.member, kept.decision))?.records.length ?? 0;
  return (await vault.changeObjection(kept, (now) => { now.seen ??= count; })).seen ?? count;
}
