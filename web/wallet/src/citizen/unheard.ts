/**
 * Who told nothing when members were asked, and why.
 *
 * Guarantees: who could not be asked, or told something that cannot be believed, is named and never passed over, but for one that knows her by no pseudonym
 * and told nothing before; what is no member's fault is thrown.
 */

import { doubtsClock, Fault, SUSPENDED } from "../fault.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import type { Vault } from "../store/vault.js";

/** Who told nothing now: it could not be asked, or something that it told cannot be believed. */
export interface Missing {
  member: string;
  believed: boolean;
  /** Why, where it could be looked up. */
  why?: Fault;
  /** All that were asked refused as they refuse whoever's clock is wrong. */
  clock?: boolean;
}

/** Something that members are asked. */
export interface Question {
  ask(vault: Vault, federation: Federation, member: Member): Promise<unknown>;
  /** Whether a member can know something of her. */
  knows(vault: Vault, member: Member): Promise<boolean>;
  /** Whether it told something before. */
  told(vault: Vault, member: string): Promise<boolean>;
}

/** Refusals of one whom the member knows by no pseudonym; all others say nothing of what it has of her. */
const UNKNOWN = ["not-found", "request-malformed"];

/** Asks all members that can know something of her; who told nothing now. */
export async function unheard(question: Question, vault: Vault, federation: Federation, members: Member[]): Promise<Missing[]> {
  const asked = await knowing(question, vault, members);
  const one = (member: Member) => question.ask(vault, federation, member).then(() => [], (error: unknown) => missed(question, vault, member.entity, error));
  const missing = (await Promise.all(asked.map(one))).flat();
  const clock = missing.length === asked.length && missing.every(({ why }) => doubtsClock(why));
  return clock ? missing.map((each) => ({ ...each, clock })) : missing;
}

/** Members that can know something of her. */
export async function knowing(question: Question, vault: Vault, members: Member[]): Promise<Member[]> {
  const known = await Promise.all(members.map((member) => question.knows(vault, member)));
  return members.filter((_, at) => known[at]);
}

async function missed(question: Question, vault: Vault, member: string, error: unknown): Promise<Missing[]> {
  const missing = missingBy(member, error);
  const unknown = missing.why?.kind === "refused" && missing.why.party === member && UNKNOWN.includes(missing.why.code ?? "");
  // One that knows her by no pseudonym has nothing of hers; but what it told before does not go away by a refusal.
  return unknown && !(await question.told(vault, member)) ? [] : [missing];
}

/** That a member told nothing, and why. Throws what is no member's fault: no binding, this phone, its clock. */
export function missingBy(member: string, error: unknown): Missing {
  if (!(error instanceof Fault) || ["unbound", "platform", "clock"].includes(error.kind)) throw error;
  return { member, believed: error.kind !== "untrusted" || error.code === SUSPENDED, why: error };
}
