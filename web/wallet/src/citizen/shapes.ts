/** What a member's citizen endpoint says to a wallet (schemas, `citizen`). Members not known here are dropped: they are shown, never signed. */

import {
  consentId, dotted, entityId, fieldName, flag, instant, integer, list, map, messageIdText, nullable, open, slug, text, word, maybe, type Of,
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
  about: open({ kind: text(), exchange: maybe(messageIdText), link: maybe(text()) }),
  text: map(open({ title: text(), body: text() })),
});
/** One notice. */
export type Notice = Of<typeof notice>;
const preferences = open({ level: word(...LEVELS), language: text(), phone: maybe(flag), email: maybe(flag) });
/** What she has chosen. */
export type Preferences = Of<typeof preferences>;
/** The notices of one member, and what she has chosen there. */
export const noticesShape = open({ member: entityId, notices: list(notice), preferences: nullable(preferences) });
