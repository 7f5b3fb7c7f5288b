/** What is kept in the clear: language, numerals, and the pin of the federation. Nothing about her. */

import { Fault } from "../fault.js";
import type { Pin } from "../federation/chain.js";
import { entityId, integer, keyId, open } from "../json/shape.js";
import { LIMITS, parseStrict } from "../json/strict.js";
import type { Language } from "../consent/words.js";
import type { Database } from "./idb.js";

/** Which digits she reads. */
export type Numerals = "latn" | "deva";
/** What she chose. */
export interface Settings {
  language: Language;
  numerals: Numerals;
}

const KEY = "vinimay-settings";

/** What she chose before, or what her phone speaks. */
export function readSettings(): Settings {
  const asked = navigator.languages.find((tag) => /^(hi|en)\b/i.test(tag));
  const usual: Settings = { language: asked?.toLowerCase().startsWith("en") ? "en" : "hi", numerals: "latn" };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    return {
      language: kept.language === "hi" || kept.language === "en" ? kept.language : usual.language,
      numerals: kept.numerals === "deva" ? "deva" : "latn",
    };
  } catch {
    return usual;
  }
}

/** Remembers it. */
export function writeSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing shows the usual language again; nothing is lost by that.
  }
}

const pinShape = open({ v: integer(1, 1), anchor: entityId, fingerprint: keyId });
const PIN = "pin";

/** The pin that was seen first, or the origin's; another one later is refused (ADR 0350). */
export async function federationPin(database: Database): Promise<Pin> {
  const kept = await database.get<Pin>("plain", PIN);
  const served = await servedPin();
  if (served === null) {
    if (kept === undefined) throw new Fault("unanswered", "this site does not say which federation it belongs to");
    return kept;
  }
  if (kept !== undefined && (kept.anchor !== served.anchor || kept.fingerprint !== served.fingerprint)) {
    throw new Fault("untrusted", "this site now names another trust anchor than when this wallet was made");
  }
  if (kept === undefined) await database.put([{ store: "plain", key: PIN, value: served }]);
  return served;
}

async function servedPin(): Promise<Pin | null> {
  try {
    const response = await fetch("/federation.json", { cache: "no-cache", credentials: "omit", redirect: "error" });
    if (!response.ok) return null;
    const { anchor, fingerprint } = pinShape(parseStrict(await response.text(), LIMITS.record), "federation.json");
    return { anchor, fingerprint };
  } catch (error) {
    if (error instanceof Fault) throw error;
    return null;
  }
}
