/** What a member's citizen endpoint says to a wallet (schemas, `citizen`). Members not known here are dropped: they are shown, never signed. */

import { parseDay } from "../consent/calendar.js";
import { untrusted } from "../fault.js";
import {
  anything, civilDate, compactJws, consentId, digestText, dotted, entityId, fieldName, flag, instant, integer, list, map, messageIdText, nullable, numericDate,
  open, slug, text, word, maybe, type Of, type Shape,
} from "../json/shape.js";

/** A nonce. */
export const nonceAnswer = open({ nonce: text(/^[A-Za-z0-9_-]{16,256}$/), expires_in: maybe(integer()) });

const use = open({
  exchange: messageIdText,
  role: word("provider", "consumer"),
  peer: entityId,
  at: instant,
  purpose: dotted,
  dataset: dotted,
  fields: list(fieldName),
  predicates: maybe(list(open({ field: fieldName, op: text(), value: text() }))),
  consent: nullable(consentId),
  assisted: nullable(entityId),
  law: nullable(slug),
  outcome: word("answered", "refused", "unconfirmed"),
  refusal: nullable(text()),
  anchored: nullable(integer()),
  erased: nullable(instant),
});
/** One use: names of items, never values. */
export type HistoryUse = Of<typeof use>;

/** The uses that one member took part in. */
export const historyShape = open({ member: entityId, uses: list(use) });

/** The tie between pseudonym and number was made. */
export const linkedShape = open({ method: text(), score: integer(0, 100) });

/** How much she wants to hear. */
export const LEVELS = ["every-use", "weekly", "exceptions"] as const;
const notice = open({
  id: messageIdText,
  at: instant,
  seen: maybe(flag),
  about: open({ kind: text(), exchange: maybe(messageIdText), link: maybe(text()), decision: maybe(messageIdText) }),
  text: map(open({ title: text(), body: text() })),
});
/** One notice. */
export type Notice = Of<typeof notice>;
const preferences = open({ level: word(...LEVELS), language: text(), phone: maybe(flag), email: maybe(flag) });
/** What she has chosen. */
export type Preferences = Of<typeof preferences>;
/** The notices of one member, and what she has chosen there. */
export const noticesShape = open({ member: entityId, notices: list(notice), preferences: nullable(preferences) });

/** A day or an instant that exists: one that does not would break the screen on which others stand too. */
const real = (shape: Shape<string>): Shape<string> => (value, place) => {
  const read = shape(value, place);
  if (read.length === 10) parseDay(read);
  else if (Number.isNaN(Date.parse(read))) throw untrusted(`${place} is no instant that exists`);
  return read;
};
const day = real(civilDate);

/** How far a decision can have come (schemas, `DecisionState`). */
export const STATES = [
  "proposed", "offered", "accepted", "declined", "expired", "withdrawn", "enrolled", "held", "noticed", "contested", "upheld", "removed", "reversed",
  "released", "restored",
] as const;
/** What a decision can do (schemas, `DecisionAction`). */
export const ACTIONS = ["offer", "enrol", "withdraw", "hold", "release", "remove", "restore", "amend", "flag", "review"] as const;
const reason = text(/^[A-Z][A-Z0-9_]{0,63}$/);
const clause = open({
  id: slug,
  result: word("true", "false", "unknown"),
  facts: list(open({ fact: text(), source: entityId, effective: day })),
  missing: maybe(list(open({ fact: text(), reason }))),
});
/** One clause of a scheme, and what it was computed from. */
export type Clause = Of<typeof clause>;
/** One decision about her, as a member tells it. */
export const benefitShape = open({
  decision: messageIdText,
  case: slug,
  at: real(instant),
  scheme: map(text()),
  action: word(...ACTIONS),
  state: word(...STATES),
  reason,
  why: map(text()),
  effective: day,
  source: nullable(entityId),
  until: nullable(day),
  monthly: nullable(integer()),
  clauses: list(clause),
  decisive: list(slug),
  changes: nullable(open({ clause: slug, on: nullable(day) })),
  may: list(word("accept", "decline", "object")),
  records: list(compactJws),
});
/** One decision about her. */
export type Benefit = Of<typeof benefitShape>;
/** What one member decided about her; each decision is read by itself. */
export const benefitsShape = open({ member: entityId, decisions: list(anything) });
/** How a decision stands after her answer. */
export const answeredShape = open({ state: word(...STATES) });
/** The slip of an objection, and the signed record that it was taken. */
export const takenShape = open({ decision: messageIdText, case: slug, slip: text(/^[A-Za-z0-9-]{1,32}$/), record: compactJws });

const logged = { v: integer(1, 1), iss: entityId, iat: numericDate, decision: messageIdText, case: slug };
/** What a wallet reads in a department's signed record of a decision. */
export const recordShape = open({
  ...logged, previous: nullable(digestText), action: word(...ACTIONS), state: word(...STATES), reason, effective: day, decisive: list(slug),
});
/** What it reads in the record of a notice. */
export const noticeRecordShape = open({ ...logged, delivery: nullable(open({ window_ends: day })) });
