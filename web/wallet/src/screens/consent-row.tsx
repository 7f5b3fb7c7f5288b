/** One consent in a list, with the one tap that ends it. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { confirmed, order } from "../consent/orders.js";
import { standing, standingWord, timesUsed, type CountedUse } from "../consent/standing.js";
import type { KeptConsent } from "../store/vault.js";
import { focusHeading, useWallet } from "../ui/context.js";
import { Button, faultWords } from "../ui/parts.js";
import { lastOpen, OrderState, refusalWords } from "./order-state.js";
import { clock } from "../wallet.js";

/** Ends a consent: the order is kept first, and sent at once or as soon as there is a network. */
export function useStop(consent: KeptConsent, changed: () => void): { busy: boolean; stop: () => void } {
  const { wallet, words, say, name } = useWallet();
  const [busy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    try {
      await order(wallet.vault, consent.id, "revoke", clock());
      const sent = await wallet.sent(consent.id);
      say(sent ? words.t("consent-stopped") : refusalWords(words, name, await wallet.vault.consent(consent.id)));
    } catch (error) {
      say(faultWords(words, error).text);
    }
    setBusy(false);
    changed();
    focusHeading();
  };
  return { busy, stop: () => void stop() };
}

/** A row. */
export function ConsentRow({ consent, uses, changed }: { consent: KeptConsent; uses: CountedUse[]; changed: () => void }): JSX.Element {
  const { words, name, dataset, items } = useWallet();
  const { busy, stop } = useStop(consent, changed);
  const state = standing(consent, uses);
  const names = { consumer: name(consent.consumer), provider: name(consent.provider) };
  const about = dataset(consent.provider, consent.dataset);
  const ended = state !== "active" && state !== "paused";
  const used = words.t("consent-uses", { count: timesUsed(consent, uses), most: consent.maxUses });
  const until = words.t(state === "expired" ? "consent-ended-on" : "consent-until", { date: words.date(consent.validUntil) });
  return (
    <li class="row-item">
      <a class="row-main" href={`#/consent?id=${encodeURIComponent(consent.id)}`}>
        <strong>{words.t("consent-to", names)}</strong>
        <span>{about}: {items(consent.provider, consent.dataset, consent.fields)}</span>
        <span class="small">
          <span class={`tag ${state}`}>{words.t(`consent-status-${standingWord(consent, state)}`)}</span> {state === "revoked" ? used : `${until}, ${used}`}
        </span>
        {!confirmed(consent) && <OrderState consent={consent} sent={lastOpen(consent)} />}
      </a>
      {!ended && <Button kind="danger" busy={busy} onClick={stop} label={words.t("consent-stop-named", { ...names, dataset: about })}>{words.t("consent-stop")}</Button>}
    </li>
  );
}
