/**
 * A department's signed records of decisions and of the notices of them, held against its keys in the verified directory.
 *
 * Guarantees: a record counts only if this member signed it with a key that counted then, about this very case; of one decision, each names the one
 * before it, so that none is left out in between. Deliberately absent: whether a decision is right, and the log (an auditor's part).
 */

import { untrusted } from "../fault.js";
import type { Member } from "../federation/chain.js";
import { UnverifiedJws } from "../jose/jws.js";
import type { Of } from "../json/shape.js";
import { LIMITS } from "../json/strict.js";
import { noticeRecordShape, recordShape, type Benefit } from "./shapes.js";

/** What a record of a decision says. */
export type DecisionRecord = Of<typeof recordShape>;

/** Verifies a record of a decision. */
export async function decisionRecord(member: Member, token: UnverifiedJws): Promise<DecisionRecord> {
  const { iat } = token.claimed(recordShape, "a record of a decision");
  const record = await token.verify("dx-decision+jwt", member.signing.at(token.kid, iat), recordShape, "a record of a decision");
  if (record.iss !== member.entity) throw untrusted(`${member.entity} gave another member's record`);
  return record;
}

/** Verifies a record of a notice. */
async function noticeRecord(member: Member, token: UnverifiedJws): Promise<Of<typeof noticeRecordShape>> {
  const { iat } = token.claimed(noticeRecordShape, "a record of a notice");
  const record = await token.verify("dx-notice+jwt", member.signing.at(token.kid, iat), noticeRecordShape, "a record of a notice");
  if (record.iss !== member.entity) throw untrusted(`${member.entity} gave another member's record`);
  return record;
}

/** Verifies all records of a decision; whether the last one says the state that is told. */
export async function signedAsTold(member: Member, told: Benefit): Promise<boolean> {
  const last = new Map<string, string>();
  let state: string | null = null;
  for (const compact of told.records) {
    const token = UnverifiedJws.parse(compact, LIMITS.record);
    const notice = token.typ === "dx-notice+jwt" ? await noticeRecord(member, token) : null;
    const record = notice === null ? await decisionRecord(member, token) : null;
    if ((record ?? notice)?.case !== told.case) throw untrusted(`${member.entity} gave the record of another case`);
    if (record === null) continue;
    if (record.previous !== (last.get(record.decision) ?? null)) throw untrusted(`records of ${member.entity} are missing in between`);
    last.set(record.decision, await token.digest());
    state = record.state;
  }
  if (last.size > 0 && !last.has(told.decision)) throw untrusted(`${member.entity} gave the records of another decision`);
  return state === told.state;
}
