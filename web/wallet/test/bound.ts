// A wallet that departments know, and what they decided about its owner.

import assert from "node:assert/strict";
import { askEverybody } from "../src/citizen/benefits.js";
import { keptBenefits } from "../src/citizen/kept-benefits.js";
import { Federation } from "../src/federation/directory.js";
import { redeem } from "../src/openid/issue.js";
import { parseOffer } from "../src/openid/links.js";
import { create } from "../src/store/lock.js";
import { MemoryDatabase } from "../src/store/memory.js";
import { Vault } from "../src/store/vault.js";
import { Deciding } from "./decisions.js";
import { TX_CODE, World } from "./world.js";

export const TODAY = "2026-11-21";

/** A wallet that is bound, among two departments that decide. */
export async function bound() {
  const world = new World();
  world.open();
  const database = new MemoryDatabase();
  const vault = new Vault(database, await create(database, "270194"));
  const federation = await Federation.open({ anchor: world.anchor, fingerprint: world.root.kid }, vault, () => world.now);
  await redeem(vault, federation, parseOffer(world.offer()), TX_CODE);
  const [social, revenue] = [new Deciding(world, world.consumer), new Deciding(world, world.provider)];
  const asked = async () => askEverybody(vault, federation, await federation.members());
  const everybody = async () => (await asked()).map(({ member, believed }) => ({ member, believed }));
  const member = (deciding: Deciding) => federation.member(deciding.department.entity);
  return { world, vault, federation, social, revenue, asked, everybody, member };
}

/** Her pension is held, and she has read so. */
export async function held() {
  const story = await bound();
  story.social.decides(12, ["proposed", "held"]);
  await story.everybody();
  const [decided] = await keptBenefits(story.vault);
  assert.ok(decided);
  return { ...story, decided };
}
