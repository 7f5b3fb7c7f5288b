/**
 * The anchor by its pinned fingerprint, and each member as the end of a chain of signatures from it (OpenID Federation 1.1 §4, §10).
 *
 * Guarantees: roles and standing are the anchor's word, endpoints and keys the member's own as the log has it; what is expired,
 * too long-lived or from the future is refused. Deliberately absent: fetching.
 */

import { Fault, untrusted } from "../fault.js";
import { UnverifiedJws } from "../jose/jws.js";
import { sealingKey, verifyingKey, type SealingKey } from "../jose/keys.js";
import { LIMITS } from "../json/strict.js";
import { Keys } from "./keys.js";
import { configurationShape, resolveShape, statementShape, type Configuration, type Gateway, type Statement } from "./shapes.js";

/** How far clocks may differ, seconds. */
export const SKEW = 10;
const STATEMENT_LIFE = 24 * 3600;
const CONFIGURATION_LIFE = 400 * 24 * 3600;
const LONGEST_CHAIN = 8;

/** What a federation is known by before anything is fetched. */
export interface Pin {
  anchor: string;
  fingerprint: string;
}

/** What was seen last of one statement; it never goes back. */
export interface Mark {
  iat: number;
  digest: string;
}

/** The anchor, verified against the pin. */
export interface Anchor {
  readonly entity: string;
  readonly metadata: NonNullable<Configuration["metadata"]["trust_anchor"]>;
  readonly endpoints: NonNullable<Configuration["metadata"]["federation_entity"]>;
  readonly keys: Keys;
  readonly expires: number;
  readonly mark: Mark;
}

/** A member, verified. */
export interface Member {
  readonly entity: string;
  readonly sector: string;
  readonly roles: string[];
  readonly standing: "active" | "suspended";
  readonly gateway: Gateway;
  readonly signing: Keys;
  readonly sealing: SealingKey;
  readonly expires: number;
  readonly mark: Mark;
}

function authorizeLife(iat: number, exp: number, longest: number, now: number): void {
  if (iat > now + SKEW) throw new Fault("clock", "a statement of the federation comes from the future");
  if (exp < iat || exp - iat > longest) throw untrusted("a statement of the federation lives too long");
  if (exp <= now) throw untrusted("a statement of the federation has expired");
}

async function verifyConfiguration(token: UnverifiedJws, kid: string, jwks: Configuration["jwks"], now: number): Promise<Configuration> {
  const pinned = jwks.keys.find((jwk) => jwk.kid === kid);
  if (pinned === undefined) throw untrusted("an entity configuration was signed by a key that nobody names");
  const claims = await token.verify("entity-statement+jwt", await verifyingKey(pinned), configurationShape, "an entity configuration");
  if (claims.iss !== claims.sub) throw untrusted("an entity configuration is about another entity");
  authorizeLife(claims.iat, claims.exp, CONFIGURATION_LIFE, now);
  if (!claims.jwks.keys.some((jwk) => jwk.kid === kid)) throw untrusted("an entity does not hold the key that signed");
  return claims;
}

/** Verifies the anchor's own statement against the pin. */
export async function verifyAnchor(compact: string, pin: Pin, now: number): Promise<Anchor> {
  const token = UnverifiedJws.parse(compact, LIMITS.statement);
  const claimed = token.claimed(configurationShape, "the anchor's statement");
  if (token.kid !== pin.fingerprint || claimed.iss !== pin.anchor) throw untrusted("this is not the anchor that is pinned");
  const claims = await verifyConfiguration(token, pin.fingerprint, claimed.jwks, now);
  const { trust_anchor: metadata, federation_entity: endpoints } = claims.metadata;
  if (metadata === undefined || endpoints === undefined) throw untrusted("the pinned entity is no trust anchor");
  const mark = { iat: claims.iat, digest: await token.digest() };
  return { entity: claims.iss, metadata, endpoints, keys: await Keys.of(claims.jwks.keys), expires: claims.exp, mark };
}

/** Takes the chain out of the anchor's answer about a member. */
export async function resolvedChain(compact: string, anchor: Anchor, entity: string, now: number): Promise<string[]> {
  const token = UnverifiedJws.parse(compact, LIMITS.answer);
  const claims = await token.verify("resolve-response+jwt", anchor.keys.ever(token.kid), resolveShape, "the anchor's answer");
  if (claims.iss !== anchor.entity || claims.sub !== entity) throw untrusted("the anchor answered about another member");
  authorizeLife(claims.iat, claims.exp, STATEMENT_LIFE, now);
  return claims.trust_chain;
}

/** Verifies a chain: the leaf's configuration, statements upwards, the anchor's configuration. */
export async function verifyChain(chain: string[], pin: Pin, now: number): Promise<Member> {
  if (chain.length < 3 || chain.length > LONGEST_CHAIN) throw untrusted("a chain has too few or too many statements");
  const anchor = await verifyAnchor(chain.at(-1) ?? "", pin, now);
  const [statements, mark] = await verifyStatements(chain.slice(1, -1), anchor, now);
  const [own] = statements;
  if (own === undefined) throw untrusted("a chain has no statement");
  const claims = await verifyLeaf(chain[0] ?? "", own, now);
  const gateway = claims.metadata.data_gateway;
  const current = gateway?.encryption_jwks.keys[0];
  if (gateway === undefined || current === undefined || !gateway.protocol_versions.includes("1")) {
    throw untrusted("a member does not speak this protocol");
  }
  return {
    entity: own.sub, sector: own.sector, gateway, mark,
    roles: own.roles.filter((role) => statements.every((statement) => statement.roles.includes(role))),
    standing: statements.every((statement) => statement.standing === "active") ? "active" : "suspended",
    signing: await Keys.of(gateway.signing_jwks.keys),
    sealing: await sealingKey(current),
    expires: Math.min(claims.exp, anchor.expires, ...statements.map((statement) => statement.exp)),
  };
}

/** From the anchor downwards; the result is in the chain's order, the leaf's statement first. */
async function verifyStatements(chain: string[], anchor: Anchor, now: number): Promise<[Statement[], Mark]> {
  let [superior, keys, mark] = [anchor.entity, anchor.keys, anchor.mark];
  const verified: Statement[] = [];
  for (let below = chain.length - 1; below >= 0; below--) {
    const token = UnverifiedJws.parse(chain[below] ?? "", LIMITS.statement);
    const claims = await token.verify("entity-statement+jwt", keys.ever(token.kid), statementShape, "a statement about a member");
    keys.at(token.kid, claims.iat);
    authorizeLife(claims.iat, claims.exp, STATEMENT_LIFE, now);
    if (claims.iss !== superior || claims.sub === claims.iss) throw untrusted("a statement is by another superior");
    if (claims.constraints.max_path_length < below) throw untrusted("a chain is longer than its superior allows");
    [superior, keys, mark] = [claims.sub, await Keys.of(claims.jwks.keys), { iat: claims.iat, digest: await token.digest() }];
    verified.unshift(claims);
  }
  return [verified, mark];
}

async function verifyLeaf(compact: string, statement: Statement, now: number): Promise<Configuration> {
  const token = UnverifiedJws.parse(compact, LIMITS.statement);
  if ((await token.digest()) !== statement.entity_configuration) throw untrusted("a member's configuration is not the one in the log");
  const claims = await verifyConfiguration(token, token.kid ?? "", statement.jwks, now);
  if (claims.sub !== statement.sub) throw untrusted("a configuration of another entity");
  if (!claims.authority_hints?.includes(statement.iss)) throw untrusted("a member does not name this superior");
  return claims;
}

/** Goes forward or stays; never back. */
export function advance(seen: Mark | undefined, found: Mark): Mark {
  if (seen !== undefined && found.iat < seen.iat) throw untrusted("the directory went back to an older statement");
  if (seen !== undefined && found.iat === seen.iat && found.digest !== seen.digest) {
    throw untrusted("the anchor said two things at one instant");
  }
  return found;
}

/** Whether a member may ask for a purpose: one whose code is its family or lies below it. */
export function mayAsk(member: Member, purpose: string): boolean {
  const families = member.roles.filter((role) => role.startsWith("consumer:")).map((role) => role.slice("consumer:".length));
  return families.some((family) => purpose === family || purpose.startsWith(`${family}.`));
}

/** Whether a member asks at all. */
export function isConsumer(member: Member): boolean {
  return member.roles.some((role) => role.startsWith("consumer:"));
}

/** Whether a member issues bindings. */
export function isRegistry(member: Member): boolean {
  return member.roles.some((role) => role.startsWith("identity-registry:"));
}
