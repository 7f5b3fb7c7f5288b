// The federation from one pinned fingerprint (OpenID Federation 1.1): the anchor's own statement, each member's chain, and the
// purposes that two officers signed.
import { digest, header, keyOf, thumbprint, unverified, verify } from './crypto.mjs';
import { fetcher, pem, readUnpinned } from './http.mjs';

const STATEMENT = 'entity-statement+jwt';

export class Federation {
  constructor(anchor, statement) {
    this.anchor = anchor;
    this.statement = statement;
    this.members = new Map();
    this.origins = new Map([[new URL(anchor).origin, statement.metadata.trust_anchor.tls_certificates.map(pem)]]);
    this.fetch = fetcher((origin) => this.origins.get(origin));
  }

  static async pin(anchor, fingerprint) {
    const token = await readUnpinned(`${anchor}/.well-known/openid-federation`);
    const statement = await selfSigned(token, anchor);
    if (header(token).kid !== fingerprint) throw new Error(`the anchor's key is ${header(token).kid}`);
    return new Federation(anchor, statement);
  }

  /** A member's own statement, as the anchor vouches for it, with its roles and its sector. */
  async member(entity) {
    if (!this.members.has(entity)) this.members.set(entity, await this.resolve(entity));
    return this.members.get(entity);
  }

  async resolve(entity) {
    const endpoint = new URL(this.statement.metadata.federation_entity.federation_resolve_endpoint);
    endpoint.searchParams.set('sub', entity);
    endpoint.searchParams.set('trust_anchor', this.anchor);
    const reply = await this.fetch(endpoint);
    if (!reply.ok) throw new Error(`${entity} is not known: ${await reply.text()}`);
    const [own, above] = (await this.byAnchor(await reply.text(), 'resolve-response+jwt')).trust_chain;
    const vouched = await this.byAnchor(above, STATEMENT);
    const said = await selfSigned(own, entity);
    if (vouched.sub !== entity || vouched.standing !== 'active') throw new Error(`${entity} may not take part`);
    if (vouched.entity_configuration !== digest(own)) throw new Error(`${entity} says another thing than the log has`);
    await keyOf(vouched.jwks, header(own).kid); // The anchor knows the key that signed it.
    const gateway = said.metadata.data_gateway;
    for (const url of [entity, gateway.citizen_endpoint]) {
      this.origins.set(new URL(url).origin, gateway.tls_certificates.map(pem));
    }
    return { entity, gateway, roles: vouched.roles, sector: vouched.sector };
  }

  async byAnchor(token, typ) {
    return verify(token, await keyOf(this.statement.jwks, header(token).kid), typ);
  }

  /** A registered purpose: both officers' signatures hold over equal contents. */
  async purpose(code, version) {
    const reply = await this.fetch(`${this.statement.metadata.trust_anchor.registers_endpoint}/purposes`);
    const officers = this.statement.metadata.trust_anchor.officer_jwks;
    const contents = new Map();
    for (const token of (await reply.json()).signatures) {
      for (const officer of officers) {
        if ((await thumbprint(officer.jwk)) !== header(token).kid) continue;
        const { content } = await verify(token, officer.jwk, 'dx-register+jwt');
        contents.set(officer.person, JSON.stringify(content));
      }
    }
    const [first, second] = contents.values();
    if (contents.size < 2 || first !== second) throw new Error('two officers did not sign the same purposes');
    const found = JSON.parse(first).purposes.find((purpose) => purpose.code === code && purpose.version === version);
    if (!found) throw new Error(`${code} ${version} is not registered`);
    return found;
  }

  /** The key of a member's set that signed a token; for identity registries alone, where a binding is verified. */
  async signer(entity, kid) {
    return keyOf((await this.member(entity)).gateway.signing_jwks, kid);
  }
}

async function selfSigned(token, entity) {
  const key = await keyOf(unverified(token).jwks, header(token).kid);
  const statement = await verify(token, key, STATEMENT);
  if (statement.iss !== entity || statement.sub !== entity) throw new Error(`this is no statement of ${entity}`);
  return statement;
}
