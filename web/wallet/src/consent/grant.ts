/**
 * She decides: consents that are what was shown, one for each provider, or no.
 *
 * Guarantees: notice, request and wallet build are named by digest; the consents are kept before anything leaves; each binding presentation discloses that
 * provider's pseudonym alone and is sealed to the provider. The consent's members stand in the order of the protocol's example.
 */

import { digest, hash64, messageId } from "../bytes.js";
import { Party, readJson } from "../citizen/party.js";
import { nonceAnswer } from "../citizen/shapes.js";
import { Fault, untrusted } from "../fault.js";
import type { Ward } from "../citizen/wards.js";
import type { Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import { sealTo } from "../jose/jwe.js";
import { signJws } from "../jose/jws.js";
import { sealingKey, type SigningKey } from "../jose/keys.js";
import { registryKeys } from "../openid/issue.js";
import type { Offered, VerifiedRequest } from "../openid/request.js";
import { BINDING_QUERY } from "../openid/shapes.js";
import { guardianshipDigest, showWard } from "../sdjwt/guardianship.js";
import { present, receiveBinding } from "../sdjwt/binding.js";
import type { KeptConsent, Vault } from "../store/vault.js";
import { ends, instantText } from "./calendar.js";
import { cardText, type CardLine } from "./card.js";
import type { Language } from "./words.js";

const VCDM = "https://www.w3.org/ns/credentials/v2";
/** A request with less time left than this is fetched and shown again, seconds. */
const TIME_TO_DECIDE = 30;
/** The key binding must be within ten minutes of what was shown. */
const LONGEST_LOOK = 540;

/** What was on the screen. */
export interface Shown {
  lines: CardLine[];
  language: Language;
  at: number;
}

/** Whether she looked so long that she must be shown a fresh request. */
export function tooLate(request: VerifiedRequest, shown: Shown, now: number): boolean {
  return request.claims.exp - now < TIME_TO_DECIDE || now - shown.at > LONGEST_LOOK;
}

/** Who helped, as the operator's gateway said it when she told her code. */
export interface Assistance {
  operator: string;
  session: string;
  method: "code" | "otp-read-out";
}

interface Signing {
  federation: Federation;
  request: VerifiedRequest;
  shown: Shown;
  build: string;
  key: SigningKey;
  token: string;
  /** For whom, if not for herself. */
  ward: Ward | null;
  /** Who helped, if anybody did. */
  assistance: Assistance | null;
}

interface Signed {
  kept: KeptConsent;
  binding: string;
}

/** Consents to what was shown; returns what was kept. */
export async function grant(
  vault: Vault, federation: Federation, request: VerifiedRequest, shown: Shown, build: string, ward: Ward | null = null,
  assistance: Assistance | null = null,
): Promise<KeptConsent[]> {
  if ((request.asked.for_ward === true) !== (ward !== null)) throw new Fault("input", "it must be said for whom she decides");
  const bound = await vault.bindingFor(request.consumer.entity);
  const key = await vault.signingKey(bound.kid);
  await receiveBinding(bound.token, registryKeys(await federation.member(bound.registry)), key);
  const signing: Signing = { federation, request, shown, build, key, token: bound.token, ward, assistance };
  const signed: Signed[] = [];
  for (const offered of request.offered) signed.push(await sign(signing, offered));
  const response = await respond(signing, signed);
  const kept = signed.map((one) => one.kept);
  await vault.keepConsents(kept);
  await new Party(request.consumer).form(request.claims.response_uri, { response }).catch((error: unknown) => {
    // It may have arrived all the same: she keeps what she signed, and can stop it.
    if (error instanceof Fault && error.kind === "unanswered") throw new Fault("unanswered", error.message, "undelivered", error.party);
    throw error;
  });
  const delivered = kept.map((one) => ({ ...one, delivered: true }));
  await vault.keepConsents(delivered);
  return delivered;
}

/** Says no. */
export async function deny(request: VerifiedRequest): Promise<void> {
  const form = { error: "access_denied", state: request.claims.state };
  await new Party(request.consumer).form(request.claims.response_uri, form);
}

async function sign(signing: Signing, offered: Offered): Promise<Signed> {
  const { federation, request, shown, key } = signing;
  const [now, text] = [federation.now(), cardText(shown.lines)];
  const [id, until] = [`urn:uuid:${messageId(now)}`, ends(request.asked.validity, now)];
  const credential = {
    "@context": [VCDM, `${federation.pin.anchor}/contexts/consent/v1`],
    id,
    type: ["VerifiableCredential", "ConsentCredential"],
    issuer: key.did,
    validFrom: instantText(now),
    validUntil: instantText(until),
    credentialSubject: { id: key.did, consent: await terms(signing, offered) },
    evidence: [{
      type: "ConsentNotice", notice: await digest(text), locale: shown.language, request: await digest(request.object),
      shownAt: instantText(shown.at), wallet: signing.build,
      ...(signing.assistance === null ? {} : { assistance: signing.assistance }),
    }],
  };
  const consent = await signJws("vc+jwt", key, "did", credential);
  const { item, provider } = offered;
  const kept: KeptConsent = {
    id, consent, kid: key.kid, consumer: request.consumer.entity, provider: provider.entity, purpose: request.purpose.code,
    dataset: item.dataset, fields: item.fields, ward: signing.ward?.name ?? null, validFrom: now, validUntil: until, maxUses: request.asked.frequency.maxUses,
    text, language: shown.language, shownAt: shown.at, delivered: false, status: "active", n: 0, orders: [],
  };
  return { kept, binding: await sealedBinding(signing, offered, id, consent) };
}

/** The terms of one item, as the asker makes them too. */
async function terms({ request, shown, ward }: Signing, { item }: Offered): Promise<object> {
  const { asked, purpose } = request;
  const text = purpose.text[shown.language];
  if (text === undefined) throw untrusted("the purpose has no text in this language");
  return {
    v: 1,
    decision: "given",
    dataSubject: ward === null ? { role: "self" } : { role: "ward", guardianship_sha256: await guardianshipDigest(ward.credential) },
    purpose: { code: purpose.code, version: purpose.version, text: await digest(text), dpv: purpose.dpv },
    consumer: request.consumer.entity,
    provider: item.provider,
    dataset: item.dataset,
    fields: item.fields,
    ...(item.predicates === undefined || item.predicates.length === 0 ? {} : { predicates: item.predicates }),
    ...(item.dataRange === undefined ? {} : { dataRange: item.dataRange }),
    frequency: asked.frequency,
    retention: { duration: asked.retention },
    onwardSharing: "none",
  };
}

/** Whether the provider wants her presence proven at this moment. */
export function needsPresence(request: VerifiedRequest): boolean {
  const { purpose, asked } = request;
  return purpose.sensitive || purpose.required_presence === true || asked.frequency.mode === "one-time";
}

/** The presentation that goes with a consent, for the provider's eyes. */
async function sealedBinding({ federation, request, key, token, ward }: Signing, { provider }: Offered, id: string, consent: string): Promise<string> {
  const to = { aud: provider.entity, nonce: await hash64(consent), iat: federation.now() };
  const binding = await present(token, [`sub_${provider.sector}`], to, key);
  const live = needsPresence(request) ? { live: await livePresentation(federation, provider, key, token) } : {};
  const guardianship = ward === null ? {} : { guardianship: showWard(ward.credential, provider.sector) };
  const more = { ...live, ...guardianship };
  const body = Object.keys(more).length === 0 ? binding : { binding, ...more };
  return sealTo(provider.sealing, "dx-binding+json", { v: 1, iss: key.did, aud: provider.entity, jti: id, body });
}

/** The same binding over a nonce that the provider gave just now, disclosing nothing. */
async function livePresentation(federation: Federation, provider: Member, key: SigningKey, token: string): Promise<string> {
  const party = new Party(provider);
  const { nonce } = readJson(await party.json(party.citizen("nonce"), { kind: "live" }), nonceAnswer, "the nonce");
  return present(token, [], { aud: provider.entity, nonce, iat: federation.now() }, key);
}

/** The response, sealed to the request's key: who answers, showing nothing but that, over nonce and terms. */
async function respond({ federation, request, key, token }: Signing, signed: Signed[]): Promise<string> {
  const { claims } = request;
  const transactionHashes = await Promise.all(claims.transaction_data.map(hash64));
  const to = { aud: claims.client_id, nonce: claims.nonce, iat: federation.now(), transactionHashes };
  const session = await present(token, [], to, key);
  const [receiver] = claims.client_metadata.jwks.keys;
  if (receiver === undefined) throw new Fault("untrusted", "the request names no key for the answer");
  return sealTo(await sealingKey(receiver), "json", {
    state: claims.state,
    vp_token: { [BINDING_QUERY]: [session] },
    consents: signed.map((one) => one.kept.consent),
    consent_bindings: signed.map((one) => one.binding),
  });
}
