/**
 * The service worker: serves one whole build of the wallet, also without a network.
 *
 * Guarantees: a file is installed only if its bytes have the digest that this build lists; all files or none; a newer build waits until the
 * citizen uses it; the page's headers are today's where the origin still serves this build. Deliberately absent: anything of members or the anchor; their answers are never kept here.
 */

import { front, FRONT_PATIENCE, hexDigest } from "./front.js";

declare const self: ServiceWorkerGlobalScope;
declare const FILES: Record<string, string>;
declare const NAME: string;

const LIST = "/build.json";
const PIN = "/federation.json";
const PINS = "pins";

async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  await Promise.all(Object.entries(FILES).map(async ([path, expected]) => {
    const response = await fetch(path, { cache: "no-cache", credentials: "omit" });
    if (!response.ok || (await hexDigest(await response.clone().arrayBuffer())) !== expected) throw new Error(`${path} is of another build`);
    await cache.put(path === "/index.html" ? "/" : path, response);
  }));
  const list = await fetch(LIST, { cache: "no-cache", credentials: "omit" });
  if (!list.ok) throw new Error("the list of files is missing");
  await cache.put(LIST, list);
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME && name !== PINS).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function pin(request: Request): Promise<Response> {
  const cache = await caches.open(PINS);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(PIN, response.clone());
    return response;
  } catch {
    return (await cache.match(PIN)) ?? Response.error();
  }
}

async function serve(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(NAME);
  if (request.mode === "navigate") return front(cache, FILES["/index.html"] ?? "", AbortSignal.timeout(FRONT_PATIENCE));
  const known = await cache.match(path, { ignoreVary: true });
  return known ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("message", (event) => {
  if (event.data === "use") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin || event.request.method !== "GET") return;
  event.respondWith(url.pathname === PIN ? pin(event.request) : serve(event.request, url.pathname));
});
