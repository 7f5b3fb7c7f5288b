/**
 * She orders: stop, pause, resume, shorten. To both parties; what does not reach one is kept and tried again.
 *
 * Guarantees: an order is kept before it is sent, and works offline; orders reach a party in their order; an acknowledgement counts only if that party
 * signed it about this very order; only acknowledgements make it hold, never a refusal. What a party refused is signed anew, with this moment's time and
 * the next number, and sent again, unless that party can never take it. Revoking is final.
 */

import { digest, messageId } from "../bytes.js";
import { Party } from "../citizen/party.js";
import { Fault, untrusted } from "../fault.js";
import type { Federation } from "../federation/directory.js";
import { signJws, UnverifiedJws } from "../jose/jws.js";
import type { SigningKey } from "../jose/keys.js";
import { closed, consentId, digestText, entityId, integer, messageIdText, numericDate, text, word } from "../json/shape.js";
import { LIMITS } from "../json/strict.js";
import type { Action, KeptConsent, SentOrder, Status, Vault } from "../store/vault.js";

/** An acknowledgement. */
export const ackShape = closed({
  v: integer(1, 1), iss: entityId, iat: numericDate, jti: messageIdText, salt: text(/^[A-Za-z0-9_-]{22,64}$/),
  order: digestText, consent: consentId, status: word("active", "paused", "revoked"),
});

const AFTER: Record<Exclude<Action, "shorten">, Status> = { revoke: "revoked", pause: "paused", resume: "active" };

/** Signs an order and keeps it; nothing is sent yet. */
export function order(vault: Vault, id: string, action: Action, now: number, until: string | null = null): Promise<KeptConsent> {
  return vault.changeConsent(id, async (kept) => {
    if (kept.status === "revoked") throw new Fault("refused", "a revoked consent stays revoked", "consent-revoked");
    const key = await vault.signingKey(kept.kid);
    const signed = await signOrder(key, kept, action, now, until);
    if (action !== "shorten") kept.status = AFTER[action];
    else if (until !== null) kept.validUntil = Math.floor(Date.parse(until) / 1000);
    kept.orders.push({ order: signed, action, at: now, until, acknowledged: [], refused: [] });
  });
}

/** Signs the next order of a consent, to both parties, and counts it. */
async function signOrder(key: SigningKey, kept: KeptConsent, action: Action, now: number, until: string | null): Promise<string> {
  const claims = {
    v: 1, iss: key.did, aud: [kept.consumer, kept.provider], iat: now, jti: messageId(now), consent: kept.consent, action,
    ...(until === null ? {} : { until }), n: kept.n + 1,
  };
  const signed = await signJws("consent-order+jwt", key, "did", claims);
  kept.n += 1;
  return signed;
}

/** Refusals that no newer order changes: the party does not know the consent, or is none of its parties. */
const FINAL = ["consent-unknown", "consent-wrong-subject", "audience-wrong", "consent-revoked", "consent-expired"];

/** Parties that have not acknowledged one order. */
export function unconfirmed(kept: KeptConsent, sent: SentOrder): string[] {
  const later = kept.orders.slice(kept.orders.indexOf(sent)).filter((one) => one === sent || one.action === "revoke");
  const confirmed = (party: string) => later.some((one) => one.acknowledged.some((ack) => ack.party === party));
  return [...new Set([kept.consumer, kept.provider])].filter((party) => !confirmed(party));
}

/** Parties to which one order is sent again. */
export function pending(kept: KeptConsent, sent: SentOrder): string[] {
  const final = (party: string) => sent.refused.some((one) => one.party === party && FINAL.includes(one.code ?? ""));
  return unconfirmed(kept, sent).filter((party) => !final(party));
}

/** Parties that have not acknowledged an order yet and are asked again. */
export function waiting(kept: KeptConsent): string[] {
  return [...new Set(kept.orders.flatMap((sent) => pending(kept, sent)))];
}

/** Whether every party has signed for every order; what a party refused does not hold there. */
export function confirmed(kept: KeptConsent): boolean {
  return kept.orders.every((sent) => unconfirmed(kept, sent).length === 0);
}

/** The last refusals that stand in the way of an order, one a party. */
export function standingRefusals(kept: KeptConsent, sent: SentOrder): SentOrder["refused"] {
  const open = unconfirmed(kept, sent);
  return sent.refused.filter((one) => open.includes(one.party));
}

/** Sends what has not been acknowledged, of every consent. Returns how many deliveries still wait. */
export async function sendPending(vault: Vault, federation: Federation): Promise<number> {
  const unsent = (await vault.consents()).filter((consent) => waiting(consent).length > 0);
  const left = await Promise.all(unsent.map((consent) => sendOf(vault, federation, consent.id)));
  return left.reduce((sum, one) => sum + one, 0);
}

/** Sends what waits of one consent. */
export async function sendOf(vault: Vault, federation: Federation, id: string): Promise<number> {
  const kept = await vault.changeConsent(id, async (consent) => {
    await signAnew(vault, consent, federation.now());
    for (const party of waiting(consent)) await sendTo(federation, party, consent);
  });
  return waiting(kept).length;
}

/** A refused order, and what follows it, once more with this moment's time and the next numbers: the old ones would be refused again. */
async function signAnew(vault: Vault, kept: KeptConsent, now: number): Promise<void> {
  const first = kept.orders.findIndex((sent) => pending(kept, sent).some((party) => sent.refused.some((one) => one.party === party)));
  if (first < 0) return;
  const key = await vault.signingKey(kept.kid);
  for (const sent of kept.orders.slice(first).filter((one) => pending(kept, one).length > 0)) {
    sent.earlier = [...(sent.earlier ?? []), sent.order];
    sent.order = await signOrder(key, kept, sent.action, now, sent.until);
  }
}

/** In their order: a later order must not overtake an earlier one at the same party; but an earlier one that is refused does not keep it from stopping. */
async function sendTo(federation: Federation, party: string, consent: KeptConsent): Promise<void> {
  let refused = false;
  for (const sent of consent.orders.filter((one) => pending(consent, one).includes(party))) {
    if (refused && sent.action !== "revoke") continue;
    try {
      const ack = await deliver(federation, party, consent.id, sent);
      sent.acknowledged.push({ party, ack });
      sent.refused = sent.refused.filter((one) => one.party !== party);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "refused") return;
      sent.refused = [...sent.refused.filter((one) => one.party !== party), { party, code: error.code }];
      refused ||= pending(consent, sent).includes(party);
    }
  }
}

/** Posts an order and verifies that its acknowledgement is this party's word about this very order. */
async function deliver(federation: Federation, entity: string, consent: string, sent: SentOrder): Promise<string> {
  const party = new Party(await federation.member(entity));
  const reply = await party.post(party.citizen("orders"), "application/consent-order+jwt", sent.order);
  const compact = reply.text.trim();
  const token = UnverifiedJws.parse(compact, LIMITS.record);
  const key = party.member.signing.at(token.kid, federation.now());
  const ack = await token.verify("dx-order-ack+jwt", key, ackShape, "the acknowledgement");
  if (ack.iss !== entity || ack.consent !== consent || ack.order !== (await digest(sent.order))) {
    throw untrusted(`${entity} acknowledged something else`);
  }
  return compact;
}
