/** Which build of the wallet this is: the digest that consents name, from the list that the service worker installed or the origin serves. */

import { Fault } from "./fault.js";
import { digestText, integer, open } from "./json/shape.js";
import { LIMITS, parseStrict } from "./json/strict.js";

const shape = open({ v: integer(1, 1), digest: digestText });
let known: Promise<string> | null = null;

/** The digest of this build. */
export function buildDigest(): Promise<string> {
  known ??= read().catch((error: unknown) => {
    known = null;
    throw error;
  });
  return known;
}

async function read(): Promise<string> {
  const response = await fetch("/build.json", { credentials: "omit", redirect: "error" });
  if (!response.ok) throw new Fault("platform", "the list of the wallet's files is missing");
  return shape(parseStrict(await response.text(), LIMITS.record), "build.json").digest;
}
