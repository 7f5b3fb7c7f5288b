/**
 * She orders: stop, pause, resume, shorten. To both parties; what does not reach one is kept and tried again.
 *
 * Guarantees: an order is kept before it is sent, and works offline; orders reach a party in their order; an acknowledgement counts only if that party
 * signed it about this very order. Revoking is final.
 */

import { digest, messageId } from "../bytes.js";
import { Party } from "../citizen/party.js";
import { Fault, untrusted } from "../fault.js";
import type { Federation } from "../federation/directory.js";
import { signJws, UnverifiedJws } from "../jose/jws.js";
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
    const parties = [kept.consumer, kept.provider];
    const claims = {
      v: 1, iss: key.did, aud: parties, iat: now, jti: messageId(now), consent: kept.consent, action,
      ...(until === null ? {} : { until }), n: kept.n + 1,
    };
    const signed = await signJws("consent-order+jwt", key, "did", claims);
    kept.n += 1;
    if (action !== "shorten") kept.status = AFTER[action];
    else if (until !== null) kept.validUntil = Math.floor(Date.parse(until) / 1000);
    kept.orders.push({ order: signed, action, at: now, until, pending: parties, acknowledged: [], refused: [] });
  });
}

/** Parties that have not acknowledged an order yet. */
export function waiting(kept: KeptConsent): string[] {
  return [...new Set(kept.orders.flatMap((sent) => sent.pending))];
}

/** Sends what has not been acknowledged, of every consent. Returns how many deliveries still wait. */
export async function sendPending(vault: Vault, federation: Federation): Promise<number> {
  let left = 0;
  for (const consent of await vault.consents()) {
    if (waiting(consent).length > 0) left += await sendOf(vault, federation, consent.id);
  }
  return left;
}

/** Sends what waits of one consent. */
export async function sendOf(vault: Vault, federation: Federation, id: string): Promise<number> {
  const kept = await vault.changeConsent(id, async (consent) => {
    for (const party of waiting(consent)) await sendTo(federation, party, consent);
  });
  return waiting(kept).length;
}

/** In their order: a later order must not overtake an earlier one at the same party. */
async function sendTo(federation: Federation, party: string, consent: KeptConsent): Promise<void> {
  for (const sent of consent.orders.filter((one) => one.pending.includes(party))) {
    try {
      sent.acknowledged.push({ party, ack: await deliver(federation, party, consent.id, sent) });
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "refused") return;
      sent.refused.push({ party, code: error.code });
    }
    sent.pending = sent.pending.filter((one) => one !== party);
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
