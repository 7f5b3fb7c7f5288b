/**
 * She objects to a removal: an order that her key for this department signs, the slip that she gets for it, and the signed record that it was taken.
 *
 * Guarantees: an objection is kept before it is sent, and works offline; it goes out again, signed anew, until the department has it or says itself that it
 * does not take it, now or later; it counts as taken only by that department's signed record about this very decision, and as new only by one that came
 * after she objected, also where the answer with its slip was lost. Deliberately absent: who hears it.
 */

import { messageId } from "../bytes.js";
import { Fault, untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import type { Reply } from "../federation/http.js";
import { signJws, UnverifiedJws } from "../jose/jws.js";
import { LIMITS } from "../json/strict.js";
import type { KeptObjection, Vault } from "../store/vault.js";
import { boundFor, proven } from "./asking.js";
import { askBenefits } from "./benefits.js";
import { keptBenefit, type Decided } from "./kept-benefits.js";
import { Party, readJson } from "./party.js";
import { decisionRecord, firstHeard, saysHeard } from "./records.js";
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

/** Whether one was heard: then only new words are, also where another phone or an officer sent the first. */
export function onlyNew({ state }: Decided, objections: KeptObjection[]): boolean {
  return state === "upheld" || (state === "removed" && objections.some((kept) => kept.taken !== null));
}

/** Whether these words say something that was not said before. */
export function saysNew(words: string, objections: KeptObjection[]): boolean {
  return words.trim() !== "" && objections.every((kept) => kept.taken === null || !kept.words.includes(words.trim()));
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

/** States in which a conflict passes: while the removal is ordered nothing is taken, and once it was carried out the same words are. */
const LATER = ["proposed", "held", "noticed"];

/** What a department said to an objection. */
type Answer = Pick<KeptObjection, "order" | "taken" | "refused"> & { code?: string | null };

/** Asks how the decision stands now; `null` if the department told nothing of it. */
type Look = () => Promise<Decided | null>;

/**
 * Sends one objection, and asks how the decision stands then: what comes back is taken, or refused for good; throws while it still waits. Carried there
 * twice, it is taken once, with the same slip.
 */
export async function send(vault: Vault, federation: Federation, kept: KeptObjection): Promise<KeptObjection> {
  const party = new Party(await federation.member(kept.member));
  const look = () => lookAt(vault, federation, party.member, kept.decision);
  const answer = await deliver(vault, federation, party, kept, look);
  // What another page of this wallet was told meanwhile stays.
  const after = await vault.changeObjection(kept, (now) => {
    if (now.taken === null) Object.assign(now, answer);
  });
  await look();
  return after;
}

async function lookAt(vault: Vault, federation: Federation, member: Member, decision: string): Promise<Decided | null> {
  const began = federation.now();
  await askBenefits(vault, federation, member).catch(() => null);
  const told = await keptBenefit(vault, member.entity, decision);
  return told !== undefined && told.asked >= began ? told : null;
}

async function deliver(vault: Vault, federation: Federation, party: Party, kept: KeptObjection, look: Look): Promise<Answer> {
  const binding = await proven(vault, federation, party);
  const seen = await firstSeen(vault, kept, look);
  const order = await sign(vault, kept, federation.now());
  const posted = await party.json(party.citizen("objections"), { binding, objection: order }).catch((error: unknown) => {
    if (error instanceof Fault && error.kind === "refused" && error.party === kept.member && FINAL.includes(error.code ?? "")) return error;
    throw error;
  });
  if (posted instanceof Fault) return { order, ...(await refusal(posted, seen, look)) };
  return { order, taken: await slipOf(vault, party.member, { ...kept, seen }, posted, look), refused: false };
}

/**
 * How many records there are before it goes out first: they tell a new record from one that is given again. Where nobody could look then, all that there
 * are at a later look are older only while none says that one was heard.
 */
async function firstSeen(vault: Vault, kept: KeptObjection, look: Look): Promise<number | null> {
  const { seen } = (await vault.objections(kept.decision)).find(({ id }) => id === kept.id) ?? kept;
  if (seen != null) return seen;
  const told = await look();
  const count = told !== null && (seen === undefined || firstHeard(told.records, told.decision) === undefined) ? told.records.length : null;
  // A phone without room keeps no objection from leaving.
  const after = await vault.changeObjection(kept, (now) => { now.seen ??= count; }).catch(() => null);
  return after?.seen ?? count;
}

/** The record that one was heard since this objection went out; which records are new is not known where nobody had looked before. */
function heardSince({ records, decision }: Decided, seen: number | null): string | undefined {
  return seen === null ? undefined : firstHeard(records.slice(seen), decision);
}

/** What a refusal of these words says: not taken, now or ever, unless they were taken before and the answer was lost. Throws if they can be taken later. */
async function refusal(fault: Fault, seen: number | null, look: Look): Promise<Omit<Answer, "order">> {
  const refused = { taken: null, refused: true, code: fault.code };
  if (fault.code !== "conflict") return refused;
  const told = await look();
  if (told === null) throw fault;
  const record = heardSince(told, seen);
  if (record !== undefined) return { taken: { slip: null, record }, refused: false };
  if (LATER.includes(told.state)) throw fault;
  return refused;
}

/** What the department gave for an objection, if its record says that one is heard, or was heard in vain before she was taken off. */
async function slipOf(vault: Vault, member: Member, kept: KeptObjection & { seen: number | null }, posted: Reply, look: Look): Promise<KeptObjection["taken"]> {
  const { slip, record: compact, ...told } = readJson(posted, takenShape, "the slip");
  const record = await decisionRecord(member, UnverifiedJws.parse(compact, LIMITS.record));
  if ([told, record].some((one) => one.decision !== kept.decision || one.case !== kept.case)) {
    throw untrusted(`${kept.member} took something else than this objection`);
  }
  const before = await keptBenefit(vault, kept.member, kept.decision);
  if (saysHeard(record)) {
    // While one is heard, what she adds is heard with it, and no new record is made of it.
    const known = (before?.records ?? []).slice(0, kept.seen ?? 0).includes(compact) && before?.state !== "contested";
    return { slip, record: compact, ...(known ? { known } : {}) };
  }
  // Once it was heard in vain and she was taken off, the same words are answered with the record of that.
  const now = (await look()) ?? before;
  if (record.state !== "removed" || now === undefined || firstHeard(now.records, now.decision) === undefined) {
    throw untrusted(`${kept.member} did not sign that this objection is heard`);
  }
  const heard = heardSince(now, kept.seen);
  return heard === undefined ? { slip, record: compact, known: true } : { slip, record: heard };
}
