/**
 * Decisions about her as the wallet keeps them, and what she can still do about each.
 *
 * Guarantees: a decision is named by the member that made it and its id, so that no other member's decision stands in its place.
 */

import { secondsOf } from "../consent/calendar.js";
import type { KeptObjection, Vault } from "../store/vault.js";
import type { Benefit } from "./shapes.js";

/** A decision as it is kept. */
export interface KeptBenefit extends Benefit {
  /** Whether the signed records say what is told. */
  signed: boolean;
  /** When it was told, where that was before the others. */
  asked?: number;
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

/** Where the decisions of a member are kept, and in whose turn they are changed. */
export const placeOf = (member: string) => `benefits:${member}`;

/** What is kept of all members, newest first. */
export async function keptBenefits(vault: Vault): Promise<Decided[]> {
  const told = await vault.all<KeptBenefits>(placeOf(""));
  const all = told.flatMap(({ member, asked, decisions }) => decisions.map((one) => ({ ...one, member, asked: one.asked ?? asked })));
  return all.sort((one, two) => secondsOf(two.at) - secondsOf(one.at) || (one.decision < two.decision ? 1 : -1));
}

/** One decision; of whichever member, where that is not known. */
export async function keptBenefit(vault: Vault, member: string | null, decision: string): Promise<Decided | undefined> {
  return (await keptBenefits(vault)).find((one) => one.decision === decision && (member === null || one.member === member));
}

const past = ({ until }: Benefit, today: string) => until !== null && until < today;

/** What she can answer on a day. An offer, and an objection that was heard, end with theirs; before a removal she can object until it is carried out. */
export function mayOn(decided: Benefit, today: string): Benefit["may"] {
  return past(decided, today) && (decided.state === "offered" || decided.state === "upheld") ? [] : decided.may;
}

/** Whether something hangs on the day that she can still answer: an offer, or a removal that was not carried out and to which she has not objected. */
export function waitsForHer(decided: Decided, today: string, unsent: KeptObjection[]): boolean {
  const { state, member, decision } = decided;
  const answered = unsent.some((kept) => kept.member === member && kept.decision === decision);
  return mayOn(decided, today).length > 0 && state !== "removed" && state !== "enrolled" && !past(decided, today) && !answered;
}
