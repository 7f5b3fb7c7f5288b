/** Who has not confirmed an order yet, and why: a refusal is never told as if the order held. */

import type { JSX } from "preact";
import { pending, standingRefusals, unconfirmed } from "../consent/orders.js";
import type { KeptConsent, SentOrder } from "../store/vault.js";
import { useWallet } from "../ui/context.js";
import type { Words } from "../words/words.js";

/** The last order that a party has not confirmed. */
export function lastOpen(consent: KeptConsent): SentOrder | undefined {
  return consent.orders.filter((sent) => unconfirmed(consent, sent).length > 0).pop();
}

/** One line for each party that has not confirmed. */
export function OrderState({ consent, sent }: { consent: KeptConsent; sent: SentOrder | undefined }): JSX.Element {
  const { words, name } = useWallet();
  if (sent === undefined) return <></>;
  const again = pending(consent, sent);
  const refused = standingRefusals(consent, sent);
  const line = (party: string) => {
    const refusal = refused.find((one) => one.party === party);
    if (refusal === undefined) return words.t("consent-pending", { party: name(party) });
    return refusedText(words, name(party), refusal.code, again.includes(party));
  };
  return <>{unconfirmed(consent, sent).map((party) => <span key={party} class="small warn">{line(party)}</span>)}</>;
}

function refusedText(words: Words, party: string, code: string | null, again: boolean): string {
  const said = words.t(again ? "consent-party-refused-again" : "consent-party-refused", { party, code: code ?? "" });
  return code === "stale" ? `${said} ${words.t("fault-clock")}` : said;
}

/** What is said when the last order does not hold everywhere yet. */
export function refusalWords(words: Words, name: (entity: string) => string, consent: KeptConsent | undefined): string {
  const sent = consent && lastOpen(consent);
  if (consent === undefined || sent === undefined) return words.t("consent-queued");
  const again = pending(consent, sent);
  const refusals = standingRefusals(consent, sent);
  if (refusals.length === 0) return words.t("consent-queued");
  return [words.t("consent-not-yet"), ...refusals.map(({ party, code }) => refusedText(words, name(party), code, again.includes(party)))].join(" ");
}
