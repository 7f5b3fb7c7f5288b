// Keys and tokens of the other side, made by Node's own cryptography, so that the wallet is not held against itself.

import { createECDH, createHash, createDecipheriv, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from "node:crypto";

export type Claims = Record<string, unknown>;

export const b64 = (data: string | Buffer): string => Buffer.from(data).toString("base64url");
export const sha64 = (text: string): string => createHash("sha256").update(text).digest("base64url");
export const sha = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

export interface PublicJwk { kty: string; crv: string; x: string; y: string }

/** A key of a member, with its id. */
export class Key {
  readonly jwk: PublicJwk;
  readonly kid: string;
  private constructor(readonly secret: KeyObject) {
    const { kty = "", crv = "", x = "", y = "" } = createPublicKey(secret).export({ format: "jwk" });
    this.jwk = { kty, crv, x, y };
    this.kid = sha64(JSON.stringify({ crv, kty, x, y }));
  }

  static make(): Key {
    return new Key(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  }

  published(use: "sig" | "enc" = "sig"): Claims {
    return { ...this.jwk, kid: this.kid, use, alg: use === "sig" ? "ES256" : "ECDH-ES" };
  }

  sign(typ: string, claims: Claims, header: Claims = { kid: this.kid }): string {
    const signed = `${b64(JSON.stringify({ alg: "ES256", typ, ...header }))}.${b64(JSON.stringify(claims))}`;
    return `${signed}.${b64(sign("sha256", Buffer.from(signed), { key: this.secret, dsaEncoding: "ieee-p1363" }))}`;
  }

  /** Opens what was sealed to this key (RFC 7518 §4.6). */
  open(jwe: string): Claims {
    const [header = "", , iv = "", content = "", tag = ""] = jwe.split(".");
    const { epk } = JSON.parse(Buffer.from(header, "base64url").toString()) as { epk: PublicJwk };
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Buffer.from((this.secret.export({ format: "jwk" })).d ?? "", "base64url"));
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(epk.x, "base64url"), Buffer.from(epk.y, "base64url")]);
    const number = (value: number) => { const four = Buffer.alloc(4); four.writeUInt32BE(value); return four; };
    const info = Buffer.concat([number(1), ecdh.computeSecret(point), number(7), Buffer.from("A256GCM"), number(0), number(0), number(256)]);
    const decipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(info).digest(), Buffer.from(iv, "base64url"));
    decipher.setAAD(Buffer.from(header));
    decipher.setAuthTag(Buffer.from(tag, "base64url"));
    return JSON.parse(Buffer.concat([decipher.update(Buffer.from(content, "base64url")), decipher.final()]).toString()) as Claims;
  }
}

/** Header and claims of a token whose signature holds under a public key. */
export function verified(token: string, jwk: PublicJwk): { header: Claims; claims: Claims } {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  const holds = verify("sha256", Buffer.from(`${header}.${payload}`), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  if (!holds) throw new Error("a signature does not hold");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Claims;
  return { header: read(header), claims: read(payload) };
}

/** The key of a `did:jwk`. */
export function keyOf(did: string): PublicJwk {
  return JSON.parse(Buffer.from(did.slice("did:jwk:".length), "base64url").toString()) as PublicJwk;
}
