// A session at a centre: bound for it, approved by a code, closed with nothing left.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSession, Session } from "../src/assisted/session.js";
import { mailAddress, phoneNumber } from "../src/citizen/contact.js";
import { cardLines, cardText } from "../src/consent/card.js";
import type { Shown } from "../src/consent/grant.js";
import { Fault } from "../src/fault.js";
import { parseOffer, parseRequest } from "../src/openid/links.js";
import { fetchRequest } from "../src/openid/request.js";
import { keyOf, sha, verified, type Claims } from "./party.js";
import { TX_CODE, World } from "./world.js";

const SESSION = "01936b1e-5b2f-7c3d-8e4f-000000000031";
const TOKEN = "t".repeat(43);
const BUILD = `sha256:${"b".repeat(64)}`;

/** An open session at a centre; what the registry says of it may be bent. */
async function opened(bend: Claims = {}) {
  const world = new World();
  world.help(SESSION, "314159");
  world.assisted = { operator: world.centre.entity, session: SESSION, person: "op-7", until: world.now + 7200, ...bend };
  world.open();
  Date.now = () => world.now * 1000;
  const { fetch } = globalThis;
  const pin = JSON.stringify({ v: 1, anchor: world.anchor, fingerprint: world.root.kid });
  globalThis.fetch = (input, init) => (input === "/federation.json" ? Promise.resolve(new Response(pin)) : fetch(input, init));
  const query = new URLSearchParams({ operator: world.centre.entity, session: SESSION, token: TOKEN }).toString();
  const link = parseSession(query);
  assert.ok(link !== null);
  return { world, session: await Session.begin(link) };
}

async function asked({ world, session }: Awaited<ReturnType<typeof opened>>) {
  const request = await fetchRequest(await session.wallet.federation(), parseRequest(world.link()));
  const shown: Shown = { lines: cardLines(request, "hi"), language: "hi", at: world.now };
  return { request, shown };
}

const refusedAs = (code: string | null) => (error: unknown) => error instanceof Fault && error.code === code;

test("she gives a consent by her code, it says who helped, and nothing of hers is left", async () => {
  const made = await opened();
  const { world, session } = made;
  await session.bind(parseOffer(world.offer()), TX_CODE);
  const { request, shown } = await asked(made);
  const approval = await session.ask(shown, "otp-read-out", "+919876543210");
  assert.deepEqual(world.approvals, [{ token: TOKEN, card: sha(cardText(shown.lines)), method: "otp-read-out", phone: "+919876543210", language: "hi" }]);
  await assert.rejects(session.confirm(shown, approval, "000000"), refusedAs("access-denied"));
  const assistance = await session.confirm(shown, approval, "314159");
  const [given] = await session.give(request, shown, BUILD, assistance);
  assert.ok(given?.delivered);
  const { issuer } = JSON.parse(Buffer.from(given.consent.split(".")[1] ?? "", "base64url").toString()) as { issuer: string };
  const { claims } = verified(given.consent, keyOf(issuer));
  const [notice] = claims["evidence"] as Claims[];
  assert.deepEqual(notice?.["assistance"], { operator: world.centre.entity, session: SESSION, method: "otp-read-out" });

  const slip = await session.close();
  assert.deepEqual(slip.consents, [given.id]);
  const [ending, ...more] = world.closing?.["endings"] as string[];
  assert.equal(more.length, 0);
  const revocation = verified(ending ?? "", keyOf(issuer)).claims;
  assert.deepEqual([revocation["action"], revocation["consent"], revocation["aud"]], ["revoke", given.consent, [world.consumer.entity, world.provider.entity]]);
  assert.deepEqual(world.departments.flatMap((one) => one.orders), [], "it is signed and not sent");
  const { vault } = session.wallet;
  assert.deepEqual([await vault.bindings(), await vault.consents()], [[], []]);
  await assert.rejects(vault.signingKey(given.kid), refusedAs(null), "no key is left");
});

test("an approval for another card is not used", async () => {
  const made = await opened();
  await made.session.bind(parseOffer(made.world.offer()), TX_CODE);
  const { shown } = await asked(made);
  const approval = await made.session.ask(shown, "code", "+919876543210");
  const other: Shown = { ...shown, lines: shown.lines.slice(1) };
  await assert.rejects(made.session.confirm(other, approval, "314159"), /another card/);
});

for (const [why, bend] of [
  ["another member", { operator: "https://cafe.gov.example" }],
  ["another session", { session: "01936b1e-5b2f-7c3d-8e4f-000000000032" }],
] as const) {
  test(`an invitation for ${why} is thrown away with its keys`, async () => {
    const { world, session } = await opened(bend);
    await assert.rejects(session.bind(parseOffer(world.offer()), TX_CODE), refusedAs("other-session"));
    assert.deepEqual(await session.wallet.vault.bindings(), []);
  });
}

test("an invitation for her own phone is not used on the centre's device", async () => {
  const { world, session } = await opened();
  world.assisted = null;
  await assert.rejects(session.bind(parseOffer(world.offer()), TX_CODE), refusedAs("other-session"));
  assert.deepEqual(await session.wallet.vault.bindings(), []);
});

test("only a member that may help holds a session", async () => {
  const { world } = await opened();
  const link = parseSession(new URLSearchParams({ operator: world.provider.entity, session: SESSION, token: TOKEN }).toString());
  assert.ok(link !== null);
  await assert.rejects(Session.begin(link), /may help/);
  for (const query of ["", "operator=x", `operator=https://a.example&session=${SESSION}`, `operator=http://a.example&session=${SESSION}&token=${TOKEN}`]) {
    assert.equal(parseSession(query), null, query);
  }
});

test("numbers and addresses are taken as people type them", () => {
  const numbers = ["98765 43210", "०९८७६५४३२१०", "+91 98765-43210", "0091 9876543210", "+4479460000001"];
  assert.deepEqual(numbers.map(phoneNumber), ["+919876543210", "+919876543210", "+919876543210", "+919876543210", "+4479460000001"]);
  assert.deepEqual(["", "12345", "9876", "+0123456789", "phone"].map(phoneNumber), [null, null, null, null, null]);
  assert.deepEqual([" asha@mail.example ", "a@b", "a b@c.de", "a@b.c\r\nBcc: d@e.fg"].map(mailAddress), ["asha@mail.example", null, null, null]);
});
