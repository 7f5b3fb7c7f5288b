/**
 * The page that a navigation gets from the service worker: the origin's answer of today if it is this very build, else the copy that was installed.
 *
 * Guarantees: no bytes but this build's page are served; its headers, such as what it may connect to, are as new as the network allows; without a
 * network, or with a slow one, the copy is served.
 */

/** How long a navigation waits for the origin, milliseconds. */
export const FRONT_PATIENCE = 2500;

/** SHA-256 in hexadecimal. */
export async function hexDigest(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What of the browser's cache is used here. */
export interface FrontCache {
  match(path: string, options?: { ignoreVary: boolean }): Promise<Response | undefined>;
  put(path: string, response: Response): Promise<void>;
}

/** Serves the page whose digest is `expected`. `patience` ends by its signal both the answer and its body. */
export async function front(cache: FrontCache, expected: string, patience: AbortSignal): Promise<Response> {
  const fresh = await asked(expected, patience);
  if (fresh === null) return (await cache.match("/", { ignoreVary: true })) ?? fetch("/");
  // A full disk must not keep the page from her.
  await cache.put("/", fresh.clone()).catch(() => undefined);
  return fresh;
}

async function asked(expected: string, patience: AbortSignal): Promise<Response | null> {
  try {
    const response = await fetch("/", { cache: "no-cache", credentials: "omit", redirect: "error", signal: patience });
    const bytes = await response.arrayBuffer();
    if (!response.ok || (await hexDigest(bytes)) !== expected) return null;
    // Made anew of what arrived: the end of the patience must not cut off a page that is being read. The bytes are decoded and whole already.
    const headers = new Headers(response.headers);
    for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
    return new Response(bytes, { headers });
  } catch {
    return null;
  }
}
