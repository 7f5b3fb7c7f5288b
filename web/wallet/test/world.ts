// A federation in this process: an authority, an identity registry, a department that asks and one that answers. They speak through `fetch` and
// verify what a wallet sends with code of their own.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { deflateSync } from "node:zlib";
import { b64, Key, keyOf, sha, sha64, verified, type Claims, type PublicJwk } from "./party.js";

const CODE = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
export const PURPOSE = "social.old-age-pension.eligibility";
export const TX_CODE = "314159";

type Handler = (body: string, headers: Record<string, string>, url: URL) => string | Claims | Promise<string | Claims>;

/** A refusal with a status. */
export class Refusal {
  constructor(readonly status: number, readonly body: Claims) {}
}

export class Department {
  readonly federation = Key.make();
  readonly signing = Key.make();
  readonly encryption = Key.make();
  readonly entity: string;
  away = false;
  /** Whether its chain breaks: its configuration is not the one in the statement. */
  broken = false;
  standing: "active" | "suspended" = "active";
  /** The code with which it refuses orders, if it does. */
  refuses: string | null = null;
  /** Orders, as they came. */
  readonly orders: string[] = [];

  constructor(readonly name: string, readonly roles: string[], readonly datasets: Claims[] = []) {
    this.entity = `https://${name}.gov.example`;
  }
}

const message = () => randomUUID().replace(/^(.{14})./, "$17").replace(/^(.{19})./, "$18");

export class World {
  now = 1_795_248_100;
  readonly root = Key.make();
  readonly officers = [Key.make(), Key.make()];
  readonly anchor = "https://anchor.gov.example";
  readonly registry = new Department("civil", ["identity-registry:revenue", "identity-registry:social", "provider"]);
  readonly consumer = new Department("social", ["consumer:social", "provider"]);
  readonly provider = new Department("revenue", ["provider"], [{
    id: "revenue.income", title: { en: "Income", hi: "आय" }, purposes: [PURPOSE], assurance: "substantial",
    fields: [
      { name: "annual_income_band", title: { en: "band of yearly income", hi: "वार्षिक आय की श्रेणी" }, type: "text", sensitivity: "personal" },
      { name: "annual_income", type: "integer", sensitivity: "sensitive" },
      { name: "account", type: "text", sensitivity: "personal", mask: "last-4" },
    ],
  }]);
  readonly departments: Department[] = [this.registry, this.consumer, this.provider];
  readonly centre = new Department("centre", ["assisted-operator"]);
  /** What the registry signs about a session, where bindings are for one. */
  assisted: Claims | null = null;
  /** Codes that were asked for, as the operator's gateway heard them. */
  readonly approvals: Claims[] = [];
  /** What the device said when it closed the session. */
  closing: Claims | null = null;
  /** Bindings that were issued. */
  issued = 0;
  /** Indexes of revoked bindings, and the keys that proved themselves by DPoP. */
  readonly revoked = new Set<number>();
  readonly phones = new Set<string>();
  sensitive = false;
  asked: Claims;
  /** What a citizen answered, opened. */
  readonly responses: Claims[] = [];
  readonly forms: URLSearchParams[] = [];
  readonly requests: string[] = [];
  readonly responseKey = Key.make();
  uses: Claims[] = [];
  readonly routes = new Map<string, Handler>();

  constructor() {
    this.asked = {
      type: "urn:vinimay:consent:1", credential_ids: ["binding"], purpose: PURPOSE, purpose_version: "2026-10", text: this.purpose().text,
      consumer_name: { en: "social department", hi: "social विभाग" },
      items: [{ provider: this.provider.entity, dataset: "revenue.income", fields: ["annual_income_band"], dataRange: { from: "2025-04-01", to: "2026-03-31" } }],
      validity: "P90D", frequency: { mode: "recurring", maxUses: 4 }, retention: "P180D",
    };
    this.authority();
    this.identity();
    this.asking();
    this.departments.forEach((department) => this.citizens(department));
  }

  purpose(): { text: Record<string, string> } & Claims {
    return {
      code: PURPOSE, version: "2026-10", text: { en: "To find out whether you may receive the pension.", hi: "यह जानने के लिए कि आप पेंशन पा सकती हैं या नहीं।" },
      dpv: "https://w3id.org/dpv#ServiceProvision", allowed: [{ dataset: "revenue.income", fields: ["annual_income_band", "annual_income", "account"] }],
      max_validity: "P365D", max_frequency: { modes: ["one-time", "recurring"], max_uses: 12 }, max_retention: "P180D", sensitive: this.sensitive,
    };
  }

  /** Makes this world the network. */
  open(): void {
    globalThis.fetch = (async (input: string | URL | Request, init?: RequestInit) => {
      const url = new URL(input instanceof Request ? input.url : input);
      this.requests.push(url.href);
      if (this.departments.some((one) => one.away && url.origin === one.entity)) throw new TypeError("no network");
      const route = this.routes.get(`${init?.method ?? "GET"} ${url.origin}${url.pathname}`);
      assert.equal(init?.credentials, "omit", "no cookies");
      assert.equal(init?.redirect, "error", "no redirects");
      try {
        if (route === undefined) throw new Refusal(404, { code: "not-found" });
        const answer = await route(String(init?.body ?? ""), (init?.headers ?? {}) as Record<string, string>, url);
        return new Response(typeof answer === "string" ? answer : JSON.stringify(answer));
      } catch (error) {
        if (error instanceof Refusal) return new Response(JSON.stringify(error.body), { status: error.status });
        throw error;
      }
    }) as typeof fetch;
  }

  link(): string {
    const query = new URLSearchParams({ client_id: `openid_federation:${this.consumer.entity}`, request_uri: `${this.consumer.entity}/consents/requests/1`, request_uri_method: "post" });
    return query.toString();
  }

  offer(): string {
    const offer = { credential_issuer: this.registry.entity, credential_configuration_ids: ["resident-binding"], grants: { [CODE]: { "pre-authorized_code": "c", tx_code: { input_mode: "numeric", length: 6 } } } };
    return new URLSearchParams({ credential_offer: JSON.stringify(offer) }).toString();
  }

  private configuration(department: Department): string {
    const gateway = {
      organization_name: { en: `${department.name} department`, hi: `${department.name} विभाग` }, protocol_versions: ["1"], citizen_endpoint: `${department.entity}/citizen/v1`,
      signing_jwks: { keys: [department.signing.published()] }, encryption_jwks: { keys: [department.encryption.published("enc")] }, datasets: department.datasets,
    };
    return department.federation.sign("entity-statement+jwt", {
      iss: department.entity, sub: department.entity, iat: this.now - 60, exp: this.now + 86_400 * 30, jwks: { keys: [department.federation.published()] },
      authority_hints: [this.anchor], metadata: { data_gateway: gateway },
    });
  }

  private authority(): void {
    const own = () => this.root.sign("entity-statement+jwt", {
      iss: this.anchor, sub: this.anchor, iat: this.now - 60, exp: this.now + 86_400, jwks: { keys: [this.root.published()] },
      metadata: {
        federation_entity: { organization_name: "Authority", federation_list_endpoint: `${this.anchor}/list`, federation_resolve_endpoint: `${this.anchor}/resolve` },
        trust_anchor: { officer_jwks: this.officers.map((key, at) => ({ person: `officer-${at}`, role: "register", jwk: key.published() })), registers_endpoint: `${this.anchor}/registers` },
      },
    });
    this.routes.set(`GET ${this.anchor}/.well-known/openid-federation`, own);
    this.routes.set(`GET ${this.anchor}/list`, () => JSON.stringify(this.departments.map((one) => one.entity)));
    this.routes.set(`GET ${this.anchor}/resolve`, (_body, _headers, url) => {
      const department = this.departments.find((one) => one.entity === url.searchParams.get("sub"));
      if (department === undefined) throw new Refusal(404, { code: "not-found" });
      const configuration = this.configuration(department);
      const statement = this.root.sign("entity-statement+jwt", {
        iss: this.anchor, sub: department.entity, iat: this.now - 60, exp: this.now + 3600, jwks: { keys: [department.federation.published()] },
        constraints: { max_path_length: 0 }, roles: department.roles, sector: department.name, standing: department.standing, entity_configuration: sha(department.broken ? "another" : configuration), directory_size: 1,
      });
      return this.root.sign("resolve-response+jwt", { iss: this.anchor, sub: department.entity, iat: this.now, exp: this.now + 60, trust_chain: [configuration, statement, own()] });
    });
    this.routes.set(`GET ${this.anchor}/registers/purposes`, () => ({
      signatures: this.officers.map((key) => key.sign("dx-register+jwt", {
        v: 1, iss: this.anchor, iat: this.now - 60, jti: message(), salt: b64(Buffer.alloc(16, 7)), version: 3, content: { purposes: [this.purpose()] },
      })),
    }));
  }

  /** The identity registry: metadata, token for the code, bindings for proven keys. */
  private identity(): void {
    const { entity } = this.registry;
    this.routes.set(`GET ${entity}/.well-known/openid-credential-issuer`, () => ({
      credential_issuer: entity, credential_endpoint: `${entity}/identity/credential`, nonce_endpoint: `${entity}/identity/nonce`, batch_credential_issuance: { batch_size: 3 },
    }));
    this.routes.set(`GET ${entity}/.well-known/oauth-authorization-server`, () => ({ issuer: entity, token_endpoint: `${entity}/identity/token` }));
    this.routes.set(`POST ${entity}/identity/token`, (body, headers) => {
      const form = new URLSearchParams(body);
      this.dpop(headers, `${entity}/identity/token`, null);
      if (form.get("tx_code") !== TX_CODE) throw new Refusal(400, { error: "invalid_grant", error_description: "another code" });
      return { access_token: "token", token_type: "DPoP", expires_in: 300 };
    });
    this.routes.set(`POST ${entity}/identity/nonce`, () => ({ c_nonce: "n".repeat(22) }));
    this.routes.set(`POST ${entity}/identity/credential`, (body, headers) => {
      assert.equal(headers["Authorization"], "DPoP token");
      this.dpop(headers, `${entity}/identity/credential`, "token");
      const { proofs } = JSON.parse(body) as { proofs: { jwt: string[] } };
      return { credentials: proofs.jwt.map((proof) => ({ credential: this.binding(this.proven(proof, "openid4vci-proof+jwt")) })) };
    });
  }

  /** The status list, two bits a binding; signed with a key, for one who signs falsely. */
  statusList(key = this.registry.signing): void {
    const uri = `${this.registry.entity}/status/rb/1`;
    this.routes.set(`GET ${uri}`, () => {
      const bits = Buffer.alloc(32);
      for (const idx of this.revoked) bits[idx >> 2] = (bits[idx >> 2] ?? 0) | (1 << (2 * (idx & 3)));
      const claims = { iss: this.registry.entity, sub: uri, iat: this.now, exp: this.now + 60, ttl: 30, status_list: { bits: 2, lst: b64(deflateSync(bits)) } };
      return key.sign("statuslist+jwt", claims, { kid: this.registry.signing.kid });
    });
  }

  /** Guardianships for the key that proves itself, by the number that it discloses. */
  withWard(purposes: string[]): void {
    const { entity } = this.registry;
    this.asked["for_ward"] = true;
    this.routes.set(`POST ${entity}/identity/guardianships`, (body) => {
      const { shown, key } = this.presented((JSON.parse(body) as { binding: string }).binding, entity, "c".repeat(22));
      assert.deepEqual(shown, { resident_id: "RID-1" });
      const disclosures = ["revenue", "social"].map((sector) => b64(JSON.stringify([`ward-${sector}-0000000000000000`, `sub_${sector}`, b64(Buffer.alloc(32, 5))])));
      const jwt = this.registry.signing.sign("dc+sd-jwt", {
        iss: entity, vct: "urn:vinimay:guardianship:1", iat: this.now, exp: this.now + 86_400, cnf: { jwk: key }, purposes, depth: 1,
        status: { status_list: { idx: 99, uri: `${entity}/status/rb/1` } }, _sd_alg: "sha-256", _sd: disclosures.map(sha64).sort(),
      });
      return { wards: [{ ward: "w-1", given_name: "Ravi", credential: [jwt, ...disclosures, ""].join("~") }] };
    });
  }

  /** The key that a proof carries and proves. */
  private proven(proof: string, typ: string): PublicJwk {
    const header = JSON.parse(Buffer.from(proof.split(".")[0] ?? "", "base64url").toString()) as { typ: string; jwk: PublicJwk };
    const { claims } = verified(proof, header.jwk);
    assert.equal(header.typ, typ);
    if (typ === "openid4vci-proof+jwt") assert.deepEqual([claims["aud"], claims["nonce"]], [this.registry.entity, "n".repeat(22)]);
    return header.jwk;
  }

  private dpop(headers: Record<string, string>, url: string, token: string | null): void {
    const proof = headers["DPoP"] ?? "";
    const key = this.proven(proof, "dpop+jwt");
    this.phones.add(key.x);
    const { claims } = verified(proof, key);
    assert.deepEqual([claims["htm"], claims["htu"], claims["ath"]], ["POST", url, token === null ? undefined : sha64(token)]);
  }

  binding(key: PublicJwk): string {
    this.issued += 1;
    const concealed = { resident_id: "RID-1", given_name: "Asha", family_name: "Devi", birthdate: "1960-02-01", sub_revenue: b64(Buffer.alloc(32, 1)), sub_social: b64(Buffer.alloc(32, 2)) };
    const disclosures = Object.entries(concealed).map(([name, value]) => b64(JSON.stringify([b64(Buffer.from(`${this.issued}-${name}-0000000000000000`)).slice(0, 22), name, value])));
    const jwt = this.registry.signing.sign("dc+sd-jwt", {
      iss: this.registry.entity, vct: "urn:vinimay:resident-binding:1", iat: this.now, exp: this.now + 86_400 * 365, cnf: { jwk: key }, assurance_level: "substantial", ...(this.assisted === null ? { mode: "self" } : { mode: "assisted", assisted: this.assisted }),
      status: { status_list: { idx: this.issued, uri: `${this.registry.entity}/status/rb/1` } }, _sd_alg: "sha-256", _sd: disclosures.map(sha64).sort(),
    });
    return [jwt, ...disclosures, ""].join("~");
  }

  /** A presentation that was checked: whom it shows, and the key. */
  presented(presentation: string, aud: string, nonce: string): { shown: Claims; key: PublicJwk; bound: Claims } {
    const parts = presentation.split("~");
    const kb = parts.pop() ?? "";
    const { claims } = verified(parts[0] ?? "", this.registry.signing.jwk);
    const { jwk } = claims["cnf"] as { jwk: PublicJwk };
    const { claims: bound } = verified(kb, jwk);
    assert.deepEqual([bound["aud"], bound["nonce"], bound["sd_hash"]], [aud, nonce, sha64(`${parts.join("~")}~`)]);
    const shown = Object.fromEntries(parts.slice(1).map((part) => (JSON.parse(Buffer.from(part, "base64url").toString()) as string[]).slice(1)));
    return { shown, key: jwk, bound };
  }

  private asking(): void {
    const { entity, signing } = this.consumer;
    this.routes.set(`POST ${entity}/consents/requests/1`, (body) => signing.sign("oauth-authz-req+jwt", {
      iss: entity, aud: "https://self-issued.me/v2", iat: this.now, exp: this.now + 900, client_id: `openid_federation:${entity}`, response_type: "vp_token", response_mode: "direct_post.jwt",
      response_uri: `${entity}/consents/responses`, nonce: "r".repeat(22), state: "s".repeat(22), wallet_nonce: new URLSearchParams(body).get("wallet_nonce"),
      dcql_query: { credentials: [{ id: "binding", format: "dc+sd-jwt", meta: { vct_values: ["urn:vinimay:resident-binding:1"] } }] },
      client_metadata: { jwks: { keys: [this.responseKey.published("enc")] } }, transaction_data: [b64(JSON.stringify(this.asked))],
    }));
    this.routes.set(`POST ${entity}/consents/responses`, (body) => {
      const form = new URLSearchParams(body);
      this.forms.push(form);
      const response = form.get("response");
      if (response !== null) this.responses.push(this.responseKey.open(response));
      return {};
    });
  }

  /** Opens a door for citizens at a department; whoever comes has proven who she is, and by which key. */
  door(department: Department, path: string, answer: (asked: Claims, shown: Claims, key: PublicJwk) => Claims): void {
    this.routes.set(`POST ${department.entity}/citizen/v1/${path}`, (body) => {
      const asked = JSON.parse(body) as Claims;
      const { shown, key } = this.presented(String(asked["binding"]), department.entity, "c".repeat(22));
      return answer(asked, shown, key);
    });
  }

  /** A centre that helps: its code is always the same. */
  help(session: string, code: string): void {
    this.departments.push(this.centre);
    this.citizens(this.centre);
    const at = `POST ${this.centre.entity}/citizen/v1/assisted`;
    const approval = message();
    this.routes.set(`${at}/approvals`, (body) => {
      this.approvals.push(JSON.parse(body) as Claims);
      return { approval, expires_in: 600 };
    });
    this.routes.set(`${at}/confirmations`, (body) => {
      const told = JSON.parse(body) as Claims;
      if (told["code"] !== code || told["approval"] !== approval) throw new Refusal(403, { code: "access-denied" });
      const { card, method } = this.approvals[this.approvals.length - 1] ?? {};
      return { card, assistance: { operator: this.centre.entity, session, method } };
    });
    this.routes.set(`${at}/closings`, (body) => {
      this.closing = JSON.parse(body) as Claims;
      return {
        session, operator: this.centre.entity, person: "op-7", opened: "2026-11-21T08:00:00Z", closed: "2026-11-21T08:20:00Z", consents: this.closing["consents"], qr: "vinimay:slip",
        picture: { size: 61, path: "M4 4h1v1h-1z".repeat(1500) }, text: { en: { title: "Slip", lines: ["You agreed."] }, hi: { title: "पर्ची", lines: ["आपने सहमति दी।"] } },
      };
    });
  }

  private citizens(department: Department): void {
    const { entity, signing } = department;
    this.routes.set(`POST ${entity}/citizen/v1/nonce`, (body) => ({ nonce: (body.includes("live") ? "l" : "c").repeat(22), expires_in: 300 }));
    this.routes.set(`POST ${entity}/citizen/v1/orders`, (body) => {
      if (department.refuses !== null) throw new Refusal(400, { code: department.refuses });
      department.orders.push(body);
      const { iss } = JSON.parse(Buffer.from(body.split(".")[1] ?? "", "base64url").toString()) as { iss: string };
      const { claims } = verified(body, keyOf(iss));
      const consent = JSON.parse(Buffer.from(String(claims["consent"]).split(".")[1] ?? "", "base64url").toString()) as { id: string };
      const status = { revoke: "revoked", pause: "paused", resume: "active", shorten: "active" }[String(claims["action"])];
      return signing.sign("dx-order-ack+jwt", { v: 1, iss: entity, iat: this.now, jti: message(), salt: b64(Buffer.alloc(16, 9)), order: sha(body), consent: consent.id, status });
    });
    this.routes.set(`POST ${entity}/citizen/v1/history`, (body) => {
      this.presented((JSON.parse(body) as { binding: string }).binding, entity, "c".repeat(22));
      return { member: entity, uses: this.uses.filter((use) => use["at_member"] === entity).map(({ at_member: _, ...use }) => use) };
    });
  }
}
