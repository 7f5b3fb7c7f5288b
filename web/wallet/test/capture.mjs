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
const order = {
  purpose: "social.old-age-pension.eligibility",
  items: [
    { provider: of("revenue"), dataset: "revenue.income", fields: ["annual_income_band"], dataRange: { from: "2025-04-01", to: "2026-03-31" } },
    { provider: of("food"), dataset: "food.household", fields: ["bpl"] },
  ],
  validity: "P90D", frequency: { mode: "recurring", maxUses: 4, period: "P1M", usesPerPeriod: 1 }, retention: "P180D",
};
const local = process.env.LOCAL ?? `https://localhost:${config("social", "listen_local") ?? 27416}`;
const view = JSON.parse(await ask(`${local}/v1/consent-requests`, { method: "POST", media: "application/json", body: JSON.stringify(order), system: `${folder}/social/systems` }));
const card = (language) => JSON.parse(execFileSync(vinimay, ["wallet", "--home", `${folder}/wallet`, "--json", "show", view.link, "--lang", language], { encoding: "utf8" })).text;
const cards = { hi: card("hi"), en: card("en") };
const walletNonce = "AAECAwQFBgcICQoLDA0ODw";
const requestUri = new URLSearchParams(view.link.slice(view.link.indexOf("?"))).get("request_uri");
const object = await ask(requestUri, { method: "POST", media: "application/x-www-form-urlencoded", body: `wallet_nonce=${walletNonce}` });
const purposes = await ask(`${root.entity}/registers/purposes`);
const laws = await ask(`${root.entity}/registers/laws`);
const now = Math.floor(Date.now() / 1000);
const pin = { anchor: root.entity, fingerprint: root.fingerprint };
console.log(JSON.stringify({ now, pin, anchor, members, resolved, purposes, laws, link: view.link, walletNonce, object, cards }, null, 1));
