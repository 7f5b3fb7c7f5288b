// One citizen's way through a small federation: bound, asked, consenting, ordering, reading who used her data.

import assert from "node:assert/strict";
import { test } from "node:test";
import { askHistory } from "../src/citizen/asking.js";
import { object, unsent } from "../src/citizen/objections.js";
import { wardsFor } from "../src/citizen/wards.js";
import { cardLines, cardText } from "../src/consent/card.js";
import { deny, grant, tooLate, type Shown } from "../src/consent/grant.js";
import { confirmed, order, sendPending, waiting } from "../src/consent/orders.js";
import { standing, standingWord } from "../src/consent/standing.js";
import { Fault } from "../src/fault.js";
import { Federation } from "../src/federation/directory.js";
import { redeem } from "../src/openid/issue.js";
import { parseOffer, parseRequest } from "../src/openid/links.js";
import { fetchRequest } from "../src/openid/request.js";
import { toldBefore } from "../src/screens/as-of.js";
import { joined } from "../src/screens/use-row.js";
import { create, lockState, MOST_TRIES, openWithPin } from "../src/store/lock.js";
import { Vault, type KeptConsent } from "../src/store/vault.js";
import { Wallet } from "../src/wallet.js";
import { CASE, Deciding, idOf } from "./decisions.js";
import { Key, keyOf, sha, sha64, verified, type Claims } from "./party.js";
import { MemoryDatabase } from "../src/store/memory.js";
import { TX_CODE, World } from "./world.js";

const BUILD = `sha256:${"b".repeat(64)}`;

async function wallet() {
  const world = new World();
  world.open();
  const database = new MemoryDatabase();
  const vault = new Vault(database, await create(database, "270194"));
  const federation = await Federation.open({ anchor: world.anchor, fingerprint: world.root.kid }, vault, () => world.now);
  return { world, database, vault, federation };
}

async function bound() {
  const made = await wallet();
  await redeem(made.vault, made.federation, parseOffer(made.world.offer()), TX_CODE);
  return made;
}

async function asked({ world, federation }: Awaited<ReturnType<typeof bound>>, language: "hi" | "en" = "hi") {
  const request = await fetchRequest(federation, parseRequest(world.link()));
  const shown: Shown = { lines: cardLines(request, language), language, at: world.now };
  return { request, shown };
}

const consentOf = (compact: string): Claims => {
  const { issuer } = JSON.parse(Buffer.from(compact.split(".")[1] ?? "", "base64url").toString()) as { issuer: string };
  const { header, claims } = verified(compact, keyOf(issuer));
  assert.deepEqual(header, { alg: "ES256", typ: "vc+jwt", kid: `${issuer}#0` });
  return claims;
};

test("an invitation becomes one key for each department that may ask, one in general, and two to spare", async () => {
  const { world, vault, federation } = await bound();
  const bindings = await vault.bindings();
  assert.deepEqual(bindings.map((one) => one.use.consumer ?? one.use.kind).sort(), ["general", world.consumer.entity, "spare", "spare"].sort());
  assert.equal(new Set(bindings.map((one) => one.kid)).size, 4, "no key serves two departments");
  assert.equal(world.issued, 4);
  assert.equal(await redeem(vault, federation, parseOffer(world.offer()), TX_CODE), 0, "nothing is bound twice");
});

test("all keys of a phone come by one key, so that none counts as another phone's", async () => {
  const { world, vault, federation } = await bound();
  world.now += 86_400 * 366;
  await redeem(vault, await Federation.open(federation.pin, vault, () => world.now), parseOffer(world.offer()), TX_CODE);
  assert.equal(world.phones.size, 1);
});

test("bindings that have ended are bound anew, each in the old one's place", async () => {
  const { world, vault, federation } = await bound();
  const before = await vault.bindings();
  world.now += 86_400 * 366;
  const later = await Federation.open(federation.pin, vault, () => world.now);
  assert.equal(await redeem(vault, later, parseOffer(world.offer()), TX_CODE), 4);
  const after = await vault.bindings();
  assert.equal(after.length, 4);
  assert.ok(before.every((old) => after.every((one) => one.kid !== old.kid)));
  const [old] = before;
  assert.ok(old && (await vault.signingKey(old.kid)), "the old key stays, to stop what it signed");
});

test("revoked bindings are bound anew, on the registry's own word alone", async () => {
  const { world, vault, federation } = await bound();
  [1, 2, 3, 4].forEach((idx) => world.revoked.add(idx));
  world.statusList(Key.make());
  assert.equal(await redeem(vault, federation, parseOffer(world.offer()), TX_CODE), 0, "a list that the registry did not sign");
  world.statusList();
  world.revoked.delete(2);
  assert.equal(await redeem(vault, federation, parseOffer(world.offer()), TX_CODE), 3);
  assert.equal((await vault.bindings()).length, 4);
  assert.equal(await redeem(vault, federation, parseOffer(world.offer()), TX_CODE), 0, "the new ones hold");
});

test("a wrong code is the registry's refusal, and nothing is kept", async () => {
  const { world, vault, federation } = await wallet();
  await assert.rejects(redeem(vault, federation, parseOffer(world.offer()), "000000"), { kind: "refused", code: "invalid_grant" });
  assert.deepEqual(await vault.bindings(), []);
});

test("what is signed is what was shown", async () => {
  const story = await bound();
  const { world, vault, federation } = story;
  const { request, shown } = await asked(story);
  const [kept] = await grant(vault, federation, request, shown, BUILD);
  const [response] = world.responses;
  assert.ok(kept && response);
  const claims = consentOf(kept.consent);
  assert.deepEqual(response["consents"], [kept.consent]);
  assert.equal(kept.text, cardText(shown.lines));
  assert.match(kept.text, /वार्षिक आय की श्रेणी/);
  const [evidence] = claims["evidence"] as Claims[];
  assert.deepEqual(evidence, {
    type: "ConsentNotice", notice: sha(kept.text), locale: "hi", request: sha(request.object), shownAt: "2026-11-21T08:01:40Z", wallet: BUILD,
  });
  const subject = claims["credentialSubject"] as Claims;
  assert.deepEqual(subject["consent"], {
    v: 1, decision: "given", dataSubject: { role: "self" },
    purpose: { code: request.purpose.code, version: "2026-10", text: sha(world.purpose().text["hi"] ?? ""), dpv: "https://w3id.org/dpv#ServiceProvision" },
    consumer: world.consumer.entity, provider: world.provider.entity, dataset: "revenue.income", fields: ["annual_income_band"],
    dataRange: { from: "2025-04-01", to: "2026-03-31" }, frequency: { mode: "recurring", maxUses: 4 }, retention: { duration: "P180D" }, onwardSharing: "none",
  });
  assert.deepEqual([claims["validFrom"], claims["validUntil"]], ["2026-11-21T08:01:40Z", "2027-02-19T08:01:40Z"]);
});

test("the provider learns its own pseudonym and the asker none", async () => {
  const story = await bound();
  const { world, vault, federation } = story;
  const { request, shown } = await asked(story);
  const [kept] = await grant(vault, federation, request, shown, BUILD);
  const [response] = world.responses;
  assert.ok(kept && response);
  const [session = ""] = (response["vp_token"] as Record<string, string[]>)["binding"] ?? [];
  const atAsker = world.presented(session, request.claims.client_id, request.claims.nonce);
  assert.deepEqual(atAsker.shown, {});
  assert.deepEqual(atAsker.bound["transaction_data_hashes"], request.claims.transaction_data.map(sha64));
  const [sealed = ""] = response["consent_bindings"] as string[];
  const opened = world.provider.encryption.open(sealed);
  const { did } = await vault.signingKey(kept.kid);
  assert.deepEqual([opened["v"], opened["iss"], opened["aud"], opened["jti"]], [1, did, world.provider.entity, kept.id]);
  const atProvider = world.presented(String(opened["body"]), world.provider.entity, sha64(kept.consent));
  assert.deepEqual(Object.keys(atProvider.shown), ["sub_revenue"]);
  assert.deepEqual(atProvider.key, keyOf(did));
  assert.throws(() => world.consumer.encryption.open(sealed), "the asker cannot open it");
});

test("presence is proven where it is needed, over the provider's own nonce", async () => {
  const story = await bound();
  const { world, vault, federation } = story;
  world.asked["frequency"] = { mode: "one-time", maxUses: 1 };
  const { request, shown } = await asked(story);
  await grant(vault, federation, request, shown, BUILD);
  const [sealed = ""] = world.responses[0]?.["consent_bindings"] as string[];
  const body = world.provider.encryption.open(sealed)["body"] as { binding: string; live: string };
  assert.deepEqual(Object.keys(body), ["binding", "live"]);
  assert.deepEqual(world.presented(body.live, world.provider.entity, "l".repeat(22)).shown, {});
});

test("questions and masked items are shown and signed", async () => {
  const story = await bound();
  const { world, vault, federation } = story;
  const predicates = [{ field: "annual_income", op: "lte", value: "200000" }];
  (world.asked["items"] as Claims[])[0] = { provider: world.provider.entity, dataset: "revenue.income", fields: ["account"], predicates };
  const { request, shown } = await asked(story, "en");
  assert.match(cardText(shown.lines), /account \(only the last four characters\); only yes or no: whether annual income is at most 200000/);
  const [kept] = await grant(vault, federation, request, shown, BUILD);
  const subject = consentOf(kept?.consent ?? "")["credentialSubject"] as { consent: Claims };
  assert.deepEqual(subject.consent["predicates"], predicates);
});

test("she decides for a ward, whose pseudonym the provider alone learns", async () => {
  const story = await bound();
  const { world, vault, federation } = story;
  world.withWard(["social"]);
  const { request, shown } = await asked(story, "en");
  assert.match(cardText(shown.lines), /about a person whose guardian you are/);
  await assert.rejects(grant(vault, federation, request, shown, BUILD), { kind: "input" }, "it must be said for whom");
  const [ward] = await wardsFor(vault, federation, world.consumer.entity, request.purpose.code);
  assert.ok(ward);
  const [kept] = await grant(vault, federation, request, shown, BUILD, ward);
  const subject = consentOf(kept?.consent ?? "")["credentialSubject"] as { consent: Claims };
  assert.deepEqual(subject.consent["dataSubject"], { role: "ward", guardianship_sha256: sha(ward.credential.split("~")[0] ?? "") });
  const [sealed = ""] = world.responses[0]?.["consent_bindings"] as string[];
  const body = world.provider.encryption.open(sealed)["body"] as { binding: string; guardianship: string };
  assert.deepEqual(Object.keys(body), ["binding", "guardianship"]);
  const shownOfWard = body.guardianship.split("~").slice(1, -1).map((part) => (JSON.parse(Buffer.from(part, "base64url").toString()) as string[])[1]);
  assert.deepEqual(shownOfWard, ["sub_revenue"]);
});

test("a guardianship for other purposes, or for nobody, offers no ward", async () => {
  const story = await bound();
  story.world.withWard(["school"]);
  const { request } = await asked(story);
  assert.deepEqual(await wardsFor(story.vault, story.federation, story.world.consumer.entity, request.purpose.code), []);
});

test("a request that the purpose does not allow is not shown", async () => {
  const changes: ((asked: Claims) => void)[] = [
    (asked) => { asked["validity"] = "P2Y"; },
    (asked) => { asked["consumer_name"] = { en: "Bank", hi: "बैंक" }; },
    (asked) => { asked["text"] = { en: "For nothing." }; },
    (asked) => { asked["purpose"] = "health.records"; },
    (asked) => { (asked["items"] as Claims[])[0] = { provider: "https://revenue.gov.example", dataset: "revenue.income", fields: ["caste"] }; },
    (asked) => { asked["extra"] = 1; },
    (asked) => { asked["items"] = []; },
  ];
  for (const change of changes) {
    const story = await bound();
    change(story.world.asked);
    await assert.rejects(asked(story), { kind: "untrusted" }, String(change));
  }
});

test("no says nothing but no, and needs no binding", async () => {
  const story = await wallet();
  const { request } = await asked(story);
  await deny(request);
  assert.deepEqual(Object.fromEntries(story.world.forms[0] ?? []), { error: "access_denied", state: "s".repeat(22) });
});

test("whoever looks too long reads again", async () => {
  const story = await bound();
  const { request, shown } = await asked(story);
  assert.ok(!tooLate(request, shown, story.world.now + 500));
  assert.ok(tooLate(request, shown, story.world.now + 541));
  assert.ok(tooLate({ ...request, claims: { ...request.claims, exp: story.world.now + 10 } }, shown, story.world.now));
});

test("a department that comes later gets a spare key, and then there is none left", async () => {
  const { vault } = await bound();
  const [one, two] = [await vault.bindingFor("https://health.gov.example"), await vault.bindingFor("https://school.gov.example")];
  assert.notEqual(one.kid, two.kid);
  assert.equal((await vault.bindingFor("https://health.gov.example")).kid, one.kid, "for ever");
  await assert.rejects(vault.bindingFor("https://post.gov.example"), { kind: "unbound" });
});

async function given() {
  const story = await bound();
  const { request, shown } = await asked(story);
  const [kept] = await grant(story.vault, story.federation, request, shown, BUILD);
  return { ...story, id: kept?.id ?? "" };
}

test("an order reaches both parties and is confirmed by both", async () => {
  const { world, vault, federation, id } = await given();
  await order(vault, id, "pause", world.now);
  await order(vault, id, "resume", world.now);
  const kept = await order(vault, id, "revoke", world.now);
  assert.deepEqual(waiting(kept), [world.consumer.entity, world.provider.entity]);
  assert.equal(await sendPending(vault, federation), 0);
  for (const department of [world.consumer, world.provider]) {
    const sent = department.orders.map((one) => verified(one, keyOf(String(consentOf(kept.consent)["issuer"]))).claims);
    assert.deepEqual(sent.map((one) => [one["action"], one["n"]]), [["pause", 1], ["resume", 2], ["revoke", 3]]);
    assert.deepEqual(sent[0]?.["aud"], [world.consumer.entity, world.provider.entity]);
    assert.equal(sent[0]?.["consent"], kept.consent);
  }
  const after = await vault.consent(id);
  assert.deepEqual(after?.orders.map((one) => one.acknowledged.length), [2, 2, 2]);
  await assert.rejects(order(vault, id, "resume", world.now), { code: "consent-revoked" });
});

test("what could not be sent waits, in its order, and is sent once", async () => {
  const { world, vault, federation, id } = await given();
  world.provider.away = true;
  await order(vault, id, "pause", world.now);
  await order(vault, id, "revoke", world.now);
  assert.equal(await sendPending(vault, federation), 1);
  assert.deepEqual([world.consumer.orders.length, world.provider.orders.length], [2, 0]);
  world.provider.away = false;
  assert.equal(await sendPending(vault, federation), 0);
  assert.equal(await sendPending(vault, federation), 0);
  assert.deepEqual([world.consumer.orders.length, world.provider.orders.length], [2, 2]);
});

test("a screen that shows consents hears when an order that waited was confirmed, until it is left", async () => {
  const { world, vault, federation, id } = await given();
  world.provider.away = true;
  await order(vault, id, "pause", world.now);
  await sendPending(vault, federation);
  const shown: (boolean | undefined)[] = [];
  const reading: Promise<unknown>[] = [];
  const leave = vault.watch(() => void reading.push(vault.consent(id).then((kept) => shown.push(kept && confirmed(kept)))));
  world.provider.away = false;
  await sendPending(vault, federation);
  await Promise.all(reading);
  assert.deepEqual(shown, [true]);
  leave();
  await order(vault, id, "resume", world.now);
  assert.equal(reading.length, 1);
});

test("a refused stop does not count as stopped, and is signed anew until both parties signed for it", async () => {
  const { world, vault, federation, id } = await given();
  for (const party of [world.consumer, world.provider]) party.refuses = "stale";
  const first = await order(vault, id, "revoke", world.now + 600);
  assert.equal(await sendPending(vault, federation), 2, "both are asked again");
  const refused = await vault.consent(id);
  assert.ok(refused && !confirmed(refused));
  assert.equal(standingWord(refused, "revoked"), "stopping");
  world.consumer.refuses = null;
  assert.equal(await sendPending(vault, federation), 1, "one party's word is not enough");
  const half = await vault.consent(id);
  assert.ok(half && !confirmed(half));
  world.provider.refuses = null;
  assert.equal(await sendPending(vault, federation), 0);
  const kept = await vault.consent(id);
  assert.ok(kept && confirmed(kept) && standingWord(kept, "revoked") === "revoked");
  const issuer = keyOf(String(consentOf(kept.consent)["issuer"]));
  const sent = [world.consumer, world.provider].map((party) => verified(party.orders[0] ?? "", issuer).claims);
  assert.deepEqual(sent.map((one) => [one["action"], one["iat"], one["n"]]), [["revoke", world.now, 2], ["revoke", world.now, 3]]);
  assert.equal(kept.orders[0]?.earlier?.[0], first.orders[0]?.order, "what was signed before is kept");
  assert.deepEqual(kept.orders[0]?.refused, []);
});

test("a refusal for good is not tried again, and still is no confirmation", async () => {
  const { world, vault, federation, id } = await given();
  world.provider.refuses = "audience-wrong";
  await order(vault, id, "revoke", world.now);
  assert.equal(await sendPending(vault, federation), 0);
  const kept = await vault.consent(id);
  assert.ok(kept && !confirmed(kept));
  assert.deepEqual(kept.orders[0]?.refused, [{ party: world.provider.entity, code: "audience-wrong" }]);
});

test("a refused pause does not keep her from stopping", async () => {
  const { world, vault, federation, id } = await given();
  world.provider.refuses = "conflict";
  await order(vault, id, "pause", world.now);
  assert.equal(await sendPending(vault, federation), 1);
  world.provider.refuses = null;
  await order(vault, id, "revoke", world.now);
  assert.equal(await sendPending(vault, federation), 0);
  const issuer = keyOf(String(consentOf((await vault.consent(id))?.consent ?? "")["issuer"]));
  assert.deepEqual(world.provider.orders.map((one) => verified(one, issuer).claims["n"]), [3, 4], "in their order");
});

test("a department that hangs holds up neither objections nor orders about other consents", async () => {
  const story = await given();
  const { world, vault, federation } = story;
  const { request, shown } = await asked(story);
  await grant(vault, federation, request, shown, BUILD);
  const [first, second] = (await vault.consents()).map((consent) => consent.id);
  assert.ok(first && second);
  const social = new Deciding(world, world.consumer);
  social.decides(12, ["held"]);
  const wallet = await Wallet.of(vault);
  wallet.federation = async () => federation;
  let answer = () => {};
  const hung = new Promise<void>((resolve) => { answer = resolve; });
  const route = world.routes.get(`POST ${world.provider.entity}/citizen/v1/orders`);
  const isAbout = (body: string) => consentOf(String(JSON.parse(Buffer.from(body.split(".")[1] ?? "", "base64url").toString())["consent"]))["id"] === first;
  world.routes.set(`POST ${world.provider.entity}/citizen/v1/orders`, async (...said) => {
    if (isAbout(said[0])) await hung;
    return route?.(...said) ?? "";
  });
  await order(vault, first, "pause", world.now);
  await order(vault, second, "pause", world.now);
  await object(vault, { member: social.department.entity, decision: idOf(12), case: CASE }, "", world.now);
  const sending = wallet.send();
  const isDone = async () => (await unsent(vault)).length === 0 && confirmed((await vault.consent(second)) as KeptConsent);
  for (let tries = 0; tries < 200 && !(await isDone()); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(await isDone(), "taken and confirmed while the other one hangs");
  answer();
  assert.equal(await sending, 0);
});

test("what fails on one side stops nothing on the other, and counts as left", async () => {
  const { world, vault, federation, id } = await given();
  const social = new Deciding(world, world.consumer);
  social.decides(12, ["held"]);
  const wallet = await Wallet.of(vault);
  wallet.federation = async () => federation;
  await order(vault, id, "pause", world.now);
  await object(vault, { member: social.department.entity, decision: idOf(12), case: CASE }, "", world.now);
  vault.changeConsent = async () => { throw new Fault("platform", "the phone's storage is full"); };
  assert.equal(await wallet.send(), 1);
  assert.deepEqual(await unsent(vault), []);
});

test("each consent and each objection is changed in a turn of its own", async () => {
  const names: string[] = [];
  const locks = { request: (name: string, work: () => Promise<unknown>) => { names.push(name); return work(); } };
  const { world, vault, id } = await given();
  const kept = await object(vault, { member: world.consumer.entity, decision: idOf(12), case: CASE }, "", world.now);
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  try {
    await vault.changeConsent(id, () => {});
    await vault.changeObjection(kept, () => {});
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, "navigator");
    else Object.defineProperty(globalThis, "navigator", before);
  }
  assert.deepEqual(names, [`vinimay-consent:${id}`, `vinimay-objection:${kept.id}`]);
});

test("an acknowledgement by somebody else confirms nothing", async () => {
  const { world, vault, federation, id } = await given();
  await order(vault, id, "revoke", world.now);
  Object.assign(world.provider, { signing: world.consumer.signing });
  world.now += 61;
  assert.equal(await sendPending(vault, federation), 1, "the answering department's word is still awaited");
});

test("shortening keeps the consent and its new end", async () => {
  const { world, vault, federation, id } = await given();
  await order(vault, id, "shorten", world.now, "2026-12-01T18:30:00Z");
  await sendPending(vault, federation);
  const kept = await vault.consent(id);
  assert.ok(kept);
  assert.equal(standing(kept, [], world.now), "active");
  assert.equal(standing(kept, [], kept.validUntil), "expired");
  assert.equal(standing(kept, Array.from({ length: 4 }, () => ({ consent: id, outcome: "answered" })), world.now), "used-up");
});

test("a member whose chain does not verify is left out and named, and spoils nothing for the others", async () => {
  const { world, vault, federation } = await wallet();
  world.provider.broken = true;
  const { members, unchecked } = await federation.survey();
  assert.deepEqual(members.map((one) => one.entity), [world.registry.entity, world.consumer.entity]);
  assert.deepEqual(unchecked, [world.provider.entity]);
  await assert.rejects(federation.member(world.provider.entity), { kind: "untrusted" }, "it is still not believed");
  assert.equal(await redeem(vault, federation, parseOffer(world.offer()), TX_CODE), 4);
  for (const department of world.departments) department.broken = true;
  world.now += 61;
  await assert.rejects(federation.survey(), { kind: "untrusted" }, "nobody verified is no empty federation");
});

test("both sides of a use are told as one", async () => {
  const { world, vault, federation, id } = await given();
  const use = { exchange: "01935a2b-0000-7000-8000-000000000001", at: "2026-11-21T08:05:00Z", purpose: "social.old-age-pension.eligibility", dataset: "revenue.income", fields: ["annual_income_band"], consent: id, refusal: null };
  world.uses = [
    { ...use, at_member: world.provider.entity, role: "provider", peer: world.consumer.entity, outcome: "answered", anchored: 7 },
    { ...use, at_member: world.consumer.entity, role: "consumer", peer: world.provider.entity, outcome: "unconfirmed", anchored: null },
  ];
  const histories = await Promise.all((await federation.members()).map((member) => askHistory(vault, federation, member)));
  const [told, ...more] = joined(histories);
  assert.ok(told && more.length === 0);
  assert.deepEqual([told.consumer, told.provider, told.anchored, told.consent], [world.consumer.entity, world.provider.entity, 7, id]);
  assert.equal(told.outcome, "answered", "the answering side knows whether it answered");
  assert.equal(told.toldBy.length, 2);
  const [newer] = joined(histories.map((history) => (history.member === world.consumer.entity ? { ...history, asked: world.now + 90 } : history)));
  assert.equal(newer?.asked, world.now + 90, "by whoever told last");
  assert.deepEqual([toldBefore(told.asked, world.now + 90), toldBefore(world.now + 90, world.now + 90), toldBefore(told.asked, world.now + 30)], [true, false, false]);
});

test("nobody is spoken with but the anchor and members, at their own addresses", async () => {
  const { world } = await given();
  const origins = new Set(world.requests.map((url) => new URL(url).origin));
  const allowed = [world.anchor, ...world.departments.map((one) => one.entity)];
  assert.deepEqual([...origins].filter((origin) => !allowed.includes(origin)), []);
  assert.ok(!origins.has(world.provider.entity), "the answering department is not told before it is asked");
});

test("the lock opens with the PIN, counts wrong ones, makes one wait, and erases at last", async () => {
  const database = new MemoryDatabase();
  const vault = new Vault(database, await create(database, "270194"));
  await vault.write("note", { words: "क" });
  let now = 1000;
  const again = new Vault(database, await openWithPin(database, "270194", now));
  assert.deepEqual(await again.read("note"), { words: "क" });
  for (let tries = 1; tries < MOST_TRIES; tries++) {
    await assert.rejects(openWithPin(database, "000001", now), { code: "pin-wrong" });
    const state = await lockState(database);
    assert.equal(state?.tries, tries);
    if (tries >= 5) {
      await assert.rejects(openWithPin(database, "270194", now), { code: "pin-wait" }, "even the right one waits");
      now = state?.waitUntil ?? now;
    }
  }
  await assert.rejects(openWithPin(database, "000001", now), { code: "wallet-erased" });
  assert.equal(await lockState(database), null);
  assert.equal(database.entries.size, 0);
});

test("nothing about her is readable without the data key, and no record stands in another's place", async () => {
  const { database, vault } = await bound();
  const sealed = [...database.entries].filter(([name]) => name.startsWith("sealed/"));
  const text = sealed.map(([, value]) => Buffer.from((value as { content: Uint8Array }).content).toString("latin1")).join("");
  assert.ok(sealed.length > 0 && !text.includes("Asha") && !text.includes("eyJ"));
  database.entries.set("sealed/other", database.entries.get("sealed/bindings"));
  await assert.rejects(vault.read("other"));
  const other = new Vault(database, await create(new MemoryDatabase(), "918273"));
  await assert.rejects(other.read("bindings"));
});
