/** After her yes or no. */

import type { JSX } from "preact";
import type { KeptConsent } from "../store/vault.js";
import { useConsents, useWallet } from "../ui/context.js";
import { Busy, Screen } from "../ui/parts.js";
import { ConsentRow } from "./consent-row.js";
import { keptUses } from "./use-row.js";

/** She allowed it. */
export function Allowed({ query }: { query: string }): JSX.Element {
  const { words, wallet, name } = useWallet();
  const ids = new URLSearchParams(query).getAll("id");
  const [loaded, again] = useConsents(async () => {
    const all = await Promise.all(ids.map((id) => wallet.vault.consent(id)));
    return { consents: all.filter((one): one is KeptConsent => one !== undefined), uses: await keptUses(wallet) };
  }, [query]);
  const consents = loaded.state === "done" ? loaded.value.consents : [];
  const [first] = consents;
  return (
    <Screen title={words.t("allowed-title")}>
      {loaded.state === "busy" && <Busy />}
      {first !== undefined && <p class="notice good">{words.t("allowed-body", { consumer: name(first.consumer) })}</p>}
      {loaded.state === "done" && <ul class="rows">{consents.map((one) => <ConsentRow key={one.id} consent={one} uses={loaded.value.uses} changed={again} />)}</ul>}
      <div class="actions"><a class="button main" href="#/">{words.t("nav-home")}</a></div>
    </Screen>
  );
}

/** She did not. */
export function Denied({ query }: { query: string }): JSX.Element {
  const { words, name } = useWallet();
  const consumer = name(new URLSearchParams(query).get("by") ?? "");
  return (
    <Screen title={words.t("denied-title")}>
      <p class="notice">{words.t("denied-body", { consumer })}</p>
      <div class="actions"><a class="button main" href="#/">{words.t("nav-home")}</a></div>
    </Screen>
  );
}
