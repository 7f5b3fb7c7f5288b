/**
 * She objects to a removal: an order that her key for this department signs, the slip that she gets for it, and the signed record that it was taken.
 *
 * Guarantees: an objection is kept before it is sent, and works offline; it goes out again until the department has it; it counts as taken only by that
 * department's signed record about this very decision. Deliberately absent: who hears it.
 */

import { messageId } from "../bytes.js";
import { Fault, untrusted } from "../fault.js";
import type { Federation } from "../federation/directory.js";
import { signJws, UnverifiedJws } from "../jose/jws.js";
import { LIMITS } from "../json/strict.js";
import type { KeptObjection, Vault } from "../store/vault.js";
import { boundFor, proven } from "./asking.js";
import { askBenefits } from "./benefits.js";
import { Party, readJson } from "./party.js";
import { decisionRecord } from "./records.js";
import { takenShape } from "./shapes.js";

/** Longest words, characters. */
export const MOST_WORDS = 2_000;

/** Characters as a department counts them. */
export function lengthOf(words: string): number {
  return [...words].length;
}

/** Signs an objection and keeps it; nothing is sent yet. */
export async function object(vault: Vault, against: { member: string; decision: string; case: string }, words: string, now: number): Promise<KeptObjection> {
  if (lengthOf(words) > MOST_WORDS) throw new Fault("input", `an objection has at most ${MOST_WORDS} characters`);
  const key = await vault.signingKey((await boundFor(vault, against.member)).kid);
  const id = messageId(now);
  const claims = { v: 1, iss: key.did, aud: against.member, iat: now, jti: id, decision: against.decision, words };
  const order = await signJws("dx-objection+jwt", key, "did", claims);
  const { member, decision, case: number } = against;
  const kept: KeptObjection = { id, member, decision, case: number, words, at: now, order, taken: null, refused: false };
  await vault.keepObjection(kept);
  return kept;
}

/** Objections that no department has yet. */
export async function unsent(vault: Vault): Promise<KeptObjection[]> {
  return (await vault.objections()).filter((kept) => kept.taken === null && !kept.refused);
}

/** Sends what waits; how many are left. */
export async function sendObjections(vault: Vault, federation: Federation): Promise<number> {
  const sent = await Promise.all((await unsent(vault)).map((kept) => send(vault, federation, kept).then(() => 0, leftBy)));
  return sent.reduce((left, one) => left + one, 0);
}

function leftBy(error: unknown): number {
  return error instanceof Fault && error.kind === "refused" ? 0 : 1;
}

/** Sends one objection, and asks how the decision stands then. Carried there twice, it is taken once, with the same slip. */
export async function send(vault: Vault, federation: Federation, kept: KeptObjection): Promise<KeptObjection> {
  const look = () => federation.member(kept.member).then((member) => askBenefits(vault, federation, member)).catch(() => null);
  try {
    const after = { ...kept, taken: await deliver(vault, federation, kept), refused: false };
    await vault.keepObjection(after);
    await look();
    return after;
  } catch (error) {
    if (leftBy(error) === 0) {
      await refuse(vault, kept);
      await look();
    }
    throw error;
  }
}

/** What another page of this wallet was told meanwhile stays. */
async function refuse(vault: Vault, kept: KeptObjection): Promise<void> {
  const now = (await vault.objections(kept.decision)).find((one) => one.id === kept.id);
  if (now?.taken == null) await vault.keepObjection({ ...kept, refused: true });
}

async function deliver(vault: Vault, federation: Federation, kept: KeptObjection): Promise<{ slip: string; record: string }> {
  const party = new Party(await federation.member(kept.member));
  const binding = await proven(vault, federation, party);
  const reply = await party.json(party.citizen("objections"), { binding, objection: kept.order });
  const told = readJson(reply, takenShape, "the slip");
  const record = await decisionRecord(party.member, UnverifiedJws.parse(told.record, LIMITS.record));
  // Against a removal that was carried out the record says so still, until two officers have heard her.
  const heard = record.state === "contested" || record.state === "removed";
  if (told.decision !== kept.decision || told.case !== kept.case || record.decision !== kept.decision || record.case !== kept.case || !heard) {
    throw untrusted(`${kept.member} took something else than this objection`);
  }
  return { slip: told.slip, record: told.record };
}
