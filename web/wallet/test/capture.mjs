// Captures what a running demonstration (`vinimay demo --data DIR`) says to a wallet, for the tests: statements, registers, a request, and the card
// that the command line wallet prints for it. Usage: node capture.mjs DIR PATH-OF-VINIMAY > fixtures/federation.json

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import https from "node:https";

const [, , folder, vinimay] = process.argv;
const root = JSON.parse(readFileSync(`${folder}/anchor/data/trust-root.json`, "utf8"));

function ask(url, { method = "GET", body, media, system } = {}) {
  const { hostname, port, pathname, search } = new URL(url);
  const identity = system ? { key: readFileSync(`${system}/portal.key.pem`), cert: readFileSync(`${system}/portal.pem`) } : {};
  return new Promise((resolve, reject) => {
    // The demonstration's certificates are its own and stand on loopback.
    const request = https.request({ host: "127.0.0.1", servername: hostname, port, path: pathname + search, method, rejectUnauthorized: false, ...identity,
      headers: { Host: `${hostname}:${port}`, ...(media ? { "Content-Type": media } : {}) } }, (answer) => {
      let text = "";
      answer.on("data", (part) => { text += part; });
      answer.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const config = (name, key) => new RegExp(`${key} = "([^"]+)"`).exec(readFileSync(`${folder}/${name}/gateway.toml`, "utf8"))?.[1];
const anchor = await ask(`${root.entity}/.well-known/openid-federation`);
const members = JSON.parse(await ask(`${root.entity}/federation/list`));
const resolved = {};
for (const member of members) {
  resolved[member] = await ask(`${root.entity}/federation/resolve?sub=${encodeURIComponent(member)}&trust_anchor=${encodeURIComponent(root.entity)}`);
}
const of = (name) => members.find((member) => member.includes(name));
const purpose = "social.old-age-pension.eligibility";
const revenue = { provider: of("revenue"), dataset: "revenue.income", fields: ["annual_income_band"] };
const food = { provider: of("food"), dataset: "food.household", fields: ["bpl"] };
const orders = [
  { purpose, items: [{ ...revenue, dataRange: { from: "2025-04-01", to: "2026-03-31" } }, food], validity: "P90D", frequency: { mode: "recurring", maxUses: 4, period: "P1M", usesPerPeriod: 1 }, retention: "P180D" },
  { purpose, items: [{ ...food, predicates: [{ field: "category", op: "eq", value: "PHH" }] }], validity: "P1Y", frequency: { mode: "recurring", maxUses: 12 }, retention: "P5M" },
  { purpose, items: [{ ...food, fields: [], predicates: [{ field: "category", op: "gte", value: "A" }, { field: "bpl", op: "eq", value: "true" }] }], validity: "P2W", frequency: { mode: "one-time", maxUses: 1 }, retention: "P1D", for_ward: true },
];
const local = process.env.LOCAL ?? `https://localhost:${config("social", "listen_local") ?? 27416}`;
const walletNonce = "AAECAwQFBgcICQoLDA0ODw";
const card = (link, language) => JSON.parse(execFileSync(vinimay, ["wallet", "--home", `${folder}/wallet`, "--json", "show", link, "--lang", language], { encoding: "utf8" })).text;
async function capture(order) {
  const view = JSON.parse(await ask(`${local}/v1/consent-requests`, { method: "POST", media: "application/json", body: JSON.stringify(order), system: `${folder}/social/systems` }));
  if (view.link === undefined) throw new Error(JSON.stringify(view));
  const cards = { hi: card(view.link, "hi"), en: card(view.link, "en") };
  const requestUri = new URLSearchParams(view.link.slice(view.link.indexOf("?"))).get("request_uri");
  const object = await ask(requestUri, { method: "POST", media: "application/x-www-form-urlencoded", body: `wallet_nonce=${walletNonce}` });
  return { link: view.link, object, cards };
}
const requests = [];
for (const order of orders) requests.push(await capture(order));
const purposes = await ask(`${root.entity}/registers/purposes`);
const laws = await ask(`${root.entity}/registers/laws`);
const now = Math.floor(Date.now() / 1000);
const pin = { anchor: root.entity, fingerprint: root.fingerprint };
console.log(JSON.stringify({ now, pin, anchor, members, resolved, purposes, laws, walletNonce, requests }, null, 1));
