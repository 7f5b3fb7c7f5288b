/**
 * Statements of the federation as far as a wallet reads them (OpenID Federation 1.1 §3; protocol, "Federation").
 *
 * What the anchor says about a member is closed; of what a member says about itself only the members used here are read.
 */

import { jwkShape } from "../jose/keys.js";
import {
  civilDate, closed, compactJws, digestText, dotted, duration, entityId, fieldName, flag, integer, list, map, maybe,
  messageIdText, nullable, numericDate, open, sector, slug, text, word, type Of,
} from "../json/shape.js";

/** A set of keys. */
export const jwkSet = closed({ keys: list(jwkShape) });
const names = map(text());

const field = open({
  name: fieldName,
  type: text(),
  sensitivity: word("public", "personal", "sensitive"),
  title: maybe(names),
  mask: nullable(word("last-4", "year", "month", "initial", "present")),
});
const dataset = open({
  id: dotted,
  title: names,
  fields: list(field),
  purposes: list(dotted),
  assurance: word("low", "substantial", "high"),
});
/** A dataset in the catalogue. */
export type Dataset = Of<typeof dataset>;

const gateway = open({
  organization_name: names,
  protocol_versions: list(text()),
  citizen_endpoint: text(/^https:/),
  signing_jwks: jwkSet,
  encryption_jwks: jwkSet,
  datasets: list(dataset),
});
/** What a member offers. */
export type Gateway = Of<typeof gateway>;

const officer = open({ person: text(), role: text(), jwk: jwkShape });
const anchorMetadata = open({
  officer_jwks: list(officer),
  registers_endpoint: text(/^https:/),
  wallet_origin: maybe(entityId),
});
const federationEntity = open({
  organization_name: text(),
  federation_list_endpoint: text(/^https:/),
  federation_resolve_endpoint: text(/^https:/),
});

/** An entity's statement about itself. */
export const configurationShape = open({
  iss: entityId,
  sub: entityId,
  iat: numericDate,
  exp: numericDate,
  jwks: jwkSet,
  authority_hints: maybe(list(entityId)),
  metadata: open({
    data_gateway: maybe(gateway),
    trust_anchor: maybe(anchorMetadata),
    federation_entity: maybe(federationEntity),
  }),
});
/** An entity's statement about itself. */
export type Configuration = Of<typeof configurationShape>;

/** What a superior says about a member. */
export const statementShape = closed({
  iss: entityId,
  sub: entityId,
  iat: numericDate,
  exp: numericDate,
  jwks: jwkSet,
  constraints: closed({ max_path_length: integer() }),
  roles: list(text(/^(provider|assisted-operator|(identity-registry|consumer|event-source):.+)$/)),
  sector,
  standing: word("active", "suspended"),
  entity_configuration: digestText,
  directory_size: integer(),
});
/** What a superior says about a member. */
export type Statement = Of<typeof statementShape>;

/** The answer of the resolve endpoint. */
export const resolveShape = closed({
  iss: entityId, sub: entityId, iat: numericDate, exp: numericDate, trust_chain: list(compactJws),
});

const purpose = closed({
  code: dotted,
  version: slug,
  text: names,
  dpv: text(),
  allowed: list(closed({ dataset: dotted, fields: list(fieldName) })),
  max_validity: duration,
  max_frequency: closed({ modes: list(word("one-time", "recurring")), max_uses: integer() }),
  max_retention: duration,
  sensitive: flag,
  required_presence: maybe(flag),
  predicates_only: maybe(list(fieldName)),
  erase_on_revocation: maybe(flag),
});
/** A purpose: the upper bound of any consent that names it. */
export type Purpose = Of<typeof purpose>;

const law = open({
  id: slug, version: slug, title: names, statute: text(), section: text(), until: civilDate,
});
/** A law, as far as it is shown. */
export type Law = Of<typeof law>;

/** One officer's signature over a register. */
export const registerShape = closed({
  v: integer(1, 1),
  iss: entityId,
  iat: numericDate,
  jti: messageIdText,
  salt: text(/^[A-Za-z0-9_-]{22,64}$/),
  version: integer(),
  content: closed({ purposes: maybe(list(purpose)), laws: maybe(list(law)) }),
});
/** What `registers_endpoint` serves. */
export const signedRegister = closed({ signatures: list(compactJws) });
