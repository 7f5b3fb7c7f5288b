// Against a demonstration's own words, as `capture.mjs` kept them: statements, registers, a request, and the card that the command line printed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cardLines, cardText } from "../src/consent/card.js";
import { Fault } from "../src/fault.js";
import { advance, isConsumer, isRegistry, mayAsk, resolvedChain, verifyAnchor, verifyChain, type Pin } from "../src/federation/chain.js";
import { verifyRegister } from "../src/federation/register.js";
import { parseRequest, recognise } from "../src/openid/links.js";
import { verifyRequest, type View } from "../src/openid/request.js";
import { wellKnown } from "../src/openid/issue.js";

interface Captured {
  now: number; pin: Pin; anchor: string; members: string[]; resolved: Record<string, string>; purposes: string; laws: string;
  walletNonce: string; requests: { link: string; object: string; cards: { hi: string; en: string } }[];
}
const captured = JSON.parse(readFileSync(`${process.cwd()}/test/fixtures/federation.json`, "utf8")) as Captured;
const { now, pin, walletNonce, requests } = captured;
const [first] = requests;
assert.ok(first);
const anchor = await verifyAnchor(captured.anchor, pin, now);
const entity = (name: string) => captured.members.find((member) => member.includes(name)) ?? assert.fail(name);
const member = async (id: string) => verifyChain(await resolvedChain(captured.resolved[id] ?? "", anchor, id, now), pin, now);
const view: View = {
  now: () => now,
  member,
  purposes: async () => (await verifyRegister(captured.purposes, anchor, now)).purposes ?? [],
};
const linkOf = (text: string) => parseRequest(recognise(text, "https://wallet.example")?.query ?? "");
const link = linkOf(first.link);
const request = async (object = first.object, nonce = walletNonce, at = view) => verifyRequest(at, link, await member(link.client), object, nonce);

test("every member is the end of a chain from the pinned anchor", async () => {
  const members = await Promise.all(captured.members.map(member));
  assert.deepEqual(members.map((one) => one.entity), captured.members);
  const social = await member(entity("social"));
  assert.ok(isConsumer(social) && mayAsk(social, "social.old-age-pension.eligibility") && !mayAsk(social, "socialist.x"));
  assert.ok(isRegistry(await member(entity("civil"))) && !isRegistry(social));
  assert.equal(social.gateway.organization_name["hi"], "समाज कल्याण विभाग");
  assert.equal(wellKnown(social, "openid-credential-issuer"), `${social.entity}/.well-known/openid-credential-issuer`);
});

test("another anchor, another fingerprint and another time are refused", async () => {
  await assert.rejects(verifyAnchor(captured.anchor, { ...pin, fingerprint: "A".repeat(43) }, now), /not the anchor/);
  await assert.rejects(verifyAnchor(captured.anchor, { ...pin, anchor: "https://other.example" }, now), /not the anchor/);
  await assert.rejects(verifyAnchor(captured.anchor, pin, now + 500 * 86_400), /expired/);
  await assert.rejects(verifyAnchor(captured.anchor, pin, now - 86_400 * 2), { kind: "clock" });
});

test("a chain that is shortened, shuffled, moved or old is refused", async () => {
  const [social, food] = [entity("social"), entity("food")];
  const chain = await resolvedChain(captured.resolved[social] ?? "", anchor, social, now);
  await assert.rejects(resolvedChain(captured.resolved[social] ?? "", anchor, food, now), /another member/);
  for (const bad of [chain.slice(1), chain.slice(0, 2), [chain[1], chain[0], chain[2]], [chain[0], chain[2], chain[1]]]) {
    await assert.rejects(verifyChain(bad.map((one) => one ?? ""), pin, now), Fault);
  }
  const other = await resolvedChain(captured.resolved[food] ?? "", anchor, food, now);
  await assert.rejects(verifyChain([other[0] ?? "", chain[1] ?? "", chain[2] ?? ""], pin, now), /not the one in the log/);
  await assert.rejects(verifyChain(chain, pin, now + 2 * 86_400), /expired/);
});

test("no changed character of a statement is believed", async () => {
  const chain = await resolvedChain(captured.resolved[entity("food")] ?? "", anchor, entity("food"), now);
  for (const at of [0, 1, 2]) {
    const text = chain[at] ?? "";
    for (const place of [10, Math.floor(text.length / 2), text.length - 10]) {
      const changed = `${text.slice(0, place)}${text[place] === "A" ? "B" : "A"}${text.slice(place + 1)}`;
      await assert.rejects(verifyChain(chain.map((one, index) => (index === at ? changed : one)), pin, now), Fault);
    }
  }
});

test("the directory never goes back, and one instant has one story", () => {
  const seen = { iat: 10, digest: "sha256:a" };
  assert.deepEqual(advance(undefined, seen), seen);
  assert.deepEqual(advance(seen, { iat: 11, digest: "sha256:b" }), { iat: 11, digest: "sha256:b" });
  assert.deepEqual(advance(seen, seen), seen);
  assert.throws(() => advance(seen, { iat: 9, digest: "sha256:a" }), /went back/);
  assert.throws(() => advance(seen, { iat: 10, digest: "sha256:b" }), /two things/);
});

test("registers count with the signatures of two officers over one content", async () => {
  const { purposes, version } = await verifyRegister(captured.purposes, anchor, now);
  assert.ok(version >= 1 && (purposes ?? []).some((purpose) => purpose.code === "social.old-age-pension.eligibility"));
  assert.ok(((await verifyRegister(captured.laws, anchor, now)).laws ?? []).length > 0);
  const { signatures } = JSON.parse(captured.purposes) as { signatures: string[] };
  const laws = (JSON.parse(captured.laws) as { signatures: string[] }).signatures;
  const served = (signatures: (string | undefined)[]) => JSON.stringify({ signatures });
  await assert.rejects(verifyRegister(served([signatures[0]]), anchor, now), /fewer than two/);
  await assert.rejects(verifyRegister(served([signatures[0], signatures[0]]), anchor, now), /fewer than two/);
  await assert.rejects(verifyRegister(served([signatures[0], laws[1]]), anchor, now), /different contents/);
  await assert.rejects(verifyRegister(served([]), anchor, now), /fewer than two/);
});

test("a request is verified, and its card is the command line's to the letter", async () => {
  const verified = await request();
  assert.equal(verified.consumer.entity, entity("social"));
  assert.deepEqual(verified.offered.map((one) => one.provider.entity), [entity("revenue"), entity("food")]);
  for (const { link, object, cards } of requests) {
    const shown = await verifyRequest(view, linkOf(link), await member(linkOf(link).client), object, walletNonce);
    for (const language of ["hi", "en"] as const) assert.equal(cardText(cardLines(shown, language)), cards[language]);
  }
  const all = requests.map((one) => one.cards.en).join();
  for (const said of ["only yes or no", "whose guardian you are", "in every 1 month", "1 time", "1 day"]) assert.ok(all.includes(said), said);
});

test("a request for another wallet, of another time or changed is refused", async () => {
  await assert.rejects(request(first.object, "another-nonce-00000000"), /does not answer this wallet/);
  await assert.rejects(request(first.object, walletNonce, { ...view, now: () => now + 3 * 3600 }), { code: "request-expired" });
  await assert.rejects(request(first.object, walletNonce, { ...view, now: () => now - 3600 }), { kind: "clock" });
  const [header, payload, signature] = first.object.split(".");
  await assert.rejects(request(`${header}.${payload}.${signature?.slice(0, -4)}AAAA`), Fault);
  await assert.rejects(request(`${header}.${payload?.replace(/.$/, "A")}.${signature}`), Fault);
});

test("a purpose that is not registered, or allows less, refuses the request", async () => {
  const purposes = await view.purposes();
  const changed = (change: (purpose: (typeof purposes)[number]) => void): View => ({
    ...view, purposes: async () => structuredClone(purposes).map((purpose) => { change(purpose); return purpose; }),
  });
  await assert.rejects(request(first.object, walletNonce, { ...view, purposes: async () => [] }), /not registered/);
  for (const change of [
    (purpose: (typeof purposes)[number]) => { purpose.max_validity = "P1D"; },
    (purpose: (typeof purposes)[number]) => { purpose.max_retention = "P1D"; },
    (purpose: (typeof purposes)[number]) => { purpose.max_frequency.max_uses = 1; },
    (purpose: (typeof purposes)[number]) => { purpose.allowed = []; },
    (purpose: (typeof purposes)[number]) => { purpose.predicates_only = ["annual_income_band"]; },
    (purpose: (typeof purposes)[number]) => { purpose.text = { ...purpose.text, hi: "कुछ और" }; },
  ]) {
    await assert.rejects(request(first.object, walletNonce, changed(change)), { code: "consent-above-template" });
  }
});
