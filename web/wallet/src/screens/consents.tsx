/** All consents: those that hold, and those that ended. */

import type { JSX } from "preact";
import { standing } from "../consent/standing.js";
import type { KeptConsent } from "../store/vault.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Failure, Screen } from "../ui/parts.js";
import { ConsentRow } from "./consent-row.js";
import { keptUses, type Use } from "./use-row.js";

/** My consents. */
export function Consents(): JSX.Element {
  const { words, wallet } = useWallet();
  const [loaded, again] = useConsents(async () => ({ consents: await wallet.vault.consents(), uses: await keptUses(wallet) }), []);
  if (loaded.state !== "done") {
    return (
      <Screen title={words.t("consents-title")}>
        {loaded.state === "busy" ? <Busy /> : <Failure error={loaded.error} again={again} />}
      </Screen>
    );
  }
  const { consents, uses } = loaded.value;
  const holds = (consent: KeptConsent) => ["active", "paused"].includes(standing(consent, uses));
  return (
    <Screen title={words.t("consents-title")}>
      {consents.length === 0 && <p>{words.t("consents-none")}</p>}
      <Rows title={words.t("consents-active")} consents={consents.filter(holds)} uses={uses} again={again} />
      <Rows title={words.t("consents-ended")} consents={consents.filter((one) => !holds(one))} uses={uses} again={again} />
    </Screen>
  );
}

function Rows({ title, consents, uses, again }: { title: string; consents: KeptConsent[]; uses: Use[]; again: () => void }): JSX.Element | null {
  if (consents.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">{consents.map((consent) => <ConsentRow key={consent.id} consent={consent} uses={uses} changed={again} />)}</ul>
    </section>
  );
}
