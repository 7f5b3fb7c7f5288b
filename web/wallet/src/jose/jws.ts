/**
 * Compact JWS: the strict front before any claim is believed, and the wallet's own signatures (RFC 7515 §7.1).
 *
 * Guarantees: size before parsing, three parts of strict base64url, strict JSON, header members `alg`, `typ`, `kid` alone, exactly
 * one `typ` a verifier, algorithm pinned by the key; claims of an unverified token serve to find a key and for nothing else.
 */

import { decodeBase64url, digest, encodeBase64url, fromUtf8, utf8, type Bytes } from "../bytes.js";
import { untrusted } from "../fault.js";
import { closed, maybe, text, word, type Shape } from "../json/shape.js";
import { parseStrict, type Json, type Limits } from "../json/strict.js";
import { bare, sign, type SigningKey, type VerifyingKey } from "./keys.js";

/** The kinds that a wallet reads. */
export type ReadTyp =
  | "entity-statement+jwt" | "resolve-response+jwt" | "dx-register+jwt" | "oauth-authz-req+jwt" | "dc+sd-jwt" | "kb+jwt"
  | "dx-order-ack+jwt" | "vc+jwt" | "dx-notice+jwt" | "dx-decision+jwt" | "statuslist+jwt";
/** The kinds that a wallet writes. */
export type SignedTyp = "vc+jwt" | "kb+jwt" | "consent-order+jwt" | "openid4vci-proof+jwt" | "dpop+jwt" | "dx-preferences+jwt"
  | "dx-objection+jwt";

const headerShape = closed({ alg: word("ES256", "EdDSA"), typ: text(), kid: maybe(text(/^[^]{1,1200}$/)) });

/** A token that was read and not verified. */
export class UnverifiedJws {
  private constructor(
    readonly compact: string,
    private readonly header: { alg: string; typ: string; kid?: string | undefined },
    private readonly payload: Json,
    private readonly signature: Bytes,
  ) {}

  /** Reads a compact token. Throws `untrusted` for whatever is not exactly that. */
  static parse(compact: string, limits: Limits): UnverifiedJws {
    if (compact.length > limits.bytes) throw untrusted("a token is longer than allowed");
    const parts = compact.split(".");
    const [head, body, tail] = parts.map((part) => (part === "" ? null : decodeBase64url(part)));
    if (parts.length !== 3 || !head || !body || !tail) throw untrusted("a token is not three parts of base64url");
    const header = headerShape(json(head, { ...limits, members: 16, depth: 3, string: 4096 }), "a token's header");
    const payload = json(body, limits);
    return new UnverifiedJws(compact, header, payload, tail);
  }

  /** The header's `kid`: for choosing a key. */
  get kid(): string | null {
    return this.header.kid ?? null;
  }

  /** The header's `typ`: for choosing what to hold it against. */
  get typ(): string {
    return this.header.typ;
  }

  /** Claims of a token nobody has vouched for: for finding a key. */
  claimed<T>(shape: Shape<T>, what: string): T {
    return shape(this.payload, what);
  }

  /** Checks type, algorithm, key id, signature and version, and reads the claims. */
  async verify<T>(typ: ReadTyp, key: VerifyingKey, shape: Shape<T>, what: string): Promise<T> {
    if (this.header.typ !== typ) throw untrusted(`${what} is of another type`);
    const other = this.kid !== null && /^[A-Za-z0-9_-]{43}$/.test(this.kid) && this.kid !== key.kid;
    if (this.header.alg !== key.alg || other) throw untrusted(`${what} was signed with another key`);
    const signed = utf8(this.compact.slice(0, this.compact.lastIndexOf(".")));
    if (!(await key.verifies(signed, this.signature))) throw untrusted(`the signature of ${what} does not hold`);
    return shape(this.payload, what);
  }

  /** The digest over the token as it came. */
  digest(): Promise<string> {
    return digest(this.compact);
  }
}

function json(bytes: Bytes, limits: Limits): Json {
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    throw untrusted("a token is not UTF-8");
  }
  return parseStrict(text, limits);
}

/** How a header names the key: a citizen's DID URL, the key itself, or not at all (its key stands in `cnf`). */
export type KeyReference = "did" | "jwk" | "absent";

/** Signs claims with one of the citizen's keys. Members of header and claims stay in the order given. */
export async function signJws(typ: SignedTyp, key: SigningKey, reference: KeyReference, claims: object): Promise<string> {
  const header = {
    alg: "ES256", typ,
    ...(reference === "did" ? { kid: `${key.did}#0` } : {}),
    ...(reference === "jwk" ? { jwk: bare(key.jwk) } : {}),
  };
  const signed = [header, claims].map((part) => encodeBase64url(utf8(JSON.stringify(part)))).join(".");
  return `${signed}.${encodeBase64url(await sign(key, utf8(signed)))}`;
}

