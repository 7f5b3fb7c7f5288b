/**
 * What departments decided about her in schemes and why, and her answer to an offer.
 *
 * Guarantees: each department is shown its own pseudonym of hers and nothing else; a decision is kept only with records that this department signed, and
 * with all that were kept before; one that cannot be believed, or is told no more, stays as it was told. Deliberately absent: objections (`objections`).
 */

import { Fault, untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import { LIMITS, type Json } from "../json/strict.js";
import type { Vault } from "../store/vault.js";
import { knowable, proven } from "./asking.js";
import { placeOf, type KeptBenefit, type KeptBenefits } from "./kept-benefits.js";
import { Party, readJson } from "./party.js";
import { signedAsTold } from "./records.js";
import { answeredShape, benefitShape, benefitsShape, type Benefit } from "./shapes.js";
import { unheard, type Missing, type Question } from "./unheard.js";

/** Up to 200 decisions come with all that was ever signed of them. */
const LIMIT = { ...LIMITS.answer, bytes: 8 * LIMITS.answer.bytes };

/** Asks one member what it decided about her. Throws `untrusted` if some of it cannot be believed; what can is kept all the same. */
export function askBenefits(vault: Vault, federation: Federation, member: Member): Promise<KeptBenefits> {
  // In turn: an answer that comes late must not be kept over a newer one.
  return vault.inTurn(placeOf(member.entity), async () => {
    const party = new Party(member);
    const binding = await proven(vault, federation, party);
    const told = readJson(await party.json(party.citizen("benefits"), { binding }), benefitsShape, "the benefits", LIMIT);
    if (told.member !== member.entity) throw untrusted(`${member.entity} told another member's decisions`);
    const before = await vault.read<KeptBenefits>(placeOf(member.entity));
    const { believed, doubt } = await believable(member, told.decisions, before?.decisions ?? []);
    const kept: KeptBenefits = { member: member.entity, asked: federation.now(), decisions: [...believed, ...left(before, believed)] };
    await vault.write(placeOf(member.entity), kept);
    vault.changed();
    if (doubt !== null) throw doubt;
    return kept;
  });
}

/** Each decision by itself: one that cannot be believed spoils nothing for the others. */
async function believable(member: Member, told: Json[], before: KeptBenefit[]): Promise<{ believed: KeptBenefit[]; doubt: unknown }> {
  const ids = told.map((one) => (typeof one === "object" && one !== null && !Array.isArray(one) ? one["decision"] : undefined));
  const read = async (one: Json, at: number): Promise<KeptBenefit> => {
    const benefit = benefitShape(one, `decision ${at}`);
    if (ids.indexOf(benefit.decision) !== ids.lastIndexOf(benefit.decision)) throw untrusted(`${member.entity} told two decisions of one number`);
    const signed = await signedAsTold(member, benefit);
    const known = before.find((kept) => kept.decision === benefit.decision)?.records ?? [];
    if (!known.every((record) => benefit.records.includes(record))) throw untrusted(`${member.entity} leaves out records that it gave before`);
    return { ...benefit, signed };
  };
  const tried = await Promise.allSettled(told.map(read));
  const failed = tried.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const ours = failed.find((error) => !(error instanceof Fault) || error.kind !== "untrusted");
  if (ours !== undefined) throw ours;
  return { believed: tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])), doubt: failed[0] ?? null };
}

/** What was told before and is not, or not believably, told now. */
function left(before: KeptBenefits | undefined, believed: KeptBenefit[]): KeptBenefit[] {
  const gone = (before?.decisions ?? []).filter((one) => believed.every(({ decision }) => decision !== one.decision));
  return gone.map((one) => ({ ...one, asked: one.asked ?? before?.asked ?? 0 }));
}

/** What was decided about her. */
export const DECISIONS: Question = {
  ask: askBenefits,
  knows: knowable,
  told: async (vault, member) => ((await vault.read<KeptBenefits>(placeOf(member)))?.decisions ?? []).length > 0,
};

/** Asks all members that can know her; who told nothing now. */
export function askEverybody(vault: Vault, federation: Federation, members: Member[]): Promise<Missing[]> {
  return unheard(DECISIONS, vault, federation, members);
}

/** Takes an offer, or does not; leaves what a law entered her in. How it stands then is kept at once, and asked for with its record. */
export async function answerOffer(
  vault: Vault, federation: Federation, member: Member, decision: string, answer: "accept" | "decline",
): Promise<Benefit["state"]> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  try {
    const { state } = readJson(await party.json(party.citizen("benefits/answers"), { binding, decision, answer }), answeredShape, "the answer");
    // The department has her answer: a phone without room for it makes it no failure.
    await keepState(vault, member.entity, decision, state).catch(() => null);
    await askBenefits(vault, federation, member).catch(() => null);
    return state;
  } catch (error) {
    // It stands otherwise than she saw it.
    if (error instanceof Fault && error.kind === "refused") await askBenefits(vault, federation, member).catch(() => null);
    throw error;
  }
}

function keepState(vault: Vault, member: string, decision: string, state: Benefit["state"]): Promise<void> {
  return vault.inTurn(placeOf(member), async () => {
    const before = await vault.read<KeptBenefits>(placeOf(member));
    if (before === undefined) return;
    const decisions = before.decisions.map((one) => (one.decision === decision ? { ...one, state, may: [], signed: false } : one));
    await vault.write(placeOf(member), { ...before, decisions });
  });
}
