/**
 * A request for consent: fetched, verified through the pinned anchor, held against the purpose registry.
 *
 * Guarantees: nothing of a request is shown before its signature was verified with a key that the directory lists for the asker; name and purpose
 * text are the directory's and the registry's, and a request that says otherwise, or asks for more than the purpose allows, is refused.
 */

import { decodeBase64url, fromUtf8, nonce } from "../bytes.js";
import { Party } from "../citizen/party.js";
import { bounds } from "../consent/bounds.js";
import { Fault, untrusted } from "../fault.js";
import { mayAsk, SKEW, type Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import type { Dataset, Purpose } from "../federation/shapes.js";
import { UnverifiedJws } from "../jose/jws.js";
import { LIMITS, parseStrict } from "../json/strict.js";
import { BINDING_VCT } from "../sdjwt/binding.js";
import { sameTexts } from "./texts.js";
import type { RequestLink } from "./links.js";
import { BINDING_QUERY, requestShape, transactionShape, WALLET_AUDIENCE, type Item, type RequestObject, type Transaction } from "./shapes.js";

/** What verifying needs of the federation. */
export type View = Pick<Federation, "now" | "member" | "purposes">;

/** A provider and its dataset, as the directory describes them. */
export interface Offered {
  item: Item;
  provider: Member;
  dataset: Dataset;
}

/** A request that was verified. */
export interface VerifiedRequest {
  object: string;
  claims: RequestObject;
  asked: Transaction;
  purpose: Purpose;
  consumer: Member;
  /** One for each item, in order. */
  offered: Offered[];
}

/** Fetches and verifies a request. */
export async function fetchRequest(federation: Federation, link: RequestLink): Promise<VerifiedRequest> {
  const consumer = await federation.member(link.client);
  const walletNonce = nonce();
  const reply = await new Party(consumer).form(link.requestUri, { wallet_nonce: walletNonce });
  return verifyRequest(federation, link, consumer, reply.text.trim(), walletNonce);
}

/** Verifies a request that came for this wallet's nonce. */
export async function verifyRequest(
  federation: View, link: RequestLink, consumer: Member, object: string, walletNonce: string,
): Promise<VerifiedRequest> {
  const now = federation.now();
  const token = UnverifiedJws.parse(object, LIMITS.query);
  const claims = await token.verify("oauth-authz-req+jwt", consumer.signing.at(token.kid, now), requestShape, "the request");
  const broken = rules(claims, link, walletNonce).find(([holds]) => !holds);
  if (broken !== undefined) throw untrusted(`the request of ${link.client}: ${broken[1]}`);
  if (claims.iat > now + SKEW) throw new Fault("clock", "the request comes from the future");
  if (claims.exp <= now) throw new Fault("refused", "the request has ended", "request-expired", link.client);
  const asked = transaction(claims);
  if (!sameTexts(asked.consumer_name, consumer.gateway.organization_name)) {
    throw untrusted("the request gives the asker another name than the directory does");
  }
  const purposes = await federation.purposes();
  const purpose = purposes.find((one) => one.code === asked.purpose && one.version === asked.purpose_version);
  if (purpose === undefined) throw untrusted("the purpose of the request is not registered");
  if (!mayAsk(consumer, asked.purpose)) throw untrusted(`${link.client} may not ask for this purpose`);
  const beyond = bounds(asked, purpose, now);
  if (beyond !== null) throw new Fault("untrusted", `the request goes beyond the registered purpose: ${beyond}`, "consent-above-template", link.client);
  const offered = await Promise.all(asked.items.map((item) => offer(federation, item, asked)));
  return { object, claims, asked, purpose, consumer, offered };
}

function rules(claims: RequestObject, link: RequestLink, walletNonce: string): [boolean, string][] {
  const [credential, ...more] = claims.dcql_query.credentials;
  const onlyBinding = credential !== undefined && more.length === 0 && credential.id === BINDING_QUERY
    && credential.meta.vct_values.length === 1 && credential.meta.vct_values[0] === BINDING_VCT && (credential.claims ?? []).length === 0;
  return [
    [claims.iss === link.client && claims.client_id === link.clientId, "it is by another asker than the link says"],
    [claims.aud === WALLET_AUDIENCE, "it is not meant for a wallet"],
    [claims.wallet_nonce === walletNonce, "it does not answer this wallet"],
    [claims.response_type === "vp_token" && claims.response_mode === "direct_post.jwt", "it wants another kind of response"],
    [onlyBinding, "it wants more than to know that a resident answers"],
    [claims.transaction_data.length === 1, "it holds not exactly one set of terms"],
    [claims.client_metadata.jwks.keys.length > 0, "it names no key for the answer"],
  ];
}

function transaction(claims: RequestObject): Transaction {
  const bytes = decodeBase64url(claims.transaction_data[0] ?? "");
  if (bytes === null) throw untrusted("the terms of the request cannot be read");
  const asked = transactionShape(parseStrict(fromUtf8(bytes), LIMITS.query), "the terms of the request");
  if (asked.credential_ids.length !== 1 || asked.credential_ids[0] !== BINDING_QUERY) throw untrusted("the terms are about something else");
  return asked;
}

/** The provider of an item, which must offer it for this purpose. */
async function offer(federation: View, item: Item, asked: Transaction): Promise<Offered> {
  const provider = await federation.member(item.provider);
  const dataset = provider.gateway.datasets.find((one) => one.id === item.dataset && one.purposes.includes(asked.purpose));
  const named = [...item.fields, ...(item.predicates ?? []).map((predicate) => predicate.field)];
  const offers = dataset !== undefined && named.every((name) => dataset.fields.some((field) => field.name === name));
  if (!offers || !provider.roles.includes("provider")) throw untrusted(`${item.provider} does not offer ${item.dataset} for this purpose`);
  return { item, provider, dataset };
}

