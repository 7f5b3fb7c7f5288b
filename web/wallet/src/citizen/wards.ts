/** For whom she may decide besides herself: asked of the identity registry, key by key, so that departments cannot compare. */

import type { Federation } from "../federation/directory.js";
import { list, open, text } from "../json/shape.js";
import { registryKeys, registryOf } from "../openid/issue.js";
import { covers, receiveGuardianship } from "../sdjwt/guardianship.js";
import type { Vault } from "../store/vault.js";
import { presentOver } from "./asking.js";
import { Party, readJson } from "./party.js";

const wardsShape = open({ wards: list(open({ ward: text(), given_name: text(), credential: text() })) });

/** A ward, with the guardianship for the key that is to decide. */
export interface Ward {
  ward: string;
  name: string;
  credential: string;
}

/** Her wards about whom this department may ask her for this purpose. */
export async function wardsFor(vault: Vault, federation: Federation, consumer: string, purpose: string): Promise<Ward[]> {
  const bound = await vault.bindingFor(consumer);
  const registry = await registryOf(federation, bound.registry);
  const party = new Party(registry);
  const binding = await presentOver(vault, federation, party, bound, ["resident_id"]);
  const reply = await party.json(party.beside("identity/guardianships"), { binding });
  const { wards } = readJson(reply, wardsShape, "the guardianships");
  const key = await vault.signingKey(bound.kid);
  const checked = await Promise.all(wards.map(async ({ ward, given_name: name, credential }) => {
    const claims = await receiveGuardianship(credential, registryKeys(registry), key, federation.now());
    return covers(claims, purpose) ? [{ ward, name, credential }] : [];
  }));
  return checked.flat();
}
