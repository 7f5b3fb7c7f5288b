// What departments decided about her: read, believed only where they signed it, answered, objected to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FluentResource } from "@fluent/bundle";
import { NOTICES } from "../src/citizen/asking.js";
import { answerOffer, askBenefits, DECISIONS } from "../src/citizen/benefits.js";
import { keptBenefit, keptBenefits, mayOn, waitsForHer, type Decided } from "../src/citizen/kept-benefits.js";
import { MOST_WORDS, object, send, sendObjections, unsent } from "../src/citizen/objections.js";
import { ACTIONS, STATES } from "../src/citizen/shapes.js";
import { unheard } from "../src/citizen/unheard.js";
import { Fault, SUSPENDED, type FaultKind } from "../src/fault.js";
import { lookAgain } from "../src/screens/benefit.js";
import { benefitLink, deadline } from "../src/screens/benefit-row.js";
import { lookAround } from "../src/screens/benefits.js";
import { factName } from "../src/screens/benefit-clauses.js";
import { askAround } from "../src/screens/not-heard.js";
import { emptyKey } from "../src/screens/notices.js";
import { askUses } from "../src/screens/uses.js";
import { whyWords } from "../src/ui/parts.js";
import { Wallet } from "../src/wallet.js";
import { Words } from "../src/words/words.js";
import { bound, held, TODAY } from "./bound.js";
import { CASE, Deciding, idOf, SLIP } from "./decisions.js";
import { b64, type Claims } from "./party.js";

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
  assert.deepEqual(kept.map((one) => waitsForHer(one, TODAY, [])), [true, false, false]);
  assert.deepEqual([kept[0]?.member, kept[0]?.why["hi"], kept[0]?.asked], [social.department.entity, "एक मृत्यु दर्ज हुई।", world.now]);
});

test("a department that does not know her has decided nothing; one that is held back or silent is named, and what it told stays", async () => {
  const { vault, social, revenue, everybody, world } = await bound();
  for (const [status, code] of [[400, "request-malformed"], [404, "not-found"]] as const) {
    revenue.refuses = [status, code];
    assert.deepEqual(await everybody(), [], code);
  }
  for (const [status, code] of [[403, "binding-invalid"], [403, "access-denied"], [400, "stale"]] as const) {
    revenue.refuses = [status, code];
    assert.deepEqual(await everybody(), [{ member: revenue.department.entity, believed: true }], `${code}: it may have decided something`);
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

test("who is not heard is named with the reason, and the clock is doubted where everybody refuses as for a wrong one", async () => {
  const { vault, federation, social, revenue, asked } = await bound();
  [social.refuses, revenue.refuses] = [[403, "binding-invalid"], [400, "stale"]];
  assert.deepEqual((await asked()).map(({ why, clock }) => [why?.code, clock]), [["binding-invalid", true], ["stale", true]]);
  revenue.refuses = null;
  assert.deepEqual((await asked()).map(({ why, clock }) => [why?.code, clock]), [["binding-invalid", undefined]], "another one did not");
  [social.refuses, revenue.refuses] = [[403, "binding-invalid"], [403, "access-denied"]];
  assert.deepEqual((await asked()).map(({ clock }) => clock), [undefined, undefined]);
  for (const kind of ["clock", "platform", "unbound"] as const) {
    const question = { ...DECISIONS, ask: async () => { throw new Fault(kind, kind); } };
    await assert.rejects(unheard(question, vault, federation, await federation.members()), { kind }, "that is no department's fault");
  }
});

test("a decision that is looked at says why it could not be asked for", async () => {
  const { world, vault, federation, social, everybody } = await held();
  await everybody();
  const wallet = await Wallet.of(vault);
  let fault: Fault | null = null;
  wallet.federation = async () => { if (fault !== null) throw fault; return federation; };
  await wallet.members();
  const look = () => lookAgain(wallet, idOf(12), social.department.entity);
  assert.deepEqual(await look(), []);
  for (const kind of ["clock", "untrusted"] as const) {
    fault = new Fault(kind, kind);
    await assert.rejects(look(), { kind });
  }
  fault = null;
  world.consumer.broken = true;
  world.now += 61;
  assert.deepEqual((await look()).map(({ member, believed, why }) => [member, believed, why?.kind]), [[social.department.entity, false, "untrusted"]]);
  await assert.rejects(lookAgain(wallet, idOf(12), "https://else.gov.example"), { kind: "refused", message: "the link names no known member" }, "a link may name anything");
});

test("who is suspended, or cannot be checked, is asked nothing and named, if it can know her", async () => {
  const { world, vault, federation, social, revenue } = await bound();
  const wallet = await Wallet.of(vault);
  wallet.federation = async () => federation;
  for (const department of [world.consumer, world.registry]) department.standing = "suspended";
  world.provider.broken = true;
  world.now += 61;
  const named = (await lookAround(wallet)).map(({ member, believed, why }) => [member, believed, why?.code]);
  assert.deepEqual(named, [[social.department.entity, true, SUSPENDED], [revenue.department.entity, false, undefined]]);
  assert.ok(wallet.known.members[social.department.entity], "its name is known");
  assert.deepEqual(social.shown, []);
  assert.deepEqual(await askUses(wallet), [world.registry, world.consumer, world.provider].map((one) => one.entity));
  const [looked] = await lookAgain(wallet, idOf(12), social.department.entity);
  assert.deepEqual([looked?.believed, looked?.why?.code], [true, SUSPENDED]);
});

test("who did not tell its messages is named, and nobody who cannot know her is asked for any", async () => {
  const { world, vault, federation, social, revenue } = await bound();
  const wallet = await Wallet.of(vault);
  wallet.federation = async () => federation;
  for (const { department } of [social, revenue]) world.door(department, "notices", () => ({ member: department.entity, notices: [], preferences: null }));
  assert.deepEqual(await askAround(wallet, NOTICES), []);
  assert.ok(!world.requests.some((url) => url.startsWith(`${world.registry.entity}/citizen/v1/notices`)));
  world.consumer.away = true;
  const missing = await askAround(wallet, NOTICES);
  assert.deepEqual(missing.map(({ member, believed }) => [member, believed]), [[social.department.entity, true]]);
  assert.deepEqual([emptyKey(missing, null), emptyKey([], new Error("x")), emptyKey([], null), emptyKey(null, null)], [null, null, "notices-none", "benefit-not-asked"]);
});

test("a fault has its sentence, also where nothing was signed or lost by it", () => {
  const [words, said] = [wordsOf("en"), (kind: FaultKind, code: string | null = null) => whyWords(wordsOf("en"), new Fault(kind, "why", code))];
  assert.equal(said("clock"), words.t("fault-clock"));
  assert.match(said("untrusted"), /cannot be verified\. That also happens when the clock/);
  assert.match(said("untrusted", SUSPENDED), /has suspended this department/);
  assert.deepEqual([said("refused", "stale"), said("refused", "not-found")], [words.t("fault-clock-maybe"), words.t("fault-refused")]);
  assert.equal(whyWords(words, new Error("x")), words.t("fault-platform"));
});

test("what is not a department's own word is not shown, and spoils nothing for the others", async () => {
  const wrong: [string, (social: Deciding, view: Claims, revenue: Deciding) => void][] = [
    ["another member's decisions", (social, _view, revenue) => { social.member = revenue.department.entity; }],
    ["an unknown state", (_social, view) => { view["state"] = "gone"; }],
    ["an unknown answer", (_social, view) => { view["may"] = ["pay"]; }],
    ["a day that does not exist", (_social, view) => { view["until"] = "2026-02-30"; }],
    ["an instant that does not exist", (_social, view) => { view["at"] = "2026-13-41T08:00:00Z"; }],
    ["no records", (_social, view) => { delete view["records"]; }],
    ["an empty list of records", (_social, view) => { view["records"] = []; }],
    ["a notice alone", (social, view) => { view["records"] = [social.notice(idOf(12), "2026-12-20")]; }],
    ["two decisions of one number", (social, view) => { social.decisions.push({ ...view, state: "removed" }); }],
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
  const undoing = social.record(idOf(13), "released", { action: "release", undoes: idOf(12), reason: "DEATH_ANNULLED" });
  Object.assign(view, { state: "released", may: [], records: [...(view["records"] as string[]), undoing] });
  assert.deepEqual(await everybody(), []);
  assert.equal((await keptBenefits(vault))[0]?.signed, true);
  view["state"] = "withdrawn";
  await everybody();
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.state, one.signed]), [["withdrawn", false]]);
});

test("whatever is told otherwise than it was signed is told as unsigned", async () => {
  const otherwise: Claims[] = [
    { state: "removed" }, { effective: "2026-11-01" }, { reason: "CLAUSE_FALSE" }, { decisive: ["E1"] }, { until: "2027-01-20" }, { until: null },
  ];
  for (const change of otherwise) {
    const { vault, social, everybody } = await bound();
    social.decides(12, ["held", "noticed"]);
    Object.assign(social.decisions[0] ?? {}, change);
    assert.deepEqual(await everybody(), []);
    assert.deepEqual((await keptBenefits(vault)).map((one) => one.signed), [false], JSON.stringify(change));
  }
});

test("a hold whose notice comes later is on record under the number of the hold alone", async () => {
  const { vault, social, everybody } = await bound();
  const view = social.decides(12, ["held"], { until: null });
  view["records"] = [social.record(idOf(11), "held", { action: "hold" })];
  assert.deepEqual(await everybody(), []);
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.decision, one.signed]), [[idOf(12), true]]);
});

test("one decision that cannot be believed hides no other, and stays as it was told before", async () => {
  const { world, vault, social, everybody } = await bound();
  const view = social.decides(12, ["held"]);
  await everybody();
  const first = world.now;
  world.now += 30;
  Object.assign(view, { state: "gone" });
  social.decides(14, ["noticed"]);
  const doubted = [{ member: social.department.entity, believed: false }];
  assert.deepEqual(await everybody(), doubted);
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.decision, one.state, one.asked]), [[idOf(14), "noticed", world.now], [idOf(12), "held", first]]);
  Object.assign(view, { state: "held" });
  assert.deepEqual(await everybody(), []);
  assert.deepEqual((await keptBenefits(vault)).map((one) => one.asked), [world.now, world.now]);
});

test("as many decisions as a department tells at once are read, with long words and all their records", async () => {
  const { vault, social, everybody } = await bound();
  const why = { en: "A death was registered. ".repeat(250), hi: "एक मृत्यु दर्ज हुई। ".repeat(250) };
  for (let number = 1; number <= 200; number += 1) social.decides(number, ["held", "noticed"], { at: "2026-11-12T08:00:00Z", why });
  assert.deepEqual(await everybody(), []);
  assert.equal((await keptBenefits(vault)).length, 200);
});

test("what a department tells no more stays, and no record of a decision can go away", async () => {
  const { world, vault, social, everybody } = await bound();
  const view = social.decides(12, ["proposed", "held"]);
  await everybody();
  const first = world.now;
  world.now += 30;
  view["records"] = [social.record(idOf(12), "removed")];
  view["state"] = "removed";
  assert.deepEqual(await everybody(), [{ member: social.department.entity, believed: false }], "a chain that was written anew");
  social.decisions = [];
  assert.deepEqual(await everybody(), []);
  assert.deepEqual((await keptBenefits(vault)).map((one) => [one.decision, one.state, one.asked]), [[idOf(12), "held", first]]);
});

test("a decision is found by who made it: another member's of the same number does not stand in its place", async () => {
  const { world, vault, federation, social, revenue, everybody } = await bound();
  social.decides(12, ["held"]);
  revenue.decides(12, ["noticed"]);
  assert.deepEqual(await everybody(), []);
  const mine = await keptBenefit(vault, social.department.entity, idOf(12));
  assert.deepEqual([mine?.member, mine?.state], [social.department.entity, "held"]);
  assert.equal(benefitLink("https://a.example/x", idOf(12)), `#/benefit?id=${idOf(12)}&member=https%3A%2F%2Fa.example%2Fx`);
  const against = await keptBenefit(vault, revenue.department.entity, idOf(12));
  assert.ok(mine && against);
  const kept = await object(vault, mine, "", world.now);
  assert.deepEqual([waitsForHer(mine, TODAY, [kept]), waitsForHer(against, TODAY, [kept])], [false, true]);
  assert.equal(await sendObjections(vault, federation), 0);
  assert.deepEqual([social.objections.length, revenue.objections.length], [1, 0]);
});

test("what she can answer ends with its day, but an objection to a removal that was not carried out", async () => {
  const { vault, social, everybody } = await bound();
  social.decides(12, ["offered"], { action: "offer", may: ["accept", "decline"], until: TODAY });
  social.decides(13, ["held", "noticed"]);
  social.decides(14, ["contested", "upheld"]);
  await everybody();
  const [upheld, noticed, offer] = await keptBenefits(vault);
  assert.ok(upheld && noticed && offer);
  const on = (day: string) => [offer, noticed, upheld].map((one) => [mayOn(one, day).length, waitsForHer(one, day, [])]);
  assert.deepEqual(on(TODAY), [[2, true], [1, true], [1, true]]);
  assert.deepEqual(on("2026-11-22"), [[0, false], [1, true], [1, true]]);
  assert.deepEqual(on("2026-12-21"), [[0, false], [1, false], [0, false]]);
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

test("an answer that the department took holds although this phone has no room to keep it", async () => {
  const { vault, social, everybody, federation, member } = await bound();
  social.decides(12, ["offered"], { action: "offer", may: ["accept", "decline"] });
  await everybody();
  vault.write = async () => { throw new Fault("platform", "the phone's storage is full"); };
  assert.equal(await answerOffer(vault, federation, await member(social), idOf(12), "accept"), "enrolled");
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

test("whoever watches hears of an objection, of its slip, and of how the decision stands then", async () => {
  const { world, vault, federation, decided } = await held();
  let heard = 0;
  const leave = vault.watch(() => { heard += 1; });
  await object(vault, decided, "", world.now);
  await sendObjections(vault, federation);
  assert.equal(heard, 5, "kept, looked at before it goes out first, sent, taken, looked at again");
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
      "benefit-too-late", "benefit-suspended", "benefit-assisted"];
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
  const told = (changes: Partial<Decided>) => deadline(words, { may: ["object"], state: "noticed", until: "2026-12-20", ...changes } as Decided, "2026-12-20");
  assert.equal(told({}), "You can object until 20 December 2026.");
  assert.equal(told({ may: ["accept", "decline"], state: "offered" }), "You can accept until 20 December 2026.");
  assert.match(told({ state: "held", until: null }) ?? "", /^Your time to object begins when/);
  assert.equal(told({ may: [], state: "contested" }), null);
  assert.equal(told({ state: "removed" }), null);
  assert.equal(told({ until: "2026-12-19" }), null);
});
