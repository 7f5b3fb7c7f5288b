/**
 * Redeeming an invitation: a token for the code, then a key and a binding for each department that may ask (OpenID4VCI 1.0 §4 to §8, RFC 9449).
 *
 * Guarantees: a key is kept before its binding exists; one DPoP key a registry, so that all keys of this phone count as one phone's; what ended or was
 * revoked is bound anew; each binding is checked before it is kept; one key and one binding a department, so that
 * departments cannot compare.
 */

import { hash64, messageId } from "../bytes.js";
import { Party, readJson } from "../citizen/party.js";
import { Fault, untrusted } from "../fault.js";
import { isConsumer, isRegistry, type Member } from "../federation/chain.js";
import type { Federation } from "../federation/directory.js";
import { generateKey, type SigningKey } from "../jose/keys.js";
import { signJws } from "../jose/jws.js";
import type { Of } from "../json/shape.js";
import { receiveBinding, type RegistryKeys } from "../sdjwt/binding.js";
import { ended } from "../sdjwt/status.js";
import type { BoundKey, Use, Vault } from "../store/vault.js";
import type { OfferLink } from "./links.js";
import { BINDING_CONFIGURATION, issuedShape, issuerShape, nonceShape, PRE_AUTHORIZED, serverShape, tokenShape } from "./shapes.js";

/** Keys for departments that will come to ask later. */
const SPARES = 2;
const MOST_AT_ONCE = 16;

/** An identity registry, verified. */
export async function registryOf(federation: Federation, issuer: string): Promise<Member> {
  const registry = await federation.member(issuer);
  if (!isRegistry(registry)) throw untrusted(`${issuer} is no identity registry of this federation`);
  return registry;
}

/** Redeems an offer; returns how many bindings came. */
export async function redeem(vault: Vault, federation: Federation, offer: OfferLink, txCode: string): Promise<number> {
  const registry = await registryOf(federation, offer.issuer);
  const issuing = await Issuing.begin(vault, federation, registry, offer.code, txCode);
  const held = await vault.bindings();
  const gone = await ended(held, new Party(registry), registryKeys(registry), federation.now());
  const uses = wanted(held.filter((bound) => !gone.has(bound.kid)), await federation.members());
  let count = 0;
  for (let at = 0; at < uses.length; at += issuing.batch) {
    const bound = await issuing.some(vault, uses.slice(at, at + issuing.batch));
    await vault.addBindings(bound, gone);
    count += bound.length;
  }
  return count;
}

/** One key for each department that may ask and has none that holds, one in general, and some for departments to come. */
export function wanted(held: BoundKey[], members: Member[]): Use[] {
  const has = (use: Use) => held.some((bound) => bound.use.kind === use.kind && bound.use.consumer === use.consumer);
  const uses: Use[] = members.filter(isConsumer).map((member) => ({ kind: "consumer", consumer: member.entity }));
  uses.push({ kind: "general" });
  const spares = held.filter((bound) => bound.use.kind === "spare").length;
  const missing = uses.filter((use) => !has(use));
  for (let count = spares; count < SPARES; count++) missing.push({ kind: "spare" });
  return missing;
}

/** Keys of one identity registry, for bindings that came from it. */
export function registryKeys(registry: Member): RegistryKeys {
  return (issuer, kid, at) => {
    if (!isRegistry(registry) || issuer !== registry.entity) throw untrusted("the binding is by another registry");
    return registry.signing.at(kid, at);
  };
}

/** An access token and where it counts. */
class Issuing {
  private constructor(
    private readonly federation: Federation,
    private readonly party: Party,
    private readonly issuer: Of<typeof issuerShape>,
    private readonly token: string,
    private readonly dpop: SigningKey,
    readonly batch: number,
  ) {}

  static async begin(vault: Vault, federation: Federation, registry: Member, code: string, txCode: string): Promise<Issuing> {
    const party = new Party(registry);
    const issuer = readJson(await party.read(wellKnown(registry, "openid-credential-issuer")), issuerShape, "the issuer's metadata");
    const server = readJson(await party.read(wellKnown(registry, "oauth-authorization-server")), serverShape, "the server's metadata");
    if (issuer.credential_issuer !== registry.entity || server.issuer !== registry.entity) {
      throw untrusted(`${registry.entity} describes another issuer`);
    }
    const dpop = await vault.phoneKey(registry.entity);
    const form = { grant_type: PRE_AUTHORIZED, "pre-authorized_code": code, ...(txCode === "" ? {} : { tx_code: txCode }) };
    const headers = { DPoP: await proof(dpop, server.token_endpoint, null, federation.now()) };
    const reply = await party.form(server.token_endpoint, form, headers);
    const token = readJson(reply, tokenShape, "the token");
    const batch = Math.min(issuer.batch_credential_issuance?.batch_size ?? 1, MOST_AT_ONCE);
    return new Issuing(federation, party, issuer, token.access_token, dpop, batch);
  }

  /** Makes keys, proves them, and checks each binding that comes back. */
  async some(vault: Vault, uses: Use[]): Promise<BoundKey[]> {
    const registry = this.party.member;
    const nonce = readJson(await this.party.post(this.issuer.nonce_endpoint, "application/json", ""), nonceShape, "the nonce").c_nonce;
    const keys: SigningKey[] = [];
    const proofs: string[] = [];
    for (let made = 0; made < uses.length; made++) {
      const key = await generateKey();
      await vault.keepKey(key);
      const claims = { aud: registry.entity, iat: this.federation.now(), nonce };
      proofs.push(await signJws("openid4vci-proof+jwt", key, "jwk", claims));
      keys.push(key);
    }
    const credentials = await this.request(proofs);
    if (credentials.length !== keys.length) throw untrusted(`${registry.entity} issued another number of bindings`);
    return Promise.all(uses.map(async (use, at) => {
      const [key, token] = [keys[at], credentials[at]];
      if (key === undefined || token === undefined) throw new Fault("untrusted", "a binding is missing");
      await receiveBinding(token, registryKeys(registry), key);
      return { kid: key.kid, use, registry: registry.entity, token };
    }));
  }

  private async request(proofs: string[]): Promise<string[]> {
    const url = this.issuer.credential_endpoint;
    const headers = { Authorization: `DPoP ${this.token}`, DPoP: await proof(this.dpop, url, this.token, this.federation.now()) };
    const body = { credential_configuration_id: BINDING_CONFIGURATION, proofs: { jwt: proofs } };
    const issued = readJson(await this.party.json(url, body, headers), issuedShape, "the bindings");
    return issued.credentials.map((one) => one.credential);
  }
}

/** A DPoP proof for one address (RFC 9449 §4.2). */
async function proof(key: SigningKey, url: string, token: string | null, now: number): Promise<string> {
  const claims = { jti: messageId(now), htm: "POST", htu: url, iat: now, ...(token === null ? {} : { ath: await hash64(token) }) };
  return signJws("dpop+jwt", key, "jwk", claims);
}

/** A well-known address stands between host and path of the entity id (OpenID4VCI 1.0 §12.2.2). */
export function wellKnown(member: Member, name: string): string {
  const url = new URL(member.entity);
  url.pathname = `/.well-known/${name}${url.pathname.replace(/\/+$/, "")}`;
  return url.href;
}
