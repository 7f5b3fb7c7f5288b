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
type NoticeRecord = Of<typeof noticeRecordShape>;

/** Verifies a record of a decision. */
export async function decisionRecord(member: Member, token: UnverifiedJws): Promise<DecisionRecord> {
  const { iat } = token.claimed(recordShape, "a record of a decision");
  const record = await token.verify("dx-decision+jwt", member.signing.at(token.kid, iat), recordShape, "a record of a decision");
  if (record.iss !== member.entity) throw untrusted(`${member.entity} gave another member's record`);
  return record;
}

/** Verifies a record of a notice. */
async function noticeRecord(member: Member, token: UnverifiedJws): Promise<NoticeRecord> {
  const { iat } = token.claimed(noticeRecordShape, "a record of a notice");
  const record = await token.verify("dx-notice+jwt", member.signing.at(token.kid, iat), noticeRecordShape, "a record of a notice");
  if (record.iss !== member.entity) throw untrusted(`${member.entity} gave another member's record`);
  return record;
}

/** Whether a record says that an objection is to be heard. Against a removal that was carried out the state stays until it was. */
export function saysHeard({ state, action }: DecisionRecord): boolean {
  return state === "contested" || (state === "removed" && action === "review");
}

/** The first of these records, which were verified before they were kept, that says so about a decision. */
export function firstHeard(records: string[], decision: string): string | undefined {
  return records.find((compact) => {
    const token = UnverifiedJws.parse(compact, LIMITS.record);
    if (token.typ !== "dx-decision+jwt") return false;
    const record = token.claimed(recordShape, "a kept record");
    return record.decision === decision && saysHeard(record);
  });
}

/** Verifies all records of a decision; whether they say what is told. */
export async function signedAsTold(member: Member, told: Benefit): Promise<boolean> {
  const last = new Map<string, string>();
  const [records, notices]: [DecisionRecord[], NoticeRecord[]] = [[], []];
  for (const compact of told.records) {
    const token = UnverifiedJws.parse(compact, LIMITS.record);
    const notice = token.typ === "dx-notice+jwt" ? await noticeRecord(member, token) : null;
    const record = notice === null ? await decisionRecord(member, token) : null;
    if ((record ?? notice)?.case !== told.case) throw untrusted(`${member.entity} gave the record of another case`);
    if (notice !== null) notices.push(notice);
    if (record === null) continue;
    if (record.previous !== (last.get(record.decision) ?? null)) throw untrusted(`records of ${member.entity} are missing in between`);
    last.set(record.decision, await token.digest());
    records.push(record);
  }
  return asTold(member, told, records) && windowAsTold(told, notices);
}

/** The newest record says how it stands, since when and by which clauses; why, the newest of its own: what lifts or undoes it has a reason of its own. */
function asTold(member: Member, told: Benefit, records: DecisionRecord[]): boolean {
  const own = records.filter(({ decision }) => decision === told.decision);
  // A hold comes first, under a number of its own, where the notice of the removal follows later.
  const about = own.length > 0 ? own : records.filter(({ action }) => action === "hold");
  const [newest, why] = [records.at(-1), about.at(-1)];
  if (newest === undefined || why === undefined) throw untrusted(`${member.entity} gave no record of this decision`);
  const sameClauses = newest.decisive.length === told.decisive.length && newest.decisive.every((clause, at) => clause === told.decisive[at]);
  return newest.state === told.state && newest.effective === told.effective && sameClauses && why.reason === told.reason;
}

/** Her window ends when the delivered notice says; the last day of an offer is in no record. */
function windowAsTold({ action, decision, until }: Benefit, notices: NoticeRecord[]): boolean {
  const delivered = notices.filter((notice) => notice.decision === decision && notice.delivery !== null);
  return action !== "remove" || (delivered.at(-1)?.delivery?.window_ends ?? null) === until;
}
