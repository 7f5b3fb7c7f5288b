// What departments decided about her: read, believed only where they signed it, answered, objected to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FluentResource } from "@fluent/bundle";
import { answerOffer, askBenefits, askEverybody, keptBenefits, waitsForHer, type Decided } from "../src/citizen/benefits.js";
import { MOST_WORDS, object, send, sendObjections, unsent } from "../src/citizen/objections.js";
import { ACTIONS, STATES } from "../src/citizen/shapes.js";
import { Federation } from "../src/federation/directory.js";
import { redeem } from "../src/openid/issue.js";
import { parseOffer } from "../src/openid/links.js";
import { deadline } from "../src/screens/benefit-row.js";
import { factName } from "../src/screens/benefit-clauses.js";
import { create } from "../src/store/lock.js";
import { MemoryDatabase } from "../src/store/memory.js";
import { Vault } from "../src/store/vault.js";
import { Words } from "../src/words/words.js";
import { CASE, Deciding, idOf, SLIP } from "./decisions.js";
import { b64, sha, type Claims } from "./party.js";
import { TX_CODE, World } from "./world.js";

async function bound() {
  const world = new World();
  world.open();
  const database = new MemoryDatabase();
  const vault = new Vault(database, await create(database, "270194"));
  const federation = await Federation.open({ anchor: world.anchor, fingerprint: world.root.kid }, vault, () => world.now);
  await redeem(vault, federation, parseOffer(world.offer()), TX_CODE);
  const [social, revenue] = [new Deciding(world, world.consumer), new Deciding(world, world.provider)];
  const everybody = async () => askEverybody(vault, federation, await federation.members());
  const member = (deciding: Deciding) => federation.member(deciding.department.entity);
  return { world, vault, federation, social, revenue, everybody, member };
}

async function held() {
  const story = await bound();
  story.social.decides(12, ["proposed", "held"]);
  await story.everybody();
  const [decided] = await keptBenefits(story.vault);
  assert.ok(decided);
  return { ...story, decided };
}

test("each department that can know her is shown its own pseudonym, and what it decided is kept, newest first", async () => {
  const { world, vault, social, revenue, everybody } = await bound();
  social.decides(3, ["offered", "accepted", "enrolled"], { action: "offer", may: [] });
  social.decides(14, ["held", "noticed"]);
  revenue.decides(9, ["proposed"], { action: "flag", may: [], until: null, monthly: null });
  assert.deepEqual(await everybody(), []);
  assert.deepEqual([social.shown, revenue.shown], [[{ sub_social: b64(Buffer.alloc(32, 2)) }], [{ sub_revenue: b64(Buffer.alloc(32, 1)) }]]);
  assert.ok(!world.requests.some((url) => url.startsWith(`${world.registry.entity}/citizen/v1/benefits`)), "who has no pseudonym of hers is not asked");
  const kept = await keptBenefits(vault);
  assert.deepEqual(kept.map((one) => [one.decision, one.state, one.signed]), [[idOf(14), "noticed", true], [idOf(9), "proposed", true], [idOf(3), "enrolled", true]]);
  assert.deepEqual(kept.map(waitsForHer), [true, false, false]);
  assert.deepEqual([kept[0]?.member, kept[0]?.why["hi"], kept[0]?.asked], [social.department.entity, "एक मृत्यु दर्ज हुई।", world.now]);
});

test("a department that does not know her has decided nothing; one that is held back or silent is named, and what it told stays", async () => {
  const { vault, social, revenue, everybody, world } = await bound();
  for (const [status, code] of [[400, "request-malformed"], [404, "not-found"], [403, "binding-invalid"]] as const) {
    revenue.refuses = [status, code];
    assert.deepEqual(await everybody(), [], code);
  }
  revenue.refuses = null;
  social.decides(12, ["held"]);
  await everybody();
  const named = [{ member: social.department.entity, believed: true }];
  for (const [status, code] of [[403, "binding-revoked"], [400, "stale"], [409, "replayed"], [503, "binding-status-unavailable"], [400, "request-malformed"]] as const) {
    social.refuses = [status, code];
    assert.deepEqual(await everybody(), named, code);
    assert.equal((await keptBenefits(vault)).length, 1, "what it told before is there");
  }
  revenue.refuses = [403, "binding-revoked"];
  social.refuses = null;
  assert.deepEqual(await everybody(), [{ member: revenue.department.entity, believed: true }], "also where nothing was told yet");
  world.consumer.away = true;
  assert.equal((await everybody()).length, 2);
});

test("what is not a department's own word is not shown, and spoils nothing for the others", async () => {
  const wrong: [string, (social: Deciding, view: Claims, revenue: Deciding) => void][] = [
    ["another member's decisions", (social, _view, revenue) => { social.member = revenue.department.entity; }],
    ["an unknown state", (_social, view) => { view["state"] = "gone"; }],
    ["an unknown answer", (_social, view) => { view["may"] = ["pay"]; }],
    ["a day that does not exist", (_social, view) => { view["until"] = "2026-02-30"; }],
    ["an instant that does not exist", (_social, view) => { view["at"] = "2026-13-41T08:00:00Z"; }],
    ["no records", (_social, view) => { delete view["records"]; }],
    ["another department's signature", (social, view, revenue) => { view["records"] = [social.record(idOf(12), "held", {}, revenue.department.signing)]; }],
    ["another department's record", (social, view, revenue) => { view["records"] = [social.record(idOf(12), "held", { iss: revenue.department.entity })]; }],
    ["the record of another case", (social, view) => { view["records"] = [social.record(idOf(12), "held", { case: "PEN-1" })]; }],
    ["the record of another decision", (social, view) => { view["records"] = [social.record(idOf(77), "held")]; }],
    ["records in between are left out", (_social, view) => { (view["records"] as string[]).splice(1, 1); }],
    ["a record of another kind", (social, view) => { view["records"] = [social.department.signing.sign("dx-order-ack+jwt", { v: 1 })]; }],
  ];
  for (const [why, change] of wrong) {
    const { vault, social, revenue, everybody, federation, member } = await bound();
    change(social, social.decides(12, ["proposed", "held", "noticed"]), revenue);
    revenue.decides(9, ["held"]);
    assert.deepEqual(await everybody(), [{ member: social.department.entity, believed: false }], why);
    assert.deepEqual((await keptBenefits(vault)).map((one) => one.member), [revenue.department.entity], why);
    await assert.rejects(askBenefits(vault, federation, await member(social)), { kind: "untrusted" }, why);
  }
});

test("records of notices and of what undoes a decision belong to it, and a state that nobody signed yet is told as such", async () => {
  const { vault, social, everybody } = await bound();
  const view = social.decides(12, ["held"]);
  const notice = social.department.signing.sign("dx-notice+jwt", { v: 1, iss: social.department.entity, iat: 1_795_248_000, jti: idOf(5), decision: idOf(12), case: CASE, record: sha("x") });
  const undoing = social.record(idOf(13), "released", { action: "release", undoes: idOf(12) });
  Object.assign(view, { state: "released", may: [], records: [...(view["records"] as string[]), notice, undoing] });
  assert.deepEqual(await everybody(), []);
  assert.equal((await keptBenefits(vault))[0]?.signed, true);
  view["state"] = "withdrawn";
  await everybody();
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.signed]), [["withdrawn", false]]);
});

test("an offer is taken or not at the department that made it, and how it stands then is kept with its record", async () => {
  for (const [answer, state] of [["accept", "enrolled"], ["decline", "declined"]] as const) {
    const { vault, social, revenue, everybody, federation, member } = await bound();
    social.decides(12, ["offered"], { action: "offer", may: ["accept", "decline"] });
    await everybody();
    assert.equal(await answerOffer(vault, federation, await member(social), idOf(12), answer), state);
    assert.deepEqual(social.answers.map((one) => [one["decision"], one["answer"]]), [[idOf(12), answer]]);
    assert.deepEqual(revenue.answers, []);
    assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.may, one.signed]), [[state, [], true]]);
  }
});

test("an answer holds although the department cannot be asked again; one that it refuses changes nothing", async () => {
  const { vault, social, everybody, federation, member } = await bound();
  social.decides(12, ["offered"], { action: "offer", may: ["accept", "decline"] });
  await everybody();
  social.refuses = [409, "conflict"];
  await assert.rejects(answerOffer(vault, federation, await member(social), idOf(12), "accept"), { kind: "refused", code: "conflict" });
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.may.length]), [["offered", 2]]);
  social.refuses = null;
  await assert.rejects(answerOffer(vault, federation, await member(social), idOf(3), "accept"), { kind: "refused", code: "not-found" });
  assert.equal((await keptBenefits(vault)).length, 1);
  social.member = "https://else.gov.example";
  assert.equal(await answerOffer(vault, federation, await member(social), idOf(12), "accept"), "enrolled");
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.may, one.signed]), [["enrolled", [], false]]);
});

test("an objection is signed by her key for that department, and its slip and record are kept", async () => {
  const { world, vault, federation, social, decided, everybody } = await held();
  const kept = await object(vault, decided, "मैं जीवित हूँ।", world.now);
  assert.deepEqual((await unsent(vault)).map((one) => one.id), [kept.id], "kept before it leaves");
  assert.equal(await sendObjections(vault, federation), 0);
  const [{ iss, ...claims } = {}] = social.objections;
  assert.match(String(iss), /^did:jwk:/);
  assert.deepEqual(claims, { v: 1, aud: social.department.entity, iat: world.now, jti: kept.id, decision: idOf(12), words: "मैं जीवित हूँ।" });
  assert.deepEqual(social.shown.at(-1), { sub_social: b64(Buffer.alloc(32, 2)) });
  const [taken] = await vault.objections(idOf(12));
  assert.deepEqual([taken?.taken?.slip, taken?.words, taken?.case], [SLIP, "मैं जीवित हूँ।", CASE]);
  assert.deepEqual(await vault.objections(idOf(3)), []);
  await everybody();
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.may]), [["contested", []]]);
  assert.equal(await sendObjections(vault, federation), 0);
  assert.equal(social.objections.length, 1, "it is taken once");
});

test("words are counted as departments count them, and may be empty", async () => {
  const { world, vault, federation, decided } = await held();
  await assert.rejects(object(vault, decided, "क".repeat(MOST_WORDS + 1), world.now), { kind: "input" });
  assert.deepEqual(await vault.objections(), []);
  await object(vault, decided, "🙏".repeat(MOST_WORDS), world.now);
  await object(vault, decided, "", world.now + 1);
  assert.equal(await sendObjections(vault, federation), 0);
});

test("without a network an objection waits, and goes out once it can, to that department alone", async () => {
  const { world, vault, federation, social, revenue, decided } = await held();
  world.consumer.away = true;
  const kept = await object(vault, decided, "", world.now);
  await assert.rejects(send(vault, federation, kept), { kind: "unanswered" });
  assert.equal(await sendObjections(vault, federation), 1);
  world.consumer.away = false;
  social.refuses = [503, "busy"];
  assert.equal(await sendObjections(vault, federation), 1);
  social.refuses = null;
  assert.equal(await sendObjections(vault, federation), 0);
  assert.deepEqual([social.objections.length, revenue.objections.length], [1, 0]);
});

test("an objection that is refused is not sent again, and she can make another", async () => {
  const { world, vault, federation, social, decided } = await held();
  social.refuses = [409, "conflict"];
  const kept = await object(vault, decided, "first", world.now);
  await assert.rejects(send(vault, federation, kept), { kind: "refused", code: "conflict" });
  assert.deepEqual(await unsent(vault), []);
  social.refuses = null;
  assert.equal(await sendObjections(vault, federation), 0);
  assert.equal(social.objections.length, 0);
  const next = await object(vault, decided, "second", world.now + 1);
  assert.equal((await send(vault, federation, next)).taken?.slip, SLIP);
  assert.deepEqual((await vault.objections(idOf(12))).map((one) => [one.words, one.refused, one.taken !== null]), [["first", true, false], ["second", false, true]]);
});

test("only the department's own signed word about this very objection makes it taken", async () => {
  const wrong: [string, (social: Deciding, revenue: Deciding) => void][] = [
    ["signed by another department", (social, revenue) => { social.key = revenue.department.signing; }],
    ["about another decision", (social) => { social.taken = { decision: idOf(3) }; }],
    ["the record of another decision", (social) => { social.taken = { record: social.record(idOf(3), "contested") }; }],
    ["the record of another case", (social) => { social.taken = { record: social.record(idOf(12), "contested", { case: "PEN-1" }) }; }],
    ["a record that it is not contested", (social) => { social.taken = { record: social.record(idOf(12), "noticed") }; }],
    ["a slip that is none", (social) => { social.taken = { slip: "<b>" }; }],
    ["no record", (social) => { social.taken = { record: null }; }],
  ];
  for (const [why, change] of wrong) {
    const { world, vault, federation, social, revenue, decided } = await held();
    change(social, revenue);
    const kept = await object(vault, decided, "", world.now);
    await assert.rejects(send(vault, federation, kept), { kind: "untrusted" }, why);
    assert.equal((await unsent(vault)).length, 1, `${why}: it is still awaited`);
  }
});

test("a carried-out removal can be objected to, and its record says so still", async () => {
  const { world, vault, federation, social, decided } = await held();
  social.taken = { record: social.record(idOf(12), "removed", { action: "review" }) };
  assert.equal((await send(vault, federation, await object(vault, decided, "", world.now))).taken?.slip, SLIP);
});

test("whoever watches hears of an objection, of its slip, and of how the decision stands then", async () => {
  const { world, vault, federation, decided } = await held();
  let heard = 0;
  const leave = vault.watch(() => { heard += 1; });
  await object(vault, decided, "", world.now);
  await sendObjections(vault, federation);
  assert.equal(heard, 3);
  assert.deepEqual((await keptBenefits(vault)).map((one) => one.state), ["contested"]);
  leave();
});

const ftl = (language: string, file = "wallet") => readFileSync(`${process.cwd()}/../locales/${language}/${file}.ftl`, "utf8");
const wordsOf = (language: "en" | "hi") => new Words(language, "latn", ftl(language));

test("every state, every action and every fact is worded as in the schemas and as officers read them", () => {
  const schema = JSON.parse(readFileSync(`${process.cwd()}/../../schemas/json/benefits.json`, "utf8")) as { $defs: Record<string, { oneOf: { const: string }[] }> };
  const known = (name: string) => (schema.$defs[name]?.oneOf ?? []).map((one) => one.const);
  assert.deepEqual([known("DecisionState"), known("DecisionAction")], [[...STATES], [...ACTIONS]]);
  for (const language of ["en", "hi"] as const) {
    const words = wordsOf(language);
    const keys = [...STATES.map((state) => `benefit-state-${state}`), ...ACTIONS.map((action) => `benefit-action-${action}`),
      ...known("ClauseResult").map((result) => `benefit-clause-${result}`), ...known("BenefitAnswer").filter((one) => one !== "object").map((one) => `benefit-${one}`),
      "benefit-too-late", "benefit-suspended"];
    for (const key of keys) assert.notEqual(words.t(key, { clause: "I1" }), key, language);
    const facts = new FluentResource(ftl(language, "review")).body.filter(({ id }) => id.startsWith("fact-"));
    assert.ok(facts.length > 10);
    for (const { id, value } of facts) assert.equal(words.t(id), value, `${language}: ${id}`);
    assert.notEqual(factName(words, "person.marital_status"), "person.marital_status");
    assert.equal(factName(words, "person.shoe_size"), "person.shoe_size");
  }
});

test("a deadline is told where she can still do something by it", () => {
  const words = wordsOf("en");
  const told = (changes: Partial<Decided>) => deadline(words, { may: ["object"], state: "noticed", until: "2026-12-20", ...changes } as Decided);
  assert.equal(told({}), "You can object until 20 December 2026.");
  assert.equal(told({ may: ["accept", "decline"], state: "offered" }), "You can accept until 20 December 2026.");
  assert.match(told({ state: "held", until: null }) ?? "", /^Your time to object begins when/);
  assert.equal(told({ may: [], state: "contested" }), null);
  assert.equal(told({ state: "removed" }), null);
});
