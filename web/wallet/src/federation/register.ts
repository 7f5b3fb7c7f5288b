/** Registers of purposes and laws: in force when two different officers of the authority signed equal content. */

import { Fault, untrusted } from "../fault.js";
import { UnverifiedJws } from "../jose/jws.js";
import { LIMITS, parseStrict, type Json } from "../json/strict.js";
import { SKEW, type Anchor } from "./chain.js";
import { Keys } from "./keys.js";
import { registerShape, signedRegister, type Law, type Purpose } from "./shapes.js";

const PERSONS = 2;
const ROLE = "register";

/** A register in force. */
export interface VerifiedRegister {
  version: number;
  purposes: Purpose[] | undefined;
  laws: Law[] | undefined;
}

/** Verifies all signatures of one version of a register, as served. */
export async function verifyRegister(served: string, anchor: Anchor, now: number): Promise<VerifiedRegister> {
  const { signatures } = signedRegister(parseStrict(served, { ...LIMITS.answer, bytes: 4 * LIMITS.answer.bytes }), "the register");
  const officers = anchor.metadata.officer_jwks.filter((officer) => officer.role === ROLE);
  const keys = await Keys.of(officers.map((officer) => officer.jwk));
  const persons = new Set<string>();
  let agreed: { said: string; register: VerifiedRegister } | null = null;
  for (const compact of signatures) {
    const token = UnverifiedJws.parse(compact, LIMITS.statement);
    const { iat } = token.claimed(registerShape, "the register");
    const key = keys.at(token.kid, iat);
    const claims = await token.verify("dx-register+jwt", key, registerShape, "the register");
    if (claims.iss !== anchor.entity) throw untrusted("the register is of another authority");
    if (claims.iat > now + SKEW) throw new Fault("clock", "the register comes from the future");
    const said = canonical({ version: claims.version, content: claims.content as unknown as Json });
    if (agreed !== null && agreed.said !== said) throw untrusted("the officers signed different contents");
    agreed = { said, register: { version: claims.version, purposes: claims.content.purposes, laws: claims.content.laws } };
    persons.add(officers.find((officer) => officer.jwk.kid === key.kid)?.person ?? "");
  }
  if (agreed === null || persons.size < PERSONS) throw untrusted("fewer than two persons signed the register");
  return agreed.register;
}

/** One text for equal values, whatever the order of their members. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`);
  return `{${members.join(",")}}`;
}
