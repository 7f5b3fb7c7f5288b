// Her objections: what a refusal means, what makes one taken, and when nothing new was said.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { keptBenefit, type Decided } from "../src/citizen/kept-benefits.js";
import { object, objectionsTo, onlyNew, saysNew, send, sendObjections, toShow, unsent } from "../src/citizen/objections.js";
import { Fault } from "../src/fault.js";
import { redeem } from "../src/openid/issue.js";
import { parseOffer } from "../src/openid/links.js";
import { mayWrite, objectionWords } from "../src/screens/objection.js";
import type { KeptObjection } from "../src/store/vault.js";
import { Words } from "../src/words/words.js";
import { held } from "./bound.js";
import { idOf, SLIP } from "./decisions.js";
import { sha } from "./party.js";
import { TX_CODE } from "./world.js";

const AT = "objections";

test("an objection that its department refuses for good is not sent again, and is kept with its words and the code", async () => {
  for (const [status, code] of [[409, "conflict"], [404, "not-found"], [403, "audience-wrong"], [400, "request-malformed"], [400, "token-malformed"]] as const) {
    const { world, vault, federation, social, decided } = await held();
    social.goesOn(idOf(12), "released", ["object"]);
    [social.refuses, social.refusesAt] = [[status, code], AT];
    const kept = await object(vault, decided, "first", world.now);
    const after = await send(vault, federation, kept);
    assert.deepEqual([after.refused, after.code, after.taken, after.words], [true, code, null, "first"]);
    assert.deepEqual(await unsent(vault), []);
    social.refuses = null;
    assert.equal(await sendObjections(vault, federation), 0);
    assert.equal(social.objections.length, 0);
    assert.deepEqual(toShow(await vault.objections()).map((one) => one.words), ["first"], "she sees that it was not taken");
    const next = await object(vault, decided, "second", world.now + 1);
    assert.equal((await send(vault, federation, next)).taken?.slip, SLIP);
    assert.deepEqual((await vault.objections(idOf(12))).map((one) => [one.words, one.refused, one.taken !== null]), [["first", true, false], ["second", false, true]]);
    assert.deepEqual(toShow(await vault.objections()).map((one) => one.words), ["second"], "it is over once one is taken");
  }
});

test("a refusal that passes ends nothing: the same words go out again, signed anew", async () => {
  for (const [status, code] of [[400, "stale"], [403, "binding-invalid"], [403, "binding-revoked"], [409, "replayed"], [403, "consent-wrong-subject"]] as const) {
    const { world, vault, federation, social, decided } = await held();
    [social.refuses, social.refusesAt] = [[status, code], AT];
    const kept = await object(vault, decided, "first", world.now + 3600);
    await assert.rejects(send(vault, federation, kept), { kind: "refused", code });
    assert.equal(await sendObjections(vault, federation), 1, code);
    social.refuses = null;
    world.now += 40;
    assert.equal(await sendObjections(vault, federation), 0);
    assert.deepEqual(social.objections.map((one) => [one["words"], one["jti"], one["iat"]]), [["first", kept.id, world.now]], "by the clock as it is now");
    const [taken] = await vault.objections();
    assert.deepEqual([taken?.taken?.slip, taken?.refused], [SLIP, false]);
    assert.notEqual(taken?.order, kept.order, "what is kept is what was taken");
  }
});

test("nobody but the department itself, and it only where it was asked to take it, ends an objection", async () => {
  const { world, vault, federation, social, decided } = await held();
  const kept = await object(vault, decided, "first", world.now);
  const place = world.departments.indexOf(world.consumer);
  world.departments.splice(place, 1);
  world.now += 61;
  await assert.rejects(send(vault, federation, kept), { kind: "refused", code: "not-found", party: world.anchor });
  assert.deepEqual((await unsent(vault)).map((one) => one.id), [kept.id], "the anchor's 404 is not the department's");
  world.departments.splice(place, 0, world.consumer);
  [social.refuses, social.refusesAt] = [[404, "not-found"], "benefits"];
  assert.equal(await sendObjections(vault, federation), 0, "that it could not be looked at first stops nothing");
  assert.equal(social.objections.length, 1);
});

test("a key that changed meanwhile signs what waits", async () => {
  const { world, vault, federation, social, decided } = await held();
  const kept = await object(vault, decided, "first", world.now);
  const keys = (await vault.bindings()).map((one) => one.kid);
  for (let idx = 1; idx <= world.issued; idx += 1) world.revoked.add(idx);
  world.statusList();
  await redeem(vault, federation, parseOffer(world.offer()), TX_CODE);
  assert.ok((await vault.bindings()).every((one) => !keys.includes(one.kid)), "all are bound anew");
  assert.equal(await sendObjections(vault, federation), 0);
  const [taken] = await vault.objections();
  assert.deepEqual([social.objections.length, taken?.taken?.slip], [1, SLIP]);
  assert.notEqual(taken?.order, kept.order);
});

test("against a removal that was carried out, only the record of a hearing to come makes an objection taken", async () => {
  const { world, vault, federation, social, decided } = await held();
  [social.taken, social.hears] = [{ record: social.record(idOf(12), "removed") }, false];
  await assert.rejects(send(vault, federation, await object(vault, decided, "", world.now)), { kind: "untrusted" });
  assert.equal((await unsent(vault)).length, 1);
  social.taken = { record: social.record(idOf(12), "removed", { action: "review" }) };
  assert.equal(await sendObjections(vault, federation), 0);
  assert.deepEqual((await vault.objections()).map((one) => one.taken?.known), [undefined]);
});

test("a record that was there before she objected says that nothing new was added", async () => {
  for (const [states, given] of [[["contested", "removed"], 1], [["contested", "upheld"], 0]] as const) {
    const { world, vault, federation, social, everybody } = await held();
    const view = social.decides(14, [...states]);
    await everybody();
    const decided = await keptBenefit(vault, social.department.entity, idOf(14));
    assert.ok(decided);
    const signed = (view["records"] as string[]).slice(1);
    [social.taken, social.hears] = [{ record: signed[given] }, false];
    const after = await send(vault, federation, await object(vault, decided, "I live.", world.now));
    assert.deepEqual([after.taken?.slip, after.taken?.known], [SLIP, true], states.join());
  }
  const { world, vault, federation, social, everybody } = await held();
  const view = social.decides(14, ["removed"]);
  social.hears = false;
  await everybody();
  const decided = await keptBenefit(vault, social.department.entity, idOf(14));
  assert.ok(decided);
  social.taken = { record: (view["records"] as string[])[1] };
  await assert.rejects(send(vault, federation, await object(vault, decided, "", world.now)), { kind: "untrusted" }, "nobody ever heard one");
});

test("while a removal is ordered nothing is taken: what conflicts then goes out again once it was carried out", async () => {
  for (const state of ["proposed", "held", "noticed"]) {
    const { world, vault, federation, social, decided } = await held();
    if (state !== "held") social.goesOn(idOf(12), state, []);
    [social.refuses, social.refusesAt] = [[409, "conflict"], AT];
    await assert.rejects(send(vault, federation, await object(vault, decided, "I live.", world.now)), { kind: "refused", code: "conflict" }, state);
    assert.deepEqual((await unsent(vault)).map((one) => one.words), ["I live."]);
    social.refuses = null;
    social.goesOn(idOf(12), "removed", ["object"]);
    [social.taken, social.hears] = [{ record: social.record(idOf(12), "removed", { action: "review" }) }, false];
    assert.equal(await sendObjections(vault, federation), 0);
    assert.deepEqual((await vault.objections()).map((one) => [one.taken?.slip, one.taken?.known]), [[SLIP, undefined]], state);
  }
});

test("a conflict ends nothing while nobody can say how the decision stands", async () => {
  const { world, vault, federation, social, decided } = await held();
  social.goesOn(idOf(12), "released", []);
  social.refuses = [409, "conflict"];
  world.now += 1;
  await assert.rejects(send(vault, federation, await object(vault, decided, "", world.now)), { kind: "refused", code: "conflict" });
  assert.equal((await unsent(vault)).length, 1);
});

test("one whose answer was lost was taken all the same, whatever came of it since", async () => {
  for (const state of ["upheld", "reversed", "restored"]) {
    const { world, vault, federation, social, decided } = await held();
    const kept = await object(vault, decided, "I live.", world.now);
    social.loses = true;
    await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
    social.goesOn(idOf(12), state, []);
    [social.refuses, social.refusesAt] = [[409, "conflict"], AT];
    const after = await send(vault, federation, kept);
    const [, , , heard] = social.decisions[0]?.["records"] as string[];
    assert.deepEqual([after.taken, after.refused], [{ slip: null, record: heard }, false], state);
  }
  const { world, vault, federation, social, decided } = await held();
  const kept = await object(vault, decided, "I live.", world.now);
  social.loses = true;
  await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
  social.goesOn(idOf(12), "upheld", []);
  social.goesOn(idOf(12), "removed", ["object"]);
  const [, , , heard, , removed] = social.decisions[0]?.["records"] as string[];
  [social.taken, social.hears, social.loses] = [{ record: removed }, false, false];
  assert.deepEqual((await send(vault, federation, kept)).taken, { slip: SLIP, record: heard });
});

test("what was heard before she objected is no answer to a conflict, nor what nobody could look at before", async () => {
  for (const looks of [true, false]) {
    const { world, vault, federation, social, decided } = await held();
    social.goesOn(idOf(12), "contested", []);
    social.goesOn(idOf(12), "upheld", ["object"]);
    const kept = await object(vault, decided, "I live.", world.now);
    world.now += 1;
    [social.refuses, social.refusesAt] = [[503, "busy"], looks ? AT : null];
    await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
    [social.refuses, social.refusesAt] = [[409, "conflict"], AT];
    assert.deepEqual([(await send(vault, federation, kept)).refused], [true], String(looks));
  }
});

test("records are counted when somebody could look at them, not before", async () => {
  const { world, vault, federation, social, decided } = await held();
  const kept = await object(vault, decided, "I live.", world.now);
  world.now += 1;
  social.refuses = [503, "busy"];
  await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
  social.goesOn(idOf(12), "noticed", ["object"]);
  [social.refusesAt] = [AT];
  await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
  assert.deepEqual((await vault.objections()).map((one) => one.seen), [(social.decisions[0]?.["records"] as string[]).length]);
});

test("a hearing that may be of this very objection is not counted as older than it", async () => {
  const { world, vault, federation, social, decided } = await held();
  social.goesOn(idOf(12), "removed", ["object"]);
  const view = social.decisions[0] ?? {};
  const records = view["records"] as string[];
  const review = social.record(idOf(12), "removed", { action: "review", previous: sha(records.at(-1) ?? "") });
  const kept = await object(vault, decided, "I live.", world.now);
  world.now += 1;
  [social.refuses, social.refusesAt, social.loses, social.hears] = [[503, "busy"], "benefits", true, false];
  await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
  view["records"] = [...records, review];
  [social.refuses, social.loses, social.taken] = [null, false, { record: review }];
  assert.deepEqual((await send(vault, federation, kept)).taken, { slip: SLIP, record: review });
});

test("a phone without room keeps no objection from leaving", async () => {
  const { world, vault, federation, social, decided } = await held();
  const kept = await object(vault, decided, "I live.", world.now);
  vault.changeObjection = async () => { throw new Fault("platform", "the phone's storage is full"); };
  await assert.rejects(send(vault, federation, kept), { kind: "platform" });
  assert.equal(social.objections.length, 1);
});

test("the form stands beside one that waits where she was taken off, and nowhere else", () => {
  const may = (state: string, open: boolean, waits: boolean) => mayWrite({ state } as Decided, open, waits);
  assert.deepEqual([may("removed", true, true), may("noticed", true, true), may("noticed", true, false), may("removed", false, false)], [true, false, true, false]);
});

test("what is added while one is heard is taken, under the record there is", async () => {
  const { world, vault, federation, social, decided } = await held();
  const view = social.decisions[0] ?? {};
  const records = view["records"] as string[];
  const contested = social.record(idOf(12), "contested", { previous: sha(records.at(-1) ?? "") });
  Object.assign(view, { state: "contested", may: [], records: [...records, contested] });
  social.taken = { record: contested };
  const after = await send(vault, federation, await object(vault, decided, "I live.", world.now));
  assert.deepEqual([after.taken?.slip, after.taken?.known], [SLIP, undefined]);
});

test("once one was heard, only new words are sent", () => {
  const taken = { words: "I live.\nAsk my neighbour.", taken: { slip: SLIP, record: "" } } as KeptObjection;
  const decided = (state: string) => ({ state }) as Decided;
  assert.deepEqual(["upheld", "removed", "noticed"].map((state) => onlyNew(decided(state), [taken])), [true, true, false]);
  assert.deepEqual([onlyNew(decided("upheld"), []), saysNew(" ", []), saysNew("I live.", [])], [true, false, true], "a new phone keeps none");
  assert.equal(onlyNew(decided("removed"), [{ ...taken, taken: null }]), false);
  assert.deepEqual(["", " ", "I live.", "Ask my sister."].map((words) => saysNew(words, [taken])), [false, false, false, true]);
});

test("objections are those to one member's decision", async () => {
  const { world, vault, social, revenue, decided } = await held();
  await object(vault, decided, "to one", world.now);
  await object(vault, { ...decided, member: revenue.department.entity }, "to another", world.now);
  assert.deepEqual((await objectionsTo(vault, social.department.entity, idOf(12))).map((one) => one.words), ["to one"]);
});

test("how an objection stands is said as it is", () => {
  const words = new Words("en", "latn", readFileSync(`${process.cwd()}/../locales/en/wallet.ftl`, "utf8"));
  const said = (state: string, kept: Partial<KeptObjection> | null) => objectionWords(words, { state } as Decided, kept as KeptObjection | null);
  assert.match(said("noticed", null), /It stops the removal only once the department has it/);
  assert.doesNotMatch(said("removed", null), /stops/);
  assert.match(said("noticed", { taken: null, refused: true }), /did not take/);
  assert.match(said("contested", { taken: { slip: SLIP, record: "" }, refused: false }), new RegExp(`has taken .*${SLIP}`));
  assert.match(said("contested", { taken: { slip: null, record: "" }, refused: false }), /was taken .* slip did not reach this phone/);
  assert.match(said("removed", { taken: { slip: SLIP, record: "", known: true }, refused: false }), new RegExp(`under slip ${SLIP}. Nothing new`));
});
