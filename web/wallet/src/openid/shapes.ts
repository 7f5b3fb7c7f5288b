/** Messages of OpenID4VP 1.0 and OpenID4VCI 1.0 as far as a wallet reads them. What is shown and signed is closed. */

import { jwkShape } from "../jose/keys.js";
import {
  anything, civilDate, closed, dotted, duration, entityId, fieldName, flag, integer, list, map, maybe, numericDate, open, slug, text,
  word, type Of,
} from "../json/shape.js";

/** `type` of our transaction data. */
export const CONSENT_TRANSACTION = "urn:vinimay:consent:1";
/** The client identifier prefix of a member. */
export const FEDERATION_CLIENT = "openid_federation:";
/** `aud` of a request for a wallet found without discovery. */
export const WALLET_AUDIENCE = "https://self-issued.me/v2";
/** Grant type of a pre-authorised code. */
export const PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/** Our one credential configuration. */
export const BINDING_CONFIGURATION = "resident-binding";
/** Id of the binding in query and token. */
export const BINDING_QUERY = "binding";

/** A signed request. */
export const requestShape = closed({
  iss: entityId,
  aud: text(),
  iat: numericDate,
  exp: numericDate,
  client_id: text(),
  response_type: text(),
  response_mode: text(),
  response_uri: text(/^https:/),
  nonce: text(/^[A-Za-z0-9_-]{16,256}$/),
  state: text(),
  wallet_nonce: maybe(text()),
  dcql_query: open({
    credentials: list(open({ id: text(), format: text(), meta: open({ vct_values: list(text()) }), claims: maybe(list(anything)) })),
  }),
  client_metadata: open({ jwks: closed({ keys: list(jwkShape) }) }),
  transaction_data: list(text(/^[A-Za-z0-9_-]+$/)),
});
/** A signed request. */
export type RequestObject = Of<typeof requestShape>;

/** What a question compares with stands on the card: short, without control or format characters, which could make the card read otherwise. */
const compared = text(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,64}$/u);
/** A question that is answered with yes or no. */
export const predicateShape = closed({ field: fieldName, op: word("eq", "lte", "gte"), value: compared });
/** A question that is answered with yes or no. */
export type Predicate = Of<typeof predicateShape>;

/** How often. */
export const frequencyShape = closed({
  mode: word("one-time", "recurring"),
  maxUses: integer(1),
  period: maybe(duration),
  usesPerPeriod: maybe(integer(1)),
});
/** How often. */
export type Frequency = Of<typeof frequencyShape>;

const item = closed({
  provider: entityId,
  dataset: dotted,
  fields: list(fieldName),
  predicates: maybe(list(predicateShape)),
  dataRange: maybe(closed({ from: civilDate, to: civilDate })),
});
/** One provider, one dataset. */
export type Item = Of<typeof item>;

/** What she is asked to sign. */
export const transactionShape = closed({
  type: word(CONSENT_TRANSACTION),
  credential_ids: list(text()),
  purpose: dotted,
  purpose_version: slug,
  text: map(text()),
  consumer_name: map(text()),
  items: list(item),
  validity: duration,
  frequency: frequencyShape,
  retention: duration,
  for_ward: maybe(flag),
});
/** What she is asked to sign. */
export type Transaction = Of<typeof transactionShape>;

/** A credential offer by value. */
export const offerShape = open({
  credential_issuer: entityId,
  credential_configuration_ids: list(text()),
  grants: map(open({
    "pre-authorized_code": maybe(text()),
    tx_code: maybe(open({ input_mode: maybe(text()), length: maybe(integer(1, 32)) })),
  })),
});
/** A credential offer. */
export type Offer = Of<typeof offerShape>;

/** Issuer metadata. */
export const issuerShape = open({
  credential_issuer: entityId,
  credential_endpoint: text(/^https:/),
  nonce_endpoint: text(/^https:/),
  batch_credential_issuance: maybe(open({ batch_size: integer(1) })),
});
/** Metadata of its authorisation server. */
export const serverShape = open({ issuer: entityId, token_endpoint: text(/^https:/) });
/** The token endpoint's answer. */
export const tokenShape = open({ access_token: text(), token_type: text(), expires_in: maybe(integer()) });
/** The nonce endpoint's answer. */
export const nonceShape = open({ c_nonce: text() });
/** Issued credentials. */
export const issuedShape = open({ credentials: list(open({ credential: text() })) });
