// The page that the service worker serves: this build's alone, with headers as new as the network allows.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { front, type FrontCache } from "../src/front.js";

const PAGE = "<!doctype html><title>wallet</title>";
const DIGEST = createHash("sha256").update(PAGE).digest("hex");
const policy = (members: string) => ({ headers: { "Content-Security-Policy": `connect-src ${members}` } });
const rules = (response: Response) => response.headers.get("Content-Security-Policy");

function installed(): FrontCache {
  let kept = new Response(PAGE, policy("old"));
  return { match: async () => kept.clone(), put: async (_path, response) => { kept = response; } };
}

async function navigate(cache: FrontCache, network: (signal: AbortSignal) => Promise<Response>, patience = new AbortController().signal) {
  globalThis.fetch = (async (_input: unknown, init?: RequestInit) => network(init?.signal ?? patience)) as typeof fetch;
  const response = await front(cache, DIGEST, patience);
  return { text: await response.text(), rules: rules(response) };
}

test("the same build comes with the headers of today, which are kept for going offline", async () => {
  const cache = installed();
  assert.deepEqual(await navigate(cache, async () => new Response(PAGE, policy("new"))), { text: PAGE, rules: "connect-src new" });
  assert.deepEqual(await navigate(cache, async () => { throw new TypeError("no network"); }), { text: PAGE, rules: "connect-src new" });
});

test("another build, a failure or no network gives the installed copy and changes nothing", async () => {
  const cache = installed();
  const others: (() => Promise<Response>)[] = [
    async () => new Response(`${PAGE} `, policy("new")),
    async () => new Response(PAGE, { status: 503, ...policy("new") }),
    async () => { throw new TypeError("no network"); },
  ];
  for (const other of others) assert.deepEqual(await navigate(cache, other), { text: PAGE, rules: "connect-src old" });
});

test("a network that does not answer is not waited for", async () => {
  const patience = new AbortController();
  const silent = (signal: AbortSignal) => new Promise<Response>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("too slow", "TimeoutError")));
    patience.abort();
  });
  assert.deepEqual(await navigate(installed(), silent, patience.signal), { text: PAGE, rules: "connect-src old" });
});
