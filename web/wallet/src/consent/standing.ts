/** How a consent stands, as far as this wallet knows: her orders, its end, its uses. */

import { confirmed } from "./orders.js";
import type { KeptConsent } from "../store/vault.js";

/** One word for it; each has its sentence in the words. */
export type Standing = "active" | "paused" | "revoked" | "expired" | "used-up";

/** The word for how it stands, or that a stop or pause is ordered and does not hold everywhere yet. */
export function standingWord(consent: KeptConsent, state: Standing): Standing | "stopping" | "pausing" {
  if (confirmed(consent)) return state;
  return state === "revoked" ? "stopping" : state === "paused" ? "pausing" : state;
}

/** A use as far as it counts. */
export interface CountedUse {
  consent: string | null;
  outcome: string;
}

/** How often a consent was used. */
export function timesUsed(consent: Pick<KeptConsent, "id">, uses: CountedUse[]): number {
  return uses.filter((use) => use.consent === consent.id && use.outcome !== "refused").length;
}

/** How it stands at an instant. */
export function standing(consent: KeptConsent, uses: CountedUse[], now = Math.floor(Date.now() / 1000)): Standing {
  if (consent.status === "revoked") return "revoked";
  if (consent.validUntil <= now) return "expired";
  if (timesUsed(consent, uses) >= consent.maxUses) return "used-up";
  return consent.status;
}
