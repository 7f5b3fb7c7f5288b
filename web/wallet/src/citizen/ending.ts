/** She ends the bindings of every other phone, proving one of this phone's (schemas, `RevokeRequest`). */

import { Fault } from "../fault.js";
import type { Federation } from "../federation/directory.js";
import { integer, open } from "../json/shape.js";
import { registryOf } from "../openid/issue.js";
import type { Vault } from "../store/vault.js";
import { presentOver } from "./asking.js";
import { Party, readJson } from "./party.js";

const revokedShape = open({ revoked: integer() });

/** Ends them; how many keys ended. */
export async function endOtherPhones(vault: Vault, federation: Federation): Promise<number> {
  const bound = (await vault.bindings()).find((one) => one.use.kind === "general");
  if (bound === undefined) throw new Fault("unbound", "the wallet has no binding yet");
  const registry = await registryOf(federation, bound.registry);
  const party = new Party(registry);
  const binding = await presentOver(vault, federation, party, bound, []);
  const reply = await party.json(party.beside("identity/bindings/revoke"), { binding, scope: "others" });
  return readJson(reply, revokedShape, "the answer").revoked;
}
