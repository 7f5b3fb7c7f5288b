/**
 * What departments decided about her in schemes and why, and her answer to an offer.
 *
 * Guarantees: each department is shown its own pseudonym of hers and nothing else; a decision is kept only with records that this department signed; who
 * could not be asked, or cannot be believed, is named and never passed over. Deliberately absent: objections (`objections`).
 */

import { Fault, untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import { secondsOf } from "../consent/calendar.js";
import type { Vault } from "../store/vault.js";
import { knowable, proven } from "./asking.js";
import { Party, readJson } from "./party.js";
import { signedAsTold } from "./records.js";
import { answeredShape, benefitsShape, type Benefit } from "./shapes.js";

/** A decision as it is kept. */
export interface KeptBenefit extends Benefit {
  /** Whether the last signed record says the same state. */
  signed: boolean;
}

/** What one member decided, and when it told; kept for reading offline. */
export interface KeptBenefits {
  member: string;
  asked: number;
  decisions: KeptBenefit[];
}

/** A decision with who made it. */
export interface Decided extends KeptBenefit {
  member: string;
  asked: number;
}

/** Who told nothing now: it could not be asked, or what it told cannot be believed. */
export interface Missing {
  member: string;
  believed: boolean;
}

/** Refusals that say nothing of what was decided: of a binding that is held for revoked, or of this one proof of it. */
const UNTOLD = ["binding-revoked", "stale", "replayed"];

const place = (member: string) => `benefits:${member}`;

/** What is kept of all members, newest first. */
export async function keptBenefits(vault: Vault): Promise<Decided[]> {
  const told = await vault.all<KeptBenefits>(place(""));
  const all = told.flatMap(({ member, asked, decisions }) => decisions.map((one) => ({ ...one, member, asked })));
  return all.sort((one, two) => secondsOf(two.at) - secondsOf(one.at) || (one.decision < two.decision ? 1 : -1));
}

/** Whether she can answer it and something hangs on the day: an offer, or a removal that was not carried out. */
export function waitsForHer({ may, state }: Benefit): boolean {
  return may.length > 0 && state !== "removed" && state !== "enrolled";
}

/** Asks one member what it decided about her. */
export async function askBenefits(vault: Vault, federation: Federation, member: Member): Promise<KeptBenefits> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  const told = readJson(await party.json(party.citizen("benefits"), { binding }), benefitsShape, "the benefits");
  if (told.member !== member.entity) throw untrusted(`${member.entity} told another member's decisions`);
  const decisions = await Promise.all(told.decisions.map(async (one) => ({ ...one, signed: await signedAsTold(member, one) })));
  const kept: KeptBenefits = { member: member.entity, asked: federation.now(), decisions };
  await vault.write(place(member.entity), kept);
  vault.changed();
  return kept;
}

/** Asks all members that can know her; who told nothing now. */
export async function askEverybody(vault: Vault, federation: Federation, members: Member[]): Promise<Missing[]> {
  const known = await Promise.all(members.map((member) => knowable(vault, member)));
  const asked = await Promise.all(members.filter((_, at) => known[at]).map((member) =>
    askBenefits(vault, federation, member).then(() => [], (error: unknown) => missing(vault, member, error))));
  return asked.flat();
}

async function missing(vault: Vault, { entity: member }: Member, error: unknown): Promise<Missing[]> {
  // Without a binding nobody can be asked: that is no member's fault.
  if (!(error instanceof Fault) || error.kind === "unbound" || error.kind === "platform") throw error;
  const unknown = error.kind === "refused" && !UNTOLD.includes(error.code ?? "");
  // A department that knows her by no pseudonym has decided nothing about her; but what it told before does not go away by a refusal.
  if (unknown && ((await vault.read<KeptBenefits>(place(member)))?.decisions ?? []).length === 0) return [];
  return [{ member, believed: error.kind !== "untrusted" }];
}

/** Takes an offer, or does not; leaves what a law entered her in. How it stands then is kept at once, and asked for with its record. */
export async function answerOffer(
  vault: Vault, federation: Federation, member: Member, decision: string, answer: "accept" | "decline",
): Promise<Benefit["state"]> {
  const party = new Party(member);
  const binding = await proven(vault, federation, party);
  try {
    const { state } = readJson(await party.json(party.citizen("benefits/answers"), { binding, decision, answer }), answeredShape, "the answer");
    await keepState(vault, member.entity, decision, state);
    await askBenefits(vault, federation, member).catch(() => null);
    return state;
  } catch (error) {
    // It stands otherwise than she saw it.
    if (error instanceof Fault && error.kind === "refused") await askBenefits(vault, federation, member).catch(() => null);
    throw error;
  }
}

async function keepState(vault: Vault, member: string, decision: string, state: Benefit["state"]): Promise<void> {
  const before = await vault.read<KeptBenefits>(place(member));
  if (before === undefined) return;
  const decisions = before.decisions.map((one) => (one.decision === decision ? { ...one, state, may: [], signed: false } : one));
  await vault.write(place(member), { ...before, decisions });
}
